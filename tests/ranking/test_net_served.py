"""A network answers a request as it answers the rows in full, within the rounding of single precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import NAMES, toy

pytest.importorskip("torch", reason="pip install 'hawker[deep]'")

from hawker import ranking
from hawker.features.program import Sheet
from hawker.ranking.net import NetModel
from hawker.ranking.net_served import ServedNet


def learned(**given: Any) -> NetModel:
    settings = {"hidden": (64,), "embedding": 4, "batch": 256, "epochs": 1, "threads": 1, **given}
    model = ranking.train(ranking.Net(**settings), toy(1500), seed=1)
    assert isinstance(model, NetModel)
    return model


@pytest.mark.parametrize("given", [{}, {"norm": False}, {"hidden": (16, 8), "norm": True}, {"bins": 2}])
@pytest.mark.parametrize("shared", [(), (1,), (0, 2), (0, 1, 2)])
def test_it_answers_as_the_training_form_does(given: dict[str, Any], shared: tuple[int, ...]) -> None:
    model = learned(**given)
    assert ServedNet.of(model) is not None
    x = toy(200, seed=5).x
    x[:, shared] = x[:1, shared]
    common = np.full(len(NAMES), np.nan, dtype=np.float32)
    common[list(shared)] = x[0, shared]
    own = np.setdiff1d(np.arange(len(NAMES)), shared)
    sheet = Sheet(NAMES, common, own, np.ascontiguousarray(x[:, own].T))
    for _ in range(2):  # the second time from memory
        np.testing.assert_allclose(model.served(sheet), model.score(x), atol=1e-5)


def test_weights_that_move_on_are_noticed() -> None:
    model = learned()
    x = toy(50, seed=5).x
    sheet = Sheet(NAMES, np.full(4, np.nan, np.float32), np.arange(4), np.ascontiguousarray(x.T))
    before = model.served(sheet)
    onward = model.onward(toy(1500, seed=9), seed=2)
    np.testing.assert_allclose(onward.served(sheet), onward.score(x), atol=1e-5)
    assert np.abs(onward.served(sheet) - before).max() > 1e-4


def test_other_kinds_of_network_are_left_to_torch() -> None:
    for given in ({"crosses": 1}, {"fm": True}):
        model = learned(**given)
        assert ServedNet.of(model) is None
        x = toy(20, seed=5).x
        sheet = Sheet(NAMES, np.full(4, np.nan, np.float32), np.arange(4), np.ascontiguousarray(x.T))
        np.testing.assert_allclose(model.served(sheet), model.score(x), atol=1e-6)
