"""Figures equal their definitions, and their intervals hold what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.ranking.metrics import apart, beaten, by_segment, compare, judge, log_loss


def noisy(examples: Examples, *, seed: int = 0) -> np.ndarray:
    """Probabilities that know something, with ties."""
    rng = np.random.default_rng(seed)
    return np.round(np.clip(0.2 + 0.2 * examples.y + rng.normal(0, 0.2, len(examples)), 0.01, 0.99), 2)


def weighted() -> Examples:
    rows = toy(600)
    return replace(rows, weight=np.random.default_rng(5).exponential(size=600))


def test_auc_equals_scikit_learn_with_weights_and_ties() -> None:
    rows = weighted()
    p = noisy(rows)
    expected = roc_auc_score(rows.y, p, sample_weight=rows.weight)
    assert judge(p, rows).auc.value == pytest.approx(expected, abs=1e-12)


def test_group_auc_equals_the_definition() -> None:
    rows = weighted()
    p = noisy(rows)
    won = staked = 0.0
    for group in np.unique(rows.group):
        part = rows.group == group
        y, w, s = rows.y[part] > 0, rows.weight[part], p[part]
        if y.all() or not y.any():
            continue
        for i in np.flatnonzero(y):
            wins = (s[i] > s[~y]) + 0.5 * (s[i] == s[~y])
            won += w[i] * np.average(wins, weights=w[~y])
            staked += w[i]
    assert judge(p, rows).group_auc.value == pytest.approx(won / staked, abs=1e-12)


def test_beaten_counts_the_lower_and_half_the_equal() -> None:
    score = np.array([1.0, 2.0, 2.0, 9.0, 0.0])
    group = np.array([0, 0, 0, 1, 1])
    np.testing.assert_array_equal(beaten(score, np.ones(5), group=group), [0.5, 2.0, 2.0, 1.5, 0.5])


def test_the_small_figures_equal_their_definitions() -> None:
    rows = weighted()
    p = noisy(rows)
    judged = judge(p, rows)
    rate = np.average(rows.y, weights=rows.weight)
    entropy = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    assert judged.log_loss.value == pytest.approx(log_loss(p, rows))
    assert judged.normalised_entropy.value == pytest.approx(log_loss(p, rows) / entropy)
    assert judged.calibration.value == pytest.approx((rows.weight * p).sum() / (rows.weight * rows.y).sum())
    constant = judge(np.full(len(rows), rate), rows)
    assert constant.normalised_entropy.value == pytest.approx(1)
    assert constant.auc.value == pytest.approx(0.5)
    assert constant.ece.value == pytest.approx(0, abs=1e-9)


def test_a_weight_of_two_is_two_rows() -> None:
    rows = toy(600)
    p = noisy(rows)
    heavy = replace(rows, weight=np.where(rows.y > 0, 2.0, 1.0))
    index = np.repeat(np.arange(600), heavy.weight.astype(int))
    once, twice = judge(p, heavy).summary(), judge(p[index], rows.take(index)).summary()
    for figure in ("log_loss", "auc", "group_auc", "normalised_entropy", "calibration"):
        np.testing.assert_allclose(once[figure], twice[figure], rtol=1e-9)


def test_the_interval_of_the_auc_agrees_with_resampling_the_auc_itself() -> None:
    rows = toy(1500)
    p = noisy(rows)
    judged = judge(p, rows)
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(400):
        shoppers = rng.integers(0, 50, 50)
        index = np.concatenate([np.arange(30) + 30 * shopper for shopper in shoppers])
        drawn.append(roc_auc_score(rows.y[index], p[index]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert judged.auc.low == pytest.approx(low, abs=0.006)
    assert judged.auc.high == pytest.approx(high, abs=0.006)


def test_what_cannot_be_computed_says_why() -> None:
    rows = toy(600)
    one = judge(np.full(600, 0.1), replace(rows, y=np.zeros(600, dtype=np.float32)))
    for estimate in (one.auc, one.group_auc, one.normalised_entropy, one.calibration):
        assert (estimate.value, estimate.reason) == (None, "only one class is present")
    assert one.log_loss.value == pytest.approx(-np.log(0.9))
    few = judge(noisy(rows), replace(rows, cluster=np.zeros(600, dtype=np.int64)))
    assert "1 clusters" in few.auc.reason
    alone = judge(noisy(rows), replace(rows, group=np.arange(600)))
    assert alone.group_auc.reason == "no group holds both classes"
    empty = judge(np.zeros(0), rows.take(np.zeros(600, dtype=bool)))
    assert empty.log_loss.reason == "there are no rows"


def test_a_score_orders_where_probabilities_saturate() -> None:
    rows = toy(600)
    rule = ranking.Rule(rows.names, {"bought": 1e6, "kind": 1.0})
    judged = ranking.evaluate(rule, rows)
    assert judged.auc.value == pytest.approx(roc_auc_score(rows.y, rule.score(rows.x)))


def test_an_evaluation_prints_as_a_table() -> None:
    rows = toy(600)
    lines = str(judge(noisy(rows), rows)).splitlines()
    assert lines[0] == f"600 rows, {int(rows.y.sum())} positive, 20 shoppers"
    assert [line.split("  ")[1].strip() for line in lines[1:]][:2] == ["log loss", "auc"]
    assert all("[" in line and line.endswith("]") for line in lines[1:])


def test_a_comparison_equals_the_difference_of_the_figures() -> None:
    rows = weighted()
    a, b = noisy(rows), noisy(rows, seed=3)
    found, of_a, of_b = compare(a, b, rows), judge(a, rows), judge(b, rows)
    for name in ("log_loss", "auc", "group_auc", "ece"):
        gap = getattr(of_a, name).value - getattr(of_b, name).value
        assert getattr(found, name).value == pytest.approx(gap, abs=1e-12)
    back = compare(b, a, rows)
    assert (back.auc.low, back.auc.high) == pytest.approx((-found.auc.high, -found.auc.low))
    assert (found.rows, found.clusters) == (600, 20)


def test_a_pair_shares_what_is_hard_for_both() -> None:
    rows = toy(3000)
    p = noisy(rows)
    better = np.clip(p + 0.004 * (2 * rows.y - 1), 0.001, 0.999)
    found = compare(better, p, rows)
    alone = judge(p, rows).auc
    assert found.auc.low > 0
    assert found.log_loss.high < 0
    assert found.auc.high - found.auc.low < 0.1 * (alone.high - alone.low)
    same = compare(p, p, rows)
    assert (same.auc.value, same.auc.low, same.auc.high, same.ece.low) == (0, 0, 0, 0)


def test_the_interval_of_a_difference_agrees_with_resampling_it() -> None:
    rows = toy(1500)
    a, b = noisy(rows), noisy(rows, seed=3)
    found = compare(a, b, rows).auc
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(400):
        index = np.concatenate([np.arange(30) + 30 * shopper for shopper in rng.integers(0, 50, 50)])
        drawn.append(roc_auc_score(rows.y[index], a[index]) - roc_auc_score(rows.y[index], b[index]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.007)


def test_an_interval_of_a_difference_holds_its_level() -> None:
    missed = 0
    for seed in range(60):
        rows = toy(600, seed=seed)
        found = compare(noisy(rows, seed=2 * seed), noisy(rows, seed=2 * seed + 1), rows, resamples=200).auc
        missed += not found.low <= 0 <= found.high  # two draws of one model: the truth is 0
    assert missed <= 8


def test_models_and_probabilities_are_compared_alike() -> None:
    rows = toy(600)
    rule = ranking.Rule(rows.names, {"bought": 1.0})
    assert compare(rule, rule.on(rows), rows).log_loss.value == pytest.approx(0)
    assert "a − b on 600 rows" in str(compare(rule, noisy(rows), rows))
    for wrong in (np.full(5, 0.1), np.full(600, 1.5), np.full(600, np.nan)):
        with pytest.raises(BadInput, match="600 rows need as many probabilities"):
            compare(wrong, noisy(rows), rows)
    one = compare(noisy(rows), noisy(rows), replace(rows, y=np.zeros(600, dtype=np.float32)))
    assert one.auc.reason == "only one class is present"
    assert one.log_loss.value == 0
    assert compare(np.zeros(0), np.zeros(0), rows.take(np.zeros(600, dtype=bool))).auc.reason


def test_segments_are_judged_on_their_own_rows() -> None:
    rows = toy(1200)
    p = noisy(rows)
    segment = np.where(rows.x[:, 1] == 2, "kind two", np.where(rows.x[:, 1] == 3, "", "others"))
    found = by_segment(p, rows, segment)
    assert list(found) == ["others", "kind two"]
    part = segment == "kind two"
    assert found["kind two"].auc.value == judge(p[part], rows.take(part)).auc.value
    assert list(by_segment(p, rows, segment, least=500)) == ["others"]
    with pytest.raises(BadInput, match="1200 rows"):
        by_segment(p, rows, segment[:5])


def test_a_group_apart_from_the_others() -> None:
    rows = toy(1500)
    p = noisy(rows)
    mask = rows.cluster % 3 == 0
    auc, calibration = apart(p, rows, mask)
    ours, theirs = (judge(p[part], rows.take(part)) for part in (mask, ~mask))
    assert auc.value == pytest.approx(ours.auc.value - theirs.auc.value)
    assert calibration.value == pytest.approx(ours.calibration.value - theirs.calibration.value)
    assert auc.low < auc.value < auc.high
    wrong = np.where(mask, np.clip(2 * p, 0.001, 0.999), p)
    assert apart(wrong, rows, mask)[1].low > 0.3
    alone = apart(p, rows, np.ones(1500, dtype=bool))[0]
    assert alone.reason == "one of the two holds one class only"
