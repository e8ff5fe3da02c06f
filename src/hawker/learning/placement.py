"""The placement task: fill ten slots of a store visit from what is promoted there, and see what was bought.

Every policy is the same `decide()` on the world described in `placement.json` (one ad per promoted
product, equal bids, no floor, no budget, no caps, no exploration); policies differ only in the model that
scores. A slot converts when the shopper buys its product in that visit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files as resources
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from hawker.delivery import pipeline
from hawker.delivery.world import World
from hawker.features.state import State
from hawker.learning.examples import request, sample
from hawker.learning.replay import Replay, visits
from hawker.ranking import Model, Rule
from hawker.records.campaign import Ad, Campaign
from hawker.records.placement import Placement
from hawker.retrieval import flights, index
from hawker.statistics import bootstrap
from hawker.statistics.intervals import Estimate
from hawker.storage.control import Control
from hawker.storage.shop import Shop

Progress = Callable[[str, float], None]
RULES = ("random", "popular", "own_history")


@dataclass(frozen=True)
class Outcome:
    """How each policy did: conversions per impression, and how far ours is ahead, with intervals."""

    visits: int
    values: dict[str, Estimate]
    lifts: dict[str, Estimate]

    def as_json(self) -> dict[str, Any]:
        """The object that the demo and the benchmark print."""
        out: dict[str, Any] = {"visits": self.visits}
        out |= {name: brief(estimate) for name, estimate in self.values.items()}
        out |= {f"lift_over_{name}": brief(estimate) for name, estimate in self.lifts.items()}
        return out


def brief(estimate: Estimate) -> dict[str, float | None]:
    """An estimate as value, low and high."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def setting() -> dict[str, Any]:
    """The world file of the evaluation, as it stands in the package."""
    text = resources("hawker.learning").joinpath("placement.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def world(shop: Shop, state: State, *, start: int = 0, end: int = flights.FOREVER) -> World:
    """The evaluation's world on a shop's flights between two moments; its model is the popular rule."""
    given = setting()
    campaign = msgspec.convert(given["campaign"], Campaign)
    control = Control(shop.control)
    ads = [ad for ad in control.ads() if ad.flighted]
    control.close()
    single = [Ad(id=ad.id, campaign=campaign.id, product=ad.product, flighted=True) for ad in ads]
    built = index.build([campaign], single, codes=state.codes)
    running = flights.load(shop.table("flights"), built.ids, start=start, end=end)
    placement = msgspec.convert(given["placement"], Placement)
    return World(
        placements={placement.name: placement},
        index=replace(built, flights=running),
        state=state,
        model=_rule(given["popular"]),
        catalogue=shop.catalogue,
        exploration=given["exploration"],
        candidates=given["candidates"],
        utc_offset_minutes=shop.settings.utc_offset_minutes,
        versions={"world": "placement.json"},
    )


def policies(base: World, model: Model, *, version: str = "") -> dict[str, World]:
    """The same world under each policy: chance, popularity, the shopper's own history, and the model."""
    given = setting()
    popular = replace(base, model=_rule(given["popular"]), candidates=given["popular"]["candidates"])
    own = replace(base, model=_rule(given["own_history"]), candidates=given["own_history"]["candidates"])
    random = replace(
        popular, exploration=given["random"]["exploration"], candidates=given["random"]["candidates"]
    )
    ours = replace(base, model=model, versions={**base.versions, "model": version})
    return {"random": random, "popular": popular, "own_history": own, "hawker": ours}


def evaluate(
    replay: Replay,
    worlds: dict[str, World],
    *,
    start: int,
    end: int,
    most: int = 6_000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Outcome:
    """Replay the visits from start to end through every policy; intervals by households, paired.

    `most` visits are drawn with the seed. Raises nothing for a policy that fills fewer slots: an
    empty slot earns nothing but counts.
    """
    seen = visits(replay.events)
    rng = np.random.default_rng(seed)
    first = next(iter(worlds.values()))
    chosen = sample(seen, first, start=start, end=end, most=most, rng=rng)
    hits = np.zeros((len(worlds), len(chosen)))
    for count, visit in enumerate(chosen):
        now = int(seen.time[visit])
        replay.to(now)
        bought = set(seen.products(replay.events, visit).tolist())
        for row, (_, world) in enumerate(worlds.items()):
            hits[row, count] = _hits(
                world, request(seen, world, visit, placement="store"), bought, now, visit
            )
        if progress and count % 50 == 0:
            progress("placement test", count / len(chosen))
    slots = setting()["placement"]["slots"]
    return _outcome(worlds, hits / slots, seen.shopper[np.array(chosen, dtype=np.intp)])


def _hits(world: World, asked: Any, bought: set[int], now: int, visit: int) -> int:
    """How many of the decided slots show a product that was bought."""
    decision = pipeline.decide(asked, world, now, np.random.default_rng(visit), seed=visit)
    products = world.state.codes["product"]
    return sum(products.find(slot.ad.product) in bought for slot in decision.slots)


def _outcome(worlds: dict[str, World], values: NDArray[np.float64], household: NDArray[np.int32]) -> Outcome:
    by_name = dict(zip(worlds, values, strict=True))
    return Outcome(
        visits=values.shape[1],
        values={name: bootstrap.mean(household, value, seed=1) for name, value in by_name.items()},
        lifts={
            name: bootstrap.lift(household, by_name["hawker"], b=value, seed=1)
            for name, value in by_name.items()
            if name in ("own_history", "popular")
        },
    )


def _rule(given: dict[str, Any]) -> Rule:
    weights = given["weights"]
    return Rule(tuple(weights), weights)
