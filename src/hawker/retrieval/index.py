"""The live ads as arrays: built when campaigns change, never per request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from hawker.features.encode import Codes
from hawker.records.campaign import Ad, Campaign, Pricing
from hawker.records.creative import Creative

DISPLAY = 0
MAILER = 1


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
    """All ads of a shop, column by column, in the order of their ids.

    `campaign` points into `campaigns`; `bid` is micros (the campaign's where the ad has none);
    `product` is a code, -1 where the catalogue does not know it. `per_thousand` and `advertiser`
    (a code, -1 unknown) are by campaign; `names` are the ids as an array.
    """

    campaigns: tuple[Campaign, ...]
    ids: tuple[str, ...]
    campaign: NDArray[np.int32]
    product: NDArray[np.int32]
    product_names: tuple[str, ...]
    bid: NDArray[np.int64]
    quality: NDArray[np.float64]
    creative: tuple[str, ...]
    flighted: NDArray[np.bool_]
    sellable: NDArray[np.bool_]
    always: NDArray[np.int32]
    creatives: dict[str, Creative]
    flights: Flights = field(default_factory=Flights)
    names: NDArray[np.object_] = field(init=False)
    per_thousand: NDArray[np.bool_] = field(init=False)
    advertiser: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        thousand = [campaign.pricing is Pricing.CPM for campaign in self.campaigns]
        codes: dict[str, int] = {"": -1}
        named = [codes.setdefault(campaign.advertiser, len(codes) - 1) for campaign in self.campaigns]
        object.__setattr__(self, "names", np.array(self.ids, dtype=object))
        object.__setattr__(self, "per_thousand", np.array(thousand, dtype=np.bool_))
        object.__setattr__(self, "advertiser", np.array(named, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, ads: NDArray[np.int32]) -> AdIndex:
        """The index of some ads alone, each live wherever its campaign is."""
        rows = ads.tolist()
        return replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            campaign=self.campaign[ads],
            product=self.product[ads],
            product_names=tuple(self.product_names[row] for row in rows),
            bid=self.bid[ads],
            quality=self.quality[ads],
            creative=tuple(self.creative[row] for row in rows),
            flighted=np.zeros(len(ads), dtype=np.bool_),
            sellable=np.ones(len(ads), dtype=np.bool_),
            always=np.arange(len(ads), dtype=np.int32),
            flights=Flights(),
        )


def build(
    campaigns: Sequence[Campaign],
    ads: Sequence[Ad],
    *,
    codes: Codes,
    creatives: Sequence[Creative] = (),
    unsellable: frozenset[str] = frozenset(),
    flights: Flights | None = None,
) -> AdIndex:
    """Compile campaigns and ads. Ads of campaigns that are not there are left out.

    `unsellable` names products that may not be advertised now (out of stock).
    """
    place = {campaign.id: row for row, campaign in enumerate(campaigns)}
    kept = sorted((ad for ad in ads if ad.campaign in place), key=lambda ad: ad.id)
    owner = np.array([place[ad.campaign] for ad in kept], dtype=np.int32)
    flighted = np.array([ad.flighted for ad in kept], dtype=np.bool_)
    return AdIndex(
        campaigns=tuple(campaigns),
        ids=tuple(ad.id for ad in kept),
        campaign=owner,
        product=np.array([codes["product"].find(ad.product) for ad in kept], dtype=np.int32),
        product_names=tuple(ad.product for ad in kept),
        bid=np.array(
            [campaigns[place[ad.campaign]].bid if ad.bid is None else ad.bid for ad in kept], dtype=np.int64
        ),
        quality=np.array([ad.quality for ad in kept], dtype=np.float64),
        creative=tuple(ad.creative for ad in kept),
        flighted=flighted,
        sellable=np.array([ad.product not in unsellable for ad in kept], dtype=np.bool_),
        always=np.flatnonzero(~flighted).astype(np.int32),
        creatives={creative.id: creative for creative in creatives},
        flights=flights or Flights(),
    )
