"""A contextual choice learns what to do where, says by what odds, and leaves alone what is known."""

from __future__ import annotations

import numpy as np
import pytest

from hawker.delivery.contextual import Contextual
from hawker.errors import BadInput


def test_it_learns_which_option_is_best_in_which_context() -> None:
    rng = np.random.default_rng(1)
    bandit = Contextual(3, 2, deviation=1.0, width=3.0, known={2: 0.0})
    contexts = np.array([[1.0, 0.0], [0.0, 1.0]])
    rewards = np.array([[2.0, -1.0, 0.0], [-1.0, -1.0, 0.0]])  # first context: option 0; second: pass
    for turn in range(600):
        here = turn % 2
        option, _ = bandit.choose(contexts[here], rng)
        bandit.learn(contexts[here], option, rewards[here, option] + rng.normal())
    assert bandit.choose(contexts[0], rng)[1][0] > 0.95
    assert bandit.choose(contexts[1], rng)[1][2] > 0.95


def test_what_is_believed_is_the_regression_on_all_rows() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    bandit = Contextual(2, 3, deviation=2.0, width=5.0)
    for row, reward in zip(x, y, strict=True):
        bandit.learn(row, 1, float(reward))
    precision = np.eye(3) / 25 + x.T @ x / 4
    weights = np.linalg.solve(precision, x.T @ y / 4)
    here = np.array([1.0, -2.0, 0.5])
    means, deviations = bandit.believed(here)
    assert means == pytest.approx([0.0, here @ weights])
    assert deviations[1] == pytest.approx(np.sqrt(here @ np.linalg.solve(precision, here)))
    assert deviations[0] == pytest.approx(5.0 * np.linalg.norm(here))


def test_the_odds_are_those_it_draws_by() -> None:
    bandit = Contextual(2, 1, deviation=1.0, width=1.0, known={0: 0.5}, least=0.0)
    rng, here = np.random.default_rng(3), np.ones(1)
    drawn = [bandit.choose(here, rng) for _ in range(4_000)]
    assert np.mean([option for option, _ in drawn]) == pytest.approx(drawn[0][1][1], abs=0.03)
    assert drawn[0][1][1] == pytest.approx(0.3085, abs=2e-3)  # P(normal > 0.5)


def test_a_choice_of_one_is_none() -> None:
    with pytest.raises(BadInput):
        Contextual(1, 2, deviation=1.0, width=1.0)
