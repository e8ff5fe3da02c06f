"""Sparse rows: which words each text has, with what weight; their products with dense matrices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Rows(NamedTuple):
    """`codes` and `values` of all rows one after another; row i is [starts[i], starts[i + 1])."""

    starts: NDArray[np.int64]
    codes: NDArray[np.int32]
    values: Floats

    @property
    def row(self) -> NDArray[np.int64]:
        """The row of each value."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def times(self, dense: Floats) -> Floats:
        """The rows times a dense matrix (words, k): (rows, k)."""
        return _gathered(self.row, self.codes, self.values, dense, len(self.starts) - 1)

    def turned(self, dense: Floats, *, words: int) -> Floats:
        """Their transpose times a dense matrix (rows, k): (words, k)."""
        return _gathered(self.codes, self.row, self.values, dense, words)


def _gathered(into: NDArray[Any], of: NDArray[Any], values: Floats, dense: Floats, count: int) -> Floats:
    """Sums of weighted rows of `dense`, a column at a time, which needs no room for all of them."""
    out = np.zeros((count, dense.shape[1]))
    for k in range(dense.shape[1]):
        out[:, k] = np.bincount(into, weights=values * dense[of, k], minlength=count)
    return out
