"""From item to item: recommenders whose score is a sum over what was taken, Σ_h weight(h) · link(h → item).

Co-occurrence, EASE and vector neighbours differ in how links come about, not in how they serve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hawker.recommend.histories import Codes, Ints, Past
from hawker.recommend.model import NOBODY, Arrays, Recommender, Scores

LENGTH = 50


@dataclass(frozen=True)
class Links(Recommender):
    """Links of an item h are `to[start[h]:start[h + 1]]` and `value` beside it, all above 0.

    What was taken n baskets before the last weighs `fade`ⁿ; the last `length` items count.
    """

    kind: ClassVar[str] = "links"
    start: Ints
    to: Codes
    value: Scores
    size: int
    fade: float = 1.0
    length: int = LENGTH

    def scores(self, past: Past) -> Scores:
        """The sum over the past, as one count."""
        items, weight = self._weighed(past)
        at, sizes = self._links(items)
        pulled = self.value[at] * np.repeat(weight, sizes)
        return np.bincount(self.to[at], weights=pulled, minlength=self.size).astype(np.float32)

    def sources(self, past: Past, codes: Codes) -> Codes:
        """The item whose weighed link is the strongest."""
        items, weight = self._weighed(past)
        if not len(items) or not len(codes):
            return np.full(len(codes), NOBODY, dtype=np.int32)
        pulls = self._pulls(items, weight, codes)
        found: Codes = np.where(pulls.max(axis=0) > 0, items[pulls.argmax(axis=0)], NOBODY).astype(np.int32)
        return found

    def of(self, item: int) -> tuple[Codes, Scores]:
        """The links of one item, the strongest first."""
        if not 0 <= item < self.size:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        part = slice(self.start[item], self.start[item + 1])
        order = np.argsort(-self.value[part], kind="stable")
        return self.to[part][order], self.value[part][order]

    def arrays(self) -> Arrays:
        """The links and how they fade."""
        held: Arrays = {"start": self.start, "to": self.to, "value": self.value}
        return {**held, "settings": np.array([self.size, self.fade, self.length], dtype=np.float64)}

    @classmethod
    def restore(cls, arrays: Arrays) -> Links:
        """The same links."""
        size, fade, length = arrays["settings"].tolist()
        return cls(arrays["start"], arrays["to"], arrays["value"], int(size), float(fade), int(length))

    def _weighed(self, past: Past) -> tuple[Codes, Scores]:
        """The items that count, and the weight of each."""
        taken = past.known(self.size, last=self.length)
        newest = past.step[-1] if len(past.step) else 0
        return taken.items, np.power(self.fade, newest - taken.step).astype(np.float32)

    def _pulls(self, items: Codes, weight: Scores, codes: Codes) -> Scores:
        """What each item adds to each code: (items, codes)."""
        place = np.full(self.size, -1, dtype=np.int64)
        place[codes] = np.arange(len(codes))
        at, sizes = self._links(items)
        row, column = np.repeat(np.arange(len(items)), sizes), place[self.to[at]]
        found = np.zeros((len(items), len(codes)), dtype=np.float32)
        hit = column >= 0
        found[row[hit], column[hit]] = self.value[at][hit] * weight[row[hit]]
        return found

    def _links(self, items: Codes) -> tuple[Ints, Ints]:
        """The places of all links of some items, and how many each has."""
        first, sizes = self.start[items], self.start[items + 1] - self.start[items]
        shift = np.repeat(first - np.cumsum(sizes) + sizes, sizes)
        return np.arange(len(shift)) + shift, sizes


def strongest(dense: Scores, *, most: int, first: int = 0) -> tuple[Ints, Codes, Scores]:
    """Of each row of dense links (rows, items) the `most` strongest above 0: sizes, codes, values.

    Row i is item `first` + i, which is not linked to itself.
    """
    dense[np.arange(len(dense)), first + np.arange(len(dense))] = 0.0
    most = min(most, dense.shape[1])
    part = np.argpartition(-dense, most - 1, axis=1)[:, :most]
    part.sort(axis=1)
    value = np.take_along_axis(dense, part, axis=1)
    kept = value > 0
    return kept.sum(axis=1), part[kept].astype(np.int32), value[kept].astype(np.float32)
