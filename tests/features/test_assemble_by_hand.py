"""Feature rows say what a reader can count by hand, and nothing is invented for the unknown."""

from __future__ import annotations

import numpy as np
import pytest
from tests.features.toy import START

from hawker.features.assemble import Moment, affinity, assemble
from hawker.features.state import State
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind

CATALOGUE = [
    Product(id="milk", title="Milk", category="Food > Dairy > Milk", brand="Acme"),
    Product(id="cream", title="Cream", category="Food > Dairy > Milk", brand="Bolt"),
    Product(id="lamp", title="Lamp", category="Home > Light > Lamps", brand="Crown"),
]
NOW = START + 30 * DAY
PRODUCTS = np.arange(3, dtype=np.int32)


@pytest.fixture(scope="module")
def state() -> State:
    """Ann buys milk on days 0, 10 and 20 and cream on day 10; Bob buys a lamp on day 29."""
    rows = [("ann", 0, "milk", 3), ("ann", 10, "milk", 3), ("ann", 10, "cream", 5), ("ann", 20, "milk", 6)]
    rows.append(("bob", 29, "lamp", 40))
    made = State()
    made.codes.learn_products(CATALOGUE)
    events = [
        Event(
            EventKind.PURCHASE,
            START + day * DAY,
            id=f"e{i}",
            shopper=who,
            session=f"{who}{day}",
            product=product,
            value=value * 1_000_000,
            location="north",
        )
        for i, (who, day, product, value) in enumerate(rows)
    ]
    made.fold(made.codes.encode(events))
    made.advance(NOW)
    return made


def table(state: State, shopper: str) -> dict[str, list[float]]:
    code = state.codes["shopper"].find(shopper)
    names, matrix = assemble(state, Moment(NOW, shopper=code, location=0), PRODUCTS)
    assert matrix.dtype == np.float32
    assert matrix.shape == (3, len(set(names)))
    return dict(zip(names, matrix.T.tolist(), strict=True))


def test_a_row_counts_what_the_shopper_did(state: State) -> None:
    ann = table(state, "ann")
    assert ann["shopper_visits"] == [3, 3, 3]
    assert ann["own_count"] == [3, 1, 0]
    assert ann["own_per_visit"] == pytest.approx([3 / 4, 1 / 4, 0])
    assert ann["own_days_since"][:2] == pytest.approx([10, 20])
    assert np.isnan(ann["own_days_since"][2])
    assert ann["own_visits_since"][:2] == [0, 1]
    assert ann["own_gap_visits"][0] == 1
    assert ann["category_count"] == [4, 4, 0]
    assert ann["own_share_of_category"][:2] == pytest.approx([3 / 4, 1 / 4])
    assert ann["line_others"] == [0, 0, 0]
    assert ann["own_bought_20"][0] == pytest.approx(2**-1.5 + 2**-1 + 2**-0.5)


def test_a_row_tells_habits_from_trials(state: State) -> None:
    ann = table(state, "ann")
    assert ann["shopper_new_share"] == [0.5, 0.5, 0.5]  # two of four, and a prior of one of two
    assert ann["category_tried"] == [2, 2, 0]
    assert ann["category_new_share"] == [0.5, 0.5, 0.5]
    assert ann["own_price"][:2] == [4, 5]
    assert ann["own_last_quantity"][:2] == [1, 1]
    assert ann["own_last_gap_days"][0] == pytest.approx(10)
    assert np.isnan(ann["own_last_gap_days"][1])  # cream she bought once
    assert np.isnan(ann["own_last_quantity"][2])


def test_a_row_tells_who_buys_for_the_first_time(state: State) -> None:
    bob = table(state, "bob")
    assert bob["product_new_buyers_1"][2] == pytest.approx(2**-1.0)
    assert bob["product_bought_today"][2] == pytest.approx(2**-2.5)
    assert bob["product_here_1"][2] == pytest.approx(2**-1.0)
    assert bob["product_new_buyers_28"][0] == pytest.approx(2 ** (-30 / 28))  # her later ones are repeats


def test_a_row_counts_what_the_shop_sold(state: State) -> None:
    bob = table(state, "bob")
    assert bob["product_units_7"] == [0, 0, 1]
    assert bob["product_units_28"] == [2, 1, 1]
    assert bob["product_repeat_share"] == pytest.approx([2 / 3, 0, 0])
    assert bob["product_gap_days"][0] == pytest.approx(10)
    assert bob["product_gap_visits"][0] == 1
    assert bob["product_price"] == pytest.approx([4, 5, 40])
    assert bob["product_age_days"] == pytest.approx([30, 20, 1])
    assert bob["own_count"] == [0, 0, 1]


def test_nothing_is_known_of_a_stranger_but_the_shop_is(state: State) -> None:
    stranger = table(state, "nobody")
    assert stranger["shopper_visits"] == [0, 0, 0]
    assert stranger["own_count"] == [0, 0, 0]
    assert np.isnan(stranger["own_days_since"]).all()
    assert stranger["product_units_28"] == [2, 1, 1]


def test_affinity_puts_the_habit_first_and_the_unknown_last(state: State) -> None:
    moment = Moment(NOW, shopper=state.codes["shopper"].find("ann"))
    scores = affinity(state, moment, np.append(PRODUCTS, np.int32(-1)).astype(np.int32))
    assert np.argsort(-scores).tolist() == [0, 1, 2, 3]
    assert (scores >= 0).all()


def test_what_comes_with_the_ad_is_among_the_columns(state: State) -> None:
    names, matrix = assemble(state, Moment(NOW), PRODUCTS, context={"display": np.array([1.0, 0.0, 2.0])})
    assert matrix[:, names.index("display")].tolist() == [1, 0, 2]


def test_hour_and_weekday_are_the_shops_own(state: State) -> None:
    monday = 1_609_718_400_000_000 + 23 * 3_600_000_000  # 2021-01-04 23:00 UTC, a Monday
    names, matrix = assemble(state, Moment(monday, utc_offset_minutes=120), PRODUCTS[:1])
    row = dict(zip(names, matrix[0].tolist(), strict=True))
    assert (row["hour"], row["weekday"]) == (pytest.approx(1.0, abs=1e-5), 1.0)
