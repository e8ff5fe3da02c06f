"""What one takes again: how often and how lately, and whether its time has come round.

Personal frequency fading by baskets, as in TIFU-KNN (Hu et al. 2020), times what the shop's repeat purchases
tell of the share of an item's usual gap that has passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hawker.recommend.histories import Codes, Histories, Ints, Past
from hawker.recommend.model import NOBODY, Arrays, Recommender, Scores

DAY = 86_400_000_000


@dataclass(frozen=True)
class Habits:
    """An item taken n baskets ago counts `fade`ⁿ; `length` items of the past are looked at (0: all).

    `bins` cut the time since it was last taken, over the item's median gap, on a logarithmic scale.
    """

    fade: float = 0.9
    floor: float = 0.1
    length: int = 0

    def fit(self, histories: Histories) -> Regular:
        """The usual gap of each item, in days, drawn to the shop's by ten repeats."""
        size = len(histories.names)
        gaps, items = _gaps(histories)
        overall = float(np.median(gaps)) if len(gaps) else 30.0
        count = np.bincount(items, minlength=size)
        logs = np.bincount(items, weights=np.log(np.maximum(gaps, 0.5)), minlength=size)
        usual = np.exp((logs + 10.0 * np.log(max(overall, 0.5))) / (count + 10.0))
        repeats = np.array([self.fade, self.floor, self.length], dtype=np.float64)
        return Regular(usual.astype(np.float32), repeats)


@dataclass(frozen=True)
class Regular(Recommender):
    """Scores the past's own items only; `gap` is days between two purchases, by item."""

    kind: ClassVar[str] = "habits"
    gap: Scores
    settings: NDArray[np.float64]

    @property
    def size(self) -> int:  # type: ignore[override]
        """How many items it knows."""
        return len(self.gap)

    def scores(self, past: Past) -> Scores:
        """Faded frequency; less where it was taken only just now, for things that are not taken daily."""
        fade, floor, length = self.settings.tolist()
        taken = past.known(self.size, last=int(length))
        found = np.zeros(self.size, dtype=np.float32)
        if not len(taken.items):
            return found
        weight = np.power(fade, past.step[-1] - taken.step)
        found += np.bincount(taken.items, weights=weight, minlength=self.size).astype(np.float32)
        if past.now and taken.time.any():
            items, place = np.unique(taken.items[::-1], return_index=True)
            days = (past.now - taken.time[::-1][place]) / DAY
            found[items] *= floor + (1 - floor) * np.minimum(days / self.gap[items], 1.0)
        return found

    def sources(self, past: Past, codes: Codes) -> Codes:
        """The item itself: it was taken before."""
        found: Codes = np.where(np.isin(codes, past.items), codes, NOBODY).astype(np.int32)
        return found

    def arrays(self) -> Arrays:
        """The gaps and the settings."""
        return {"gap": self.gap, "settings": self.settings}

    @classmethod
    def restore(cls, arrays: Arrays) -> Regular:
        """The same."""
        return cls(arrays["gap"], arrays["settings"])


def _gaps(histories: Histories) -> tuple[NDArray[np.float64], Ints]:
    """Days between two purchases of one item by one shopper, and the items."""
    who = np.repeat(np.arange(len(histories)), histories.sizes)
    order = np.lexsort((histories.time, histories.items, who))
    items, time, person = histories.items[order], histories.time[order], who[order]
    again = (items[1:] == items[:-1]) & (person[1:] == person[:-1]) & (time[1:] > time[:-1])
    return (time[1:] - time[:-1])[again] / DAY, items[1:][again].astype(np.int64)
