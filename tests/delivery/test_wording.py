"""Which words an ad shows: who competes, by what odds, on record, the same again; and what clicks change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests import shops
from tests.delivery.test_pipeline import HOME, decide, world

from hawker import Shop, delivery
from hawker.delivery import Engine, wording
from hawker.delivery.build import world as build_world
from hawker.delivery.wording import Asked, Beliefs, Words
from hawker.explain.again import again
from hawker.features.interests import Interests
from hawker.records.campaign import Ad, Cap, Per
from hawker.records.consent import Consent
from hawker.records.creative import Creative
from hawker.records.decision import Decision, Request
from hawker.records.events import Event, EventKind
from hawker.retrieval.targeting import Membership
from hawker.statistics.pooling import Spread
from hawker.storage.control import Control
from hawker.storage.wordings import Prior

THREE = tuple(Creative(f"t-{n}", "tea", f"Tea, said in way {n}") for n in range(3))


def tea(decision: Decision) -> Any:
    return next(slot for slot in decision.slots if slot.ad.product == "tea")


def words(**scores: float) -> Words:
    """Beliefs of nothing but a prior that is worth a lot."""
    spread = Spread(total=0.3, worth=0.8)
    before = {id.replace("_", "-"): (spread.slope * score, spread.own) for id, score in scores.items()}
    return Words(beliefs=Beliefs(before, spread=spread))


def shop_of(folder: Path, creatives: tuple[Creative, ...] = THREE, **settings: Any) -> Shop:
    shop = shops.tiny(folder / "shop", **settings)
    control = Control(shop.control)
    control.put_creatives(creatives)
    control.close()
    return shop


def test_every_approved_creative_is_shown_by_its_odds_and_the_record_holds_them() -> None:
    held = world(creatives=THREE, words=words(t_0=0.0, t_1=0.2, t_2=0.1))
    shown = [tea(decide(HOME, held, seed=seed)) for seed in range(600)]
    likely = shown[0].wording.odds
    assert shown[0].wording.creatives == ("t-0", "t-1", "t-2")
    assert sum(likely) == pytest.approx(1.0)
    assert likely[1] > likely[2] > likely[0] > 0.003
    shares = [sum(slot.ad.creative == id for slot in shown) / 600 for id in shown[0].wording.creatives]
    assert shares == pytest.approx(likely, abs=0.07)
    assert all(slot.creative_propensity == likely[int(slot.ad.creative[-1])] for slot in shown)
    assert {slot.ad.headline for slot in shown} == {one.headline for one in THREE}


def test_who_competes() -> None:
    index = world(
        creatives=(
            Creative("a-own", "tea", "", advertiser="Leaf", language="en"),
            Creative("b-shop", "tea", "", language="zh"),
            Creative("c-other", "tea", "", advertiser="Orchard"),
            Creative("d-retired", "tea", "", retired="t-1 gets more clicks"),
            Creative("e-search", "tea", "", placements=("search",)),
            Creative("f-pot", "pot", ""),
        )
    ).index
    ad = index.ids.index("a-tea")

    def ids(asked: Asked) -> list[str]:
        return [one.id for one in wording.fitting(index, ad, asked)]

    assert ids(Asked("home")) == ["a-own", "b-shop"]
    assert ids(Asked("search")) == ["a-own", "b-shop", "e-search"]
    assert ids(Asked("home", language="zh-CN")) == ["b-shop"]
    assert ids(Asked("home", language="fr")) == ["a-own", "b-shop"]  # nobody speaks it: all do
    assert ids(Asked("home", barred={"a-own": frozenset()})) == ["b-shop"]
    assert ids(Asked("home", barred={"a-own": frozenset({"a-tea"})})) == ["a-own", "b-shop"]


def test_an_ad_that_names_a_creative_shows_it_and_one_alone_is_no_choice() -> None:
    ads = (replace_ad(shops.ADS[0], creative="t-2"), *shops.ADS[1:])
    named = tea(decide(HOME, world(ads=ads, creatives=THREE)))
    assert (named.ad.creative, named.wording, named.creative_propensity) == ("t-2", None, 1.0)
    alone = tea(decide(HOME, world(creatives=THREE[:1])))
    assert (alone.ad.creative, alone.wording) == ("t-0", None)
    bare = tea(decide(HOME, world()))
    assert (bare.ad.creative, bare.ad.headline) == ("", "Green tea")


def replace_ad(ad: Ad, **change: Any) -> Ad:
    return msgspec.structs.replace(ad, **change)


def test_the_choice_changes_neither_the_auction_nor_the_other_slots() -> None:
    plain, chosen = decide(HOME, world(), seed=4), decide(HOME, world(creatives=THREE), seed=4)
    for before, after in zip(plain.slots, chosen.slots, strict=True):
        assert (before.ad.id, before.price, before.propensity) == (after.ad.id, after.price, after.propensity)


def test_a_decision_is_executed_again_with_the_same_words(tmp_path: Path) -> None:
    with delivery.build(shop_of(tmp_path, exploration=0.3)) as engine:
        made = [engine.decide(HOME, seed=seed) for seed in range(30)]
        assert {tea(one).ad.creative for one in made if _has_tea(one)} == {"t-0", "t-1", "t-2"}
        assert all(again(one, engine)[0].reproduced for one in made)
        slot = tea(made[0])
        forged = msgspec.structs.replace(slot, ad=msgspec.structs.replace(slot.ad, creative="t-9"))
        other = msgspec.structs.replace(
            made[0], slots=tuple(forged if one is slot else one for one in made[0].slots)
        )
        assert again(other, engine)[0].differences == ("words",)


def _has_tea(decision: Decision) -> bool:
    return any(slot.ad.product == "tea" for slot in decision.slots)


def live(engine: Engine, rates: dict[str, float], *, rounds: int, seed: int, renew: bool = True) -> list[str]:
    """Show ads to strangers, who click by the words; which words tea had."""
    rng, shown = np.random.default_rng(seed), []
    for number in range(rounds):
        made = engine.decide(Request("home", shopper=f"v-{number}"))
        events = []
        for place, slot in enumerate(made.slots):
            common: dict[str, Any] = {"decision": made.id, "slot": place, "ad": slot.ad.id}
            events.append(Event(EventKind.AD_IMPRESSION, made.time, id=f"{made.id}.{place}", **common))
            if rng.random() < rates.get(slot.ad.creative, 0.1):
                events.append(Event(EventKind.AD_CLICK, made.time, id=f"{made.id}.{place}c", **common))
        engine.observe(events)
        if renew and number % 10 == 9:
            engine.believe(engine.beliefs())
        shown.append(tea(made).ad.creative)
    return shown


def test_clicks_choose_and_a_restart_forgets_nothing(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    rates = {"t-0": 0.05, "t-1": 0.5, "t-2": 0.05}
    with delivery.build(shop) as engine:
        shown = live(engine, rates, rounds=240, seed=1)
        assert shown[:20].count("t-1") < 16
        assert shown[-80:].count("t-1") > 64
        before = engine.beliefs()
    with delivery.build(Shop(shop.folder)) as engine:
        after = engine.beliefs()
        assert after.cells.keys() == before.cells.keys()
        for key, (mean, variance) in before.cells.items():
            assert after.cells[key] == pytest.approx((mean, variance), rel=1e-3)
        assert tea(engine.decide(HOME)).wording.odds[1] > 0.8


def test_a_renewed_world_keeps_what_is_believed(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    with delivery.build(shop) as engine:
        live(engine, {"t-1": 0.6}, rounds=20, seed=2)
        held = engine.world.words.beliefs
        engine.refresh(build_world(shop, engine.world.state))
        assert engine.world.words.beliefs is held


def test_invalid_traffic_counts_for_nothing_and_an_event_once(tmp_path: Path) -> None:
    with delivery.build(shop_of(tmp_path)) as engine:
        made = engine.decide(HOME)
        seen = Event(EventKind.AD_CLICK, made.time, id="e-x", decision=made.id, slot=0, ad="a-tea")
        engine.tally.count([msgspec.structs.replace(seen, reason="invalid: robot")])
        assert engine.tally.changes == 0
        engine.tally.count([seen, seen])
        engine.tally.count([seen])
        assert engine.tally.changes == 1


def test_a_capped_creative_gives_way_to_the_others(tmp_path: Path) -> None:
    once = msgspec.structs.replace(THREE[0], caps=(Cap(1, Per.DAY),))
    with delivery.build(shop_of(tmp_path, (once, THREE[1]))) as engine:
        shown = [tea(engine.decide(HOME)).ad.creative for _ in range(40)]
        assert shown.count("t-0") == 1
        assert shown.count("t-1") == 39


def personal(weight: float = 2.0) -> Any:
    """A world where t-1 lies where 'u-1' looks, t-0 the other way; both shoppers are in segments."""
    vectors = np.array([[1, 0], [0, 1], [0, 0], [0, 0]], np.float32)
    prior = Prior(
        ("t-0", "t-1", "t-2"),
        np.zeros(3),
        np.array([[-1, 0], [1, 0], [0, 1]], np.float32),
        "space",
        weight,
    )
    held = world(creatives=THREE, words=Words(prior), members=Membership({}, {"u-1": "loyal", "u-2": "new"}))
    state = held.state
    state.adopt(Interests(vectors, name="space", ids=[product.id for product in shops.PRODUCTS]))
    view = Event(EventKind.VIEW, shops.NOW - 1, id="v", shopper="u-1", product="tea")
    state.fold(state.codes.encode([view]))
    return held


def test_the_words_nearest_to_the_shoppers_interest_are_shown() -> None:
    slot = tea(decide(HOME, personal()))
    assert slot.wording.near == pytest.approx((-1.0, 1.0, 0.0))
    assert slot.wording.segment == "loyal"
    assert slot.wording.odds[1] > 0.9


def test_the_contextual_path_reads_neither_interest_nor_segment() -> None:
    held = personal()
    refused = tea(decide(Request("home", shopper="u-1", consent=Consent(gpc=True)), held))
    assert (refused.wording.near, refused.wording.segment) == ((), "")
    assert refused.wording.odds == pytest.approx((1 / 3,) * 3, abs=1e-6)
    stranger = tea(decide(Request("home", shopper="u-2"), held))
    assert (stranger.wording.near, stranger.wording.segment) == ((), "new")


def test_interests_of_another_space_are_not_compared() -> None:
    held = personal()
    other = replace(held, words=Words(replace(held.words.prior, space="another")))
    assert tea(decide(HOME, other)).wording.near == ()
