"""Training rows, made by the same retrieval and the same features as serving, as of each moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from hawker.delivery import pipeline
from hawker.delivery.world import World
from hawker.errors import BadInput
from hawker.features.assemble import affinity, sheet
from hawker.features.examples import Examples
from hawker.features.match import MATCH
from hawker.features.program import Sheet
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

    def add(self, seen: Sheet, trial: Trial, taken: NDArray[np.bool_], *, others: int) -> None:
        """The rows of a trial; those not taken stand for so many others."""
        drawn = max(int(len(taken) - taken.sum()), 1)
        self.names = seen.names
        self.x.append(seen.matrix())
        self.y.append(taken.astype(np.float32))
        self.weight.append(np.where(taken, 1.0, others / drawn))
        self.trials.append(trial)

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
    """The rows of `gather`: of what was on offer, for the outcome of the trials alone."""
    return gather(replay, world, trials, negatives=negatives, seed=seed, progress=progress).offered


@dataclass(frozen=True)
class Gathered:
    """Rows of what was on offer; where slates say it the same, with what was bought after it was seen.

    `elsewhere` are rows of what else sold in those days, where they were asked for.
    """

    offered: Examples
    sold: Examples | None = None
    elsewhere: Examples | None = None


def gather(
    replay: Replay,
    world: World,
    trials: Sequence[Trial],
    *,
    negatives: int | None = None,
    elsewhere: int = 0,
    seed: int | np.random.Generator = 0,
    progress: Progress | None = None,
) -> Gathered:
    """What was on offer in each trial, and whether it was taken, with the features of that moment.

    Of each trial's candidates all that were taken are kept and `negatives` others (None: all),
    weighted so that rates stay true. `elsewhere` asks the same of the products that sold in the last
    four weeks and were not on offer, the best by affinity, with so many not taken of them: what a shopper
    buys unasked tells of habits as well. Trials come in order of time; `world` holds the replay's state.
    """
    made, beside = _Rows(), _Rows()
    rng = np.random.default_rng(seed)
    for count, trial in enumerate(trials):
        replay.to(trial.time)
        found = on_offer(world, trial)
        kept = pipeline.retrieve(trial.request, world, found, now=trial.time)
        if len(kept.ads):
            _offered(made, world, trial, kept=kept, negatives=negatives, rng=rng)
        if len(kept.ads) and elsewhere:
            offered = world.index.product[found.ads]
            _unasked(beside, world, trial, kept=kept, offered=offered, negatives=elsewhere, rng=rng)
        if progress and count % 100 == 0:
            progress("training rows", count / len(trials))
    whole = made.whole()
    told = _told(whole)
    whole = whole.only(told)
    sold = np.concatenate(made.bought) if made.bought else None
    return Gathered(
        whole,
        sold=None if sold is None else replace(whole, y=sold),
        elsewhere=beside.whole().only(told) if beside.x else None,
    )


def _told(rows: Examples) -> tuple[str, ...]:
    """The features but for those of the match that no row knows, as where no page had a query or a product.

    A model would not learn what they mean, and be told of them all the same once they are known.
    """
    places = {name: rows.names.index(name) for name in MATCH if name in rows.names}
    blank = {name for name, place in places.items() if np.isnan(rows.x[:, place]).all()}
    return tuple(name for name in rows.names if name not in blank)


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


def _offered(
    made: _Rows,
    world: World,
    trial: Trial,
    *,
    kept: pipeline.Retrieved,
    negatives: int | None,
    rng: np.random.Generator,
) -> None:
    taken = np.isin(world.index.product[kept.ads], trial.taken)
    rows = _some(taken, negatives, rng)
    made.add(pipeline.rows(world, kept.take(rows)), trial, taken[rows], others=int((~taken).sum()))
    if trial.bought is not None:
        made.bought.append(np.isin(world.index.product[kept.ads], trial.bought)[rows].astype(np.float32))


def _unasked(
    made: _Rows,
    world: World,
    trial: Trial,
    *,
    kept: pipeline.Retrieved,
    offered: NDArray[np.int32],
    negatives: int,
    rng: np.random.Generator,
) -> None:
    """Products that sell and were not on offer: as many of the best by affinity as there are candidates."""
    state = world.state
    selling = np.flatnonzero(state.windows.sums[1, : len(state.codes["product"])] > 0).astype(np.int32)
    selling = selling[np.isin(selling, offered, invert=True)]
    if not len(selling):
        return
    rough = affinity(state, kept.moment, selling)
    best = np.sort(np.argsort(-rough, kind="stable")[: world.candidates or len(selling)])
    taken = np.isin(selling[best], trial.taken)
    rows = _some(taken, negatives, rng)
    nowhere = np.full((len(rows), 2), -1, dtype=np.int8)
    context = pipeline.context(world, kept, selling[best[rows]], rough[best[rows]], marks=nowhere)
    seen = sheet(state, kept.moment, selling[best[rows]], context=context)
    made.add(seen, trial, taken[rows], others=int((~taken).sum()))


def _some(taken: NDArray[np.bool_], negatives: int | None, rng: np.random.Generator) -> NDArray[np.intp]:
    """All that were taken and so many others, drawn; ascending."""
    others = np.flatnonzero(~taken)
    few = negatives is not None and len(others) > negatives
    drawn = rng.choice(others, negatives, replace=False) if few else others
    return np.sort(np.concatenate([np.flatnonzero(taken), drawn]))
