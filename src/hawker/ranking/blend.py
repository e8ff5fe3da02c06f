"""Several models as one: a weighted sum of their scores, the weights found on a later slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.ranking.calibrate import logistic
from hawker.ranking.ranker import Floats, Model, Rows, fits, load
from hawker.ranking.train import check

if TYPE_CHECKING:
    from hawker.features.program import Sheet


def blend(models: Sequence[Model], valid: Examples, *, weights: Sequence[float] | None = None) -> Blend:
    """Stack models by logistic regression of the label on their scores, none counting backwards.

    A score of any scale will do: log-odds beside a lambdarank score. `weights` fixes the proportions
    (of scores in units of their spread on `valid`) instead; only their common slope is then fitted.
    """
    valid = _checked(models, valid, weights)
    scores = np.column_stack([model.score(valid.x) for model in models])
    return fused(models, scores, valid, weights=weights)


def fused(
    models: Sequence[Model], scores: Floats, valid: Examples, *, weights: Sequence[float] | None = None
) -> Blend:
    """Models blended by what `scores` (rows, models) tell of `valid`, whoever scored: see `blend`."""
    centre, spread = scores.mean(axis=0), np.where(scores.std(axis=0) > 0, scores.std(axis=0), 1.0)
    units = (scores - centre) / spread
    if weights is None:
        slopes, intercept = logistic(units, valid)
    else:
        share = np.array(weights, dtype=np.float64) / sum(weights)
        slope, intercept = logistic((units @ share)[:, None], valid)
        slopes = slope[0] * share
    each = slopes / spread
    fitted = Blend(tuple(models), each, intercept - float(centre @ each))
    shares = slopes / slopes.sum() if slopes.any() else slopes
    fitted.recipe = {"shares": shares.tolist(), "rows": len(valid), "of": [model.recipe for model in models]}
    return fitted


@dataclass
class Blend(Model):
    """Σ weight × score + base, over models of the same features."""

    models: tuple[Model, ...]
    weights: Floats
    base: float
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "blend"

    def __post_init__(self) -> None:
        self.names = self.models[0].names

    @property
    def first(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for model in self.models for name in model.first))

    def scored(self, x: Rows) -> Floats:
        total = np.full(len(x), self.base)
        for model, weight in zip(self.models, self.weights, strict=True):
            if weight:
                total += weight * model.scored(x)
        return total

    def served(self, sheet: Sheet) -> Floats:
        total = np.full(len(sheet), self.base)
        for model, weight in zip(self.models, self.weights, strict=True):
            if weight:
                total += weight * model.served(sheet)
        return total

    def explain(self, row: Rows) -> dict[str, float]:
        """The weighted sum of the models' parts, where all can tell them."""
        total: dict[str, float] = {"(base)": self.base}
        for model, weight in zip(self.models, self.weights.tolist(), strict=True):
            parts = model.explain(row) if weight else {"(base)": 0.0}
            if not parts:
                return {}
            for name, part in parts.items():
                total[name] = total.get(name, 0.0) + weight * part
        return total

    def onward(self, examples: Examples, *, seed: int = 0) -> Blend:
        """Each model learns on, in an order of its own; their weights stay."""
        models = tuple(model.onward(examples, seed=seed + place) for place, model in enumerate(self.models))
        if all(one is other for one, other in zip(models, self.models, strict=True)):
            return self
        return replace(self, models=models, recipe=dict(self.recipe))

    def write(self, folder: Path) -> dict[str, Any]:
        for index, model in enumerate(self.models):
            model.save(folder / str(index))
        return {"weights": self.weights.tolist(), "base": self.base}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Blend:
        models = tuple(load(folder / str(index)) for index in range(len(head["weights"])))
        return cls(models, np.array(head["weights"]), head["base"])


def _checked(models: Sequence[Model], valid: Examples, weights: Sequence[float] | None) -> Examples:
    if not models:
        raise BadInput("A blend needs at least one model.")
    for model in models:
        fits(model.names, valid)
        if model.names != models[0].names:
            raise BadInput(
                "The models of a blend must share their features, in one order.",
                remedy="Train them on the same examples.",
            )
    check(valid, where="valid")
    if weights is not None and (len(weights) != len(models) or min(weights) < 0 or not sum(weights)):
        raise BadInput(
            f"{len(models)} models need as many weights, none negative, not all zero; got {list(weights)}."
        )
    return fits(models[0].names, valid)
