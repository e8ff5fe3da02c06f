"""Average precision and lift agree with counting by hand, with scikit-learn, and with weights as copies."""

from __future__ import annotations

import numpy as np
import pytest

from hawker.audience.judged import Ranked, average_precision, judge, mean, precision, ratio


def drawn(seed: int, *, n: int = 400, signal: float = 1.0) -> Ranked:
    rng = np.random.default_rng(seed)
    member = rng.random(n) < 0.15
    return Ranked(np.arange(n), np.round(rng.normal(size=n) + signal * member, 1), member)


def test_equals_are_one_step_as_scikit_learn_has_it() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    for seed in range(5):
        one = drawn(seed)
        assert average_precision(one.score, one.member) == pytest.approx(
            metrics.average_precision_score(one.member, one.score), abs=1e-12
        )


def test_a_weight_of_two_is_a_shopper_twice() -> None:
    one = drawn(3, n=60)
    weights = np.random.default_rng(0).integers(0, 3, 60)
    again = np.repeat(np.arange(60), weights)
    assert precision(one)(weights[None, :].astype(float))[0] == pytest.approx(
        average_precision(one.score[again], one.member[again])
    )


def test_a_perfect_order_lifts_as_far_as_can_be() -> None:
    member = np.arange(1000) < 100
    found = judge(Ranked(np.arange(1000), -np.arange(1000.0), member), shares=(0.05, 0.2), resamples=200)
    assert found.average_precision.value == 1.0
    assert found.lift["5%"].value == pytest.approx(10.0)
    assert found.lift["20%"].value == pytest.approx(5.0)
    assert found.base == 0.1


def test_an_order_that_says_nothing_has_the_base_rate_and_its_interval_holds_it() -> None:
    member = drawn(1, n=2000).member
    found = judge(Ranked(np.arange(2000), np.zeros(2000), member), resamples=200)
    assert found.average_precision.value == pytest.approx(member.mean())
    assert found.average_precision.low < member.mean() < found.average_precision.high


def test_the_same_shoppers_at_two_moments_are_drawn_together() -> None:
    ours, theirs = [drawn(1, signal=1.5), drawn(2, signal=1.5)], [drawn(1, signal=0.2), drawn(2, signal=0.2)]
    found = ratio(ours, theirs, resamples=300)
    assert found.n == 400
    assert 1.0 < found.low < found.value < found.high
    assert ratio(ours, ours, resamples=100).low == ratio(ours, ours, resamples=100).high == 1.0
    both = [average_precision(one.score, one.member) for one in ours]
    assert mean(ours, resamples=100).value == pytest.approx(np.mean(both))


def test_few_members_are_no_answer() -> None:
    few = Ranked(np.arange(50), np.arange(50.0), np.arange(50) < 5)
    found = judge(few, resamples=50)
    assert not found.average_precision
    assert "at least 10" in found.average_precision.reason
    assert "5 members" in str(found)
