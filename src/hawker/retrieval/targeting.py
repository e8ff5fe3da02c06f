"""Which ads may answer a request: schedule, budget, targeting, stock; the rest are counted by reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hawker.records.bid import NoBidReason
from hawker.records.campaign import Campaign, Targeting
from hawker.records.catalogue import levels
from hawker.records.decision import Request
from hawker.retrieval.index import AdIndex


@dataclass(frozen=True)
class Membership:
    """Who belongs where: audiences are uploaded lists, segments the shop's learned ones."""

    audiences: dict[str, frozenset[str]] = field(default_factory=dict)
    segments: dict[str, str] = field(default_factory=dict)

    def of(self, shopper: str) -> tuple[frozenset[str], str]:
        """The audiences and the segment of a shopper; none for a shopper nobody knows."""
        return self.audiences.get(shopper, frozenset()), self.segments.get(shopper, "")


@dataclass(frozen=True)
class Eligible:
    """Positions of eligible ads in the index, with the display and mailer place of flighted ones.

    `marks` is int8 (ads, 2); -1 where the ad needs no flight. `excluded` counts the others.
    """

    ads: NDArray[np.int32]
    marks: NDArray[np.int8]
    excluded: dict[str, int]


@dataclass(frozen=True)
class _Visit:
    request: Request
    now: int
    page_category: tuple[str, ...]
    audiences: frozenset[str]
    segment: str
    unpriced: frozenset[str]
    out_of_budget: frozenset[str]
    refused: frozenset[str]


def eligible(
    index: AdIndex,
    request: Request,
    *,
    now: int,
    members: Membership,
    page_category: str = "",
    unpriced: frozenset[str] = frozenset(),
    out_of_budget: frozenset[str] = frozenset(),
    refused: frozenset[str] = frozenset(),
) -> Eligible:
    """The ads that may be shown. `page_category` is the category path the page is about.

    `unpriced` are kinds of pricing whose outcome no model predicts yet. `out_of_budget` and
    `refused` name campaigns: known to be spent, and just turned down by the ledger. Every ad that
    is left out is counted once, under the first test it fails.
    """
    audiences, segment = members.of(request.shopper)
    visit = _Visit(request, now, levels(page_category), audiences, segment, unpriced, out_of_budget, refused)
    verdicts = [_campaign(campaign, visit) for campaign in index.campaigns]
    running = np.array([verdict is None for verdict in verdicts], dtype=np.bool_)
    ads, marks = _standing(index, request.location, now)
    excluded: dict[str, int] = {}
    unflighted = len(index) - len(ads)
    if unflighted:
        excluded[NoBidReason.OUT_OF_SCHEDULE] = unflighted
    owners = index.campaign[ads]
    if not running.all():
        _count(excluded, verdicts, np.bincount(owners, minlength=len(verdicts)))
    keep = running[owners] & index.sellable[ads] & (index.product[ads] >= 0)
    _add(excluded, NoBidReason.OUT_OF_STOCK, int((running[owners] & ~keep).sum()))
    if request.organic:
        organic = frozenset(request.organic)
        shown = np.array([name in organic for name in _names(index, ads)], dtype=np.bool_)
        _add(excluded, NoBidReason.ORGANIC, int((keep & shown).sum()))
        keep &= ~shown
    return Eligible(ads[keep], marks[keep], excluded)


def _standing(index: AdIndex, location: str, now: int) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Ads that stand here now: those without flights, and those in flight at this location."""
    ads, marks = index.flights.live(location, now)
    if not len(index.always):
        return ads, marks
    free = np.full((len(index.always), 2), -1, dtype=np.int8)
    return np.concatenate([index.always, ads]), np.concatenate([free, marks])


def _names(index: AdIndex, ads: NDArray[np.int32]) -> list[str]:
    return [index.product_names[ad] for ad in ads]


def _campaign(campaign: Campaign, visit: _Visit) -> NoBidReason | None:
    """The first test a campaign fails for this visit, or None."""
    if not campaign.active:
        return NoBidReason.CAMPAIGN_PAUSED
    if visit.now < campaign.start or (campaign.end and visit.now >= campaign.end):
        return NoBidReason.OUT_OF_SCHEDULE
    if campaign.pricing in visit.unpriced:
        return NoBidReason.PRICING
    if campaign.id in visit.refused:
        return NoBidReason.RESERVE_REFUSED
    if campaign.id in visit.out_of_budget:
        return NoBidReason.OUT_OF_BUDGET
    if campaign.targeting == _EVERYONE:
        return None
    return next((reason for reason, test in _TESTS if not test(campaign.targeting, visit)), None)


def _placement(targeting: Targeting, visit: _Visit) -> bool:
    return _among(visit.request.placement, targeting.placements, targeting.not_placements)


def _audience(targeting: Targeting, visit: _Visit) -> bool:
    listed = not targeting.audiences or not visit.audiences.isdisjoint(targeting.audiences)
    barred = not visit.audiences.isdisjoint(targeting.not_audiences)
    return listed and not barred and _among(visit.segment, targeting.segments, targeting.not_segments)


def _location(targeting: Targeting, visit: _Visit) -> bool:
    return _among(visit.request.location, targeting.locations, targeting.not_locations)


def _category(targeting: Targeting, visit: _Visit) -> bool:
    under = not targeting.categories or any(_under(visit.page_category, c) for c in targeting.categories)
    return under and not any(_under(visit.page_category, c) for c in targeting.not_categories)


def _among(value: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> bool:
    return (not wanted or value in wanted) and value not in unwanted


def _under(path: tuple[str, ...], category: str) -> bool:
    top = levels(category)
    return path[: len(top)] == top


_EVERYONE = Targeting()
_TESTS: tuple[tuple[NoBidReason, Callable[[Targeting, _Visit], bool]], ...] = (
    (NoBidReason.PLACEMENT, _placement),
    (NoBidReason.AUDIENCE, _audience),
    (NoBidReason.LOCATION, _location),
    (NoBidReason.CATEGORY, _category),
)


def _count(excluded: dict[str, int], verdicts: list[NoBidReason | None], ads: NDArray[np.int64]) -> None:
    for verdict, count in zip(verdicts, ads, strict=True):
        if verdict is not None:
            _add(excluded, verdict, int(count))


def _add(excluded: dict[str, int], reason: NoBidReason, count: int) -> None:
    if count:
        excluded[reason] = excluded.get(reason, 0) + count
