"""Keep the few hundred ads worth a full score: the best by a rough bound on their value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hawker.features.assemble import Moment, affinity
from hawker.features.state import State
from hawker.retrieval.index import AdIndex
from hawker.retrieval.targeting import Eligible


def candidates(
    index: AdIndex, found: Eligible, *, state: State, moment: Moment, most: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Positions within `found.ads` of at most `most` candidates in index order, and their affinity.

    The rough value of an ad is its bid times the affinity of shopper and product. `most` 0 keeps
    all without looking, their affinity unknown (NaN).
    """
    if most <= 0:
        return np.arange(len(found.ads)), np.full(len(found.ads), np.nan)
    rough = affinity(state, moment, index.product[found.ads])
    if len(found.ads) <= most:
        return np.arange(len(found.ads)), rough
    value = rough * np.maximum(index.bid[found.ads], 1)
    kept = np.sort(np.argpartition(-value, most - 1)[:most])
    return kept, rough[kept]
