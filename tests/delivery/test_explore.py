"""Exploration: the recorded odds are the true ones, by enumeration and by simulation."""

from __future__ import annotations

import itertools
from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from hawker.delivery.explore import explore


class Scripted(np.random.Generator):
    """A generator that gives the numbers it was handed."""

    def __init__(self, numbers: list[list[float]]) -> None:
        super().__init__(np.random.PCG64(0))
        self.numbers = np.array(numbers)

    def random(self, *_: object, **__: object) -> np.ndarray:  # type: ignore[override,type-arg]
        return self.numbers


@pytest.mark.parametrize("exploration", [0.0, 0.3, 1.0])
def test_odds_are_exact_by_enumeration(exploration: float) -> None:
    scores = np.array([0.2, 0.9, 0.5])
    cells = [(cell + 0.5) / 6 for cell in range(6)]  # six equal cells split evenly among 3 and among 2
    coins = [(exploration / 2, exploration), ((exploration + 1) / 2, 1 - exploration)]
    reached: dict[tuple[int, ...], float] = {}
    odds: dict[tuple[int, ...], float] = {}
    for (one, p), (two, q), a, b in itertools.product(coins, coins, cells, cells):
        if p * q == 0:
            continue
        order, propensities, _ = explore(
            scores, slots=2, exploration=exploration, rng=Scripted([[one, two], [a, b]])
        )
        key = tuple(order.tolist())
        reached[key] = reached.get(key, 0.0) + p * q / 36
        odds[key] = float(np.prod(propensities))
    assert reached == pytest.approx(odds)
    assert sum(odds.values()) == pytest.approx(1.0)
    assert len(odds) == (1 if exploration == 0 else 6)


def test_odds_are_those_seen_in_simulation() -> None:
    rng, draws = np.random.default_rng(5), 20_000
    scores = np.array([3.0, 1.0, 2.0, 0.0])
    seen: Counter[tuple[int, ...]] = Counter()
    odds: dict[tuple[int, ...], float] = {}
    for _ in range(draws):
        order, propensities, _ = explore(scores, slots=2, exploration=0.4, rng=rng)
        key = tuple(order.tolist())
        seen[key] += 1
        odds[key] = float(np.prod(propensities))
    assert len(odds) == 12
    for key, chance in odds.items():
        assert abs(seen[key] / draws - chance) < 5 * np.sqrt(chance * (1 - chance) / draws)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.integers(0, 40),
    st.integers(0, 10),
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from([None, 1, 2]),
)
def test_a_choice_is_valid_and_its_odds_follow_the_definition(
    m: int, slots: int, exploration: float, seed: int, most: int | None
) -> None:
    rng = np.random.default_rng(seed)
    scores, who = rng.integers(0, 5, m).astype(float), rng.integers(-1, 4, m)
    order, odds, drawn = explore(
        scores,
        slots=slots,
        exploration=exploration,
        rng=rng,
        advertisers=who,
        most_per_advertiser=most,
    )
    left = list(range(m))
    for taken, chance, by_chance in zip(order.tolist(), odds.tolist(), drawn.tolist(), strict=True):
        best = max(left, key=lambda index: (scores[index], -index))
        assert taken in left
        assert chance == pytest.approx(exploration / len(left) + (1 - exploration) * (taken == best))
        assert by_chance or taken == best
        left.remove(taken)
        above = order.tolist()[: order.tolist().index(taken) + 1]
        if most and who[taken] >= 0 and sum(who[one] == who[taken] for one in above) >= most:
            left = [index for index in left if who[index] != who[taken]]
    assert len(order) == slots or not left


def test_the_same_seed_gives_the_same_choice() -> None:
    scores = np.random.default_rng(1).random(300)
    one = explore(scores, slots=10, exploration=0.5, rng=np.random.default_rng(7))
    two = explore(scores, slots=10, exploration=0.5, rng=np.random.default_rng(7))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))
    plain, odds, drawn = explore(scores, slots=10, exploration=0.0, rng=np.random.default_rng(7))
    assert plain.tolist() == np.argsort(-scores, kind="stable")[:10].tolist()
    assert odds.tolist() == [1.0] * 10
    assert not drawn.any()
