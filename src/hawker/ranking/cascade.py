"""Two models one after the other: a light one looks at all candidates, a heavy one at the best of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples
from hawker.ranking.ranker import Floats, Model, Rows, fits, load

if TYPE_CHECKING:
    from hawker.features.program import Sheet


@dataclass
class Cascade(Model):
    """Of a request's candidates the light model ranks all, and the heavy one scores the best `keep`.

    Kept candidates have the heavy model's score. A fallen one has the light model's, but less than the
    lowest kept score, by a millionth to two millionths of a log-odd as it is farther from the last one
    kept: so every fallen candidate stands strictly below every kept one, the light model's order holds
    among them, and any strictly rising map, such as `calibrate` makes, keeps both. Give two calibrated
    models, and a fallen candidate's probability is an honest one, no higher than the kept.

    That needs a request: `serve`. `predict` and `score`, which know rows only, take each as if it were
    kept; so a cascade is trained, calibrated and judged as its heavy model is, and `agreement` says
    what the light one costs.
    """

    light: Model
    heavy: Model
    keep: int = 50
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "cascade"

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise BadSetting(f"Cascade: 'keep' must be at least 1, not {self.keep}.")
        self.names = tuple(dict.fromkeys((*self.light.names, *self.heavy.names)))
        self._light, self._heavy = _places(self.names, self.light), _places(self.names, self.heavy)
        self.recipe = self.recipe or {"light": self.light.recipe, "heavy": self.heavy.recipe}

    @property
    def first(self) -> tuple[str, ...]:
        return self.light.first

    def link(self, score: Floats) -> Floats:
        return self.heavy.link(score)

    def heavily(self, x: Rows) -> Rows:
        """The heavy model's own columns."""
        return np.ascontiguousarray(x[:, self._heavy])

    def scored(self, x: Rows) -> Floats:
        return self.heavy.scored(self.heavily(x))

    def served(self, sheet: Sheet) -> Floats:
        if len(sheet) <= self.keep:
            return self.heavy.served(sheet.closer(np.arange(len(sheet)), self.heavy.names))
        from hawker.ranking.cascade_served import below, best  # compiled when first asked for

        light = self.light.served(sheet)
        kept = best(light, self.keep)
        heavy = self.heavy.served(sheet.closer(kept, self.heavy.names))
        return np.asarray(below(light, kept, heavy))

    def agreement(self, examples: Examples, *, top: int = 10) -> float:
        """The share of each group's best `top`, by the heavy model, that the light one keeps.

        Of whole requests: groups of at most `keep` rows are kept anyway and say nothing.
        """
        from hawker.ranking.cascade_served import best

        examples = fits(self.names, examples)
        order = np.argsort(examples.group, kind="stable")
        cuts = np.flatnonzero(np.diff(examples.group[order])) + 1
        light = self.light.scored(np.ascontiguousarray(examples.x[:, self._light]))
        heavy = self.scored(examples.x)
        found = [
            float(np.isin(best(heavy[rows], top), best(light[rows], self.keep)).mean())
            for rows in np.split(order, cuts)
            if len(rows) > self.keep
        ]
        if not found:
            raise BadInput(
                f"No group has more than the {self.keep} rows that are kept.",
                remedy="Take examples of whole requests, without leaving any candidate out.",
            )
        return float(np.mean(found))

    def explain(self, row: Rows) -> dict[str, float]:
        return self.heavy.explain(self.heavily(np.asarray(row, dtype=np.float32).reshape(1, -1)))

    def onward(self, examples: Examples, *, seed: int = 0) -> Cascade:
        """Both stages learn on."""
        light, heavy = (stage.onward(examples, seed=seed) for stage in (self.light, self.heavy))
        if light is self.light and heavy is self.heavy:
            return self
        again = Cascade(light, heavy, self.keep)
        again.recipe = dict(self.recipe)
        return again

    def write(self, folder: Path) -> dict[str, Any]:
        self.light.save(folder / "light")
        self.heavy.save(folder / "heavy")
        return {"keep": self.keep}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Cascade:
        return cls(load(folder / "light"), load(folder / "heavy"), head["keep"])


def _places(names: tuple[str, ...], model: Model) -> NDArray[np.intp]:
    return np.array([names.index(name) for name in model.names], dtype=np.intp)
