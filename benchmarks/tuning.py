"""Fifty settings of the network, inside the training rows: how long does it take, and what is it worth?

    python -m benchmarks.tuning [--data DIR] [--trials N] [--json]

`hawker.ranking.tune` searches on the 7,200 training rows of criteo_8k by five folds, the study kept in SQLite
as `hawker train --tune` keeps it. Then the setting chosen and the setting as given are fitted on all 7,200
with seeds 0 to 4, the log-odds averaged, and both are scored once on the 800 rows held out; beside them
hashed logistic regression. Prints CPU seconds of the search, its gain on validation rows under a seed that
the search did not use, and the scores, each difference paired, by row, with its interval.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._answer import ended, estimate
from hawker import ranking
from hawker.features.examples import Examples
from hawker.learning.published import criteo
from hawker.ranking.history import page
from hawker.ranking.ranker import Estimator, Floats, sigmoid
from hawker.ranking.tune import tune

GIVEN = ranking.Net(epochs=12)
SEEDS = range(5)
FOLDER = Path("../shared/data/criteo_8k")


def run(folder: Path, *, trials: int, picture: Path | None) -> dict[str, Any]:
    """Search inside the training rows, then score the choice once on those held out."""
    slices = criteo(folder)
    with tempfile.TemporaryDirectory() as study:
        started = time.process_time()
        tuned = tune(GIVEN, slices.train, trials=trials, folds=5, seed=0, folder=Path(study), progress=_say)
        seconds = time.process_time() - started
    if picture:
        picture.write_text(page(tuned), "utf-8")
    held = _together(slices.valid, slices.test)
    rivals: dict[str, Estimator] = {
        "chosen": tuned.settled,
        "given": replace(GIVEN, epochs=max(1, round(tuned.attempts[0].passes or 1))),
        "logistic_regression": ranking.Linear(),
    }
    scores = {name: _scored(one, slices.train, held) for name, one in rivals.items()}
    judged = {name: ranking.metrics.judge(p, held) for name, p in scores.items()}
    against = {
        f"chosen_over_{name}": ranking.compare(scores["chosen"], scores[name], held)
        for name in ("given", "logistic_regression")
    }
    states = [one.state for one in tuned.attempts]
    return {
        "tuning": {
            "cpu_seconds": round(seconds, 1),
            "attempts": len(states),
            **{state: states.count(state) for state in ("done", "pruned", "failed")},
            "validation_log_loss": {"given": tuned.attempts[0].loss, "chosen": tuned.best.loss},
            "validation_gain": estimate(tuned.gain),
            "chosen": tuned.values(tuned.best),
        },
        "held_out": {
            name: {"auc": estimate(one.auc), "log_loss": estimate(one.log_loss), "ece": estimate(one.ece)}
            for name, one in judged.items()
        },
        **{
            name: {"auc": estimate(one.auc), "log_loss": estimate(one.log_loss)}
            for name, one in against.items()
        },
        "looks_at_the_held_out": 1,
    }


def _scored(estimator: Estimator, train: Examples, held: Examples) -> Floats:
    """The mean log-odds of five seeds, as probabilities."""
    scores = [ranking.train(estimator, train, seed=seed).score(held.x) for seed in SEEDS]
    return sigmoid(np.mean(scores, axis=0))


def _together(first: Examples, second: Examples) -> Examples:
    parts: dict[str, Any] = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("x", "y", "time", "group", "cluster", "weight")
    }
    return replace(first, **parts)


def _say(step: str, share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{step:<40} {share:4.0%}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run from the command line; exit 2 where the data or an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=FOLDER, help="holds criteo_{train,dev,test}.tsv.gz")
    parser.add_argument("--trials", type=int, default=50, help="settings to try")
    parser.add_argument("--picture", type=Path, default=None, help="write the search as a picture there")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    return ended(lambda: run(given.data, trials=given.trials, picture=given.picture), line=given.json)


if __name__ == "__main__":
    sys.exit(main())
