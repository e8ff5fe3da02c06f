"""Contenders are searched alike, judged alike, and get their columns as they want them."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.peers import given, spaces
from tests.behaviour.rankers import toy

from benchmarks import ranking as benchmark
from hawker.learning.published import Slices


@pytest.mark.parametrize("contender", spaces.SPACES)
def test_every_contender_begins_with_its_defaults_and_has_as_many_trials(contender: str) -> None:
    drawn = spaces.trials(contender, 6)
    assert len(drawn) == 6
    assert drawn == spaces.trials(contender, 6)
    defaults = {name: choices[0] for name, choices in spaces.SPACES[contender].items()}
    assert drawn[0] == {"model": contender, **defaults}
    assert [setting["ids"] for setting in drawn[:2]] == [True, False]
    assert all("ids" not in setting for setting in spaces.trials(contender, 6, plain=True))


def test_the_baseline_learns_and_is_judged_against_ours() -> None:
    slices = Slices(toy(2000), toy(1000, seed=1), toy(2000, seed=2))
    p = benchmark.hashed_lr(slices, slices.test, seed=0, folds=0)
    by_folds = benchmark.hashed_lr(slices, slices.test, seed=0, folds=3)
    truth = np.where(slices.test.x[:, 0] > 0, 0.5, np.where(slices.test.x[:, 1] == 2, 0.15, 0.05))
    ours = benchmark.figures(truth, 1.0, truth, slices.test)
    theirs = benchmark.figures(p, 1.0, truth, slices.test)
    assert "hawker_over_it" not in ours
    assert theirs["auc"] > 0.7
    paired = theirs["hawker_over_it"]["auc"]
    assert paired["value"] == pytest.approx(ours["auc"] - theirs["auc"])
    assert paired["low"] < paired["value"] < paired["high"]
    assert abs(benchmark.figures(by_folds, 1.0, truth, slices.test)["auc"] - theirs["auc"]) < 0.02


def test_columns_are_prepared_from_training_rows_alone() -> None:
    x = np.array([[0, 7.0], [1, 7.0], [7, 8.0], [np.nan, np.nan]])
    coded = np.array([False, True])
    train = given.Slice(x, np.array([0, 1, 0, 1]), ["count", "kind"], coded)
    prepared = given.Prepared(train, 2, False)
    codes, quantities = prepared(given.Slice(np.array([[3, 7.0], [np.nan, 9]]), None, [], coded))
    assert prepared.sizes == [2]
    assert codes[:, 0].tolist() == [1, 0]
    assert quantities[1, 0] == 0
    logs = np.log1p([0, 1, 7])
    assert quantities[0, 0] == pytest.approx((np.log1p(3) - logs.mean()) / logs.std())
    binned, none = given.Prepared(train, 1, True)(train)
    assert none.shape == (4, 0)
    assert binned.shape == (4, 2)
    assert binned[3].tolist() == [0, 0]
