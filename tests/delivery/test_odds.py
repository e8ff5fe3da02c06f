"""Thompson's odds computed: those of sampling, exact where there are two, spread a little over all."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hawker.delivery import odds


@pytest.mark.parametrize("seed", range(5))
def test_the_odds_are_those_of_sampling(seed: int) -> None:
    rng = np.random.default_rng(seed)
    means, deviations = rng.normal(0, 0.2, 5), rng.uniform(0.01, 0.3, 5)
    sampled = rng.normal(means, deviations, (200_000, 5)).argmax(axis=1)
    shares = np.bincount(sampled, minlength=5) / 200_000
    assert odds.best(means, deviations, least=0.0) == pytest.approx(shares, abs=0.006)


def test_of_two_they_are_exact() -> None:
    found = odds.best(np.array([0.1, 0.0]), np.array([0.2, 0.1]), least=0.0)
    exact = 0.5 * math.erfc(-0.1 / math.hypot(0.2, 0.1) / math.sqrt(2))
    assert found[0] == pytest.approx(exact, abs=2e-3)


def test_everybody_has_a_chance_and_all_sum_to_one() -> None:
    found = odds.best(np.array([0.0, -50.0, -50.0]), np.full(3, 1e-3), least=0.03)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert found.min() == pytest.approx(0.01)


def test_many_groups_at_once_are_the_groups() -> None:
    rng = np.random.default_rng(1)
    means, deviations = rng.normal(0, 0.2, 7), rng.uniform(0.01, 0.3, 7)
    apart = [odds.best(means[a:b], deviations[a:b]) for a, b in ((0, 3), (3, 4), (4, 7))]
    together = odds.each(means, deviations, bounds=np.array([0, 3, 4, 7]))
    np.testing.assert_array_equal(together, np.concatenate(apart))


def test_a_number_draws_by_the_odds() -> None:
    given = np.array([0.2, 0.0, 0.8])
    assert [odds.taken(given, draw) for draw in (0.0, 0.19, 0.2, 0.5, 0.9999999999999999)] == [0, 0, 2, 2, 2]
