"""How near does the table for queries never seen come to the encoder it was distilled from?

    python -m benchmarks.static [--data FOLDER] [--encoder e5] [--json]

Taobao titles and Amazon names, each a shop of its own: four fifths of the titles (at most 2,500) are its
products; of the other fifth, queries are drawn that neither the table nor the encoder had met: 300 fragments
of one to four words, and 100 whole titles. Settings were chosen on other fragments (dev/LOG.md).

spearman            mean over fragments of the rank correlation, over all products, between the cosines of
                    the table's vector and those of the encoder's, in the 64 dimensions where products serve
titles              the same for whole titles
raw                 the same against the encoder's own cosines in all its dimensions, and `ceiling`: what
                    the encoder's own vector reaches there after its projection
averaged            the same as `spearman` for the mean of the words' vectors, nothing fitted
known               the share of fragments whose words had all been read by the encoder
us_per_query        processor time of `Static.vector`, the mean over fragments
cpu_seconds         of embedding products and vocabulary, and of fitting the table
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._answer import ended, estimate
from hawker import language
from hawker.ingest.datasets import titles
from hawker.language import space as spaces
from hawker.language import static
from hawker.language.static import Static
from hawker.language.terms import fragments, vocabulary, words
from hawker.statistics import Moments, mean, proportion
from hawker.statistics.ranks import spearman
from hawker.storage.vectors import Space, Vectors

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
SHOPS: dict[str, tuple[str, Callable[[Path], tuple[str, ...]]]] = {
    "taobao": ("taobao_titles", titles.taobao),
    "amazon": ("amazon_products", titles.amazon),
}
MOST, FRAGMENTS, TITLES, TURNS = 2_500, 300, 100, 20
SEED = 11


def measure(listed: tuple[str, ...], by: language.Encoder) -> dict[str, Any]:
    """One shop: embed, distil, and ask what neither has met."""
    order = np.random.default_rng(SEED).permutation(len(listed))
    cut = 4 * len(listed) // 5
    sold = [listed[i] for i in order[: min(cut, MOST)]]
    kept = [listed[i] for i in order[cut:]]
    started = time.process_time()
    found = by.passages(sold)
    asked = vocabulary(sold, most=static.QUERIES)
    read = by.queries(asked)
    space = spaces.fit(found, asked=read, encoder=by.name)
    table = static.distil(asked, space.asked(read), space=space.name)
    seconds = time.process_time() - started
    met = set(asked)
    new = [text for text in fragments(kept, most=2 * FRAGMENTS, seed=SEED) if text not in met][:FRAGMENTS]
    shown, full = space.project(found), by.queries(new)
    own = space.asked(full) @ shown.T
    near = table.vectors(new) @ shown.T
    whole = kept[:TITLES]
    known = [set(words(text)) <= met for text in new]
    return {
        "spearman": _mean(near, own),
        "titles": _mean(table.vectors(whole) @ shown.T, space.asked(by.queries(whole)) @ shown.T),
        "raw": {"spearman": _mean(near, full @ found.T), "ceiling": _mean(own, full @ found.T)},
        "averaged": _mean(averaged(asked, read, space, new) @ shown.T, own),
        "known": estimate(proportion(sum(known), len(known))),
        "us_per_query": round(paced(table, new), 2),
        "cpu_seconds": round(seconds, 1),
        "products": len(sold),
        "queries": {"read": len(asked), "fragments": len(new), "titles": len(whole)},
        "terms": len(table.terms),
    }


def averaged(asked: list[str], read: Vectors, space: Space, new: list[str]) -> Vectors:
    """The simple way: the mean of the vectors of those words that the encoder has read alone."""
    held = dict(zip(asked, space.asked(read), strict=True))
    zero = np.zeros(space.basis.shape[1], dtype=np.float32)
    return np.stack([sum((held.get(word, zero) for word in words(text)), zero) for text in new])


def paced(table: Static, new: list[str]) -> float:
    """Microseconds of processor time a query."""
    table.vectors(new)
    started = time.process_time()
    for _ in range(TURNS):
        for text in new:
            table.vector(text)
    return (time.process_time() - started) / TURNS / len(new) * 1e6


def _mean(one: Vectors, other: Vectors) -> dict[str, Any]:
    """Over queries; one of which nothing is known agrees with nothing."""
    return estimate(mean(Moments.of(np.nan_to_num(spearman(one, other)))))


def main() -> int:
    """Run it and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--encoder", default="e5")
    args = parser.parse_args()
    return ended(lambda: _found(args.data, args.encoder), line=args.json)


def _found(data: Path, name: str) -> dict[str, Any]:
    by = language.encoder(name)
    found: dict[str, Any] = {"encoder": by.name}
    for shop, (folder, reader) in SHOPS.items():
        print(shop, file=sys.stderr)
        found[shop] = measure(reader(data / folder), by)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
