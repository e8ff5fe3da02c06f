"""Which of two headlines is clicked more? The click prior on randomised tests that it has not seen.

    python -m benchmarks.headlines [--data FOLDER] [--kept FOLDER] [--write FILE] [--json]

Pairs of headlines of one test of the Upworthy archive, at least 200 impressions each, and more than 1.96
standard errors between them. The last quarter of them by week is the test; whatever is learned is learned
from the weeks before. Settings were chosen within those (dev/LOG.md). Vectors are kept in `--kept`.

hawker              share of the test pairs in which the prior names the better headline, resampled by test:
                    vectors of both encoders, words and style
without_minilm      the same with e5 alone for vectors; without_encoders: words and style alone
vectors_alone       e5 alone, no words, no style: what other languages are judged by
shipped             the same as `hawker` for the weights that come with the package
encoder             a logistic regression on differences of e5 vectors
tfidf               a logistic regression on differences of TF-IDF, one and two words
length              the longer headline
over_encoder        hawker less encoder, paired
unseen              `hawker` on pairs neither of whose headlines stood in an earlier test
calibration         slope and spread of the prior's scores on the test weeks, as of news (1 is right)
sd                  the spread that each choice of encoders, with words or without, leaves unexplained
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._answer import ended, estimate, peak_mb
from hawker import language
from hawker.creative import prior, prior_training
from hawker.creative.prior_blend import NO_DOUBT, Blend
from hawker.errors import extra
from hawker.ingest.datasets import upworthy
from hawker.ingest.datasets.upworthy import Arms
from hawker.statistics import bootstrap
from hawker.storage import snapshot

ROOT = Path(__file__).parents[1]
DATA = ROOT / ".." / "shared" / "data" / "upworthy"
KEPT = ROOT / "build" / "headlines"
ENCODERS = ("e5", "minilm")
Vectors = Mapping[str, NDArray[np.float64]]
_BLOCK = 500


def measure(arms: Arms, kept: Path, write: Path | None = None) -> dict[str, Any]:
    """Embed, learn from the earlier weeks, score the later."""
    vectors, names, embedding = embedded(arms, kept)
    later = arms.week >= prior_training.last_quarter(arms)
    seen = {one: held[later] for one, held in vectors.items()}
    started = time.process_time()
    _say("learn", 0.9)
    learned = prior_training.fit(
        arms.of(~later), {one: held[~later] for one, held in vectors.items()}, names=names
    )
    learning = time.process_time() - started
    if write is not None:
        learned.save(write)
    test = arms.of(later)
    pairs = prior_training.decided(test)
    at_home = replace(learned, blend=Blend(doubt=NO_DOUBT))
    whole = at_home.score(test.headline, vectors=seen)
    scores = {
        "hawker": whole.mean,
        "without_minilm": learned.score(test.headline, vectors={"e5": seen["e5"]}).mean,
        "without_encoders": learned.score(test.headline).mean,
        "vectors_alone": learned.score(test.headline, language="xx", vectors=seen).mean,
        "shipped": prior.load(encoders=()).score(test.headline, vectors=seen).mean,
        **baselines(arms, later, vectors["e5"]),
    }
    right = {name: pairs.right(told) for name, told in scores.items()}
    earlier = set(arms.of(~later).headline)
    fresh = np.array([text not in earlier for text in test.headline])
    new = fresh[pairs.first] & fresh[pairs.second]
    by = test.test[pairs.first]
    return {
        **{name: _share(by, held) for name, held in right.items()},
        "over_encoder": estimate(bootstrap.difference(by, right["hawker"], b=right["encoder"])),
        "unseen": _share(by[new], right["hawker"][new]),
        "calibration": {
            sign: estimate(held) for sign, held in prior_training.calibration(test, whole).items()
        },
        "sd": {head.by: round(head.sd, 4) for head in learned.heads} | {"nothing": round(learned.spread, 4)},
        "pairs": {"all": len(prior_training.decided(arms)), "test": len(pairs)},
        "from_week": int(test.week.min()),
        "cpu_seconds": {**embedding, "learn": round(learning, 1)},
        "peak_rss_mb": peak_mb(),
    }


def baselines(arms: Arms, later: NDArray[np.bool_], vectors: NDArray[np.float64]) -> dict[str, Any]:
    """What needs no prior: regressions on the differences of decided pairs, and length."""
    text, linear = extra("sklearn.feature_extraction.text", "train"), extra("sklearn.linear_model", "train")
    pairs = prior_training.decided(arms.of(~later))
    reader = text.TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    words = reader.fit_transform(arms.of(~later).headline)
    sides = {
        "encoder": (vectors[~later], vectors[later]),
        "tfidf": (words, reader.transform(arms.of(later).headline)),
    }
    found: dict[str, Any] = {"length": np.array([float(len(text)) for text in arms.of(later).headline])}
    for name, (learn, told) in sides.items():
        model = linear.LogisticRegression(fit_intercept=False, max_iter=2_000)
        model.fit(learn[pairs.first] - learn[pairs.second], pairs.z > 0)
        found[name] = np.asarray(told @ model.coef_[0])
    return found


def embedded(arms: Arms, kept: Path) -> tuple[Vectors, dict[str, str], dict[str, float]]:
    """Vectors of the arms' headlines by both encoders, their versions, and the CPU seconds that took."""
    texts = sorted(set(arms.headline), key=lambda text: (len(text), text))
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]
    place = {text: row for row, text in enumerate(texts)}
    rows = [place[text] for text in arms.headline]
    vectors, names, seconds = {}, {}, {}
    for one in ENCODERS:
        by = language.encoder(one)
        path = kept / f"{by.name}-{digest}.npz"
        started = time.process_time()
        if not path.is_file():
            blocks = []
            for at in range(0, len(texts), _BLOCK):
                _say(f"embed with {one}", at / len(texts))
                blocks.append(by.passages(texts[at : at + _BLOCK]).astype(np.float16))
            snapshot.save(path, {"vectors": np.concatenate(blocks)})
        held = snapshot.load(path, remedy="Delete it and run this again.")["vectors"]
        vectors[one], names[one] = held[rows].astype(np.float64), by.name
        seconds[one] = round(time.process_time() - started, 1)
    return vectors, names, seconds


def _share(tests: NDArray[np.int64], right: NDArray[np.float64]) -> dict[str, Any]:
    found = estimate(bootstrap.mean(tests, right))
    return {"accuracy": found.pop("value"), **found, "n": len(right)}


def _say(step: str, share: float) -> None:
    print(f"{share:4.0%} {step}", file=sys.stderr)


def main() -> int:
    """Run it and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--kept", type=Path, default=KEPT, help="where vectors are kept")
    parser.add_argument("--write", type=Path, help="keep the weights there: how the package's own are made")
    args = parser.parse_args()
    return ended(lambda: measure(upworthy.read(args.data), args.kept, args.write), line=args.json)


if __name__ == "__main__":
    sys.exit(main())
