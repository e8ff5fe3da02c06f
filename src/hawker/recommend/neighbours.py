"""What is taken near what: links from how often, how closely and in which order items follow each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.features.compiled import compiled
from hawker.recommend.histories import Codes, Histories, Ints
from hawker.recommend.links import LENGTH, Links

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Neighbours:
    """Counts pairs of one shopper that lie at most `window` items and `apart` baskets apart.

    A pair n baskets apart counts `near`ⁿ, against its order `back` times that; a link a → b is the count over
    count(a)^`from_power` · count(b)^`to_power`. At most `most` links an item. `apart` 0 is what was bought
    together.
    """

    near: float = 0.8
    back: float = 0.25
    from_power: float = 0.3
    to_power: float = 0.1
    window: int = LENGTH
    apart: int = 1_000_000
    most: int = 200
    fade: float = 0.6
    length: int = LENGTH

    def fit(self, histories: Histories) -> Links:
        """The links of all items; one pass over the pairs, one row of links in memory at a time."""
        order = np.argsort(histories.items, kind="stable")
        first = np.concatenate([[0], np.cumsum(histories.counts)]).astype(np.int64)
        who = np.repeat(np.arange(len(histories)), histories.sizes)
        count = np.maximum(histories.counts, 1).astype(np.float64)
        sizes, to, value = _linked(
            histories.items,
            histories.step,
            histories.start[who],
            histories.start[who + 1],
            order,
            first,
            np.power(self.near, np.arange(self.window + 1)),
            count**-self.from_power,
            count**-self.to_power,
            self.back,
            self.window,
            self.apart,
            self.most,
        )
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return Links(start, to, value, len(histories.names), self.fade, self.length)


@compiled
def _linked(
    items: Codes,
    step: Ints,
    begin: Ints,
    end: Ints,
    order: Ints,
    first: Ints,
    near: Floats,
    from_share: Floats,
    to_share: Floats,
    back: float,
    window: int,
    apart: int,
    most: int,
) -> tuple[Ints, Codes, NDArray[np.float32]]:
    """Item by item: add up its neighbours, divide, keep the strongest; sizes, codes, values."""
    size = len(first) - 1
    total = np.zeros(size)
    seen = np.zeros(size, dtype=np.int64)
    sizes = np.zeros(size, dtype=np.int64)
    room = 1024
    to, value = np.empty(room, np.int32), np.empty(room, np.float32)
    used = 0
    for item in range(size):
        found = 0
        for place in range(first[item], first[item + 1]):
            at = order[place]
            for other in range(max(begin[at], at - window), min(end[at], at + window + 1)):
                gap = step[other] - step[at]
                if items[other] == item or abs(gap) > apart:
                    continue
                weight = near[min(abs(gap), window)] * (back if gap < 0 else 1.0)
                if total[items[other]] == 0.0:
                    seen[found] = items[other]
                    found += 1
                total[items[other]] += weight
        near_by = seen[:found]
        scaled = total[near_by] * to_share[near_by] * from_share[item]
        total[near_by] = 0.0
        best = np.argsort(-scaled, kind="mergesort")[:most]
        if used + len(best) > room:
            room = 2 * room + len(best)
            to = np.concatenate((to, np.empty(room - len(to), np.int32)))
            value = np.concatenate((value, np.empty(room - len(value), np.float32)))
        for i in best:
            if scaled[i] > 0.0:
                to[used], value[used] = near_by[i], scaled[i]
                used += 1
                sizes[item] += 1
    return sizes, to[:used].copy(), value[:used].copy()
