"""Where ads may stand: a named place on a page of the shop, with its slots and floor."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Page(StrEnum):
    """The kinds of page an advertiser knows."""

    HOME = "home"
    SEARCH = "search"
    CATEGORY = "category"
    PRODUCT = "product"
    CART = "cart"
    OFFSITE = "offsite"


class Placement(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A place for `slots` ads; `floor` is the least price in micros per thousand impressions."""

    name: str
    page: Page = Page.HOME
    slots: int = 3
    floor: int = 0
    most_per_advertiser: int | None = None
