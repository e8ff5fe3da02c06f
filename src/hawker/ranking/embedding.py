"""The embedding table and its optimiser: Adam over the rows a batch touched, and no others.

A dense optimiser walks over millions of rows to move a few thousand. Here a batch costs what it touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

from hawker.ranking.columns import PADDING, Codes
from hawker.ranking.ranker import Rows

_MEAN, _SQUARE = 0.9, 0.999
_TINY = 1e-8


@dataclass
class Table:
    """The rows of a network's `weights`, with Adam's moments of each; the rest is never read.

    A row is an embedding of `wide` values and, if it is one value longer, a first-order weight. `groups` are
    the columns of codes that own the same rows (a sequence and what it is a sequence of), so that a row
    met in several of them moves once a batch, by the sum of its gradients.
    """

    weights: Any
    wide: int
    groups: Sequence[Sequence[int]]
    rate: float
    l2: float = 0.0
    steps: int = 0
    moments: Rows = field(init=False)

    def __post_init__(self) -> None:
        rows, size = self.weights.shape
        self.moments = np.zeros((rows, 2 * size), np.float32)
        self._sizes = (True,) * self.wide, (True,) * size  # lengths that the compiler makes vectors of
        self._room: tuple[Rows, ...] = (np.empty((0, 0), np.float32),) * 2
        self._place = np.full(rows, -1, np.int32)
        self._columns = np.array([column for group in self.groups for column in group], np.int64)
        self._bounds = np.cumsum([0, *map(len, self.groups)], dtype=np.int64)

    def take(self, codes: Codes) -> tuple[Rows, Rows]:
        """Embeddings of codes (B, K), side by side: (B, K · E), and first-order weights: (B, C) or (B, 0).

        Both are the table's own, and good until the next batch is taken.
        """
        weights = self.weights.numpy()
        linear = len(self.groups) if weights.shape[1] > self.wide else 0
        if len(self._room[0]) < len(codes):  # memory asked for anew each batch would be zeroed each batch
            self._room = tuple(
                np.empty((len(codes), wide), np.float32) for wide in (codes.shape[1] * self.wide, linear)
            )
        out, first = (part[: len(codes)] for part in self._room)
        _take(weights, codes, out, first, self._sizes[0])
        return out, first

    def learn(self, codes: Codes, gradient: Rows, first: Rows, *, scale: float = 1.0) -> None:
        """One step of Adam for the rows in codes (B, K), given the gradients of what was taken."""
        self.steps += 1
        unbias, unsquare = 1 - _MEAN**self.steps, 1 - _SQUARE**self.steps
        step = tuple(map(np.float32, (self.rate * scale / unbias, 1 / unsquare, self.l2, _TINY)))
        where = (self._columns, self._bounds)
        _learn(
            self.weights.numpy(),
            self.moments,
            self._place,
            codes,
            (gradient, first),
            where,
            step,
            self._sizes,
        )

    def forget(self) -> None:
        """Moments as at the start."""
        self.moments[:] = 0
        self.steps = 0


@njit(cache=True)
def _take(weights, codes, out, first, width):  # type: ignore[no-untyped-def]
    wide = len(width)
    for b in range(len(codes)):
        for k in range(codes.shape[1]):
            row = codes[b, k]
            for e in range(wide):
                out[b, k * wide + e] = weights[row, e]
            if k < first.shape[1]:
                first[b, k] = weights[row, wide]


@njit(cache=True, fastmath=True, error_model="numpy")
def _learn(weights, moments, place, codes, slopes, where, step, sizes):  # type: ignore[no-untyped-def]
    """Sum the gradients of a row over the batch, then move it; group by group, so that sums stay in cache."""
    columns, bounds = where
    widest = 0
    for g in range(len(bounds) - 1):
        widest = max(widest, bounds[g + 1] - bounds[g])
    most = min(len(codes) * widest, len(weights))
    sums = np.empty((most, weights.shape[1]), np.float32)
    touched = np.empty(most, np.int32)
    for g in range(len(bounds) - 1):
        count = _sum(codes, columns[bounds[g] : bounds[g + 1]], slopes, place, sums, touched, sizes[0])
        _move(weights, moments, sums, touched[:count], step, sizes[1])


@njit(cache=True, fastmath=True, error_model="numpy")
def _sum(codes, columns, slopes, place, sums, touched, width):  # type: ignore[no-untyped-def]
    """Into `touched` the rows met, into `sums` the gradient of each; how many. `place` is left as found."""
    gradient, first = slopes
    count, wide, linear = 0, len(width), first.shape[1]
    for b in range(len(codes)):
        for k in columns:
            row = codes[b, k]
            if row == PADDING:
                continue
            spot = place[row]
            if spot < 0:
                place[row] = spot = count
                touched[count] = row
                sums[count] = 0
                count += 1
            for e in range(wide):
                sums[spot, e] += gradient[b, k * wide + e]
            if k < linear:
                sums[spot, wide] += first[b, k]
    for i in range(count):
        place[touched[i]] = -1
    return count


@njit(
    cache=True, fastmath=True, error_model="numpy"
)  # division by zero unchecked, or no vector of it is made
def _move(weights, moments, sums, touched, step, size):  # type: ignore[no-untyped-def]
    """Adam (Kingma & Ba 2015), with an L2 penalty on what is touched."""
    wide = len(size)
    mean, square = np.float32(_MEAN), np.float32(_SQUARE)
    fresh, apart = np.float32(1 - _MEAN), np.float32(1 - _SQUARE)
    rate, unbias, l2, tiny = step
    for i in range(len(touched)):
        row = touched[i]
        for e in range(wide):
            g = sums[i, e] + l2 * weights[row, e]
            m = mean * moments[row, e] + fresh * g
            v = square * moments[row, wide + e] + apart * g * g
            moments[row, e] = m
            moments[row, wide + e] = v
            weights[row, e] -= rate * m / (np.sqrt(v * unbias) + tiny)
