"""The match is learned as it is served, by models that remember which vectors it was made of."""

from __future__ import annotations

import numpy as np
import pytest
from tests.delivery.test_restore_interests import put
from tests.learning.grocer import MONDAY, PRODUCTS, STAPLES, grocer

from hawker import Shop, delivery, ranking
from hawker.delivery.record import features
from hawker.features.match import MADE_OF, MATCH
from hawker.learning import examples, load, pipeline, placement, trials
from hawker.learning.fitting import Course
from hawker.records.events import DAY
from hawker.storage.models import ModelStore

COURSE = Course((ranking.Trees(trees=10, least=5),), most=200, negatives=5)
SPLIT = pipeline.Split(MONDAY + 20 * DAY, MONDAY + 45 * DAY, MONDAY + 55 * DAY, MONDAY + 80 * DAY)
KNOWN = MATCH[:4]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The corner shop; each staple lies along an axis of its own, and bread along one of theirs."""
    made = grocer(tmp_path_factory.mktemp("matched"))
    put(made, np.eye(len(PRODUCTS), 64, dtype=np.float32), ids=PRODUCTS)
    return made


def test_rows_hold_what_a_decision_would_see(shop: Shop) -> None:
    replay = load(shop)
    world = placement.world(shop, replay.state)
    drawn = trials(replay.events, world, start=MONDAY + 30 * DAY, end=MONDAY + 40 * DAY, most=20, seed=1)
    made = examples(replay, world, drawn)
    assert set(made.names) & set(MATCH) == set(KNOWN)  # no page is known of a visit
    places = [made.names.index(name) for name in KNOWN]
    first = made.take(made.group == drawn[0].name)
    replay = load(shop)
    replay.to(drawn[0].time)
    model = ranking.Rule(KNOWN, {"interest_long": 1.0})
    decision = placement.decide(
        placement.policies(placement.world(shop, replay.state), model)["hawker"], drawn[0]
    )
    seen = features(decision.candidates)
    wanted = [decision.candidates.feature_names.index(name) for name in KNOWN]
    assert np.array_equal(
        np.sort(seen[:, wanted], axis=0), np.sort(first.x[:, places], axis=0), equal_nan=True
    )


def test_what_is_bought_again_and_again_is_a_shoppers_interest(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        state = engine.world.state
        assert state.interests is not None
        long = state.interests.read(state.codes["shopper"].find("u3"))
        vectors = state.interests.of_products(state.codes["product"].codes(PRODUCTS))
        assert PRODUCTS[int(np.argmax(vectors @ long))] == STAPLES[3]


def test_a_model_remembers_its_vectors(shop: Shop) -> None:
    trained = pipeline.train(shop, on=pipeline.bench(shop, split=SPLIT), how=COURSE)
    recipe = ModelStore(shop.models).recipe("ranker", trained.version)
    pipeline.promote(shop, trained.version)
    with delivery.build(shop) as engine:
        assert engine.world.interests is not None
        assert engine.world.interests.space == recipe[MADE_OF]
    put(shop, np.eye(len(PRODUCTS), 64, dtype=np.float32)[::-1].copy(), ids=PRODUCTS, encoder="newer")
    with delivery.build(shop) as engine:
        assert engine.world.state.interests is not None
        assert engine.world.interests is None  # the model knows others
