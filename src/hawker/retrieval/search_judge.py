"""How well a search answers queries whose answers are graded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2


def ndcg(found: Sequence[str], grades: Mapping[str, int], *, most: int = 10) -> float:
    """The discounted gain of the first results over the best there could be (Järvelin and Kekäläinen 2002).

    A grade g gains 2^g − 1; what has no grade gains nothing; 0 where nothing has one.

    >>> ndcg(["a", "b"], {"a": 3, "b": 1}), round(ndcg(["b", "a"], {"a": 3, "b": 1}), 2)
    (1.0, 0.71)
    """
    best = _gained(sorted(grades.values(), reverse=True)[:most])
    return _gained([grades.get(one, 0) for one in found[:most]]) / best if best else 0.0


def _gained(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1.0) / log2(place + 2) for place, grade in enumerate(grades))
