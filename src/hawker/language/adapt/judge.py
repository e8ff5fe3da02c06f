"""How well vectors rank what comes next: NDCG at ten over all things that are new to the shopper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.language.adapt.histories import Rows
from hawker.statistics import Estimate, bootstrap

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
TOP = 10
_BLOCK = 512
_DISCOUNT = 1.0 / np.log2(np.arange(2, TOP + 2))


class Comparison(Struct, frozen=True):
    """A figure before and after, the difference, and the difference as a share of what was before."""

    measure: str
    before: Estimate
    after: Estimate
    difference: Estimate
    gain: Estimate

    @property
    def wins(self) -> bool:
        """Whether the whole interval of the difference lies above nothing."""
        return self.difference.low is not None and self.difference.low > 0


def ranked(rows: Rows, vectors: Vectors, *, prior: Floats | None = None) -> Floats:
    """NDCG@10 of each row: things by their cosine to the row's mean of what was known.

    `prior` is added to each thing's score. What the shopper knew is left out; new things of one visit count
    alike.
    """
    scores = np.zeros(len(rows))
    added = 0.0 if prior is None else prior.astype(np.float32)
    for start in range(0, len(rows), _BLOCK):
        known, new = (part[start : start + _BLOCK] for part in (rows.known, rows.new))
        interest = np.asarray(known @ vectors)  # (block, size)
        length = np.linalg.norm(interest, axis=1, keepdims=True)
        likeness = (interest / np.where(length > 0, length, 1.0)) @ vectors.T + added  # (block, things)
        scores[start : start + _BLOCK] = gained(likeness, known=known, new=new)
    return scores


def gained(likeness: NDArray[np.floating], *, known: Any, new: Any) -> Floats:
    """NDCG@10 of each row of scores, once what is known is taken out."""
    held, wanted = known.tocsr(), new.tocsr()
    likeness[np.repeat(np.arange(len(likeness)), np.diff(held.indptr)), held.indices] = -np.inf
    width = min(TOP, likeness.shape[1])
    top = np.argpartition(-likeness, width - 1, axis=1)[:, :width]
    order = np.argsort(-np.take_along_axis(likeness, top, axis=1), axis=1, kind="stable")
    top = np.take_along_axis(top, order, axis=1)
    hits = np.asarray(wanted[np.arange(len(likeness))[:, None], top].todense()) > 0
    most = np.minimum(np.diff(wanted.indptr), width)
    ideal = np.cumsum(_DISCOUNT)[np.maximum(most, 1) - 1]
    return np.where(most > 0, hits @ _DISCOUNT[:width] / ideal, 0.0)


def placed(likeness: NDArray[np.floating], wanted: NDArray[np.int64]) -> Floats:
    """NDCG@10 of rows of scores with one right answer each."""
    own = likeness[np.arange(len(wanted)), wanted][:, None]
    above = (likeness > own).sum(axis=1)
    return np.where(above < TOP, 1.0 / np.log2(above + 2.0), 0.0)


def compared(
    measure: str, cluster: NDArray[np.int64], before: Sequence[float] | Floats, *, after: Floats
) -> Comparison:
    """Two judgements of the same rows, row by row, resampled by cluster."""
    first = np.asarray(before, dtype=np.float64)
    return Comparison(
        measure,
        bootstrap.mean(cluster, first),
        bootstrap.mean(cluster, after),
        bootstrap.difference(cluster, after, b=first),
        bootstrap.lift(cluster, after, b=first),
    )
