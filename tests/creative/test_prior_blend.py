"""Signs put together, and what a shop's own results make of each."""

from __future__ import annotations

import numpy as np
import pytest

from hawker.creative.prior_blend import NO_DOUBT, Blend, Result, learn, summed, within
from hawker.errors import BadInput


def test_a_mean_is_a_sum_and_its_doubt_grows_with_the_signs() -> None:
    mean, sd = Blend().combined(np.array([[0.2, 0.0, 0.0], [0.2, 0.4, 0.0]]), np.array([0.3, 0.3]))
    assert mean == pytest.approx([0.2, 0.4])
    assert sd == pytest.approx([(0.3**2 + 0.1**2) ** 0.5, (0.3**2 + 0.1**2 + 0.2**2) ** 0.5])


def test_impressions_count_by_how_improbable_they_were() -> None:
    often = Result("a", "x", 900, 90, propensity=0.9)
    seldom = Result("a", "x", 100, 30, propensity=0.1)
    fared = summed([often, seldom])
    assert len(fared) == 1
    weighed = (90 / 0.9 + 30 / 0.1) / (900 / 0.9 + 100 / 0.1)
    worth = 2000.0**2 / (900 / 0.81 + 100 / 0.01)
    assert fared.shown[0] == pytest.approx(worth)
    assert fared.clicked[0] == pytest.approx(weighed * worth)


def test_one_impression_counts_twenty_at_most() -> None:
    rare = summed([Result("a", "x", 100, 10, propensity=1e-6), Result("a", "x", 100, 50, propensity=1.0)])
    held = summed([Result("a", "x", 100, 10, propensity=0.05), Result("a", "x", 100, 50, propensity=1.0)])
    assert (rare.shown[0], rare.clicked[0]) == (held.shown[0], held.clicked[0])


def test_alike_impressions_tell_as_much_as_there_are_of_them() -> None:
    fared = summed([Result("a", "x", 1000, 100, propensity=0.25)])
    assert (fared.shown[0], fared.clicked[0]) == (pytest.approx(1000), pytest.approx(100))


def test_what_was_never_shown_is_left_out() -> None:
    assert len(summed([Result("a", "x", 0, 0), Result("a", "y", 10, 0)])) == 1


@pytest.mark.parametrize(
    "bad",
    [
        Result("a", "x", 10, 11),
        Result("a", "x", 10, -1),
        Result("a", "x", 10, 1, propensity=0.0),
        Result("a", "x", 10, 1, propensity=1.5),
        Result("a", "x", 10, 1, propensity=float("nan")),
    ],
)
def test_what_cannot_have_happened_is_refused(bad: Result) -> None:
    with pytest.raises(BadInput, match="Give 0 ≤ clicked ≤ shown and 0 < propensity ≤ 1"):
        summed([bad])


def test_only_differences_within_a_group_count() -> None:
    group = np.array([0, 0, 1, 1])
    found = within(np.array([[1.0], [3.0], [10.0], [20.0]]), group, np.array([1.0, 3.0, 1.0, 1.0]))
    assert found[:, 0] == pytest.approx([-1.5, 0.5, -5.0, 5.0])


def shop(groups: int, weights: tuple[float, float, float], rest: float, seed: int) -> tuple[np.ndarray, list]:
    rng = np.random.default_rng(seed)
    signs = rng.normal(0, (0.2, 0.3, 1.0), size=(groups * 4, 3))
    effect = signs @ np.array(weights) + rng.normal(0, rest, len(signs))
    base = np.repeat(rng.normal(-3, 1, groups), 4)
    chance = 1 / (1 + np.exp(-(base + effect)))
    clicks = rng.binomial(5_000, chance)
    rows = [Result(f"g{i // 4}", f"h{i}", 5_000, int(n)) for i, n in enumerate(clicks)]
    return signs, rows


def test_weights_and_spread_are_found_where_there_is_plenty() -> None:
    signs, rows = shop(400, (0.6, 1.0, 0.1), 0.15, seed=2)
    learned = learn(signs, fared=summed(rows), before=Blend(), rest=0.3)
    assert learned.blend.weights == pytest.approx([0.6, 1.0, 0.1], abs=0.06)
    assert learned.blend.rest == pytest.approx(0.15, abs=0.02)


def test_intervals_hold_as_often_as_they_say() -> None:
    truth, held = (0.6, 0.7, 0.08), []
    for seed in range(40):
        signs, rows = shop(30, truth, 0.2, seed=seed)
        learned = learn(signs, fared=summed(rows), before=Blend(), rest=0.3)
        for want, found in zip(truth, learned.weights.values(), strict=True):
            assert found.low is not None
            assert found.high is not None
            held.append(found.low <= want <= found.high)
    assert 0.88 <= np.mean(held) <= 1.0


def test_little_data_leaves_weights_near_where_they_were() -> None:
    rng = np.random.default_rng(1)
    rows = [Result(f"g{i // 2}", f"h{i}", 50, int(rng.binomial(50, 0.05))) for i in range(24)]
    signs = rng.normal(0, 0.2, size=(24, 3))
    learned = learn(signs, fared=summed(rows), before=Blend(), rest=0.3)
    assert np.abs(learned.blend.weights - Blend().weights)[0] < 0.5
    assert learned.blend.rest is not None
    assert 0.15 < learned.blend.rest < 0.6


def test_what_is_in_no_doubt_stays() -> None:
    signs, rows = shop(40, (0.2, 0.2, 0.0), 0.1, seed=4)
    learned = learn(signs, fared=summed(rows), before=Blend(doubt=NO_DOUBT), rest=0.3)
    assert learned.blend.weights.tolist() == Blend().weights.tolist()
