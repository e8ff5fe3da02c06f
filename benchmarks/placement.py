"""The placement task over every held-out visit: is Hawker's choice bought more often than the rules'?

    python -m benchmarks.placement [--visits N] [--folder DIR] [--paced] [--json]

Builds the Complete Journey shop, trains as `hawker train` does, and replays all visits of weeks 45 to 52
through `decide()` on the world file of the package: 23,802 of 23,861, because 59 hold only lines of quantity
zero, which ingest sets aside (docs/decisions/0006). The vectors are TF-IDF's, on which the settings were
chosen; the demo asks E5, and learns from 20,000 of the 36,000 visits to need less memory. A second pass over
the same visits times each decision of that model alone. Prints {"placement": {…, "decide_p50_us": …}, …}.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._answer import ended, kept
from hawker import Shop
from hawker.delivery.build import RANKER
from hawker.errors import NotFound
from hawker.features.examples import microseconds
from hawker.ingest.datasets import complete_journey
from hawker.language import annotate
from hawker.language.encoder import FLOOR
from hawker.learning import pipeline
from hawker.storage import database
from hawker.storage.models import ModelStore


def run(folder: Path, *, visits: int | None) -> dict[str, Any]:
    """Build, train, and judge; the folder keeps the shop."""
    started = time.perf_counter()
    shop = Shop.create(folder, complete_journey.SETTINGS)
    if not database.exists(shop.control):
        complete_journey.build(shop, progress=_say)
        annotate.products(shop, FLOOR, progress=_say)
    split = weeks()
    held = pipeline.bench(shop, split=split, progress=_say)
    trained = pipeline.train(shop, on=held, how=pipeline.course("purchase"), progress=_say)
    tested = pipeline.evaluate(shop, version=trained.version, on=held, most=visits, progress=_say)
    taken = np.median(pipeline.paced(shop, version=trained.version, split=split, most=visits, progress=_say))
    return {
        "placement": tested.outcome.as_json() | {"decide_p50_us": round(float(taken) / 1000, 1)},
        "model": trained.name,
        "group_auc": trained.evaluation.group_auc.value,
        "rivals": {name: rival.group_auc.value for name, rival in trained.rivals.items()},
        "train_seconds": round(trained.seconds, 1),
        "seconds": round(time.perf_counter() - started, 1),
    }


def paced(folder: Path, *, visits: int | None) -> dict[str, Any]:
    """Time each decision of the newest model in a shop that is there, the demo's for instance."""
    shop = Shop(folder)
    versions = ModelStore(shop.models).versions(RANKER)
    if not versions:
        raise NotFound(f"'{folder}' holds no model.", remedy="Train one, or leave out --paced.")
    taken = pipeline.paced(shop, version=versions[-1], split=weeks(), most=visits, progress=_say)
    p50, p95, p99 = (round(float(value), 1) for value in np.percentile(taken / 1000, (50, 95, 99)))
    return {"version": versions[-1], "visits": len(taken), "decide_us": {"p50": p50, "p95": p95, "p99": p99}}


def weeks() -> pipeline.Split:
    """The weeks that are learned from, calibrated on and tested."""
    return pipeline.Split(**{name: microseconds(date) for name, date in complete_journey.SPLIT.items()})


def _say(step: str, share: float) -> None:
    if step and sys.stderr.isatty():
        print(f"\r{step:<30} {share:4.0%}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run from the command line; exit 2 where the data or an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--visits", type=int, default=None, help="judge by so many visits only")
    parser.add_argument("--folder", type=Path, default=None, help="keep the shop here and use it again")
    parser.add_argument(
        "--paced", action="store_true", help="only time the newest model of the shop in --folder"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    judged = paced if given.paced else run
    with kept(given.folder) as folder:
        return ended(lambda: judged(folder, visits=given.visits), line=given.json)


if __name__ == "__main__":
    sys.exit(main())
