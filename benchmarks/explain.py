"""Are explanations exact, fast and about what matters? Every kind of model, over requests of 200 candidates.

    python -m benchmarks.explain [--requests N] [--json]

Rows are invented, under the engine's own feature names, with some unknown: whether one buys follows from
seven features of five reasons and an interaction; 300 trees of 31 leaves, one thread. Prints {kind:
{method, additivity, p50_ms, p95_ms, top_over_random: {value, low, high}}}: `additivity` is the largest gap
between a score and its baseline plus its parts (not asked of nets); times are CPU time of one explanation;
`top_over_random` is how much further a score moves when the features of the reason named first take another
ad's usual values than when those of a random reason do, its interval from resampled requests.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks._answer import ended
from hawker import ranking
from hawker.explain import contributions
from hawker.explain.parts import typical
from hawker.explain.score import reason
from hawker.features.assemble import Moment, assemble
from hawker.features.examples import Examples
from hawker.features.state import State
from hawker.ranking import Model
from hawker.ranking.exported import exported
from hawker.statistics import bootstrap

CANDIDATES = 200
ROWS = 40_000
BURNS = 5
_TRUTH = {
    "own_count": 0.9,
    "own_due": 0.5,
    "category_per_visit": 0.5,
    "brand_count": 0.3,
    "product_units_28": 0.4,
    "product_trend": 0.2,
    "price_to_habit": -0.4,
}


def world(rows: int, *, seed: int) -> Examples:
    """Rows under the engine's names: skewed quantities, a fifth unknown, and a label with a known cause."""
    names, _ = assemble(State(), Moment(now=1_700_000_000_000_000), np.array([-1], dtype=np.int32))
    rng = np.random.default_rng(seed)
    x = rng.lognormal(size=(rows, len(names))).astype(np.float32)
    x[rng.random(x.shape) < 0.2] = np.nan
    known = np.nan_to_num(x)
    odds = sum(weight * np.log1p(known[:, names.index(name)]) for name, weight in _TRUTH.items()) - 3.0
    odds = odds + 0.8 * (known[:, names.index("own_count")] > 1) * (known[:, names.index("own_due")] > 1)
    y = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.float32)
    group = np.arange(rows) // CANDIDATES
    return Examples(names, x, y, group, group, group, np.ones(rows))


def models(fit: Examples, later: Examples) -> dict[str, Model]:
    """One of each kind; those of torch where it is installed, and as a graph as it is served."""
    trees = ranking.train(ranking.Trees(trees=300, leaves=31, threads=1), fit, seed=1)
    linear = ranking.train(ranking.Linear(epochs=1), fit, seed=1)
    made = {
        "linear": linear,
        "trees": trees,
        "fm": ranking.train(ranking.Factorised(epochs=1), fit, seed=1),
        "blend": ranking.blend([linear, trees], later),
        "calibrated": ranking.calibrate(trees, later),
    }
    if find_spec("torch") is not None:
        made["net"] = ranking.train(ranking.Net(hidden=(64,), epochs=1), fit, seed=1)
        made["graph"] = exported(made["net"])
        made["served"] = ranking.calibrate(ranking.blend([made["graph"], trees], later), later)
    return made


def measured(model: Model, requests: Examples) -> dict[str, Any]:
    """Explain the best candidate of each request, and take away what the explanation names first."""
    rng = np.random.default_rng(0)
    names = np.array([reason(name) for name in model.names])
    gaps, seconds, moved, other, method = [], [], [], [], ""
    for number in range(-BURNS, int(requests.group.max()) + 1):
        x = requests.x[requests.group == max(number, 0)]
        row = int(np.argmax(model.score(x)))
        started = time.process_time_ns()
        why = contributions(model, x, row=row)
        if number < 0:  # compiled, loaded
            continue
        seconds.append((time.process_time_ns() - started) / 1e6)
        method = why.method
        gaps.append(abs(why.score - why.baseline - sum(part.weight for part in why.parts)))
        usual = typical(np.delete(x, row, axis=0))
        random = str(rng.choice(sorted(set(names))))
        changed = np.repeat(x[[row]], 2, axis=0)
        for place, group in enumerate((why.parts[0].reason, random)):
            changed[place, names == group] = usual[names == group]
        moves = np.abs(model.score(changed) - why.score)
        moved.append(float(moves[0]))
        other.append(float(moves[1]))
    ratio = bootstrap.ratio(np.arange(len(moved)), moved, denominator=other, seed=1)
    return {
        "method": method,
        "additivity": max(gaps),
        "p50_ms": round(float(np.median(seconds)), 3),
        "p95_ms": round(float(np.quantile(seconds, 0.95)), 3),
        "top_over_random": {"value": ratio.value, "low": ratio.low, "high": ratio.high},
    }


def run(requests: int) -> dict[str, Any]:
    """Every kind of model over the same requests."""
    fit, later = world(ROWS, seed=1), world(ROWS // 4, seed=2)
    asked = world(requests * CANDIDATES, seed=3)
    return {kind: measured(model, asked) for kind, model in models(fit, later).items()}


def main() -> int:
    """Run from the command line; exit 2 where an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=200, help="how many are explained by each model")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    return ended(lambda: run(given.requests), line=given.json)


if __name__ == "__main__":
    sys.exit(main())
