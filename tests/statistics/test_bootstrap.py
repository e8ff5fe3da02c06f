"""Whole clusters are drawn again: rows that repeat one shopper add no certainty."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hawker.statistics import bootstrap
from hawker.statistics.bootstrap import clustered, difference, lift, mean, quotient, ratio, resampled, totals


def width(estimate: bootstrap.Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


def test_repeating_every_row_does_not_narrow_the_interval() -> None:
    values = np.random.default_rng(0).normal(size=50)
    once = mean(np.arange(50), values)
    often = mean(np.repeat(np.arange(50), 20), np.repeat(values, 20))
    assert width(often) == pytest.approx(width(once), rel=1e-9)


def test_a_paired_lift_is_surer_than_its_parts() -> None:
    rng = np.random.default_rng(1)
    base = rng.exponential(5, size=400)
    b = base + rng.normal(0, 0.1, 400)
    a = 1.1 * base + rng.normal(0, 0.1, 400)
    paired = lift(np.arange(400), a, b=b)
    assert paired.value == pytest.approx(a.sum() / b.sum() - 1)
    assert paired.low is not None
    assert 0.09 < paired.low < 0.1 + 0.01
    assert width(paired) < 0.1 * width(mean(np.arange(400), a)) / float(b.mean())


def test_weights_count_as_rows() -> None:
    rng = np.random.default_rng(2)
    a, b, shopper = rng.random(60), rng.random(60) + 1, np.repeat(np.arange(20), 3)
    twice = np.tile(np.arange(60), 2)
    weighted = lift(shopper, a, b=b, weights=np.full(60, 2.0))
    repeated = lift(shopper[twice], a[twice], b=b[twice])
    assert weighted.value == pytest.approx(repeated.value)
    assert weighted.low == pytest.approx(repeated.low)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(12)))
def test_names_of_clusters_do_not_matter_to_the_value(names: list[int]) -> None:
    shopper = np.repeat(np.arange(12), 2)
    values = np.arange(24.0)
    renamed = np.array(names)[shopper]
    assert mean(renamed, values).value == pytest.approx(mean(shopper, values).value)


def test_swapping_the_policies_mirrors_the_difference() -> None:
    rng = np.random.default_rng(3)
    a, b, shopper = rng.random(90), rng.random(90), np.repeat(np.arange(30), 3)
    forth, back = difference(shopper, a, b=b), difference(shopper, b, b=a)
    assert forth.value == pytest.approx(-back.value)  # type: ignore[operator]
    assert forth.low == pytest.approx(-back.high)  # type: ignore[operator]


def test_coverage_with_shoppers_of_uneven_size() -> None:
    rng = np.random.default_rng(4)
    covered = []
    for seed in range(1000):
        sizes = rng.poisson(4, 40) + 1
        rate = rng.beta(2, 8, 40)
        clicks = rng.binomial(sizes, rate)
        estimate = ratio(np.arange(40), clicks, denominator=sizes, seed=seed)
        covered.append(estimate.low <= 0.2 <= estimate.high)  # type: ignore[operator]
    assert 0.93 <= np.mean(covered) <= 0.97


def test_the_same_seed_draws_the_same_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = np.random.default_rng(5).random((30, 2))
    whole = resampled(sums, resamples=100, seed=9)
    monkeypatch.setattr(bootstrap, "_CELLS", 70)
    np.testing.assert_allclose(resampled(sums, resamples=100, seed=9), whole)
    assert not np.allclose(resampled(sums, resamples=100, seed=10), whole)


def test_many_clusters_in_bags_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    values, cluster = rng.exponential(size=9000), np.arange(9000) // 3
    alone = mean(cluster, values)
    monkeypatch.setattr(bootstrap, "MOST", 700)
    bagged = mean(cluster, values)
    assert bagged.value == pytest.approx(alone.value)
    assert bagged.n == alone.n == 3000
    assert width(bagged) == pytest.approx(width(alone), rel=0.1)


def test_totals_sum_by_cluster() -> None:
    np.testing.assert_array_equal(totals([7, 3, 7], [[1, 2, 3], [1, 1, 1]]), [[2, 1], [4, 2]])


def test_too_few_clusters_and_undefined_statistics_are_refused() -> None:
    few = mean(np.repeat(np.arange(9), 100), np.ones(900))
    assert few.value is None
    assert "9 clusters" in few.reason
    rare = np.zeros(20)
    rare[0] = 1
    undefined = clustered(np.arange(20), [np.ones(20), rare], statistic=quotient)
    assert "not defined in" in undefined.reason
