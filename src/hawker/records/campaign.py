"""What advertisers buy: campaigns with budget, schedule and targeting, and the ads inside them."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Pricing(StrEnum):
    """What a bid is for: a thousand impressions, one click, one conversion."""

    CPM = "cpm"
    CPC = "cpc"
    CPA = "cpa"


class Targeting(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whom and where: an empty tuple means everywhere or everyone; `not_*` excludes and wins.

    `categories` match a product path from its top ('Grocery' matches 'Grocery > Bread').
    `audiences` name uploaded lists, `segments` the shop's learned ones.
    """

    placements: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    not_placements: tuple[str, ...] = ()
    not_categories: tuple[str, ...] = ()
    not_segments: tuple[str, ...] = ()
    not_audiences: tuple[str, ...] = ()
    not_locations: tuple[str, ...] = ()


class Campaign(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An advertiser's order. Amounts are micros; `None` budgets are unlimited; times are microseconds.

    `bid` is per thousand impressions, click or conversion as `pricing` says. `end` 0 means open.
    `utc_offset_minutes` is where the advertiser's day turns. `synthetic` marks invented terms.
    """

    id: str
    advertiser: str = ""
    name: str = ""
    pricing: Pricing = Pricing.CPM
    bid: int = 0
    daily_budget: int | None = None
    total_budget: int | None = None
    currency: str = ""
    start: int = 0
    end: int = 0
    utc_offset_minutes: int = 0
    active: bool = True
    targeting: Targeting = Targeting()
    synthetic: bool = False


class Ad(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One product in one campaign, with its creative ('' means the product's own words).

    With `flighted` the ad is live only where and when the shop's flights table says
    (a store and week, with its display and mailer place); otherwise wherever its campaign is.
    `quality` multiplies its value in the auction.
    """

    id: str
    campaign: str
    product: str
    creative: str = ""
    bid: int | None = None
    flighted: bool = False
    quality: float = 1.0


def local_day(time: int, utc_offset_minutes: int) -> int:
    """The number of an advertiser's day: daily budgets turn when it does."""
    return (time + utc_offset_minutes * 60_000_000) // 86_400_000_000
