"""Floors that past decisions suggest, placement by placement, kept for those who want them applied."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hawker.auction.floor import Reserve, reserve
from hawker.delivery.fill import paid
from hawker.records.campaign import Pricing
from hawker.records.decision import Decision
from hawker.records.events import DAY
from hawker.storage import floors
from hawker.storage.decision_log import DecisionLog
from hawker.storage.shop import Shop

DAYS = 7
_PAYS = {Pricing.CPM: 0, Pricing.CPC: 1, Pricing.CPA: 2}


def learn(shop: Shop, *, now: int, days: int = DAYS, seed: int = 0) -> dict[str, Reserve]:
    """What the decisions of the last days before `now` say of each placement's floor.

    Those that are sure to earn more are kept; the engine goes by them where the setting `learn_floors`
    is on, and never below the floor that is set.
    """
    samples = {place.name: _Sample() for place in shop.settings.placements}
    for decision in DecisionLog(shop.decisions).scan(now - days * DAY, now):
        if decision.candidates.ads and decision.request.placement in samples:
            samples[decision.request.placement].add(decision)
    judged = {
        place.name: samples[place.name].judged(place.floor, seed=seed) for place in shop.settings.placements
    }
    floors.keep(shop, {name: one.floor for name, one in judged.items() if one.floor is not None})
    return judged


def offers(decision: Decision) -> NDArray[np.float64]:
    """What each candidate in the auction offered for a thousand impressions, the best first, in micros."""
    found = decision.candidates
    chances = {decision.outcome: found.probabilities, **found.others}
    kinds = np.array([_PAYS[Pricing(kind)] for kind in found.pricing], np.int8)
    rates = paid(kinds, {name: np.array(chance) for name, chance in chances.items()})
    offered = np.array(found.bids, np.float64) * rates * 1000
    offered[[row for row, _ in found.guaranteed]] = 0.0
    best: NDArray[np.float64] = -np.sort(-offered)
    return best


@dataclass
class _Sample:
    """The auctions of a placement: how many slots each had, its best offers, and who was asking."""

    slots: list[int] = field(default_factory=list)
    best: list[NDArray[np.float64]] = field(default_factory=list)
    who: list[str] = field(default_factory=list)

    def add(self, decision: Decision) -> None:
        slots = decision.wanted or len(decision.slots) or 1
        self.slots.append(slots)
        self.best.append(offers(decision)[: slots + 1])
        self.who.append(decision.request.shopper or decision.request.session or decision.id)

    def judged(self, floor: int, *, seed: int) -> Reserve:
        """What the auctions say that had the usual number of slots."""
        usual = Counter(self.slots).most_common(1)[0][0] if self.slots else 1
        rows = [row for row, slots in enumerate(self.slots) if slots == usual]
        tops = np.zeros((len(rows), usual + 1))
        for at, row in enumerate(rows):
            tops[at, : len(self.best[row])] = self.best[row]
        return reserve(tops, clusters=[self.who[row] for row in rows], floor=floor, seed=seed)
