"""Models that learn row by row and never stop: tables that each row changes a little."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hawker.features.examples import Examples
from hawker.ranking.course import Arrays, Iterative, Plan
from hawker.ranking.metrics import log_loss
from hawker.ranking.ranker import Model, fits, sigmoid

_BATCH = 8192


class OnlineModel(Model):
    """A model that is tables, and how a row changes them."""

    @abstractmethod
    def tables(self) -> Arrays:
        """The learned tables, live."""

    @abstractmethod
    def holding(self: O, tables: Arrays) -> O:
        """The same model of other tables."""

    @abstractmethod
    def absorb(self, tables: Arrays, examples: Examples, rows: NDArray[np.int64]) -> float:
        """Learn rows into tables, in place; returns their mean loss, each before it was learned."""

    def learn(self: O, examples: Examples, *, order: NDArray[np.int64] | None = None) -> O:
        """One pass over more examples, in their order or the given one: the model that also knows these."""
        own = fits(self.names, examples)
        tables = {name: table.copy() for name, table in self.tables().items()}
        self.absorb(tables, own, np.arange(len(own)) if order is None else order)
        return self.holding(tables)

    def onward(self: O, examples: Examples, *, seed: int = 0) -> O:
        return self.learn(examples, order=np.random.default_rng(seed).permutation(len(examples)))


O = TypeVar("O", bound=OnlineModel)


class Online(Iterative):
    """An estimator of such a model; passes need no memory beside the tables."""

    epochs: int
    patience: int

    @abstractmethod
    def fresh(self, examples: Examples, *, seed: int) -> OnlineModel:
        """A model that knows only the base rate."""

    @contextmanager
    def learner(
        self,
        like: Examples,
        *,
        rows: Iterable[Examples],  # noqa: ARG002
        valid: Examples | None,
        seed: int,
    ) -> Iterator[Run]:
        plan = Plan(self.epochs, self.patience, _BATCH)
        yield Run(self.fresh(like, seed=seed), valid, plan)


class Run:
    """Passes over rows as the course sees them."""

    share = (0, 1)

    def __init__(self, fresh: OnlineModel, valid: Examples | None, plan: Plan) -> None:
        self.fresh, self.valid, self.plan = fresh, valid, plan
        self.tables = fresh.tables()

    def take(self, examples: Examples) -> None:
        self.rows = fits(self.fresh.names, examples)

    def turn(self, epoch: int) -> None:
        """Passes do not differ."""

    def step(self, rows: NDArray[np.int64], *, number: int, pace: float) -> float:  # noqa: ARG002
        return self.fresh.absorb(self.tables, self.rows, rows)

    def loss(self) -> float:
        assert self.valid is not None
        return log_loss(sigmoid(self.made().scored(self.valid.x)), self.valid)

    def weights(self) -> Arrays:
        return self.tables

    def memory(self) -> Arrays:
        return {}

    def resume(self, weights: Arrays, memory: Arrays) -> None:  # noqa: ARG002
        self.tables = {name: table.copy() for name, table in weights.items()}

    def made(self) -> OnlineModel:
        return self.fresh.holding(self.tables)
