"""The combination to begin with fits, predicts better than its parts' worst, and knows small from large."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.ranking import choice


def test_few_rows_are_left_to_models_that_need_few() -> None:
    train, test = toy(2000), toy(2000, seed=1)
    model = ranking.train(ranking.best(train), train, seed=7)
    judged = ranking.evaluate(model, test)
    assert judged.auc.low is not None
    assert judged.auc.low > 0.7
    assert judged.ece.value is not None
    assert judged.ece.value < 0.05
    assert sum(model.recipe["shares"]) == pytest.approx(1)


def test_many_rows_are_stacked_in_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = toy(3000)
    monkeypatch.setattr(choice, "FEW", 1000)
    wanted = ranking.best(rows)
    assert wanted.by == "time"
    pytest.importorskip("torch")
    small: Any = replace(wanted.estimators[1], models=2)
    model = ranking.train(replace(wanted, estimators=(wanted.estimators[0], small), folds=2), rows, seed=7)
    auc = ranking.evaluate(model, toy(2000, seed=1)).auc.low
    assert auc is not None
    assert auc > 0.7
    assert np.isfinite(model.predict(rows.x)).all()
