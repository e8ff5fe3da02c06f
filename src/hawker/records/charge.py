"""What campaigns pay: one priced outcome, what became of it, and where a budget stands. In micros."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from hawker.records.campaign import Pricing


class Status(StrEnum):
    """What became of a charge."""

    CHARGED = "charged"
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


class Settlement(Struct, frozen=True):
    """The answer to one charge: `amount` is what the campaign has paid for this impression."""

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

    @property
    def unlimited(self) -> bool:
        """Whether nothing needs to be reserved."""
        return self.daily is None and self.total is None


class Line(Struct, frozen=True):
    """One line of a statement: what a campaign was charged, for how many outcomes."""

    campaign: str
    pricing: Pricing
    count: int
    amount: int


class Balance(Struct, frozen=True):
    """Where a campaign stands today: `leased` is held by processes, `remaining` None is unlimited."""

    campaign: str
    daily: int | None
    total: int | None
    spent_today: int
    spent: int
    leased: int
    remaining: int | None


def dearest(price: int, pricing: Pricing) -> int:
    """The most that one outcome at this price can be charged: what to reserve for it.

    >>> dearest(1_500, Pricing.CPM), dearest(1_500, Pricing.CPC)
    (2, 1500)
    """
    return -(-price // 1000) if pricing is Pricing.CPM else price
