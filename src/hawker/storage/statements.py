"""What the ledger says: terms and standings, charges and credits, statements that sum to it exactly."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sql

from hawker.records.campaign import Pricing
from hawker.records.charge import Balance, Line, Statement, Terms
from hawker.storage import database
from hawker.storage.books import BUDGETS, CHARGES, CREDITS, DAYS, SCHEMA, Account, load, terms


class Statements:
    """The reading side of one ledger's database; what it reads at once is of one moment."""

    def __init__(self, target: database.Target) -> None:
        self._engine = database.opened(target, SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def terms(self) -> dict[str, Terms]:
        """The terms of every campaign."""
        with database.reading(self._engine) as connection:
            return {row.campaign: terms(row) for row in connection.execute(sql.select(BUDGETS))}

    def account(self, campaign: str) -> Account | None:
        """One campaign's standing now, or None where it is not registered."""
        with database.reading(self._engine) as connection:
            return load(connection, [campaign], lock=False).get(campaign)

    def spent(self, campaign: str, *, day: int | None = None) -> int:
        """What a campaign has been charged less credits, in all or on one of its days."""
        query = sql.select(BUDGETS.c.charged).where(BUDGETS.c.campaign == campaign)
        if day is not None:
            query = sql.select(DAYS.c.charged).where((DAYS.c.campaign == campaign) & (DAYS.c.day == day))
        with database.reading(self._engine) as connection:
            return int(connection.execute(query).scalar() or 0)

    def spends(self, days: Collection[int]) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
        """What every campaign has been charged less credits: in all, and on each of some days of its own."""
        whole = sql.select(BUDGETS.c.campaign, BUDGETS.c.charged)
        with database.reading(self._engine) as connection:
            totals = {row[0]: int(row[1]) for row in connection.execute(whole)}
            by_day: dict[tuple[str, int], int] = {}
            for day in days:
                joined = BUDGETS.join(DAYS, (DAYS.c.campaign == BUDGETS.c.campaign) & (DAYS.c.day == day))
                found = connection.execute(sql.select(DAYS.c.campaign, DAYS.c.charged).select_from(joined))
                by_day |= {(row[0], day): int(row[1]) for row in found}
        return totals, by_day

    def lines(self, start: int, end: int, *, advertiser: str | None = None) -> list[Line]:
        """What each campaign (of one advertiser) was charged, and got back, with start ≤ time < end."""
        with database.reading(self._engine) as connection:
            charged = _sums(connection, CHARGES, start, end, advertiser=advertiser)
            credited = _sums(connection, CREDITS, start, end, advertiser=advertiser)
        return [
            Line(name, Pricing(pricing), *charged.get(key, (0, 0)), *credited.get(key, (0, 0)))
            for key in sorted(charged.keys() | credited.keys())
            for name, pricing in [key]
        ]

    def statement(self, advertiser: str, *, start: int, end: int) -> Statement:
        """What one advertiser owes for a time; '' gathers what belongs to none."""
        return Statement(advertiser, start, end, tuple(self.lines(start, end, advertiser=advertiser)))

    def charges(self, start: int, end: int) -> list[tuple[str, str, int, int]]:
        """Every charge with start ≤ time < end: impression, campaign, amount and time."""
        return self._rows(CHARGES, start, end)

    def credits(self, start: int, end: int) -> list[tuple[str, str, int, int]]:
        """Every credit with start ≤ time < end: impression, campaign, amount and time."""
        return self._rows(CREDITS, start, end)

    def balances(self, day_of: Callable[[Terms], int], *, advertiser: str | None = None) -> list[Balance]:
        """Where every campaign (of one advertiser) stands on the day that `day_of` gives for its terms."""
        back = sql.select(CREDITS.c.campaign, sql.func.sum(CREDITS.c.amount)).group_by(CREDITS.c.campaign)
        with database.reading(self._engine) as connection:
            accounts = load(connection, lock=False)
            credited = {row[0]: int(row[1]) for row in connection.execute(back)}
        rows = []
        for campaign, account in sorted(accounts.items()):
            if advertiser is not None and account.advertiser != advertiser:
                continue
            day, held = day_of(account.terms), account.terms
            leased = sum(account.leases.values())
            today, left = account.days.get(day, 0), account.remaining(day)
            mine = (account.advertiser, credited.get(campaign, 0))
            rows.append(
                Balance(campaign, held.daily, held.total, today, account.charged, leased, left, *mine)
            )
        return rows

    def _rows(self, table: sql.Table, start: int, end: int) -> list[tuple[str, str, int, int]]:
        columns = table.c
        query = (
            sql.select(columns.impression, columns.campaign, columns.amount, columns.time)
            .where((columns.time >= start) & (columns.time < end))
            .order_by(columns.time, columns.impression)
        )
        with database.reading(self._engine) as connection:
            return [(row[0], row[1], int(row[2]), int(row[3])) for row in connection.execute(query)]


def _sums(
    connection: sql.Connection, table: sql.Table, start: int, end: int, *, advertiser: str | None
) -> dict[tuple[str, str], tuple[int, int]]:
    """Count and amount by campaign and pricing. A charge of an earlier release names no advertiser."""
    columns = table.c
    owner = sql.func.coalesce(sql.func.nullif(columns.advertiser, ""), BUDGETS.c.advertiser, "")
    query: sql.Select[Any] = (
        sql.select(columns.campaign, columns.pricing, sql.func.count(), sql.func.sum(columns.amount))
        .select_from(table.outerjoin(BUDGETS, BUDGETS.c.campaign == columns.campaign))
        .where((columns.time >= start) & (columns.time < end))
        .group_by(columns.campaign, columns.pricing)
    )
    if advertiser is not None:
        query = query.where(owner == advertiser)
    return {(row[0], row[1]): (int(row[2]), int(row[3])) for row in connection.execute(query)}
