"""What adapting a language model to a shop's log is worth: MiniLM as it comes, and as it is then.

    python -m benchmarks.adapt --json [--data FILE] [--only grocer,gifts] [--validate] [--epochs N]

(a) `grocer`, Complete Journey: a household's history, and of 3,400 types of product those that are new to it
at this visit. Weeks 20 to 40 are learned from, 41 to 44 stop the course, 45 to 52 judge. (b) `gifts`, UCI
Online Retail: the lines of a customer so far, the latest most, and of 4,015 descriptions the next line, if
it is new to the customer; learned from to the end of September 2011, judged from November on.

The history is the decayed mean of its things' vectors, candidates are all things the shopper did not know, by
cosine; NDCG@10 a visit, intervals by resampled shoppers, differences paired. `popularity` ranks by how many
shoppers met a thing before the test; `tfidf` is the floor's vectors in the same way. `with_popularity` adds
to both models' cosines a share of the logarithm of popularity, chosen for each on the validation slice.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._answer import ended, estimate
from hawker.ingest.datasets import complete_journey_types as grocer
from hawker.ingest.datasets import online_retail
from hawker.ingest.datasets.lines import Lines
from hawker.language import encoder
from hawker.language.adapt import COURSES, Cuts, Given, Histories
from hawker.language.adapt import interests as adapting
from hawker.language.adapt.histories import HALF_LIFE
from hawker.language.adapt.judge import compared, ranked
from hawker.language.adapt.lesson import Slices
from hawker.language.adapt.origin import origin
from hawker.records.events import DAY
from hawker.statistics import bootstrap

DATA = Path("../shared/data") / online_retail.FILE
SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
SEED = 7


def households() -> tuple[Histories, Cuts]:
    """(a): types of product, by household."""
    cuts = Cuts(*(grocer.week(number) for number in (20, 41, 45, 53)))
    return _histories(grocer.lines(), HALF_LIFE), cuts


def customers(path: Path) -> tuple[Histories, Cuts]:
    """(b): descriptions, by customer; a line fades within an hour, so that the basket counts most."""
    days = ((2010, 12, 1), (2011, 10, 1), (2011, 11, 1), (2011, 12, 31))
    cuts = Cuts(*(int(datetime(*day, tzinfo=UTC).timestamp()) * 1_000_000 for day in days))
    return _histories(online_retail.lines(path), DAY / 24), cuts


def _histories(lines: Lines, half_life: float) -> Histories:
    return Histories.of(
        lines.texts,
        lines.shopper,
        time=lines.time,
        visit=lines.visit,
        thing=lines.thing,
        half_life=half_life,
    )


def measure(histories: Histories, cuts: Cuts, *, epochs: int, validate: bool) -> dict[str, Any]:
    """Adapt, then judge once; to `validate` is to judge on the validation slice, the test slice unseen."""
    started = time.process_time()
    base = origin("minilm")
    with tempfile.TemporaryDirectory() as place:
        course = replace(COURSES["interests"], epochs=epochs or COURSES["interests"].epochs)
        given = Given(histories, cuts, base, course, Path(place), seed=SEED, progress=_say)
        slices = given.slices()
        judged = slices.valid if validate else slices.test
        before = base.vectors(base.tokens(histories.texts))
        learned = adapting.fit(given, slices, before)
        seconds = time.process_time() - started
        after = base.vectors(base.tokens(histories.texts))
    counts = histories.counts(int(histories.time.min()), cuts.valid if validate else cuts.test)
    popular = np.log1p(counts.astype(np.float64))
    silent = np.zeros((len(counts), 1), dtype=np.float32)
    floor = encoder("tfidf", texts=histories.texts).passages(list(histories.texts))
    scores = {
        "raw": ranked(judged, before),
        "adapted": ranked(judged, after),
        "popularity": ranked(judged, silent, prior=popular),
        "tfidf": ranked(judged, floor),
    }
    figure = compared("ndcg10", judged.shopper, scores["raw"], after=scores["adapted"])
    told = {name: estimate(bootstrap.mean(judged.shopper, one)) for name, one in scores.items()}
    over = bootstrap.lift(judged.shopper, scores["adapted"], b=scores["popularity"])
    return {
        **told,
        "gain": estimate(figure.gain),
        "difference": estimate(figure.difference),
        "over_popularity": estimate(over),
        "with_popularity": _helped(slices, judged, {"raw": before, "adapted": after}, popular),
        "passes": list(learned.scores),
        "moments": {"train": len(slices.train), "valid": len(slices.valid), "judged": len(judged)},
        "things": len(histories.texts),
        "shoppers_judged": len(np.unique(judged.shopper)),
        "adapting_cpu_s": round(seconds, 1),
        "cpu_s": round(time.process_time() - started, 1),
    }


def _helped(slices: Slices, judged: Any, vectors: dict[str, Any], popular: Any) -> dict[str, Any]:
    """Both models with popularity beside them, each with the share of it that validation prefers."""
    found, scores = {}, {}
    for name, held in vectors.items():
        tried = [(float(ranked(slices.valid, held, prior=share * popular).mean()), share) for share in SHARES]
        share = max(tried)[1]
        scores[name] = ranked(judged, held, prior=share * popular)
        found[name] = {"share": share, **estimate(bootstrap.mean(judged.shopper, scores[name]))}
    lift = bootstrap.lift(judged.shopper, scores["adapted"], b=scores["raw"])
    return {**found, "gain": estimate(lift)}


def _say(step: str, share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{step:<40} {share:4.0%}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run from the command line; exit 2 where the data or an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="the file of Online Retail")
    parser.add_argument("--only", default="grocer,gifts", help="which, with a comma between")
    parser.add_argument("--epochs", type=int, default=0, help="passes, instead of the task's own")
    parser.add_argument("--validate", action="store_true", help="judge on the validation slice alone")
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    asked = parser.parse_args()
    return ended(lambda: _found(asked), line=asked.json)


def _found(asked: argparse.Namespace) -> dict[str, Any]:
    sources: dict[str, Callable[[], tuple[Histories, Cuts]]] = {
        "grocer": households,
        "gifts": lambda: customers(asked.data),
    }
    found: dict[str, Any] = {}
    for name in asked.only.split(","):
        histories, cuts = sources[name]()
        found[name] = measure(histories, cuts, epochs=asked.epochs, validate=asked.validate)
        print(f"{name} {json.dumps(found[name])}", file=sys.stderr)
    return found | {
        "cpu_s": round(time.process_time(), 1),
        "seed": SEED,
        "judged_on_test": not asked.validate,
    }


if __name__ == "__main__":
    raise SystemExit(main())
