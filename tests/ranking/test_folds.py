"""Folds: every row is judged once, no shopper and no future leaks from what judges to what fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples


def shop(rows: int, *, shoppers: int, seed: int) -> Examples:
    """Toy rows whose shoppers come back unevenly; one in twenty is nobody known."""
    rng = np.random.default_rng(seed)
    cluster = (rng.pareto(1.5, rows) * shoppers / 4).astype(np.int64) % shoppers
    cluster[rng.random(rows) < 0.05] = -1
    return replace(toy(rows), cluster=cluster, group=np.arange(rows) // 5, time=np.arange(rows) // 5 * 7)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.integers(12, 60), st.integers(0, 1000))
def test_no_shopper_is_in_two_folds_and_every_row_is_judged_once(k: int, shoppers: int, seed: int) -> None:
    rows = shop(600, shoppers=shoppers, seed=seed)
    judged = []
    for fit, valid in ranking.folds(rows, k, seed=seed):
        known = set(fit.cluster.tolist()) - {-1}
        assert not known & set(valid.cluster.tolist())
        assert not set(fit.group[fit.cluster < 0].tolist()) & set(valid.group[valid.cluster < 0].tolist())
        assert len(fit) + len(valid) == len(rows)
        judged.append(valid.x[:, 2])
    assert np.array_equal(np.sort(np.concatenate(judged)), np.sort(rows.x[:, 2]), equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.integers(0, 1000))
def test_by_time_nothing_judges_what_lies_after_it(k: int, seed: int) -> None:
    rows = shop(600, shoppers=30, seed=seed)
    pairs = list(ranking.folds(rows, k, by="time"))
    assert len(pairs) == k
    for fit, valid in pairs:
        assert fit.time.max() < valid.time.min()
        assert not set(fit.group.tolist()) & set(valid.group.tolist())
    assert [len(fit) for fit, _ in pairs] == sorted(len(fit) for fit, _ in pairs)
    assert sum(len(valid) for _, valid in pairs) + len(pairs[0][0]) == len(rows)


def test_folds_are_even_and_follow_the_seed() -> None:
    rows = toy(3000)
    first, again = (list(ranking.folds(rows, 4, seed=3)) for _ in range(2))
    other = next(iter(ranking.folds(rows, 4, seed=4)))[1]
    assert {len(valid) for _, valid in first} == {750}
    assert all(np.array_equal(a[1].time, b[1].time) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0][1].time, other.time)


def test_impossible_folds_are_refused_with_a_remedy() -> None:
    with pytest.raises(BadSetting, match="'k' must be at least 2"):
        ranking.folds(toy(100), 1)
    with pytest.raises(BadSetting, match=r"no folds by 'shoper'.*Did you mean 'shopper'"):
        ranking.folds(toy(100), 3, by="shoper")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"4 shoppers cannot fill 5 folds.*fewer folds"):
        ranking.folds(toy(100), 5)
    with pytest.raises(BadInput, match="too few moments"):
        ranking.folds(replace(toy(100), time=np.zeros(100, dtype=np.int64)), 2, by="time")
