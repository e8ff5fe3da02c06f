"""Eligibility as the documents say it, one ad after another: slow, and plain enough to be read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hawker.records.advertiser import Advertiser
from hawker.records.bid import NoBidReason
from hawker.records.campaign import Ad, AdGroup, Campaign, Daypart, Did, Keyword, Match, Targeting, Visitor
from hawker.records.catalogue import Product, levels
from hawker.records.creative import Creative
from hawker.records.decision import Request
from hawker.records.events import DAY, EventKind
from hawker.records.placement import Page
from hawker.records.preferences import Preferences
from hawker.retrieval.targeting import Capped

DEEDS = {
    Did.VIEWED: {EventKind.VIEW, EventKind.CLICK},
    Did.CARTED: {EventKind.CART},
    Did.BOUGHT: {EventKind.PURCHASE},
}


@dataclass(frozen=True)
class Visit:
    """All that a decision knows of one request. `past` is (product, kind, time), whatever the order."""

    request: Request
    now: int
    page: Page
    category: str
    brand: str
    audiences: frozenset[str] = frozenset()
    segment: str = ""
    past: tuple[tuple[str, EventKind, int], ...] = ()
    preferences: Preferences = field(default_factory=Preferences)
    capped: Capped = field(default_factory=Capped)
    unpriced: frozenset[str] = frozenset()
    out_of_budget: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Book:
    """What advertisers ordered, and what the shop sells."""

    campaigns: dict[str, Campaign]
    groups: dict[str, AdGroup]
    ads: Sequence[Ad]
    advertisers: dict[str, Advertiser]
    creatives: dict[str, Creative]
    products: dict[str, Product]
    unsellable: frozenset[str] = frozenset()
    in_flight: dict[str, frozenset[str]] = field(default_factory=dict)
    """By location: the ads in flight there now."""


def eligible(book: Book, visit: Visit) -> tuple[set[str], dict[str, int]]:
    """The ids of eligible ads, and how many others by the first reason."""
    shown: set[str] = set()
    counts: dict[str, int] = {}
    for ad in book.ads:
        campaign, group = book.campaigns.get(ad.campaign), book.groups.get(ad.group)
        if campaign is None or (ad.group and (group is None or group.campaign != ad.campaign)):
            continue
        reason = first(book, visit, ad, campaign, group)
        if reason is None:
            shown.add(ad.id)
        else:
            counts[reason.value] = counts.get(reason.value, 0) + 1
    return shown, counts


def first(book: Book, visit: Visit, ad: Ad, campaign: Campaign, group: AdGroup | None) -> NoBidReason | None:
    """The first reason against one ad."""
    R = NoBidReason
    request, wishes, capped = visit.request, visit.preferences, visit.capped
    advertiser = book.advertisers.get(campaign.advertiser)
    aims = [campaign.targeting, *([group.targeting] if group else [])]
    product = book.products.get(ad.product)
    path = levels(product.category) if product else ()
    flying = ad.id in book.in_flight.get(request.location, frozenset())
    over = campaign.end and visit.now >= campaign.end
    active = ad.active and campaign.active and (group is None or group.active)
    unlisted = bool(request.allowed_categories) and not any(
        under(path, c) for c in request.allowed_categories
    )
    unlisted |= bool(request.allowed_products) and ad.product not in request.allowed_products
    blocked = campaign.advertiser in request.blocked_advertisers or ad.product in request.blocked_products
    blocked |= any(under(path, c) for c in request.blocked_categories)
    refused = campaign.advertiser in wishes.not_advertisers or ad.product in wishes.not_products
    refused |= any(under(path, c) for c in wishes.not_categories)
    often = campaign.advertiser in capped.advertisers or campaign.id in capped.campaigns
    often |= bool(ad.creative) and ad.creative in capped.creatives
    creative = book.creatives.get(ad.creative)
    tests = (
        (R.CAMPAIGN_PAUSED, not active or (advertiser is not None and not advertiser.active)),
        (R.OUT_OF_SCHEDULE, visit.now < campaign.start or over or (ad.flighted and not flying)),
        (R.PRICING, campaign.pricing in visit.unpriced),
        (R.RESERVE_REFUSED, campaign.id in visit.refused),
        (R.OUT_OF_BUDGET, campaign.id in visit.out_of_budget),
        (R.PLACEMENT, not all(placement(aim, visit) for aim in aims)),
        (R.DAYPART, not all(daypart(aim, campaign, visit.now) for aim in aims)),
        (R.DEVICE, not all(among(request.device, aim.devices, aim.not_devices) for aim in aims)),
        (R.LOCATION, not all(among(request.location, aim.locations, aim.not_locations) for aim in aims)),
        (R.CATEGORY, not all(category(aim, visit) for aim in aims)),
        (R.PRODUCT, not all(page_product(aim, visit) for aim in aims)),
        (R.KEYWORD, not all(keyword(aim, request.query) for aim in aims)),
        (R.AUDIENCE, not all(audience(aim, visit) for aim in aims)),
        (R.VISITOR, not all(visitor(aim, visit) for aim in aims)),
        (R.RETARGETING, not all(retargeting(aim, ad, product, visit, book) for aim in aims)),
        (R.FREQUENCY, often),
        (R.PREFERENCE, refused),
        (R.BLOCKED, blocked or unlisted),
        (R.OUT_OF_STOCK, product is None or ad.product in book.unsellable),
        (R.CREATIVE, bool(ad.creative) and (creative is None or not creative.approved)),
        (R.ORGANIC, ad.product in request.organic or ad.product in request.shown),
    )
    return next((reason for reason, holds in tests if holds), None)


def among(value: str, wanted: Sequence[str], unwanted: Sequence[str]) -> bool:
    return (not wanted or value in wanted) and value not in unwanted


def under(path: tuple[str, ...], category: str) -> bool:
    top = levels(category)
    return path[: len(top)] == top


def placement(aim: Targeting, visit: Visit) -> bool:
    named = among(visit.request.placement, aim.placements, aim.not_placements)
    return named and among(visit.page, aim.pages, aim.not_pages)


def daypart(aim: Targeting, campaign: Campaign, now: int) -> bool:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now)
    if campaign.timezone:
        local = moment.astimezone(ZoneInfo(campaign.timezone))
    else:
        local = moment + timedelta(minutes=campaign.utc_offset_minutes)

    def within(part: Daypart) -> bool:
        if part.end > part.start:
            return local.weekday() in part.weekdays and part.start <= local.hour < part.end
        yesterday = (local.weekday() - 1) % 7
        return (local.weekday() in part.weekdays and local.hour >= part.start) or (
            yesterday in part.weekdays and local.hour < part.end
        )

    wanted = not aim.dayparts or any(within(part) for part in aim.dayparts)
    return wanted and not any(within(part) for part in aim.not_dayparts)


def category(aim: Targeting, visit: Visit) -> bool:
    path = levels(visit.category)
    wanted = not aim.categories or any(under(path, c) for c in aim.categories)
    return wanted and not any(under(path, c) for c in aim.not_categories)


def page_product(aim: Targeting, visit: Visit) -> bool:
    own = among(visit.request.product, aim.products, aim.not_products)
    return own and among(visit.brand, aim.brands, aim.not_brands)


def keyword(aim: Targeting, query: str) -> bool:
    wanted = not aim.keywords or any(holds(query, word) for word in aim.keywords)
    return wanted and not any(holds(query, word) for word in aim.not_keywords)


def holds(query: str, keyword: Keyword) -> bool:
    """For words that are the same in singular and plural, with blanks between them."""
    asked, meant = spelt(query), spelt(keyword.text)
    if not asked:
        return False
    if keyword.match is Match.EXACT:
        return asked == meant
    in_a_row = any(asked[at : at + len(meant)] == meant for at in range(len(asked)))
    return in_a_row or (keyword.match is Match.BROAD and set(meant) <= set(asked))


def spelt(text: str) -> list[str]:
    return unicodedata.normalize("NFKC", text).casefold().split()


def audience(aim: Targeting, visit: Visit) -> bool:
    wanted = not aim.audiences or not visit.audiences.isdisjoint(aim.audiences)
    barred = not visit.audiences.isdisjoint(aim.not_audiences)
    return wanted and not barred and among(visit.segment, aim.segments, aim.not_segments)


def visitor(aim: Targeting, visit: Visit) -> bool:
    if aim.visitors is Visitor.ANY:
        return True
    if not visit.request.shopper:
        return False
    bought = any(kind is EventKind.PURCHASE for _, kind, _ in visit.past)
    return bought == (aim.visitors is Visitor.RETURNING)


def retargeting(aim: Targeting, ad: Ad, product: Product | None, visit: Visit, book: Book) -> bool:
    rule = aim.retargeting
    if rule is None:
        return True
    if product is None or not visit.request.shopper:
        return False
    recent = [
        (name, kind) for name, kind, time in visit.past if visit.now - rule.days * DAY <= time <= visit.now
    ]
    wanted = set().union(*(DEEDS[did] for did in rule.did))
    own = levels(product.category)

    def counts(name: str) -> bool:
        other = book.products.get(name)
        alike = rule.same_category and bool(own) and other is not None and levels(other.category) == own
        return name == ad.product or alike

    did = any(kind in wanted and counts(name) for name, kind in recent)
    had = any(kind is EventKind.PURCHASE and name == ad.product for name, kind in recent)
    return did and not (rule.not_bought and had)
