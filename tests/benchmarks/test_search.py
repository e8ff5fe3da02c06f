"""The benchmark of search: its baseline is an honest BM25, and kinds are told apart."""

from __future__ import annotations

from benchmarks.graded import Query

from benchmarks import search as benchmark
from hawker.records.catalogue import Product
from hawker.retrieval import search

PRODUCTS = [
    Product("a", "Green tea", category="Grocery > Tea", price=4_000_000),
    Product(
        "b", "Black tea with a long name for a tea of all days", category="Grocery > Tea", price=9_000_000
    ),
    Product("c", "Tea pot", category="Kitchen > Pots", price=30_000_000),
    Product("d", "Wool socks", category="Clothing > Socks", price=5_000_000),
]


def query(text: str, kind: str = "category", **filters: int) -> Query:
    return Query(text, kind, "a", {"a": 3, "b": 1}, filters)


def test_the_baseline_knows_terms_and_nothing_else() -> None:
    plain = benchmark.PlainBM25(PRODUCTS)
    assert set(plain(query("tea"))) == {"a", "b", "c"}
    assert plain(query("green teas"))[0] == "a"
    assert plain(query("gren")) == []
    assert plain(query("tea", price_most=5_000_000)) == ["a"]


def test_gains_are_paired_by_query_and_told_by_kind() -> None:
    ours, plain = benchmark.finder(search.build(PRODUCTS)), benchmark.PlainBM25(PRODUCTS)
    rows = []
    for number in range(12):
        asked = query("gren tea" if number % 2 else "green tea", "misspelt" if number % 2 else "title")
        rows.append((asked, *(benchmark.ndcg(find(asked), asked.grades) for find in (ours, plain)), "en"))
    told = benchmark.by_kind(rows)
    assert told["hawker"] == 1.0
    assert told["gain"]["low"] >= 0.0
    assert set(told["kinds"]) == {"misspelt", "title"}
    assert told["worst"]["gain"] == min(
        round(one["hawker"] - one["bm25"], 4) for one in told["kinds"].values()
    )
