"""A shop's served model learns what has happened since, from the log alone, and serves only past the gate."""

from __future__ import annotations

import pytest
from tests.learning.grocer import MONDAY, grocer

from hawker import Shop, ranking
from hawker.delivery.build import RANKER
from hawker.errors import BadInput
from hawker.learning import pipeline, update
from hawker.learning.fitting import Course
from hawker.ranking.rules import Rule
from hawker.records.events import DAY
from hawker.storage.models import ModelStore

SPLIT = pipeline.Split(MONDAY + 20 * DAY, MONDAY + 45 * DAY, MONDAY + 55 * DAY, MONDAY + 80 * DAY)
FEW = Course((ranking.Linear(bits=12),), most=200, negatives=5)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return grocer(tmp_path_factory.mktemp("corner"))


def test_a_shop_is_updated_through_the_gate(shop: Shop) -> None:
    with pytest.raises(BadInput, match=r"No model serves yet.*hawker train"):
        update.update(shop)
    trained = pipeline.train(shop, on=pipeline.bench(shop, split=SPLIT), how=FEW)
    pipeline.promote(shop, trained.version)
    store = ModelStore(shop.models)

    done = update.update(shop, most=150)
    assert done.served == trained.version
    assert done.followed.days[0].start >= MONDAY + 54 * DAY
    assert sum(day.rows for day in done.followed.days) > 500
    recipe = store.recipe(RANKER, done.version)
    assert recipe["update"]["of"] == trained.version
    assert recipe["update"]["since"] == SPLIT.test
    assert recipe["split"] == trained_split(store, trained.version)
    assert store.promoted(RANKER) == (done.version if done.promoted else trained.version)
    assert "newest rows" in done.reason

    store.promote(RANKER, done.version)
    with pytest.raises(BadInput, match=r"Nothing has happened since.*Ingest"):
        update.update(shop)
    assert pipeline.rollback(shop) == trained.version


def test_a_worse_update_does_not_serve(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = pipeline.train(shop, on=pipeline.bench(shop, split=SPLIT), how=FEW)
    pipeline.promote(shop, trained.version)
    monkeypatch.setattr(update.Followed, "passes", False)
    done = update.update(shop, most=60)
    assert not done.promoted
    assert "beyond the bound" in done.reason
    assert ModelStore(shop.models).promoted(RANKER) == trained.version
    assert done.version in ModelStore(shop.models).versions(RANKER)


def test_what_cannot_learn_on_says_so(shop: Shop) -> None:
    trained = pipeline.train(shop, on=pipeline.bench(shop, split=SPLIT), how=FEW)
    store = ModelStore(shop.models)
    rule = Rule(("own_count",), {"own_count": 1.0})
    rule.recipe = store.recipe(RANKER, trained.version)
    store.promote(RANKER, store.save(RANKER, rule.save, rule.recipe))
    with pytest.raises(BadInput, match=r"kind 'rule' cannot learn on.*hawker train"):
        update.update(shop, most=40)


def trained_split(store: ModelStore, version: str) -> object:
    return store.recipe(RANKER, version)["split"]
