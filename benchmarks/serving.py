"""How long a model takes over one request of 200 candidates, one thread; is it the model that was trained?

    python -m benchmarks.serving --json

Every kind is trained on the same synthetic rows of 60 features: 30 that all candidates of a request share
(shopper, place, moment), 30 of their own, six of those codes, one value in ten unknown. A request is a
`Sheet`, which says once what is shared, as `delivery` makes it. `us` and `p99_us` are thread time of
`serve` over as many different requests as `--requests` says, after a warm-up of a tenth;
`error` is the largest difference in log-odds between serving and `score` on the rows in full. The cascade
keeps 50; `lightgbm` is LightGBM's own evaluation of the same trees, for comparison. Exit 2 where an extra is
missing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from hawker import ranking
from hawker.errors import HawkerError, extra
from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking import Cascade, Model
from hawker.ranking.exported import exported

CANDIDATES, SHARED, OWN, CODES, ROWS = 200, 30, 30, 6, 12_000
NAMES = (*(f"shared_{n}" for n in range(SHARED)), *(f"own_{n}" for n in range(OWN)))
CODED = NAMES[-CODES:]


def drawn(rows: int, rng: np.random.Generator, *, requests: bool = False) -> np.ndarray:
    """Feature rows; where they are of one request, the shared columns hold one value each."""
    x = np.exp(rng.normal(0.0, 1.5, (rows, len(NAMES)))).astype(np.float32)
    x[:, -CODES:] = rng.integers(0, 40, (rows, CODES))
    x[rng.random(x.shape) < 0.1] = np.nan
    if requests:
        x[:, :SHARED] = x[:1, :SHARED]
    return x


def examples(seed: int) -> Examples:
    """Rows whose label follows three own columns, a code, and a shared one."""
    rng = np.random.default_rng(seed)
    x = drawn(ROWS, rng)
    logs = np.nan_to_num(np.log(x + 1))
    lean = logs[:, SHARED] + logs[:, SHARED + 1] * logs[:, 0] - logs[:, SHARED + 2] + (x[:, -1] < 10)
    y = (rng.random(ROWS) < 1 / (1 + np.exp(3 - lean))).astype(np.float32)
    row = np.arange(ROWS, dtype=np.int64)
    return Examples(NAMES, x, y, row, row // 20, row // 20, np.ones(ROWS), categorical=CODED)


def sheet(rng: np.random.Generator) -> Sheet:
    """One request."""
    x = drawn(CANDIDATES, rng, requests=True)
    common = np.full(len(NAMES), np.nan, dtype=np.float32)
    common[:SHARED] = x[0, :SHARED]
    columns = np.arange(SHARED, len(NAMES))
    return Sheet(NAMES, common, columns, np.ascontiguousarray(x[:, SHARED:].T))


def models(rows: Examples) -> dict[str, Model]:
    """Every kind that serves, trained; the numbers of trees and cells are those of the marks."""
    train = ranking.train
    trees = train(ranking.Trees(trees=300, leaves=31, rate=0.05, least=20, threads=1), rows, seed=1)
    net = train(ranking.Net(hidden=(64,), embedding=8, epochs=1, threads=1), rows, seed=1)
    return {
        "linear": train(ranking.Linear(epochs=1), rows, seed=1),
        "fm": train(ranking.Factorised(epochs=1), rows, seed=1),
        "fwfm": train(ranking.Factorised(fields="weighted", epochs=1), rows, seed=1),
        "net": net,
        "net_onnx": exported(net),
        "trees": trees,
        "cascade": Cascade(ranking.distil(trees, rows, seed=1), trees, keep=50),
    }


def timed(serve: Callable[[Sheet], Any], requests: list[Sheet]) -> dict[str, float]:
    """Median and 99th percentile of the thread time of a request, in microseconds."""
    for one in requests[: max(len(requests) // 10, 3)]:
        serve(one)
    taken = np.empty(len(requests))
    for place, one in enumerate(requests):
        started = time.thread_time_ns()
        serve(one)
        taken[place] = time.thread_time_ns() - started
    return {
        "us": round(float(np.median(taken)) / 1000, 1),
        "p99_us": round(float(np.percentile(taken, 99)) / 1000, 1),
    }


def error(model: Model, trained: Model, requests: list[Sheet]) -> float:
    """The largest difference in log-odds between what is served and what was trained.

    Of a cascade, of those it keeps: the others are told apart by the light model by design.
    """
    worst = 0.0
    for one in requests:
        served, whole = model.served(one), trained.score(one.matrix(model.names))
        if isinstance(model, Cascade):
            kept = np.argsort(-served, kind="stable")[: model.keep]
            served, whole = served[kept], whole[kept]
        worst = max(worst, float(np.abs(served - whole).max()))
    return worst


def main() -> int:
    """Run from the command line; exit 2 where an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=400, help="over how many different requests")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    rng = np.random.default_rng(7)
    requests = [sheet(rng) for _ in range(given.requests)]
    try:
        made = models(examples(7))
        found: dict[str, dict[str, float]] = {}
        for name, model in made.items():
            print(f"{name} …", file=sys.stderr)
            trained = made[name.removesuffix("_onnx")]
            found[name] = timed(model.serve, requests) | {"error": error(model, trained, requests[:40])}
        booster = extra("lightgbm", "train").Booster(model_str=made["trees"].text)  # type: ignore[attr-defined]
    except HawkerError as problem:
        print(problem, file=sys.stderr)
        return 2
    found["lightgbm"] = timed(
        lambda one: booster.predict(one.matrix(), raw_score=True, num_threads=1), requests[:100]
    )
    answer = {"candidates": CANDIDATES, "features": len(NAMES), "serving": found}
    print(json.dumps(answer) if given.json else json.dumps(answer, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
