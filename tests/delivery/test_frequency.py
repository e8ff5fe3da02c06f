"""Caps in a whole engine: kept by shopper or session, across slots, refusals, crashes and erasure."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests import servers, shops

from hawker import delivery
from hawker.delivery import Engine
from hawker.delivery.build import world
from hawker.delivery.frequency import Frequency
from hawker.delivery.observe import Dues
from hawker.records.advertiser import Advertiser
from hawker.records.campaign import Campaign, Cap, Per
from hawker.records.consent import Consent
from hawker.records.creative import Creative
from hawker.records.decision import Decision, Request
from hawker.records.events import Event, EventKind
from hawker.records.traffic import Traffic
from hawker.storage.control import Control
from hawker.storage.hot import HOLD, MINUTE, InProcess
from hawker.storage.shop import Shop

HOME = Request("home", shopper="u-1")
NOBODY = Request("home", shopper="u-1", session="s-1", consent=Consent(gpc=True))


def shop_of(folder: Path, *caps: Cap) -> Shop:
    """The tiny shop, with these caps on the campaign of tea and pot."""
    leaf = msgspec.structs.replace(shops.CAMPAIGNS[0], caps=caps)
    return shops.tiny(folder / "shop", campaigns=(leaf, *shops.CAMPAIGNS[1:]))


def ads(decision: Decision) -> list[str]:
    return [slot.ad.id for slot in decision.slots]


def see(engine: Engine, decision: Decision) -> None:
    """Every ad of a decision comes onto the screen."""
    engine.observe(
        [
            Event(EventKind.AD_IMPRESSION, decision.time, decision=decision.id, slot=slot, ad=shown.ad.id)
            for slot, shown in enumerate(decision.slots)
        ]
    )


def test_a_capped_campaign_gives_way_and_comes_back(tmp_path: Path) -> None:
    with delivery.build(shop_of(tmp_path, Cap(2, Per.MINUTE, 90))) as engine:
        begun = engine.tick()
        first = engine.decide(HOME, now=begun)
        assert ads(first) == ["a-tea", "a-pot"]
        see(engine, first)
        second = engine.decide(HOME, now=begun + 60 * MINUTE)
        assert (ads(second), second.excluded["frequency_capped"]) == (["a-jam"], 2)
        assert ads(engine.decide(Request("home", shopper="u-2"), now=begun + 61 * MINUTE)) == ads(first)
        assert ads(engine.decide(HOME, now=begun + 91 * MINUTE)) == ads(first)


def test_with_one_impression_left_a_campaign_takes_one_slot_of_two(tmp_path: Path) -> None:
    with delivery.build(shop_of(tmp_path, Cap(1))) as engine:
        begun = engine.tick()
        decision = engine.decide(HOME, now=begun)
        assert ads(decision) == ["a-tea", "a-jam"]
        assert decision.attempts == ("c-leaf",)
        assert decision.excluded["frequency_capped"] == 1
        assert engine.ledger.exhausted() == frozenset()
        assert ads(engine.decide(HOME, now=begun + 1)) == ["a-jam"]
        assert ads(engine.decide(HOME, now=begun + HOLD + 1)) == ["a-tea", "a-jam"]


def test_caps_of_advertisers_and_creatives_hold_too(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    control = Control(shop.control)
    control.put_advertisers([Advertiser("Leaf", caps=(Cap(3, Per.LIFETIME),))])
    control.put_creatives([Creative("k-jam", "jam", "Plums", caps=(Cap(1, Per.HOUR),))])
    control.put_ads([msgspec.structs.replace(shops.ADS[2], creative="k-jam")])
    control.close()
    with delivery.build(shop) as engine:
        begun = engine.tick()
        seen = [ads(engine.decide(HOME, now=begun + n)) for n in range(4)]
    assert seen == [["a-tea", "a-pot"], ["a-tea", "a-jam"], [], []]


def test_without_a_profile_caps_hold_for_the_session_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, Cap(2, Per.DAY))
    with delivery.build(shop) as engine:
        begun = engine.tick()
        first = engine.decide(NOBODY, now=begun)
        assert (ads(first), first.path) == (["a-tea", "a-pot"], "contextual")
        see(engine, first)
        assert ads(engine.decide(NOBODY, now=begun + MINUTE)) == ["a-jam"]
        assert ads(engine.decide(HOME, now=begun + MINUTE)) == ["a-tea", "a-pot"]
        assert ads(engine.decide(NOBODY, now=begun + 40 * MINUTE)) == ["a-tea", "a-pot"]
        stranger = msgspec.structs.replace(NOBODY, session="")
        assert [ads(engine.decide(stranger, now=begun + n)) for n in range(2)] == [["a-tea", "a-pot"]] * 2
    assert b"s-1" not in (shop.state / "caps.msgpack").read_bytes()


@pytest.mark.parametrize("crash", [False, True])
def test_caps_survive_a_restart_and_a_crash(tmp_path: Path, crash: bool) -> None:
    shop = shop_of(tmp_path, Cap(4, Per.DAY))
    engine = delivery.build(shop)
    see(engine, engine.decide(HOME))
    held = engine.decide(HOME)
    assert ads(held) == ["a-tea", "a-pot"]
    engine.decision_log.flush()
    if not crash:
        engine.close()
    with delivery.build(Shop(shop.folder)) as again:
        later = again.tick() + MINUTE
        assert ads(again.decide(HOME, now=later)) == ["a-jam"]
        half = again.decide(HOME, now=later + HOLD)
        assert ads(half) == ["a-tea", "a-pot"]
        see(again, held)
        assert ads(again.decide(HOME, now=later + HOLD + 1)) == ["a-jam"]


def test_counters_are_kept_every_few_minutes(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, Cap(4))
    with delivery.build(shop) as engine:
        saved, begun = shop.state / "caps.msgpack", engine.tick()
        engine.frequency.tend(shop.state, now=begun)
        see(engine, engine.decide(HOME))
        engine.frequency.tend(shop.state, now=begun + 4 * MINUTE)
        assert b"u-1" not in saved.read_bytes()
        engine.frequency.tend(shop.state, now=begun + 5 * MINUTE)
        assert b"u-1" in saved.read_bytes()


def test_an_impression_whose_decision_is_not_written_yet_is_counted_once_it_is(tmp_path: Path) -> None:
    with delivery.build(shop_of(tmp_path, Cap(2, Per.LIFETIME))) as engine:
        made = engine.decide(HOME)
        with delivery.build(shops.tiny(tmp_path / "other")) as other:
            stranger = Frequency(InProcess(), Dues(other.decision_log))
            stranger.rule(engine.world)
            seen = Event(EventKind.AD_IMPRESSION, made.time, decision=made.id, slot=0)
            stranger.confirm([seen], now=made.time)
            other.decision_log.append(made)
            assert stranger.hot.forget("u-1") is False
            stranger.tend(tmp_path, now=made.time + MINUTE)
            assert stranger.hot.forget("u-1") is True


def test_a_forgotten_shopper_has_seen_nothing(tmp_path: Path) -> None:
    with delivery.build(shop_of(tmp_path, Cap(2))) as engine:
        see(engine, engine.decide(HOME))
        assert ads(engine.decide(HOME)) == ["a-jam"]
        engine.drop(frozenset({"u-1"}), frozenset())
        assert ads(engine.decide(HOME)) == ["a-tea", "a-pot"]


def test_invalid_traffic_is_not_counted(tmp_path: Path) -> None:
    with delivery.build(shop_of(tmp_path, Cap(2, Per.MINUTE, 45))) as engine:
        begun = engine.tick()
        robot = engine.decide(HOME, now=begun)
        told = Event(EventKind.AD_IMPRESSION, begun, decision=robot.id, slot=0, ad="a-tea")
        engine.observe([told], traffic=Traffic(browser=True))  # without the token that a page has
        assert ads(engine.decide(HOME, now=begun + HOLD)) == ["a-tea", "a-pot"]


def test_a_cap_that_is_changed_binds_the_next_decision(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, Cap(4))
    with delivery.build(shop) as engine:
        see(engine, engine.decide(HOME))
        control = Control(shop.control)
        control.put_campaigns([msgspec.structs.replace(shops.CAMPAIGNS[0], caps=(Cap(2),))])
        control.close()
        engine.refresh(world(shop, engine.world.state))
        assert ads(engine.decide(HOME)) == ["a-jam"]


def test_two_engines_share_caps_and_budgets_on_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAWKER_DATABASE", servers.database())
    monkeypatch.setenv("HAWKER_STATE", servers.state())
    campaign = Campaign(
        "c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, total_budget=150_000, caps=(Cap(3, Per.HOUR),)
    )
    shop = shops.tiny(tmp_path / "shop", campaigns=(campaign, *shops.CAMPAIGNS[1:]))
    assert not list(shop.folder.glob("*.db"))
    with (
        delivery.build(shop, process="one") as one,
        delivery.build(Shop(shop.folder), process="two") as two,
    ):
        moment = max(one.tick(), two.tick())
        first = one.decide(HOME, now=moment)
        see(one, first)
        second = two.decide(HOME, now=moment + 1)
        assert (ads(first), ads(second)) == (["a-tea", "a-pot"], ["a-tea", "a-jam"])
        see(two, second)
        assert ads(one.decide(HOME, now=moment + 2)) == ["a-jam"]
        for n in range(60):
            engine = (one, two)[n % 2]
            see(engine, engine.decide(Request("home", shopper=f"v-{n}"), now=moment + 3 + n))
        assert 120_000 <= one.ledger.spent("c-leaf") == two.ledger.spent("c-leaf") <= 150_000
