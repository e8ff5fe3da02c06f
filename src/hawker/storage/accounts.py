"""The durable half of the ledger: budgets, leases, charges and credits, each step one transaction.

What always holds for a campaign, after every transaction:
charges of a day ≤ its daily budget, all charges ≤ its total budget, and (unless a budget was
lowered) charges + open leases ≤ the budget; charges count less what was credited. All amounts are
micros. A price per thousand is charged a thousandth at a time: what is less than a micro is carried
to the campaign's next charge. A credit gives money back to the day it was charged on: the total
budget has it at once, a daily budget only while that day lasts.

On SQLite writers take turns. On PostgreSQL each locks first its own row of `owners`, then the rows
of `budgets` that it decides by, in the order of their names; leases grow only under the lock of their
owner's row and of their campaign's, and shrink under either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from hawker.records.campaign import Campaign
from hawker.records.charge import Charge, Credit, Settlement, Status
from hawker.storage import database
from hawker.storage.books import (
    CHARGES,
    CREDITS,
    GIVE_BACK,
    LEASES,
    OWNERS,
    SET_BUDGET,
    SET_LEASE,
    Account,
    load,
    store,
)
from hawker.storage.leases import Wish, portion
from hawker.storage.statements import Statements

_LITTLE = 8  # what remains is little when it is at most so many times what is needed now


class Accounts(Statements):
    """Budgets, leases, charges and credits in one database, for any number of processes."""

    @database.retried
    def register(self, campaigns: Iterable[Campaign]) -> None:
        """Set the budgets of campaigns; what they have spent stays."""
        rows = [
            {
                "campaign": campaign.id,
                "daily": campaign.daily_budget,
                "total": campaign.total_budget,
                "utc_offset_minutes": campaign.utc_offset_minutes,
                "timezone": campaign.timezone,
                "advertiser": campaign.advertiser,
            }
            for campaign in sorted(campaigns, key=lambda campaign: campaign.id)
        ]
        if rows:
            with database.sharing(self._engine) as connection:
                connection.execute(SET_BUDGET, rows)

    @database.retried
    def enter(self, owner: str, *, process: str, now: int, until: int) -> None:
        """Begin an owner of leases; leases of an earlier life of the same process fall back."""
        with database.sharing(self._engine) as connection:
            _bury(connection, OWNERS.c.process == process)
            _bury_expired(connection, now)
            connection.execute(OWNERS.insert(), {"owner": owner, "process": process, "expires": until})

    @database.retried
    def leave(self, owner: str) -> None:
        """End an owner: what it had leased and not charged falls back."""
        with database.sharing(self._engine) as connection:
            _bury(connection, OWNERS.c.owner == owner)

    @database.retried
    def renew(
        self, owner: str, *, until: int, give_back: Mapping[tuple[str, int], int]
    ) -> dict[tuple[str, int], int] | None:
        """Keep an owner's leases alive, less what of campaigns' days is given back; what they are then.

        Others may have settled out of them what was reserved there. None where they had already fallen
        back because the owner was thought dead.
        """
        with database.sharing(self._engine) as connection:
            if not _extend(connection, owner, until):
                return None
            back = [
                {"campaign": campaign, "day": day, "owner": owner, "amount": amount}
                for (campaign, day), amount in give_back.items()
            ]
            if back:
                connection.execute(GIVE_BACK, back)
            connection.execute(sql.delete(LEASES).where((LEASES.c.owner == owner) & (LEASES.c.open <= 0)))
            query = sql.select(LEASES.c.campaign, LEASES.c.day, LEASES.c.open).where(LEASES.c.owner == owner)
            return {(campaign, day): open for campaign, day, open in connection.execute(query)}

    @database.retried
    def lease(
        self, owner: str, *, campaign: str, day: int, need: int, share: float, now: int, until: int
    ) -> int | None:
        """Lease `need` or a multiple for a day, up to `share` of what remains, or all where that is little.

        Returns the amount granted (0 where less than `need` remains), or None where the owner's
        leases had fallen back. Leases of owners whose time is over fall back first.
        """
        with database.sharing(self._engine) as connection:
            if not _extend(connection, owner, until):
                return None
            _bury_expired(connection, now)
            account = load(connection, [campaign], [day]).get(campaign)
            left = account.remaining(day) if account else 0
            if account is None or left is None or left < need:
                return 0
            granted = left if left <= need * _LITTLE else need * max(1, int(left * share) // need)
            held = account.leases.get((day, owner), 0)
            row = {"campaign": campaign, "day": day, "owner": owner, "open": held + granted}
            connection.execute(SET_LEASE, [row])
            return granted

    @database.retried
    def lease_many(
        self, owner: str, wishes: Sequence[Wish], *, ahead: float, share: float, now: int
    ) -> dict[tuple[str, int], tuple[int, int]] | None:
        """Lease ahead for many campaigns' days at once: what each was granted, and what had remained.

        None where the owner's leases had fallen back. It writes nothing where nothing is granted.
        """
        with database.sharing(self._engine) as connection:
            _bury_expired(connection, now)  # first: it may be this owner's turn
            me = sql.select(OWNERS.c.owner).where(OWNERS.c.owner == owner).with_for_update()
            if connection.execute(me).first() is None:
                return None
            accounts = load(connection, {one.campaign for one in wishes}, {one.day for one in wishes})
            found, rows = {}, []
            for campaign, day, need in wishes:
                account = accounts.get(campaign)
                left = account.remaining(day) if account else None
                if account is None or left is None:
                    continue
                granted = portion(left, need, ahead=ahead, share=share)
                found[campaign, day] = (granted, max(left, 0))
                if granted:
                    account.leases[day, owner] = open = account.leases.get((day, owner), 0) + granted
                    rows.append({"campaign": campaign, "day": day, "owner": owner, "open": open})
            if rows:
                connection.execute(SET_LEASE, rows)
            return found

    @database.retried
    def settle(
        self,
        owner: str,
        entries: Sequence[tuple[Charge, int, bool]],
        *,
        until: int,
        elsewhere: Collection[str] = (),
    ) -> tuple[bool, list[Settlement]]:
        """Charge a batch of (charge, day, from the owner's lease), durable on return, each at most once.

        `elsewhere` names impressions that another process may have reserved. Says first whether the
        owner's leases were still there (if not, they had fallen back).
        """
        with database.sharing(self._engine) as connection:
            alive = _extend(connection, owner, until)
            accounts = load(
                connection, {entry.campaign for entry, _, _ in entries}, {day for _, day, _ in entries}
            )
            done = _amounts(connection, CHARGES, [entry.impression for entry, _, _ in entries])
            answers, rows = [], []
            for entry, day, leased in entries:
                account = accounts.get(entry.campaign)
                if entry.impression in done:
                    paid = done[entry.impression]
                    answer = Settlement(entry.impression, Status.DUPLICATE, paid)
                elif account is None:
                    answer = Settlement(entry.impression, Status.REFUSED, reason="unknown_campaign")
                else:
                    answer = account.charge(
                        entry,
                        day=day,
                        lease=(day, owner) if leased else None,
                        elsewhere=entry.impression in elsewhere,
                    )
                if answer.status is Status.CHARGED and account is not None:
                    done[entry.impression] = answer.amount
                    rows.append(_row(entry, day=day, amount=answer.amount, account=account))
                answers.append(answer)
            if rows:
                connection.execute(CHARGES.insert(), rows)
                store(connection, {row["campaign"]: accounts[row["campaign"]] for row in rows}, owner)
        return alive, answers

    @database.retried
    def credit(self, credits: Sequence[Credit]) -> list[Settlement]:
        """Take charges back, durable on return, each at most once: off the day they were made on."""
        with database.sharing(self._engine) as connection:
            names = [credit.impression for credit in credits]
            found = connection.execute(sql.select(CHARGES).where(CHARGES.c.impression.in_(names)))
            charged = {row.impression: row for row in found}
            accounts = load(
                connection,
                {row.campaign for row in charged.values()},
                {row.day for row in charged.values()},
            )
            done = _amounts(connection, CREDITS, names)  # read once the accounts are locked
            answers, rows = [], []
            for credit in credits:
                name, charge = credit.impression, charged.get(credit.impression)
                if name in done:
                    answers.append(Settlement(name, Status.DUPLICATE, done[name]))
                elif charge is None:
                    answers.append(Settlement(name, Status.REFUSED, reason="not_charged"))
                else:
                    account = accounts[charge.campaign]
                    account.credit(charge.amount, day=charge.day)
                    done[name] = charge.amount
                    rows.append(_taken_back(credit, charge, advertiser=account.advertiser))
                    answers.append(Settlement(name, Status.CREDITED, charge.amount))
            if rows:
                connection.execute(CREDITS.insert(), rows)
                store(connection, {row["campaign"]: accounts[row["campaign"]] for row in rows})
        return answers


def _extend(connection: Connection, owner: str, until: int) -> bool:
    mine = sql.update(OWNERS).where(OWNERS.c.owner == owner).values(expires=until)
    return connection.execute(mine).rowcount == 1


def _bury(connection: Connection, which: sql.ColumnElement[bool], *, waiting: bool = True) -> None:
    """Give back what owners had leased; without `waiting`, of those whom nobody else is busy with."""
    query = sql.select(OWNERS.c.owner).where(which).order_by(OWNERS.c.owner)
    owners = connection.scalars(query.with_for_update(skip_locked=not waiting)).all()
    if owners:
        connection.execute(sql.delete(LEASES).where(LEASES.c.owner.in_(owners)))
        connection.execute(sql.delete(OWNERS).where(OWNERS.c.owner.in_(owners)))


def _bury_expired(connection: Connection, now: int) -> None:
    _bury(connection, OWNERS.c.expires <= now, waiting=False)


def _amounts(connection: Connection, table: sql.Table, impressions: Sequence[str]) -> dict[str, int]:
    query = sql.select(table.c.impression, table.c.amount)
    found = connection.execute(query.where(table.c.impression.in_(impressions)))
    return {row.impression: row.amount for row in found}


def _row(entry: Charge, *, day: int, amount: int, account: Account) -> dict[str, Any]:
    return {
        "impression": entry.impression,
        "campaign": entry.campaign,
        "day": day,
        "time": entry.time,
        "price": entry.price,
        "pricing": entry.pricing.value,
        "amount": amount,
        "advertiser": account.advertiser,
    }


def _taken_back(credit: Credit, charge: Any, *, advertiser: str) -> dict[str, Any]:
    return {
        "impression": credit.impression,
        "campaign": charge.campaign,
        "advertiser": charge.advertiser or advertiser,
        "pricing": charge.pricing,
        "day": charge.day,
        "time": credit.time,
        "amount": charge.amount,
        "reason": credit.reason,
    }
