"""Factorisation machines: meetings of values never seen together, served in parts, explained exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import toy
from tests.ranking.fields import NAMES, sheet, shop

from hawker import ranking
from hawker.errors import BadSetting
from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking.fm import REMEMBERED, FactorisedModel

SMALL = ranking.Factorised(bits=12, rank=4, epochs=10, pace=0.3)
EACH = pytest.mark.parametrize("fields", ["none", "weighted"])


def tastes(rows: int, *, seed: int, unmet: bool) -> Examples:
    """Shoppers and products of two tastes; who likes what is a product of both, and nothing else counts.

    A ninth of the pairs never meets in training (`unmet` False) and fills the other slice alone.
    """
    rng = np.random.default_rng(seed)
    shopper, product = rng.integers(0, 30, rows), rng.integers(0, 30, rows)
    kept = ((shopper // 2 + product // 2) % 9 == 0) == unmet
    shopper, product = shopper[kept], product[kept]
    likes = np.where(shopper % 2 == product % 2, 1.5, -1.5)
    y = (rng.random(len(likes)) < 1 / (1 + np.exp(-likes))).astype(np.float32)
    x = np.column_stack([shopper, product]).astype(np.float32)
    index = np.arange(len(y), dtype=np.int64)
    names = ("shopper", "product")
    return Examples(names, x, y, index, index, index, np.ones(len(y)), categorical=names)


@EACH
def test_pairs_that_never_met_are_known_by_their_factors(fields: str) -> None:
    rows, test = tastes(9000, seed=0, unmet=False), tastes(9000, seed=1, unmet=True)
    machine = ranking.train(replace(SMALL, fields=fields, spread=0.2), rows)  # type: ignore[arg-type]
    crossed = ranking.Linear(bits=12, pairs=(("shopper", "product"),))
    judged = ranking.evaluate(machine, test).auc
    memorised = ranking.evaluate(ranking.train(crossed, rows), test).auc
    assert memorised.high is not None
    assert memorised.high < 0.6
    assert judged.low is not None
    assert judged.low > 0.75


@EACH
@pytest.mark.parametrize(("quantities", "own_sequence"), [("bins", False), ("bins", True), ("values", False)])
def test_serving_gives_what_predict_gives(
    fields: Any, quantities: Any, own_sequence: bool, tmp_path: Path
) -> None:
    rows = shop(text=1.0, seen=1.0, cross=1.0)
    model = ranking.train(replace(SMALL, fields=fields, spread=0.3, quantities=quantities), rows)
    given = sheet(own_sequence=own_sequence)
    full = given.matrix(model.names)
    np.testing.assert_allclose(model.serve(given), model.predict(full), atol=1e-6)
    np.testing.assert_allclose(model.served(given), model.score(full), atol=1e-5)
    assert len(np.unique(model.serve(given))) > 30
    model.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).serve(given), model.serve(given))


@EACH
def test_a_field_in_two_places_and_rows_that_share_all_or_nothing_are_served(fields: str) -> None:
    model = ranking.train(replace(SMALL, fields=fields, epochs=2), shop(text=1.0))  # type: ignore[arg-type]
    full = shop(12, seed=3).x
    for own in (range(0), range(3), range(len(NAMES)), range(len(NAMES) - 2, len(NAMES))):
        columns = np.array(list(own), dtype=np.int64)
        rows = Sheet(NAMES, full[0].copy(), columns, np.ascontiguousarray(full[:, columns].T))
        np.testing.assert_allclose(model.served(rows), model.score(rows.matrix(model.names)), atol=1e-5)


def test_few_kinds_of_request_are_remembered_and_each_is_answered_right() -> None:
    model = ranking.train(replace(SMALL, epochs=1), shop(200, text=1.0))
    full = shop(6, seed=3).x
    for number in range(1, REMEMBERED + 20):
        own = np.flatnonzero([number >> place & 1 for place in range(len(NAMES))])
        rows = Sheet(NAMES, full[0].copy(), own, np.ascontiguousarray(full[:, own].T))
        np.testing.assert_allclose(model.served(rows), model.score(rows.matrix(model.names)), atol=1e-5)
        assert 0 < len(model._known) <= REMEMBERED  # type: ignore[attr-defined]


@EACH
def test_the_parts_add_up(fields: str) -> None:
    model = ranking.train(replace(SMALL, fields=fields, spread=0.3), shop(text=1.0, seen=1.0))  # type: ignore[arg-type]
    for row in shop(20, seed=4).x:
        assert sum(model.explain(row).values()) == pytest.approx(model.score(row[None])[0], abs=1e-6)


@pytest.mark.parametrize("told", ["text", "seen"])
def test_vectors_and_sequences_are_learned_from(told: str) -> None:
    rows, test = shop(**{told: 2.0}), shop(seed=1, **{told: 2.0})
    full = ranking.evaluate(ranking.train(SMALL, rows), test).auc
    assert full.low is not None
    assert full.low > 0.6


def test_learning_goes_on_where_it_stopped_also_after_saving(tmp_path: Path) -> None:
    first, second = toy(seed=1), toy(seed=2)
    model = FactorisedModel.fresh(SMALL, first).learn(first)
    model.save(tmp_path)
    loaded = ranking.load(tmp_path)
    assert isinstance(loaded, FactorisedModel)
    np.testing.assert_array_equal(loaded.learn(second).on(second), model.learn(second).on(second))


def test_weighted_fields_without_training_are_the_plain_machine() -> None:
    rows = shop(text=1.0, seen=1.0)
    plain = ranking.train(SMALL, rows)
    assert isinstance(plain, FactorisedModel)
    as_weighted = replace(plain, parameters=replace(SMALL, fields="weighted"))
    np.testing.assert_allclose(as_weighted.score(rows.x), plain.score(rows.x), atol=1e-4)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(BadSetting, match="Did you mean 'weighted'"):
        ranking.Factorised(fields="weigthed")  # type: ignore[arg-type]
    with pytest.raises(BadSetting, match="'rank' must be at least 1"):
        ranking.Factorised(rank=0)
