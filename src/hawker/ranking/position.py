"""Where a row was shown: learned from, so that it does not pass for relevance, and never served with.

What is shown first is clicked more. A model that takes the position as a feature tells that apart from the
product; to serve, it is asked for all candidates as if they stood in one and the same place. For an additive
model (`Linear`) that leaves out exactly the position's own weight; trees and factorisation machines, which
may learn that some products depend on the place more than others, order candidates as in that place.
Estimators that see to it themselves (`Net`, with a tower of its own) return models without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hawker.features.examples import Examples
from hawker.ranking.ranker import Floats, Model, Rows, load

if TYPE_CHECKING:
    from hawker.features.program import Sheet


def settled(model: Model, examples: Examples) -> Model:
    """A model fitted on these examples as it is served: in the place where most of their weight lies."""
    if examples.position not in model.names:
        return model
    column = examples.x[:, examples.names.index(examples.position)]
    known = ~np.isnan(column)
    places, where = np.unique(column[known], return_inverse=True)
    weight = np.bincount(where, examples.weight[known], minlength=len(places))
    most = float(places[weight.argmax()]) if len(places) else float("nan")
    return Placed(model, examples.position, most, recipe=model.recipe)


@dataclass
class Placed(Model):
    """A model whose feature `position` is the same, `place`, in every row that it is asked for."""

    model: Model
    position: str
    place: float
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "placed"

    def __post_init__(self) -> None:
        self.names = tuple(name for name in self.model.names if name != self.position)
        self._at = self.model.names.index(self.position)

    @property
    def first(self) -> tuple[str, ...]:
        return tuple(name for name in self.model.first if name != self.position)

    def link(self, score: Floats) -> Floats:
        return self.model.link(score)

    def scored(self, x: Rows) -> Floats:
        return self.model.scored(np.insert(x, self._at, np.float32(self.place), axis=1))

    def served(self, sheet: Sheet) -> Floats:
        if self.position in sheet.names:
            return self.scored(sheet.matrix(self.names))
        common = np.append(sheet.common, np.float32(self.place))
        kind = type(sheet)
        return self.model.served(kind((*sheet.names, self.position), common, sheet.columns, sheet.own))

    def explain(self, row: Rows) -> dict[str, float]:
        """The model's parts; what the place adds belongs to the base."""
        full = np.insert(np.asarray(row, dtype=np.float32).ravel(), self._at, np.float32(self.place))
        parts = self.model.explain(full)
        if self.position in parts:
            parts["(base)"] = parts.get("(base)", 0.0) + parts.pop(self.position)
        return parts

    def onward(self, examples: Examples, *, seed: int = 0) -> Model:
        """The inner model learns on where the examples say the position; else all stays."""
        if self.position not in examples.names:
            return self
        return replace(self, model=self.model.onward(examples, seed=seed), recipe=dict(self.recipe))

    def write(self, folder: Path) -> dict[str, Any]:
        self.model.save(folder / "inner")
        return {"position": self.position, "place": None if np.isnan(self.place) else self.place}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Placed:
        place = float("nan") if head["place"] is None else head["place"]
        return cls(load(folder / "inner"), head["position"], place)
