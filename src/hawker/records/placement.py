"""Where ads may stand: a named place on a page of the shop, with its slots and floor."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

Width = Annotated[int, Meta(ge=2)]


class Page(StrEnum):
    """The kinds of page an advertiser knows."""

    HOME = "home"
    SEARCH = "search"
    CATEGORY = "category"
    PRODUCT = "product"
    CART = "cart"
    OFFSITE = "offsite"


class Placement(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A place for `slots` ads; `floor` is the least price in micros per thousand impressions.

    `limits` say how wide the parts of copy written for it may be (`title`, `description`, …), where that is
    narrower than their kind allows; a full-width character counts two.
    """

    name: str
    page: Page = Page.HOME
    slots: int = 3
    floor: int = 0
    most_per_advertiser: int | None = None
    limits: dict[str, Width] = field(default_factory=dict)
