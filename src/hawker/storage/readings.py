"""What can be asked of a ledger without changing it: spend, statements, charges, credits, balances."""

from __future__ import annotations

from collections.abc import Collection

from hawker.errors import NotFound
from hawker.records.charge import Balance, Line, Statement
from hawker.storage.accounts import Accounts


class Readings:
    """The questions; each is answered from the database, as of one moment."""

    _accounts: Accounts

    def spent(self, campaign: str, day: int | None = None) -> int:
        """What a campaign has been charged, in all or on one of its local days."""
        return self._accounts.spent(campaign, day=day)

    def spends(self, days: Collection[int]) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
        """What every campaign has been charged: in all, and on each of some local days; one read for all."""
        return self._accounts.spends(days)

    def lines(self, start: int, end: int) -> list[Line]:
        """What each campaign was charged, and got back, with start ≤ time < end."""
        return self._accounts.lines(start, end)

    def statement(self, advertiser: str, *, start: int, end: int) -> Statement:
        """What one advertiser owes for a time; the statements of all sum to the ledger."""
        return self._accounts.statement(advertiser, start=start, end=end)

    def charges(self, start: int, end: int) -> list[tuple[str, str, int, int]]:
        """Every charge with start ≤ time < end, as a report wants it: impression, campaign, amount, time."""
        return self._accounts.charges(start, end)

    def credits(self, start: int, end: int) -> list[tuple[str, str, int, int]]:
        """Every credit with start ≤ time < end: impression, campaign, amount, time."""
        return self._accounts.credits(start, end)

    def balances(self, *, now: int, advertiser: str | None = None) -> list[Balance]:
        """Where every campaign (of one advertiser) stands on its local day at `now`."""
        return self._accounts.balances(lambda terms: terms.day(now), advertiser=advertiser)


def unknown(campaign: str) -> NotFound:
    """What to say of a campaign that was never registered."""
    return NotFound(f"The ledger knows no campaign '{campaign[:80]}'.", remedy="Register its budgets first.")
