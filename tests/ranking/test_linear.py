"""The online linear model: additive, incremental, indifferent to the order of columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import toy
from tests.ranking.fields import sheet, shop

from hawker import ranking
from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples
from hawker.ranking.linear import LinearModel
from hawker.ranking.metrics import log_loss
from hawker.ranking.slots import bent

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


@pytest.mark.parametrize("told", ["text", "seen"])
def test_vectors_and_sequences_are_learned_from(told: str) -> None:
    rows, test = shop(**{told: 2.0}), shop(seed=1, **{told: 2.0})
    full = ranking.evaluate(ranking.train(SMALL, rows), test).auc
    blind = ranking.evaluate(ranking.train(SMALL, rows.only(("product", "season", "price"))), test).auc
    assert full.low is not None
    assert blind.high is not None
    assert full.low > blind.high + 0.05


def test_a_vector_teaches_by_its_direction_not_by_its_scale() -> None:
    rows = shop(text=2.0)
    test = shop(seed=1, text=2.0)
    far = [replace(part, x=part.x * np.float32(1000) + np.float32(7)) for part in (rows, test)]
    for part, plain in zip(far, (rows, test), strict=True):
        part.x[:, :6] = plain.x[:, :6]
    near, moved = ranking.train(SMALL, rows).on(test), ranking.train(SMALL, far[0]).on(far[1])
    np.testing.assert_allclose(moved, near, atol=1e-3)


def test_a_pair_learns_what_neither_feature_knows(tmp_path: Path) -> None:
    rows, test = shop(cross=1.5), shop(seed=1, cross=1.5)
    alone = ranking.evaluate(ranking.train(SMALL, rows), test).auc
    crossed = ranking.train(replace(SMALL, pairs=(("product", "season"),)), rows)
    assert alone.high is not None
    assert alone.high < 0.56
    judged = ranking.evaluate(crossed, test).auc
    assert judged.low is not None
    assert judged.low > 0.75
    assert "product × season" in crossed.explain(test.x[0])
    crossed.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).on(test), crossed.on(test))


@pytest.mark.parametrize("quantities", ["bins", "values", "both"])
@pytest.mark.parametrize("own_sequence", [False, True])
def test_fields_and_pairs_are_served_as_predicted(
    own_sequence: bool, quantities: Any, tmp_path: Path
) -> None:
    estimator = replace(SMALL, pairs=(("product", "season"), ("price", "product")), quantities=quantities)
    model = ranking.train(estimator, shop(text=1.0, seen=1.0, cross=1.0))
    given = sheet(own_sequence=own_sequence)
    full = given.matrix(model.names)
    np.testing.assert_array_equal(model.serve(given), model.predict(full))
    for row in full[:5]:
        assert sum(model.explain(row).values()) == pytest.approx(model.score(row[None])[0], abs=1e-12)
    model.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).serve(given), model.serve(given))


def test_a_pair_of_what_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match=r"no feature 'produce'.*Did you mean 'product'"):
        ranking.train(replace(SMALL, pairs=(("produce", "season"),)), shop(100))
    with pytest.raises(BadInput, match="'text 0' is part of a field"):
        ranking.train(replace(SMALL, pairs=(("text 0", "season"),)), shop(100))


def test_values_know_what_few_rows_cannot_tell_bin_by_bin() -> None:
    rows, test = (_rising(size, seed) for size, seed in ((400, 0), (4000, 1)))
    losses = {
        how: log_loss(ranking.train(replace(SMALL, quantities=how), rows).on(test), test)  # type: ignore[arg-type]
        for how in ("bins", "values", "both")
    }
    assert losses["values"] < losses["bins"] - 0.01
    assert losses["both"] < losses["bins"] - 0.005


def test_the_unknown_has_a_weight_of_its_own_beside_values() -> None:
    rows = _rising(6000, 0)
    rows.x[:3000, 2] = np.nan
    bought = replace(rows, y=np.where(np.arange(6000) < 3000, 1 - rows.y % 2, rows.y).astype(np.float32))
    for how in ("values", "both"):
        model = ranking.train(replace(SMALL, quantities=how), bought)  # type: ignore[arg-type]
        assert model.on(bought)[:3000].mean() == pytest.approx(bought.y[:3000].mean(), abs=0.05)


def test_values_bend_like_a_logarithm_and_keep_their_sign() -> None:
    x = np.float32([0, 1, 3, 7, -3, 0.25, 1e9])
    exact = np.sign(x) * np.log2(1 + np.abs(x))
    np.testing.assert_allclose([bent(value) for value in x], exact, atol=0.09)
    np.testing.assert_array_equal([bent(value) for value in x[:5]], exact[:5])


def test_a_way_to_count_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadSetting, match="Did you mean 'values'"):
        ranking.Linear(quantities="value")  # type: ignore[arg-type]


def _rising(rows: int, seed: int) -> Examples:
    """The toy shop, where the third column raises the chance step by step, over many bins."""
    made = toy(rows, seed=seed)
    made.x[:, 2] = np.random.default_rng(seed).lognormal(1.0, 2.0, rows)
    rate = 1 / (1 + np.exp(1.5 - np.log2(1 + made.x[:, 2]) / 1.5))
    return replace(made, y=(np.random.default_rng(seed + 9).random(rows) < rate).astype(np.float32))
