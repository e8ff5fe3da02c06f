"""The graded queries: every kind in both languages, and grades that follow from attributes alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from benchmarks.graded import phrasing
from benchmarks.graded.shelving import Asked, Stock

from benchmarks import graded
from hawker import ingest
from hawker.records.catalogue import Product
from hawker.simulate.world import world
from hawker.storage.shop import Settings, Shop

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


def product(name: str, title: str, shelf: str, **rest: object) -> Product:
    return Product(id=name, title=title, category=f"Shop > Aisle > {shelf}", **rest)  # type: ignore[arg-type]


TOYS = (
    product("k1", "Skye Red Dragon Kite", "Kites", brand="Skye", color="Red", price=20_000_000),
    product("k2", "Skye Blue Shark Kite", "Kites", brand="Skye", color="Blue", price=40_000_000),
    product("k3", "Gust Red Box Kite", "Kites", brand="Gust", color="Red", price=90_000_000),
    product("p1", "Harbour Jigsaw", "Puzzles", brand="Gust", color="Blue", price=15_000_000),
    product("p2", "Forest Jigsaw", "Puzzles", brand="Tile", color="Red", price=15_000_000),
)


def test_the_unseen_third_is_the_one_that_was_drawn():
    assert tuple(sorted(Random(graded.SEED).sample(graded.KINDS, 4))) == graded.UNSEEN
    assert set(graded._MAKERS) == set(graded.KINDS)


def test_grades_follow_from_shelf_brand_colour_and_price():
    stock = Stock(TOYS, language="en")
    kites = "Shop > Aisle > Kites"
    plain = stock.grades(Asked("kites", kites), TOYS[0])
    assert plain == {"k1": 3, "k2": 3, "k3": 3, "p1": 1, "p2": 1}
    red = stock.grades(Asked("red kites", kites, frozenset(["red"])), TOYS[0])
    assert red == {"k1": 3, "k2": 1, "k3": 3, "p2": 1}
    ours = stock.grades(Asked("gust kites", kites, frozenset(["by gust"])), TOYS[2])
    assert ours == {"k1": 1, "k2": 1, "k3": 3, "p1": 1}
    meant = stock.grades(Asked("dragon kite", kites, named=TOYS[0]), TOYS[0])
    assert meant == {"k1": 3, "k2": 2, "k3": 1}
    cheap = stock.grades(Asked("kites under 50", kites, most=50_000_000), TOYS[0])
    assert cheap == {"k1": 3, "k2": 3, "p1": 1, "p2": 1}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_demo_shop_offers_queries_of_every_kind(language: str):
    products = world(language, shoppers=3, days=1).products if language == "zh" else _amazon()
    found = graded.queries(products, language=language, each=6)
    known = {product.id for product in products}
    kinds = Counter(query.kind for query in found)
    assert set(kinds) == set(graded.KINDS)
    assert sum(kinds.values()) > 60
    for query in found:
        assert query.grades[query.target] == 3
        assert set(query.grades) <= known
        assert set(query.grades.values()) <= {1, 2, 3}
        assert query.unseen == (query.kind in graded.UNSEEN)
    assert any(query.filters for query in found if query.kind == "price")
    assert found == graded.queries(products, language=language, each=6)
    assert found != graded.queries(products, language=language, each=6, seed=12)


def _amazon() -> list[Product]:
    import tempfile

    path = DATA / "amazon_products/test_sample_1000.csv"
    if not path.is_file():
        pytest.skip(f"the shared data is absent: {path.name}")
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop.create(Path(folder) / "shop", Settings(currency="USD"))
        ingest.catalogue(shop, path)
        return list(shop.catalogue.values())


def test_a_feed_without_categories_is_shelved_by_its_product_words():
    tagged = [
        Product(id="a", title="艾熙亲子鞋冬季", brand="艾熙", attributes={"product": "亲子鞋"}),
        Product(id="b", title="羚跑亲子鞋春季", brand="羚跑", attributes={"product": "亲子鞋 跑鞋"}),
        Product(id="c", title="羚跑跑鞋", brand="羚跑", attributes={"product": "跑鞋"}),
    ]
    stock = Stock(tagged, language="zh")
    assert stock.shelves == {"亲子鞋": ["a", "b"], "跑鞋": ["b", "c"]}
    asked = Asked("羚跑跑鞋", "跑鞋", frozenset(["by 羚跑"]))
    assert stock.grades(asked, tagged[2]) == {"b": 3, "c": 3}


def test_nothing_comes_of_nothing():
    alone = [Product(id="a", title="Tea")]
    assert {query.kind for query in graded.queries(alone, each=2)} <= set(graded.KINDS)
    assert graded.queries([], each=2) == []


def test_slips_keep_to_one_edit():
    rng = Random(3)
    for _ in range(50):
        typed = phrasing.slip("wooden puzzle", rng)
        assert typed != "wooden puzzle"
        assert abs(len(typed) - len("wooden puzzle")) <= 1
    assert phrasing.slip("tea", rng) == ""
    assert phrasing.slip("跑鞋", rng) == "跑协"
    assert phrasing.slip("围巾", rng) in ("巾围", "")
