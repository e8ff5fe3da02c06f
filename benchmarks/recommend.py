"""Which item does a shopper take next? Amazon Beauty, leave one out, every item ranked.

    python -m benchmarks.recommend [--data DIR] [--peers] [--choose] [--seeds N] [--processes N] [--json]

Of each of the 22,363 users the last item is the test, the one before it was for choosing settings; fitted on,
and known when asked, is all before the last. All 12,101 items are ranked but those the user has had
(nobody has one twice), as in the published figures; ties count against the recommender. `low` and `high`
are the 95 % interval over users of N@10, of the mean over seeds; differences are paired by user.

The times were of days, and the release holds the order alone: which neighbours share a day cannot be
known. So the order of the release is used, and `swapped` (one seed) measures again after the last two items
of half of the users, drawn by seed 0, changed places: as if each of these pairs were a tie.

`hawker` blends decayed co-occurrence, a transformer with the full softmax, EASE and text neighbours by the
defaults of `hawker.recommend`, with the weights that `--choose` finds on the validation items.
`cooccurrence` is its first part alone. `without_text` (one seed) knows nothing of the attributes; `few` are
users with at most 5 items. `cpu_seconds` is what fitting and scoring take for one seed. `--peers` adds
RecBole's SASRec and the ALS of `implicit` with up to 600 CPU seconds each: the mark's limit, and six times
what one seed of ours takes, as the former needs 300 for one pass. Exit 2 where data, an extra or an
environment is missing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from benchmarks._answer import ended
from hawker import language
from hawker.errors import extra
from hawker.ingest.datasets import amazon_beauty
from hawker.recommend import Course, Histories, fitting, judge
from hawker.recommend.blend import Blend
from hawker.recommend.weigh import weigh
from hawker.statistics import Estimate, bootstrap

FOLDER = Path("../shared/data/amazon_beauty")
HERE = Path(__file__).parent / "peers"
SEEDS, FEW, CHOSEN_ON = 5, 5, 4000
PEER_SECONDS = 600.0
WEIGHTS = {"sequence": 0.8, "neighbours": 1.0, "ease": 0.1, "nearby": 0.1}
BARE = {"sequence": 0.6, "neighbours": 1.0, "ease": 0.15}
Vectors = NDArray[np.float32] | None
Ints = NDArray[np.int64]


def run(folder: Path, *, seeds: int, processes: int, others: bool) -> dict[str, Any]:
    """All figures."""
    whole, vectors = table(folder)
    turned = swapped(whole)
    few = whole.sizes <= FEW
    jobs = [(whole, vectors, seed) for seed in range(seeds)] + [(turned, vectors, 0), (whole, None, 0)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(one, jobs))
    ours = np.stack([places for places, _ in found[:seeds]])
    base, base_seconds = cooccurrence(whole)
    bare = found[-1][0][None]
    seconds = float(np.mean([used for _, used in found[:seeds]]))
    made = {
        "hawker": figures(ours)
        | {
            "cpu_seconds": round(seconds, 1),
            "by_seed": [round(float(judge.gains(places).mean()), 4) for places in ours],
            "over_cooccurrence": paired(ours, base),
            "few": figures(ours[:, few]) | {"lift_over_without_text": lifted(ours[:1, few], bare[:, few])},
            "lift_over_without_text": lifted(ours[:1], bare),
        },
        "cooccurrence": figures(base) | {"cpu_seconds": round(base_seconds, 1)},
        "without_text": figures(bare) | {"few": figures(bare[:, few])},
    }
    turned_base, _ = cooccurrence(turned)
    turned_ours = found[seeds][0][None]
    made["swapped"] = {
        "hawker": figures(turned_ours) | {"over_cooccurrence": paired(turned_ours, turned_base)},
        "cooccurrence": figures(turned_base),
    }
    if others:
        made |= rivals(whole, ours, budget=PEER_SECONDS)
    return {"beauty": made, "users": len(whole), "items": len(whole.names), "seeds": seeds}


def table(folder: Path) -> tuple[Histories, NDArray[np.float32]]:
    """The histories, and a vector of each item's attributes."""
    reviews = amazon_beauty.read(folder)
    names = [str(item + 1) for item in range(len(reviews.words))]
    vectors = language.encoder("tfidf", texts=reviews.words).passages(reviews.words)
    return Histories.of([reviews[user] for user in range(len(reviews))], names), vectors


def swapped(whole: Histories) -> Histories:
    """The same with the last two items of half of the users in the other order."""
    rows = [whole[user].copy() for user in range(len(whole))]
    for user in np.flatnonzero(np.random.default_rng(0).random(len(whole)) < 0.5):
        rows[user][-2:] = rows[user][-2:][::-1]
    return Histories.of(rows, whole.names)


def one(job: tuple[Histories, Vectors, int]) -> tuple[Ints, float]:
    """The places of the last items by the blend of one seed, and the CPU seconds that took."""
    extra("torch", "deep").set_num_threads(1)
    whole, vectors, seed = job
    asked, begun = whole.before_last(), time.process_time()
    weights = BARE if vectors is None else WEIGHTS
    without = {"nearby"} if vectors is None else set()
    made = fitting.parts(asked, Course(), vectors=vectors, left_out=without, seed=seed)
    places = judge.places(Blend({name: made[name] for name in weights}, weights), asked, whole.last())
    used = time.process_time() - begun
    print(f"{seed}: {judge.gains(places).mean():.4f}, {used:.0f} CPU s", file=sys.stderr, flush=True)
    return places, used


def cooccurrence(whole: Histories) -> tuple[Ints, float]:
    """The same by decayed co-occurrence alone."""
    asked, begun = whole.before_last(), time.process_time()
    places = judge.places(Course().neighbours.fit(asked), asked, whole.last())
    return places[None], time.process_time() - begun


def choose(folder: Path) -> dict[str, Any]:
    """Weights by the validation items, the test items left out of everything."""
    whole, vectors = table(folder)
    earlier = whole.before_last()
    asked, wanted = earlier.before_last(), earlier.last()
    rows = np.sort(np.random.default_rng(0).permutation(len(whole))[:CHOSEN_ON])
    found = {}
    for name, known in (("weights", vectors), ("bare", None)):
        without = {"popular", "habits"} if known is not None else {"popular", "habits", "nearby"}
        made = fitting.parts(asked, Course(), vectors=known, left_out=without, seed=0)
        kept = {part: made[part] for part in made if part not in without}
        chosen = weigh(kept, asked.rows(rows), wanted[rows])
        found[name] = {"weights": chosen.weights, "ndcg10": chosen.ndcg, "alone": chosen.alone}
    return found


def figures(places: Ints) -> dict[str, Any]:
    """N@10 and R@10 of places (seeds, users), by users."""
    users = np.arange(places.shape[1])
    gain = bootstrap.mean(users, judge.gains(places).mean(axis=0))
    recall = bootstrap.mean(users, judge.hits(places).mean(axis=0))
    return {
        "ndcg10": _short(gain.value),
        "low": _short(gain.low),
        "high": _short(gain.high),
        "recall10": _short(recall.value),
        "recall10_interval": [_short(recall.low), _short(recall.high)],
        "users": len(users),
    }


def paired(ours: Ints, theirs: Ints) -> dict[str, Any]:
    """By how much ours is above, for both measures."""
    found = {}
    for name, measure in (("ndcg10", judge.gains), ("recall10", judge.hits)):
        a, b = (measure(places).mean(axis=0) for places in (ours, theirs))
        found[name] = _told(bootstrap.difference(np.arange(len(a)), a, b=b))
    return found


def lifted(ours: Ints, theirs: Ints) -> dict[str, Any]:
    """N@10 of ours over that of theirs, less one."""
    a, b = (judge.gains(places).mean(axis=0) for places in (ours, theirs))
    return _told(bootstrap.lift(np.arange(len(a)), a, b=b))


def rivals(whole: Histories, ours: Ints, *, budget: float) -> dict[str, Any]:
    """What other libraries reach on the same rows."""
    asked, wanted = whole.before_last(), whole.last()
    found = {}
    with tempfile.TemporaryDirectory() as place:
        rows = Path(place) / "rows.npz"
        np.savez(
            rows,
            start=asked.start,
            items=asked.items,
            wanted=wanted,
            valid=asked.last(),
            size=len(asked.names),
        )
        for name in ("recbole", "implicit"):
            out = Path(place) / f"{name}.npy"
            told = peers.run(
                peers.environment(name),
                HERE / f"next_{name}.py",
                rows,
                {"budget": budget, "seed": 0, "out": str(out)},
            )
            places = np.load(out)[None]
            found[told.pop("model")] = {**figures(places), **told, "hawker_over_it": paired(ours, places)}
            print(name, told, file=sys.stderr, flush=True)
    return found


def _told(estimate: Estimate) -> dict[str, Any]:
    return {name: _short(getattr(estimate, name)) for name in ("value", "low", "high")}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def main(given: Iterable[str] | None = None) -> int:
    """Run from the command line; exit 2 where something is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the two files lie")
    parser.add_argument("--peers", action="store_true", help="run the other libraries as well")
    parser.add_argument(
        "--choose", action="store_true", help="find the weights on the validation items instead"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args(None if given is None else list(given))
    if asked.choose:
        return ended(lambda: choose(asked.data), line=asked.json)
    return ended(
        lambda: run(asked.data, seeds=asked.seeds, processes=asked.processes, others=asked.peers),
        line=asked.json,
    )


if __name__ == "__main__":
    sys.exit(main())
