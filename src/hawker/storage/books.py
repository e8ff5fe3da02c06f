"""The ledger's tables, and one campaign's account between them: loaded, reckoned with, stored again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from hawker.records.campaign import Pricing
from hawker.records.charge import Charge, Settlement, Status, Terms

SCHEMA = sql.MetaData()
BUDGETS = sql.Table(
    "budgets",
    SCHEMA,
    sql.Column("campaign", sql.Text, primary_key=True),
    sql.Column("daily", sql.BigInteger),
    sql.Column("total", sql.BigInteger),
    sql.Column("utc_offset_minutes", sql.Integer, nullable=False),
    sql.Column("charged", sql.BigInteger, nullable=False, default=0),
    sql.Column("carry", sql.Integer, nullable=False, default=0),
    sql.Column("timezone", sql.Text, nullable=False, server_default=""),
    sql.Column("advertiser", sql.Text, nullable=False, server_default=""),
)
DAYS = sql.Table(
    "days",
    SCHEMA,
    sql.Column("campaign", sql.Text, primary_key=True),
    sql.Column("day", sql.Integer, primary_key=True),
    sql.Column("charged", sql.BigInteger, nullable=False),
)
OWNERS = sql.Table(
    "owners",
    SCHEMA,
    sql.Column("owner", sql.Text, primary_key=True),
    sql.Column("process", sql.Text, nullable=False),
    sql.Column("expires", sql.BigInteger, nullable=False),
)
LEASES = sql.Table(
    "leases",
    SCHEMA,
    sql.Column("campaign", sql.Text, primary_key=True),
    sql.Column("day", sql.Integer, primary_key=True),
    sql.Column("owner", sql.Text, primary_key=True),
    sql.Column("open", sql.BigInteger, nullable=False),
)
CHARGES = sql.Table(
    "charges",
    SCHEMA,
    sql.Column("impression", sql.Text, primary_key=True),
    sql.Column("campaign", sql.Text, nullable=False),
    sql.Column("day", sql.Integer, nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False, index=True),
    sql.Column("price", sql.BigInteger, nullable=False),
    sql.Column("pricing", sql.Text, nullable=False),
    sql.Column("amount", sql.BigInteger, nullable=False),
    sql.Column("advertiser", sql.Text, nullable=False, server_default=""),
)
CREDITS = sql.Table(
    "credits",
    SCHEMA,
    sql.Column("impression", sql.Text, primary_key=True),
    sql.Column("campaign", sql.Text, nullable=False, index=True),
    sql.Column("advertiser", sql.Text, nullable=False),
    sql.Column("pricing", sql.Text, nullable=False),
    sql.Column("day", sql.Integer, nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False, index=True),
    sql.Column("amount", sql.BigInteger, nullable=False),
    sql.Column("reason", sql.Text, nullable=False),
)
_SET_DAY = sql.text(
    "INSERT INTO days (campaign, day, charged) VALUES (:campaign, :day, :charged) "
    "ON CONFLICT (campaign, day) DO UPDATE SET charged = excluded.charged"
)
SET_LEASE = sql.text(
    "INSERT INTO leases (campaign, day, owner, open) VALUES (:campaign, :day, :owner, :open) "
    "ON CONFLICT (campaign, day, owner) DO UPDATE SET open = excluded.open"
)
_TAKE = sql.text(
    "UPDATE leases SET open = open - :amount "
    "WHERE campaign = :campaign AND day = :day AND owner = :owner AND open >= :amount"
)
GIVE_BACK = sql.text(
    "UPDATE leases SET open = open - :amount WHERE campaign = :campaign AND day = :day AND owner = :owner"
)
SET_BUDGET = sql.text(
    "INSERT INTO budgets (campaign, daily, total, utc_offset_minutes, timezone, advertiser, charged, carry) "
    "VALUES (:campaign, :daily, :total, :utc_offset_minutes, :timezone, :advertiser, 0, 0) "
    "ON CONFLICT (campaign) DO UPDATE SET daily = excluded.daily, total = excluded.total, "
    "utc_offset_minutes = excluded.utc_offset_minutes, timezone = excluded.timezone, "
    "advertiser = excluded.advertiser"
)


@dataclass
class Account:
    """One campaign's standing within a transaction: pure arithmetic, loaded and stored here."""

    terms: Terms
    charged: int
    carry: int
    days: dict[int, int] = field(default_factory=dict)
    leases: dict[tuple[int, str], int] = field(default_factory=dict)
    advertiser: str = ""
    taken: dict[tuple[int, str], int] = field(default_factory=dict)

    def within(self, amount: int, day: int) -> bool:
        """Whether the budgets themselves allow one more charge, whatever is leased."""
        total, daily = self.terms.total, self.terms.daily
        return (total is None or self.charged + amount <= total) and (
            daily is None or self.days.get(day, 0) + amount <= daily
        )

    def remaining(self, day: int) -> int | None:
        """What is neither charged nor leased, on that day; None where nothing bounds it."""
        left: list[int] = []
        if self.terms.total is not None:
            left.append(self.terms.total - self.charged - sum(self.leases.values()))
        if self.terms.daily is not None:
            leased = sum(open for (other, _), open in self.leases.items() if other == day)
            left.append(self.terms.daily - self.days.get(day, 0) - leased)
        return min(left) if left else None

    def charge(
        self, entry: Charge, *, day: int, lease: tuple[int, str] | None, elsewhere: bool = False
    ) -> Settlement:
        """Charge one outcome, out of a lease or else out of what nobody has leased.

        `elsewhere` says that another process reserved it: then its lease will do as well.
        """
        if entry.price < 0:
            return Settlement(entry.impression, Status.REFUSED, reason="negative_price")
        millis = entry.price + self.carry if entry.pricing is Pricing.CPM else entry.price * 1000
        amount = millis // 1000
        leased = lease is not None and self.leases.get(lease, -1) >= amount
        left = self.remaining(day)
        free = leased or left is None or amount <= left
        if not self.within(amount, day) or not (free or (elsewhere and self._take(amount, day))):
            return Settlement(entry.impression, Status.REFUSED, reason="out_of_budget")
        if leased and lease is not None:
            self.leases[lease] -= amount
        self.charged += amount
        self.days[day] = self.days.get(day, 0) + amount
        if entry.pricing is Pricing.CPM:
            self.carry = millis % 1000
        return Settlement(entry.impression, Status.CHARGED, amount, leased=leased)

    def _take(self, amount: int, day: int) -> bool:
        """Take an amount out of the largest lease of a day that has it."""
        open, owner = max(
            ((open, who) for (on, who), open in self.leases.items() if on == day), default=(0, "")
        )
        if open < amount:
            return False
        self.leases[day, owner] -= amount
        self.taken[day, owner] = self.taken.get((day, owner), 0) + amount
        return True

    def credit(self, amount: int, *, day: int) -> None:
        """Take a charge off the day that it was made on."""
        self.charged -= amount
        self.days[day] = self.days.get(day, 0) - amount


def terms(row: Any) -> Terms:
    """The terms in a row of `BUDGETS`."""
    return Terms(row.daily, row.total, row.utc_offset_minutes, row.timezone)


def load(
    connection: Connection,
    campaigns: Collection[str] | None = None,
    days: Collection[int] | None = None,
    *,
    lock: bool = True,
) -> dict[str, Account]:
    """The accounts of campaigns on days (None: all), locked against other writers until the end.

    Rows are locked in the order of their campaigns, so that two writers never wait for each other.
    """

    def chosen(table: sql.Table) -> sql.Select[Any]:
        query = sql.select(table).order_by(table.c.campaign)
        return query if campaigns is None else query.where(table.c.campaign.in_(campaigns))

    accounts = {
        row.campaign: Account(terms(row), row.charged, row.carry, advertiser=row.advertiser)
        for row in connection.execute(chosen(BUDGETS).with_for_update() if lock else chosen(BUDGETS))
    }
    charged = chosen(DAYS) if days is None else chosen(DAYS).where(DAYS.c.day.in_(days))
    for row in connection.execute(charged):
        accounts[row.campaign].days[row.day] = row.charged
    for row in connection.execute(chosen(LEASES)):
        accounts[row.campaign].leases[row.day, row.owner] = row.open
    return accounts


def store(connection: Connection, accounts: dict[str, Account], owner: str = "") -> None:
    """Write accounts back: their sums, their days, and the leases of one owner."""
    changed = (
        sql.update(BUDGETS)
        .where(BUDGETS.c.campaign == sql.bindparam("key"))
        .values(charged=sql.bindparam("new_charged"), carry=sql.bindparam("new_carry"))
    )
    connection.execute(
        changed,
        [
            {"key": campaign, "new_charged": account.charged, "new_carry": account.carry}
            for campaign, account in accounts.items()
        ],
    )
    days = [
        {"campaign": campaign, "day": day, "charged": charged}
        for campaign, account in accounts.items()
        for day, charged in account.days.items()
    ]
    connection.execute(_SET_DAY, days)
    leases = [
        {"campaign": campaign, "day": day, "owner": holder, "open": open}
        for campaign, account in accounts.items()
        for (day, holder), open in account.leases.items()
        if holder == owner
    ]
    if leases:
        connection.execute(SET_LEASE, leases)
    taken = [
        {"campaign": campaign, "day": day, "owner": holder, "amount": amount}
        for campaign, account in accounts.items()
        for (day, holder), amount in account.taken.items()
        if holder != owner
    ]
    if taken:
        connection.execute(_TAKE, taken)
