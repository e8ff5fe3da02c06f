"""One pass over a log of a million displays: how fast the linear model learns, and what it gives away.

    python -m benchmarks.online --json [--peers]

The log is invented (`hawker.simulate.displays`: 13 counts, 26 codes of 10 to 100,000 values, hidden effects
of each and of pairs): 1,000,000 rows to learn from in their order, once; 100,000 to choose settings by;
200,000 to judge on. `rows_per_s` is rows per CPU second of one core, rows in memory as `Examples`;
`reading_rows_per_s` has their reading from a Parquet file within. `batch` is the same regression on the
very same slots brought to its end by L-BFGS (scikit-learn), its penalty chosen on the 100,000.
`auc_behind_batch` is the paired difference. `pairs` is one pass with the four true pairs of columns crossed.

With `--peers`, Vowpal Wabbit learns the same rows in the same order, each count as the bin that we make of
it, once parsing its text (`reading_rows_per_s`) and once from its own binary cache (`rows_per_s`); its
adaptive default and FTRL, two rates each, chosen on the 100,000.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from hawker import ranking
from hawker.errors import HawkerError, MissingExtra, extra
from hawker.features.examples import Examples
from hawker.ranking.linear import LinearModel
from hawker.ranking.metrics import compare, judge, log_loss
from hawker.ranking.slots import Slots
from hawker.simulate import displays
from hawker.statistics import Estimate

ROWS, CHOOSING, JUDGING = 1_000_000, 100_000, 200_000
OURS = ranking.Linear(bits=22, rate=0.1, epochs=1)
PENALTIES = (0.1, 0.03)
WAYS = {
    **{f"adaptive {rate}": f"-l {rate}" for rate in (0.2, 0.5)},
    **{f"ftrl {rate}": f"--ftrl --ftrl_alpha {rate} --ftrl_beta 1 --l1 0" for rate in (0.05, 0.1)},
}
Floats = NDArray[np.float64]


def timed(rows: int, work: Callable[[], Any], *, times: int = 2) -> tuple[float, Any]:
    """Rows per CPU second of the fastest of several runs, which all give the same; and what they give."""
    taken = []
    for _ in range(times):
        begun = time.process_time()
        made = work()
        taken.append(time.process_time() - begun)
    return rows / min(taken), made


def ours(train: Examples, file: Path) -> tuple[dict[str, float], LinearModel]:
    """Our speed, with and without reading, and the model after one pass."""
    OURS.fresh(train).learn(train.take(np.arange(100)))  # compiled beforehand
    speed, model = timed(len(train), lambda: OURS.fresh(train).learn(train))
    reading, _ = timed(len(train), lambda: _read(file))
    return {"rows_per_s": round(speed), "reading_rows_per_s": round(reading)}, model


def _read(file: Path) -> LinearModel:
    rows = Examples.from_parquet(file)
    return OURS.fresh(rows).learn(rows)


def batch(train: Examples, valid: Examples, test: Examples) -> tuple[Floats, dict[str, float]]:
    """The named baseline: L-BFGS to the end on the same slots; probabilities of `test`."""
    regression = extra("sklearn.linear_model", "train").LogisticRegression
    sparse = extra("scipy.sparse", "train").csr_array
    slots = Slots.of(train, bits=OURS.bits, steps=OURS.steps)
    used = np.unique(slots.entries(train.x)[0])

    def matrix(rows: Examples) -> Any:
        found, factors = slots.entries(rows.x)
        place = np.searchsorted(used, found).clip(max=len(used) - 1)
        known = np.where(used[place] == found, factors, 0.0).astype(np.float32)
        ends = np.arange(0, found.size + 1, found.shape[1], dtype=np.int32)
        return sparse((known.ravel(), place.ravel().astype(np.int32), ends), shape=(len(rows), len(used)))

    told, best, chosen = np.zeros(0), np.inf, {}
    known = matrix(train)
    for penalty in PENALTIES:
        begun = time.process_time()
        fitted = regression(C=penalty, max_iter=50)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the 50th step is end enough: the loss moves no more
            fitted.fit(known, train.y)
        taken = time.process_time() - begun
        loss = log_loss(fitted.predict_proba(matrix(valid))[:, 1].astype(np.float64), valid)
        print(f"L-BFGS, C = {penalty}: {loss:.5f} in {taken:.0f} s", file=sys.stderr)
        if loss < best:
            told, best = fitted.predict_proba(matrix(test))[:, 1].astype(np.float64), loss
            chosen = {"penalty": penalty, "rows_per_s": round(len(train) / taken)}
    return told, chosen


def as_text(file: Path, text: Path) -> None:
    """The rows of a Parquet file as Vowpal Wabbit reads them, each count as our bin."""
    known = 'if("{0}" = 0, \'z\', floor(log2("{0}") * 3)::INT::VARCHAR)'
    counts = (
        f"coalesce(' {c}n' || {known.format(name)}, ' {c}u')"
        for c, name in enumerate(displays.COLUMNS[: displays.COUNTS])
    )
    codes = (f"' {c}c' || \"{name}\"::INT" for c, name in enumerate(displays.COLUMNS[displays.COUNTS :]))
    line = " || ".join(["CASE WHEN y > 0 THEN '1 |' ELSE '-1 |' END", *counts, *codes])
    duckdb.sql(
        f"COPY (SELECT {line} FROM '{file}' ORDER BY time) TO '{text}' "
        "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\t')"
    )


def vowpal(files: dict[str, Path], folder: Path, *, rows: int) -> tuple[Floats, dict[str, Any]]:
    """Vowpal Wabbit's speed both ways, and its probabilities of the test rows."""
    texts = {name: folder / f"{name}.txt" for name in files}
    for name, file in files.items():
        as_text(file, texts[name])
    python = peers.environment("vowpal", ("vowpalwabbit==9.11.9", "numpy"))
    settings: dict[str, Any] = {
        "rows": rows,
        "bits": OURS.bits,
        "ways": WAYS,
        "out": str(folder / "told.npy"),
    }
    settings |= {name: str(text) for name, text in texts.items()}
    told = peers.run(python, Path(peers.__file__).parent / "vowpal.py", files["train"], settings)
    chosen = told["ways"][told["chosen"]]
    return np.load(folder / "told.npy"), {
        "rows_per_s": round(chosen["cached"]),
        "reading_rows_per_s": round(chosen["read"]),
        "fastest_rows_per_s": round(max(way["cached"] for way in told["ways"].values())),
        "setting": told["chosen"],
        "version": told["version"],
    }


def figures(p: Floats, test: Examples) -> dict[str, float]:
    judged = judge(p.clip(1e-9, 1 - 1e-9), test, resamples=300)
    return {"auc": _value(judged.auc), "log_loss": _value(judged.log_loss)}


def against(a: Floats, b: Floats, test: Examples) -> list[float]:
    """The paired difference of AUC: value, low, high."""
    apart = compare(a, b, test, resamples=300).auc
    return [_value(apart), round(apart.low or 0.0, 5), round(apart.high or 0.0, 5)]


def _value(estimate: Estimate) -> float:
    return round(estimate.value or 0.0, 5)


def measure(*, rows: int, with_peers: bool) -> dict[str, Any]:
    """All figures, with so many rows to learn from."""
    log = displays.log(rows + CHOOSING + JUDGING)
    place = np.arange(len(log))
    train, valid = log.take(place < rows), log.take((place >= rows) & (place < rows + CHOOSING))
    test = log.take(place >= rows + CHOOSING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {part: folder / f"{part}.parquet" for part in ("train", "valid", "test")}
        for part, examples in zip(files, (train, valid, test), strict=True):
            examples.to_parquet(files[part])
        speeds, model = ours(train, files["train"])
        p = model.on(test)
        found: dict[str, Any] = {"hawker": {**speeds, **figures(p, test)}}
        pairs = tuple((f"code {a}", f"code {b}") for a, b in displays.PAIRS)
        speed, crossed = timed(rows, lambda: replace(OURS, pairs=pairs).fresh(train).learn(train), times=1)
        found["pairs"] = {"rows_per_s": round(speed), **figures(crossed.on(test), test)}
        print(json.dumps(found), file=sys.stderr)
        if with_peers:
            theirs, told = vowpal(files, folder, rows=rows)
            found["vowpal_wabbit"] = {**told, **figures(theirs, test)}
            found["hawker"]["auc_over_vowpal_wabbit"] = against(p, theirs, test)
            found["hawker"]["times_vowpal_wabbit"] = round(speeds["rows_per_s"] / told["rows_per_s"], 2)
    ended, chosen = batch(train, valid, test)
    found["batch"] = {**chosen, **figures(ended, test)}
    value, low, high = against(ended, p, test)
    found["hawker"]["auc_behind_batch"] = {"value": value, "low": low, "high": high}
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: the answer is JSON")
    parser.add_argument("--peers", action="store_true", help="also Vowpal Wabbit, in its own environment")
    parser.add_argument("--rows", type=int, default=ROWS, help="fewer for a quick look")
    given = parser.parse_args(arguments)
    try:
        found = measure(rows=given.rows, with_peers=given.peers)
    except MissingExtra as error:
        print(error, file=sys.stderr)
        return 2
    except HawkerError as error:
        print(error, file=sys.stderr)
        return 1
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(json.dumps({"rows": given.rows, **found, "machine": machine}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
