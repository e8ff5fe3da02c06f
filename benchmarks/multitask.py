"""ESMM against two models that know nothing of each other, where both stages are real.

    python -m benchmarks.multitask [--data DIR] [--folder DIR] [--visits N] [--json]

Hillstrom's mailing: who came, who bought (64,000 customers, five folds; every customer is judged by a model
that never saw them). Complete Journey: in a store visit the household buys something of a promoted product's
kind, and it buys that product; all that was bought and 50 others a visit, weighted; fitted on visits of
April to mid-October, stopped on the two weeks after, judged on visits of November and December. All networks
of a data set have the same settings (the grocer's chosen on the two weeks, the mailing's set beforehand);
log-odds are averaged over seeds.

Figures are AUC: `purchase` of P(purchase) and `conversion_all` of P(purchase | click) over all rows, as in
the paper, `conversion` of P(purchase | click) over rows with the first stage, `click` of the first. `gain` is
ESMM less the two, paired by shopper, given whether it is there or not.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._answer import ended, estimate, kept
from hawker import Shop, ranking
from hawker.features.examples import Examples, microseconds
from hawker.ingest.datasets import complete_journey
from hawker.learning import load, placement, stages, trials
from hawker.ranking.esmm import Several
from hawker.ranking.ranker import Floats, sigmoid
from hawker.storage import database

SETTINGS: dict[str, dict[str, Any]] = {
    "hillstrom": {"hidden": (32,), "embedding": 4, "batch": 512, "epochs": 8, "rate": 2e-3},
    "complete_journey": {"hidden": (64,), "embedding": 4, "batch": 1024, "epochs": 5, "seen": 30},
}
SHARED = {"dropout": 0.4, "l2": 1e-2}
SEEDS = range(2)
FOLDER = Path("../shared/data/hillstrom")
Said = dict[str, Floats]


def hillstrom(folder: Path) -> dict[str, Any]:
    """Five folds; within each a fifth of what is left stops the training."""
    rows, settings = stages.hillstrom(folder), SETTINGS["hillstrom"] | SHARED
    place = np.zeros(len(rows), np.int64)
    for part, (_, hold) in enumerate(ranking.folds(rows, 5, seed=0)):
        place[hold.group] = part
    ours: Said = {}
    theirs: Said = {}
    for part in range(5):
        rest, hold = rows.take(place != part), rows.take(place == part)
        fit, valid = next(iter(ranking.folds(rest, 5, seed=1)))
        for said, method in ((ours, entire), (theirs, apart)):
            for name, odds in method(fit, valid, hold, settings).items():
                said.setdefault(name, np.zeros(len(rows)))[place == part] = odds
        _say("hillstrom", (part + 1) / 5)
    return judged(rows, ours, theirs)


def journey(folder: Path, *, visits: int) -> dict[str, Any]:
    """One cut in time."""
    shop = Shop.create(folder, complete_journey.SETTINGS)
    if not database.exists(shop.control):
        complete_journey.build(shop, progress=_say)
    cuts = {name: microseconds(date) for name, date in complete_journey.SPLIT.items()}
    replay = load(shop)
    world = placement.world(shop, replay.state, start=cuts["start"], end=cuts["end"])
    drawn = trials(replay.events, world, start=cuts["start"], end=cuts["end"], most=visits, seed=0)
    rows = stages.visits(replay, world, drawn, others=50, seed=0, progress=_say)
    fit, valid, hold = (
        rows.take((rows.time >= a) & (rows.time < b))
        for a, b in ((0, cuts["calibrate"]), (cuts["calibrate"], cuts["test"]), (cuts["test"], cuts["end"]))
    )
    settings = SETTINGS["complete_journey"] | SHARED
    found = judged(hold, entire(fit, valid, hold, settings), apart(fit, valid, hold, settings))
    return found | {"visits": len(drawn), "fitted_rows": len(fit)}


def entire(fit: Examples, valid: Examples, hold: Examples, settings: dict[str, Any]) -> Said:
    """ESMM: one model, all rows."""
    said = []
    for seed in SEEDS:
        model = ranking.ESMM(**settings).fit(fit, valid=valid, seed=seed)
        assert isinstance(model, Several)
        said.append({name: model.odds(hold.x, name) for name in model.outcomes()})
    click, after, purchase = (np.mean([one[name] for one in said], axis=0) for name in said[0])
    return {"click": click, "conversion": after, "purchase": purchase}


def apart(fit: Examples, valid: Examples, hold: Examples, settings: dict[str, Any]) -> Said:
    """A model of the first stage on all rows, one of the second on rows that had the first."""
    net = ranking.Net(**settings)
    first: Callable[[Examples], Examples] = lambda one: replace(one, y=one.labels["click"])  # noqa: E731
    second: Callable[[Examples], Examples] = lambda one: one.take(one.labels["click"] > 0)  # noqa: E731
    click, after = (
        np.mean([net.fit(of(fit), valid=of(valid), seed=seed).score(hold.x) for seed in SEEDS], axis=0)
        for of in (first, second)
    )
    return {"click": click, "conversion": after, "purchase": _odds(sigmoid(click) * sigmoid(after))}


def judged(rows: Examples, ours: Said, theirs: Said) -> dict[str, Any]:
    """Each AUC of both, and the difference."""
    clicked = rows.labels["click"] > 0
    asked = {
        "click": ("click", replace(rows, y=rows.labels["click"]), np.ones(len(rows), bool)),
        "conversion": ("conversion", rows.take(clicked), clicked),
        "conversion_all": ("conversion", rows, np.ones(len(rows), bool)),
        "purchase": ("purchase", rows, np.ones(len(rows), bool)),
    }
    found: dict[str, Any] = {}
    for name, (said, slice_, where) in asked.items():
        pair = [sigmoid(one[said][where]) for one in (ours, theirs)]
        values = [ranking.metrics.judge(p, slice_).auc for p in pair]
        gain = ranking.compare(pair[0], pair[1], slice_).auc
        found[name] = {"esmm": estimate(values[0]), "apart": estimate(values[1]), "gain": estimate(gain)}
    counts = {"rows": len(rows), "clicks": int(clicked.sum()), "purchases": int(rows.y.sum())}
    return found | counts


def _odds(p: Floats) -> Floats:
    return np.asarray(np.log(p) - np.log1p(-p))


def _say(step: str, share: float) -> None:
    if step and sys.stderr.isatty():
        print(f"\r{step:<40} {share:4.0%}", end="", file=sys.stderr, flush=True)


def run(data: Path, folder: Path, *, visits: int) -> dict[str, Any]:
    """Both data sets."""
    started = time.process_time()
    found = {"hillstrom": hillstrom(data), "complete_journey": journey(folder, visits=visits)}
    return {**found, "cpu_seconds": round(time.process_time() - started, 1)}


def main() -> int:
    """Run from the command line; exit 2 where the data or an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=FOLDER, help="holds hillstrom.csv.gz")
    parser.add_argument("--folder", type=Path, default=None, help="keep the grocer's shop here")
    parser.add_argument("--visits", type=int, default=9_000, help="store visits drawn, of the whole year")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    with kept(given.folder) as folder:
        return ended(lambda: run(given.data, folder, visits=given.visits), line=given.json)


if __name__ == "__main__":
    sys.exit(main())
