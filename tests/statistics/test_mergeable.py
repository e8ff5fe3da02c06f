"""A whole equals the sum of its parts, in any order, at any offset."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawker.statistics import Counts, Covariances, Moments

values = st.lists(st.floats(-1e6, 1e6), max_size=40)


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 60))
def test_counts_merge_to_the_whole(outcomes: list[bool], cut: int) -> None:
    assert Counts.of(outcomes[:cut]) + Counts.of(outcomes[cut:]) == Counts.of(outcomes)


@given(values, values)
def test_moments_merge_to_the_whole(left: list[float], right: list[float]) -> None:
    merged, whole = Moments.of(left) + Moments.of(right), Moments.of(left + right)
    assert merged.n == whole.n
    assert merged.mean == pytest.approx(whole.mean, rel=1e-9, abs=1e-6)
    assert merged.squares == pytest.approx(whole.squares, rel=1e-9, abs=1e-3)


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=40), st.integers(0, 40))
def test_covariances_merge_to_the_whole(pairs: list[tuple[float, float]], cut: int) -> None:
    table = np.array(pairs).reshape(-1, 2)
    parts = [Covariances.of(part[:, 0], part[:, 1]) for part in (table[:cut], table[cut:])]
    whole = Covariances.of(table[:, 0], table[:, 1])
    for merged in (parts[0] + parts[1], parts[1] + parts[0]):
        assert merged.n == whole.n
        assert merged.products == pytest.approx(whole.products, rel=1e-9, abs=1e-5)
        assert merged.x.squares == pytest.approx(whole.x.squares, rel=1e-9, abs=1e-5)
        assert merged.y.mean == pytest.approx(whole.y.mean, rel=1e-9, abs=1e-9)


def test_a_large_offset_does_not_eat_the_variance() -> None:
    parts = [Moments.of(1e9 + np.array([0.0, 1.0])), Moments.of(1e9 + np.array([2.0, 3.0]))]
    assert (parts[0] + parts[1]).variance == pytest.approx(5 / 3, rel=1e-12)


def test_one_value_has_no_variance_and_no_trial_no_rate() -> None:
    assert Moments.of([4.0]).variance is None
    assert Covariances.of([1.0], [2.0]).covariance is None
    assert Counts().rate is None


def test_covariances_refuse_arrays_of_different_length() -> None:
    with pytest.raises(ValueError, match="x has 2 values, y has 1"):
        Covariances.of([1.0, 2.0], [1.0])
