"""The durable half of the ledger: budgets, leases and charges, each step one transaction.

What always holds for a campaign, after every transaction:
charges of a day ≤ its daily budget, all charges ≤ its total budget, and (unless a budget was
lowered) charges + open leases ≤ the budget. All amounts are micros. A price per thousand is
charged a thousandth at a time: what is less than a micro is carried to the campaign's next charge.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from hawker.records.campaign import Campaign, Pricing
from hawker.records.charge import Balance, Charge, Line, Settlement, Status, Terms
from hawker.storage import database

_LITTLE = 8  # what remains is little when it is at most so many times what is needed now
_SCHEMA = sql.MetaData()
_BUDGETS = sql.Table(
    "budgets",
    _SCHEMA,
    sql.Column("campaign", sql.Text, primary_key=True),
    sql.Column("daily", sql.BigInteger),
    sql.Column("total", sql.BigInteger),
    sql.Column("utc_offset_minutes", sql.Integer, nullable=False),
    sql.Column("charged", sql.BigInteger, nullable=False, default=0),
    sql.Column("carry", sql.Integer, nullable=False, default=0),
)
_DAYS = sql.Table(
    "days",
    _SCHEMA,
    sql.Column("campaign", sql.Text, primary_key=True),
    sql.Column("day", sql.Integer, primary_key=True),
    sql.Column("charged", sql.BigInteger, nullable=False),
)
_OWNERS = sql.Table(
    "owners",
    _SCHEMA,
    sql.Column("owner", sql.Text, primary_key=True),
    sql.Column("process", sql.Text, nullable=False),
    sql.Column("expires", sql.BigInteger, nullable=False),
)
_LEASES = sql.Table(
    "leases",
    _SCHEMA,
    sql.Column("campaign", sql.Text, primary_key=True),
    sql.Column("day", sql.Integer, primary_key=True),
    sql.Column("owner", sql.Text, primary_key=True),
    sql.Column("open", sql.BigInteger, nullable=False),
)
_CHARGES = sql.Table(
    "charges",
    _SCHEMA,
    sql.Column("impression", sql.Text, primary_key=True),
    sql.Column("campaign", sql.Text, nullable=False),
    sql.Column("day", sql.Integer, nullable=False),
    sql.Column("time", sql.BigInteger, nullable=False, index=True),
    sql.Column("price", sql.BigInteger, nullable=False),
    sql.Column("pricing", sql.Text, nullable=False),
    sql.Column("amount", sql.BigInteger, nullable=False),
)
_SET_DAY = sql.text(
    "INSERT INTO days (campaign, day, charged) VALUES (:campaign, :day, :charged) "
    "ON CONFLICT (campaign, day) DO UPDATE SET charged = excluded.charged"
)
_SET_LEASE = sql.text(
    "INSERT INTO leases (campaign, day, owner, open) VALUES (:campaign, :day, :owner, :open) "
    "ON CONFLICT (campaign, day, owner) DO UPDATE SET open = excluded.open"
)
_SET_BUDGET = sql.text(
    "INSERT INTO budgets (campaign, daily, total, utc_offset_minutes, charged, carry) "
    "VALUES (:campaign, :daily, :total, :utc_offset_minutes, 0, 0) ON CONFLICT (campaign) DO UPDATE SET "
    "daily = excluded.daily, total = excluded.total, utc_offset_minutes = excluded.utc_offset_minutes"
)


@dataclass
class Account:
    """One campaign's standing within a transaction: pure arithmetic, loaded and stored by `Accounts`."""

    terms: Terms
    charged: int
    carry: int
    days: dict[int, int] = field(default_factory=dict)
    leases: dict[tuple[int, str], int] = field(default_factory=dict)

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

    def charge(self, entry: Charge, *, day: int, lease: tuple[int, str] | None) -> Settlement:
        """Charge one outcome, out of a lease or else out of what nobody has leased."""
        if entry.price < 0:
            return Settlement(entry.impression, Status.REFUSED, reason="negative_price")
        millis = entry.price + self.carry if entry.pricing is Pricing.CPM else entry.price * 1000
        amount = millis // 1000
        leased = lease is not None and self.leases.get(lease, 0) >= amount
        left = self.remaining(day)
        if not self.within(amount, day) or not (leased or left is None or amount <= left):
            return Settlement(entry.impression, Status.REFUSED, reason="out_of_budget")
        if leased and lease is not None:
            self.leases[lease] -= amount
        self.charged += amount
        self.days[day] = self.days.get(day, 0) + amount
        if entry.pricing is Pricing.CPM:
            self.carry = millis % 1000
        return Settlement(entry.impression, Status.CHARGED, amount, leased=leased)


class Accounts:
    """Budgets, leases and charges in one database, for any number of processes."""

    def __init__(self, path: database.Target) -> None:
        self._engine = database.opened(path, _SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def register(self, campaigns: Iterable[Campaign]) -> None:
        """Set the budgets of campaigns; what they have spent stays."""
        rows = [
            {
                "campaign": campaign.id,
                "daily": campaign.daily_budget,
                "total": campaign.total_budget,
                "utc_offset_minutes": campaign.utc_offset_minutes,
            }
            for campaign in campaigns
        ]
        if rows:
            with database.writing(self._engine) as connection:
                connection.execute(_SET_BUDGET, rows)

    def terms(self) -> dict[str, Terms]:
        """The terms of every campaign."""
        with database.reading(self._engine) as connection:
            return {
                row.campaign: Terms(row.daily, row.total, row.utc_offset_minutes)
                for row in connection.execute(sql.select(_BUDGETS))
            }

    def account(self, campaign: str) -> Account | None:
        """One campaign's standing now, or None where it is not registered."""
        with database.reading(self._engine) as connection:
            return _load(connection, [campaign]).get(campaign)

    def enter(self, owner: str, *, process: str, now: int, until: int) -> None:
        """Begin an owner of leases; leases of an earlier life of the same process fall back."""
        with database.writing(self._engine) as connection:
            dead = sql.or_(_OWNERS.c.process == process, _OWNERS.c.expires <= now)
            _bury(connection, connection.scalars(sql.select(_OWNERS.c.owner).where(dead)).all())
            connection.execute(_OWNERS.insert(), {"owner": owner, "process": process, "expires": until})

    def leave(self, owner: str) -> None:
        """End an owner: what it had leased and not charged falls back."""
        with database.writing(self._engine) as connection:
            _bury(connection, [owner])

    def renew(self, owner: str, *, until: int, give_back: Sequence[tuple[str, int, int]] = ()) -> bool:
        """Keep an owner's leases alive, less the (campaign, day, amount) given back.

        False where they had already fallen back because the owner was thought dead.
        """
        with database.writing(self._engine) as connection:
            if not _extend(connection, owner, until):
                return False
            for campaign, day, amount in give_back:
                mine = (_LEASES.c.campaign == campaign) & (_LEASES.c.day == day) & (_LEASES.c.owner == owner)
                connection.execute(sql.update(_LEASES).where(mine).values(open=_LEASES.c.open - amount))
            connection.execute(sql.delete(_LEASES).where((_LEASES.c.owner == owner) & (_LEASES.c.open <= 0)))
            return True

    def lease(
        self, owner: str, *, campaign: str, day: int, need: int, share: float, now: int, until: int
    ) -> int | None:
        """Lease `need` or a multiple for a day, up to `share` of what remains, or all where that is little.

        Returns the amount granted (0 where less than `need` remains), or None where the owner's
        leases had fallen back. Leases of owners whose time is over fall back first.
        """
        with database.writing(self._engine) as connection:
            if not _extend(connection, owner, until):
                return None
            expired = connection.scalars(sql.select(_OWNERS.c.owner).where(_OWNERS.c.expires <= now)).all()
            _bury(connection, expired)
            account = _load(connection, [campaign], [day]).get(campaign)
            left = account.remaining(day) if account else 0
            if account is None or left is None or left < need:
                return 0
            granted = left if left <= need * _LITTLE else need * max(1, int(left * share) // need)
            held = account.leases.get((day, owner), 0)
            row = {"campaign": campaign, "day": day, "owner": owner, "open": held + granted}
            connection.execute(_SET_LEASE, [row])
            return granted

    def settle(
        self, owner: str, entries: Sequence[tuple[Charge, int, bool]], *, until: int
    ) -> tuple[bool, list[Settlement]]:
        """Charge a batch of (charge, day, from the owner's lease), durable on return, each at most once.

        Says first whether the owner's leases were still there (if not, they had fallen back).
        """
        with database.writing(self._engine) as connection:
            alive = _extend(connection, owner, until)
            accounts = _load(
                connection, {entry.campaign for entry, _, _ in entries}, {day for _, day, _ in entries}
            )
            done = _paid(connection, [entry.impression for entry, _, _ in entries])
            answers, rows = [], []
            for entry, day, leased in entries:
                account = accounts.get(entry.campaign)
                if entry.impression in done:
                    paid = done[entry.impression]
                    answer = Settlement(entry.impression, Status.DUPLICATE, paid)
                elif account is None:
                    answer = Settlement(entry.impression, Status.REFUSED, reason="unknown_campaign")
                else:
                    answer = account.charge(entry, day=day, lease=(day, owner) if leased else None)
                if answer.status is Status.CHARGED:
                    done[entry.impression] = answer.amount
                    rows.append(_row(entry, day=day, amount=answer.amount))
                answers.append(answer)
            if rows:
                connection.execute(_CHARGES.insert(), rows)
                _store(connection, {row["campaign"]: accounts[row["campaign"]] for row in rows}, owner)
        return alive, answers

    def spent(self, campaign: str, *, day: int | None = None) -> int:
        """What a campaign has been charged, in all or on one of its days."""
        query = sql.select(_BUDGETS.c.charged).where(_BUDGETS.c.campaign == campaign)
        if day is not None:
            query = sql.select(_DAYS.c.charged).where((_DAYS.c.campaign == campaign) & (_DAYS.c.day == day))
        with database.reading(self._engine) as connection:
            return int(connection.execute(query).scalar() or 0)

    def statement(self, start: int, end: int) -> list[Line]:
        """What each campaign was charged for outcomes with start ≤ time < end."""
        amount = sql.func.sum(_CHARGES.c.amount).label("amount")
        query = (
            sql.select(_CHARGES.c.campaign, _CHARGES.c.pricing, sql.func.count().label("count"), amount)
            .where((_CHARGES.c.time >= start) & (_CHARGES.c.time < end))
            .group_by(_CHARGES.c.campaign, _CHARGES.c.pricing)
            .order_by(_CHARGES.c.campaign, _CHARGES.c.pricing)
        )
        with database.reading(self._engine) as connection:
            return [
                Line(row[0], Pricing(row[1]), int(row[2]), int(row[3])) for row in connection.execute(query)
            ]

    def charges(self, start: int, end: int) -> list[tuple[str, str, int, int]]:
        """Every charge with start ≤ time < end: impression, campaign, amount and time."""
        query = (
            sql.select(_CHARGES.c.impression, _CHARGES.c.campaign, _CHARGES.c.amount, _CHARGES.c.time)
            .where((_CHARGES.c.time >= start) & (_CHARGES.c.time < end))
            .order_by(_CHARGES.c.time, _CHARGES.c.impression)
        )
        with database.reading(self._engine) as connection:
            return [(row[0], row[1], int(row[2]), int(row[3])) for row in connection.execute(query)]

    def balances(self, day_of: Callable[[Terms], int]) -> list[Balance]:
        """Where every campaign stands on the day that `day_of` gives for its terms."""
        with database.reading(self._engine) as connection:
            accounts = _load(connection)
        rows = []
        for campaign, account in sorted(accounts.items()):
            day, terms = day_of(account.terms), account.terms
            leased = sum(account.leases.values())
            today = account.days.get(day, 0)
            left = account.remaining(day)
            rows.append(Balance(campaign, terms.daily, terms.total, today, account.charged, leased, left))
        return rows


def _extend(connection: Connection, owner: str, until: int) -> bool:
    mine = sql.update(_OWNERS).where(_OWNERS.c.owner == owner).values(expires=until)
    return connection.execute(mine).rowcount == 1


def _bury(connection: Connection, owners: Sequence[str]) -> None:
    if owners:
        connection.execute(sql.delete(_LEASES).where(_LEASES.c.owner.in_(owners)))
        connection.execute(sql.delete(_OWNERS).where(_OWNERS.c.owner.in_(owners)))


def _load(
    connection: Connection, campaigns: Collection[str] | None = None, days: Collection[int] | None = None
) -> dict[str, Account]:
    """The accounts of campaigns on days (None: all), locked against other writers until the end."""

    def chosen(table: sql.Table) -> sql.Select[Any]:
        query = sql.select(table).order_by(table.c.campaign)
        return query if campaigns is None else query.where(table.c.campaign.in_(campaigns))

    accounts = {
        row.campaign: Account(Terms(row.daily, row.total, row.utc_offset_minutes), row.charged, row.carry)
        for row in connection.execute(chosen(_BUDGETS).with_for_update())
    }
    charged = chosen(_DAYS) if days is None else chosen(_DAYS).where(_DAYS.c.day.in_(days))
    for row in connection.execute(charged):
        accounts[row.campaign].days[row.day] = row.charged
    for row in connection.execute(chosen(_LEASES)):
        accounts[row.campaign].leases[row.day, row.owner] = row.open
    return accounts


def _store(connection: Connection, accounts: dict[str, Account], owner: str) -> None:
    changed = (
        sql.update(_BUDGETS)
        .where(_BUDGETS.c.campaign == sql.bindparam("key"))
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
        connection.execute(_SET_LEASE, leases)


def _paid(connection: Connection, impressions: Sequence[str]) -> dict[str, int]:
    query = sql.select(_CHARGES.c.impression, _CHARGES.c.amount)
    found = connection.execute(query.where(_CHARGES.c.impression.in_(impressions)))
    return {row.impression: row.amount for row in found}


def _row(entry: Charge, *, day: int, amount: int) -> dict[str, Any]:
    return {
        "impression": entry.impression,
        "campaign": entry.campaign,
        "day": day,
        "time": entry.time,
        "price": entry.price,
        "pricing": entry.pricing.value,
        "amount": amount,
    }
