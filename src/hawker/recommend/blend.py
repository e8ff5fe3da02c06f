"""Several recommenders as one: their scores on one scale, weighed as did best on histories held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hawker.recommend.histories import Codes, Histories, Past
from hawker.recommend.model import NOBODY, Arrays, Recommender, Scores

BEND = 0.3
"""Scores over the highest are bent by this power, so that the second best is not forgotten."""


@dataclass(frozen=True)
class Blend(Recommender):
    """Σ weight · (score / highest score)^BEND over parts by name; a part that says nothing adds nothing.

    The highest is that of items not in the past, unless these may be recommended `again`.
    """

    kind: ClassVar[str] = "blend"
    parts: Mapping[str, Recommender]
    weights: Mapping[str, float]
    again: bool = False

    @property
    def size(self) -> int:  # type: ignore[override]
        """How many items the parts know."""
        return next((part.size for part in self.parts.values()), 0)

    def scores(self, past: Past) -> Scores:
        """The weighed sum."""
        found = np.zeros(self.size, dtype=np.float32)
        for name, weight in self.weights.items():
            found += np.float32(weight) * self.bent(self.parts[name].scores(past), past)
        return found

    def batch(self, histories: Histories, *, now: int = 0) -> Scores:
        """The same for many."""
        found = np.zeros((len(histories), self.size), dtype=np.float32)
        for name, weight in self.weights.items():
            scores = self.parts[name].batch(histories, now=now)
            for row in range(len(histories)):
                found[row] += np.float32(weight) * self.bent(scores[row], histories.past(row))
        return found

    def sources(self, past: Past, codes: Codes) -> Codes:
        """What the weightiest part that knows of a source says."""
        found = np.full(len(codes), NOBODY, dtype=np.int32)
        for name in sorted(self.weights, key=lambda name: -self.weights[name]):
            unsaid = found == NOBODY
            if unsaid.any():
                found[unsaid] = self.parts[name].sources(past, codes[unsaid])
        return found

    def spoken(self, past: Past, codes: Codes) -> dict[str, Scores]:
        """What each part adds to each code."""
        return {
            name: np.float32(weight) * self.bent(self.parts[name].scores(past), past)[codes]
            for name, weight in self.weights.items()
        }

    def bent(self, scores: Scores, past: Past) -> Scores:
        """Scores on the common scale, 1 for the best; what may not be recommended is 0."""
        held = scores
        if not self.again:
            held = scores.copy()
            held[past.known(len(scores)).items] = 0.0
        highest = held.max(initial=0.0)
        if highest <= 0.0:
            return np.zeros_like(scores)
        some = np.flatnonzero(held)
        bent = np.zeros_like(scores)
        bent[some] = np.power(held[some] / highest, np.float32(BEND))
        return bent

    def arrays(self) -> Arrays:
        """The weights of each part by name, and the parts' own arrays under it."""
        held = {"weights": np.array(list(self.weights.values())), "again": np.array([self.again])}
        for name in self.weights:
            held |= {f"{name}/{key}": array for key, array in self.parts[name].arrays().items()}
            held[f"{name}/kind"] = np.array([self.parts[name].kind])
        return held

    @classmethod
    def restore(cls, arrays: Arrays) -> Blend:
        """The same blend, its parts restored."""
        from hawker.recommend.saved import restored

        names = [key.removesuffix("/kind") for key in arrays if key.endswith("/kind")]
        parts: dict[str, Recommender] = {}
        for name in names:
            own = {key.removeprefix(f"{name}/"): a for key, a in arrays.items() if key.startswith(f"{name}/")}
            parts[name] = restored(str(own.pop("kind")[0]), own)
        weights = dict(zip(names, arrays["weights"].tolist(), strict=True))
        return cls(parts, weights, bool(arrays["again"][0]))
