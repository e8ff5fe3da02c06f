"""The formulas of features, held to their plain words."""

from __future__ import annotations

import numpy as np
import pytest
from tests.features import toy

from hawker.errors import BadInput
from hawker.features.assemble import Moment, affinity, assemble
from hawker.features.state import State


@pytest.fixture(scope="module")
def state() -> State:
    made = State()
    made.codes.learn_products(toy.products(14))
    events = made.codes.encode(toy.events(600), tolerance=toy.TOLERANCE)
    made.fold(events)
    made.advance(int(events.time[-1]) + 1)
    return made


def expected_affinity(state: State, product: int, *, shopper: int, now: int) -> float:
    def one(table: str, a: int, b: int = 0) -> dict[str, float]:
        found = state.read(table, np.array([a], np.int32), np.array([b], np.int32), now=now)
        return {name: float(value[0]) for name, value in found.items()}

    category = int(state.codes.of_products("category", np.array([product], np.int32))[0])
    own, kin = one("shopper_product", shopper, product), one("shopper_category", shopper, category)
    visits = one("shopper", shopper)["visits"]
    sold = float(state.windows.read(np.array([product], np.int32))[0, 1])
    again = 0.0
    if own["count"] > 0:
        again = own["count"] / (max(visits - own["first_visit"], 0.0) + 2.0)
        again *= 0.5 ** (((now - toy.EPOCH) / toy.DAY - own["last"]) / 180.0)
    share = sold / (2.0 * one("category", category)["bought_28"] + 10.0)
    everything = one("everything", 0)["bought_28"]
    fresh = (kin["count"] + 0.05) / (visits + 5.0) * share + 0.3 * sold / (everything + 1000.0)
    return again + fresh


@pytest.mark.parametrize("shopper", ["u1", "u3", "nobody"])
def test_affinity_is_its_formula_for_every_product(state: State, shopper: str) -> None:
    products = np.arange(-1, 14, dtype=np.int32)
    now = state.watermark + 3 * toy.DAY
    code = state.codes["shopper"].find(shopper)
    found = affinity(state, Moment(now, shopper=code), products)
    plain = [expected_affinity(state, int(product), shopper=code, now=now) for product in products]
    np.testing.assert_allclose(found, plain, rtol=1e-12)
    assert (found[1:] > 0).any()


def test_no_products_have_no_affinity(state: State) -> None:
    assert len(affinity(state, Moment(state.watermark, shopper=0), np.zeros(0, dtype=np.int32))) == 0


def test_rows_do_not_depend_on_their_neighbours(state: State) -> None:
    moment = Moment(state.watermark, shopper=1, location=0)
    products = np.arange(14, dtype=np.int32)
    names, together = assemble(state, moment, products)
    for product in products:
        _, alone = assemble(state, moment, products[product : product + 1])
        np.testing.assert_array_equal(alone[0], together[product])
    assert len(set(names)) == len(names)


def test_names_pick_columns_in_their_order(state: State) -> None:
    moment = Moment(state.watermark, shopper=1)
    products = np.arange(14, dtype=np.int32)
    names, everything = assemble(state, moment, products)
    wanted = (names[7], names[2])
    found, picked = assemble(state, moment, products, names=wanted)
    assert found == wanted
    np.testing.assert_array_equal(picked, everything[:, [7, 2]])


def test_an_unknown_feature_names_the_nearest(state: State) -> None:
    with pytest.raises(BadInput, match="own_cuont") as caught:
        assemble(state, Moment(state.watermark), np.zeros(1, dtype=np.int32), names=("own_cuont",))
    assert "own_count" in str(caught.value)
