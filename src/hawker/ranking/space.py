"""What may be searched: the ranges of each estimator's parameters, as practice has found them useful."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from math import exp, log
from typing import Any

import msgspec
from msgspec import Struct

from hawker.errors import BadSetting, nearest
from hawker.ranking.ranker import Estimator


class Real(Struct, frozen=True, tag=True):
    """A number from `low` to `high`, drawn evenly in its logarithm unless `log` is False."""

    low: float
    high: float
    log: bool = True

    def grid(self, points: int) -> list[float]:
        """So many values, the ends among them."""
        low, high = (log(self.low), log(self.high)) if self.log else (self.low, self.high)
        steps = [low + (high - low) * k / max(points - 1, 1) for k in range(points)]
        return [min(max(exp(at) if self.log else at, self.low), self.high) for at in steps]


class Whole(Struct, frozen=True, tag=True):
    """An integer from `low` to `high`, both included."""

    low: int
    high: int
    log: bool = False

    def grid(self, points: int) -> list[int]:
        """At most so many values, the ends among them."""
        return sorted({round(at) for at in Real(self.low, self.high, self.log).grid(points)})


class Choice(Struct, frozen=True, tag=True):
    """One of some values, in no order."""

    of: tuple[Any, ...]

    def grid(self, points: int) -> list[str]:  # noqa: ARG002
        """All of them, as they are written."""
        return [written(value) for value in self.of]


Range = Real | Whole | Choice
Space = Mapping[str, Range]

SPACES: dict[str, Space] = {
    "Linear": {
        "bits": Choice((12, 14, 16, 18, 20)),
        "steps": Whole(1, 6),
        "rate": Real(0.005, 0.5),
        "beta": Real(0.1, 10.0),
        "l1": Real(0.01, 5.0),
        "l2": Real(0.01, 30.0),
        "quantities": Choice(("bins", "values", "both")),
    },
    "Trees": {
        "leaves": Whole(4, 63, log=True),
        "rate": Real(0.02, 0.2),
        "least": Whole(5, 300, log=True),
        "columns": Real(0.2, 1.0, log=False),
        "rows": Real(0.4, 1.0, log=False),
        "l1": Real(0.001, 10.0),
        "l2": Real(0.01, 50.0),
        "smooth": Real(1.0, 200.0),
    },
    "Net": {
        "hidden": Choice(((32,), (64,), (128, 64), (256, 128))),
        "embedding": Choice((4, 8, 16)),
        "crosses": Whole(0, 3),
        "fm": Choice((False, True)),
        "wide": Choice((False, True)),
        "bins": Choice((0, 1, 3)),
        "dropout": Real(0.0, 0.8, log=False),
        "norm": Choice((False, True)),
        "rate": Real(3e-4, 1e-2),
        "decay": Real(1e-6, 1e-1),
        "l2": Real(1e-6, 1e-1),
        "batch": Choice((64, 128, 256, 512)),
        "renew": Choice((False, True)),
        "seen": Choice((2, 5, 10, 20)),
    },
    "Factorised": {
        "rank": Choice((2, 4, 8, 16)),
        "fields": Choice(("none", "weighted")),
        "bits": Choice((14, 16, 18, 20)),
        "steps": Whole(1, 6),
        "rate": Real(0.005, 0.5),
        "l1": Real(0.01, 5.0),
        "l2": Real(0.01, 30.0),
        "pace": Real(0.003, 0.3),
        "shrink": Real(1e-5, 1e-1),
        "spread": Real(0.001, 0.1),
        "quantities": Choice(("bins", "values")),
    },
    "CatBoost": {
        "depth": Whole(3, 9),
        "rate": Real(0.02, 0.2),
        "l2": Real(0.5, 50.0),
        "columns": Real(0.2, 1.0, log=False),
    },
}
"""By estimator. How long to train is not among them: the validation slice ends it."""


def space(estimator: Estimator, given: Space | None = None) -> Space:
    """The ranges of an estimator; each choice holds the present value too, so that a search can start there.

    `given` replaces the known ranges. Raises `BadSetting` naming a parameter that does not exist.
    """
    kind = type(estimator).__name__
    ranges = given or _known(estimator)
    if not ranges:
        raise BadSetting(
            f"No ranges are known for '{kind}'.",
            remedy="Say what to search: space={'rate': Real(0.001, 0.1)} (hawker.ranking.space).",
        )
    known = [field.name for field in fields(estimator)]
    for name in ranges:
        if name not in known:
            raise BadSetting(f"{kind} has no parameter '{name}'.", remedy=nearest(name, known))
    return {name: _holding(one, getattr(estimator, name)) for name, one in ranges.items()}


def searchable(estimator: Estimator) -> bool:
    """Whether its ranges are known, and it predicts rates, by which settings can be compared."""
    return _known(estimator) is not None and getattr(estimator, "objective", "binary") == "binary"


def start(ranges: Space, estimator: Estimator) -> dict[str, Any]:
    """The present values as a study stores them; a number outside its range counts as the nearest inside."""
    found: dict[str, Any] = {}
    for name, one in ranges.items():
        value = getattr(estimator, name)
        found[name] = written(value) if isinstance(one, Choice) else min(max(value, one.low), one.high)
    return found


def made(estimator: Estimator, ranges: Space, stored: Mapping[str, Any]) -> Estimator:
    """The estimator with the values that a study stores."""
    return replace(estimator, **{name: read(ranges[name], value) for name, value in stored.items()})


def written(value: Any) -> str:
    """A value as text, which is how a study stores it."""
    return json.dumps(msgspec.to_builtins(value))


def read(one: Range, text: Any) -> Any:
    """The inverse of `written` for a value of a choice; numbers are what they are."""
    if not isinstance(one, Choice):
        return text
    return next(value for value in one.of if written(value) == text)


def _known(estimator: Estimator) -> Space | None:
    """The ranges of its kind, or of the kind it is a special case of."""
    return next((SPACES[one.__name__] for one in type(estimator).__mro__ if one.__name__ in SPACES), None)


def _holding(one: Range, present: Any) -> Range:
    if not isinstance(one, Choice) or written(present) in map(written, one.of):
        return one
    return Choice((*one.of, present))
