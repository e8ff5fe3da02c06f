"""Which of the best are shown: none that does not fit, one variant of each product, not all of one kind."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from hawker.recommend.histories import Codes


def chosen(
    ranked: Codes,
    number: int,
    *,
    fit: NDArray[np.bool_],
    groups: Codes,
    taken: AbstractSet[int] = frozenset(),
    categories: Codes,
    most: int = 0,
) -> list[int]:
    """The places among `ranked` (codes, best first) of up to `number` to show, in their order.

    Of each group of variants only the best is shown, of `taken` groups none. Of one category `most` are
    (0: all), unless there is nothing else: then the best of those held back fill up.

    >>> codes, none = np.arange(4), np.full(4, -1)
    >>> chosen(codes, 3, fit=np.ones(4, bool), groups=none, categories=np.array([0, 0, 0, 1]), most=2)
    [0, 1, 3]
    """
    kept: list[int] = []
    held: list[int] = []
    seen, counts = {*taken} - {-1}, dict[int, int]()
    for place in np.flatnonzero(fit).tolist():
        code = int(ranked[place])
        group, category = int(groups[code]), int(categories[code])
        if group in seen:
            continue
        if most and category >= 0 and counts.get(category, 0) >= most:
            held.append(place)
            continue
        kept.append(place)
        counts[category] = counts.get(category, 0) + 1
        seen |= {group} - {-1}
        if len(kept) == number:
            return kept
    for place in held:
        group = int(groups[ranked[place]])
        if len(kept) < number and group not in seen:
            kept.append(place)
            seen |= {group} - {-1}
    return sorted(kept)
