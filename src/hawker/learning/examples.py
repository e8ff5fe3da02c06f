"""Training rows, made by the same retrieval and the same features as serving, as of each moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from hawker.delivery import pipeline
from hawker.delivery.world import World
from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.learning.replay import Replay
from hawker.learning.trials import Trial
from hawker.retrieval.targeting import Eligible, eligible

Progress = Callable[[str, float], None]
CODED = ("display", "mailer")


@dataclass
class _Rows:
    """Rows under way, one list entry a trial."""

    names: tuple[str, ...] = ()
    x: list[NDArray[np.float32]] = field(default_factory=list)
    y: list[NDArray[np.float32]] = field(default_factory=list)
    weight: list[NDArray[np.float64]] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)
    bought: list[NDArray[np.float32]] = field(default_factory=list)

    def whole(self) -> Examples:
        """All of them as one table."""
        if not self.x:
            raise BadInput(
                "There is nothing to learn from: no moment had an ad on offer and a known outcome.",
                remedy="Check the campaigns' schedule and flights, and that the log holds impressions.",
            )
        sizes = [len(labels) for labels in self.y]
        return Examples(
            names=self.names,
            x=np.concatenate(self.x),
            y=np.concatenate(self.y),
            time=np.repeat([trial.time for trial in self.trials], sizes).astype(np.int64),
            group=np.repeat([trial.name for trial in self.trials], sizes).astype(np.int64),
            cluster=np.repeat([trial.shopper for trial in self.trials], sizes).astype(np.int64),
            weight=np.concatenate(self.weight),
            categorical=tuple(name for name in CODED if name in self.names),
        )


def examples(
    replay: Replay,
    world: World,
    trials: Sequence[Trial],
    *,
    negatives: int | None = None,
    seed: int | np.random.Generator = 0,
    progress: Progress | None = None,
) -> Examples:
    """The rows of `both`, for the outcome of the trials alone."""
    return both(replay, world, trials, negatives=negatives, seed=seed, progress=progress)[0]


def both(
    replay: Replay,
    world: World,
    trials: Sequence[Trial],
    *,
    negatives: int | None = None,
    seed: int | np.random.Generator = 0,
    progress: Progress | None = None,
) -> tuple[Examples, Examples | None]:
    """What was on offer in each trial, and whether it was taken, with the features of that moment.

    Of each trial's candidates all that were taken are kept and `negatives` others (None: all),
    weighted so that rates stay true. Trials come in order of time; `world` holds the replay's state.
    Second, where slates say it: the same rows, with what was bought after it was seen.
    """
    made = _Rows()
    rng = np.random.default_rng(seed)
    for count, trial in enumerate(trials):
        replay.to(trial.time)
        kept = pipeline.retrieve(trial.request, world, on_offer(world, trial), now=trial.time)
        if len(kept.ads):
            _add(made, world, trial, kept=kept, negatives=negatives, rng=rng)
        if progress and count % 100 == 0:
            progress("training rows", count / len(trials))
    whole = made.whole()
    sold = np.concatenate(made.bought) if made.bought else None
    return whole, None if sold is None else replace(whole, y=sold)


def on_offer(world: World, trial: Trial) -> Eligible:
    """What could be chosen in a trial: the ads that were shown, or everything eligible then."""
    if trial.ads is not None:
        return Eligible(trial.ads, np.full((len(trial.ads), 2), -1, dtype=np.int8), {})
    return eligible(
        world.index,
        trial.request,
        now=trial.time,
        members=world.members,
        page=world.placement(trial.request.placement).page,
        page_category=trial.request.category,
        state=world.state,
        unpriced=world.unpriced,
    )


def _add(
    made: _Rows,
    world: World,
    trial: Trial,
    *,
    kept: pipeline.Retrieved,
    negatives: int | None,
    rng: np.random.Generator,
) -> None:
    taken = np.isin(world.index.product[kept.ads], trial.taken)
    others = np.flatnonzero(~taken)
    few = negatives is not None and len(others) > negatives
    drawn = rng.choice(others, negatives, replace=False) if few else others
    rows = np.sort(np.concatenate([np.flatnonzero(taken), drawn]))
    seen = pipeline.rows(world, kept.take(rows))
    made.names = seen.names
    made.x.append(seen.matrix())
    made.y.append(taken[rows].astype(np.float32))
    made.weight.append(np.where(taken[rows], 1.0, len(others) / max(len(drawn), 1)))
    made.trials.append(trial)
    if trial.bought is not None:
        made.bought.append(np.isin(world.index.product[kept.ads], trial.bought)[rows].astype(np.float32))
