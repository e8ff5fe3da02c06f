"""Does search find what was meant? Graded queries over four catalogues, beside plain BM25; and how fast.

    python -m benchmarks.search [--each N] [--json]

The queries and their grades are those of `benchmarks.graded`, forty of each kind and catalogue: Amazon's
pages (1,000 products, English), 20,000 products of Complete Journey (English), Taobao's titles (4,610,
Chinese), the invented Chinese shop (301). The baseline is BM25 (k1 1.2, b .75) over one field of everything
a product says, with the same terms, and nothing else; a price that was chosen as a filter narrows both.
Prints {seen, unseen: {hawker, bm25, gain: {value, low, high}, kinds, worst}, languages, catalogues, p95_ms}:
nDCG@10, gains paired by query; `unseen` are the kinds that were kept out of all tuning, `worst` the least
gain of any kind. Times are of one process over the 20,000: the whole answer with facets, processor time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import graded
from benchmarks._answer import ended
from benchmarks.graded import Query
from hawker import ingest
from hawker.errors import MissingData
from hawker.ingest.datasets import complete_journey
from hawker.language import analysis
from hawker.language.product import product_text
from hawker.records.catalogue import Product, on_sale
from hawker.records.search import Filters, SearchRules
from hawker.retrieval import search
from hawker.retrieval.search_judge import ndcg
from hawker.simulate.world import world
from hawker.statistics import bootstrap
from hawker.storage.shop import Settings, Shop

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
LARGE = 20_000
FILES = {
    "amazon": ("amazon_products/test_sample_1000.csv", "USD"),
    "taobao": ("taobao_titles/train.txt", "CNY"),
}
LANGUAGE = {"amazon": "en", "groceries": "en", "taobao": "zh", "invented": "zh"}
Finder = Callable[[Query], Sequence[str]]
Judged = tuple[Query, float, float, str]
"""A query, what we and what the baseline came to, and the language."""


class PlainBM25:
    """The baseline: one field, every term of the query, nothing guessed."""

    def __init__(self, products: Sequence[Product], *, k: float = 1.2, b: float = 0.75) -> None:
        bags = [Counter(analysis.terms(_everything(product))[0]) for product in products]
        sizes = np.array([sum(bag.values()) for bag in bags], dtype=np.float64)
        slack = k * (1 - b + b * sizes / max(sizes.mean(), 1e-9))
        held: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row, bag in enumerate(bags):
            for term, count in bag.items():
                held[term].append((row, count))
        self.ids = [product.id for product in products]
        self.price = np.array([on_sale(product) for product in products])
        self.columns = {}
        for term, pairs in held.items():
            rows, counts = np.array(pairs).T
            rarity = np.log1p((len(products) - len(rows) + 0.5) / (len(rows) + 0.5))
            self.columns[term] = rows, rarity * counts * (k + 1) / (counts + slack[rows])

    def __call__(self, query: Query) -> list[str]:
        """The ten best."""
        score = np.zeros(len(self.ids))
        for term in analysis.terms(query.text)[0]:
            if term in self.columns:
                rows, worth = self.columns[term]
                score[rows] += worth
        if most := query.filters.get("price_most", 0):
            score[(self.price > most) | (self.price <= 0)] = 0.0
        best = np.argsort(-score, kind="stable")[:10]
        return [self.ids[row] for row in best if score[row] > 0]


def catalogues() -> dict[str, list[Product]]:
    """The four catalogues; raises `MissingData` where the shared data are absent."""
    found = {}
    for name, (file, currency) in FILES.items():
        if not (DATA / file).is_file():
            raise MissingData(f"The shared data are absent: {file}.", remedy="Put them beside the project.")
        with tempfile.TemporaryDirectory() as folder:
            shop = Shop.create(folder, Settings(currency=currency))
            ingest.catalogue(shop, DATA / file)
            found[name] = list(shop.catalogue.values())
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop.create(folder, Settings(currency="USD"))
        complete_journey.catalogue(shop)
        every = sorted(shop.catalogue.values(), key=lambda product: product.id)
    drawn = np.sort(np.random.default_rng(0).permutation(len(every))[:LARGE])
    found["groceries"] = [every[row] for row in drawn]
    found["invented"] = list(world("zh", shoppers=3, days=1).products)
    return found


def finder(made: search.Search) -> Finder:
    """Hawker's ten best."""

    def find(query: Query) -> list[str]:
        filters = Filters(most=query.filters.get("price_most", 0))
        return [hit.product.id for hit in made.find(query.text, filters=filters, size=10, facets=False).hits]

    return find


def judged(rows: Sequence[Judged]) -> dict[str, Any]:
    """What some queries came to: theirs, the baseline's, and the gain, paired by query."""
    ours, plain = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    gain = bootstrap.difference(np.arange(len(rows)), ours, b=plain, seed=1)
    return {
        "queries": len(rows),
        "hawker": round(float(ours.mean()), 4),
        "bm25": round(float(plain.mean()), 4),
        "gain": {"value": gain.value, "low": gain.low, "high": gain.high},
    }


def by_kind(rows: Sequence[Judged]) -> dict[str, Any]:
    """The same of all, of each kind by itself, and the kind that gained least."""
    kinds = {
        kind: judged([row for row in rows if row[0].kind == kind])
        for kind in sorted({row[0].kind for row in rows})
    }
    gains = {kind: round(one["hawker"] - one["bm25"], 4) for kind, one in kinds.items()}
    worst = min(gains, key=lambda kind: gains[kind])
    return {**judged(rows), "kinds": kinds, "worst": {"kind": worst, "gain": gains[worst]}}


def speed(made: search.Search, queries: Sequence[Query]) -> dict[str, float]:
    """Milliseconds of the whole answer with facets, after a few to warm up."""
    spent = []
    for number, query in enumerate([*queries[:5], *queries]):
        started = time.process_time_ns()
        made.find(query.text, size=24)
        if number >= 5:
            spent.append((time.process_time_ns() - started) / 1e6)
    return {"p50_ms": float(np.median(spent)), "p95_ms": float(np.quantile(spent, 0.95))}


def run(each: int) -> dict[str, Any]:
    """Index, ask, judge."""
    every: list[Judged] = []
    told: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    for name, products in catalogues().items():
        print(f"{name}: {len(products):,} products", file=sys.stderr)
        started = time.process_time()
        made = search.build(products, rules=SearchRules(hide_out_of_stock=False))
        seconds = time.process_time() - started
        queries = graded.queries(products, language=LANGUAGE[name], each=each)
        ours, plain = finder(made), PlainBM25(products)
        rows = [(q, ndcg(ours(q), q.grades), ndcg(plain(q), q.grades), LANGUAGE[name]) for q in queries]
        every += rows
        told[name] = {"products": len(products), "language": LANGUAGE[name], **_parted(rows)}
        if len(products) == LARGE:
            figures = {
                **speed(made, queries),
                "index_seconds": seconds,
                "index_mb": made.index.bytes / 1e6,
                "terms": len(made.index.codes),
            }
    spoken = {language: _parted([row for row in every if row[3] == language]) for language in ("en", "zh")}
    return {**_parted(every), **figures, "languages": spoken, "catalogues": told}


def _parted(rows: Sequence[Judged]) -> dict[str, Any]:
    """The kinds that search was tuned on, and those that it was not, apart."""
    parts: Mapping[str, list[Judged]] = {
        "seen": [row for row in rows if not row[0].unseen],
        "unseen": [row for row in rows if row[0].unseen],
    }
    return {name: by_kind(part) for name, part in parts.items()}


def _everything(product: Product) -> str:
    """All that a product says, as one text."""
    own = (product.color, product.size, product.material, product.gender)
    return " ; ".join([product_text(product), *own, *product.attributes.values()])


def main() -> int:
    """Run from the command line; exit 2 where data or an extra is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--each", type=int, default=40, help="queries of each kind and catalogue")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    return ended(lambda: run(given.each), line=given.json)


if __name__ == "__main__":
    sys.exit(main())
