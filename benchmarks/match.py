"""What the match of ad and shopper adds: as features, as a source of candidates, and as both.

    python -m benchmarks.match [--encoder NAME] [--visits N] [--folder DIR] [--validate] [--json]

The placement task on Complete Journey (docs/decisions/0005). The same forest is fitted to visits of weeks 15
to 44, once without and once with the columns of `features.match`; each serves with 150 candidates by
affinity, and with 130 by affinity and 20 by the match. Judged on a fixed sample of visits of weeks 45 to 52
(with `--validate` on weeks 41 to 44, fitted to those before), each arm beside the one without: bought of
what was shown, paired by household. Then the same visits once more with whatever the household has bought
before left out of the request: products new to it. Prints {encoder, all: {ARM: {value, low, high}, gains:
{ARM: …}, reached}, new: the same, decide_us: {ARM: p50 of thread time}}.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks._answer import ended, kept
from hawker import Shop, ranking
from hawker.delivery.world import World
from hawker.features.examples import microseconds
from hawker.features.match import MATCH
from hawker.ingest.datasets import complete_journey
from hawker.language import annotate
from hawker.learning import pipeline, placement
from hawker.learning.fitting import Slices
from hawker.learning.trials import Trial
from hawker.records.events import DAY
from hawker.statistics import bootstrap
from hawker.storage import database, vectors

WEEK = 7 * DAY
VISITS, TRAINED, NEAREST = 4_000, 12_000, 20
ARMS = {
    "without": (False, 0),
    "features": (True, 0),
    "source": (False, NEAREST),
    "both": (True, NEAREST),
}


def run(folder: Path, *, encoder: str, visits: int, validate: bool = False) -> dict[str, Any]:
    """Build the shop, give its products vectors, train both forests, and judge the four arms."""
    started = time.perf_counter()
    shop = Shop.create(folder, complete_journey.SETTINGS)
    if not database.exists(shop.control):
        complete_journey.build(shop, progress=_say)
    serving = vectors.products(shop)
    if serving is None or serving.about.asked != encoder:
        annotate.products(shop, encoder, renew=True, progress=_say)
    split = pipeline.Split(**{name: microseconds(date) for name, date in complete_journey.SPLIT.items()})
    if validate:
        test = split.test - 4 * WEEK
        split = pipeline.Split(split.start, test - 2 * WEEK, test, split.test)
    held = pipeline.bench(shop, split=split, progress=_say)
    models = trained(held)
    worlds = {
        arm: replace(served(held, models[matched]), nearest=nearest)
        for arm, (matched, nearest) in ARMS.items()
    }
    trials = pipeline.tested(held, most=visits)
    shopper = np.array([trial.shopper for trial in trials])
    hits, took, reached = judged(held, worlds, trials)
    interests = held.replay.state.interests
    return {
        "encoder": interests.name if interests else "",
        "visits": len(trials),
        **{part: _told(shopper, hits[part], reached[part]) for part in ("all", "new")},
        "decide_us": {arm: round(float(np.median(spent)) / 1000, 1) for arm, spent in took.items()},
        "seconds": round(time.perf_counter() - started, 1),
    }


def trained(held: pipeline.Bench) -> dict[bool, ranking.Model]:
    """The course's forest, without and with the match; on rows of equal weight up to the test weeks."""
    plan = replace(pipeline.course("purchase"), most=TRAINED)
    found = pipeline.gathered(held, plan, seed=7, progress=_say)
    nothing = found.offered.take(np.zeros(len(found.offered), dtype=np.bool_))
    rows = Slices(found.offered, nothing, found.elsewhere).all
    trees = next(one for one in plan.estimators if isinstance(one, ranking.Trees))
    names = [name for name in rows.names if name not in MATCH]
    return {
        matched: ranking.train(trees, rows.only((*chosen,)), seed=7, trust=rows.names)
        for matched, chosen in ((False, names), (True, [*names, *MATCH[:4]]))
    }


def served(held: pipeline.Bench, model: ranking.Model) -> World:
    """The world as the placement task serves a model."""
    return placement.policies(held.world, model)["hawker"]


def judged(
    held: pipeline.Bench, worlds: dict[str, World], trials: Sequence[Trial]
) -> tuple[dict[str, dict[str, NDArray[Any]]], dict[str, list[int]], dict[str, dict[str, int]]]:
    """Bought per slot by visit and arm, of all products and of those new to the household; time; reach."""
    hits = {part: {arm: np.zeros(len(trials)) for arm in worlds} for part in ("all", "new")}
    reached = {part: dict.fromkeys(worlds, 0) for part in ("all", "new")}
    took: dict[str, list[int]] = {arm: [] for arm in worlds}
    sold = dict(zip(held.world.index.ids, held.world.index.product_names, strict=True))
    slots = next(iter(next(iter(worlds.values())).placements.values())).slots
    for count, trial in enumerate(trials):
        state = held.replay.to(trial.time)
        names = state.codes["product"].names
        bought = _bought(held, trial)
        again = msgspec.structs.replace(trial.request, blocked_products=tuple(names[p] for p in bought))
        fresh = dataclasses.replace(trial, request=again, taken=np.setdiff1d(trial.taken, bought))
        for part, asked in (("all", trial), ("new", fresh)):
            taken = {names[product] for product in asked.taken.tolist()}
            for arm in _turned(worlds, count):
                before = time.thread_time_ns()
                decision = placement.decide(worlds[arm], asked)
                if part == "all":
                    took[arm].append(time.thread_time_ns() - before)
                hits[part][arm][count] = sum(slot.ad.product in taken for slot in decision.slots) / slots
                reached[part][arm] += sum(sold[ad] in taken for ad in decision.candidates.ads)
        if count % 25 == 0:
            _say("judging", count / len(trials))
    return hits, took, reached


def _bought(held: pipeline.Bench, trial: Trial) -> NDArray[np.int32]:
    """The products on offer or bought now that the household had bought before."""
    state = held.replay.state
    products = np.union1d(held.world.index.product, trial.taken).astype(np.int32)
    products = products[products >= 0]
    shopper = np.full(len(products), trial.shopper, dtype=np.int32)
    return products[state.read("shopper_product", shopper, products, now=trial.time)["count"] > 0]


def _turned(arms: Iterable[str], count: int) -> list[str]:
    """The arms, each first in its turn: who comes later finds memory warm."""
    listed = list(arms)
    return listed[count % len(listed) :] + listed[: count % len(listed)]


def _told(
    shopper: NDArray[np.int64], hits: dict[str, NDArray[Any]], reached: dict[str, int]
) -> dict[str, Any]:
    return {
        **{arm: placement.brief(bootstrap.mean(shopper, value, seed=1)) for arm, value in hits.items()},
        "gains": {
            arm: placement.brief(bootstrap.lift(shopper, value, b=hits["without"], seed=1))
            for arm, value in hits.items()
            if arm != "without"
        },
        "reached": reached,
    }


def _say(step: str, share: float) -> None:
    if step and sys.stderr.isatty():
        print(f"\r{step:<30} {share:4.0%}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run from the command line; exit 2 where the data or an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--encoder", default="e5", help="what makes the products' vectors (e5, minilm, tfidf)"
    )
    parser.add_argument("--visits", type=int, default=VISITS, help="judge by so many visits")
    parser.add_argument("--folder", type=Path, default=None, help="keep the shop here and use it again")
    parser.add_argument("--validate", action="store_true", help="judge on weeks before the test")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    how = {"encoder": given.encoder, "visits": given.visits, "validate": given.validate}
    with kept(given.folder) as folder:
        return ended(lambda: run(folder, **how), line=given.json)


if __name__ == "__main__":
    sys.exit(main())
