"""Product search: words however they are typed, narrowed, ruled by the shop, and sane whatever is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hawker.errors import BadSetting
from hawker.records.catalogue import Availability, Product
from hawker.records.search import Filters, Pin, SearchRules, Sort
from hawker.retrieval import search
from hawker.retrieval.search_score import Meaning
from hawker.storage.shop import Shop

UNIT = 1_000_000
RUN = "Sports > Shoes > Running"
PRODUCTS = (
    Product("r1", "Trail running shoes", category=RUN, brand="Alpin", color="red", price=80 * UNIT),
    Product("r2", "Road running shoes", category=RUN, brand="Vento", color="blue", price=45 * UNIT),
    Product("w1", "Walking boots", category="Sports > Shoes > Walking", brand="Alpin", price=120 * UNIT),
    Product("k1", "Mechanical keyboard", category="Office > Input", brand="Klack", price=60 * UNIT),
    Product("b1", "Water bottle 500 ml", category="Sports > Bottles", brand="Vento", price=9 * UNIT),
    Product("b2", "Water bottle 1.5 L", category="Sports > Bottles", brand="Vento", price=12 * UNIT),
    Product("z1", "羚跑 跑步鞋 男 透气 42码", category="鞋 > 运动鞋", brand="羚跑", price=299 * UNIT),
    Product("z2", "暖厨纪 电饭煲 1.6升 不粘内胆", category="厨电 > 电饭煲", brand="暖厨纪", price=199 * UNIT),
    Product(
        "g1", "Garden shoes", category="Garden > Shoes", availability=Availability.OUT_OF_STOCK, price=UNIT
    ),
)


@pytest.fixture(scope="module")
def made() -> search.Search:
    return search.build(PRODUCTS)


def ids(found: search.Found) -> list[str]:
    return [hit.product.id for hit in found.hits]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("trail running shoes", "r1"),
        ("shoes running trail", "r1"),
        ("TRAIL-RUNNING shoe", "r1"),
        ("trial runing shoes", "r1"),
        ("runningshoes trail", "r1"),
        ("key board", "k1"),
        ("mechanical keybo", "k1"),
        ("vento shoes", "r2"),
        ("blue running shoes", "r2"),
        ("bottle 1.5l", "b2"),
        ("bottle 500毫升", "b1"),
        ("跑步鞋", "z1"),
        ("男跑步鞋", "z1"),
        ("羚跑鞋", "z1"),
        ("電饭煲", "z2"),
        ("１．６升电饭煲", "z2"),
        ("饭电煲", "z2"),
        ("鞋跑步", "z1"),
        ("请问有没有200元以下的电饭煲", "z2"),
        ("i am looking for something to boil water in a bottle 500ml", "b1"),
    ],
)
def test_what_was_meant_comes_first(made: search.Search, query: str, first: str) -> None:
    assert ids(made.find(query))[0] == first


def test_price_words_narrow_and_are_no_words(made: search.Search) -> None:
    found = made.find("running shoes under $50")
    assert ids(found) == ["r2"]
    assert found.filters.most == 50 * UNIT
    assert ids(made.find("200元以下的电饭煲")) == ["z2"]
    assert made.find("100元以下的电饭煲").total == 0


def test_filters_and_the_facets_that_offer_them(made: search.Search) -> None:
    found = made.find("shoes")
    assert {one.value: one.count for one in found.facets.brands} == {"Alpin": 2, "Vento": 1}
    assert found.facets.prices == (45 * UNIT, 120 * UNIT)
    narrowed = made.find("shoes", filters=Filters(brands=("alpin",)))
    assert ids(narrowed) == ["r1", "w1"]
    assert {one.value for one in narrowed.facets.brands} == {"Alpin", "Vento"}
    assert ids(made.find("", filters=Filters(category="sports > bottles"))) == ["b1", "b2"]
    assert ids(made.find("shoes", filters=Filters(attributes={"color": ("Blue",)}))) == ["r2"]
    assert made.find("shoes", filters=Filters(attributes={"colour": ("Blue",)})).total == 0
    assert [one.value for one in made.find("", filters=Filters(category="Sports")).facets.categories] == [
        "Sports > Shoes",
        "Sports > Bottles",
    ]


def test_an_attribute_in_any_spelling_offers_its_other_values_and_is_no_field(made: search.Search) -> None:
    """The words of an attribute's name are not the shop's; one may be called as a field is."""
    shoes = made.find("running shoes", filters=Filters(attributes={"Color": ("red",)}))
    assert ids(shoes) == ["r1"]
    assert {one.value for one in shoes.facets.attributes["color"]} == {"red", "blue"}
    own = search.build(
        [Product(f"p{n}", "Shoe", brand=f"B{n}", attributes={"brand": f"own {n}"}) for n in (1, 2)]
    )
    found = own.find("shoe", filters=Filters(brands=("B1",), attributes={"brand": ("own 1",)})).facets
    assert [one.value for one in found.brands] == ["B1"]
    assert [one.value for one in found.attributes["brand"]] == ["own 1"]


def test_sold_out_is_hidden_unless_the_shop_wants_it() -> None:
    shown = search.build(PRODUCTS, rules=SearchRules(hide_out_of_stock=False))
    assert "g1" in ids(shown.find("garden shoes"))
    assert "g1" not in ids(search.build(PRODUCTS).find("garden shoes"))


def test_the_shops_rules_come_last_and_hold() -> None:
    rules = SearchRules(
        boost={"Vento": 3.0},
        pins=(Pin("Running Shoe", first=("k1",), never=("r1",)),),
        synonyms=(("sneakers", "shoes"),),
    )
    ruled = search.build(PRODUCTS, rules=rules)
    assert ids(ruled.find("running shoes"))[:2] == ["k1", "r2"]
    assert "r1" not in ids(ruled.find("running shoes"))
    assert ids(ruled.find("shoes"))[0] == "r2"
    assert set(ids(ruled.find("sneakers"))) == {"r1", "r2", "w1"}
    priced = ruled.find("running shoes under 50")
    assert "k1" not in ids(priced), "a pin is not above a filter"


def test_sorting_and_pages_cover_every_result_once(made: search.Search) -> None:
    whole = made.find("", size=100)
    assert whole.total == len(PRODUCTS) - 1
    pages = [ids(made.find("", start=start, size=3)) for start in range(0, 9, 3)]
    assert [one for page in pages for one in page] == ids(whole)
    prices = [hit.product.price for hit in made.find("", sort=Sort.CHEAPEST, size=100).hits]
    assert prices == sorted(prices)
    assert made.find("shoes", start=1000).hits == ()


def test_a_guess_is_offered_and_what_was_met_is_said(made: search.Search) -> None:
    found = made.find("runing shoes")
    assert found.question.suggestion == "running shoes"
    assert found.hits[0].words == ("runing", "shoes")
    assert made.find("running shoes").question.suggestion == ""


@pytest.mark.parametrize(
    "query",
    [
        "🙂🙂",
        "<script>alert(1)</script>",
        "'; DROP TABLE products; --",
        "x" * 10_000,
        "\x00",
        "%%%",
        "的 了",
        "𠮷" * 300,
    ],
)
def test_nothing_sensible_finds_nothing(made: search.Search, query: str) -> None:
    found = made.find(query)
    assert found.hits == ()
    assert found.total == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.text(alphabet="吗看 电饭煲shoe<>$-50元以下under to.,'", max_size=200))
def test_whatever_is_typed_is_answered_the_same_twice(made: search.Search, query: str) -> None:
    found = made.find(query, size=5)
    assert len(found.hits) <= 5
    assert found.total >= len(found.hits)
    assert ids(found) == ids(made.find(query, size=5))
    assert all(np.isfinite(hit.score) for hit in found.hits)


def test_a_changed_product_is_found_anew_and_others_are_not_read_again() -> None:
    before = search.build(PRODUCTS)
    changed = (*PRODUCTS[1:], Product("n1", "Trail running socks", category="Sports > Socks"))
    after = search.build(changed, before=before)
    assert ids(after.find("trail running"))[0] == "n1"
    assert after.index.held["r2"][1] is before.index.held["r2"][1]
    fresh = search.build(changed)
    assert ids(after.find("shoes")) == ids(fresh.find("shoes"))


def test_an_empty_catalogue_answers() -> None:
    found = search.build([]).find("shoes")
    assert (found.hits, found.total) == ((), 0)


def test_what_sells_decides_where_words_do_not() -> None:
    twins = [Product(name, "Green tea", category="Tea") for name in "abc"]
    made = search.build(twins, popular={"b": 5.0, "c": 1.0})
    assert ids(made.find("tea")) == ["b", "c", "a"]
    assert ids(made.find("")) == ["b", "c", "a"]


def test_meaning_finds_what_no_word_does_and_turns_what_words_leave_open() -> None:
    seen = {"sneakers": [1.0, 0.0], "tea": [0.0, 1.0], "qqqq": [0.0, 0.0]}
    products = [
        Product("s", "Running shoes", category="Shoes"),
        Product("c", "Tea cup", category="Kitchen"),
        Product("g", "Green tea", category="Grocery"),
    ]
    matrix = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]], dtype=np.float32)
    meaning = Meaning(matrix, lambda query: np.array(seen[query], dtype=np.float32))
    made = search.build(products, meaning=meaning)
    found = made.find("sneakers")
    assert ids(found) == ["s", "c"]
    assert found.relaxed
    assert ids(search.build(products).find("tea")) == ["c", "g"]
    assert ids(made.find("tea")) == ["g", "c"]
    assert made.find("qqqq").total == 0
    vague = Meaning(matrix, lambda _query: np.array([1.0, 0.0], dtype=np.float32))
    assert ids(search.build(products, meaning=vague).find("green kettle xylophone trumpet"))[0] == "s"
    assert ids(search.build(products, meaning=vague).find("tea cup"))[0] == "c", "words know better"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("relevance = 2.0", "relevance"),
        ("boost = { Leaf = -1.0 }", "boost"),
        ('twice = "never"', "never"),
        ("pin = 1", "pin"),
    ],
)
def test_an_impossible_rule_is_refused_with_its_place(tmp_path: Path, line: str, told: str) -> None:
    shop = Shop.create(tmp_path / "shop")
    path = tmp_path / "shop" / "shop.toml"
    text = path.read_text("utf-8").partition("[search]")[0]
    path.write_text(f"{text}\n[search]\n{line}\n", "utf-8")
    with pytest.raises(BadSetting, match=told):
        _ = Shop(shop.folder).settings
