"""Successes among trials, as a value that adds: a stream, a partition and a month use the same code."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike


class Counts(Struct, frozen=True):
    """How often something happened among how many chances.

    >>> Counts(3, 10) + Counts(1, 5)
    Counts(successes=4, trials=15)
    """

    successes: int = 0
    trials: int = 0

    @classmethod
    def of(cls, outcomes: ArrayLike) -> Counts:
        """Count the true among an array of yes and no."""
        flags = np.asarray(outcomes, dtype=bool)
        return cls(int(flags.sum()), int(flags.size))

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.successes + other.successes, self.trials + other.trials)

    @property
    def rate(self) -> float | None:
        """The share of successes; None without a trial."""
        return self.successes / self.trials if self.trials else None
