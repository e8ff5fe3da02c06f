"""Means, variances and covariances as values that add (Chan, Golub and LeVeque's update).

The sums of squares are kept about the mean, so that a large offset does not eat the variance.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike


class Moments(Struct, frozen=True):
    """Count, mean and the sum of squared deviations of one quantity.

    >>> (Moments.of([1.0, 2.0]) + Moments.of([3.0])).variance
    1.0
    """

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """The moments of an array."""
        array = np.asarray(values, dtype=np.float64).ravel()
        if not array.size:
            return cls()
        centre = float(array.mean())
        return cls(int(array.size), centre, float(np.square(array - centre).sum()))

    def __add__(self, other: Moments) -> Moments:
        n = self.n + other.n
        if not n:
            return self
        gap = other.mean - self.mean
        share = other.n / n
        squares = self.squares + other.squares + gap * gap * self.n * share
        return Moments(n, self.mean + gap * share, squares)

    @property
    def variance(self) -> float | None:
        """The unbiased variance; None below two values."""
        return self.squares / (self.n - 1) if self.n > 1 else None

    @property
    def total(self) -> float:
        """The sum of the values."""
        return self.n * self.mean


class Covariances(Struct, frozen=True):
    """Count, means and the centred squares and products of a pair of quantities per unit.

    What a ratio of two sums needs (clicks over impressions per shopper), and CUPED.
    """

    n: int = 0
    mean_x: float = 0.0
    mean_y: float = 0.0
    squares_x: float = 0.0
    squares_y: float = 0.0
    products: float = 0.0

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike) -> Covariances:
        """The joint moments of two arrays of one length."""
        left = np.asarray(x, dtype=np.float64).ravel()
        right = np.asarray(y, dtype=np.float64).ravel()
        if left.size != right.size:
            raise ValueError(f"x has {left.size} values, y has {right.size}")
        if not left.size:
            return cls()
        mean_x, mean_y = float(left.mean()), float(right.mean())
        left, right = left - mean_x, right - mean_y
        return cls(
            int(left.size),
            mean_x,
            mean_y,
            float(np.square(left).sum()),
            float(np.square(right).sum()),
            float((left * right).sum()),
        )

    def __add__(self, other: Covariances) -> Covariances:
        n = self.n + other.n
        if not n:
            return self
        gap_x, gap_y = other.mean_x - self.mean_x, other.mean_y - self.mean_y
        share = other.n / n
        both = self.n * share
        return Covariances(
            n,
            self.mean_x + gap_x * share,
            self.mean_y + gap_y * share,
            self.squares_x + other.squares_x + gap_x * gap_x * both,
            self.squares_y + other.squares_y + gap_y * gap_y * both,
            self.products + other.products + gap_x * gap_y * both,
        )

    @property
    def x(self) -> Moments:
        """The first quantity alone."""
        return Moments(self.n, self.mean_x, self.squares_x)

    @property
    def y(self) -> Moments:
        """The second quantity alone."""
        return Moments(self.n, self.mean_y, self.squares_y)

    @property
    def covariance(self) -> float | None:
        """The unbiased covariance; None below two units."""
        return self.products / (self.n - 1) if self.n > 1 else None
