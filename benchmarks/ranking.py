"""Do our models predict better than those that people use today, on the same rows?

    python -m benchmarks.ranking [--peers] [--tables criteo_8k movielens movielens_plain] [--json]

Prints {TABLE: {MODEL: {auc, log_loss, ece, low, high, cpu_seconds, over_hawker}}}, `low` and `high` being
the 95 % interval of the AUC over people.

`movielens`: MovieLens-100k, liked or not, in order of time: 72 % train, 8 % validation, the last 20 % test;
every library gets the same 37 columns (docs/decisions/0030), of which 29 say what earlier ratings told at
that moment, the last by factors of films and people (`ranking.Factorisation.as_of`). `movielens_plain`: the
same rows with the eight columns that know no history. `criteo_8k`: 8,000 display ads; settings by 5 folds
inside the first 7,200, test on the other 800; probabilities are the mean of seeds 0 to 4 (MovieLens: seed 0).

`hawker` is `ranking.best(examples)`, on MovieLens calibrated on the validation slice and, where there is
history, without the three identities (leaving them out is among what is searched for the others, too).
`hashed_lr` is logistic regression on hashed columns by scikit-learn, its penalty chosen as other settings
were; `hashed_lr_plain` the same without the history, on the rows of `movielens`.

Settings of the others are those that `python -m benchmarks.peers.tune` chose and wrote to
benchmarks/peers/tuned.json, each of so many trials as stands there; on `movielens_plain` all keep those of
`movielens`. `hawker_over_it` is our AUC (log loss) less the model's, paired by person. Exit 2 where data, an
extra or an environment is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from benchmarks._answer import ended, kept
from benchmarks.peers import spaces, tune
from hawker import ranking
from hawker.errors import extra
from hawker.features.examples import Examples
from hawker.features.table import stacked
from hawker.learning.published import Slices
from hawker.ranking.metrics import judge, log_loss

Floats = NDArray[np.float64]
SEEDS = {"criteo_8k": range(5), "movielens": range(1), "movielens_plain": range(1)}
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0)
RESAMPLES = 2000


def run(name: str, *, others: Sequence[str], folder: Path) -> dict[str, Any]:
    """All models on one table."""
    slices = tune.table(name)
    whole = name == "criteo_8k"  # no use for a validation slice there: both others are judged by
    judged = stacked([slices.valid, slices.test]) if whole else slices.test
    made: dict[str, tuple[Floats, float]] = {}
    for model, fit in {"hawker": hawker, "hashed_lr": hashed_lr}.items():
        begun = time.process_time()
        each = [fit(slices, judged, seed=seed, folds=tune.FOLDS if whole else 0) for seed in SEEDS[name]]
        made[model] = np.mean(each, axis=0), time.process_time() - begun
        _say(f"{name} {model}")
    if name == "movielens":
        begun, bare = time.process_time(), tune.table("movielens_plain")
        p = hashed_lr(bare, bare.test, seed=0, folds=0)
        made["hashed_lr_plain"] = p, time.process_time() - begun
    rows = peers.hand_over(folder / f"{name}.npz", **vars(slices))
    for model in others:
        made[model] = peer(name, model, rows, folder=folder, whole=whole)
        _say(f"{name} {model}")
    ours = made["hawker"][0]
    return {model: figures(p, seconds, ours, judged) for model, (p, seconds) in made.items()}


def figures(p: Floats, seconds: float, ours: Floats, judged: Examples) -> dict[str, Any]:
    """What is printed of a model's probabilities."""
    found = judge(p, judged, resamples=RESAMPLES)
    told = {
        "auc": found.auc.value,
        "log_loss": found.log_loss.value,
        "ece": found.ece.value,
        "low": found.auc.low,
        "high": found.auc.high,
        "cpu_seconds": round(seconds, 1),
    }
    if p is not ours:
        paired = ranking.compare(ours, p, judged, resamples=RESAMPLES)
        told["hawker_over_it"] = {
            "auc": {"value": paired.auc.value, "low": paired.auc.low, "high": paired.auc.high},
            "log_loss": {
                "value": paired.log_loss.value,
                "low": paired.log_loss.low,
                "high": paired.log_loss.high,
            },
        }
    return told


def hawker(slices: Slices, judged: Examples, *, seed: int, folds: int) -> Floats:
    """`ranking.best` as a user would train it; calibrated where there is a validation slice."""
    if folds:
        return ranking.train(ranking.best(slices.train), slices.train, seed=seed).on(judged)
    known = {"ids": not any(name.endswith("_excess") for name in slices.train.names)}
    train, valid = (tune.columns(part, known) for part in (slices.train, slices.valid))
    model = ranking.train(ranking.best(train), train, valid=valid, seed=seed)
    return ranking.calibrate(model, valid, method="platt").on(judged)


def hashed_lr(slices: Slices, judged: Examples, *, seed: int, folds: int) -> Floats:
    """The named baseline: one-hot columns hashed to 2¹⁸, quantities by logarithmic bin, an L2 penalty."""
    cuts = [(_hashed(a), a, _hashed(b), b) for a, b in tune.cuts(slices.train, slices.valid, folds)]

    def lost(penalty: float) -> float:
        return float(np.mean([log_loss(_lr(x, a, held, penalty, seed), b) for x, a, held, b in cuts]))

    return _lr(_hashed(slices.train), slices.train, _hashed(judged), min(PENALTIES, key=lost), seed)


def peer(name: str, model: str, rows: Path, *, folder: Path, whole: bool) -> tuple[Floats, float]:
    """A peer's probabilities with the setting chosen for it, and its CPU seconds."""
    held = json.loads(tune.TUNED.read_text("utf-8"))
    chosen = held["criteo_8k" if whole else "movielens"][model]
    setting = chosen["setting"] if name != "movielens_plain" else {**chosen["setting"], "ids": True}
    environment, script = spaces.SCRIPTS[model]
    out = folder / "out.npz"
    asked = {
        "setting": setting,
        "rounds": chosen["rounds"] if whole else 0,
        "seeds": list(SEEDS[name]),
        "identities": tune.IDENTITIES,
        "out": str(out),
    }
    told = peers.run(peers.environment(environment), tune.HERE / script, rows, asked)
    with np.load(out) as found:
        parts = [found["valid"], found["test"]] if whole else [found["test"]]
        return np.concatenate(parts, axis=1).mean(axis=0), told["cpu_seconds"]


def _lr(x: Any, train: Examples, judged: Any, penalty: float, seed: int) -> Floats:
    kind = extra("sklearn.linear_model", "train").LogisticRegression
    learner = kind(C=penalty, solver="liblinear", random_state=seed).fit(x, train.y)
    return np.clip(learner.predict_proba(judged)[:, 1], 1e-9, 1 - 1e-9)


def _hashed(rows: Examples) -> Any:
    hasher = extra("sklearn.feature_extraction", "train").FeatureHasher(2**18, input_type="string")
    return hasher.transform(_words(rows))


def _words(rows: Examples) -> list[list[str]]:
    """Each row as words: a code's name and number, a quantity's name and bin."""
    coded = np.array([name in rows.categorical for name in rows.names])
    logs = np.floor(np.sign(rows.x) * np.log1p(np.abs(rows.x)) * 2)
    values = np.where(coded, rows.x, logs)
    return [[f"{n}={v:g}" for n, v in zip(rows.names, row, strict=True)] for row in values]


def _say(done: str) -> None:
    print(done, file=sys.stderr, flush=True)


def main() -> int:
    """Run from the command line; exit 2 where something is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", action="store_true", help="run the other libraries as well")
    parser.add_argument("--only", nargs="+", default=list(spaces.SCRIPTS), choices=list(spaces.SCRIPTS))
    parser.add_argument("--tables", nargs="+", default=tune.TABLES, choices=tune.TABLES)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    others = given.only if given.peers else []
    with kept(None) as folder:
        return ended(
            lambda: {name: run(name, others=others, folder=folder) for name in given.tables}, line=given.json
        )


if __name__ == "__main__":
    sys.exit(main())
