"""Ads for shoppers who did something with their product, found from what the shopper did, not ad by ad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hawker.features.schema import kinds_mask
from hawker.features.state import State
from hawker.records.campaign import Did, Retargeting
from hawker.records.events import DAY, KIND_CODE, EventKind
from hawker.retrieval import sift
from hawker.retrieval.aims import Words

if TYPE_CHECKING:
    from hawker.retrieval.index import AdIndex

Ints = NDArray[np.int32]
ALWAYS, FLIGHTED, PAUSED = range(3)
"""Where an ad stands within its unit: live wherever its campaign is, in flight at times, not at all."""
DEEDS: dict[Did, tuple[EventKind, ...]] = {
    Did.VIEWED: (EventKind.VIEW, EventKind.CLICK),
    Did.CARTED: (EventKind.CART,),
    Did.BOUGHT: (EventKind.PURCHASE,),
}
"""Which events count as what a campaign calls viewed, carted, bought."""


class Retargets:
    """The retargeting ads of an index, filed by product and, where that will do, by category."""

    def __init__(self, index: AdIndex) -> None:
        self._index = index
        rules: dict[Retargeting, int] = {}
        units = index.units
        self._wishes: Ints = np.full((len(units), 2), -1, dtype=np.int32)
        for unit, (row, group) in enumerate(zip(units.campaign.tolist(), units.groups, strict=True)):
            own = units.campaigns[row].targeting.retargeting
            for level, wish in enumerate((own, group.targeting.retargeting if group else None)):
                if wish is not None:
                    self._wishes[unit, level] = rules.setdefault(wish, len(rules))
        self._rules = np.array([_numbers(rule) for rule in rules], dtype=np.int64).reshape(-1, 4)
        self.aimed: NDArray[np.bool_] = self._wishes.max(axis=1) >= 0
        """By unit: whether it retargets."""
        self._any = bool(self.aimed.any())
        near = np.append(self._rules[:, 3] == 1, False)  # a wish of -1 finds the last
        wide = near[self._wishes[:, 0]] | near[self._wishes[:, 1]]
        self._by_product = _filed(index, self.aimed, index.product)
        self._kind = index.items.kind[index.item]
        self._by_category = _filed(index, wide, self._kind)

    def found(self, state: State | None, shopper: str, *, now: int, alive: Words, live: Ints) -> Ints:
        """The ads that aim at a shopper for what they did, ascending: of units that are `alive` those that

        stand here; `live` are the ads in flight.
        """
        code = -1
        if self._any and state is not None and shopper:
            code = state.codes["shopper"].find(shopper)
        if state is None or code < 0:
            return np.zeros(0, dtype=np.int32)
        seen, kinds, times = state.sequences.read(code)
        categories = state.codes.of_products("category", seen)
        index = self._index
        own = sift.under(*self._by_product, seen, alive, index.unit)
        near = sift.under(*self._by_category, categories, alive, index.unit)
        ads = np.unique(np.concatenate([own, near]))
        holds = sift.drawn(
            ads,
            index.unit,
            index.product,
            self._kind,
            self._wishes,
            self._rules,
            seen,
            categories,
            kinds,
            times,
            KIND_CODE[EventKind.PURCHASE],
            now,
        )
        kept: Ints = ads[holds]
        stand = index.stand[kept]
        if stand.any():
            kept = kept[(stand == ALWAYS) | ((stand == FLIGHTED) & np.isin(kept, live))]
        return kept


def _numbers(rule: Retargeting) -> tuple[int, int, int, int]:
    kinds = kinds_mask(tuple(kind for did in rule.did for kind in DEEDS[did]))
    return int(kinds), rule.days * DAY, int(rule.not_bought), int(rule.same_category)


def _filed(index: AdIndex, units: NDArray[np.bool_], keys: Ints) -> tuple[Ints, Ints]:
    """The ads of some units by a key, ascending: keys and ads; those without a key are left out."""
    ads = np.flatnonzero(units[index.unit] & (keys >= 0)).astype(np.int32)
    order = np.argsort(keys[ads], kind="stable")
    return keys[ads][order], ads[order]
