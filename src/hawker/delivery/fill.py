"""Who gets which slot at what price: exploration and auction, from numbers that are all on record.

The pipeline calls this for a new decision, the explanation calls it again for an old one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker import auction
from hawker.auction import Cleared
from hawker.delivery.explore import explore
from hawker.records.decision import Decision
from hawker.records.ids import stamped

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rules:
    """What a decision's auction goes by."""

    slots: int
    floor: int
    exploration: float
    most_per_advertiser: int | None
    mechanism: str


@dataclass(frozen=True)
class Filled:
    """The candidates that got a slot, in order, with the odds of each, whether chance drew it, and prices."""

    order: NDArray[np.intp]
    odds: Floats
    by_chance: NDArray[np.bool_]
    cleared: Cleared


def rules(decision: Decision) -> Rules:
    """The rules that a decision has on record."""
    return Rules(
        slots=decision.wanted or decision.request.slots or len(decision.slots),
        floor=decision.floor,
        exploration=decision.exploration,
        most_per_advertiser=decision.most_per_advertiser,
        mechanism=decision.mechanism,
    )


def named(now: int, rng: np.random.Generator) -> str:
    """The id of a decision: the first thing its generator draws."""
    return stamped("d", now, int(rng.integers(2**40)))


def fill(
    bids: NDArray[np.int64],
    rates: Floats,
    *,
    values: Floats,
    advertisers: NDArray[np.int64],
    rules: Rules,
    rng: np.random.Generator,
) -> Filled:
    """Draw the slots among the candidates that reach the floor, and price them."""
    admitted = np.flatnonzero(bids >= auction.least_prices(rules.floor, rates))
    drawn, odds, by_chance = explore(
        values[admitted],
        slots=rules.slots,
        exploration=rules.exploration,
        rng=rng,
        advertisers=advertisers[admitted],
        most_per_advertiser=rules.most_per_advertiser,
    )
    order = admitted[drawn]
    cleared = auction.clear(
        values,
        bids,
        rates=rates,
        slots=rules.slots,
        floor=rules.floor,
        mechanism=rules.mechanism,
        order=order,
        advertisers=advertisers,
        most_per_advertiser=rules.most_per_advertiser,
    )
    return Filled(order, odds, by_chance, cleared)
