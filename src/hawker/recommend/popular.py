"""What sells: the same for everyone, recent sales counting more; what a shopper without history is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hawker.recommend.histories import Codes, Histories, Past
from hawker.recommend.model import NOBODY, Arrays, Recommender, Scores

DAY = 86_400_000_000


@dataclass(frozen=True)
class Popular:
    """Sales halve in weight every `half_life` days before the last; without times they count alike.

    `against` above 0 asks what trends: times the recent share over that of all time, drawn to 1 by so many.
    """

    half_life: float = 14.0
    against: float = 0.0

    def fit(self, histories: Histories) -> Seller:
        """Shares of sales, or trends times them."""
        age = (histories.time.max(initial=0) - histories.time) / DAY
        weight = np.exp2(-age / self.half_life)
        size = len(histories.names)
        recent = np.bincount(histories.items, weights=weight, minlength=size)
        score = recent / max(recent.sum(), 1e-12)
        if self.against:
            expected = histories.counts * (recent.sum() / max(len(histories.items), 1))
            score = score * (recent + self.against) / (expected + self.against)
        return Seller(score.astype(np.float32))


@dataclass(frozen=True)
class Seller(Recommender):
    """One score an item, whoever asks."""

    kind: ClassVar[str] = "popular"
    share: Scores

    @property
    def size(self) -> int:  # type: ignore[override]
        """How many items there are."""
        return len(self.share)

    def scores(self, past: Past) -> Scores:  # noqa: ARG002
        """The same for everyone."""
        return self.share

    def sources(self, past: Past, codes: Codes) -> Codes:  # noqa: ARG002
        """Nothing that was taken speaks for it."""
        return np.full(len(codes), NOBODY, dtype=np.int32)

    def arrays(self) -> Arrays:
        """The scores."""
        return {"share": self.share}

    @classmethod
    def restore(cls, arrays: Arrays) -> Seller:
        """The same."""
        return cls(arrays["share"])
