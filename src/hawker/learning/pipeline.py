"""The whole way from a shop's log to a model in service: rows, training, calibration, test, promotion."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from hawker import ranking
from hawker.delivery.build import RANKER, ranker
from hawker.delivery.world import PRICED, World
from hawker.errors import BadInput, BadSetting
from hawker.features.events import EventArrays
from hawker.features.examples import Examples
from hawker.features.match import made_of
from hawker.learning import carded, honest, placement
from hawker.learning.examples import Gathered, gather
from hawker.learning.fitting import Course, Fitted, Slices, fit
from hawker.learning.placement import Outcome, Watch
from hawker.learning.replay import Replay, load
from hawker.learning.trials import WINDOW, Trial, trials
from hawker.ranking import Estimator, Evaluation, Model
from hawker.statistics.intervals import Estimate
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

Progress = Callable[[str, float], None]
_SHARES = (0.2, 0.7, 0.8)
_LEAST = 200
FEWEST = 30
"""Positives of a further outcome, on either slice, below which no model of it is made."""


@dataclass(frozen=True)
class Split:
    """Moments (microseconds) that cut the log: fit from `start`, calibrate, test until `end`.

    Before `start` the folds only gather history; nothing is learned from test, not even calibration.
    """

    start: int
    calibrate: int
    test: int
    end: int

    def __post_init__(self) -> None:
        if not self.start < self.calibrate < self.test < self.end:
            raise BadSetting("A split must have start < calibrate < test < end.")


@dataclass(frozen=True)
class Trained:
    """A saved model: its version and name, how it did on the calibration slice, and the time it took."""

    version: str
    name: str
    seconds: float
    rows: int
    evaluation: Evaluation
    rivals: dict[str, Evaluation] = field(default_factory=dict)


@dataclass(frozen=True)
class Tested:
    """What a model did on the test slice, and whether it earned its place."""

    version: str
    outcome: Outcome
    better: bool


@dataclass
class Bench:
    """What training and testing share: the log being replayed, the world it is judged in, the split.

    The replay only moves forward, so that a test after training goes on where training stopped.
    """

    shop: Shop
    replay: Replay
    world: World
    split: Split


def bench(shop: Shop, *, split: Split | None = None, progress: Progress | None = None) -> Bench:
    """Lay out a shop's log for training and testing; the split is by shares of time where not given."""
    tell = progress or (lambda _words, _share: None)
    tell("reading the log", 0.0)
    replay = load(shop)
    chosen = split or by_time(replay.events)
    tell("compiling the ads", 0.6)
    world = placement.world(shop, replay.state, start=chosen.start, end=chosen.end)
    tell("", 1.0)
    return Bench(shop, replay, world, chosen)


def by_time(events: EventArrays) -> Split:
    """Cut the log by shares of its time: a fifth for history, half to fit, a tenth each way to the test."""
    if len(events) < _LEAST:
        raise BadInput(
            f"The log has {len(events)} events; a model needs at least {_LEAST}.",
            remedy="Ingest more behaviour; until then ads are ranked by popularity.",
        )
    first, last = int(events.time[0]), int(events.time[-1])
    cuts = [first + round(share * (last - first)) for share in _SHARES]
    return Split(cuts[0], cuts[1], cuts[2], last + 1)


def course(outcome: str) -> Course:
    """The estimators that compete for an outcome, with settings found on validation slices (dev/LOG.md)."""
    if outcome == "click":
        trees = ranking.Trees(trees=150, leaves=15, rate=0.04, columns=0.5)
        return Course((ranking.Linear(), trees), most=40_000, bags=3)
    trees = ranking.Trees(trees=250, leaves=31, rate=0.06, least=100, columns=0.4, rows=0.8, l2=5.0)
    glance = ranking.Trees("regression", trees=40, leaves=8, rate=0.15, least=100, columns=1.0, rows=1.0)
    deep = ranking.Net(
        hidden=(256, 128), batch=1024, epochs=2, dropout=0.2, rate=2e-3, schedule="cosine", warm=0.05
    )
    able = (trees, deep) if find_spec("torch") is not None else (trees,)
    return Course(
        (ranking.Linear(), *able),
        most=36_000,
        elsewhere=12,
        bags=3,
        share=1.0,
        refit=True,
        light=glance,
        keep=24,
    )


def train(
    shop: Shop,
    *,
    seed: int = 7,
    on: Bench | None = None,
    how: Course | None = None,
    search: Callable[[Estimator, Examples], Estimator] | None = None,
    trust: Collection[str] = (),
    progress: Progress | None = None,
) -> Trained:
    """Train every estimator of the course, keep the one that orders the later slice best, calibrate, save.

    The calibration slice judges (AUC by request) and then calibrates. The saved model is not promoted.
    `search` may change each estimator first, given the rows it will be fitted on (`learning.tuning.Tuner`).
    Raises `BadInput` where a feature knows the outcome (`learning.honest`), but for those of `trust`.
    """
    held = on or bench(shop, progress=progress)
    plan = how or course(shop.settings.outcome)
    found = gathered(held, plan, seed=seed, progress=progress)
    rows, cut = found.offered, held.split.calibrate
    checked(held, rows, plan, trust=trust, seed=seed)
    slices = Slices(rows.take(rows.time < cut), rows.take(rows.time >= cut), found.elsewhere)
    started = time.perf_counter()
    made = fit(slices, plan, seed=seed, search=search, progress=progress)
    judged = made.judged.pop(made.best)
    version = keep(shop, made, held=held, slices=slices, judged=judged)
    if found.sold is not None:
        _further(shop, plan.estimators[0], found.sold, held=held, outcome="purchase", seed=seed)
    return Trained(
        version=version,
        name=made.name,
        seconds=time.perf_counter() - started,
        rows=len(rows) + (0 if found.elsewhere is None else len(found.elsewhere)),
        evaluation=judged,
        rivals=made.judged,
    )


def _further(
    shop: Shop, estimator: Estimator, rows: Examples, *, held: Bench, outcome: str, seed: int
) -> str | None:
    """Fit, calibrate and save a model of another outcome; None where too little came of what was shown."""
    known = rows.take(rows.time < held.split.test - WINDOW)  # what the test slice tells is left alone
    fit, later = known.take(known.time < held.split.calibrate), known.take(known.time >= held.split.calibrate)
    if min(fit.y.sum(), later.y.sum()) < FEWEST or outcome == shop.settings.outcome:
        return None
    fitted = ranking.train(estimator, fit, seed=seed, trust=fit.names)
    model = ranking.calibrate(fitted, later, method="platt")
    model.recipe |= {"positives": int(fit.y.sum()), **made_of(held.world.interests, model.names)}
    return keep_beside(shop, model, outcome=outcome, judged=ranking.evaluate(model, later))


def keep_beside(shop: Shop, model: Model, *, outcome: str, judged: Evaluation) -> str:
    """Save a model of another outcome than the shop's own: P(outcome | impression).

    `promote` lets it serve only if it tells more than the mean rate does.
    """
    entropy = judged.normalised_entropy.high
    model.recipe |= {
        "outcome": outcome,
        "judged": judged.summary(),
        "tells": entropy is not None and entropy < 1.0,
    }
    return ModelStore(shop.models).save(ranker(shop, outcome), model.save, model.recipe)


def checked(held: Bench, rows: Examples, plan: Course, *, trust: Collection[str] = (), seed: int = 0) -> None:
    """Raise `BadInput` where a feature of the rows knows the outcome (`learning.honest`), but for `trust`."""
    few = None if held.world.outcome == "click" else plan.negatives
    span = {"start": held.split.start, "end": held.split.test}
    honest.check(held.shop, rows, **span, negatives=few, trust=trust, seed=seed)


def training_rows(held: Bench, plan: Course, *, seed: int, progress: Progress | None = None) -> Examples:
    """The rows of both slices before the test, trials drawn by the seed."""
    return gathered(held, plan, seed=seed, progress=progress).offered


def gathered(held: Bench, plan: Course, *, seed: int, progress: Progress | None = None) -> Gathered:
    """Those rows, where slates say it the same with what was bought of them, and what sold elsewhere."""
    split = held.split
    drawn = trials(
        held.replay.events, held.world, start=split.start, end=split.test, most=plan.most, seed=seed
    )
    clicks = held.world.outcome == "click"
    return gather(
        held.replay,
        held.world,
        drawn,
        negatives=None if clicks else plan.negatives,
        elsewhere=0 if clicks else plan.elsewhere,
        seed=seed,
        progress=progress,
    )


def evaluate(
    shop: Shop,
    *,
    version: str | None = None,
    on: Bench | None = None,
    most: int | None = 6_000,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> Tested:
    """Judge a saved version (the newest, unless one is named) on the test slice, beside the rules."""
    held = on or bench(shop, progress=progress)
    store = ModelStore(shop.models)
    chosen = version or newest(shop)
    model = ranking.load(store.path(RANKER, chosen))
    outcome = placement.evaluate(
        held.replay,
        placement.policies(held.world, model, version=chosen),
        tested(held, most=most),
        watch=watch,
        progress=progress,
    )
    return Tested(chosen, outcome, better(outcome.lifts["own_history"]))


def paced(
    shop: Shop, *, version: str, split: Split, most: int | None = None, progress: Progress | None = None
) -> NDArray[np.int64]:
    """How long `decide` takes with a saved version, in nanoseconds, trial by trial of the test slice.

    The log is played back once more for it, and nothing is decided in between. Moving the folds on to a
    trial's moment is left out.
    """
    held = bench(shop, split=split, progress=progress)
    model = ranking.load(ModelStore(shop.models).path(RANKER, version))
    world = placement.policies(held.world, model, version=version)["hawker"]
    return placement.times(held.replay, world, tested(held, most=most), progress=progress)


def tested(held: Bench, *, most: int | None) -> Sequence[Trial]:
    """The trials of the test slice; the sample is always the same."""
    return trials(
        held.replay.events, held.world, start=held.split.test, end=held.split.end, most=most, seed=0
    )


def better(lift: Estimate) -> bool:
    """Whether a lift is proof enough to serve a model: its whole interval lies above zero."""
    return lift.low is not None and lift.low > 0


def promote(shop: Shop, version: str) -> None:
    """Let a version serve, and with it the newest models of further outcomes that tell something."""
    store = ModelStore(shop.models)
    store.promote(RANKER, version)
    for outcome in PRICED:
        name = ranker(shop, outcome)
        known = store.versions(name) if name != RANKER else ()
        if known and store.recipe(name, known[-1]).get("tells"):
            store.promote(name, known[-1])


def rollback(shop: Shop) -> str:
    """Let the version before serve again; returns it."""
    return ModelStore(shop.models).rollback(RANKER)


def newest(shop: Shop) -> str:
    """The version trained last; raises `BadInput` where there is none."""
    versions = ModelStore(shop.models).versions(RANKER)
    if not versions:
        raise BadInput("This shop has no trained model.", remedy="Train one with: hawker train")
    return versions[-1]


def keep(shop: Shop, made: Fitted, *, held: Bench, slices: Slices, judged: Evaluation) -> str:
    """Save a model with its recipe and its card."""
    model, split = made.model, held.split
    model.recipe |= {
        "split": {name: getattr(split, name) for name in ("start", "calibrate", "test", "end")},
        "fit_trials": len(np.unique(slices.fit.group)),
        "outcome": shop.settings.outcome,
        "judged": judged.summary(),
        **made_of(held.world.interests, model.names),
    }
    write = carded.with_card(
        shop, made, world=held.world, events=held.replay.events, fit=slices.fit, later=slices.later
    )
    return ModelStore(shop.models).save(RANKER, write, model.recipe)
