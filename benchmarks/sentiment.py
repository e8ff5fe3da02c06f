"""Does a review praise or complain? Chinese reviews of ten categories of a shop.

    python -m benchmarks.sentiment [--data FOLDER] [--json]

Equal texts are one review; of each category and label the fifth whose SHA-1 comes last is the test
(`language.sentiment.split`). Settings were chosen on the last 15 % of the learning part, by the same rule.

accuracy            share of the test reviews told right, with Wilson's interval, and by category
baseline            the same for TF-IDF of single words and a logistic regression, scikit-learn's defaults
over_baseline       the difference, paired by review
calibration         the mean chance we gave over the share that praise (1 is right); `bands`: in five bands
cpu_seconds         of learning and scoring, one thread; `peak_rss_mb` is the whole program's
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rjieba
from numpy.typing import NDArray

from benchmarks._answer import ended, estimate, peak_mb
from hawker.errors import extra
from hawker.ingest.datasets import reviews
from hawker.ingest.datasets.reviews import Reviews
from hawker.language import sentiment
from hawker.statistics import Covariances, Moments, mean, proportion, ratio

DATA = Path(__file__).parents[1] / ".." / "shared" / "data" / "zh_reviews"
BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def measure(data: Reviews) -> dict[str, Any]:
    """Learn from four fifths, score the last."""
    labels = np.array(data.labels)
    learn = sentiment.split(data.texts, list(zip(data.categories, data.labels, strict=True)))
    texts = np.array(data.texts, dtype=object)
    started = time.process_time()
    model = sentiment.fit(texts[learn].tolist(), labels[learn].tolist(), progress=_say)
    chance = model.score(texts[~learn].tolist())
    seconds = time.process_time() - started
    y, kinds = labels[~learn], np.array(data.categories)[~learn]
    right = (np.nan_to_num(chance, nan=0.5) >= 0.5) == y
    _say("baseline", 0.9)
    plain = baseline(texts[learn].tolist(), labels[learn], texts[~learn].tolist()) == y
    return {
        "accuracy": estimate(proportion(int(right.sum()), len(right))),
        "baseline": estimate(proportion(int(plain.sum()), len(plain))),
        "over_baseline": estimate(mean(Moments.of(right.astype(float) - plain))),
        "majority": float(max(y.mean(), 1 - y.mean())),
        "by_category": {
            str(kind): estimate(proportion(int(right[kinds == kind].sum()), int((kinds == kind).sum())))
            for kind in np.unique(kinds)
        },
        "calibration": estimate(ratio(Covariances.of(chance, y))),
        "bands": bands(chance, y),
        "unknown": int(np.isnan(chance).sum()),
        "rows": {"learn": int(learn.sum()), "test": int((~learn).sum()), "repeated": data.repeated},
        "terms": len(model.terms),
        "cpu_seconds": round(seconds, 1),
        "peak_rss_mb": peak_mb(),
    }


def baseline(texts: Sequence[str], labels: NDArray[np.int64], test: Sequence[str]) -> NDArray[np.int64]:
    """Single words by TF-IDF and a logistic regression, as they come with scikit-learn."""
    text, linear = extra("sklearn.feature_extraction.text", "train"), extra("sklearn.linear_model", "train")
    words = text.TfidfVectorizer(analyzer=rjieba.cut)
    model = linear.LogisticRegression(max_iter=1000).fit(words.fit_transform(texts), labels)
    told: NDArray[np.int64] = model.predict(words.transform(test))
    return told


def bands(chance: NDArray[np.float64], y: NDArray[np.int64]) -> list[dict[str, Any]]:
    """In each band of chance: how many reviews, the mean chance, and the share that praise."""
    found = []
    for low, high in itertools.pairwise(BANDS):
        held = (chance >= low) & (chance < high if high < 1 else chance <= high)
        share = proportion(int(y[held].sum()), int(held.sum()))
        found.append({"chance": round(float(chance[held].mean()), 4), "praise": estimate(share)})
    return found


def _say(step: str, share: float) -> None:
    print(f"{share:4.0%} {step}", file=sys.stderr)


def main() -> int:
    """Run it and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one line of JSON (the only form there is)")
    parser.add_argument("--data", type=Path, default=DATA)
    args = parser.parse_args()
    return ended(lambda: measure(reviews.read(args.data)), line=True)


if __name__ == "__main__":
    sys.exit(main())
