"""Tunes every contender of `benchmarks.ranking` with the same number of trials, and keeps what was chosen.

    python -m benchmarks.peers.tune [--trials 8] [--tables criteo_8k …] [--only lightgbm …]

The settings come from `spaces`, judged by log loss: on the validation slice of MovieLens, by 5 folds inside
the training rows of Criteo. Test rows are not touched. The choices go to benchmarks/peers/tuned.json, which
`benchmarks.ranking` reads; what was tried to build/peers/search.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.peers import spaces
from hawker import ranking
from hawker.errors import HawkerError
from hawker.features.examples import Examples
from hawker.learning import published
from hawker.learning.published import Slices
from hawker.ranking.metrics import log_loss
from hawker.storage import files

HERE = Path(__file__).parent
TUNED = HERE / "tuned.json"
CRITEO = Path(__file__).parents[2] / ".." / "shared" / "data" / "criteo_8k"
FOLDS = 5
TRIALS = 8
IDENTITIES = ("user", "item", "zip")
MOST = {"hawker_trees": {"trees": 500, "patience": 25, "threads": 1}, "hawker_net": {"epochs": 8}}
ESTIMATORS = {
    "hawker_linear": "Linear",
    "hawker_trees": "Trees",
    "hawker_net": "Net",
    "hawker_fm": "Factorised",
}
TABLES = ("criteo_8k", "movielens", "movielens_plain")


def table(name: str) -> Slices:
    """The rows of a table of the comparison."""
    if name == "criteo_8k":
        return published.criteo(CRITEO)
    return published.movielens(table="factors" if name == "movielens" else "plain")


def estimator(setting: dict[str, Any], *, rounds: int = 0) -> ranking.Estimator:
    """Ours, of a setting; `rounds` fixes the passes or trees."""
    kind = setting["model"]
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in setting.items()}
    given = MOST.get(kind, {}) | {name: v for name, v in given.items() if name not in ("model", "ids")}
    if rounds:
        given["trees" if kind == "hawker_trees" else "epochs"] = rounds
    made: ranking.Estimator = getattr(ranking, ESTIMATORS[kind])(**given)
    return made


def columns(rows: Examples, setting: dict[str, Any]) -> Examples:
    """The columns that a setting asks for: all, or all but the identities."""
    kept = tuple(name for name in rows.names if setting.get("ids", True) or name not in IDENTITIES)
    return rows.only(kept)


def ours(settings: list[dict[str, Any]], slices: Slices, folds: int) -> dict[str, list[Any]]:
    """As a peer's script answers: losses, rounds and CPU seconds of each setting."""
    found: dict[str, list[Any]] = {"losses": [], "rounds": [], "seconds": []}
    for setting in settings:
        begun = time.process_time()
        losses, rounds = [], []
        for learn, held in cuts(columns(slices.train, setting), columns(slices.valid, setting), folds):
            model = ranking.train(estimator(setting), learn, valid=held, seed=0)
            losses.append(log_loss(model.on(held), held))
            course = model.recipe["course"]
            rounds.append(course.get("trees") or course["best"])
        found["losses"].append(float(np.mean(losses)))
        found["rounds"].append(max(1, round(float(np.mean(rounds)))))
        found["seconds"].append(round(time.process_time() - begun, 2))
        print(
            f"{found['losses'][-1]:.5f} {found['rounds'][-1]} rounds {setting}", file=sys.stderr, flush=True
        )
    return found


def cuts(train: Examples, valid: Examples, folds: int) -> Iterator[tuple[Examples, Examples]]:
    """(learn, held out) pairs: the slices as they are, or the training rows by folds, as the peers' are."""
    if not folds:
        yield train, valid
        return
    fold = np.random.default_rng(0).permutation(len(train)) % folds
    for k in range(folds):
        yield train.take(fold != k), train.take(fold == k)


def search(name: str, contender: str, *, count: int, slices: Slices, rows: Path) -> dict[str, Any]:
    """Try `count` settings of a contender on a table; the best, and all that were tried."""
    folds = FOLDS if name == "criteo_8k" else 0
    settings = spaces.trials(contender, count, plain=name != "movielens")
    if contender in spaces.SCRIPTS:
        environment, script = spaces.SCRIPTS[contender]
        asked = {"search": settings, "folds": folds, "seeds": [0], "identities": IDENTITIES}
        found = peers.run(peers.environment(environment), HERE / script, rows, asked)
    else:
        found = ours(settings, slices, folds)
    best = int(np.argmin(found["losses"]))
    chosen = {"setting": settings[best], "loss": round(found["losses"][best], 5), "trials": count}
    chosen |= {"rounds": found["rounds"][best], "cpu_seconds": round(sum(found["seconds"]), 1)}
    return {"chosen": chosen, "tried": {"settings": settings, **found}}


def main() -> int:
    """Run from the command line; exit 2 where data or an environment cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    parser.add_argument("--only", nargs="+", default=list(spaces.SPACES), choices=list(spaces.SPACES))
    given = parser.parse_args()
    try:
        for name in given.tables:
            slices = table(name)
            with tempfile.TemporaryDirectory() as folder:
                rows = peers.hand_over(Path(folder) / "rows.npz", **vars(slices))
                for contender in given.only:
                    print(f"{name} {contender}", file=sys.stderr, flush=True)
                    _keep(
                        name, contender, search(name, contender, count=given.trials, slices=slices, rows=rows)
                    )
    except HawkerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _keep(name: str, contender: str, found: dict[str, Any]) -> None:
    for path, what in ((TUNED, "chosen"), (peers.FOLDER / "search.json", "tried")):
        held = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        held.setdefault(name, {})[contender] = found[what]
        files.write(path, json.dumps(held, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
