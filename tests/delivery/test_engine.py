"""The engine of a whole shop: what it promised is kept, through duplicates, refusals and restarts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from tests import shops

from hawker import Shop, delivery
from hawker.delivery import Engine
from hawker.delivery.build import world
from hawker.errors import NotFound
from hawker.records.campaign import Campaign
from hawker.records.charge import Charge
from hawker.records.decision import Decision, Request
from hawker.records.events import DAY, EVENT_COLUMNS, Event, EventKind
from hawker.storage import tables
from hawker.storage.control import Control
from hawker.storage.event_log import EventLog

HOME = Request("home", shopper="u-1")
SMALL = (
    Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=7_000),
    *shops.CAMPAIGNS[1:],
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with delivery.build(shops.tiny(tmp_path / "shop")) as made:
        yield made


def impression(decision: Decision, slot: int = 0, **rest: Any) -> Event:
    ad = decision.slots[slot].ad
    given = {"id": f"i-{decision.id}-{slot}", "ad": ad.id, "campaign": ad.campaign, "product": ad.product}
    return Event(EventKind.AD_IMPRESSION, decision.time, decision=decision.id, slot=slot, **{**given, **rest})


def test_a_decision_is_on_record_as_it_was_given(engine: Engine) -> None:
    decision = engine.decide(HOME)
    assert engine.decision_log.read(decision.id) == decision
    assert [slot.ad.id for slot in decision.slots] == ["a-tea", "a-pot"]
    assert [slot.price for slot in decision.slots] == [3 * shops.UNIT] * 2


def test_the_same_moment_and_seed_give_the_same_decision(tmp_path: Path) -> None:
    with delivery.build(shops.tiny(tmp_path / "shop", exploration=0.5)) as engine:
        now = engine.tick()
        one, two = (engine.decide(HOME, now=now, seed=11) for _ in range(2))
        other = engine.decide(HOME, now=now, seed=12)
    assert one == two
    assert other.id != one.id


def test_time_never_stands_still_or_goes_back(engine: Engine) -> None:
    ticks = [engine.tick() for _ in range(1000)]
    assert all(later > earlier for earlier, later in pairwise(ticks))


def test_an_impression_is_charged_once_however_often_it_is_sent(engine: Engine) -> None:
    shown = impression(engine.decide(HOME))
    assert [verdict.status for verdict in engine.observe([shown, shown])] == ["accepted", "duplicate"]
    assert [verdict.status for verdict in engine.observe([shown])] == ["duplicate"]
    again = impression(engine.decision_log.read(shown.decision), id="another-id")
    assert [verdict.status for verdict in engine.observe([again])] == ["accepted"]
    assert engine.ledger.spent("c-leaf") == 3_000


def test_a_click_costs_nothing_where_impressions_are_paid(engine: Engine) -> None:
    decision = engine.decide(HOME)
    click = Event(EventKind.AD_CLICK, decision.time, id="k", ad="a-tea", decision=decision.id, slot=0)
    assert engine.observe([click])[0].status == "accepted"
    assert engine.ledger.spent("c-leaf") == 0


def test_an_impression_of_no_decision_of_ours_is_kept_and_costs_nothing(engine: Engine) -> None:
    stranger = Event(EventKind.AD_IMPRESSION, shops.NOW, id="s", ad="a-tea", decision="d-unknown", slot=0)
    assert engine.observe([stranger])[0].status == "accepted"
    assert engine.event_log.known("s")
    assert engine.ledger.spent("c-leaf") == 0


def test_a_campaign_whose_money_is_out_makes_room_for_the_next(tmp_path: Path) -> None:
    with delivery.build(shops.tiny(tmp_path / "shop", campaigns=SMALL)) as engine:
        first = engine.decide(HOME)  # 3,000 micros an impression: two fit into 7,000
        second = engine.decide(HOME)
        assert {slot.ad.campaign for slot in first.slots} == {"c-leaf"}
        assert "c-leaf" not in {slot.ad.campaign for slot in second.slots}
        assert second.attempts == ("c-leaf",)
        assert second.excluded["reserve_refused"] == 2
        third = engine.decide(HOME)
        assert third.attempts == ()
        assert third.excluded["out_of_budget"] == 2
        engine.observe([impression(first, 0), impression(first, 1)])
        assert engine.ledger.spent("c-leaf") == 6_000


def test_who_opts_out_is_not_profiled_from_then_on_and_after_a_restart(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    with delivery.build(shop) as engine:
        assert engine.decide(HOME).path == "personalised"
        engine.observe([Event(EventKind.OPT_OUT, engine.tick(), id="o", shopper="u-1")])
        assert engine.decide(HOME).path_reason == "opted_out"
        assert engine.decide(Request("home", shopper="u-2")).path == "personalised"
    with delivery.build(Shop(shop.folder)) as engine:
        assert engine.decide(HOME).path_reason == "opted_out"


def test_what_a_crash_left_unsettled_is_charged_when_the_shop_opens(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    engine = delivery.build(shop)
    shown = impression(engine.decide(HOME), received=engine.tick())
    engine.decision_log.flush()
    EventLog(shop.events).append([shown])  # and then the power goes: nothing was settled, nothing closed
    with delivery.build(Shop(shop.folder)) as after:
        assert after.ledger.spent("c-leaf") == 3_000
        assert after.observe([shown])[0].status == "duplicate"
        assert after.ledger.spent("c-leaf") == 3_000


def test_what_the_ledger_could_not_take_is_charged_with_the_next_batch(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (engine.decide(HOME) for _ in range(2))

    def locked(charges: Sequence[Charge]) -> None:
        raise OSError(f"locked: {len(charges)}")

    with monkeypatch.context() as broken:
        broken.setattr(engine.ledger, "settle_many", locked)
        with pytest.raises(OSError, match="locked"):
            engine.observe([impression(one)])
    assert engine.observe([impression(one)])[0].status == "duplicate"
    engine.observe([impression(two)])
    assert engine.ledger.spent("c-leaf") == 6_000


def test_events_move_the_state_and_a_restart_finds_it_there(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    bought = Event(EventKind.PURCHASE, shops.NOW, id="p", shopper="u-1", product="jam", quantity=2.0)

    def jam(engine: Engine) -> float:
        now = engine.tick()
        engine.decide(HOME, now=now + 1)
        state = engine.world.state
        code = state.codes["product"].codes(["jam"])
        return float(state.read("product", code, now=now)["count"][0])

    with delivery.build(shop) as engine:
        assert jam(engine) == 0
        engine.observe([bought])
        assert jam(engine) == 1
    with delivery.build(Shop(shop.folder)) as engine:
        assert jam(engine) == 1


def test_a_new_campaign_takes_part_after_a_refresh(engine: Engine) -> None:
    control = Control(engine.shop.control)
    control.put_campaigns([Campaign("c-late", advertiser="Late", bid=9 * shops.UNIT)])
    control.put_ads([shops.Ad("a-late", "c-late", "sock")])
    control.close()
    engine.refresh(world(engine.shop, engine.world.state))
    assert engine.decide(HOME).slots[0].ad.id == "a-late"


def test_a_placement_that_is_not_there_is_named_with_its_nearest(engine: Engine) -> None:
    with pytest.raises(NotFound, match=r"'hom'.*'home'"):
        engine.decide(Request("hom"))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Event(EventKind.VIEW, shops.NOW), "'view' needs 'product'"),
        (Event(EventKind.SEARCH, shops.NOW), "'search' needs 'query'"),
        (Event(EventKind.AD_IMPRESSION, shops.NOW), "'ad_impression' needs 'ad'"),
        (Event(EventKind.AD_CLICK, shops.NOW, ad="a", decision="d"), "its 'slot'"),
        (Event(EventKind.OPT_OUT, shops.NOW), "'opt_out' needs 'shopper'"),
        (Event(EventKind.VIEW, 5, product="tea"), "before the year 2000"),
        (Event(EventKind.VIEW, shops.NOW + 2 * DAY, product="tea"), "in the future"),
        (Event(EventKind.VIEW, 10**30, product="tea"), "in the future"),
        (Event(EventKind.PURCHASE, shops.NOW, product="tea", value=10**30), "'value' must be"),
        (Event(EventKind.PURCHASE, shops.NOW, product="tea", value=-1), "must not be negative"),
        (Event(EventKind.PURCHASE, shops.NOW, product="tea", quantity=0), "'quantity'"),
        (Event(EventKind.PURCHASE, shops.NOW, product="tea", quantity=float("nan")), "'quantity'"),
        (Event(EventKind.VIEW, shops.NOW, product="tea", dwell_ms=2**70), "'dwell_ms'"),
        (Event(EventKind.VIEW, shops.NOW, product="t" * 200), "'product' must be at most"),
        (Event(EventKind.VIEW, shops.NOW, product="tea\n"), "'product' must be at most"),
        (Event(EventKind.SEARCH, shops.NOW, query="a\0b"), "NUL"),
    ],
)
def test_what_cannot_be_kept_says_why_and_leaves_the_others_alone(
    engine: Engine, event: Event, said: str
) -> None:
    sound = Event(EventKind.VIEW, shops.NOW, id="sound", product="tea")
    bad, good = engine.observe([event, sound])
    assert (bad.status, good.status) == ("rejected", "accepted")
    assert said in bad.reason


ANY_TEXT = st.text(max_size=20)
ANY_INT = st.integers(-(2**70), 2**70) | st.integers(-2, 200)
ANY_EVENT = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    time=st.just(shops.NOW) | ANY_INT,
    product=st.just("tea") | ANY_TEXT,
    query=ANY_TEXT,
    text=ANY_TEXT,
    shopper=ANY_TEXT,
    ad=ANY_TEXT,
    reason=ANY_TEXT,
    device=ANY_TEXT,
    currency=ANY_TEXT,
    value=ANY_INT,
    dwell_ms=ANY_INT,
    slot=ANY_INT,
    quantity=st.floats() | st.just(1.0),
    rating=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    attributes=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=2),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(ANY_EVENT, max_size=8))
def test_whatever_is_accepted_can_be_read_back(engine: Engine, batch: list[Event]) -> None:
    verdicts = engine.observe(batch)
    assert len(verdicts) == len(batch)
    connection = tables.connect(threads=1)
    EventLog(engine.shop.events).view(connection)
    held = dict(connection.execute("SELECT id, (query, value, dwell_ms, text) FROM events").fetchall())
    for event, verdict in zip(batch, verdicts, strict=True):
        if verdict.status == "accepted":
            assert held[verdict.id] == (event.query, event.value, event.dwell_ms, event.text)
    assert set(EVENT_COLUMNS) == {
        row[0] for row in connection.execute("DESCRIBE SELECT * FROM events").fetchall()
    }
