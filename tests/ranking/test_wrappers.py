"""Calibration and blending: rates that come true, the better model weighing more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.behaviour.rankers import NAMES, toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking.metrics import judge, log_loss, winners, won

BOUGHT = ranking.Rule(NAMES, {"bought": 1.0})
NOISE = ranking.Rule(NAMES, {"noise a": 1.0})


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_a_bare_rule_becomes_a_rate(method: str) -> None:
    model = ranking.calibrate(BOUGHT, toy(6000, seed=2), method=method)  # type: ignore[arg-type]
    judged = ranking.evaluate(model, toy(6000, seed=1))
    assert judged.calibration.low is not None
    assert judged.calibration.high is not None
    assert judged.calibration.low < 1.03
    assert judged.calibration.high > 0.97
    assert judged.normalised_entropy.high is not None
    assert judged.normalised_entropy.high < 0.95


def test_isotonic_bends_where_platt_is_straight() -> None:
    hold, test = toy(6000, seed=2), toy(6000, seed=1)
    curved, straight = (ranking.calibrate(BOUGHT, hold, method=how) for how in ("isotonic", "platt"))  # type: ignore[arg-type]
    assert log_loss(curved.on(test), test) < log_loss(straight.on(test), test) - 0.01


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_weights_count_as_rows(method: str) -> None:
    hold = toy(3000, seed=2)
    heavy = replace(hold, weight=np.where(hold.y > 0, 2.0, 1.0))
    index = np.repeat(np.arange(3000), heavy.weight.astype(int))
    once = ranking.calibrate(BOUGHT, heavy, method=method)  # type: ignore[arg-type]
    assert np.average(once.on(heavy), weights=heavy.weight) == pytest.approx(
        np.average(heavy.y, weights=heavy.weight), abs=1e-9
    )
    twice = ranking.calibrate(BOUGHT, hold.take(index), method=method)  # type: ignore[arg-type]
    np.testing.assert_allclose(once.on(hold), twice.on(hold), atol=0.03)


def test_noise_and_a_model_upside_down_become_the_base_rate() -> None:
    hold = toy(3000, seed=2)
    for model in (NOISE, ranking.Rule(NAMES, {"bought": -1.0})):
        for method in ("isotonic", "platt"):
            p = ranking.calibrate(model, hold, method=method).on(hold)  # type: ignore[arg-type]
            assert judge(p, hold).normalised_entropy.value == pytest.approx(1, abs=0.03)
            assert p.mean() == pytest.approx(hold.y.mean(dtype=np.float64), abs=1e-9)


def test_the_calibrated_parts_add_up() -> None:
    model = ranking.calibrate(ranking.train(ranking.Linear(bits=10), toy()), toy(seed=2))
    row = toy(5, seed=3).x[:1]
    assert sum(model.explain(row).values()) == pytest.approx(model.score(row)[0])


def test_a_temperature_cools_what_is_too_sure() -> None:
    hold, test = toy(6000, seed=2), toy(6000, seed=1)
    honest = ranking.calibrate(BOUGHT, hold)
    heated = ranking.Blend((honest,), np.array([3.0]), 0.0)  # three times as sure, and the level stays
    cooled = ranking.calibrate(heated, hold, method="temperature")
    assert cooled.slope == pytest.approx(1 / 3, rel=0.1)
    assert log_loss(cooled.on(test), test) < log_loss(heated.on(test), test) - 0.05
    assert log_loss(cooled.on(test), test) == pytest.approx(log_loss(honest.on(test), test), abs=0.003)


def places(rows: int, *, seed: int = 0) -> Examples:
    """Place 0 has many rows and twice the odds, place 1 many and half, place 9 but a dozen and no sale."""
    base = toy(rows, seed=seed)
    rng = np.random.default_rng(seed + 100)
    place = np.where(rng.random(rows) < 12 / rows, 9, rng.integers(0, 6, rows))
    shift = np.select([place == 0, place == 1], [np.log(2), -np.log(2)], 0.0)
    odds = np.where(base.x[:, 0] > 0, 0.0, -2.5) + shift
    y = (rng.random(rows) < 1 / (1 + np.exp(-odds))) & (place != 9)
    x = np.column_stack([base.x, place]).astype(np.float32)
    return replace(base, names=(*NAMES, "place"), x=x, y=y.astype(np.float32))


def test_each_place_comes_true_and_the_rare_one_keeps_the_common_map(tmp_path: Path) -> None:
    hold, test = places(8000, seed=2), places(8000, seed=1)
    rule = ranking.Rule(hold.names, {"bought": 1.0})
    common, own = ranking.calibrate(rule, hold), ranking.calibrate(rule, hold, by="place")
    assert own.offsets[0.0] == pytest.approx(np.log(2), abs=0.2)
    assert own.offsets[1.0] == pytest.approx(-np.log(2), abs=0.2)
    assert abs(own.offsets[4.0]) < 0.15
    assert -0.8 < own.offsets[9.0] < 0  # no sale among a dozen rows: alone it would be minus infinity
    assert log_loss(own.on(test), test) < log_loss(common.on(test), test) - 0.003
    for place in (0, 1, 4):
        rows = hold.x[:, 4] == place
        ratio = own.on(hold)[rows].sum() / hold.y[rows].sum()
        assert ratio == pytest.approx(1, abs=0.03)
    own.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).on(test), own.on(test))
    unseen = test.x[:1].copy()
    unseen[0, 4] = 77
    assert own.score(unseen)[0] == common.score(unseen)[0]
    shared = np.array([np.nan] * 4 + [1.0], dtype=np.float32)
    sheet = Sheet(test.names, shared, np.arange(4), test.x[:9, :4].T.copy())
    np.testing.assert_allclose(own.serve(sheet), own.predict(sheet.matrix()), rtol=1e-12)


def test_places_that_do_not_differ_get_no_shift() -> None:
    hold = places(8000, seed=2)
    plain = replace(hold, x=np.column_stack([hold.x[:, :4], np.random.default_rng(3).integers(0, 30, 8000)]))
    shifts = ranking.calibrate(ranking.Rule(hold.names, {"bought": 1.0}), plain, by="place").offsets
    assert max(map(abs, shifts.values()), default=0) < 0.1
    with pytest.raises(BadInput, match=r"knows no feature 'plce'.*Did you mean 'place'"):
        ranking.calibrate(ranking.Rule(hold.names, {}), hold, by="plce")


def chosen(groups: int, *, seed: int) -> Examples:
    """Forty candidates a request; in half of the requests the score is noise, so their best are not good."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), 40)
    score = rng.normal(size=len(group))
    told = group % 2 == 0
    chance = 1 / (1 + np.exp(-(np.where(told, score, 0.0) - 2.5)))
    y = (rng.random(len(group)) < chance).astype(np.float32)
    return Examples(
        ("score",), score[:, None].astype(np.float32), y, group, group, group, np.ones(len(group))
    )


def test_what_would_be_shown_comes_true() -> None:
    hold, test = chosen(800, seed=2), chosen(800, seed=1)
    rule = ranking.Rule(("score",), {"score": 1.0})
    narrow = ranking.train(ranking.Linear(bits=10, epochs=1), hold)
    for inner in (rule, narrow):
        shown = ranking.calibrate(inner, hold, method="platt", won=2)
        promised = won(shown.on(hold), hold, most=2, score=shown.score(hold.x))
        assert promised.value == pytest.approx(1, abs=0.03)
        kept = won(shown.on(test), test, most=2, score=shown.score(test.x))
        assert kept.low < 1 < kept.high
    assert shown.recipe["calibration"]["won"] == 2


def test_the_maximisation_bias_is_seen() -> None:
    """Each candidate's chance is known with noise: right on the whole, too high for those chosen by it."""
    rng = np.random.default_rng(0)
    rows = chosen(2000, seed=3)
    truth = np.full(len(rows), 0.1)
    guess = np.clip(truth + rng.normal(0, 0.03, len(rows)), 0.001, 0.999)
    rows = replace(rows, y=(rng.random(len(rows)) < truth).astype(np.float32))
    assert judge(guess, rows).calibration.value == pytest.approx(1, abs=0.03)
    assert won(guess, rows, most=1).low > 1.4


def test_winners_are_the_best_of_their_group_and_rows_stand_for_their_weight() -> None:
    score = np.array([0.1, 0.9, 0.5, 0.5, 0.2, 0.3])
    rows = toy(6)
    two = replace(rows, group=np.array([0, 0, 0, 0, 1, 1]))
    assert winners(score, two, most=2).tolist() == [False, True, True, False, True, True]
    heavy = replace(two, weight=np.array([1.0, 2.0, 1, 1, 5.0, 1.0]))
    assert winners(score, heavy, most=2).tolist() == [False, True, False, False, True, True]
    none = won(score, replace(two, y=np.zeros(6, dtype=np.float32)), most=1)
    assert none.reason == "nothing that would have been shown came true"


def test_calibration_refuses_what_it_cannot_use() -> None:
    hold = toy(500)
    with pytest.raises(BadInput, match="hold: all 500 labels are 0"):
        ranking.calibrate(BOUGHT, replace(hold, y=np.zeros(500, dtype=np.float32)))
    with pytest.raises(BadSetting, match="Did you mean 'isotonic'"):
        ranking.calibrate(BOUGHT, hold, method="isotone")  # type: ignore[arg-type]
    few = replace(hold, y=(np.arange(500) < 3).astype(np.float32))
    assert ranking.calibrate(BOUGHT, few).on(few).mean() == pytest.approx(3 / 500)


def test_a_blend_ignores_noise_and_gains_from_a_second_view(tmp_path: Path) -> None:
    valid, test = toy(6000, seed=2), toy(6000, seed=1)
    bought = ranking.calibrate(BOUGHT, valid)
    kind = ranking.calibrate(ranking.train(ranking.Trees(trees=30, threads=1), toy(500)), valid)
    model = ranking.blend([bought, kind, NOISE], valid)
    shares = model.recipe["shares"]
    assert sum(shares) == pytest.approx(1)
    assert shares[2] < 0.1
    best = min(log_loss(m.on(test), test) for m in (bought, kind))
    assert log_loss(model.on(test), test) < best + 0.001
    model.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).on(test), model.on(test))


def test_given_weights_fix_the_proportions() -> None:
    valid = toy(3000, seed=2)
    model = ranking.blend([BOUGHT, NOISE], valid, weights=[3, 1])
    assert model.recipe["shares"] == pytest.approx([0.75, 0.25])
    spread = [m.score(valid.x).std() for m in (BOUGHT, NOISE)]
    assert model.weights[0] * spread[0] == pytest.approx(3 * model.weights[1] * spread[1])


@pytest.mark.parametrize(
    ("models", "weights", "words"),
    [
        ([], None, "at least one"),
        ([BOUGHT], [1, 2], "as many weights"),
        ([BOUGHT], [-1], "none negative"),
        ([ranking.Rule(("other",), {})], None, "lack"),
    ],
)
def test_a_wrong_blend_is_refused(
    models: list[ranking.Model], weights: list[float] | None, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        ranking.blend(models, toy(200), weights=weights)


def test_a_rule_orders_by_precedence_and_explains_itself(tmp_path: Path) -> None:
    rule = ranking.Rule(NAMES, {"bought": 100.0, "kind": 1.0})
    rows = np.float32([[1, 0, 0, 0], [0, 9, 0, 0], [np.nan, 3, np.nan, 0]])
    assert rule.score(rows).tolist() == [100, 9, 3]
    assert rule.explain(rows[1]) == {"bought": 0, "kind": 9}
    far = rule.link(np.array([-5.0, 0, 1, 1e6, 1e6 + 1, 1e11, 1e12]))
    assert ((far > 0) & (far < 1)).all()
    assert (np.diff(far)[1:] > 0).all()
    rule.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).predict(rows), rule.predict(rows))
    with pytest.raises(BadInput, match="Did you mean 'bought'"):
        ranking.Rule(NAMES, {"brought": 1.0})
