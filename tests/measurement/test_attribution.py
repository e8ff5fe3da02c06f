"""Attribution: each rule on a case a reader can follow, and all of them against a plain loop."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hawker.errors import BadSetting
from hawker.measurement.attribution import DAY, Model, Windows, attribute

HOUR = DAY // 24
NOW = 400 * DAY
TOUCHES = "fact VARCHAR, touch VARCHAR, time BIGINT, person VARCHAR, product VARCHAR, brand VARCHAR, "
SALES = "id VARCHAR, fact VARCHAR, time BIGINT, person VARCHAR, product VARCHAR, brand VARCHAR, "
REST = "category VARCHAR, campaign VARCHAR"
WARES = {
    "tea": ("leaf", "food"),
    "pot": ("leaf", "home"),
    "jam": ("orchard", "food"),
    "sock": ("hill", "wear"),
}


def seen(fact: str, time: int, product: str = "tea", *, touch: str = "view", person: str = "ann") -> Any:
    return (fact, touch, time, person, product, *WARES[product], "c1")


def sold(id: str, time: int, product: str | None = "tea", *, person: str = "ann", **rest: str) -> Any:
    brand, category = WARES[product] if product else (None, None)
    return (id, rest.get("fact"), time, person, product, brand, category, rest.get("campaign"))


def credits(
    touches: list[Any], conversions: list[Any], *, history: list[Any] = (), **rest: Any
) -> dict[str, Any]:
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE touches ({TOUCHES}{REST}); CREATE TABLE conversions ({SALES}{REST})")
    connection.execute("CREATE TABLE purchases (person VARCHAR, brand VARCHAR, time BIGINT)")
    for name, rows in (("touches", touches), ("conversions", conversions)):
        if rows:
            connection.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    bought = [(row[3], row[5], row[2]) for row in [*conversions, *history] if row[3] and row[5]]
    if bought:
        connection.executemany("INSERT INTO purchases VALUES (?, ?, ?)", bought)
    names = {"touches": "touches", "conversions": "conversions", "purchases": "purchases", "into": "credits"}
    rows = attribute(connection, **names, windows=Windows(**rest))
    found = connection.execute(
        "SELECT conversion, fact, touch, relation, new_to_brand FROM credits"
    ).fetchall()
    assert len(found) == rows
    assert len({row[0] for row in found}) == rows  # one credit a conversion
    return {row[0]: row[1:] for row in found}


def test_the_last_touch_of_the_product_gets_the_credit() -> None:
    touches = [seen("a", NOW - 3 * HOUR), seen("b", NOW - HOUR), seen("later", NOW + 1)]
    assert credits(touches, [sold("s", NOW)]) == {"s": ("b", "view", "same", True)}


def test_the_advertised_product_comes_before_a_later_halo() -> None:
    touches = [seen("tea", NOW - 2 * HOUR), seen("pot", NOW - HOUR, "pot")]
    assert credits(touches, [sold("s", NOW)])["s"][0] == "tea"
    assert credits(touches[1:], [sold("s", NOW)])["s"] == ("pot", "view", "halo", True)


def test_halo_is_brand_or_top_category_and_can_be_switched_off() -> None:
    assert credits([seen("jam", NOW - HOUR, "jam")], [sold("s", NOW)])["s"][2] == "halo"
    assert credits([seen("jam", NOW - HOUR, "jam")], [sold("s", NOW)], halo=False) == {}
    assert credits([seen("sock", NOW - HOUR, "sock")], [sold("s", NOW)]) == {}


@pytest.mark.parametrize(
    ("touch", "age", "counts"),
    [
        ("view", DAY, True),
        ("view", DAY + 1, False),
        ("click", 30 * DAY, True),
        ("click", 30 * DAY + 1, False),
    ],
)
def test_a_window_ends_on_its_last_microsecond(touch: str, age: int, counts: bool) -> None:
    assert bool(credits([seen("a", NOW - age, touch=touch)], [sold("s", NOW)])) is counts


def test_a_window_of_zero_switches_a_touch_off() -> None:
    touches = [seen("a", NOW - 1), seen("b", NOW - 2, touch="click")]
    assert credits(touches, [sold("s", NOW)], view_days=0)["s"][0] == "b"
    assert credits(touches, [sold("s", NOW)], view_days=0, click_days=0) == {}


def test_ties_go_to_the_click_then_to_the_lower_id() -> None:
    at_once = [seen("b", NOW - 5), seen("a", NOW - 5), seen("c", NOW - 5, touch="click")]
    assert credits(at_once, [sold("s", NOW)])["s"][0] == "c"
    assert credits(at_once[:2], [sold("s", NOW)])["s"][0] == "a"


def test_an_older_click_comes_before_a_newer_view() -> None:
    touches = [seen("view", NOW - 1), seen("click", NOW - DAY, touch="click")]
    assert credits(touches, [sold("s", NOW)])["s"][0] == "click"
    assert credits(touches, [sold("s", NOW)], click_days=0.5)["s"][0] == "view"


def test_last_click_prefers_any_click_to_a_view_of_the_product_itself() -> None:
    touches = [seen("view", NOW - 1), seen("click", NOW - DAY, "pot", touch="click")]
    assert credits(touches, [sold("s", NOW)])["s"][0] == "view"
    assert credits(touches, [sold("s", NOW)], model=Model.LAST_CLICK)["s"][0] == "click"


def test_other_people_and_nobody_get_no_credit() -> None:
    assert credits([seen("a", NOW - 1, person="bob")], [sold("s", NOW)]) == {}
    nobody = (*seen("a", NOW - 1)[:3], None, *seen("a", NOW - 1)[4:])
    assert credits([nobody], [(*sold("s", NOW)[:3], None, *sold("s", NOW)[4:])]) == {}


def test_a_conversion_may_name_its_ad_or_its_campaign() -> None:
    touches = [seen("a", NOW - 2), seen("b", NOW - 1)]
    assert credits(touches, [sold("s", NOW, fact="a")])["s"][:3] == ("a", "view", "named")
    assert credits(touches, [sold("s", NOW, None, campaign="c1")])["s"][:3] == ("b", "view", "campaign")
    assert credits(touches, [sold("s", NOW, None, campaign="c2")]) == {}


def test_new_to_brand_looks_back_over_purchases_before_this_one() -> None:
    ad, sale = [seen("a", NOW - 1)], [sold("s", NOW)]
    assert credits(ad, sale, history=[sold("old", NOW - 10 * DAY, "pot")])["s"][3] is False
    assert credits(ad, sale, history=[sold("old", NOW - 366 * DAY, "pot")])["s"][3] is True
    assert credits(ad, sale, history=[sold("same moment", NOW, "pot")])["s"][3] is True


def test_an_impossible_window_is_refused() -> None:
    with pytest.raises(BadSetting, match="click_days"):
        Windows(click_days=-1)


def by_hand(touches: list[Any], conversions: list[Any], windows: Windows) -> dict[str, str]:
    """The rules once more, as a loop over everything."""
    found = {}
    for id, _, time, person, product, brand, category, _ in conversions:
        options = []
        for fact, touch, when, who, ware, its_brand, its_category, _ in touches:
            span = windows.click_days if touch == "click" else windows.view_days
            related = (product == ware) * 2 or (brand == its_brand or category == its_category) * 1
            if who == person and related and 0 <= time - when <= span * DAY:
                options.append((2 - related, touch, -when, fact))
        if options:
            found[id] = min(options)[3]
    return found


moments = st.integers(0, 40).map(lambda quarter: NOW - quarter * DAY // 8)
wares = st.sampled_from(sorted(WARES))
people = st.sampled_from(["ann", "bob"])
kinds = st.sampled_from(["click", "view"])


@settings(max_examples=12, deadline=None)
@given(
    touches=st.lists(st.tuples(moments, wares, kinds, people), max_size=12),
    sales=st.lists(st.tuples(moments, wares, people), max_size=8),
)
def test_the_join_equals_the_loop(touches: list[Any], sales: list[Any]) -> None:
    given_touches = [seen(f"t{n:02}", t, w, touch=k, person=p) for n, (t, w, k, p) in enumerate(touches)]
    given_sales = [sold(f"s{n}", t, w, person=p) for n, (t, w, p) in enumerate(sales)]
    found = credits(given_touches, given_sales, click_days=3, view_days=1)
    expected = by_hand(given_touches, given_sales, Windows(click_days=3, view_days=1))
    assert {id: row[0] for id, row in found.items()} == expected
    assert len(found) <= len(given_sales)
