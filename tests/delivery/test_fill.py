"""Slots: the compiled pass draws as the plain one does; what may not stand together does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hawker.delivery import fill as filling
from hawker.delivery.fill import Beside, Filled, Rules, fill

RULES = Rules(slots=3, floor=0, exploration=0.0, most_per_advertiser=None, mechanism="gsp")


def filled(
    values: list[float],
    *,
    rules: Rules = RULES,
    seed: int = 1,
    sellers: list[int] | None = None,
    **beside: object,
) -> Filled:
    rates = np.full(len(values), 1e-3)
    bids = (np.array(values) * 1000).astype(np.int64)
    return fill(
        bids,
        rates,
        values=bids * rates,
        advertisers=np.array(sellers or range(len(values)), dtype=np.int64),
        rules=rules,
        rng=np.random.default_rng(seed),
        beside=Beside(**beside),  # type: ignore[arg-type]
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_compiled_pass_is_the_plain_one(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 12))
    numbers = st.lists(st.integers(0, 6), min_size=count, max_size=count)
    bids = np.array(data.draw(numbers), dtype=np.int64) * 1000
    rates = (np.array(data.draw(numbers)) + 1) / 1000
    advertisers = np.array(data.draw(numbers), dtype=np.int64) - 1
    rules = Rules(
        slots=data.draw(st.integers(1, 5)),
        floor=data.draw(st.sampled_from([0, 1000, 3500])),
        exploration=data.draw(st.sampled_from([0.0, 0.3, 1.0])),
        most_per_advertiser=data.draw(st.sampled_from([None, 1, 2])),
        mechanism="gsp",
    )
    seed = data.draw(st.integers(0, 99))
    products = np.array(data.draw(numbers), dtype=np.int64) if data.draw(st.booleans()) else None
    beside = Beside(products=products)
    both = [
        made(
            bids,
            rates,
            values=bids * rates,
            advertisers=advertisers,
            rules=rules,
            rng=np.random.default_rng(seed),
            **more,
        )
        for made, more in ((fill, {"beside": beside}), (filling._apart, {"held": beside}))
    ]
    assert both[0] == both[1]


def test_a_product_stands_once_and_its_double_sets_no_price() -> None:
    found = filled([9, 8, 7, 6], products=np.array([1, 1, 2, 3]))
    assert found.order == (0, 2, 3)
    assert found.prices[0] == 7000
    assert found.reasons == {"already_on_page": 1}


def test_competitors_do_not_stand_side_by_side() -> None:
    found = filled([9, 8, 7, 6], apart={0: frozenset({1}), 1: frozenset({0})})
    assert found.order == (0, 2, 3)
    assert found.reasons == {"competitor_on_page": 1}


def test_a_guaranteed_ad_takes_the_first_slot_as_often_as_agreed() -> None:
    drawn = [filled([1, 5, 4, 3], seed=seed, guaranteed=((0, 0.3),)) for seed in range(2_000)]
    ahead = [one for one in drawn if one.order[0] == 0]
    assert len(ahead) / len(drawn) == pytest.approx(0.3, abs=0.04)
    assert {(one.order, one.prices[0], one.odds[0], one.rivals[0]) for one in ahead} == {
        ((0, 1, 2), 1000, 0.3, -1)
    }
    others = [one for one in drawn if one.order[0] != 0]
    assert {(one.order, one.odds[0], one.reasons["guaranteed_not_drawn"]) for one in others} == {
        ((1, 2, 3), 0.7, 1)
    }


def test_shares_of_more_than_one_are_brought_down_alike() -> None:
    drawn = [filled([1, 2, 3], seed=seed, guaranteed=((0, 1.0), (1, 1.0))) for seed in range(400)]
    assert {(one.order[0], one.odds[0]) for one in drawn} == {(0, 0.5), (1, 0.5)}


def test_a_guaranteed_ad_counts_towards_its_advertisers_limit() -> None:
    rules = replace(RULES, most_per_advertiser=2)
    found = filled([1, 9, 8, 7], rules=rules, sellers=[4, 4, 4, 5], guaranteed=((0, 1.0),))
    assert found.order == (0, 1, 3)
