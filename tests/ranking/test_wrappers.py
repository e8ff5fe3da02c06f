"""Calibration and blending: rates that come true, the better model weighing more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.behaviour.rankers import NAMES, toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.ranking.metrics import judge, log_loss

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
