"""Slates: what a page showed at random, and which of it was clicked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hawker import Shop, delivery, ranking
from hawker.explain.again import again
from hawker.features.schema import KEYS
from hawker.learning import load, pipeline, placement, trials
from hawker.learning.fitting import Course
from hawker.records.decision import Request
from hawker.records.events import DAY, KIND_CODE, Event, EventKind
from hawker.simulate import campaigns
from hawker.simulate.behaviour import behaviour
from hawker.simulate.world import world
from hawker.storage.control import Control
from hawker.storage.event_log import EventLog
from hawker.storage.models import ModelStore
from hawker.storage.tables import write_products


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    truth = world("zh", shoppers=250, days=40, seed=3)
    made = Shop.create(tmp_path_factory.mktemp("zh"), campaigns.settings(truth))
    write_products(made.table("catalogue"), truth.products)
    orders, ads = campaigns.campaigns(truth)
    control = Control(made.control)
    control.put_campaigns(orders)
    control.put_ads(ads)
    control.close()
    EventLog(made.events).append(behaviour(truth, seed=3))
    return made


def test_a_slate_is_one_page_and_its_clicks(shop: Shop) -> None:
    replay = load(shop)
    base = placement.world(shop, replay.state)
    found = trials(replay.events, base, start=0, end=2**62)
    shown = sum(len(trial.ads) for trial in found if trial.ads is not None)
    kinds = replay.events.kind
    impressions = int((kinds == list(EventKind).index(EventKind.AD_IMPRESSION)).sum())
    assert 0.98 * impressions <= shown <= impressions
    assert all(trial.ads is not None and 1 <= len(trial.ads) <= 6 for trial in found)
    clicks = sum(len(trial.taken) for trial in found)
    assert 0.01 < clicks / shown < 0.12


def test_a_decision_on_a_slate_picks_from_what_was_shown(shop: Shop) -> None:
    replay = load(shop)
    base = placement.world(shop, replay.state)
    found = trials(replay.events, base, start=0, end=2**62)
    trial = next(trial for trial in found[500:] if trial.ads is not None and len(trial.ads) > 2)
    assert trial.ads is not None
    replay.to(trial.time)
    shown = {base.index.ids[ad] for ad in trial.ads}
    for name, policy in placement.policies(base, base.model).items():
        decision = placement.decide(policy, trial)
        assert len(decision.slots) == 1, name
        assert decision.slots[0].ad.id in shown
        assert decision.eligible == len(shown)


def test_clicks_are_learned_and_judged(shop: Shop) -> None:
    course = Course((ranking.Linear(), ranking.Trees(trees=30, leaves=7)), most=1_500)
    held = pipeline.bench(shop)
    trained = pipeline.train(shop, on=held, how=course)
    assert trained.evaluation.calibration.value == pytest.approx(1.0, abs=0.05)
    tested = pipeline.evaluate(shop, version=trained.version, on=held, most=None)
    values = tested.outcome.values
    assert values["random"].value is not None
    assert values["hawker"].value is not None
    assert 0.0 < values["random"].value < 0.15
    assert np.isfinite(values["hawker"].value)


def test_a_click_belongs_to_the_last_impression_before_it(tmp_path: Path, shop: Shop) -> None:
    product = next(iter(shop.catalogue))
    moment = 1_750_000_000_000_000
    log = [
        Event(
            EventKind.AD_IMPRESSION,
            moment,
            id="i1",
            shopper="u",
            session="s",
            product=product,
            placement="home",
        ),
        Event(
            EventKind.AD_IMPRESSION,
            moment + 10,
            id="i2",
            shopper="u",
            session="s",
            product=product,
            placement="home",
        ),
        Event(
            EventKind.AD_CLICK,
            moment + 20,
            id="c",
            shopper="u",
            session="s",
            product=product,
            placement="home",
        ),
    ]
    copy = Shop.create(tmp_path / "copy", shop.settings)
    write_products(copy.table("catalogue"), list(shop.catalogue.values()))
    control, source = Control(copy.control), Control(shop.control)
    control.put_campaigns(source.campaigns())
    control.put_ads([ad for ad in source.ads() if ad.product == product] or source.ads())
    control.close()
    EventLog(copy.events).append(log)
    replay = load(copy)
    found = trials(replay.events, placement.world(copy, replay.state), start=0, end=2**62)
    assert [len(trial.taken) for trial in found] == [0, 1]


def test_what_was_bought_within_a_day_of_seeing_it_is_known(shop: Shop) -> None:
    replay = load(shop)
    base = placement.world(shop, replay.state)
    found = trials(replay.events, base, start=0, end=2**62)
    events, product, shopper = replay.events, KEYS.index("product"), KEYS.index("shopper")
    sales = np.flatnonzero(events.kind == KIND_CODE[EventKind.PURCHASE])
    bought: dict[tuple[int, int], list[int]] = {}
    for row in sales.tolist():
        pair = (int(events.keys[row, shopper]), int(events.keys[row, product]))
        bought.setdefault(pair, []).append(int(events.time[row]))
    told = 0
    for trial in found[:2_000]:
        assert trial.ads is not None
        assert trial.bought is not None
        for code in base.index.product[trial.ads].tolist():
            times = bought.get((trial.shopper, code), [])
            expected = trial.shopper >= 0 and any(trial.time <= time <= trial.time + DAY for time in times)
            assert (code in trial.bought) == expected
            told += expected
    assert told > 10


def test_a_second_model_tells_purchases_where_enough_were_seen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "FEWEST", 3)
    held = pipeline.bench(shop)
    sold = pipeline.gathered(held, Course((ranking.Linear(),), most=1_500), seed=7).sold
    assert sold is not None
    version = pipeline._further(shop, ranking.Linear(), sold, held=held, outcome="purchase", seed=7)
    assert version is not None
    store = ModelStore(shop.models)
    store.promote("ranker-purchase", version)
    with delivery.build(shop) as engine:
        assert set(engine.world.models) == {"click", "purchase"}
        assert engine.world.unpriced == frozenset()
        decision = engine.decide(Request("home", shopper="u-1"), seed=3)
        assert list(decision.candidates.others) == ["purchase"]
        assert decision.versions["model-purchase"] == version
        compared, _ = again(decision, engine)
        assert compared.reproduced, compared
        stored, _ = again(decision, shop)
        assert stored.reproduced, stored
