"""What the loop over epochs needs of a model that learns row by row: shuffled passes, the best kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from hawker.features.examples import Examples
from hawker.ranking.metrics import log_loss
from hawker.ranking.ranker import Floats, Rows, sigmoid


class Online(Protocol):
    """A model that learns more rows without forgetting those before."""

    def learn(self: M, examples: Examples, *, order: NDArray[np.int64] | None = None) -> M:
        """One pass over more examples, in their order or the given one: the model that also knows these."""
        ...

    def scored(self, x: Rows) -> Floats:
        """Log-odds of rows."""
        ...


M = TypeVar("M", bound=Online)


@dataclass
class Passes(Generic[M]):
    """One training run of such a model."""

    model: M
    examples: Examples
    valid: Examples | None
    rng: np.random.Generator
    best: M | None = None

    def step(self, epoch: int) -> None:  # noqa: ARG002
        self.model = self.model.learn(self.examples, order=self.rng.permutation(len(self.examples)))

    def loss(self) -> float:
        assert self.valid is not None
        return log_loss(sigmoid(self.model.scored(self.valid.x)), self.valid)

    def keep(self) -> None:
        self.best = self.model

    def restore(self) -> None:
        assert self.best is not None
        self.model = self.best
