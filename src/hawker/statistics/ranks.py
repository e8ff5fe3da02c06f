"""Does one order agree with another? Spearman's correlation, row by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ranked(values: ArrayLike) -> NDArray[np.float64]:
    """The ranks of each row's values from 0, equal values sharing the mean of theirs: (rows, columns).

    >>> ranked([[3.0, 1.0, 3.0]]).tolist()
    [[1.5, 0.0, 1.5]]
    """
    given = np.atleast_2d(np.asarray(values, dtype=np.float64))
    out = np.empty(given.shape)
    for row, told in zip(given, out, strict=True):
        _, place, count = np.unique(row, return_inverse=True, return_counts=True)
        told[:] = (np.cumsum(count) - (count + 1) / 2)[place]
    return out


def spearman(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Spearman's rank correlation of each row with the same row of another table; NaN where one is flat.

    >>> spearman([[1, 2, 3], [1, 1, 1]], [[1, 8, 9], [1, 2, 3]]).round(6).tolist()
    [1.0, nan]
    """
    left, right = (table - table.mean(axis=1, keepdims=True) for table in (ranked(one), ranked(other)))
    scale = np.sqrt((left * left).sum(axis=1) * (right * right).sum(axis=1))
    told: NDArray[np.float64] = np.divide(
        (left * right).sum(axis=1), scale, out=np.full(len(scale), np.nan), where=scale > 0
    )
    return told
