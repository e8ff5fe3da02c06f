"""What every fitted recommender is: scores of all items after a past, and which past item speaks for each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hawker.recommend.histories import Codes, Histories, Past

Scores = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]
NOBODY = -1


class Ranked(NamedTuple):
    """The best items, best first: codes, scores, and the past item that speaks most for each (or -1)."""

    codes: Codes
    scores: Scores
    sources: Codes


class Recommender(ABC):
    """A fitted recommender of `size` items. Scores are 0 where it has nothing to say, never below."""

    kind: ClassVar[str]
    size: int

    @abstractmethod
    def scores(self, past: Past) -> Scores:
        """What it holds of every item after a past: (size,). Codes it does not know are passed over."""

    @abstractmethod
    def sources(self, past: Past, codes: Codes) -> Codes:
        """For each of `codes` the item of the past that speaks most for it; -1 where none does."""

    @abstractmethod
    def arrays(self) -> Arrays:
        """All that `restore` needs."""

    @classmethod
    @abstractmethod
    def restore(cls, arrays: Arrays) -> Recommender:
        """The recommender that `arrays` was taken of."""

    def batch(self, histories: Histories, *, now: int = 0) -> Scores:
        """Scores for many histories: (histories, size)."""
        found = np.empty((len(histories), self.size), dtype=np.float32)
        for row in range(len(histories)):
            found[row] = self.scores(histories.past(row, now=now))
        return found

    def rank(
        self,
        history: Past | Codes | Sequence[int],
        k: int = 10,
        *,
        among: NDArray[np.bool_] | None = None,
        again: bool = False,
    ) -> Ranked:
        """The best k of the items that `among` allows; what was taken already only where `again` is wanted.

        What scores 0 is not recommended, so there may be fewer than k.
        """
        past = Past.of(history)
        found = self.scores(past).copy()
        if among is not None:
            found[~among] = 0.0
        if not again:
            found[past.known(self.size).items] = 0.0
        codes = top(found, k)
        return Ranked(codes, found[codes], self.sources(past, codes))


def top(scores: Scores, k: int) -> Codes:
    """The codes of the k highest scores above 0, highest first; ties by code."""
    k = min(max(k, 0), len(scores))
    if not k:
        return np.empty(0, np.int32)
    edge = np.partition(scores, len(scores) - k)[len(scores) - k]
    some = np.flatnonzero((scores >= edge) & (scores > 0))
    best = some[np.argsort(-scores[some], kind="stable")][:k]
    return best.astype(np.int32)
