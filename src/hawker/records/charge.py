"""What campaigns pay: one priced outcome, what became of it, and where a budget stands. In micros."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from hawker.errors import BadInput
from hawker.records.campaign import Pricing, local_day, offset_at

_MONTHS = frozenset(f"{number:02}" for number in range(1, 13))


class Status(StrEnum):
    """What became of a charge, or of a credit."""

    CHARGED = "charged"
    CREDITED = "credited"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Charge(Struct, frozen=True):
    """One priced outcome to settle: the impression it belongs to, its price and its time.

    `price` is micros per thousand impressions, per click or per conversion, as `pricing` says.
    """

    impression: str
    campaign: str
    price: int
    pricing: Pricing
    time: int


class Credit(Struct, frozen=True):
    """A charge taken back, all of it: the impression that was charged, why, and when."""

    impression: str
    reason: str
    time: int


class Settlement(Struct, frozen=True):
    """The answer to one charge or credit: `amount` is what the campaign has paid, or got back, for it."""

    impression: str
    status: Status
    amount: int = 0
    reason: str = ""
    leased: bool = False


class Terms(Struct, frozen=True):
    """The budgets of one campaign (None: unlimited) and where its day turns."""

    daily: int | None
    total: int | None
    utc_offset_minutes: int
    timezone: str = ""

    def day(self, time: int) -> int:
        """The number of the advertiser's day at a time, summer time included."""
        return local_day(time, offset_at(self, time) if self.timezone else self.utc_offset_minutes)

    @property
    def unlimited(self) -> bool:
        """Whether nothing needs to be reserved."""
        return self.daily is None and self.total is None


class Line(Struct, frozen=True):
    """One line of a statement: what a campaign was charged for how many outcomes, and what it got back.

    Charges count by the time of their outcome, credits by the time they were given: a month that
    has been stated does not change.
    """

    campaign: str
    pricing: Pricing
    count: int
    amount: int
    credits: int = 0
    credited: int = 0


class Statement(Struct, frozen=True):
    """What one advertiser ('': whoever has none) owes for a time: start ≤ time < end, in microseconds."""

    advertiser: str
    start: int
    end: int
    lines: tuple[Line, ...]

    @property
    def charged(self) -> int:
        """The sum of all charges."""
        return sum(line.amount for line in self.lines)

    @property
    def credited(self) -> int:
        """The sum of all credits."""
        return sum(line.credited for line in self.lines)

    @property
    def due(self) -> int:
        """What is to be paid; negative where more was credited than charged."""
        return self.charged - self.credited


class Balance(Struct, frozen=True):
    """Where a campaign stands today: `leased` is held by processes, `remaining` None is unlimited.

    What was spent is net of credits; `credited` is what came back in all.
    """

    campaign: str
    daily: int | None
    total: int | None
    spent_today: int
    spent: int
    leased: int
    remaining: int | None
    advertiser: str = ""
    credited: int = 0


def month(name: str, *, utc_offset_minutes: int = 0) -> tuple[int, int]:
    """The first microsecond of a month ('2026-11') and that of the next; raises `BadInput`.

    >>> month("1970-01", utc_offset_minutes=480)
    (-28800000000, 2649600000000)
    """
    year, dash, number = name.partition("-")
    if not (
        len(name) == 7
        and dash
        and year.isascii()
        and year.isdigit()
        and number in _MONTHS
        and 0 < int(year) < 9999
    ):
        raise BadInput(f"'{name[:20]}' is not a month.", remedy="Write it as 2026-11.")
    after = (int(year) + 1, 1) if number == "12" else (int(year), int(number) + 1)
    edges = [datetime(*first, 1, tzinfo=UTC) for first in ((int(year), int(number)), after)]
    start, end = (round(edge.timestamp()) * 1_000_000 - utc_offset_minutes * 60_000_000 for edge in edges)
    return start, end


def dearest(price: int, pricing: Pricing) -> int:
    """The most that one outcome at this price can be charged: what to reserve for it.

    >>> dearest(1_500, Pricing.CPM), dearest(1_500, Pricing.CPC)
    (2, 1500)
    """
    return -(-price // 1000) if pricing is Pricing.CPM else price
