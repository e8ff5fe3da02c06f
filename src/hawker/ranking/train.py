"""The one way to train: check the examples, fit, write the recipe; and the one loop over epochs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from msgspec import Struct

from hawker import __version__
from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.ranking.metrics import evaluate
from hawker.ranking.ranker import Estimator, Model, Progress, fits
from hawker.ranking.watch import saw


def train(
    estimator: Estimator,
    examples: Examples,
    *,
    valid: Examples | None = None,
    seed: int = 0,
    progress: Progress = None,
) -> Model:
    """Fit any estimator; the same examples and seed make the same model.

    `valid` (later rows: `examples.split`) stops iterative learners early and is measured into the
    recipe. Raises `BadInput` where the examples cannot teach anything.
    """
    check(examples, where="examples")
    if valid is not None:
        valid = fits(examples.names, valid)
        check(valid, where="valid", both=False)
    model = estimator.fit(examples, valid=valid, seed=seed, progress=progress)
    model.recipe = {**model.recipe, **recipe(estimator, examples, seed=seed)}
    if valid is not None:
        model.recipe["valid"] = evaluate(model, valid, resamples=200).summary()
    return model


def check(examples: Examples, *, where: str, both: bool = True) -> None:
    """Refuse what cannot be learned from, naming the place and the remedy."""
    if not len(examples):
        raise BadInput(f"{where}: there are no rows.", remedy="Move the dates of the split, or ingest more.")
    _check_columns(examples, where=where)
    _check_labels(examples, where=where, both=both)
    if not np.isfinite(examples.weight).all() or (examples.weight < 0).any():
        raise BadInput(f"{where}: weights must be finite and not negative.")


def recipe(estimator: Estimator, examples: Examples, *, seed: int) -> dict[str, Any]:
    """How a model came about, as JSON: enough to make it again from the same log."""
    return {
        "estimator": type(estimator).__name__,
        "parameters": asdict(estimator),
        "features": list(examples.names),
        "categorical": list(examples.categorical),
        "rows": len(examples),
        "positives": int(examples.y.sum()),
        "from": _iso(examples.time.min()),
        "to": _iso(examples.time.max()),
        "seed": seed,
        "version": __version__,
    }


class Learner(Protocol):
    """What the loop needs of an iterative learner."""

    def step(self, epoch: int) -> None:
        """One pass over the examples."""

    def loss(self) -> float:
        """The loss on the validation slice with the present parameters."""

    def keep(self) -> None:
        """Remember the present parameters as the best so far."""

    def restore(self) -> None:
        """Go back to the parameters kept last."""


class Course(Struct, frozen=True):
    """How the loop went: validation losses by epoch, and the epoch (from 1) whose parameters stay."""

    losses: tuple[float, ...]
    best: int


def descend(
    learner: Learner, *, epochs: int, patience: int, watched: bool, progress: Progress = None
) -> Course:
    """Pass over the examples up to `epochs` times; stop after `patience` passes without gain.

    Unwatched (no validation slice) all passes are made and the last parameters stay.
    """
    losses: list[float] = []
    best = 0
    for epoch in range(epochs):
        learner.step(epoch)
        if progress:
            progress("train", (epoch + 1) / epochs)
        if not watched:
            continue
        losses.append(learner.loss())
        saw(epoch, losses[-1])
        if losses[-1] < losses[best] or epoch == 0:
            best = epoch
            learner.keep()
        elif epoch - best >= patience:
            break
    if watched:
        learner.restore()
        return Course(tuple(losses), best + 1)
    return Course((), epochs)


def _check_columns(examples: Examples, *, where: str) -> None:
    names = examples.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{where}: features named more than once: {twice[:5]}.")
    unknown = [name for name in examples.categorical if name not in names]
    if unknown:
        raise BadInput(f"{where}: categorical names that are no features: {unknown[:5]}.")
    broken = [name for index, name in enumerate(names) if np.isinf(examples.x[:, index]).any()]
    if broken:
        raise BadInput(f"{where}: infinite values in {broken[:5]}.", remedy="Use NaN for what is unknown.")


def _check_labels(examples: Examples, *, where: str, both: bool) -> None:
    if not np.isin(examples.y, (0, 1)).all():
        raise BadInput(f"{where}: labels must be 0 or 1.")
    first = examples.y[0]
    if both and (examples.y == first).all():
        raise BadInput(
            f"{where}: all {len(examples):,} labels are {int(first)}; there is nothing to tell apart.",
            remedy="Take a longer period, or another label.",
        )


def _iso(time: np.int64) -> str:
    return datetime.fromtimestamp(int(time) / 1e6, UTC).isoformat(timespec="seconds")
