"""Learning on: what changes is followed, what stays is kept, and what is worse does not serve."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from hawker import ranking
from hawker.errors import BadInput
from hawker.features import table
from hawker.features.examples import Examples
from hawker.features.interests import Interests
from hawker.features.match import MADE_OF
from hawker.learning import update
from hawker.ranking.rules import Rule
from hawker.records.events import DAY

DAILY = 800
TORCH = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")
LINEAR = ranking.Linear(bits=12)
ESTIMATORS = [
    pytest.param(LINEAR, id="linear"),
    pytest.param(ranking.Trees(trees=60, threads=1, least=20, rate=0.1), id="trees"),
    pytest.param(
        ranking.Net(hidden=(16,), embedding=4, batch=128, rate=5e-3, epochs=4), id="net", marks=TORCH
    ),
]


def world(days: range, *, turned: int = 10**6, seed: int = 0) -> Examples:
    """Eight kinds of rows sold at rates of their own; from the day `turned` on kinds 0 to 3 turn about,

    and 6 and 7 are offered no more.
    """
    rng = np.random.default_rng((seed, days.start))
    day = np.repeat(np.array(days), DAILY)
    kind = np.where(day < turned, rng.integers(0, 8, len(day)), rng.integers(0, 6, len(day)))
    rate = np.array([0.05, 0.1, 0.3, 0.5, 0.2, 0.1, 0.02, 0.7])
    after = np.array([0.5, 0.3, 0.1, 0.05, 0.2, 0.1, 0.02, 0.7])
    p = np.where(day < turned, rate[kind], after[kind])
    return Examples(
        names=("kind", "noise"),
        x=np.column_stack([kind, rng.normal(size=len(day))]).astype(np.float32),
        y=(rng.random(len(day)) < p).astype(np.float32),
        time=day * DAY + np.sort(rng.integers(0, DAY, (len(days), DAILY)), axis=1).ravel(),
        group=np.arange(len(day)),
        cluster=rng.integers(0, 300, len(day)),
        weight=np.ones(len(day)),
        categorical=("kind",),
    )


def kinds(model: ranking.Model) -> Any:
    x = np.column_stack([np.arange(8), np.zeros(8)]).astype(np.float32)
    return model.predict(x)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_world_that_stands_still_is_not_unlearned(estimator: ranking.Estimator) -> None:
    past = world(range(0, 15))
    served = ranking.train(estimator, past, seed=3)
    found = update.follow(served, world(range(15, 20)), past=past, seed=3)
    assert found.passes
    assert [day.start for day in found.days] == [day * DAY for day in range(15, 20)]
    assert all(abs(day.updated - day.served) < 0.02 * day.served for day in found.days)
    assert found.older is not None
    assert found.older.high is not None
    assert found.older.high < 0.01
    np.testing.assert_allclose(kinds(found.model), kinds(served), atol=0.1)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_world_that_turns_is_followed_and_the_rest_remembered(estimator: ranking.Estimator) -> None:
    past = world(range(0, 15))
    served = ranking.train(estimator, past, seed=3)
    found = update.follow(served, world(range(15, 24), turned=17), past=past.take(past.x[:, 0] >= 4), seed=3)
    assert found.passes
    assert found.change.high is not None
    assert found.change.high < 0
    assert found.days[0].updated == pytest.approx(found.days[0].served, rel=0.01)
    assert found.days[-1].updated < 0.9 * found.days[-1].served
    before, now = kinds(served), kinds(found.model)
    assert now[0] > 1.8 * before[0]
    assert now[3] < 0.7 * before[3]
    np.testing.assert_allclose(now[6:], [0.02, 0.7], atol=0.08)  # not offered any more, and not forgotten


def test_every_figure_is_of_rows_not_yet_learned() -> None:
    """Labels that follow from nothing cannot be predicted, however much of them is learned."""
    past, rows = world(range(0, 15)), world(range(15, 20))
    lots = np.random.default_rng(0).permutation(len(rows)).astype(np.float32)
    coin = replace(
        rows,
        names=("kind", "lot"),
        x=np.column_stack([rows.x[:, 0], lots]),
        y=(np.random.default_rng(1).random(len(rows)) < 0.5).astype(np.float32),
        categorical=("kind", "lot"),
    )
    fit = replace(past, names=("kind", "lot"), categorical=("kind", "lot"))
    fit.x[:, 1] = np.arange(len(fit)) + len(rows)
    found = update.follow(ranking.train(ranking.Linear(bits=18, l1=0.0, rate=0.5), fit), coin)
    assert found.days[-1].updated > np.log(2) - 0.02
    assert ranking.evaluate(found.model, coin).auc.value > 0.6  # type: ignore[operator]


def test_what_is_worse_on_the_newest_day_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "_LEAST", 300)
    past = world(range(0, 15))
    astray = table.stacked([world(range(15, 19), turned=0), world(range(19, 21))])
    found = update.follow(ranking.train(LINEAR, past), astray, past=past)
    assert not found.passes
    assert found.change.low is not None
    assert found.change.low > found.bound


def test_too_little_to_tell_does_not_pass() -> None:
    past, rows = world(range(0, 15)), world(range(15, 16))
    found = update.follow(ranking.train(LINEAR, past), rows.take(np.arange(9)), past=past)
    assert found.change.value is None
    assert not found.passes


def test_wrappers_learn_on_inside_and_others_stay() -> None:
    past, rows = world(range(0, 10)), world(range(10, 12), turned=0)
    linear, trees = (ranking.train(one, past) for one in (LINEAR, ranking.Trees(trees=20, threads=1)))
    both = ranking.blend([ranking.calibrate(linear, past), trees], past)
    again = both.onward(rows)
    assert kinds(again)[0] > kinds(both)[0]
    assert kinds(both.models[0])[0] == kinds(ranking.calibrate(linear, past))[0]  # what serves is untouched
    rule = Rule(("kind",), {"kind": 1.0})
    still = ranking.Blend((ranking.calibrate(rule, past),), np.ones(1), 0.0)
    assert still.onward(rows) is still


def test_the_same_seed_learns_the_same() -> None:
    past, rows = world(range(0, 10)), world(range(10, 12))
    served = ranking.train(LINEAR, past)
    first, again = (update.follow(served, rows, past=past, seed=5) for _ in range(2))
    assert np.array_equal(kinds(first.model), kinds(again.model))
    assert first.change == again.change


def test_a_model_of_other_vectors_does_not_learn_on() -> None:
    interests = Interests(np.eye(2, dtype=np.float32), name="new-space/1", ids=("a", "b"))
    learned = ranking.train(ranking.Linear(), world(range(3)), seed=1)
    update.same_space(interests, learned)  # it learned no match: any vectors will do
    learned.recipe = {**learned.recipe, MADE_OF: interests.space}
    update.same_space(interests, learned)
    learned.recipe = {**learned.recipe, MADE_OF: "old-space"}
    update.same_space(None, learned)
    with pytest.raises(BadInput, match="another encoder"):
        update.same_space(interests, learned)
