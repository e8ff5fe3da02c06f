"""How fast networks train, and whether what is learned so fast is worth less.

    python -m benchmarks.training --json [--peers] [--rows 1000000] [--peer-rows 300000] [--seeds 3]

Synthetic rows (13 quantities, 26 codes of 100,000 each; for DIN a sequence of up to 50 codes as well), one
pass in batches of 4,096: `rows_per_cpu_s` counts the whole of a process of its own on one thread, from its
start over reading the rows to the last step; `once_started` leaves out what 8,192 rows take (start, imports,
the table); `rss_mb` is its peak memory. `auc` is that of MovieLens-100k in
order of time, who and which film and what is known of both (for DIN also the films liked last): the same
embeddings, layers, rate and batch in every library, no dropout, passes until validation is no better, mean of
several seeds.

The peers get fewer rows for the time they take (`rows` says how many) and codes counted beforehand; we count
ours. DIN gets a quarter of the rows. Every library is run once before on few rows, so that nothing compiles.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import environment, run
from hawker.errors import HawkerError
from hawker.features.examples import Examples, Field
from hawker.learning import published

QUANTITIES, CODES, EACH, LENGTH = 13, 26, 100_000, 50
BATCH, RATINGS_BATCH = 4096, 256
SETTING: dict[str, Any] = {"embedding": 16, "hidden": [128, 64], "crosses": 3, "unit": 32, "rate": 1e-3}
PEERS = {"fuxictr": "pace_fuxictr", "deepctr": "pace_deepctr", "rechub": "pace_rechub"}
SCRIPTS = Path(__file__).parent / "peers"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; the JSON object is the last line of stdout."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows for us")
    parser.add_argument("--peer-rows", type=int, default=300_000, help="rows for each peer")
    parser.add_argument(
        "--peers", action="store_true", help="run FuxiCTR, DeepCTR-Torch and torch-rechub too"
    )
    parser.add_argument("--seeds", type=int, default=3, help="fits of MovieLens; 0 leaves the AUC out")
    parser.add_argument("--models", default="deepfm,dcnv2,din", help="which, with commas between")
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    options = parser.parse_args(arguments)
    try:
        result = measure(options)
    except HawkerError as error:
        print(error, file=sys.stderr)
        return 2
    result |= {"seeds": options.seeds, "machine": platform.machine(), "python": platform.python_version()}
    print(json.dumps(result) if options.json else json.dumps(result, indent=1))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """{model: {library: {rows_per_cpu_s, rss_mb, auc, rows}}}."""
    scripts = {"hawker": (Path(sys.executable), SCRIPTS / "pace_hawker.py")}
    if options.peers:
        for name, script in PEERS.items():
            scripts[name] = environment(name), SCRIPTS / f"{script}.py"
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        for model in options.models.split(","):
            share = 4 if model == "din" else 1
            found[model] = {}
            for name, (python, script) in scripts.items():
                count = (options.rows if name == "hawker" else options.peer_rows) // share
                ask = partial(run, python, script)
                found[model][name] = paced(ask, model, count, Path(place)) | judged(
                    ask, model, options.seeds, Path(place)
                )
                print(f"{model} {name} {found[model][name]}", file=sys.stderr)
            if options.peers:
                ask = partial(run, *scripts["hawker"])
                alike = paced(ask, model, options.peer_rows // share, Path(place))
                found[model] |= compared(found[model], alike)
    return found


def paced(ask: Callable[..., dict[str, Any]], model: str, count: int, place: Path) -> dict[str, Any]:
    """One pass over so many synthetic rows, after two over few: one to compile, one that tells the start."""
    asked = SETTING | {"model": model, "batch": BATCH, "seeds": []}
    few = 2 * BATCH
    told = [
        ask(write(place / "rows.npz", train=synthetic(rows, sequence=model == "din")), asked)
        for rows in (few, few, count)
    ]
    began, whole = told[1]["cpu_seconds"], told[2]["cpu_seconds"]
    return {
        "rows_per_cpu_s": round(count / whole),
        "once_started": round((count - few) / max(whole - began, 1e-3)),
        "rss_mb": told[2]["rss_mb"],
        "rows": count,
    }


def judged(ask: Callable[..., dict[str, Any]], model: str, seeds: int, place: Path) -> dict[str, Any]:
    """The AUC on MovieLens."""
    if not seeds:
        return {}
    asked = SETTING | {"model": model, "batch": RATINGS_BATCH, "seeds": list(range(seeds))}
    return {"auc": round(ask(write(place / "ratings.npz", **rated(model)), asked)["auc"], 4)}


def compared(found: dict[str, Any], alike: dict[str, Any]) -> dict[str, Any]:
    """How many times as fast as the fastest peer, how far behind the best AUC, and memory on as many rows."""
    peers = [found[name] for name in PEERS]
    told = {
        "times_the_fastest_peer": _over(found["hawker"], peers, "rows_per_cpu_s"),
        "times_once_started": _over(found["hawker"], peers, "once_started"),
        "memory_of_the_leanest_peer": alike["rss_mb"] / min(one["rss_mb"] for one in peers),
    }
    if "auc" in found["hawker"]:
        told["auc_behind"] = max(one["auc"] for one in peers) - found["hawker"]["auc"]
    return {name: round(value, 4) for name, value in told.items()}


def _over(ours: dict[str, Any], peers: Sequence[dict[str, Any]], figure: str) -> float:
    return float(ours[figure] / max(one[figure] for one in peers))


def synthetic(count: int, *, sequence: bool) -> Examples:
    """Rows whose answer depends on their codes and quantities, more or less."""
    rng = np.random.default_rng(count)
    x = np.empty((count, QUANTITIES + CODES + LENGTH * sequence), np.float32)
    x[:, :QUANTITIES] = rng.lognormal(size=(count, QUANTITIES))
    x[:, QUANTITIES : QUANTITIES + CODES] = rng.integers(0, EACH, (count, CODES))
    names = [f"q{i}" for i in range(QUANTITIES)] + [f"c{i}" for i in range(CODES)]
    past: list[str] = []
    if sequence:
        past = [f"past{i}" for i in range(LENGTH)]
        codes = rng.integers(0, EACH, (count, LENGTH)).astype(np.float32)
        codes[np.arange(LENGTH) >= rng.integers(1, LENGTH + 1, count)[:, None]] = np.nan
        x[:, QUANTITIES + CODES :] = codes
    odds = np.log(x[:, 0]) + x[:, QUANTITIES] / EACH - 1.5
    index = np.arange(count)
    return Examples(
        names=(*names, *past),
        x=x,
        y=(rng.random(count) < 1 / (1 + np.exp(-odds))).astype(np.float32),
        time=index,
        group=index,
        cluster=index,
        weight=np.ones(count),
        categorical=tuple(names[QUANTITIES:]),
        fields=(Field("past", "sequence", tuple(past), "c0"),) if sequence else (),
    )


def rated(model: str) -> dict[str, Examples]:
    """MovieLens-100k: the plain columns, for DIN with what was liked last."""
    slices = published.movielens(table="fields" if model == "din" else "plain")
    parts = {"train": slices.train, "valid": slices.valid, "test": slices.test}
    if model != "din":
        return parts
    first = slices.train
    liked = next(field for field in first.fields if field.kind == "sequence")
    kept = tuple(name for name in first.names if name in {*first.categorical, *liked.columns})
    return {name: part.only(kept) for name, part in parts.items()}


def write(path: Path, **parts: Examples) -> Path:
    """Named slices as one .npz that any library can read."""
    first = next(iter(parts.values()))
    past = [field for field in first.fields if field.kind == "sequence"]
    held: dict[str, Any] = {
        "names": np.array(first.names),
        "categorical": np.array(first.categorical),
        "sequence": np.array(past[0].columns if past else (), dtype=np.str_),
        "of": np.array(past[0].of if past else ""),
    }
    for name, rows in parts.items():
        held |= {f"{name}_x": rows.x, f"{name}_y": rows.y}
    np.savez(path, **held)
    return path


if __name__ == "__main__":
    raise SystemExit(main())
