"""A day in service: budgets last, targets hold, a restart goes on where it stopped, two processes share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests import shops

from hawker import Shop, delivery
from hawker.delivery import Engine, days
from hawker.delivery.pacing import FILE
from hawker.records.campaign import Campaign, Daypart, Objective, Pricing, Strategy, Targeting, Tier
from hawker.records.decision import Request
from hawker.records.events import DAY, Event, EventKind

HOUR = DAY // 24
MIDNIGHT = shops.NOW // DAY * DAY
BUDGET = 180_000
LEAF = Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=BUDGET)
HOME = Request("home", shopper="u-1")


class Clock:
    """A clock that is moved by hand."""

    def __init__(self, now: int = MIDNIGHT) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def day(engine: Engine, clock: Clock, *, requests: int = 96, hours: float = 24.0) -> list[int]:
    """Requests evenly over the hours; every other time all is charged and paced. Leaf's spend by hour."""
    spent, before, shown = [0] * 25, engine.ledger.spent("c-leaf"), list[Event]()
    begun = clock.now
    for number in range(requests):
        clock.now = begun + int(number * hours * HOUR / requests)
        decision = engine.decide(HOME)
        shown += [
            Event(EventKind.AD_IMPRESSION, clock.now, ad=slot.ad.id, decision=decision.id, slot=at)
            for at, slot in enumerate(decision.slots)
        ]
        if number % 2 == 1:
            engine.observe(shown)
            shown.clear()
            engine.paced(engine.pacer.advance(now=engine.tick()))
            after = engine.ledger.spent("c-leaf")
            spent[int(number * hours / requests)] += after - before
            before = after
    clock.now = begun + int(hours * HOUR)
    return spent


def pace(engine: Engine, campaign: str = "c-leaf") -> float:
    """A campaign's pace now."""
    names = [one.id for one in engine.world.index.campaigns]
    assert engine.world.pace is not None
    return float(engine.world.pace[names.index(campaign)])


def opened(
    folder: Path, clock: Clock, *campaigns: Campaign, process: str = "serve", **settings: Any
) -> Engine:
    given = (*campaigns, *(one for one in shops.CAMPAIGNS if one.id not in {c.id for c in campaigns}))
    shop = shops.tiny(folder, campaigns=given, **settings) if not folder.exists() else Shop(folder)
    return delivery.build(shop, clock=clock, process=process)


def test_a_budget_lasts_the_day_where_it_would_be_gone_by_morning(tmp_path: Path) -> None:
    # two impressions a request at 3,000 micros, four requests an hour: all is gone by eight
    with opened(tmp_path / "unpaced", Clock(), LEAF, pacing=False) as engine:
        clock = engine._clock
        assert isinstance(clock, Clock)
        unpaced = day(engine, clock)
    assert sum(unpaced) == BUDGET
    assert sum(unpaced[:8]) == BUDGET
    clock = Clock()
    with opened(tmp_path / "paced", clock, LEAF) as engine:
        first, second = day(engine, clock), day(engine, clock)
    assert 0.9 * BUDGET < sum(first) <= BUDGET
    assert 0.95 * BUDGET < sum(second) <= BUDGET
    assert sum(second[:12]) == pytest.approx(BUDGET / 2, rel=0.3)
    assert max(second) < BUDGET / 5


def test_nobody_is_paced_who_has_no_budget_or_who_is_guaranteed(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path / "shop", clock) as engine:
        assert engine.world.pace is None
        day(engine, clock, requests=20, hours=1.0)
        assert engine.world.pace is None
        assert not (engine.shop.state / FILE).exists()
    agreed = Campaign(
        "c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=9_000, tier=Tier.GUARANTEED
    )
    other = Campaign("c-orchard", advertiser="Orchard", bid=3 * shops.UNIT, daily_budget=10**9)
    with opened(tmp_path / "agreed", clock, agreed, other) as engine:
        day(engine, clock, requests=20, hours=1.0)
        assert [pace(engine, name) for name in ("c-leaf", "c-orchard", "c-hill")] == [1.0, 1.0, 1.0]


def test_a_paced_bid_is_on_record_and_executes_again(tmp_path: Path) -> None:
    from hawker.explain.again import again

    clock = Clock()
    with opened(tmp_path / "shop", clock, LEAF) as engine:
        day(engine, clock, requests=40, hours=2.0)
        assert pace(engine) < 1.0
        decision = engine.decide(HOME)
        bid = dict(zip(decision.candidates.ads, decision.candidates.bids, strict=True))
        assert bid["a-tea"] == int(4 * shops.UNIT * pace(engine))
        assert bid["a-jam"] == 3 * shops.UNIT
        assert again(decision, engine)[0].reproduced


def test_a_restart_goes_on_where_it_stopped(tmp_path: Path) -> None:
    clock = Clock()
    with opened(tmp_path / "shop", clock, LEAF) as engine:
        day(engine, clock, requests=60, hours=6.0)
        before = pace(engine)
    with opened(tmp_path / "shop", clock) as engine:
        assert before < 0.9
        assert pace(engine) == pytest.approx(before, rel=0.05)
    (tmp_path / "shop" / "state" / FILE).write_bytes(b"of another release")
    with opened(tmp_path / "shop", clock) as engine:
        assert pace(engine) > 0


def test_what_a_killed_process_had_learned_is_not_lost(tmp_path: Path) -> None:
    clock = Clock()
    killed = opened(tmp_path / "shop", clock, LEAF)
    day(killed, clock)
    day(killed, clock, requests=60, hours=6.0)
    before = pace(killed)  # and then nothing is closed
    with opened(tmp_path / "shop", clock) as engine:
        assert before < 0.9
        assert pace(engine) == pytest.approx(before, rel=0.1)
    killed.decision_log.close()


def test_two_processes_pace_on_what_both_spent(tmp_path: Path) -> None:
    clock = Clock()
    with (
        opened(tmp_path / "shop", clock, LEAF, process="one") as one,
        opened(tmp_path / "shop", clock, process="two") as two,
    ):
        day(one, clock, requests=40, hours=2.0)
        two.paced(two.pacer.advance(now=two.tick()))
        assert pace(two) < 0.95
        assert two.ledger.spent("c-leaf") > BUDGET / 10


def test_a_changed_budget_and_a_new_campaign_take_their_paces_at_once(tmp_path: Path) -> None:
    from hawker.delivery.build import world
    from hawker.storage.control import Control

    clock = Clock()
    with opened(tmp_path / "shop", clock, LEAF) as engine:
        day(engine, clock, requests=60, hours=4.0)
        slow = pace(engine)
        control = Control(engine.shop.control)
        control.put_campaigns(
            [
                Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=3_000_000),
                Campaign("c-aaa", advertiser="New", bid=shops.UNIT, daily_budget=1_000),
            ]
        )
        control.close()
        engine.refresh(world(engine.shop, engine.world.state))
        day(engine, clock, requests=20, hours=1.0)
        assert slow < 0.9
        assert pace(engine) > 0.95
        assert 0 < pace(engine, "c-aaa") <= 1.0


def test_hours_and_flights_bound_the_plan(tmp_path: Path) -> None:
    half = BUDGET // 2
    morning = Targeting(dayparts=(Daypart(start=6, end=12),))
    early = Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=half, targeting=morning)
    clock = Clock()
    with opened(tmp_path / "shop", clock, early) as engine:
        first, second = day(engine, clock), day(engine, clock)
    for lived in (first, second):
        assert sum(lived[:6]) == sum(lived[12:]) == 0
        assert 0.8 * half < sum(lived) <= half
    assert sum(second[6:9]) == pytest.approx(half / 2, rel=0.4)


def test_a_total_budget_with_an_end_is_spread_over_its_days(tmp_path: Path) -> None:
    total = Campaign(
        "c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, total_budget=2 * BUDGET, end=MIDNIGHT + 2 * DAY
    )
    clock = Clock()
    with opened(tmp_path / "shop", clock, total) as engine:
        first, second = sum(day(engine, clock)), sum(day(engine, clock))
    assert first == pytest.approx(BUDGET, rel=0.15)
    assert 1.9 * BUDGET < first + second <= 2 * BUDGET


def test_a_day_gets_its_share_of_a_total_that_ends_and_a_thirtieth_of_one_that_does_not() -> None:
    noon = MIDNIGHT + DAY // 2
    ends = Campaign("c", total_budget=1_000, end=MIDNIGHT + 4 * DAY)
    assert days.budget(ends, now=noon, before=200) == 200
    assert days.budget(replace(ends, daily_budget=150), now=noon, before=200) == 150
    assert days.budget(replace(ends, end=MIDNIGHT + 4 * DAY + 1), now=noon, before=0) == 200
    assert days.budget(replace(ends, utc_offset_minutes=780), now=noon, before=0) == 250
    open_end = replace(ends, end=0)
    assert days.budget(open_end, now=noon, before=0) == float("inf")
    assert days.budget(replace(open_end, daily_budget=900), now=noon, before=400) == 600
    automatic = replace(open_end, strategy=Strategy.MAXIMISE)
    assert days.budget(automatic, now=noon, before=100) == pytest.approx(30)


def test_an_automatic_campaign_finds_what_a_click_may_cost(tmp_path: Path) -> None:
    """Nobody says what it bids: its pace settles where the budget lasts the day."""
    order = Campaign("c-leaf", advertiser="Leaf", strategy=Strategy.MAXIMISE, daily_budget=BUDGET)
    rivals = Campaign("c-orchard", advertiser="Orchard", pricing=Pricing.CPC, bid=shops.UNIT)
    clock = Clock()
    with opened(tmp_path / "shop", clock, order, rivals, outcome="click") as engine:
        first, second, third = day(engine, clock), day(engine, clock), day(engine, clock)
        assert 0 < pace(engine) < 10**12
    assert sum(first) <= BUDGET
    assert sum(second) <= BUDGET
    assert 0.5 * BUDGET < sum(third) <= BUDGET


def test_a_target_bounds_what_a_conversion_is_expected_to_cost(tmp_path: Path) -> None:
    clock, target = Clock(), 10_000_000_000  # what nobody has trained expects few conversions: 3 in a billion
    aimed = Campaign(
        "c-leaf", advertiser="Leaf", strategy=Strategy.TARGET_CPA, target_cpa=target, pricing=Pricing.CPM
    )
    cost = purchases = 0.0
    with opened(tmp_path / "shop", clock, aimed) as engine:
        for _ in range(200):
            clock.now += HOUR // 10
            decision = engine.decide(HOME)
            for slot in decision.slots:
                if slot.ad.campaign == "c-leaf":
                    cost, purchases = cost + slot.price / 1000, purchases + slot.probability
            engine.paced(engine.pacer.advance(now=engine.tick()))
        assert 0 < pace(engine) < 10**15
    assert purchases > 0
    assert cost / purchases <= target * 1.1


def test_what_no_model_can_value_bids_nothing_and_is_not_shown(tmp_path: Path) -> None:
    """Conversions are wanted, clicks are paid for, and only clicks are predicted."""
    order = Campaign(
        "c-leaf",
        advertiser="Leaf",
        strategy=Strategy.MAXIMISE,
        objective=Objective.CONVERSIONS,
        pricing=Pricing.CPC,
        daily_budget=BUDGET,
    )
    with opened(tmp_path / "shop", Clock(), order, outcome="click") as engine:
        decision = engine.decide(HOME)
    bids = dict(zip(decision.candidates.ads, decision.candidates.bids, strict=True))
    assert bids["a-tea"] == bids["a-pot"] == 0
    assert {slot.ad.campaign for slot in decision.slots} == {"c-hill", "c-orchard"}
    assert decision.excluded["below_floor"] == 2
