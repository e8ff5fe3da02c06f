"""The placement task: fill the slots from what was on offer, and see what was really taken.

Every policy is the same `decide()` on the world described in `placement.json`: one ad per product,
equal bids, no floor, no budget, no caps, no exploration; policies differ only in what scores. In a
*visit* ten slots are filled from all that is promoted in the store, and a slot converts when its
product is bought in that visit. In a *slate* one ad is picked from those a page showed by chance, and
converts when that one was clicked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files as resources
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from hawker.delivery import pipeline
from hawker.delivery.world import World
from hawker.features.state import State
from hawker.learning.replay import Replay
from hawker.learning.trials import Trial
from hawker.ranking import Model, Rule
from hawker.records.campaign import Ad, Campaign
from hawker.records.decision import Decision
from hawker.records.placement import Placement
from hawker.retrieval import flights, index
from hawker.statistics import bootstrap
from hawker.statistics.intervals import Estimate
from hawker.storage.control import Control
from hawker.storage.shop import Shop

Progress = Callable[[str, float], None]
Watch = Callable[[Trial, Decision, frozenset[int]], None]


@dataclass(frozen=True)
class Outcome:
    """How each policy did: conversions per impression, and how far ours is ahead, with intervals.

    `promised` is Σ predicted / Σ taken over the slots that ours filled: whether what it chose comes true.
    """

    visits: int
    values: dict[str, Estimate]
    lifts: dict[str, Estimate]
    promised: Estimate

    def as_json(self) -> dict[str, Any]:
        """The object that the demo and the benchmark print."""
        out: dict[str, Any] = {"visits": self.visits}
        out |= {name: brief(estimate) for name, estimate in self.values.items()}
        out |= {f"lift_over_{name}": brief(estimate) for name, estimate in self.lifts.items()}
        return out | {"calibration_on_won": brief(self.promised)}


def brief(estimate: Estimate) -> dict[str, float | None]:
    """An estimate as value, low and high."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def setting(outcome: str) -> dict[str, Any]:
    """The world file's part for an outcome ('purchase' or 'click')."""
    text = resources("hawker.learning").joinpath("placement.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)["slate" if outcome == "click" else "visit"]
    return found


def world(shop: Shop, state: State, *, start: int = 0, end: int = flights.FOREVER) -> World:
    """The evaluation's world on what a shop has in flight between two moments; its model: popularity."""
    outcome = shop.settings.outcome
    given = setting(outcome)
    campaign = msgspec.convert(given["campaign"], Campaign)
    control = Control(shop.control)
    wanted = {ad.product: ad for ad in control.ads() if ad.flighted or outcome == "click"}
    control.close()
    single = [Ad(ad.id, campaign.id, product, flighted=ad.flighted) for product, ad in wanted.items()]
    built = index.build([campaign], single, codes=state.codes)
    running = flights.load(shop.table("flights"), built.ids, start=start, end=end)
    placement = msgspec.convert(given["placement"], Placement)
    names = [placement.name, *(held.name for held in shop.settings.placements)]
    return World(
        placements={name: msgspec.structs.replace(placement, name=name) for name in names},
        index=replace(built, flights=running),
        state=state,
        model=_rule(given["popular"]),
        catalogue=shop.catalogue,
        outcome=outcome,
        exploration=given["exploration"],
        candidates=given["candidates"],
        utc_offset_minutes=shop.settings.utc_offset_minutes,
        versions={"world": "placement.json"},
    )


def policies(base: World, model: Model, *, version: str = "") -> dict[str, World]:
    """The same world under each policy: chance, popularity, the shopper's own history, and the model.

    The rules see every eligible ad; chance is exploration in every slot. The model is served with fewer
    candidates than it learned from, because the easy ones teach it, and are never among its best.
    """
    given = setting(base.outcome)
    popular = replace(base, model=_rule(given["popular"]), candidates=0)
    own = replace(popular, model=_rule(given["own_history"]))
    random = replace(popular, exploration=1.0)
    ours = replace(
        base, model=model, candidates=given["served"], versions={**base.versions, "model": version}
    )
    return {"random": random, "popular": popular, "own_history": own, "hawker": ours}


def evaluate(
    replay: Replay,
    worlds: dict[str, World],
    trials: Sequence[Trial],
    *,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Replay trials through every policy: conversions per slot, intervals by shopper, paired.

    A slot left empty earns nothing but counts. `watch` is told each decision of the policy 'hawker'
    and which products were taken.
    """
    hits, promised = np.zeros((len(worlds), len(trials))), np.zeros(len(trials))
    for count, trial in enumerate(trials):
        replay.to(trial.time)
        taken = frozenset(trial.taken.tolist())
        for row, (name, world) in enumerate(worlds.items()):
            decision = decide(world, trial)
            products = world.state.codes["product"]
            hits[row, count] = sum(products.find(slot.ad.product) in taken for slot in decision.slots)
            if name == "hawker":
                promised[count] = sum(slot.probability for slot in decision.slots)
                if watch:
                    watch(trial, decision, taken)
        if progress and count % 25 == 0:
            progress("placement test", count / len(trials))
    slots = next(iter(next(iter(worlds.values())).placements.values())).slots
    shopper = np.array([trial.shopper for trial in trials])
    return _outcome(worlds, hits / slots, shopper, promised=promised / slots)


def times(
    replay: Replay, world: World, trials: Sequence[Trial], *, progress: Progress | None = None
) -> NDArray[np.int64]:
    """Nanoseconds that each decision takes, the folds being where they have to be."""
    took = np.zeros(len(trials), dtype=np.int64)
    for count, trial in enumerate(trials):
        replay.to(trial.time)
        started = time.perf_counter_ns()
        decide(world, trial)
        took[count] = time.perf_counter_ns() - started
        if progress and count % 25 == 0:
            progress("decisions, timed", count / len(trials))
    return took


def decide(world: World, trial: Trial) -> Decision:
    """What the engine answers in a trial; chance is seeded by the trial, so it is repeatable."""
    shown = world if trial.ads is None else replace(world, index=world.index.only(trial.ads))
    dice = np.random.default_rng(trial.name)
    return pipeline.decide(trial.request, shown, trial.time, dice, seed=trial.name)


def _outcome(
    worlds: dict[str, World],
    values: NDArray[np.float64],
    shopper: NDArray[np.int64],
    *,
    promised: NDArray[np.float64],
) -> Outcome:
    by_name = dict(zip(worlds, values, strict=True))
    ours = by_name["hawker"]
    return Outcome(
        visits=values.shape[1],
        values={name: bootstrap.mean(shopper, value, seed=1) for name, value in by_name.items()},
        lifts={
            name: bootstrap.lift(shopper, ours, b=by_name[name], seed=1)
            for name in ("own_history", "popular")
        },
        promised=bootstrap.ratio(shopper, promised, denominator=ours, seed=1),
    )


def _rule(weights: dict[str, float]) -> Rule:
    return Rule(tuple(weights), weights)
