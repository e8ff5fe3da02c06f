"""Which parameters to train with: a search inside the training rows, judged on rows left out of each fit."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples
from hawker.ranking.folds import folds as cut
from hawker.ranking.metrics import log_loss, losses
from hawker.ranking.ranker import Estimator, Floats, Progress
from hawker.ranking.space import Space, made, read, space, start
from hawker.ranking.study import CHECKS, Attempt, Pruned, Study
from hawker.ranking.train import check
from hawker.ranking.watch import watching
from hawker.statistics import Estimate, unknown
from hawker.statistics.bootstrap import difference

Search = Literal["tpe", "random", "grid"]
Prune = Literal["median", "halving", "none"]
Slices = Callable[[], Iterator[tuple[Examples, Examples]]]
_FRESH = 1_000
_PER_TREE = 10


@dataclass(frozen=True)
class Tuned:
    """What a search found. `estimator` is the best setting, `given` the one it began with.

    `finals` are the losses of the setting as given and of the best attempts, by number, each fitted again
    with the same new seed; the lowest mean of both fits chose. `gain` is by how much the log loss falls from
    `given` to `estimator` under a third seed, paired by shopper on the rows that judged. Those rows also
    chose, so the gain on rows that nobody looked at is smaller: score the choice once on a test slice.
    """

    estimator: Estimator
    given: Estimator
    attempts: tuple[Attempt, ...]
    finals: dict[int, float]
    ranges: Space
    gain: Estimate
    name: str
    search: str
    folds: int
    by: str

    @property
    def slices(self) -> str:
        """What judged, in words."""
        return f"{self.folds} folds by {self.by}" if self.by else "one validation slice"

    @property
    def best(self) -> Attempt:
        """The attempt that was chosen."""
        return self.attempts[_chosen(self.attempts, self.finals)]

    @property
    def settled(self) -> Estimator:
        """The estimator with as many passes as its folds took on average: for a fit without validation."""
        field = _pass_field(self.estimator)
        if not field or self.best.passes is None:
            return self.estimator
        return replace(self.estimator, **{field: max(1, round(self.best.passes))})

    def values(self, attempt: Attempt) -> dict[str, Any]:
        """The parameters of an attempt as the estimator takes them."""
        if attempt.number == 0:
            return {name: getattr(self.given, name) for name in self.ranges}
        return {name: read(self.ranges[name], value) for name, value in attempt.stored.items()}

    def __str__(self) -> str:
        states = [one.state for one in self.attempts]
        begun, best = self.attempts[0], self.best
        lines = [
            f"{len(states)} settings of {type(self.given).__name__} on {self.slices}, by {self.search}: "
            f"{states.count('pruned')} given up early, {states.count('failed')} failed",
            f"  log loss  {begun.loss:.4f} as given, {best.loss:.4f} chosen (attempt {best.number})",
            f"  gain, fitted again  {self.gain:.4f}" if self.gain else f"  gain: {self.gain.reason}",
            *(f"  {name} = {value!r}" for name, value in self.values(best).items()),
        ]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Everything, for a program or a file."""
        gain = {"value": self.gain.value, "low": self.gain.low, "high": self.gain.high}
        return {
            "estimator": type(self.given).__name__,
            "study": self.name,
            "search": self.search,
            "slices": self.slices,
            "given": asdict(self.given),
            "chosen": asdict(self.estimator),
            "settled": asdict(self.settled),
            "gain": gain if self.gain else {"reason": self.gain.reason},
            "best": self.best.number,
            "finals": {str(number): loss for number, loss in self.finals.items()},
            "attempts": [{**asdict(one), "stored": self.values(one)} for one in self.attempts],
        }


def tune(
    estimator: Estimator,
    examples: Examples,
    *,
    valid: Examples | None = None,
    trials: int = 50,
    folds: int = 5,
    by: Literal["shopper", "time"] = "shopper",
    search: Search = "tpe",
    prune: Prune = "median",
    finals: int = 5,
    among: Space | None = None,
    seed: int = 0,
    folder: Path | None = None,
    progress: Progress = None,
) -> Tuned:
    """Try `trials` settings of an estimator and keep the one whose predictions cost least.

    The first is the estimator as given. Each is judged by its weighted log loss on `valid`, or over
    `folds` folds of the examples; one that falls behind the median of the others (or, halving, out of
    the best third) at the same point is given up. What looks best after many looks is partly luck, so the
    `finals` best are fitted once more, with another seed, before one is chosen. `among` says what to
    search, else `hawker.ranking.space.SPACES`. With a `folder` the search is kept there, and the same call
    goes on where it stopped, until `trials` are over. A setting that cannot be fitted is on record as failed.
    """
    if trials < 1:
        raise BadSetting(f"tune: 'trials' must be at least 1, not {trials}.")
    ranges = space(estimator, among)
    slices = _slices(examples, valid=valid, folds=folds, by=by, seed=seed)
    count, way = (1, "") if valid is not None else (folds, by)
    asked = [type(estimator).__name__, asdict(estimator), ranges, count, way, search, prune, seed]
    name = f"{type(estimator).__name__.lower()}-{_digest(asked, examples, valid)}"
    study = Study(name, ranges, search=search, prune=prune, folds=count, seed=seed, folder=folder)
    try:
        _search(study, estimator, slices, trials=trials, seed=seed, progress=progress)
        attempts = tuple(study.attempts()[:trials])
    finally:
        study.close()
    fresh = _again(estimator, attempts, ranges, slices, finals=finals, seed=seed + _FRESH, progress=progress)
    best = attempts[_chosen(attempts, fresh)]
    chosen = made(estimator, ranges, best.stored) if best.number else estimator
    gain = unknown("the setting as given was the best")
    if best.number:
        gain = _gain(estimator, chosen, slices, seed=seed + 2 * _FRESH)
    return Tuned(chosen, estimator, attempts, fresh, ranges, gain, name, search, count, way)


def _again(
    estimator: Estimator,
    attempts: tuple[Attempt, ...],
    ranges: Space,
    slices: Slices,
    *,
    finals: int,
    seed: int,
    progress: Progress,
) -> dict[int, float]:
    """The losses of the first attempt and of the best others under another seed."""
    done = [one for one in attempts[1:] if one.state == "done"]
    best = sorted(done, key=lambda one: (one.loss, one.number))[:finals]
    found: dict[int, float] = {}
    for one in [attempts[0], *best] if best and finals > 0 else []:
        if progress:
            progress(f"the best again: {one.number}", len(found) / (len(best) + 1))
        setting = made(estimator, ranges, one.stored) if one.number else estimator
        pairs = enumerate(slices())
        lost = [log_loss(setting.fit(a, valid=b, seed=seed + part).on(b), b) for part, (a, b) in pairs]
        found[one.number] = sum(lost) / len(lost)
    return found


def _chosen(attempts: tuple[Attempt, ...], finals: dict[int, float]) -> int:
    """The attempt with the lowest mean loss of both fits among the finals, or of the one there was."""
    done = {one.number: one.loss for one in attempts if one.state == "done" and one.loss is not None}
    both = {number: (done[number] + loss) / 2 for number, loss in finals.items()} or done
    return min(both, key=lambda number: (both[number], number))


def _search(
    study: Study, estimator: Estimator, slices: Slices, *, trials: int, seed: int, progress: Progress
) -> None:
    """Attempts until enough are over, or a grid is used up."""
    over = study.attempts()
    while len(over) < trials:
        trial = study.ask(start(study.ranges, estimator))
        if trial is None:
            return
        first = not over
        setting = estimator if first else made(estimator, study.ranges, trial.params)
        found = _attempt(study, trial, setting, slices=slices, seed=seed, first=first)
        study.tell(trial, found)
        over.append(found)
        if progress:
            best = min(
                (one.loss for one in over if one.state == "done" and one.loss is not None), default=0.0
            )
            progress(f"{type(estimator).__name__.lower()} {len(over)}: {best:.4f}", len(over) / trials)


def _attempt(
    study: Study, trial: Any, setting: Estimator, *, slices: Slices, seed: int, first: bool
) -> Attempt:
    """Fit a setting fold by fold until it is done, given up, or broken; the first must not be."""
    started = time.process_time()
    lost: list[float] = []
    passes: list[float] = []
    state, reason = "done", ""
    try:
        for part, (fit, hold) in enumerate(slices()):
            looks = _Looks(study, trial, setting, part=part, before=sum(lost), prune=not first)
            with watching(looks.saw):
                model = setting.fit(fit, valid=hold, seed=seed + part)
            lost.append(log_loss(model.on(hold), hold))
            passes += _passes(model.recipe)
            if not math.isfinite(lost[-1]):
                raise BadInput("The loss is not finite.")
            looks.end(lost[-1])
    except Pruned:
        state = "pruned"
    except BadInput as error:
        if first:
            raise
        state, reason = "failed", str(error)
    return Attempt(
        number=0,
        stored=trial.params,
        state=state,  # type: ignore[arg-type]
        loss=sum(lost) / len(lost) if lost else None,
        folds=tuple(lost),
        passes=sum(passes) / len(passes) if passes else None,
        seconds=time.process_time() - started,
        reason=reason,
    )


class _Looks:
    """What is noted within one fold: at eight points the mean of the folds before and the best loss so far.

    Who stops early keeps that loss at the points left, so that settings are compared like with like.
    """

    def __init__(
        self, study: Study, trial: Any, setting: Estimator, *, part: int, before: float, prune: bool
    ) -> None:
        self.study, self.trial, self.part, self.before, self.prune = study, trial, part, before, prune
        self.most, self.best, self.next = _looked_at(setting), math.inf, 0

    def saw(self, step: int, loss: float) -> None:
        """A validation loss from inside the training; composites, whose parts these are, wait for the end."""
        self.best = min(self.best, loss)
        if self.most and math.isfinite(self.best):
            self._note(min((step + 1) * CHECKS // self.most, CHECKS - 1))

    def end(self, loss: float) -> None:
        """The fold is over."""
        self.best = loss
        self._note(CHECKS)

    def _note(self, upto: int) -> None:
        while self.next < upto:
            value, step = (self.before + self.best) / (self.part + 1), self.part * CHECKS + self.next
            self.next += 1
            if self.prune:
                self.study.look(self.trial, step, value)
            else:
                self.trial.report(value, step)


def _gain(given: Estimator, chosen: Estimator, slices: Slices, *, seed: int) -> Estimate:
    """By how much the loss falls, both fitted again on the same slices with the same new seed."""
    parts: list[list[Floats]] = [[], [], [], []]
    for part, (fit, hold) in enumerate(slices()):
        for column, setting in enumerate((given, chosen)):
            model = setting.fit(fit, valid=hold, seed=seed + part)
            parts[column].append(losses(model.on(hold), hold.y.astype(np.float64)))
        parts[2].append(hold.weight)
        parts[3].append(np.where(hold.cluster < 0, -1 - hold.group, hold.cluster).astype(np.float64))
    before, after, weight, cluster = (np.concatenate(column) for column in parts)
    return difference(cluster, before, b=after, weights=weight)


def _slices(examples: Examples, *, valid: Examples | None, folds: int, by: Any, seed: int) -> Slices:
    """The pairs of rows to fit and to judge by, cut anew for each attempt rather than held all at once."""
    check(examples, where="examples")
    if valid is not None:
        check(valid, where="valid", both=False)
        return lambda: iter([(examples, valid)])
    for part, (fit, _) in enumerate(cut(examples, folds, by=by, seed=seed)):
        check(fit, where=f"fold {part + 1}")
    return lambda: cut(examples, folds, by=by, seed=seed)


def _digest(asked: list[Any], examples: Examples, valid: Examples | None) -> str:
    """Eight digits that stand for the question and the rows: another question is another study."""
    found = blake2b(msgspec.json.encode(asked), digest_size=4)
    for rows in filter(None, (examples, valid)):
        found.update(json.dumps([rows.names, rows.categorical]).encode())
        for part in (rows.x, rows.y, rows.weight, rows.cluster, rows.time):
            found.update(np.ascontiguousarray(part).view(np.uint8).data)
    return found.hexdigest()


def _pass_field(estimator: Estimator) -> str:
    """The parameter that bounds how long it trains."""
    return next((name for name in ("epochs", "trees") if hasattr(estimator, name)), "")


def _looked_at(estimator: Estimator) -> int:
    """How many losses a whole training tells; 0 where they are not its own."""
    field = _pass_field(estimator)
    bound: int = getattr(estimator, field) if field else 0
    return max(1, bound // _PER_TREE) if field == "trees" else bound


def _passes(recipe: dict[str, Any]) -> list[float]:
    course = recipe.get("course", {})
    return [float(course[name]) for name in ("best", "trees") if name in course]
