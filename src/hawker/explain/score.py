"""Why a score is what it is: each feature's part, gathered into reasons that a shopper understands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from hawker.explain.parts import EXACT, GRADIENTS, GROUPED, SHAPLEY, Rows, level, parts
from hawker.explain.reasons import reason
from hawker.ranking import Model

__all__ = ["EXACT", "GRADIENTS", "GROUPED", "SHAPLEY", "Part", "Why", "contributions", "reason"]
MOST_OTHERS = 15


class Part(Struct, frozen=True):
    """What one reason adds to the score, in the units of the model, against the other ads considered."""

    reason: str
    weight: float


class Why(Struct, frozen=True):
    """The parts of one ad's score, heaviest first.

    `score` = `baseline` + the sum of the parts, and `baseline` is what the other ads compared score in the
    mean (before calibration bends it), or for nets and models from elsewhere one of their typical features.
    """

    method: str
    score: float
    baseline: float
    parts: tuple[Part, ...]


def contributions(model: Model, x: Rows, *, row: int) -> Why:
    """Why `x[row]` has its score, compared with up to `MOST_OTHERS` other rows spread over the ranking."""
    others = spread_out(model, x, row)
    score = float(model.score(x[[row]])[0])
    method, gaps = parts(model, x[[row]], against=x[others or [row]])
    if not others:
        return Why(method, score, score, ())
    gathered = _gathered({name: float(part[0]) for name, part in gaps.items()})
    return Why(method, score, level(model, x[others]), gathered)


def spread_out(model: Model, x: Rows, row: int) -> list[int]:
    """Rows to compare with: evenly spread from the best score to the worst."""
    ranking = np.argsort(-model.score(x), kind="stable")
    ranking = ranking[ranking != row]
    if len(ranking) <= MOST_OTHERS:
        return [int(place) for place in ranking]
    picked = np.linspace(0, len(ranking) - 1, MOST_OTHERS).round().astype(np.intp)
    return [int(place) for place in ranking[picked]]


def _gathered(gaps: Mapping[str, float]) -> tuple[Part, ...]:
    total: dict[str, float] = {}
    for name, gap in gaps.items():
        total[reason(name)] = total.get(reason(name), 0.0) + gap
    return _sorted(total)


def _sorted(total: Mapping[str, float]) -> tuple[Part, ...]:
    """Heaviest first, in either direction; a part of nothing is left out."""
    ranked = sorted(total.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    return tuple(Part(name, weight) for name, weight in ranked if weight)
