"""Refusals, minors and sensitive pages bind the next decision, leave no profile, and leave no trail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests import shops

from hawker import delivery
from hawker.delivery.build import world
from hawker.delivery.engine import Engine
from hawker.delivery.world import World
from hawker.explain.again import again
from hawker.records.consent import Consent, ConsentPath
from hawker.records.decision import Decision, Request
from hawker.records.events import Event, EventKind
from hawker.records.preferences import Preferences
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

ASKED = Request("home", shopper="u-1", session="s-1")


def wishing(world: World, wishes: Preferences) -> World:
    return replace(world, preferences={"u-1": wishes})


def declared(shopper: str, **attributes: str) -> Event:
    return Event(EventKind.ATTRIBUTES, shops.NOW, id=f"d-{shopper}", shopper=shopper, attributes=attributes)


def purchases(engine: Engine, shopper: str) -> float:
    state = engine.world.state
    code = state.codes["shopper"].codes([shopper])
    return float(state.read("shopper", code, now=engine.tick())["purchases"][0])


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shops.tiny(tmp_path / "shop", special_categories=("Kitchen",))


def test_a_refusal_holds_from_the_next_decision_on_and_after_a_restart(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        assert engine.decide(ASKED).path is ConsentPath.PERSONALISED
        engine.observe([Event(EventKind.OPT_OUT, shops.NOW, id="o", shopper="u-1")])
        assert engine.decide(ASKED).path_reason == "opted_out"
    with delivery.build(Shop(shop.folder)) as engine:
        assert engine.decide(ASKED).path_reason == "opted_out"


@pytest.mark.parametrize("attributes", [{"age_band": "13-17"}, {"birth_year": "2020"}, {"minor": "true"}])
def test_a_minor_is_forgotten_by_the_folds_and_not_learned_again(
    shop: Shop, attributes: dict[str, str]
) -> None:
    with delivery.build(shop) as engine:
        engine.decide(ASKED)
        assert purchases(engine, "u-1") == 3
        engine.observe([declared("u-1", **attributes)])
        assert purchases(engine, "u-1") == 0
        assert engine.decide(ASKED).path_reason == "minor"
        engine.observe([Event(EventKind.PURCHASE, shops.NOW, id="p", shopper="u-1", product="tea")])
        engine.decide(ASKED)
        assert purchases(engine, "u-1") == 0
        engine.refresh(world(shop, engine.world.state))
        assert "u-1" in engine.world.minors
    with delivery.build(Shop(shop.folder)) as engine:
        assert engine.decide(ASKED).path_reason == "minor"
        assert purchases(engine, "u-1") == 0


def test_an_adult_stays_one(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        engine.observe([declared("u-1", age_band="19-24", birth_year="1980", minor="no")])
        assert engine.decide(ASKED).path is ConsentPath.PERSONALISED
        assert purchases(engine, "u-1") == 3


@pytest.mark.parametrize("asked", [{"category": "kitchen > pots"}, {"product": "pot"}])
def test_a_sensitive_page_is_contextual_for_everybody(shop: Shop, asked: dict[str, str]) -> None:
    with delivery.build(shop) as engine:
        decision = engine.decide(msgspec.structs.replace(ASKED, **asked))
        assert (decision.path, decision.path_reason) == (ConsentPath.CONTEXTUAL, "special_category")


def test_what_is_done_with_sensitive_products_is_nobodys(shop: Shop) -> None:
    EventLog(shop.events).append(
        [Event(EventKind.PURCHASE, shops.NOW - 1_000_000, id="x", shopper="u-1", product="pot")]
    )
    with delivery.build(shop) as engine:
        engine.decide(ASKED)
        assert purchases(engine, "u-1") == 3


def test_under_contextual_the_record_names_nobody_and_executes_again(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        decision = engine.decide(msgspec.structs.replace(ASKED, consent=Consent(gpc=True)))
        kept = engine.decision_log.read(decision.id)
        assert (kept.request.shopper, kept.request.session) == ("", "")
        assert kept.request.consent.gpc
        assert kept.slots
        assert again(kept, engine)[0].reproduced
    engine.close()
    written = b"".join(path.read_bytes() for path in shop.decisions.iterdir())
    assert b"u-1" not in written


def test_who_wants_fewer_ads_sees_every_second_page_without(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        engine.world = wishing(engine.world, Preferences(fewer=True))
        made: list[Decision] = [engine.decide(ASKED, seed=seed) for seed in range(6)]
        assert [decision.fallback for decision in made] == ["", "fewer_ads_wanted"] * 3
        assert [bool(decision.slots) for decision in made] == [True, False] * 3
        assert all(again(decision, engine)[0].reproduced for decision in made)


def test_interests_off_is_contextual(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        engine.world = wishing(engine.world, Preferences(interests=False))
        assert engine.decide(ASKED).path_reason == "interests_off"
        other = msgspec.structs.replace(ASKED, shopper="u-2")
        assert engine.decide(other).path is ConsentPath.PERSONALISED
