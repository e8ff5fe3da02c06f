"""From scores to rates that come true: a monotone map fitted on later rows, around any model."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, BadSetting, extra, nearest
from hawker.features.examples import Examples
from hawker.ranking.metrics import winners
from hawker.ranking.ranker import Floats, Model, Rows, base_rate, load, logit, sigmoid
from hawker.ranking.train import check

if TYPE_CHECKING:
    from hawker.features.program import Sheet

LEAST = 10
FLAT = 1e-3
BESIDE = 0.1
"""What a row that would not have been shown weighs beside one that would, where winners are to come true."""
_METHODS = ["isotonic", "platt", "temperature"]


def calibrate(
    model: Model,
    hold: Examples,
    *,
    method: Literal["isotonic", "platt", "temperature"] = "isotonic",
    by: str = "",
    won: int = 0,
) -> Calibrated:
    """Wrap a model so that what it predicts comes true on `hold`, rows it was not fitted on.

    Isotonic regression alone makes steps, and equals within a step lose their order. Here the steps
    (each of ten positives and ten negatives or more) give only the knots, at their mean scores;
    between knots log-odds are interpolated, beyond the outer ones they rise by a thousandth of a
    log-odd per standard deviation. So the map rises strictly and ranking is kept. Platt fits one
    line. Weights count as rows, and the mean prediction on `hold` equals its rate. A temperature
    divides log-odds and moves no level: for nets that are too sure of themselves.

    `by` names a feature of few values (a placement, a segment): each value gets a shift of its own,
    drawn towards none where its rows are few (see `_offsets`). Those chosen as best are
    over-predicted by what made them best (arXiv 2205.09809): with `won`, the rows among the `won` best
    of their group count in full and all others a tenth, so that what would be shown comes true.
    """
    if method not in _METHODS:
        raise BadSetting(f"There is no calibration '{method}'.", remedy=nearest(method, _METHODS))
    if by and by not in model.names:
        raise BadInput(f"The model knows no feature '{by}'.", remedy=nearest(by, list(model.names)))
    check(hold, where="hold")
    score = model.score(hold.only(model.names).x)
    if won:
        beside = np.where(winners(score, hold, most=won), 1.0, BESIDE)
        hold = replace(hold, weight=hold.weight * beside)
    knots, heights, slope = _FITS[method](score, hold)
    fitted = Calibrated(model, knots, heights, slope)
    if method != "temperature":
        fitted.heights = heights + _shift(fitted.bend(score), hold)
    if by:
        fitted.field = by
        fitted.offsets = _offsets(fitted.bend(score), hold.x[:, hold.names.index(by)], hold)
    fitted.recipe = {
        **model.recipe,
        "calibration": {"method": method, "rows": len(hold), "knots": len(knots), "by": by, "won": won},
    }
    return fitted


@dataclass
class Calibrated(Model):
    """A model bent through `knots` (scores) and `heights` (log-odds), with `slope` outside them.

    `offsets` are added where the feature `field` has their value; an unseen value gets none.
    """

    model: Model
    knots: Floats
    heights: Floats
    slope: float
    field: str = ""
    offsets: dict[float, float] = dataclasses.field(default_factory=dict)
    recipe: dict[str, Any] = dataclasses.field(default_factory=dict)
    kind: ClassVar[str] = "calibrated"

    def __post_init__(self) -> None:
        self.names = self.model.names

    @property
    def first(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.model.first, *filter(None, (self.field,)))))

    def bend(self, score: Floats) -> Floats:
        """The strictly rising map from the inner model's score to calibrated log-odds."""
        inside = np.interp(score, self.knots, self.heights)
        return np.asarray(_tilted(inside, score, self.knots[0], self.knots[-1], self.slope))

    def offset(self, values: Rows) -> Floats:
        """What is added for these values of the field."""
        out = np.zeros(len(values))
        for value, shift in self.offsets.items():
            out[values == value] = shift
        return out

    def scored(self, x: Rows) -> Floats:
        bent = self.bend(self.model.scored(x))
        return bent + self.offset(x[:, self.names.index(self.field)]) if self.offsets else bent

    def served(self, sheet: Sheet) -> Floats:
        bent = self.bend(self.model.served(sheet))
        return bent + self.offset(sheet.matrix((self.field,))[:, 0]) if self.offsets else bent

    def explain(self, row: Rows) -> dict[str, float]:
        """The inner model's parts, and what calibration adds to their sum."""
        parts = self.model.explain(row)
        if not parts:
            return {}
        single = np.asarray(row, dtype=np.float32).reshape(1, -1)
        return {**parts, "(calibration)": float(self.score(single)[0]) - sum(parts.values())}

    def onward(self, examples: Examples, *, seed: int = 0) -> Calibrated:
        """The inner model learns on; the map stays."""
        inner = self.model.onward(examples, seed=seed)
        if inner is self.model:
            return self
        return dataclasses.replace(self, model=inner, recipe=dict(self.recipe))

    def write(self, folder: Path) -> dict[str, Any]:
        self.model.save(folder / "inner")
        head = {"knots": self.knots.tolist(), "heights": self.heights.tolist(), "slope": self.slope}
        return {**head, "field": self.field, "offsets": sorted(self.offsets.items())}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Calibrated:
        knots, heights = np.array(head["knots"]), np.array(head["heights"])
        offsets = {float(value): float(shift) for value, shift in head.get("offsets", ())}
        return cls(load(folder / "inner"), knots, heights, head["slope"], head.get("field", ""), offsets)


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


def _temperature(score: Floats, hold: Examples) -> tuple[Floats, Floats, float]:
    """σ(score / T): the slope 1 / T alone, by Newton's method."""
    slope, y, w = 1.0, hold.y, hold.weight
    for _ in range(50):
        p = sigmoid(slope * score)
        curve = float((w * p * (1 - p) * score * score).sum())
        step = float((w * (p - y) * score).sum()) / max(curve, 1e-300)
        slope = max(slope - step, slope / 4)
        if abs(step) < 1e-10:
            break
    return np.zeros(1), np.zeros(1), max(slope, FLAT / _spread(score))


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


def _offsets(score: Floats, values: Rows, hold: Examples) -> dict[float, float]:
    """The shift of each value, drawn towards 0 as its noise asks (empirical Bayes).

    Shifts come from a normal distribution around 0. Its variance is what the shifts vary beyond their
    noise (DerSimonian and Laird 1986), noise being that of weighted rows which come in shoppers. So a
    value of few rows keeps the common map, and values that do not differ get no shifts at all.
    """
    known, which = np.unique(values[~np.isnan(values)], return_inverse=True)
    rows = hold.take(~np.isnan(values))
    score = score[~np.isnan(values)]
    p, w = sigmoid(score), rows.weight
    gap = w * (rows.y - p)
    alone = np.bincount(which, w * w * p * (1 - p))
    shoppers = np.unique(rows.cluster, return_inverse=True)[1]
    together = float((np.bincount(shoppers, gap) ** 2).sum() / max((gap**2).sum(), 1e-300))
    noise, curve = alone * max(together, 1.0), np.bincount(which, w * p * (1 - p))
    precision = curve**2 / noise
    spread = (((np.bincount(which, gap) / curve) ** 2 * precision).sum() - len(known)) / precision.sum()
    if len(known) < 2 or spread <= 0:
        return {}
    shift = np.zeros(len(known))
    for _ in range(50):
        p = sigmoid(score + shift[which])
        pull = np.bincount(which, w * (rows.y - p)) * curve / noise - shift / spread
        step = pull / (np.bincount(which, w * p * (1 - p)) * curve / noise + 1 / spread)
        shift += np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-10:
            break
    return dict(zip(known.tolist(), shift.tolist(), strict=True))


_FITS = {"isotonic": _isotonic, "platt": _platt, "temperature": _temperature}


def _spread(score: Floats) -> float:
    return float(score.std()) or 1.0
