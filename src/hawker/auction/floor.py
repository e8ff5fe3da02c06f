"""A floor learned from past bids: what a placement would have earned under each, and the best of them.

The empirical revenue curve of a second-price auction (Cesa-Bianchi, Gentile and Mansour 2015; Mohri and
Muñoz Medina 2014), with the bids as they were. Advertisers who answer a higher floor with other bids are
not in it, nor are limits per advertiser: it is a suggestion, with an interval that covers chance alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hawker.statistics import bootstrap
from hawker.statistics.intervals import Estimate, unknown

Floats = NDArray[np.float64]
FEWEST = 1_000
"""So many auctions at least, or there is no answer."""
_GROUPS = 50
_STEPS = 60
_ROUND = 10_000  # floors are whole hundredths of a unit of currency per thousand


@dataclass(frozen=True)
class Reserve:
    """What the bids say of a placement's floor, in micros per thousand impressions.

    `floor` is None where nothing better than the present one is sure; `reason` says why. `earned` is the
    revenue of the present floor, `gain` what the other would have added, judged on auctions it was not
    chosen by: both in micros per thousand requests.
    """

    present: int
    floor: int | None
    earned: Estimate
    gain: Estimate
    auctions: int
    reason: str = ""


def revenue(tops: Floats, floor: float) -> Floats:
    """What each auction earns under a floor: `tops` (auctions, slots + 1) are offers, best first.

    An offer is what a bid comes to for a thousand impressions; 0 where there is none. Each slot is
    sold at the next offer or the floor.

    >>> revenue(np.array([[5.0, 3.0, 1.0], [2.0, 0.0, 0.0]]), 2.0).tolist()
    [5.0, 2.0]
    """
    sold = tops[:, :-1] >= max(floor, 1e-12)
    earned: Floats = np.where(sold, np.maximum(tops[:, 1:], floor), 0.0).sum(axis=1)
    return earned


def best(tops: Floats, *, least: float) -> float:
    """The floor of the highest revenue among the offers seen, from `least` up."""
    offers = tops[:, :-1][tops[:, :-1] > 0]
    steps = np.quantile(offers, np.linspace(0.0, 0.99, _STEPS)) if len(offers) else np.zeros(1)
    rounded = np.floor(steps / _ROUND) * _ROUND
    grid = np.unique(np.concatenate([[least], rounded[rounded > least]]))
    earned = [float(revenue(tops, floor).sum()) for floor in grid.tolist()]
    return float(grid[int(np.argmax(earned))])


def reserve(tops: Floats, *, clusters: ArrayLike, floor: int = 0, seed: int = 0) -> Reserve:
    """The floor that past auctions suggest for a placement whose floor is `floor`; never a lower one.

    `clusters` says which auctions hang together (a shopper's). The gain is cross-fitted: each half of
    the clusters is judged under the floor that the other half chose.
    """
    names = np.unique(np.asarray(clusters), return_inverse=True)[1]
    count, groups = len(tops), int(names.max()) + 1 if len(tops) else 0
    if count < FEWEST or groups < _GROUPS:
        few = f"too few auctions to learn from: {count} of {FEWEST}, {groups} of {_GROUPS} shoppers"
        return Reserve(floor, None, unknown(few, n=count), unknown(few, n=count), count, few)
    half = np.random.default_rng(seed).permutation(groups)[names] % 2 == 0
    held, other = revenue(tops, float(floor)), np.empty(count)
    for mine in (half, ~half):
        other[mine] = revenue(tops[mine], best(tops[~mine], least=float(floor)))
    earned = bootstrap.mean(names, held, seed=seed)
    gain = bootstrap.difference(names, other, b=held, seed=seed)
    chosen = round(best(tops, least=float(floor)))
    if chosen <= floor or gain.low is None or gain.low <= 0:
        return Reserve(floor, None, earned, gain, count, "no higher floor is sure to earn more")
    return Reserve(floor, chosen, earned, gain, count)
