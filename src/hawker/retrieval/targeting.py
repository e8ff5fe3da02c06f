"""Which ads may answer a request: schedule, budget, targeting, caps, choices, stock; the rest by reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.features.state import State
from hawker.records.bid import NoBidReason
from hawker.records.campaign import Visitor
from hawker.records.catalogue import levels
from hawker.records.decision import Request
from hawker.records.placement import Page
from hawker.records.preferences import Preferences
from hawker.retrieval import sift
from hawker.retrieval.aims import CODE, REASONS
from hawker.retrieval.index import AdIndex
from hawker.retrieval.items import Items
from hawker.retrieval.units import Units

_NOBODY = Preferences()
_NONE = np.zeros(0, dtype=np.int64)
_NO_REASONS = np.zeros(0, dtype=np.int8)


@dataclass(frozen=True)
class Membership:
    """Who belongs where: audiences are uploaded lists, segments the shop's learned ones."""

    audiences: dict[str, frozenset[str]] = field(default_factory=dict)
    segments: dict[str, str] = field(default_factory=dict)

    def of(self, shopper: str) -> tuple[frozenset[str], str]:
        """The audiences and the segment of a shopper; none for a shopper nobody knows."""
        return self.audiences.get(shopper, frozenset()), self.segments.get(shopper, "")


@dataclass(frozen=True)
class Capped:
    """Whose impressions this shopper has seen often enough for now: ids of each kind."""

    advertisers: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()
    creatives: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Eligible:
    """Positions of eligible ads in the index, ascending, with the display and mailer place of flighted ones.

    `marks` is int8 (ads, 2); -1 where the ad needs no flight. `excluded` counts the others.
    """

    ads: NDArray[np.int32]
    marks: NDArray[np.int8]
    excluded: dict[str, int]


def eligible(
    index: AdIndex,
    request: Request,
    *,
    now: int,
    members: Membership,
    page: Page | str = "",
    page_category: str = "",
    page_brand: str = "",
    state: State | None = None,
    preferences: Preferences = _NOBODY,
    capped: Capped | None = None,
    unpriced: frozenset[str] = frozenset(),
    out_of_budget: frozenset[str] = frozenset(),
    refused: frozenset[str] = frozenset(),
) -> Eligible:
    """The ads that may be shown. `page` is the placement's kind of page, `page_category` the category

    path it is about, `page_brand` the brand of its product. `state` tells what the shopper did
    (retargeting) and whether they have bought before; a request that names no shopper meets no wish
    about shoppers. `unpriced` are kinds of pricing whose outcome no model predicts yet.
    `out_of_budget` and `refused` name campaigns: known to be spent, and just turned down by the
    ledger. Every ad that is left out is counted once, under the first test it fails.
    """
    gate = index.gate.at(now, unpriced=unpriced, spent=out_of_budget, refused=refused)
    live, marks = index.flights.live(request.location, now)
    n, counts = index.always, gate.counts.copy()
    if len(live):
        n = sift.standing(index.bounds, live, index.unit)
        counts = index.gate.count(gate.first, n)
    values = _values(index, request, members=members, state=state, now=now)
    values |= {"page": (page,), "category": _prefixes(page_category), "brand": (page_brand,)}
    aims, alive = index.units.aims, gate.alive.copy()
    program, picks = aims.program(values)
    sift.sift(alive, n, gate.span.open, program, picks, aims.rows, aims.starts, aims.listed, counts)
    against = _against(index, request, preferences=preferences, capped=capped)
    if against is None and index.spotless:
        ads = sift.spread(alive, n, index.bounds)
        return Eligible(ads, np.full((len(ads), 2), -1, dtype=np.int8), _named(counts))
    found = _Against(index.units.none) if against is None else against
    matched = index.retargets.found(state, request.shopper, now=now, alive=alive, live=live)
    ads, rows = sift.strike(
        *sift.expand(alive, n, index.bounds, index.retargets.aimed, matched, live, _MISSED, counts),
        found.units,
        index.bar,
        index.item,
        index.items.category,
        found.ads,
        found.items,
        found.categories,
        found.allowed,
        _BLOCKED,
        counts,
    )
    return Eligible(ads, _places(marks, rows), _named(counts))


def _named(counts: NDArray[np.int64]) -> dict[str, int]:
    """How many ads by the name of their reason."""
    return {REASONS[code - 1].value: int(counts[code]) for code in np.flatnonzero(counts).tolist()}


def _places(marks: NDArray[np.int8], rows: NDArray[np.int32]) -> NDArray[np.int8]:
    """The marks of ads by their rows; -1 where an ad has none."""
    found: NDArray[np.int8] = sift.placed(marks, rows)
    return found


def _values(
    index: AdIndex, request: Request, *, members: Membership, state: State | None, now: int
) -> dict[str, Sequence[Any]]:
    """What a request offers to the tests, by field."""
    aims = index.units.aims
    audiences, segment = members.of(request.shopper)
    return {
        "placement": (request.placement,),
        "device": (request.device,),
        "location": (request.location,),
        "product": (request.product,),
        "keyword": aims.glossary.found(request.query),
        "audience": tuple(audiences),
        "segment": (segment,),
        "visitor": _visitor(state, request.shopper, now=now) if "visitor" in aims.asked else (),
    }


def _prefixes(category: str) -> Sequence[tuple[str, ...]]:
    path = levels(category)
    return [path[:depth] for depth in range(len(path) + 1)]


def _visitor(state: State | None, shopper: str, *, now: int) -> tuple[Visitor, ...]:
    """Whether a shopper has bought before; nothing is said of nobody."""
    if state is None or not shopper:
        return ()
    code = np.array([state.codes["shopper"].find(shopper)], dtype=np.int32)
    bought = float(state.read("shopper", code, now=now)["purchases"][0]) > 0.0
    return (Visitor.RETURNING if bought else Visitor.NEW,)


@dataclass(frozen=True)
class _Against:
    """What speaks against single units, ads, items and categories: reasons, or tables of them."""

    units: NDArray[np.int8]
    ads: NDArray[np.int64] = field(default_factory=lambda: _NONE)
    items: NDArray[np.int64] = field(default_factory=lambda: _NONE)
    categories: NDArray[np.int8] = field(default_factory=lambda: _NO_REASONS)
    allowed: NDArray[np.int64] = field(default_factory=lambda: _NONE)


def _against(
    index: AdIndex, request: Request, *, preferences: Preferences, capped: Capped | None
) -> _Against | None:
    """The shopper's caps and choices, and what the request blocks or shows already; None for nothing."""
    if preferences == _NOBODY and capped is None and not _particular(request):
        return None
    items = index.items
    named = (
        (preferences.not_products, _REFUSED),
        (request.blocked_products, _BLOCKED),
        (request.organic, _ORGANIC),
        (request.shown, _ORGANIC),
    )
    found = [(place, code) for names, code in named if names for place in items.found(names)]
    allowed = items.found(request.allowed_products)
    return _Against(
        units=_units(index.units, request, preferences=preferences, capped=capped),
        ads=_table((ad, _CAPPED) for name in capped.creatives for ad in index.showing(name))
        if capped and capped.creatives
        else _NONE,
        items=_table(found) if found else _NONE,
        categories=_categories(items, request, preferences=preferences),
        allowed=_table((place, 1) for place in allowed) if request.allowed_products else _NONE,
    )


def _particular(request: Request) -> bool:
    """Whether a request says anything of single products, categories or advertisers."""
    return bool(
        request.organic
        or request.shown
        or request.blocked_advertisers
        or request.blocked_categories
        or request.blocked_products
        or request.allowed_categories
        or request.allowed_products
    )


def _units(
    units: Units, request: Request, *, preferences: Preferences, capped: Capped | None
) -> NDArray[np.int8]:
    """By unit, the first reason that speaks against its advertiser or campaign."""
    blocked, refused = request.blocked_advertisers, preferences.not_advertisers
    if not (capped or blocked or refused):
        return units.none
    found = units.none.copy()
    for names, code in ((blocked, _BLOCKED), (refused, _REFUSED)):
        for name in names:
            found[units.of_advertiser.get(name, _NONE)] = code
    if capped:
        for name in capped.advertisers:
            found[units.of_advertiser.get(name, _NONE)] = _CAPPED
        for name in capped.campaigns:
            found[units.of_campaign.get(name, slice(0))] = _CAPPED
    return found


def _categories(items: Items, request: Request, *, preferences: Preferences) -> NDArray[np.int8]:
    """By category path, the first reason that speaks against it; empty where nothing was said of any."""
    blocked, allowed, refused = (
        request.blocked_categories,
        request.allowed_categories,
        preferences.not_categories,
    )
    if not (blocked or allowed or refused):
        return _NO_REASONS
    found = np.zeros(len(items.paths), dtype=np.int8)
    if allowed:
        found[~items.within(allowed)] = _BLOCKED
    found[items.within(blocked)] = _BLOCKED
    found[items.within(refused)] = _REFUSED
    return found


def _table(pairs: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    held = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    table: NDArray[np.int64] = sift.filed(held[:, 0].copy(), held[:, 1].copy())
    return table


_MISSED, _CAPPED = CODE[NoBidReason.RETARGETING], CODE[NoBidReason.FREQUENCY]
_REFUSED, _BLOCKED = CODE[NoBidReason.PREFERENCE], CODE[NoBidReason.BLOCKED]
_ORGANIC = CODE[NoBidReason.ORGANIC]
