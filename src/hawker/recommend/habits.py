"""What one takes again: how often and how lately, and whether its time has come round.

Personal frequency fading by baskets, as in TIFU-KNN (Hu et al. 2020), and less for what was taken only just
now, by the usual gap between two purchases of an item.
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
    """An item taken n baskets ago counts `fade`ⁿ, once a basket; `length` items of the past count (0: all).

    Times `early` where it was taken only just now, and 1 where its usual gap has passed; in between with the
    square root of the share that has.
    """

    fade: float = 0.96
    early: float = 0.5
    length: int = 0

    def fit(self, histories: Histories) -> Regular:
        """The usual gap of each item in days: a geometric mean, drawn to the shop's median by ten repeats."""
        size = len(histories.names)
        gaps, items = _gaps(histories)
        overall = float(np.median(gaps)) if len(gaps) else 30.0
        count = np.bincount(items, minlength=size)
        logs = np.bincount(items, weights=np.log(np.maximum(gaps, 0.5)), minlength=size)
        usual = np.exp((logs + 10.0 * np.log(max(overall, 0.5))) / (count + 10.0))
        return Regular(usual.astype(np.float32), np.array([self.fade, self.early, self.length], np.float64))


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
        """Faded frequency, and less of it for what was taken only just now."""
        fade, early, length = self.settings.tolist()
        taken = past.known(self.size, last=int(length))
        found = np.zeros(self.size, dtype=np.float32)
        if not len(taken.items):
            return found
        anew = np.ones(len(taken.items), dtype=bool)
        order = np.lexsort((taken.step, taken.items))
        items, step = taken.items[order], taken.step[order]
        anew[1:] = (items[1:] != items[:-1]) | (step[1:] != step[:-1])
        weight = np.power(fade, past.step[-1] - step) * anew
        found += np.bincount(items, weights=weight, minlength=self.size).astype(np.float32)
        if past.now and taken.time.any():
            own, place = np.unique(taken.items[::-1], return_index=True)
            days = (past.now - taken.time[::-1][place]) / DAY
            passed = np.sqrt(np.clip(days / self.gap[own], 0.0, 1.0))
            found[own] *= early + (1 - early) * passed
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
