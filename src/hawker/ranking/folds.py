"""Which rows validate which: K folds that no shopper, and no future, leaks between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, BadSetting, nearest
from hawker.features.examples import Examples


def folds(
    examples: Examples, k: int, *, by: Literal["shopper", "time"] = "shopper", seed: int = 0
) -> Iterator[tuple[Examples, Examples]]:
    """K pairs (what to fit, what to judge by), rows in their order.

    By shopper: every row is judged once, by a model that never saw its shopper; folds hold about
    equally many rows; rows of nobody known go by their request. By time: k + 1 spans of about equally
    many rows, each judged by what lies before it (forward chaining), so the first span is never judged;
    rows of one moment and of one request stay together.
    Raises `BadSetting` for fewer than two folds, `BadInput` where there are not enough shoppers or moments.
    """
    if by not in ("shopper", "time"):
        raise BadSetting(f"There are no folds by '{by}'.", remedy=nearest(by, ["shopper", "time"]))
    if k < 2:
        raise BadSetting(f"folds: 'k' must be at least 2, not {k}.")
    if by == "time":
        span = _spans(examples, k + 1)
        return ((examples.take(span < part), examples.take(span == part)) for part in range(1, k + 1))
    place = _places(examples, k, seed)
    return ((examples.take(place != part), examples.take(place == part)) for part in range(k))


def _places(examples: Examples, k: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row: shoppers in a drawn order, dealt by the rows they bring."""
    nobody = examples.cluster < 0
    units = np.column_stack([nobody, np.where(nobody, examples.group, examples.cluster)])
    _, unit, sizes = np.unique(units, axis=0, return_inverse=True, return_counts=True)
    if len(sizes) < k:
        raise BadInput(
            f"{len(sizes)} shoppers cannot fill {k} folds.", remedy="Ask for fewer folds, or take more rows."
        )
    drawn = np.random.default_rng(seed).permutation(len(sizes))
    heavy_first = drawn[np.argsort(-sizes[drawn], kind="stable")]
    fold, filled = np.empty(len(sizes), np.int64), np.zeros(k, np.int64)
    for one in heavy_first.tolist():
        fold[one] = filled.argmin()
        filled[fold[one]] += sizes[one]
    return fold[unit.ravel()]


def _spans(examples: Examples, count: int) -> NDArray[np.int64]:
    """The span of each row: cuts fall between moments at which a request begins."""
    _, group = np.unique(examples.group, return_inverse=True)
    first = np.full(group.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, group.ravel(), examples.time)
    moment = first[group.ravel()]
    times, sizes = np.unique(moment, return_counts=True)
    before = np.cumsum(sizes) - sizes
    span = before * count // max(len(examples), 1)
    if len(np.unique(span)) < count:
        raise BadInput(
            f"The rows lie at too few moments to be cut into {count} spans of time.",
            remedy="Ask for fewer folds, or fold by shopper.",
        )
    return np.asarray(span[np.searchsorted(times, moment)], dtype=np.int64)
