"""From a log to a promoted model, on a shop whose best rule a reader knows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.learning.grocer import MONDAY, PRODUCTS, STAPLES, grocer

from hawker import Shop, delivery, ranking
from hawker.delivery import restore
from hawker.errors import BadInput, BadSetting
from hawker.features.examples import Examples
from hawker.learning import examples, load, pipeline, placement, trials
from hawker.learning.fitting import Course
from hawker.learning.rehearsal import Rehearsal
from hawker.records.events import DAY

FEW = Course((ranking.Linear(), ranking.Trees(trees=20, least=5)), most=300, negatives=5, bags=2)
SPLIT = pipeline.Split(MONDAY + 20 * DAY, MONDAY + 45 * DAY, MONDAY + 55 * DAY, MONDAY + 80 * DAY)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return grocer(tmp_path_factory.mktemp("corner"))


def rows(shop: Shop, *, negatives: int | None = None, most: int = 60) -> Examples:
    replay = load(shop)
    world = placement.world(shop, replay.state)
    drawn = trials(replay.events, world, start=MONDAY + 30 * DAY, end=MONDAY + 40 * DAY, most=most, seed=1)
    return examples(replay, world, drawn, negatives=negatives, seed=1)


def test_visits_are_sessions_with_their_basket_and_what_was_in_flight(shop: Shop) -> None:
    replay = load(shop)
    world = placement.world(shop, replay.state)
    found = trials(replay.events, world, start=MONDAY, end=MONDAY + 8 * DAY)
    assert len(found) == 80
    assert [trial.time for trial in found] == sorted(trial.time for trial in found)
    names = replay.state.codes["product"].names
    baskets = {trial.request.shopper: {names[code] for code in trial.taken} for trial in found}
    assert baskets["u3"] >= {STAPLES[3]}
    assert all(basket <= {"bread", *STAPLES} for basket in baskets.values())


def test_rows_know_the_past_and_nothing_else(shop: Shop) -> None:
    made = rows(shop)
    count = made.x[:, made.names.index("own_count")]
    days = made.x[:, made.names.index("own_days_since")]
    assert len(made) == 60 * len(PRODUCTS)
    taken = made.y == 1
    assert set(np.unique(count[taken])) <= set(range(2, 11))
    assert np.nanmin(days[taken]) == pytest.approx(4.0)


def test_sampled_negatives_weigh_as_many_as_they_stand_for(shop: Shop) -> None:
    whole, few = rows(shop), rows(shop, negatives=3)
    assert few.y.sum() == whole.y.sum()
    assert few.weight.sum() == pytest.approx(whole.weight.sum())
    assert len(few) == int(whole.y.sum()) + 3 * 60


def test_the_same_seed_gives_the_same_rows(shop: Shop) -> None:
    first, again = rows(shop, negatives=4), rows(shop, negatives=4)
    assert np.array_equal(first.x, again.x, equal_nan=True)
    assert np.array_equal(first.y, again.y)


def test_train_test_promote_and_serve(shop: Shop) -> None:
    held = pipeline.bench(shop, split=SPLIT)
    trained = pipeline.train(shop, on=held, how=FEW)
    assert trained.name in ("linear × 2, calibrated", "trees × 2, calibrated")
    assert len(trained.rivals) == 1
    rehearsal = Rehearsal(held.replay.state.codes)
    tested = pipeline.evaluate(shop, version=trained.version, on=held, most=200, watch=rehearsal.watch)
    values = {name: estimate.value or 0.0 for name, estimate in tested.outcome.values.items()}
    assert values["own_history"] > values["popular"] > values["random"]
    assert values["hawker"] > values["popular"]
    document = tested.outcome.as_json()
    assert set(document) == {
        "visits",
        "random",
        "popular",
        "own_history",
        "hawker",
        "lift_over_own_history",
        "lift_over_popular",
        "calibration_on_won",
    }
    assert 0 < document["calibration_on_won"]["low"] <= document["calibration_on_won"]["high"] < 1.5
    report = rehearsal.report(shop, start=SPLIT.test, end=SPLIT.end)
    assert report.totals.impressions == 10 * 200
    assert any(note.code == "synthetic" for note in report.notes)

    pipeline.promote(shop, trained.version)
    restore.keep(shop, held.replay.state)
    with delivery.build(shop, clock=lambda: SPLIT.end) as engine:
        assert engine.world.versions["model"] == trained.version


def test_the_rules_are_the_same_decision_with_another_scorer(shop: Shop) -> None:
    held = pipeline.bench(shop, split=SPLIT)
    worlds = placement.policies(held.world, held.world.model)
    trial = pipeline.tested(held, most=50)[0]
    held.replay.to(trial.time)
    made = {name: placement.decide(world, trial) for name, world in worlds.items()}
    assert made["own_history"].slots[0].ad.product in {"bread", *STAPLES}
    assert made["popular"].slots[0].ad.product == "bread"
    assert {slot.propensity for slot in made["popular"].slots} == {1.0}
    assert made["random"].slots[0].propensity == pytest.approx(1 / len(PRODUCTS))
    assert {decision.eligible for decision in made.values()} == {len(PRODUCTS)}
    again = placement.decide(worlds["random"], trial)
    assert msgspec.json.encode(again) == msgspec.json.encode(made["random"])


def test_a_test_is_the_same_after_training_as_alone(shop: Shop) -> None:
    held = pipeline.bench(shop, split=SPLIT)
    trained = pipeline.train(shop, on=held, how=FEW)
    after = pipeline.evaluate(shop, version=trained.version, on=held, most=60)
    alone = pipeline.evaluate(shop, version=trained.version, on=pipeline.bench(shop, split=SPLIT), most=60)
    assert after.outcome == alone.outcome


def test_too_small_a_log_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="at least 200"):
        pipeline.train(Shop.create(tmp_path / "empty"))


def test_a_split_must_be_in_order() -> None:
    with pytest.raises(BadSetting, match="start < calibrate"):
        pipeline.Split(1, 3, 2, 4)


def test_no_trained_model_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="hawker train"):
        pipeline.newest(Shop.create(tmp_path / "new"))


def test_every_decision_of_the_test_slice_is_timed(shop: Shop) -> None:
    held = pipeline.bench(shop, split=SPLIT)
    trained = pipeline.train(shop, on=held, how=FEW)
    took = pipeline.paced(shop, version=trained.version, split=SPLIT, most=20)
    assert len(took) == 20
    assert 0 < took.min() <= took.max() < 10**10
