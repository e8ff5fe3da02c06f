"""What each shopper is expected to do in some days: come, and buy what is advertised.

Both start from everybody's figure and move with the shopper's own record only as far as it is evidence (a
gamma prior on visits, a beta prior on purchases in them, fitted to all by their moments). So a group picked
for what its members bought is not taken at its word: what was luck in the record is shrunk away before
it is added up.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hawker.audience.past import ACTIVE
from hawker.features.counters import DAY
from hawker.features.encode import Codes
from hawker.features.events import EventArrays
from hawker.features.schema import KEYS, kinds_mask
from hawker.records.events import EventKind

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
ENOUGH = 200
"""Visits with a purchase of the very products, from which on their categories are not needed."""
_SHOPPER, _PRODUCT, _CATEGORY = (KEYS.index(key) for key in ("shopper", "product", "category"))


@dataclass(frozen=True)
class Record:
    """By shopper code, in so many days: visits, those with a purchase of what is wanted, what these brought,

    and ads seen and clicked.
    """

    visits: Floats
    converting: Floats
    value: Floats
    impressions: Floats
    clicks: Floats
    days: float


@dataclass(frozen=True)
class Expected:
    """By shopper code: visits in the time to come, purchases in them, clicks where each shows an ad.

    `value` is what a purchase brings; clicks are NaN where no ad was ever shown.
    """

    visits: Floats
    conversions: Floats
    clicks: Floats
    value: float


def record(
    events: EventArrays,
    codes: Codes,
    wanted: Mask,
    *,
    since: int,
    until: int,
    without: Collection[str] = (),
) -> Record:
    """Count visits from the log; `wanted` is by product code. A visit is a session, or a day without one.

    Nothing is counted of those `without` a part in it.
    """
    part = slice(events.before(since), events.before(until))
    keys, session, kind = events.keys[part], events.session[part], events.kind[part]
    kinds = np.int64(1) << kind.astype(np.int64)
    size = len(codes["shopper"])
    counted = np.append(np.ones(size, dtype=bool), False)
    counted[[codes["shopper"].find(one) for one in without]] = False
    known = counted[keys[:, _SHOPPER]]
    seen = known & (kinds & kinds_mask(ACTIVE) != 0)
    day = -1 - events.time[part][seen] // int(DAY)
    visit = np.column_stack([keys[seen, _SHOPPER], np.where(session[seen] >= 0, session[seen], day)])
    pairs, place = np.unique(visit, axis=0, return_inverse=True)
    purchase = kinds[seen] & kinds_mask((EventKind.PURCHASE,)) != 0
    hit = purchase & np.append(wanted, False)[keys[seen, _PRODUCT]]
    bought = np.bincount(place.ravel()[hit], minlength=len(pairs)) > 0

    def count(of: NDArray[np.int64] | NDArray[np.int32], weight: Floats | None = None) -> Floats:
        return np.bincount(of, weight, minlength=size).astype(np.float64)

    shown, clicked = (
        keys[known & (kinds & kinds_mask((one,)) != 0), _SHOPPER]
        for one in (EventKind.AD_IMPRESSION, EventKind.AD_CLICK)
    )
    return Record(
        count(pairs[:, 0]),
        count(pairs[bought, 0]),
        count(keys[seen, _SHOPPER][hit], events.values[part][seen][hit, 2]),
        count(shown),
        count(clicked),
        (until - since) / DAY,
    )


def foreseen(held: Record, *, days: float) -> Expected:
    """What each shopper is expected to do in so many days; nothing of those who did not come."""
    here = held.visits > 0
    shape, span = gamma(held.visits[here], held.days)
    visits = np.where(here, (held.visits + shape) / (held.days + span) * days, 0.0)
    up, down = beta(held.converting[here], held.visits[here])
    rate = (held.converting + up) / (held.visits + up + down)
    click = np.full(len(visits), np.nan)
    shown = held.impressions > 0
    if shown.any():
        yes, no = beta(np.minimum(held.clicks, held.impressions)[shown], held.impressions[shown])
        click = visits * (np.minimum(held.clicks, held.impressions) + yes) / (held.impressions + yes + no)
    sales = float(held.converting.sum())
    return Expected(visits, visits * rate, click, float(held.value.sum()) / sales if sales else 0.0)


def of_products(
    events: EventArrays,
    codes: Codes,
    products: Mask,
    *,
    days: float,
    since: int,
    until: int,
    without: Collection[str] = (),
) -> tuple[Expected, str]:
    """What is expected of some products, and by what it was counted: "products", or their "categories".

    Where the products sell too little to tell shoppers apart, purchases in their categories tell, all
    scaled down to what the products themselves sold (of what never sold: to one purchase).
    """
    held = record(events, codes, products, since=since, until=until, without=without)
    sold = float(held.converting.sum())
    if sold >= ENOUGH:
        return foreseen(held, days=days), "products"
    category = codes.of_products("category", np.arange(len(codes["product"]), dtype=np.int32))
    near = np.isin(category, np.unique(category[products])) & (category >= 0)
    wide = record(events, codes, near, since=since, until=until, without=without)
    if not wide.converting.any():
        return foreseen(held, days=days), "products"
    whole = foreseen(wide, days=days)
    scale = min(max(sold, 1.0) / float(wide.converting.sum()), 1.0)
    return replace(whole, conversions=whole.conversions * scale), "categories"


def gamma(visits: Floats, days: float) -> tuple[float, float]:
    """Shape and span (days) of a gamma prior on visits a day: Poisson counts vary by more than their mean."""
    mean, beyond = (float(visits.mean()), float(visits.var() - visits.mean())) if len(visits) else (0.0, 0.0)
    if beyond <= 1e-9:
        return 1e6 * max(mean, 1e-9) / days, 1e6  # all alike: everybody's figure
    span = days * mean / beyond
    return mean * span / days, span


def beta(hits: Floats, trials: Floats) -> tuple[float, float]:
    """A beta prior on shares, from how much they vary beyond chance (the analysis-of-variance estimator)."""
    total, n = float(trials.sum()), len(trials)
    share = min(max(float(hits.sum()) / total, 1e-6), 1 - 1e-6) if total else 0.5
    spread = float((trials * (hits / np.maximum(trials, 1) - share) ** 2).sum()) / (share * (1 - share))
    room = total - float((trials**2).sum()) / max(total, 1.0) - (n - 1)
    alike = min(max((spread - (n - 1)) / room if room > 0 else 0.0, 1e-4), 0.9)
    weight = 1 / alike - 1
    return share * weight, (1 - share) * weight
