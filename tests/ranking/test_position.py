"""Position bias: what is shown first is clicked more, and that must not pass for relevance."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from hawker import ranking
from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking.position import Placed

NAMES = ("merit", "fashion", "position")
ESTIMATORS = {
    "linear": ranking.Linear(bits=12),
    "trees": ranking.Trees(trees=80, least=50, threads=1),
    "machine": ranking.Factorised(bits=12, rank=4),
    "stack": ranking.Stack((ranking.Linear(bits=12), ranking.Trees(trees=40, threads=1)), folds=2),
    "bag": ranking.Bag(ranking.Linear(bits=12), models=2),
}
if find_spec("catboost"):
    ESTIMATORS["catboost"] = ranking.CatBoost(trees=80, rate=0.1)  # type: ignore[assignment]
EACH = pytest.mark.parametrize("name", ESTIMATORS)


def shown(requests: int = 2500, *, seed: int = 0) -> Examples:
    """Slates of four, ordered by fashion, which nobody clicks for; each lower place costs 1 in log-odds."""
    rng = np.random.default_rng(seed)
    merit, fashion = rng.normal(size=(2, requests, 4))
    position = np.argsort(np.argsort(-fashion, axis=1), axis=1).astype(float)
    p = 1 / (1 + np.exp(-(merit - 1.0 * position)))
    x = np.column_stack([merit.ravel(), fashion.ravel(), position.ravel()]).astype(np.float32)
    index = np.arange(requests * 4, dtype=np.int64)
    return Examples(
        names=NAMES,
        x=x,
        y=(rng.random(len(index)) < p.ravel()).astype(np.float32),
        time=index,
        group=index // 4,
        cluster=index // 4,
        weight=np.ones(len(index)),
        position="position",
    )


def agreement(model: ranking.Model, rows: Examples) -> float:
    """How well the scores of all rows order them by merit: Spearman's rank correlation."""
    ranks = [np.argsort(np.argsort(column)) for column in (model.on(rows), rows.x[:, 0])]
    return float(np.corrcoef(ranks)[0, 1])


@EACH
def test_knowing_the_position_recovers_the_order_by_merit(name: str) -> None:
    rows, test = shown(), shown(seed=1)
    knowing = ranking.train(ESTIMATORS[name], rows, seed=1)
    blind = ranking.train(ESTIMATORS[name], rows.only(("merit", "fashion")), seed=1)
    assert knowing.names == blind.names == ("merit", "fashion")
    assert agreement(knowing, test) > agreement(blind, test) + 0.1
    assert agreement(knowing, test) > 0.9


@EACH
def test_the_position_of_what_is_judged_does_not_matter(name: str) -> None:
    rows = shown(600)
    model = ranking.train(ESTIMATORS[name], rows, valid=shown(100, seed=2), seed=1)
    moved = replace(rows, x=rows.x.copy())
    moved.x[:, 2] = 3 - moved.x[:, 2]
    np.testing.assert_array_equal(model.on(moved), model.on(rows))
    np.testing.assert_array_equal(model.on(rows.only(model.names)), model.on(rows))


@EACH
def test_it_is_served_saved_and_calibrated_without_a_position(name: str, tmp_path: Path) -> None:
    model = ranking.calibrate(ranking.train(ESTIMATORS[name], shown(600), seed=1), shown(300, seed=2))
    own = np.array([0, 1])
    values = np.ascontiguousarray(shown(10).x[:, :2].T)
    plain = Sheet(("merit", "fashion"), np.zeros(2, np.float32), own, values)
    full = Sheet(NAMES, np.full(3, 2.0, np.float32), own, values)
    np.testing.assert_allclose(model.serve(plain), model.predict(values.T), atol=1e-6)
    np.testing.assert_allclose(model.serve(full), model.serve(plain), atol=1e-6)
    model.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).serve(plain), model.serve(plain))


def test_an_additive_model_loses_just_the_weight_of_the_place() -> None:
    model = ranking.train(replace(ESTIMATORS["linear"], epochs=1), shown(600))  # type: ignore[type-var]
    assert isinstance(model, Placed)
    rows = shown(50, seed=3).x
    apart = [model.model.score(np.insert(rows[:, :2], 2, place, axis=1)) for place in (0.0, 2.0)]
    np.testing.assert_allclose(np.ptp(apart[0] - apart[1]), 0, atol=1e-9)
    parts = model.explain(rows[0, :2])
    assert set(parts) == {"(base)", "merit", "fashion"}
    assert sum(parts.values()) == pytest.approx(model.score(rows[:1, :2])[0], abs=1e-12)


def test_the_place_of_most_weight_is_where_candidates_stand() -> None:
    rows = shown(300)
    heavy = replace(rows, weight=np.where(rows.x[:, 2] == 2, 3.0, 1.0))
    model = ranking.train(ESTIMATORS["linear"], heavy)
    assert isinstance(model, Placed)
    assert model.place == 2.0


def test_a_position_that_nobody_knows_is_no_reason_to_fail(tmp_path: Path) -> None:
    rows = shown(300)
    rows.x[:, 2] = np.nan
    model = ranking.train(ESTIMATORS["linear"], rows)
    model.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).on(rows), model.on(rows))
