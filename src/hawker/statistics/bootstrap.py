"""Intervals for rows that come in clusters: whole shoppers are drawn again, not their rows.

A cluster's rows are summed once; a resample is then a weighting of clusters, and all resamples are
one matrix product: (resamples, clusters) @ (clusters, columns). Two policies judged on the same
clusters share the weights, so that what they have in common cancels (a paired bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hawker.statistics.intervals import Estimate, student, unknown

Totals = NDArray[np.float64]
Statistic = Callable[[Totals], NDArray[np.float64]]

LEAST = 10
MOST = 20_000
METHOD = "cluster bootstrap"
_CELLS = 4_000_000


def clustered(
    cluster: ArrayLike,
    columns: Sequence[ArrayLike],
    *,
    statistic: Statistic,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Any function of column sums, with its interval from resampled clusters.

    `columns` are arrays of one value a row; `statistic` takes sums (resamples, columns) and returns
    (resamples,). The percentiles are widened as Student's t asks (Hesterberg 2014), so that few
    clusters do not pretend to know more. Refuses below ten clusters.

    >>> rows = np.arange(40)
    >>> clicks = rows % 4 == 0
    >>> print(clustered(rows // 2, [clicks, np.ones(40)], statistic=quotient))
    0.25 [0.125, 0.375]
    """
    asked = {"": (columns, statistic)}
    return together(cluster, asked, resamples=resamples, seed=seed, level=level)[""]


def together(
    cluster: ArrayLike,
    asked: Mapping[str, tuple[Sequence[ArrayLike], Statistic]],
    *,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Several statistics of the same clusters, each of its own columns, from the same resamples."""
    if not asked:
        return {}
    sums = totals(cluster, [column for columns, _ in asked.values() for column in columns])
    n = len(sums)
    if n < LEAST:
        reason = f"{n} clusters; resampling needs at least {LEAST}"
        return dict.fromkeys(asked, unknown(reason, n=n, method=METHOD, level=level))
    whole = sums.sum(axis=0, keepdims=True)
    drawn = resampled(_bagged(sums, seed), resamples=resamples, seed=seed)
    answers, start = {}, 0
    for name, (columns, statistic) in asked.items():
        part = slice(start, start := start + len(columns))
        with np.errstate(divide="ignore", invalid="ignore"):
            value, others = float(statistic(whole[:, part])[0]), statistic(drawn[:, part])
        answers[name] = _read(value, others, n=n, level=level)
    return answers


def _read(value: float, drawn: NDArray[np.float64], *, n: int, level: float) -> Estimate:
    lost = int(np.count_nonzero(~np.isfinite(drawn)))
    if lost or not np.isfinite(value):
        where = f"in {lost} of {len(drawn)} resamples" if lost else "on the data itself"
        return unknown(f"the statistic is not defined {where}", n=n, method=METHOD, level=level)
    low, high = np.quantile(drawn, tails(n, level=level))
    return Estimate(value, float(low), float(high), level, METHOD, n)


def mean(
    cluster: ArrayLike,
    values: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """The (weighted) mean of rows."""
    value = np.asarray(values, dtype=np.float64)
    weight = np.ones(len(value)) if weights is None else np.asarray(weights, dtype=np.float64)
    return clustered(cluster, [value * weight, weight], statistic=quotient, seed=seed, level=level)


def ratio(
    cluster: ArrayLike, numerator: ArrayLike, *, denominator: ArrayLike, seed: int = 0, level: float = 0.95
) -> Estimate:
    """The ratio of two sums."""
    return clustered(cluster, [numerator, denominator], statistic=quotient, seed=seed, level=level)


def lift(
    cluster: ArrayLike,
    a: ArrayLike,
    *,
    b: ArrayLike,
    weights: ArrayLike | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """How much more `a` earned than `b` on the same rows: Σwa / Σwb − 1, paired by cluster."""
    return clustered(
        cluster, _weighted(a, b, weights), statistic=lambda sums: quotient(sums) - 1, seed=seed, level=level
    )


def difference(
    cluster: ArrayLike,
    a: ArrayLike,
    *,
    b: ArrayLike,
    weights: ArrayLike | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """The difference of two weighted means on the same rows, paired by cluster."""
    left, right = _weighted(a, b, weights)
    weight = np.ones(len(left)) if weights is None else np.asarray(weights, dtype=np.float64)
    return clustered(cluster, [left - right, weight], statistic=quotient, seed=seed, level=level)


def quotient(sums: Totals) -> NDArray[np.float64]:
    """The first column over the second."""
    divided: NDArray[np.float64] = sums[:, 0] / sums[:, 1]
    return divided


def totals(cluster: ArrayLike, columns: Sequence[ArrayLike]) -> Totals:
    """Sums by cluster: (clusters, columns)."""
    _, index = np.unique(np.asarray(cluster), return_inverse=True)
    count = int(index.max()) + 1 if index.size else 0
    summed = [np.bincount(index, np.asarray(column, dtype=np.float64), minlength=count) for column in columns]
    return np.stack(summed, axis=1)


def resampled(sums: Totals, *, resamples: int = 1000, seed: int = 0) -> Totals:
    """Column sums of multinomial resamples of the clusters: (resamples, columns)."""
    rng = np.random.default_rng(seed)
    n = len(sums)
    block = max(1, _CELLS // max(n, 1))
    drawn = [_draw(sums, min(block, resamples - start), rng) for start in range(0, resamples, block)]
    return np.concatenate(drawn)


def tails(n: int, *, level: float = 0.95) -> tuple[float, float]:
    """The two quantiles to read off: a little outside (1 ∓ level)/2, as n clusters ask."""
    wide = sqrt(n / (n - 1)) * student(level, freedom=n - 1)
    outside = NormalDist().cdf(-wide)
    return outside, 1 - outside


def _bagged(sums: Totals, seed: int) -> Totals:
    """Clusters thrown together at random into at most `MOST` bags of one size.

    Bags are as independent as clusters and tell their variance to a percent, at a bounded cost.
    """
    n = len(sums)
    size = -(-n // MOST)
    if size < 2:
        return sums
    bags = n // size
    bag = np.minimum(np.random.default_rng(seed).permutation(n) // size, bags - 1)
    return totals(bag, list(sums.T))


def _draw(sums: Totals, count: int, rng: np.random.Generator) -> Totals:
    n = len(sums)
    picks = rng.integers(0, n, size=(count, n), dtype=np.int64)
    picks += np.arange(count, dtype=np.int64)[:, None] * n
    weights = np.bincount(picks.ravel(), minlength=count * n).reshape(count, n)
    product: Totals = weights.astype(np.float64) @ sums
    return product


def _weighted(a: ArrayLike, b: ArrayLike, weights: ArrayLike | None) -> tuple[Totals, Totals]:
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if weights is None:
        return left, right
    weight = np.asarray(weights, dtype=np.float64)
    return left * weight, right * weight
