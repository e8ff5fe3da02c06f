"""The one course that all iterative learners take: passes over shuffled rows, in batches, judged after each.

What comes next follows from the seed and from where the course stands, from nothing else. So a course
that was broken off anywhere and taken up again ends in the same weights, and so do processes that share it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import pairwise
from math import cos, isfinite, log, pi
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.errors import BadInput, BadSetting, nearest
from hawker.features.examples import Examples
from hawker.ranking.ranker import Model, Progress
from hawker.ranking.watch import saw

if TYPE_CHECKING:
    from hawker.ranking.checkpoint import Checkpoint

Arrays = dict[str, NDArray[Any]]
Told = Callable[[str, int, float], None]
_SCHEDULES = ["constant", "cosine", "plateau"]
_ABSURD = 3 * log(2)  # a mean loss three times that of a coin is no training


@dataclass(frozen=True)
class Plan:
    """How long and how fast: `epochs` passes at most, `patience` of them without gain, `batch` rows a step.

    `schedule` is what becomes of the rate: it stays; or after rising over the first `warm` share of all
    steps it falls to nothing along a cosine; or it is halved by every pass that does not help (plateau).
    """

    epochs: int
    patience: int = 1
    batch: int = 8192
    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    warm: float = 0.0

    def __post_init__(self) -> None:
        if self.schedule not in _SCHEDULES:
            raise BadSetting(
                f"There is no schedule '{self.schedule}'.", remedy=nearest(self.schedule, _SCHEDULES)
            )
        if not 0 <= self.warm < 1:
            raise BadSetting(f"'warm' is a share of all steps, at least 0 and below 1, not {self.warm}.")

    def pace(self, share: float, *, slowed: int = 0) -> float:
        """The factor on the rate when this share of all steps is done and `slowed` passes did not help.

        >>> Plan(1, schedule="cosine", warm=0.5).pace(0.25), Plan(1, schedule="cosine").pace(0.5)
        (0.5, 0.5)
        """
        rise = min(share / self.warm, 1.0) if self.warm else 1.0
        if self.schedule == "plateau":
            return rise * 0.5**slowed
        if self.schedule == "constant" or share < self.warm:
            return rise
        return 0.5 * (1 + cos(pi * min((share - self.warm) / (1 - self.warm), 1.0)))


class Learner(Protocol):
    """A model under way: it takes rows, learns from a few at a time, can be laid down and taken up.

    `share` is which process this is of how many that share each batch; all see the same batches, and each
    takes its part. What `weights` and `memory` return may be the live arrays: who keeps them copies.
    """

    plan: Plan

    @property
    def share(self) -> tuple[int, int]: ...

    def take(self, examples: Examples) -> None:
        """The rows that the steps to come speak of."""

    def turn(self, epoch: int) -> None:
        """A pass begins (from 0)."""

    def step(self, rows: NDArray[np.int64], *, number: int, pace: float) -> float:
        """Learn from these rows at `pace` times the rate; returns the mean loss of its share before it.

        Whatever is drawn in a step (dropout) is drawn from the seed and the step's `number` (from 0).
        """

    def loss(self) -> float:
        """The loss on the validation slice with the present weights."""

    def weights(self) -> Arrays:
        """What predicts."""

    def memory(self) -> Arrays:
        """What training needs beside the weights to go on (the optimiser's moments)."""

    def resume(self, weights: Arrays, memory: Arrays) -> None:
        """Go back to copies of these; with an empty `memory` only to predict."""

    def made(self) -> Model:
        """What was learned so far."""


class Source(Protocol):
    """Where rows come from: all at once, or as a stream of parts in an order drawn from seed and epoch."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Examples]:
        """All rows, part by part, in their order."""

    def parts(self, *, seed: int, epoch: int) -> Iterator[Examples]:
        """The rows of one pass."""


@dataclass(frozen=True)
class Whole:
    """Examples in memory as a source."""

    examples: Examples

    def __len__(self) -> int:
        return len(self.examples)

    def __iter__(self) -> Iterator[Examples]:
        yield self.examples

    def parts(self, *, seed: int, epoch: int) -> Iterator[Examples]:  # noqa: ARG002
        """The same rows each time."""
        yield self.examples


class Iterative(ABC):
    """An estimator that learns in passes: it says what learner to start with, the course does the rest."""

    @abstractmethod
    def learner(
        self, like: Examples, *, rows: Iterable[Examples], valid: Examples | None, seed: int
    ) -> AbstractContextManager[Learner]:
        """A learner that has seen what rows are like (scales, vocabularies, base rate), no more.

        `rows` are all there are, part by part, `like` these or a sample of them.
        """

    def fit(
        self, examples: Examples, *, valid: Examples | None = None, seed: int = 0, progress: Progress = None
    ) -> Model:
        """Shuffled passes, stopped early on `valid`; the same seed makes the same model."""
        return finish(self, Whole(examples), examples, valid=valid, seed=seed, progress=progress)


class Course(Struct, frozen=True):
    """How it went: validation losses by pass, and the pass (from 1) whose weights stay."""

    losses: tuple[float, ...]
    best: int


@dataclass
class Standing:
    """Where a course is: the pass, rows done of it, steps in all, and the best weights so far."""

    epoch: int = 0
    done: int = 0
    steps: int = 0
    losses: list[float] = field(default_factory=list)
    best: int = 0
    slowed: int = 0
    lost: float = 0.0
    kept: Arrays = field(default_factory=dict)

    def over(self, plan: Plan) -> bool:
        """Whether all passes are made, or enough have brought nothing."""
        return self.epoch >= plan.epochs or (
            bool(self.losses) and len(self.losses) - 1 - self.best >= plan.patience
        )


def finish(
    estimator: Iterative,
    source: Source,
    like: Examples,
    *,
    valid: Examples | None,
    seed: int,
    progress: Progress = None,
    checkpoint: Checkpoint | None = None,
    told: Told | None = None,
) -> Model:
    """The whole course of an estimator over rows `like` these, from the beginning or a checkpoint."""
    with estimator.learner(like, rows=source, valid=valid, seed=seed) as learner:
        course = descend(
            learner,
            source,
            seed=seed,
            watched=valid is not None,
            progress=progress,
            checkpoint=checkpoint,
            told=told,
        )
        model = learner.made()
        model.recipe["course"] = {"losses": list(course.losses), "best": course.best}
        if checkpoint:
            checkpoint.remove(learner)
    return model


def descend(
    learner: Learner,
    source: Source,
    *,
    seed: int,
    watched: bool,
    progress: Progress = None,
    checkpoint: Checkpoint | None = None,
    told: Told | None = None,
) -> Course:
    """Pass over the rows until the plan is done; the weights of the best pass stay.

    Unwatched (no validation slice) all passes are made and the last weights stay. `told` hears curves:
    their name, the step, the value. Raises `BadInput` when the loss leaves all reason.
    """
    at = (checkpoint.take_up(learner) if checkpoint else None) or Standing()
    while not at.over(learner.plan):
        if not at.done:
            learner.turn(at.epoch)
        _pass(learner, source, at, seed=seed, progress=progress, checkpoint=checkpoint, told=told)
        if watched:
            _judge(learner, at, told)
        at.epoch, at.done, at.lost = at.epoch + 1, 0, 0.0
        if checkpoint:
            checkpoint.write(learner, at)
    if watched:
        learner.resume(at.kept, {})
    return Course(tuple(at.losses), at.best + 1 if watched else at.epoch)


def _pass(
    learner: Learner,
    source: Source,
    at: Standing,
    *,
    seed: int,
    progress: Progress,
    checkpoint: Checkpoint | None,
    told: Told | None,
) -> None:
    """One pass, from where the course stands."""
    plan, rows = learner.plan, len(source)
    taken, heard, reached = None, at.done, 0
    for part, batch in _batches(source, seed=seed, epoch=at.epoch, size=plan.batch, of=learner.share[1]):
        reached += len(batch)
        if reached <= at.done:
            continue
        if part is not taken:
            learner.take(part)
            taken = part
        share = (at.epoch + at.done / rows) / plan.epochs
        pace = plan.pace(share, slowed=at.slowed)
        loss = learner.step(batch, number=at.steps, pace=pace)
        at.steps, at.done, at.lost = at.steps + 1, reached, at.lost + loss * len(batch)
        _sane(loss, at)
        if told:
            told("loss/train", at.steps, loss)
            told("pace", at.steps, pace)
        if progress and (reached - heard >= rows / 100 or reached == rows):
            progress(f"train, loss {at.lost / reached:.4f}", (at.epoch + reached / rows) / plan.epochs)
            heard = reached
        if checkpoint and at.steps % checkpoint.every == 0 and reached < rows:
            checkpoint.write(learner, at)


def _batches(
    source: Source, *, seed: int, epoch: int, size: int, of: int
) -> Iterator[tuple[Examples, NDArray[np.int64]]]:
    """The rows of each step, with the part that they index.

    A batch has two rows or more for each process: a smaller rest joins the batch before it.
    """
    for number, part in enumerate(source.parts(seed=seed, epoch=epoch)):
        order = np.random.default_rng((seed, epoch, number)).permutation(len(part))
        starts = [*range(0, len(part), size), len(part)]
        if len(starts) > 2 and starts[-1] - starts[-2] < 2 * of:
            del starts[-2]
        for start, stop in pairwise(starts):
            yield part, order[start:stop]


def _judge(learner: Learner, at: Standing, told: Told | None) -> None:
    loss = learner.loss()
    at.losses.append(loss)
    saw(at.epoch, loss)
    if told:
        told("loss/valid", at.steps, loss)
    if at.epoch == 0 or loss < at.losses[at.best]:
        at.best = at.epoch
        at.kept = {name: array.copy() for name, array in learner.weights().items()}
    else:
        at.slowed += 1


def _sane(loss: float, at: Standing) -> None:
    """Refuse to go on with a loss that is no number, or beyond what guessing would cost."""
    if not isfinite(loss) or (at.done > 0 and at.steps >= 20 and at.lost / at.done > _ABSURD):
        said = f"{at.lost / at.done:.1f}" if isfinite(loss) else "no number"
        raise BadInput(
            f"The training diverged: after {at.steps:,} steps the loss is {said}.",
            remedy="Train with a smaller rate, or look for values far beyond the others.",
        )
