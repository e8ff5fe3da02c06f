"""The live ads as arrays: built when campaigns change, never per request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hawker.features.encode import Codes
from hawker.records.advertiser import Advertiser
from hawker.records.bid import NoBidReason
from hawker.records.campaign import Ad, AdGroup, Campaign, Pricing, Tier
from hawker.records.creative import Creative
from hawker.retrieval.aims import CODE
from hawker.retrieval.gate import Gate
from hawker.retrieval.items import Items
from hawker.retrieval.retargeting import ALWAYS, FLIGHTED, PAUSED, Retargets
from hawker.retrieval.units import Units

DISPLAY = 0
MAILER = 1
TYPICAL = np.array([1e-3, 1e-2, 1e-3])
"""How often an impression, a click and a conversion are paid for, before a model has been asked."""
_PAYS = {Pricing.CPM: 0, Pricing.CPC: 1, Pricing.CPA: 2}


@dataclass(frozen=True)
class Flights:
    """Where and when flighted ads are live: blocks of ads that share location, start and end.

    `blocks` maps a location's name to rows (start, end, first, last) in microseconds and positions;
    `ads` is int32 (flights,), `marks` int8 (flights, 2): display and mailer place, as codes into
    `places`.
    """

    blocks: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    ads: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    marks: NDArray[np.int8] = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int8))
    places: tuple[str, ...] = ("",)

    def running(self, location: str, now: int) -> bool:
        """Whether anything is in flight at a location now."""
        blocks = self.blocks.get(location)
        return blocks is not None and bool(((blocks[:, 0] <= now) & (now < blocks[:, 1])).any())

    def live(self, location: str, now: int) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Ads in flight at a location now, and their places: views where one block answers."""
        blocks = self.blocks.get(location)
        if blocks is None:
            return self.ads[:0], self.marks[:0]
        running = blocks[(blocks[:, 0] <= now) & (now < blocks[:, 1])]
        if len(running) == 1:
            only = slice(int(running[0, 2]), int(running[0, 3]))
            return self.ads[only], self.marks[only]
        parts = [np.arange(first, last) for first, last in running[:, 2:]]
        rows = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        ads, first_seen = np.unique(self.ads[rows], return_index=True)
        return ads, self.marks[rows[first_seen]]


@dataclass(frozen=True)
class AdIndex:
    """All ads of a shop, column by column: by unit, within it those always live first, then by id.

    `unit` points into `units`, `campaign` into `campaigns`; `own_bid` is micros, -1 where the ad has
    none, `bid` what holds: the ad's, else its group's, else its campaign's. `product` is a code, -1
    where the catalogue does not know it; `item` points into `items`, the products that are advertised.
    `bar` is the code of a reason (`aims.CODE`) that keeps an ad from being shown at any time.
    `orphans` are pairs of campaign and group that ads were left out for.
    `per_thousand` and `advertiser` (a code, -1 unknown) are by campaign; `names` are the ids as an
    array; `bounds` is (units, 4): where a unit begins, its flighted ads, its paused ones, and its end.
    """

    units: Units
    items: Items
    ids: tuple[str, ...]
    unit: NDArray[np.int32]
    stand: NDArray[np.int8]
    item: NDArray[np.int32]
    product_names: tuple[str, ...]
    own_bid: NDArray[np.int64]
    quality: NDArray[np.float64]
    creative: tuple[str, ...]
    bar: NDArray[np.int8]
    creatives: Mapping[str, Creative]
    flights: Flights = field(default_factory=Flights)
    orphans: frozenset[tuple[str, str]] = frozenset()
    names: NDArray[np.object_] = field(init=False)
    campaign: NDArray[np.int32] = field(init=False)
    product: NDArray[np.int32] = field(init=False)
    bid: NDArray[np.int64] = field(init=False)
    bounds: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        counts = np.bincount(self.unit * 3 + self.stand, minlength=3 * len(self.units)).reshape(-1, 3)
        ends = np.cumsum(counts.ravel()).reshape(-1, 3)
        derived = {
            "names": np.array(self.ids, dtype=object),
            "campaign": self.units.campaign[self.unit],
            "product": self.items.product[self.item],
            "bid": np.where(self.own_bid >= 0, self.own_bid, self.units.bid[self.unit]),
            "bounds": np.column_stack([ends[:, 0] - counts[:, 0], ends]).astype(np.int32),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def always(self) -> NDArray[np.int32]:
        """By unit: how many ads are live wherever their campaign is."""
        return np.ascontiguousarray(self.bounds[:, 1] - self.bounds[:, 0])

    @cached_property
    def spotless(self) -> bool:
        """Whether nothing speaks against any ad by itself: none is barred, flighted or retargeting."""
        return not (self.bar.any() or (self.stand == FLIGHTED).any() or self.retargets.aimed.any())

    @cached_property
    def factors(self) -> NDArray[np.float64]:
        """By ad: the quality that its value is multiplied by; empty where all are one."""
        return self.quality[:0] if (self.quality == 1.0).all() else self.quality

    @cached_property
    def gate(self) -> Gate:
        """Which units run at all."""
        return Gate(self)

    @cached_property
    def sellers(self) -> NDArray[np.object_]:
        """By campaign: the advertiser's id."""
        return np.array([campaign.advertiser for campaign in self.campaigns], dtype=object)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Where in `campaigns` each id stands."""
        return {campaign.id: row for row, campaign in enumerate(self.campaigns)}

    @cached_property
    def pricings(self) -> NDArray[np.object_]:
        """By campaign: what its bids are for."""
        return np.array([campaign.pricing.value for campaign in self.campaigns], dtype=object)

    @cached_property
    def pays(self) -> NDArray[np.int8]:
        """By campaign: 0 where it pays for impressions, 1 for clicks, 2 for conversions."""
        return np.array([_PAYS[campaign.pricing] for campaign in self.campaigns], dtype=np.int8)

    @cached_property
    def typical(self) -> NDArray[np.float64]:
        """By campaign: how often an impression is typically paid for; empty where all pay for the same."""
        found = TYPICAL[self.pays]
        return found if len(found) and (found != found[0]).any() else found[:0]

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """By campaign: the share of requests it is guaranteed, 0 in the auction; empty where none is."""
        found = [c.share if c.tier is Tier.GUARANTEED else 0.0 for c in self.campaigns]
        return np.array(found if any(found) else [], dtype=np.float64)

    @cached_property
    def apart(self) -> Mapping[str, frozenset[str]]:
        """By advertiser: those that may not stand beside it, whichever of the two has asked for it."""
        found: dict[str, set[str]] = {}
        for one in self.advertisers.values():
            for other in one.not_with:
                found.setdefault(one.id, set()).add(other)
                found.setdefault(other, set()).add(one.id)
        return {name: frozenset(others) for name, others in found.items()}

    @cached_property
    def retargets(self) -> Retargets:
        """The ads that aim at shoppers for what they did."""
        return Retargets(self)

    @cached_property
    def _showing(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for ad, name in enumerate(self.creative):
            if name:
                found.setdefault(name, []).append(ad)
        return found

    def showing(self, creative: str) -> Sequence[int]:
        """The ads with a creative."""
        return self._showing.get(creative, ())

    @cached_property
    def copies(self) -> Mapping[str, tuple[Creative, ...]]:
        """By product: the approved creatives that compete for ads which name none, by id."""
        found: dict[str, list[Creative]] = {}
        for id in sorted(self.creatives):
            one = self.creatives[id]
            if not one.retired:
                found.setdefault(one.product, []).append(one)
        return {product: tuple(held) for product, held in found.items()}

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        """The campaigns, in the order of their codes."""
        return self.units.campaigns

    @property
    def advertisers(self) -> Mapping[str, Advertiser]:
        """What is known of advertisers, by id."""
        return self.units.advertisers

    @property
    def per_thousand(self) -> NDArray[np.bool_]:
        """By campaign: whether it pays per thousand impressions."""
        return self.units.per_thousand

    @property
    def advertiser(self) -> NDArray[np.int64]:
        """By campaign: a code for its advertiser, -1 where it names none."""
        return self.units.advertiser

    def group(self, ad: int) -> str:
        """The id of an ad's group; '' where it has none."""
        found = self.units.groups[self.unit[ad]]
        return found.id if found else ""

    def ready(self) -> AdIndex:
        """This index, with everything compiled that a request would have to wait for."""
        for part in (self.units, self):
            for name, value in vars(type(part)).items():
                if isinstance(value, cached_property):
                    getattr(part, name)
        return self

    def only(self, ads: NDArray[np.int32]) -> AdIndex:
        """The index of some ads alone, each live wherever its campaign is."""
        order = np.sort(ads)
        rows = order.tolist()
        return replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            unit=self.unit[order],
            stand=np.zeros(len(order), dtype=np.int8),
            item=self.item[order],
            product_names=tuple(self.product_names[row] for row in rows),
            own_bid=self.own_bid[order],
            quality=self.quality[order],
            creative=tuple(self.creative[row] for row in rows),
            bar=np.zeros(len(order), dtype=np.int8),
            flights=Flights(),
        )


def build(
    campaigns: Sequence[Campaign],
    ads: Sequence[Ad],
    *,
    codes: Codes,
    groups: Sequence[AdGroup] = (),
    advertisers: Sequence[Advertiser] = (),
    creatives: Sequence[Creative] = (),
    unsellable: frozenset[str] = frozenset(),
    flights: Flights | None = None,
) -> AdIndex:
    """Compile what advertisers ordered. Ads whose campaign or group is not there are left out.

    `creatives` are the approved ones. `unsellable` names products that may not be advertised now.
    """
    units = Units.of(campaigns, groups, advertisers=advertisers)
    given = ads if _ascending(ads) else sorted(ads, key=lambda ad: ad.id)
    kept = [ad for ad in given if (ad.campaign, ad.group) in units.places]
    unit = np.array([units.places[ad.campaign, ad.group] for ad in kept], dtype=np.int32)
    stand = np.array([standing(ad) for ad in kept], dtype=np.int8)
    order = np.argsort(unit * 3 + stand, kind="stable")
    kept = [kept[row] for row in order.tolist()]
    approved = {creative.id: creative for creative in creatives}
    items = Items.of([ad.product for ad in kept], codes=codes)
    item = np.array([items.places[ad.product] for ad in kept], dtype=np.int32)
    return AdIndex(
        units=units,
        items=items,
        ids=tuple(ad.id for ad in kept),
        unit=unit[order],
        stand=stand[order],
        item=item,
        product_names=tuple(ad.product for ad in kept),
        own_bid=np.array([-1 if ad.bid is None else ad.bid for ad in kept], dtype=np.int64),
        quality=np.array([ad.quality for ad in kept], dtype=np.float64),
        creative=tuple(ad.creative for ad in kept),
        bar=bars([ad.creative for ad in kept], item, items=items, approved=approved, unsellable=unsellable),
        creatives=approved,
        flights=flights or Flights(),
        orphans=frozenset({(ad.campaign, ad.group) for ad in given} - units.places.keys()),
    ).ready()


def standing(ad: Ad) -> int:
    """Whether an ad is always live, in flight at times, or paused."""
    if not ad.active:
        return PAUSED
    return FLIGHTED if ad.flighted else ALWAYS


def bars(
    creatives: Sequence[str],
    item: NDArray[np.int32],
    *,
    items: Items,
    approved: Mapping[str, Creative],
    unsellable: frozenset[str],
) -> NDArray[np.int8]:
    """What keeps each ad from being shown at all: no product to be had, or no approved copy."""
    gone = items.product[item] < 0
    gone |= np.array([name in unsellable for name in items.names], dtype=np.bool_)[item]
    bare = np.array([bool(name) and name not in approved for name in creatives], dtype=np.bool_)
    found = np.where(gone, CODE[NoBidReason.OUT_OF_STOCK], np.where(bare, CODE[NoBidReason.CREATIVE], 0))
    return found.astype(np.int8)


def _ascending(ads: Sequence[Ad]) -> bool:
    return all(ads[at].id <= ads[at + 1].id for at in range(len(ads) - 1))
