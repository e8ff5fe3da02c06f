"""The pacing world: its days, its optimum, and that nobody can spend what is not there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from hawker.simulate import market
from hawker.simulate.market import Market, Seen


class Greedy:
    """Bids a fixed number of micros on everything, and remembers the money it saw."""

    def __init__(self, bid: int) -> None:
        self.bid, self.left, self.times = bid, 0, [0.0]

    def bids(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.full(len(values), self.bid, np.int64)

    def saw(self, seen: Seen) -> None:
        assert seen.cost >= 0
        assert seen.left >= 0
        assert seen.value >= 0
        self.left = seen.left
        self.times.append(seen.until)


def toy() -> Market:
    """Four auctions: values per price 4, 3, 2 and 1."""
    bounds = np.full(market.SLOTS + 1, 4)
    bounds[0] = 0
    return Market(
        np.array([2.0, 4.0, 9.0, 8.0]), np.array([2_000_000, 1_000_000, 3_000_000, 4_000_000]), bounds
    )


def test_a_day_is_the_same_for_the_same_seed_and_follows_the_law() -> None:
    one, again, other = market.day(3), market.day(3), market.day(4)
    assert (one.prices == again.prices).all()
    assert not (one.prices[:100] == other.prices[:100]).all()
    assert len(one) == market.AUCTIONS
    assert np.log(one.values / 100).mean() == pytest.approx(-4.0, abs=0.02)
    assert np.log(one.values / 100).std() == pytest.approx(0.8, abs=0.02)
    traffic = np.diff(one.bounds)
    busiest = int(np.argmax(1 + 0.8 * np.sin(np.linspace(0, 2 * np.pi, market.SLOTS) - 1.5)))
    assert traffic[busiest] > 1.5 * traffic.mean() > 3 * traffic[0]


def test_a_spike_is_three_times_the_traffic_and_a_shock_half_as_dear_again() -> None:
    quiet, busy, dear = market.day(5), market.day(5, spike=3.0), market.day(5, shock=1.5)
    times = np.diff(busy.bounds) / np.diff(quiet.bounds)
    assert np.flatnonzero(times > 1).tolist() == list(range(20, 27))
    assert times[20:27] == pytest.approx(3.0)
    ratio = dear.prices / quiet.prices
    assert ratio[: quiet.bounds[24]] == pytest.approx(1.0)
    assert ratio[quiet.bounds[24] :] == pytest.approx(1.5, rel=1e-4)


def test_the_optimum_by_hand() -> None:
    assert market.optimum(toy(), 1_000_000) == 4.0
    assert market.optimum(toy(), 4_000_000) == 13.0
    assert market.optimum(toy(), 6_000_000) == 13.0 + 8.0 * 2 / 4
    assert market.optimum(toy(), 10**9) == 23.0
    # 4 for 1.00 and 9 for 3.00 cost .308 a unit; at .40 a unit 8 for 4.00 fits too, but not 2 for 2.00
    assert market.optimum(toy(), 10**9, target=400_000) == pytest.approx(21.0 + 2.0 * 0.4 / 1.2)


@pytest.mark.parametrize(
    ("ratio", "target"), [(0.1, math.inf), (0.6, math.inf), (0.6, 150_000), (2.0, 400_000)]
)
def test_the_optimum_is_the_linear_programmes(ratio: float, target: float) -> None:
    pytest.importorskip("scipy.optimize")
    small = market.day(7, auctions=500)
    money = market.budget(small, ratio)
    exact = market.programme(small, money, target=target)
    assert market.optimum(small, money, target=target) == pytest.approx(exact, rel=1e-9)


def test_a_greedy_buyer_ends_with_its_budget_spent_and_not_a_micro_more() -> None:
    today = market.day(1, auctions=3_000)
    for money in (0, 1, 123_457, 50_000_000):
        buyer = Greedy(10**12)
        bought = market.run(today, buyer, budget=money, steps=2)
        assert bought.spent + buyer.left == money
        assert buyer.left < max(int(today.prices.min()), 1) or money > int(today.prices.sum())
    assert buyer.times == pytest.approx(np.linspace(0, 1, 2 * market.SLOTS + 1))


def test_who_bids_nothing_wins_nothing_and_a_bid_wins_what_costs_no_more() -> None:
    assert market.run(toy(), Greedy(0), budget=10**9) == market.Bought(0.0, 0)
    assert market.run(toy(), Greedy(2_000_000), budget=10**9) == market.Bought(6.0, 3_000_000)
