"""How good a recommender is: the place of what was taken next, and the share of a basket it foretells.

Every item is ranked, none is sampled; ties count against the recommender.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.recommend.histories import Codes, Histories, Ints
from hawker.recommend.model import Recommender

Floats = NDArray[np.float64]
_ROWS = 512


def places(
    recommender: Recommender, histories: Histories, wanted: Codes, *, again: bool = False, now: int = 0
) -> Ints:
    """The place of each history's wanted item, from 1; what is in the history is passed over unless `again`.

    An item of which the recommender says nothing has the last place.
    """
    found = np.empty(len(histories), dtype=np.int64)
    for start in range(0, len(histories), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(histories)))
        part = histories.rows(rows)
        scores = recommender.batch(part, now=now)
        if not again:
            scores[np.repeat(np.arange(len(rows)), part.sizes), part.items] = -1.0
        own = scores[np.arange(len(rows)), wanted[rows]][:, None]
        found[rows] = np.where(own[:, 0] > 0, (scores >= own).sum(axis=1), scores.shape[1])
    return found


def gains(places: Ints, k: int = 10) -> Floats:
    """Each history's normalised discounted gain: 1 / log₂(1 + place) up to place k; the mean is N@k.

    >>> gains(np.array([1, 3, 11])).tolist()
    [1.0, 0.5, 0.0]
    """
    return np.where(places <= k, 1.0 / np.log2(places + 1.0), 0.0)


def hits(places: Ints, k: int = 10) -> Floats:
    """1 for each wanted item among the best k, else 0; the mean is R@k."""
    return (places <= k).astype(np.float64)


@dataclass(frozen=True)
class Basket:
    """One basket to be foretold: the history's row, the moment before it, and what was in it."""

    row: int
    moment: int
    items: Codes


def baskets(
    histories: Histories, *, start: int, end: int, most: int | None = None, seed: int = 0
) -> list[Basket]:
    """Baskets between two moments of shoppers who had one before, in order of time; a sample by seed."""
    found = []
    for row in range(len(histories)):
        past = histories.past(row)
        later = np.flatnonzero((past.time >= start) & (past.time < end) & (past.step > 0))
        for step in np.unique(past.step[later]):
            at = past.step == step
            found.append(Basket(row, int(past.time[at].min()), np.unique(past.items[at])))
    if most is not None and len(found) > most:
        drawn = np.random.default_rng(seed).choice(len(found), most, replace=False)
        found = [found[place] for place in drawn]
    return sorted(found, key=lambda basket: (basket.moment, basket.row))


def recalls(
    recommender: Recommender, histories: Histories, wanted: Sequence[Basket], *, k: int = 10
) -> Floats:
    """For each basket the share of its items among the k foretold from what the shopper took before it."""
    found = np.zeros(len(wanted))
    for place, basket in enumerate(wanted):
        past = histories.past(basket.row, now=basket.moment).before(basket.moment)
        best = recommender.rank(past, k, again=True).codes
        found[place] = np.isin(basket.items, best).sum() / len(basket.items)
    return found
