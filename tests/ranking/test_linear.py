"""The online linear model: additive, incremental, indifferent to the order of columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.ranking.linear import LinearModel
from hawker.ranking.metrics import log_loss

SMALL = ranking.Linear(bits=12, epochs=1)


def test_the_parts_add_up_exactly() -> None:
    model = ranking.train(SMALL, toy())
    for row in toy(20, seed=4).x:
        assert sum(model.explain(row).values()) == pytest.approx(model.score(row[None])[0], abs=1e-12)
    buys_again = model.explain(np.float32([5, 0, 0, 0]))
    assert max(buys_again, key=lambda name: abs(buys_again[name]) if name != "(base)" else 0) == "bought"


def test_learning_goes_on_where_it_stopped() -> None:
    first, second, test = toy(seed=1), toy(seed=2), toy(seed=3)
    fresh = LinearModel.fresh(SMALL, first)
    stepwise = fresh.learn(first).learn(second)
    both = replace(
        first,
        **{n: np.concatenate([getattr(first, n), getattr(second, n)]) for n in ("x", "y", "time", "weight")},
        **{n: np.concatenate([getattr(first, n), getattr(second, n)]) for n in ("group", "cluster")},
    )
    np.testing.assert_array_equal(stepwise.on(test), fresh.learn(both).on(test))
    losses = [log_loss(model.on(test), test) for model in (fresh, fresh.learn(first), stepwise)]
    assert losses[0] > losses[1] > losses[2]


def test_learning_leaves_the_serving_model_alone() -> None:
    model = LinearModel.fresh(SMALL, toy())
    before = model.on(toy(seed=1))
    model.learn(toy())
    np.testing.assert_array_equal(model.on(toy(seed=1)), before)


def test_a_weight_of_zero_changes_nothing() -> None:
    model = LinearModel.fresh(SMALL, toy()).learn(toy())
    idle = model.learn(replace(toy(seed=8), weight=np.zeros(3000)))
    np.testing.assert_array_equal(idle.weights, model.weights)


def test_columns_are_known_by_name() -> None:
    rows = toy()
    model = LinearModel.fresh(SMALL, rows).learn(rows)
    turned = replace(rows, names=rows.names[::-1], x=rows.x[:, ::-1].copy())
    other = LinearModel.fresh(SMALL, turned).learn(turned)
    np.testing.assert_allclose(other.on(turned), model.on(rows), rtol=1e-9)
    np.testing.assert_array_equal(model.on(turned), model.on(rows))
    wider = replace(rows, names=("new", *rows.names), x=np.column_stack([rows.x[:, 0], rows.x]))
    np.testing.assert_array_equal(model.on(wider), model.on(rows))


def test_bins_are_logarithmic_signed_and_apart_from_zero_and_unknown() -> None:
    model = LinearModel.fresh(replace(SMALL, bits=20, steps=2), toy())
    values = [np.nan, 0.0, 1.0, 1.2, 1.5, 3.0, -1.0, -3.0, 1e-9, -1e-9, 1e9, -1e9]
    model.weights = np.arange(len(model.weights), dtype=np.float64)
    slots = [model.explain(np.float32([value, 0, 0, 0]))["bought"] for value in values]
    assert slots[2] == slots[3]
    assert len(set(slots)) == len(values) - 1


def test_l1_leaves_rare_slots_at_zero() -> None:
    dense, sparse = (ranking.train(replace(SMALL, l1=l1), toy()) for l1 in (0.0, 3.0))
    count = [np.count_nonzero(model.weights) for model in (dense, sparse)]  # type: ignore[attr-defined]
    assert count[1] < 0.5 * count[0]


def test_the_best_epoch_stays() -> None:
    eager = replace(SMALL, rate=2.0, l2=0.0, l1=0.0, epochs=6, patience=6)
    model = ranking.train(eager, toy(300), valid=toy(seed=1))
    course = model.recipe["course"]
    assert course["best"] == int(np.argmin(course["losses"])) + 1 < 6
    assert log_loss(model.on(toy(seed=1)), toy(seed=1)) == pytest.approx(min(course["losses"]))
