"""Rankers that learn nothing: a weighted sum of named features, the baselines every model must beat."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hawker.errors import BadInput, nearest
from hawker.ranking.ranker import Floats, Model, Rows

_EVEN = 1e9  # the score whose probability is a half


@dataclass
class Rule(Model):
    """Σ weight × feature, an unknown value counting 0; weights far apart make an order of precedence.

    `predict` only keeps the order: it grows with scores from 0 to 1e12 and means no rate until calibrated.

    >>> rule = Rule(("bought", "popular"), {"bought": 1000.0, "popular": 1.0})
    >>> rule.score(np.float32([[1, 0], [0, 9], [1, 5]])).tolist()
    [1000.0, 9.0, 1005.0]
    """

    names: tuple[str, ...]
    weights: dict[str, float]
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "rule"

    def __post_init__(self) -> None:
        for name in self.weights:
            if name not in self.names:
                raise BadInput(
                    f"The rule weighs '{name}', which is no feature.", remedy=nearest(name, list(self.names))
                )
        self._weights = np.array([self.weights.get(name, 0.0) for name in self.names])

    def scored(self, x: Rows) -> Floats:
        used = np.flatnonzero(self._weights)
        values = np.nan_to_num(x[:, used].astype(np.float64))
        return np.asarray((values * self._weights[used]).sum(axis=1))

    def link(self, score: Floats) -> Floats:
        odds = np.maximum(score, 0.0) / _EVEN
        return np.asarray(np.clip(odds / (1.0 + odds), 1e-12, 1 - 1e-12))

    def explain(self, row: Rows) -> dict[str, float]:
        values = np.nan_to_num(np.asarray(row, dtype=np.float64)).ravel() * self._weights
        return {name: float(values[self.names.index(name)]) for name in self.weights}

    def write(self, folder: Path) -> dict[str, Any]:  # noqa: ARG002
        return {"weights": self.weights}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Rule:  # noqa: ARG003
        return cls(tuple(head["names"]), dict(head["weights"]))
