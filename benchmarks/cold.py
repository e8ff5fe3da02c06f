"""Does text help where there is no history: films with at most five training rows?

    python -m benchmarks.cold [--json]

MovieLens-100k in order of time (72 % train, 8 % validation, 20 % test). The same trees are fitted without and
with what the titles tell at each moment (`learning.resemblance`: TF-IDF vectors of title, genres and decade,
fitted on training films), on three tables: `own`, what is known of person and film and how both rated so
far; `history`, which knows the genres, decades and neighbouring films of the person as well; `plain`,
identities and facts alone, where text also brings in the history of the person, so that its gain there is
not that of text alone. Prints {TABLE: {cold: {auc, with_text, gain: {value, low, high}}, all: {…}, rows}};
intervals over people.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._answer import ended
from hawker import ranking
from hawker.features.examples import Examples
from hawker.learning import published
from hawker.learning.published import Slices
from hawker.learning.resemblance import NAMES
from hawker.ranking.metrics import judge

FEW = 5
TREES = ranking.Trees(rate=0.03, leaves=15, least=100, threads=1)
OWN = ("genre", "year", "age", "gender", "occupation")
OWN += ("expected", "user_excess", "user_late", "user_count", "item_excess", "item_count")
IDENTITIES = ("user", "item", "zip")


def run() -> dict[str, Any]:
    """Both models on all three tables, judged on cold rows and on all."""
    slices = published.movielens(table="text")
    item = slices.train.names.index("item")
    seen = np.bincount(slices.train.x[:, item].astype(np.int64), minlength=10_000)
    cold = seen[slices.test.x[:, item].astype(np.int64)] <= FEW
    known = tuple(name for name in slices.train.names if name not in (*IDENTITIES, *NAMES))
    tables = {"own": OWN, "history": known, "plain": slices.train.categorical}
    return {name: _table(slices, columns, cold) for name, columns in tables.items()}


def _table(slices: Slices, columns: tuple[str, ...], cold: NDArray[np.bool_]) -> dict[str, Any]:
    without, with_text = (_fitted(slices, names) for names in (columns, (*columns, *NAMES)))
    test = slices.test
    return {
        "cold": _gain(with_text[cold], without[cold], test.take(cold)),
        "all": _gain(with_text, without, test),
        "rows": int(cold.sum()),
    }


def _fitted(slices: Slices, names: tuple[str, ...]) -> NDArray[np.float64]:
    model = ranking.train(TREES, slices.train.only(names), valid=slices.valid.only(names), seed=0)
    return model.on(slices.test.only(names))


def _gain(text: NDArray[np.float64], without: NDArray[np.float64], rows: Examples) -> dict[str, Any]:
    paired = ranking.compare(text, without, rows, resamples=2000).auc
    aucs = (judge(p, rows, resamples=200).auc.value for p in (without, text))
    gain = {"value": paired.value, "low": paired.low, "high": paired.high}
    return {**dict(zip(("auc", "with_text"), aucs, strict=True)), "gain": gain}


def main() -> int:
    """Run from the command line; exit 2 where the data or an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    return ended(run, line=given.json)


if __name__ == "__main__":
    sys.exit(main())
