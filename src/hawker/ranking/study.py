"""A search on record: what was tried, what came of it, and what to try next (Akiba et al. 2019, Optuna).

Each draw depends on the seed and on the number of attempts that are over, so that a search which was
killed and taken up again tries the same settings as one that never stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hawker.errors import BadSetting, extra, nearest
from hawker.ranking.space import Choice, Range, Real, Space

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "studies.sqlite"
CHECKS = 8
"""How often an attempt is looked at within a fold."""
_SEARCHES, _PRUNERS = ["tpe", "random", "grid"], ["median", "halving", "none"]
_PATIENT = 5
_FINEST = 5
_MOST = 20_000
State = Literal["done", "pruned", "failed"]


class Pruned(Exception):
    """An attempt is given up: others were better by now."""


@dataclass(frozen=True)
class Attempt:
    """One setting and what came of it: the loss of each fold that was fitted, and their mean.

    `passes` is after how many passes (for trees: trees) the folds stopped, on average. A `failed`
    attempt says why; a `pruned` one has the loss it had when it was given up.
    """

    number: int
    stored: Mapping[str, Any]
    state: State
    loss: float | None
    folds: tuple[float, ...] = ()
    passes: float | None = None
    seconds: float = 0.0
    reason: str = ""


@dataclass
class Study:
    """A search over ranges, kept in `folder` (`studies.sqlite`) or, without one, in memory."""

    name: str
    ranges: Space
    search: str = "tpe"
    prune: str = "median"
    folds: int = 1
    seed: int = 0
    folder: Path | None = None
    _optuna: Any = field(init=False)
    _storage: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        for asked, known, what in ((self.search, _SEARCHES, "search"), (self.prune, _PRUNERS, "pruning")):
            if asked not in known:
                raise BadSetting(f"There is no {what} '{asked}'.", remedy=nearest(asked, known))
        self._optuna = extra("optuna", "tune")
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._storage = self._optuna.storages.RDBStorage(f"sqlite:///{self.folder / FILE}")
        with self._quietly():
            self._study = self._optuna.create_study(
                storage=self._storage, study_name=self.name, load_if_exists=True, pruner=self._pruner()
            )
            self._clear()
        self._grid = _grid(self.ranges, self.seed) if self.search == "grid" else []

    def attempts(self) -> list[Attempt]:
        """Those that are over, in order."""
        over = [found for found in self._study.get_trials(deepcopy=False) if found.state.is_finished()]
        kept = [_attempt(found) for found in over if found.state.name != "FAIL"]
        return [Attempt(**{**vars(one), "number": number}) for number, one in enumerate(kept)]

    def ask(self, first: Mapping[str, Any]) -> Any | None:
        """The next setting to try, `first` at the very first; None when a grid is used up."""
        count = len(self.attempts())
        fixed = first if count == 0 else None
        if count and self.search == "grid":
            if count > len(self._grid):
                return None
            fixed = self._grid[count - 1]
        with self._quietly():
            if fixed is not None:
                self._study.enqueue_trial(dict(fixed))
            self._study.sampler = self._sampler(count)
            trial = self._study.ask()
            for name, one in self.ranges.items():
                _suggest(trial, name, one)
        return trial

    def look(self, trial: Any, step: int, loss: float) -> None:
        """Note the loss so far; raises `Pruned` where others were better by then."""
        trial.report(loss, step)
        if trial.should_prune():
            raise Pruned

    def tell(self, trial: Any, found: Attempt) -> None:
        """Put on record how an attempt ended."""
        for name in ("folds", "passes", "seconds", "reason"):
            trial.set_user_attr(name, getattr(found, name))
        with self._quietly():
            state = self._optuna.trial.TrialState
            if found.state == "done":
                self._study.tell(trial, found.loss)
            else:
                self._study.tell(trial, state=state.PRUNED)

    def close(self) -> None:
        """Let go of the file."""
        if self._storage is not None:
            self._storage.remove_session()
            self._storage.engine.dispose()

    def _clear(self) -> None:
        """What a killed process left half done does not count."""
        left = [found for found in self._study.get_trials(deepcopy=False) if not found.state.is_finished()]
        for found in left:
            self._storage.set_trial_state_values(found._trial_id, self._optuna.trial.TrialState.FAIL)

    def _sampler(self, count: int) -> Any:
        seed = (self.seed * 1_000_003 + count) % 2**32
        samplers = self._optuna.samplers
        return samplers.TPESampler(seed=seed) if self.search == "tpe" else samplers.RandomSampler(seed=seed)

    def _pruner(self) -> Any:
        pruners = self._optuna.pruners
        if self.prune == "median":
            return pruners.MedianPruner(n_startup_trials=_PATIENT, n_warmup_steps=1)
        if self.prune == "halving":
            least = 1 if self.folds == 1 else CHECKS
            return pruners.SuccessiveHalvingPruner(min_resource=least, reduction_factor=3)
        return pruners.NopPruner()

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Optuna speaks through a logger of its own; the progress is ours to tell."""
        logging = self._optuna.logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.WARNING)
        try:
            yield
        finally:
            logging.set_verbosity(before)


def _attempt(found: Any) -> Attempt:
    told = found.user_attrs
    state: State = "done" if found.state.name == "COMPLETE" else "failed" if told.get("reason") else "pruned"
    steps = found.intermediate_values
    loss = found.value if state == "done" else steps[max(steps)] if steps and state == "pruned" else None
    return Attempt(
        number=0,
        stored=dict(found.params),
        state=state,
        loss=loss,
        folds=tuple(told.get("folds", ())),
        passes=told.get("passes"),
        seconds=told.get("seconds", 0.0),
        reason=told.get("reason", ""),
    )


def _suggest(trial: Any, name: str, one: Range) -> None:
    if isinstance(one, Choice):
        trial.suggest_categorical(name, one.grid(0))
    elif isinstance(one, Real):
        trial.suggest_float(name, one.low, one.high, log=one.log)
    else:
        trial.suggest_int(name, one.low, one.high, log=one.log)


def _grid(ranges: Space, seed: int) -> list[dict[str, Any]]:
    """Every combination of a few values of each range, as fine as stays countable, in a drawn order."""
    for points in range(_FINEST, 1, -1):
        levels = [one.grid(points) for one in ranges.values()]
        if prod(map(len, levels)) <= _MOST:
            whole = list(product(*levels))
            order = np.random.default_rng(seed).permutation(len(whole))
            return [dict(zip(ranges, whole[place], strict=True)) for place in order.tolist()]
    raise BadSetting(
        f"The grid of {len(ranges)} parameters has more than {_MOST:,} points.",
        remedy="Search fewer parameters, or use search='tpe'.",
    )
