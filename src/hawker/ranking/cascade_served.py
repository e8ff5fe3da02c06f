"""Which candidates a light model keeps, and where the others stand: compiled, because every request asks."""

from __future__ import annotations

import numpy as np
from numba import njit

_STEP = 1e-6


@njit(cache=True)
def best(score, count):  # type: ignore[no-untyped-def]
    """The places of the highest scores, ascending; of equals the first.

    >>> best(np.array([0.1, 0.7, 0.2, 0.2]), 2).tolist()
    [1, 2]
    """
    count = min(count, len(score))
    kept = np.empty(count, np.int64)
    if not count:
        return kept
    edge = np.sort(score)[len(score) - count]
    equal = count
    for i in range(len(score)):
        equal -= score[i] > edge
    place = 0
    for i in range(len(score)):
        if score[i] > edge or (score[i] == edge and equal > 0):
            equal -= score[i] == edge
            kept[place] = i
            place += 1
    return kept


@njit(cache=True)
def below(light, kept, heavy):  # type: ignore[no-untyped-def]
    """All scores: the kept have the heavy one's, the others the light one's below the lowest of those.

    >>> below(np.array([0.5, -9.0, 2.0]), np.array([2]), np.array([-1.0])).round(3).tolist()
    [-1.0, -9.0, -1.0]
    """
    last, lowest = light[kept].min(), heavy.min()
    scores = np.empty(len(light))
    for i in range(len(light)):
        gap = max(last - light[i], 0.0)
        scores[i] = min(light[i], lowest - _STEP * (1.0 + gap / (1.0 + gap)))
    for place in range(len(kept)):
        scores[kept[place]] = heavy[place]
    return scores
