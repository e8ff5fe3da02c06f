"""The one way to train: check the examples, fit, write the recipe."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from hawker import __version__
from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.features.stream import Stream
from hawker.ranking.checkpoint import Checkpoint, described
from hawker.ranking.course import Iterative, Whole, finish
from hawker.ranking.curves import drawn
from hawker.ranking.leak import refuse
from hawker.ranking.metrics import evaluate
from hawker.ranking.position import settled
from hawker.ranking.ranker import Estimator, Model, Progress, Rows, fits
from hawker.ranking.spread import first

_BLOCK = 1 << 14


def train(
    estimator: Estimator,
    examples: Examples | Stream,
    *,
    valid: Examples | None = None,
    seed: int = 0,
    progress: Progress = None,
    trust: Collection[str] = (),
    checkpoint: str | Path | None = None,
    every: int = 1000,
    curves: str | Path | None = None,
) -> Model:
    """Fit any estimator; the same examples and seed make the same model.

    `valid` (later rows: `examples.split`) stops iterative learners early and is measured into the
    recipe. Estimators that learn in passes (`Linear`, `Net`) also take a `Stream`, larger than memory;
    lay themselves down in the folder `checkpoint` after each pass and `every` so many steps, so that
    the same call after a kill ends in the weights it would have had; and draw `curves` into a folder
    for TensorBoard. A position among the columns is learned from, and the model does without. Raises
    `BadInput` where the examples cannot teach anything, and for a feature that knows the outcome
    (`ranking.leaks`), unless `trust` vouches for it by name.
    """
    like = examples.sample(seed=seed) if isinstance(examples, Stream) else examples
    check(like, where="examples")
    if not set(trust).issuperset(like.names):
        refuse(like, trust=trust)
    if valid is not None:
        valid = fits(like.names, valid)
        check(valid, where="valid", both=False)
    if isinstance(estimator, Iterative):
        known = described(estimator, examples, seed=seed)
        kept = Checkpoint(Path(checkpoint), of=known, every=every) if checkpoint else None
        source = _Checked(examples) if isinstance(examples, Stream) else Whole(examples)
        with drawn(curves if first() else None) as told:
            model = finish(
                estimator,
                source,
                like,
                valid=valid,
                seed=seed,
                progress=progress if first() else None,
                checkpoint=kept,
                told=told,
            )
    else:
        whole = _whole(estimator, examples, passes=bool(checkpoint or curves))
        model = estimator.fit(whole, valid=valid, seed=seed, progress=progress)
    model = settled(model, like)
    model.recipe = {**model.recipe, **recipe(estimator, examples, seed=seed)}
    if valid is not None:
        model.recipe["valid"] = evaluate(model, valid, resamples=200).summary()
    return model


@dataclass(frozen=True)
class _Checked:
    """A stream whose parts are checked as they come."""

    stream: Stream

    def __len__(self) -> int:
        return len(self.stream)

    def __iter__(self) -> Iterator[Examples]:
        return iter(self.stream)

    def parts(self, *, seed: int, epoch: int) -> Iterator[Examples]:
        for part in self.stream.parts(seed=seed, epoch=epoch):
            check(part, where=str(self.stream.folder), both=False)
            yield part


def _whole(estimator: Estimator, examples: Examples | Stream, *, passes: bool) -> Examples:
    if isinstance(examples, Examples) and not passes:
        return examples
    said = "has no passes to lay down or draw" if passes else "needs all rows at once"
    raise BadInput(
        f"{type(estimator).__name__} {said}.",
        remedy="Train it on examples alone (a sample: stream.sample()), or take Linear or Net.",
    )


def check(examples: Examples, *, where: str, both: bool = True) -> None:
    """Refuse what cannot be learned from, naming the place and the remedy."""
    if not len(examples):
        raise BadInput(f"{where}: there are no rows.", remedy="Move the dates of the split, or ingest more.")
    _check_columns(examples, where=where)
    _check_labels(examples, where=where, both=both)
    if not np.isfinite(examples.weight).all() or (examples.weight < 0).any():
        raise BadInput(f"{where}: weights must be finite and not negative.")


def recipe(estimator: Estimator, examples: Examples | Stream, *, seed: int) -> dict[str, Any]:
    """How a model came about, as JSON: enough to make it again from the same log."""
    if isinstance(examples, Stream):
        coded, positives = examples.about["categorical"], examples.positives
        first, last = examples.first, examples.last
    else:
        coded, positives = examples.categorical, int(examples.y.sum())
        first, last = examples.time.min(), examples.time.max()
    return {
        "estimator": type(estimator).__name__,
        "parameters": asdict(estimator),
        "features": list(examples.names),
        "categorical": list(coded),
        "rows": len(examples),
        "positives": positives,
        "from": _iso(first),
        "to": _iso(last),
        "seed": seed,
        "version": __version__,
    }


def _check_columns(examples: Examples, *, where: str) -> None:
    names = examples.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{where}: features named more than once: {twice[:5]}.")
    unknown = [name for name in examples.categorical if name not in names]
    if unknown:
        raise BadInput(f"{where}: categorical names that are no features: {unknown[:5]}.")
    broken = [names[column] for column in _infinite(examples.x)]
    if broken:
        raise BadInput(f"{where}: infinite values in {broken[:5]}.", remedy="Use NaN for what is unknown.")


def _infinite(x: Rows) -> list[int]:
    """The columns that hold an infinity; looked for by blocks of rows, which lie together in memory."""
    found = np.zeros(x.shape[1], dtype=np.bool_)
    for start in range(0, len(x), _BLOCK):
        here = np.isinf(x[start : start + _BLOCK])
        if here.any():
            found |= here.any(axis=0)
    return np.flatnonzero(found).tolist()


def _check_labels(examples: Examples, *, where: str, both: bool) -> None:
    wrong = np.flatnonzero(~np.isin(examples.y, (0, 1)))
    if len(wrong):
        raise BadInput(
            f"{where}: labels must be 0 or 1; row {wrong[0]:,} has {examples.y[wrong[0]]:g}, the first of "
            f"{len(wrong):,}.",
            remedy="Leave out rows whose outcome is not known.",
        )
    broken = [name for name, column in examples.labels.items() if np.isinf(column).any()]
    if broken:
        raise BadInput(f"{where}: infinite values in the label {broken[0]!r}.")
    first = examples.y[0]
    if both and (examples.y == first).all():
        raise BadInput(
            f"{where}: all {len(examples):,} labels are {int(first)}; there is nothing to tell apart.",
            remedy="Take a longer period, or another label.",
        )


def _iso(time: np.int64 | int) -> str:
    return datetime.fromtimestamp(int(time) / 1e6, UTC).isoformat(timespec="seconds")
