"""From scores to rates that come true: a monotone map fitted on later rows, around any model."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadSetting, extra, nearest
from hawker.features.examples import Examples
from hawker.ranking.ranker import Floats, Model, Rows, base_rate, fits, load, logit, sigmoid
from hawker.ranking.train import check

if TYPE_CHECKING:
    from hawker.features.program import Sheet

LEAST = 10
FLAT = 1e-3
_METHODS = ["isotonic", "platt"]


def calibrate(
    model: Model, hold: Examples, *, method: Literal["isotonic", "platt"] = "isotonic"
) -> Calibrated:
    """Wrap a model so that what it predicts comes true on `hold`, rows it was not fitted on.

    Isotonic regression alone makes steps, and equals within a step lose their order. Here the steps
    (each of ten positives and ten negatives or more) give only the knots, at their mean scores;
    between knots log-odds are interpolated, beyond the outer ones they rise by a thousandth of a
    log-odd per standard deviation. So the map rises strictly and ranking is kept. Platt fits one
    line. Weights count as rows, and the mean prediction on `hold` equals its rate.
    """
    if method not in _METHODS:
        raise BadSetting(f"There is no calibration '{method}'.", remedy=nearest(method, _METHODS))
    hold = fits(model.names, hold)
    check(hold, where="hold")
    score = model.score(hold.x)
    fit = _isotonic if method == "isotonic" else _platt
    knots, heights, slope = fit(score, hold)
    fitted = Calibrated(model, knots, heights, slope)
    fitted.heights = heights + _shift(fitted.bend(score), hold)
    fitted.recipe = {
        **model.recipe,
        "calibration": {"method": method, "rows": len(hold), "knots": len(knots)},
    }
    return fitted


@dataclass
class Calibrated(Model):
    """A model bent through `knots` (scores) and `heights` (log-odds), with `slope` outside them."""

    model: Model
    knots: Floats
    heights: Floats
    slope: float
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "calibrated"

    def __post_init__(self) -> None:
        self.names = self.model.names

    def bend(self, score: Floats) -> Floats:
        """The strictly rising map from the inner model's score to calibrated log-odds."""
        inside = np.interp(score, self.knots, self.heights)
        return np.asarray(_tilted(inside, score, self.knots[0], self.knots[-1], self.slope))

    def scored(self, x: Rows) -> Floats:
        return self.bend(self.model.scored(x))

    def served(self, sheet: Sheet) -> Floats:
        return self.bend(self.model.served(sheet))

    def explain(self, row: Rows) -> dict[str, float]:
        """The inner model's parts, and what calibration adds to their sum."""
        parts = self.model.explain(row)
        if not parts:
            return {}
        raw = sum(parts.values())
        return {**parts, "(calibration)": float(self.bend(np.array([raw]))[0]) - raw}

    def write(self, folder: Path) -> dict[str, Any]:
        self.model.save(folder / "inner")
        return {"knots": self.knots.tolist(), "heights": self.heights.tolist(), "slope": self.slope}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Calibrated:
        knots, heights = np.array(head["knots"]), np.array(head["heights"])
        return cls(load(folder / "inner"), knots, heights, head["slope"])


def _tilted(inside: Floats, score: Floats, first: float, last: float, slope: float) -> Floats:
    """Add the slope that holds outside the knots."""
    outside = np.minimum(score - first, 0.0) + np.maximum(score - last, 0.0)
    return np.asarray(inside + slope * outside)


def logistic(columns: Floats, examples: Examples) -> tuple[Floats, float]:
    """Slopes that are not negative, and an intercept: σ(columns @ slopes + intercept) by Newton's method.

    `columns` is (rows, models) of about unit spread. A column that would count backwards is left
    out; a tiny ridge keeps separable labels finite.
    """
    used = np.ones(columns.shape[1], dtype=bool)
    slopes = np.zeros(columns.shape[1])
    while used.any():
        solved = _newton(columns[:, used], examples)
        if (solved[:-1] >= 0).all():
            slopes[used] = solved[:-1]
            return slopes, float(solved[-1])
        worst = np.flatnonzero(used)[np.argmin(solved[:-1])]
        used[worst] = False
    return slopes, float(_newton(columns[:, used], examples)[-1])


def _newton(columns: Floats, examples: Examples, *, rounds: int = 50) -> Floats:
    a = np.column_stack([columns, np.ones(len(columns))])
    y, w = examples.y, examples.weight / examples.weight.mean()
    ridge = np.diag(np.append(np.full(columns.shape[1], 1.0), 1e-9))
    beta = np.zeros(a.shape[1])
    beta[-1] = base_rate(examples)
    for _ in range(rounds):
        p = sigmoid(a @ beta)
        slope = a.T @ (w * (p - y)) + ridge @ beta
        curve = (a * (w * p * (1 - p))[:, None]).T @ a + ridge
        step = np.linalg.solve(curve, slope)
        beta = beta - step * min(1.0, 4 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    return beta


def _platt(score: Floats, hold: Examples) -> tuple[Floats, Floats, float]:
    spread = _spread(score)
    centre = float(score.mean())
    slopes, intercept = logistic(((score - centre) / spread)[:, None], hold)
    return np.array([centre]), np.array([intercept]), max(float(slopes[0]), FLAT) / spread


def _isotonic(score: Floats, hold: Examples) -> tuple[Floats, Floats, float]:
    regression = extra("sklearn.isotonic", "train").IsotonicRegression()
    level = regression.fit_transform(score, hold.y, sample_weight=hold.weight)
    levels, step = np.unique(level, return_inverse=True)
    block = _merged(
        np.bincount(step[hold.y > 0], minlength=len(levels)),
        np.bincount(step[hold.y == 0], minlength=len(levels)),
    )[step]
    weight = np.bincount(block, hold.weight)
    knots = np.bincount(block, hold.weight * score) / weight
    heights = logit(np.bincount(block, hold.weight * hold.y) / weight)
    return knots, heights, FLAT / _spread(score)


def _merged(positives: NDArray[np.intp], negatives: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number the steps so that each block of neighbours holds enough of both classes."""
    block, ups, downs = 0, 0, 0
    number = np.empty(len(positives), dtype=np.intp)
    for index, (up, down) in enumerate(zip(positives, negatives, strict=True)):
        number[index] = block
        ups, downs = ups + up, downs + down
        if ups >= LEAST and downs >= LEAST:
            block, ups, downs = block + 1, 0, 0
    if ups or downs:  # the last block fell short: it joins the one before
        number = np.minimum(number, max(block - 1, 0))
    return number


def _shift(score: Floats, hold: Examples) -> float:
    """The constant that makes the mean prediction equal the rate."""
    shift = 0.0
    for _ in range(50):
        p = sigmoid(score + shift)
        gap = float(np.average(hold.y - p, weights=hold.weight))
        step = gap / max(float(np.average(p * (1 - p), weights=hold.weight)), 1e-12)
        shift += max(-1.0, min(1.0, step))
        if abs(gap) < 1e-12:
            break
    return shift


def _spread(score: Floats) -> float:
    return float(score.std()) or 1.0
