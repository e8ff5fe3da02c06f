"""What every ranker is: an estimator of frozen parameters, and the model it makes of examples."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module
from math import log, log1p
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, BadSetting, Corrupt, HawkerError, NotFound
from hawker.features.examples import Examples
from hawker.storage import files

if TYPE_CHECKING:
    from hawker.features.program import Sheet

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Progress = Callable[[str, float], None] | None

HEAD = "model.json"
FORMAT = 1
_KINDS = {
    "linear": ("linear", "LinearModel"),
    "fm": ("fm", "FactorisedModel"),
    "trees": ("trees", "TreesModel"),
    "catboost": ("oblivious", "CatBoostModel"),
    "placed": ("position", "Placed"),
    "net": ("net", "NetModel"),
    "averaged": ("averaged", "Averaged"),
    "esmm": ("esmm", "EsmmModel"),
    "shared": ("esmm", "SharedModel"),
    "outcome": ("esmm", "Outcome"),
    "rule": ("rules", "Rule"),
    "calibrated": ("calibrate", "Calibrated"),
    "blend": ("blend", "Blend"),
    "onnx": ("exported", "Exported"),
    "cascade": ("cascade", "Cascade"),
    "external": ("external", "External"),
}
_EDGE = 36.0
_Self = TypeVar("_Self", bound="Model")


class Estimator(Protocol):
    """A frozen dataclass of parameters that can be fitted. Call `ranking.train`, which checks first."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def fit(
        self, examples: Examples, *, valid: Examples | None = None, seed: int = 0, progress: Progress = None
    ) -> Model:
        """A model of these examples; stops early on `valid` where it is given."""
        ...


class Model(ABC):
    """A fitted ranker. `names` are its features in order; `recipe` says how it came about.

    `score` is in log-odds (an unbounded score for pure rankers), `link` maps it into (0, 1).
    A row's answer does not depend on its neighbours.
    """

    kind: ClassVar[str]
    names: tuple[str, ...]
    recipe: dict[str, Any]

    @property
    def first(self) -> tuple[str, ...]:
        """The features needed of every candidate; a model in stages asks for others of some (`Cascade`)."""
        return self.names

    def predict(self, x: Rows) -> Floats:
        """Probabilities in (0, 1): float32 (rows, features) to float64 (rows,)."""
        return self.link(self.score(x))

    def link(self, score: Floats) -> Floats:
        """The probability of a score; it never decreases with it."""
        return sigmoid(score)

    def score(self, x: Rows) -> Floats:
        """Log-odds: float32 (rows, features) to float64 (rows,)."""
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise BadInput(
                _misfit(self.names, x.shape), remedy="Assemble rows with the model's own features."
            )
        return self.scored(np.ascontiguousarray(x, dtype=np.float32))

    def serve(self, sheet: Sheet) -> Floats:
        """Probabilities of one request's candidates, from rows that say what they share only once.

        Equal to `predict` on the rows in full; kinds that can make use of the form are faster.
        """
        return self.link(self.served(sheet))

    def served(self, sheet: Sheet) -> Floats:
        """The score of one request's candidates."""
        return self.scored(sheet.matrix(self.names))

    def on(self, examples: Examples) -> Floats:
        """Probabilities of examples, which may hold more columns than the model's, in any order."""
        return self.predict(fits(self.names, examples).x)

    def explain(self, row: Rows) -> dict[str, float]:  # noqa: ARG002
        """What each feature adds to a row's score, exactly; empty where no exact answer exists."""
        return {}

    def onward(self, examples: Examples, *, seed: int = 0) -> Model:  # noqa: ARG002
        """The model that also knows these later rows; itself, where it cannot learn on."""
        return self

    def save(self, folder: Path) -> None:
        """Write the model into a folder, without pickle; `ranking.load` reads it back."""
        folder.mkdir(parents=True, exist_ok=True)
        told = {"format": FORMAT, "kind": self.kind, "names": list(self.names), "recipe": self.recipe}
        head = told | self.write(folder)
        files.write(folder / HEAD, json.dumps(head, ensure_ascii=False, indent=1))

    @abstractmethod
    def scored(self, x: Rows) -> Floats:
        """The score of rows whose shape is known to fit."""

    @abstractmethod
    def write(self, folder: Path) -> dict[str, Any]:
        """Write what is large into files of the folder; return what is small, as JSON."""

    @classmethod
    @abstractmethod
    def read(cls: type[_Self], folder: Path, head: dict[str, Any]) -> _Self:
        """The inverse of `write`; `recipe` is set by the caller."""


def load(folder: str | Path) -> Model:
    """Read a saved model of any kind. Raises `NotFound`, or `Corrupt` naming the file."""
    path = Path(folder) / HEAD
    if not path.is_file():
        raise NotFound(f"There is no model in '{folder}'.", remedy="Train one with: hawker train")
    try:
        head = json.loads(path.read_bytes())
        if head.get("format", 1) > FORMAT:
            raise Corrupt(
                f"The model in '{folder}' was saved by a later version of Hawker (format {head['format']}).",
                remedy="Upgrade hawker, or roll back: hawker evaluate --rollback",
            )
        module, name = _KINDS[head["kind"]]
        kind: type[Model] = getattr(import_module(f"hawker.ranking.{module}"), name)
        model = kind.read(Path(folder), head)
        model.recipe = head["recipe"]
    except HawkerError:
        raise
    except Exception as error:  # each format has its own way to say that a file is broken
        remedy = "Roll back to an older one."
        raise Corrupt(f"The model in '{folder}' cannot be read: {error!r}.", remedy=remedy) from error
    return model


def arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The named arrays of an .npz file; nothing pickled is read."""
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        return dict(stored)


def sigmoid(score: Floats) -> Floats:
    """Log-odds to probabilities that are never exactly 0 or 1.

    >>> sigmoid(np.array([0.0, 1e9])).tolist() == [0.5, 1 - 2.220446049250313e-16]
    True
    """
    odds = np.minimum(np.maximum(score, -_EDGE), _EDGE)
    np.negative(odds, out=odds)
    np.exp(odds, out=odds)
    odds += 1.0
    return np.divide(1.0, odds, out=odds)


def logit(p: Floats) -> Floats:
    """Probabilities to log-odds."""
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def possible(settings: object, **least: float) -> None:
    """Refuse parameters below what makes sense, naming the first."""
    for name, bound in least.items():
        if not (value := getattr(settings, name)) >= bound:
            raise BadSetting(f"{type(settings).__name__}: '{name}' must be at least {bound:g}, not {value}.")


def base_rate(examples: Examples) -> float:
    """The log-odds of the weighted share of positives."""
    share = min(max(float(np.average(examples.y, weights=examples.weight)), 1e-9), 1 - 1e-9)
    return log(share) - log1p(-share)


def fits(names: tuple[str, ...], examples: Examples) -> Examples:
    """The examples with exactly these features, whatever else they hold; refuses where one is missing."""
    missing = [name for name in names if name not in examples.names]
    if not missing:
        return examples.only(names)
    surplus = [name for name in examples.names if name not in names]
    said = [f"lack {missing[:5]}"]
    said += [f"hold {surplus[:5]}, which the model does not know"] if surplus else []
    raise BadInput(f"The examples {' and '.join(said)}.", remedy="Assemble them with the model's features.")


def _misfit(names: tuple[str, ...], shape: tuple[int, ...]) -> str:
    if len(shape) != 2:
        return f"Rows must be two-dimensional (rows, features), not {shape}."
    wide = shape[1]
    trained = f"The model was trained on {len(names)} features up to '{names[-1]}', the rows have {wide}"
    return f"{trained}: '{names[wide]}' is missing." if wide < len(names) else f"{trained}."
