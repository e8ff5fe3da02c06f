"""An index after a few changes, made from the one before: what did not change is not compiled again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.features.encode import Codes
from hawker.records.advertiser import Advertiser
from hawker.records.campaign import Ad, AdGroup, Campaign
from hawker.records.creative import Creative
from hawker.retrieval.index import AdIndex, bars, standing
from hawker.retrieval.items import Items
from hawker.retrieval.units import Units, merged

MOST_ADS = 5_000
"""With more changed ads than these the index is built anew."""


@dataclass(frozen=True)
class Changes:
    """What became of documents, by id: the new one, or None where it was removed (or not approved)."""

    advertisers: Mapping[str, Advertiser | None] = field(default_factory=dict)
    campaigns: Mapping[str, Campaign | None] = field(default_factory=dict)
    groups: Mapping[str, AdGroup | None] = field(default_factory=dict)
    ads: Mapping[str, Ad | None] = field(default_factory=dict)
    creatives: Mapping[str, Creative | None] = field(default_factory=dict)


def updated(
    index: AdIndex, changes: Changes, *, codes: Codes, unsellable: frozenset[str] = frozenset()
) -> AdIndex | None:
    """The index with the changes in it; None where it has to be built anew.

    That is so where many ads changed, where ads that were left out may have found their campaign or
    group, and where flights would have to move. `unsellable` as for `build`.
    """
    units = index.units.after(changes.campaigns, changes.groups, changes.advertisers)
    moved = _moved(index.units, units)
    stays = moved is None or np.array_equal(moved, np.arange(len(moved)))
    if len(changes.ads) > MOST_ADS or not index.orphans.isdisjoint(units.places):
        return None
    if len(index.flights.ads) and (changes.ads or not stays):
        return None
    held = replace(index, units=units) if stays or moved is None else _renumbered(index, units, moved)
    if changes.creatives:
        approved = {one.id: one for one in merged(index.creatives, changes.creatives)}
        bar = bars(held.creative, held.item, items=held.items, approved=approved, unsellable=unsellable)
        held = replace(held, creatives=approved, bar=bar)
    if changes.ads:
        held = _with(_without(held, changes.ads), changes.ads, codes=codes, unsellable=unsellable)
    return held.ready()


def _moved(old: Units, new: Units) -> NDArray[np.int32] | None:
    """The new place of each unit, -1 where it is gone; None where nothing was changed."""
    if new is old:
        return None
    return np.array([new.places.get(pair, -1) for pair in old.places], dtype=np.int32)


def _rows(index: AdIndex, rows: NDArray[np.int64], **given: Any) -> AdIndex:
    """Some ads of an index, in an order that keeps units together."""
    taken: dict[str, Any] = {
        "ids": tuple(index.names[rows].tolist()),
        "product_names": tuple(np.array(index.product_names, dtype=object)[rows].tolist()),
        "creative": tuple(np.array(index.creative, dtype=object)[rows].tolist()),
        **{name: getattr(index, name)[rows] for name in _COLUMNS},
    }
    return replace(index, **{**taken, **given})


def _renumbered(index: AdIndex, units: Units, moved: NDArray[np.int32]) -> AdIndex:
    """Every ad with its unit where that stands now; ads whose unit is gone are left out."""
    unit = moved[index.unit]
    kept = np.flatnonzero(unit >= 0)
    order = kept[np.argsort(unit[kept] * 3 + index.stand[kept], kind="stable")]
    pairs = list(index.units.places)
    lost = {pairs[place] for place in np.unique(index.unit[unit < 0]).tolist()}
    return _rows(index, order, units=units, unit=unit[order], orphans=index.orphans | lost)


def _without(index: AdIndex, ads: Mapping[str, Ad | None]) -> AdIndex:
    kept = [row for row, name in enumerate(index.ids) if name not in ads]
    return index if len(kept) == len(index) else _rows(index, np.array(kept, dtype=np.int64))


def _with(
    index: AdIndex, ads: Mapping[str, Ad | None], *, codes: Codes, unsellable: frozenset[str]
) -> AdIndex:
    """Put ads that are not in the index at their places."""
    places = index.units.places
    fresh = [ad for ad in ads.values() if ad is not None]
    astray = {(ad.campaign, ad.group) for ad in fresh} - places.keys()
    fresh = [ad for ad in fresh if (ad.campaign, ad.group) in places]
    if not fresh:
        return replace(index, orphans=index.orphans | astray)
    spots = sorted(((_spot(index, ad), ad) for ad in fresh), key=lambda found: (*found[0], found[1].id))
    at, fresh = [spot[0] for spot, _ in spots], [ad for _, ad in spots]
    items = _items(index.items, [ad.product for ad in fresh], codes=codes)
    item = np.array([items.places[ad.product] for ad in fresh], dtype=np.int32)
    copies = [ad.creative for ad in fresh]
    new: dict[str, Any] = {
        "unit": [places[ad.campaign, ad.group] for ad in fresh],
        "stand": [standing(ad) for ad in fresh],
        "item": item,
        "own_bid": [-1 if ad.bid is None else ad.bid for ad in fresh],
        "quality": [ad.quality for ad in fresh],
        "bar": bars(copies, item, items=items, approved=index.creatives, unsellable=unsellable),
    }
    columns: dict[str, Any] = {name: np.insert(getattr(index, name), at, new[name]) for name in _COLUMNS}
    columns["ids"] = _inserted(index.ids, at, [ad.id for ad in fresh])
    columns["product_names"] = _inserted(index.product_names, at, [ad.product for ad in fresh])
    columns["creative"] = _inserted(index.creative, at, copies)
    return replace(index, items=items, orphans=index.orphans | astray, **columns)


def _spot(index: AdIndex, ad: Ad) -> tuple[int, int, int]:
    """Where an ad goes: its row, and for those that share one, its unit and how it stands."""
    unit, stand = index.units.places[ad.campaign, ad.group], standing(ad)
    first, last = int(index.bounds[unit, stand]), int(index.bounds[unit, stand + 1])
    return bisect_left(index.ids, ad.id, first, last), unit, stand


def _inserted(held: tuple[str, ...], at: list[int], new: list[str]) -> tuple[str, ...]:
    """A tuple with new entries before the given places, which ascend."""
    parts: list[str] = []
    begin = 0
    for place, entry in zip(at, new, strict=True):
        parts += (*held[begin:place], entry)
        begin = place
    return (*parts, *held[begin:])


def _items(held: Items, products: list[str], *, codes: Codes) -> Items:
    """The items with some more products; those that are there keep their places."""
    if all(product in held.places for product in products):
        return held
    return Items.of([*held.names, *products], codes=codes)


_COLUMNS = ("unit", "stand", "item", "own_bid", "quality", "bar")
