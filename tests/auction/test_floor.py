"""Learned floors: the curve by hand, the textbook optimum, and when there is no answer."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hawker.auction import floor

UNIT = 1_000_000


def sorted_offers(count: int, *, bidders: int, slots: int, seed: int = 0) -> NDArray[np.float64]:
    """Offers uniform between 0 and 1 a thousand, the best of each auction first."""
    drawn = np.random.default_rng(seed).random((count, bidders)) * UNIT
    tops = -np.sort(-drawn, axis=1)[:, : slots + 1]
    return np.pad(tops, ((0, 0), (0, slots + 1 - tops.shape[1])))


def test_each_slot_is_sold_at_the_next_offer_or_the_floor() -> None:
    tops = np.array([[9.0, 6.0, 2.0], [5.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert floor.revenue(tops, 0.0).tolist() == [8.0, 0.0, 0.0]
    assert floor.revenue(tops, 5.0).tolist() == [11.0, 5.0, 0.0]
    assert floor.revenue(tops, 6.5).tolist() == [6.5, 0.0, 0.0]


def test_the_best_floor_for_uniform_offers_is_one_half_whatever_their_number() -> None:
    for bidders in (1, 2, 4):
        tops = sorted_offers(6_000, bidders=bidders, slots=1, seed=bidders)
        found = floor.reserve(tops, clusters=np.arange(6_000))
        assert found.floor == pytest.approx(UNIT / 2, rel=0.15)
    # Myerson: two bidders earn 1/3 without a reserve, 5/12 with one of 1/2
    two = floor.reserve(sorted_offers(6_000, bidders=2, slots=1, seed=2), clusters=np.arange(6_000))
    assert two.earned.value == pytest.approx(UNIT / 3, rel=0.05)
    assert two.gain.low is not None
    assert two.gain.high is not None
    assert two.gain.low < UNIT / 12 < two.gain.high
    assert two.reason == ""


def test_a_floor_is_never_lowered_and_a_gain_that_may_be_chance_is_none() -> None:
    tops = sorted_offers(5_000, bidders=3, slots=1)
    high = floor.reserve(tops, clusters=np.arange(5_000), floor=8 * UNIT // 10)
    assert (high.floor, high.reason) == (None, "no higher floor is sure to earn more")
    crowded = sorted_offers(5_000, bidders=40, slots=1)
    sure = floor.reserve(crowded, clusters=np.arange(5_000))
    assert sure.floor is None
    assert sure.gain.low is not None
    assert sure.gain.low <= 0


def test_too_few_auctions_or_shoppers_are_refused_with_the_reason() -> None:
    tops = sorted_offers(5_000, bidders=2, slots=1)
    few = floor.reserve(tops[:999], clusters=np.arange(999))
    assert few.floor is None
    assert not few.gain
    assert "999 of 1000" in few.reason
    crowd = floor.reserve(tops, clusters=np.arange(5_000) % 10)
    assert "10 of 50 shoppers" in crowd.reason
    nothing = floor.reserve(np.zeros((2_000, 2)), clusters=np.arange(2_000))
    assert nothing.floor is None
    assert nothing.gain.value == 0
    assert floor.reserve(np.zeros((0, 2)), clusters=[]).floor is None


def test_the_gain_is_honest_where_there_is_none_to_have() -> None:
    """Fixed offers leave nothing to a floor: over many draws the interval covers it."""
    false = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        second = rng.lognormal(0, 0.5, 1_500) * UNIT
        tops = np.column_stack([second * 1.000001, second])
        found = floor.reserve(tops, clusters=np.arange(1_500), seed=seed)
        false += found.floor is not None
    assert false <= 2
