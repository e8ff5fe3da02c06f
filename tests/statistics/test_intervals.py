"""Intervals contain their value, mirror under relabelling, and cover the truth as often as they say."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawker.statistics import Covariances, Estimate, Moments, mean, proportion, ratio
from hawker.statistics.intervals import student


@given(st.integers(1, 10_000), st.data())
def test_wilson_contains_its_value_and_mirrors(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    yes, no = proportion(successes, trials), proportion(trials - successes, trials)
    assert 0 <= yes.low <= yes.value <= yes.high <= 1  # type: ignore[operator]
    assert yes.low == pytest.approx(1 - no.high, abs=1e-12)  # type: ignore[operator]


def test_wilson_equals_the_published_example() -> None:
    known = proportion(15, 148)  # Newcombe 1998, table I, method 3
    assert (known.low, known.high) == (pytest.approx(0.0624, abs=5e-5), pytest.approx(0.1605, abs=5e-5))


def test_wilson_covers() -> None:
    rng = np.random.default_rng(1)
    rates = rng.uniform(0.02, 0.98, size=1000)
    hits = rng.binomial(200, rates)
    estimates = [proportion(int(hit), 200) for hit in hits]
    covered = [e.low <= p <= e.high for e, p in zip(estimates, rates, strict=True)]  # type: ignore[operator]
    assert 0.93 <= np.mean(covered) <= 0.97


def test_the_mean_covers_with_eight_values() -> None:
    samples = np.random.default_rng(2).normal(3, 2, size=(1000, 8))
    covered = [e.low <= 3 <= e.high for e in (mean(Moments.of(row)) for row in samples)]  # type: ignore[operator]
    assert 0.93 <= np.mean(covered) <= 0.97


def test_the_ratio_covers_when_numerator_and_denominator_move_together() -> None:
    rng = np.random.default_rng(3)
    views = rng.poisson(8, size=(1000, 120)) + 1
    clicks = rng.binomial(views, 0.2)
    estimates = [ratio(Covariances.of(x, y)) for x, y in zip(clicks, views, strict=True)]
    assert 0.93 <= np.mean([e.low <= 0.2 <= e.high for e in estimates]) <= 0.97  # type: ignore[operator]


@pytest.mark.parametrize(("freedom", "exact"), [(4, 2.7764), (9, 2.2622), (29, 2.0452), (1e9, 1.95996)])
def test_student_is_close_to_the_tables(freedom: float, exact: float) -> None:
    assert student(0.95, freedom=freedom) == pytest.approx(exact, abs=1.2e-3)


@pytest.mark.parametrize(
    ("estimate", "reason"),
    [
        (proportion(0, 0), "no trials"),
        (proportion(3, 2), "not a share"),
        (mean(Moments.of([1.0, 2.0])), "at least 5"),
        (ratio(Covariances.of([1.0] * 6, [0.0] * 6)), "denominator is zero"),
        (ratio(Covariances.of([1.0], [1.0])), "at least 5"),
    ],
)
def test_no_answer_says_why(estimate: Estimate, reason: str) -> None:
    assert estimate.value is None
    assert not estimate
    assert reason in estimate.reason
    assert str(estimate) == f"none: {estimate.reason}"


def test_an_estimate_formats_and_travels_as_json() -> None:
    estimate = proportion(30, 1000)
    assert f"{estimate:.1%}" == "3.0% [2.1%, 4.3%]"
    assert json.loads(msgspec.json.encode(estimate))["method"] == "wilson"
    assert msgspec.json.decode(msgspec.json.encode(estimate), type=Estimate) == estimate
