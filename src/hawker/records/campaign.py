"""What advertisers buy: campaigns with budget, schedule and strategy, ad groups that aim, ads that show."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from hawker.errors import BadRecord
from hawker.records.placement import Page


class Pricing(StrEnum):
    """What a bid is for: a thousand impressions, one click, one conversion."""

    CPM = "cpm"
    CPC = "cpc"
    CPA = "cpa"


class Objective(StrEnum):
    """What an advertiser wants more of: clicks, conversions, or the value of what is sold."""

    CLICKS = "clicks"
    CONVERSIONS = "conversions"
    RETURN = "return"


class Strategy(StrEnum):
    """Who sets the bid: the advertiser, or Hawker within the budget and, where given, a target."""

    MANUAL = "manual"
    MAXIMISE = "maximise"
    TARGET_CPA = "target_cpa"
    TARGET_ROAS = "target_roas"


class Tier(StrEnum):
    """How a campaign gets its slots: in the auction, or ahead of it as agreed with the shop."""

    AUCTION = "auction"
    GUARANTEED = "guaranteed"


class Match(StrEnum):
    """How near a query must be to a keyword: the same words, the words in a row, all words somewhere."""

    EXACT = "exact"
    PHRASE = "phrase"
    BROAD = "broad"


class Per(StrEnum):
    """What a frequency cap counts over."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    LIFETIME = "lifetime"


class Visitor(StrEnum):
    """Whether a shopper has bought in this shop before."""

    ANY = "any"
    NEW = "new"
    RETURNING = "returning"


class Did(StrEnum):
    """What a retargeted shopper did with a product."""

    VIEWED = "viewed"
    CARTED = "carted"
    BOUGHT = "bought"


class Keyword(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Words a query must hold; compared in lower case, Chinese cut into words."""

    text: str
    match: Match = Match.BROAD


class Daypart(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Hours of the week on the campaign's own clock: from `start` to before `end`, Monday is 0.

    An `end` not after `start` runs past midnight into the next day.
    """

    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    start: int = 0
    end: int = 24


class Retargeting(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Shoppers who did one of these with the advertised product within so many days.

    With `not_bought` those who have bought it within that time are left out. With `same_category`
    any product of its category counts, not only the product itself.
    """

    did: tuple[Did, ...] = (Did.VIEWED, Did.CARTED)
    days: int = 30
    not_bought: bool = True
    same_category: bool = False


class Cap(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """At most so many impressions to one shopper per `count` minutes, hours or days, or ever."""

    most: int
    per: Per = Per.DAY
    count: int = 1


class Targeting(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whom and where: an empty tuple means everywhere or everyone; `not_*` excludes and wins.

    What is given must all hold at once; within one field any entry will do. `pages` are kinds of
    page, `placements` names. `categories` match a product path from its top ('Grocery' matches
    'Grocery > Bread'); with `products` and `brands` they speak of the page the shopper is on, a
    competitor's for instance. `audiences` are named by id, `segments` are the shop's learned ones.
    """

    placements: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    categories: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    dayparts: tuple[Daypart, ...] = ()
    visitors: Visitor = Visitor.ANY
    retargeting: Retargeting | None = None
    not_placements: tuple[str, ...] = ()
    not_pages: tuple[Page, ...] = ()
    not_keywords: tuple[Keyword, ...] = ()
    not_categories: tuple[str, ...] = ()
    not_products: tuple[str, ...] = ()
    not_brands: tuple[str, ...] = ()
    not_segments: tuple[str, ...] = ()
    not_audiences: tuple[str, ...] = ()
    not_locations: tuple[str, ...] = ()
    not_devices: tuple[str, ...] = ()
    not_dayparts: tuple[Daypart, ...] = ()


class Campaign(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An advertiser's order. Amounts are micros; `None` budgets are unlimited; times are microseconds.

    `bid` is per thousand impressions, click or conversion as `pricing` says; under an automatic
    `strategy` it is the most that may be bid (0: no limit), `target_cpa` micros a conversion,
    `target_roas` the value sold per unit spent. `end` 0 means open. `utc_offset_minutes` is where the
    advertiser's day turns, `timezone` (an IANA name) says so with summer time and wins. A `guaranteed`
    campaign takes the first slot of a `share` of the requests it fits, at its bid per thousand.
    """

    id: str
    advertiser: str = ""
    name: str = ""
    objective: Objective = Objective.CLICKS
    strategy: Strategy = Strategy.MANUAL
    pricing: Pricing = Pricing.CPM
    bid: int = 0
    target_cpa: int = 0
    target_roas: float = 0.0
    daily_budget: int | None = None
    total_budget: int | None = None
    currency: str = ""
    start: int = 0
    end: int = 0
    utc_offset_minutes: int = 0
    timezone: str = ""
    active: bool = True
    targeting: Targeting = Targeting()
    caps: tuple[Cap, ...] = ()
    tier: Tier = Tier.AUCTION
    share: float = 1.0
    synthetic: bool = False


class AdGroup(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Ads of one campaign that aim alike: their targeting holds besides the campaign's own."""

    id: str
    campaign: str
    name: str = ""
    bid: int | None = None
    active: bool = True
    targeting: Targeting = Targeting()


class Ad(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One product in one campaign, with its creative ('' means the product's own words).

    `group` names its ad group; '' means it aims as its campaign does. `bid` overrides the group's,
    which overrides the campaign's. With `flighted` the ad is live only where and when the shop's
    flights table says (a store and week, with its display and mailer place); otherwise wherever its
    campaign is. `quality` multiplies its value in the auction.
    """

    id: str
    campaign: str
    product: str
    group: str = ""
    creative: str = ""
    bid: int | None = None
    flighted: bool = False
    quality: float = 1.0
    active: bool = True


def local_day(time: int, utc_offset_minutes: int) -> int:
    """The number of an advertiser's day: daily budgets turn when it does."""
    return (time + utc_offset_minutes * 60_000_000) // 86_400_000_000


class Clocked(Protocol):
    """What has a clock of its own: a campaign, or the terms of one."""

    @property
    def utc_offset_minutes(self) -> int:
        """Minutes ahead of UTC, where no time zone is named."""

    @property
    def timezone(self) -> str:
        """An IANA name, or ''."""


def offset_at(campaign: Clocked, moment: int) -> int:
    """Minutes that the advertiser's clock is ahead of UTC at a moment, summer time included.

    >>> summer = 1_719_835_200_000_000
    >>> offset_at(Campaign("c", timezone="Europe/Paris"), summer), offset_at(Campaign("c"), summer)
    (120, 0)
    """
    if not campaign.timezone:
        return campaign.utc_offset_minutes
    offset = datetime.fromtimestamp(moment // 1_000_000, zone(campaign.timezone)).utcoffset()
    return int((offset or timedelta()).total_seconds()) // 60


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name; raises `BadRecord` where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadRecord(
            f"'{name[:60]}' is not a time zone.",
            remedy="Use an IANA name such as 'Europe/Paris' or 'Asia/Shanghai'.",
        ) from error
