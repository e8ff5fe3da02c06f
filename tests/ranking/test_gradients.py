"""Integrated gradients add up to the score, and find what a network uses."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import toy
from tests.ranking.test_columns import history

from hawker import ranking
from hawker.ranking.net import NetModel

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")
QUICK: dict[str, Any] = {"hidden": (16,), "embedding": 4, "batch": 128, "rate": 1e-2, "epochs": 3}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"fm": True, "wide": True, "bins": 1},
        {"crosses": 2},
        {"sequence": "attention"},
        {"sequence": "gru"},
    ],
    ids=str,
)
def test_parts_add_up_to_the_score(parts: dict[str, Any]) -> None:
    rows = history(600)
    model = ranking.train(ranking.Net(**QUICK, **parts), rows, seed=1)
    assert isinstance(model, NetModel)
    for row in rows.x[:5]:
        told = model.attribute(row)
        assert set(told) == {"(base)", *rows.names, "(error)"}
        score = model.score(row[None])[0]
        assert sum(told.values()) == pytest.approx(score, abs=1e-4)
        assert abs(told["(error)"]) < 0.02 * max(1, abs(score - told["(base)"]))


def test_a_network_without_layers_is_attributed_exactly() -> None:
    """Linear in its inputs: each part is weight times what the input moved."""
    model = ranking.train(ranking.Net(hidden=(), embedding=4, wide=True, epochs=2), toy(600), seed=1)
    assert isinstance(model, NetModel)
    row, other = toy(2, seed=5).x
    told = model.attribute(row, baseline=other, steps=2)
    moved = other.copy()
    moved[1] = row[1]
    assert told["kind"] == pytest.approx(np.diff(model.score(np.stack([other, moved])))[0], abs=1e-5)
    assert abs(told["(error)"]) < 1e-5


def test_what_counts_is_told_from_noise() -> None:
    model = ranking.train(ranking.Net(**QUICK), toy(3000), seed=1)
    assert isinstance(model, NetModel)
    told = model.attribute(np.array([9, 0, 0.1, 0.1], dtype=np.float32))
    assert told["bought"] > 4 * max(abs(told["noise a"]), abs(told["noise b"]))


def test_models_of_several_outcomes_attribute_their_last() -> None:
    rows = toy(600)
    labelled = replace(rows, labels={"click": np.maximum(rows.y, rows.x[:, 1] > 1), "purchase": rows.y})
    model = ranking.train(ranking.ESMM(**QUICK), labelled, seed=1)
    assert isinstance(model, NetModel)
    told = model.attribute(rows.x[0])
    assert sum(told.values()) == pytest.approx(model.score(rows.x[:1])[0], abs=1e-4)
