"""What a page may ask to be recommended, and what a shop wants of its recommendations."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

Few = Annotated[int, Meta(ge=0, le=100)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Kind(StrEnum):
    """The kinds of recommendation."""

    FOR_YOU = "for_you"
    SIMILAR = "similar"
    BOUGHT_TOGETHER = "bought_together"
    COMPLETE_BASKET = "complete_basket"
    NEXT_PURCHASE = "next_purchase"
    TRENDING = "trending"


class ShelfRules(Struct, frozen=True, forbid_unknown_fields=True):
    """A shop's recommendations. Of one category at most `per_category` are shown while there are others

    (0: as many as come; what is similar may be of one category). What a shopper has bought is shown again
    only where at least the share `again` of its purchases are repeats. `never` lists product ids, brands and
    category paths (each with all below it) that are not recommended.
    """

    per_category: Few = 3
    again: Share = 0.1
    never: tuple[str, ...] = ()
