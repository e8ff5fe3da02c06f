"""The simulated log: whole, marked, deterministic, and driven by the world's truth."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest

from hawker.records.events import DAY, EventKind
from hawker.simulate.behaviour import behaviour
from hawker.simulate.campaigns import campaigns, placements
from hawker.simulate.world import world


@pytest.fixture(scope="module")
def lived():
    truth = world("zh", shoppers=500, days=60, seed=3)
    return truth, behaviour(truth, seed=3)


def test_every_event_is_synthetic_with_an_id_of_its_own_inside_the_days(lived):
    truth, events = lived
    assert all(event.synthetic for event in events)
    assert len({event.id for event in events}) == len(events)
    assert all(truth.start - DAY <= event.time < truth.start + 60 * DAY for event in events)
    assert all(one.time <= two.time for one, two in pairwise(events))


def test_all_kinds_of_a_shop_occur(lived):
    kinds = {event.kind for event in lived[1]}
    unsaid = (EventKind.LIKE, EventKind.AD_FEEDBACK, EventKind.CONVERSION, EventKind.AD_VIEWABLE)
    assert set(EventKind) - kinds == set(unsaid)


def test_same_seed_same_log_and_another_seed_another(lived):
    truth, events = lived
    again = world("zh", shoppers=500, days=60, seed=3)
    assert behaviour(again, seed=3) == events
    assert behaviour(truth, seed=4) != events


def test_only_visitors_declare_themselves_and_only_once(lived):
    told = [event for event in lived[1] if event.kind is EventKind.ATTRIBUTES]
    visitors = {event.shopper for event in lived[1] if event.kind is EventKind.VIEW}
    assert len({event.shopper for event in told}) == len(told) > 100
    assert {event.shopper for event in told} <= visitors
    assert all(set(event.attributes) == {"age_band", "gender", "location"} for event in told)


def test_events_refer_to_known_products_and_say_what_they_must(lived):
    truth, events = lived
    known = {product.id: product for product in truth.products}
    for event in events:
        assert not event.product or event.product in known
        if event.kind is EventKind.PURCHASE:
            assert event.value == event.quantity * (
                known[event.product].sale_price or known[event.product].price
            )
            assert known[event.product].stock
        if event.kind is EventKind.SEARCH:
            assert event.query
        if event.kind is EventKind.REVIEW:
            assert 1 <= event.rating <= 5
            assert event.text
            assert "{" not in event.text


def test_slots_are_filled_by_the_logging_policy_with_its_propensity(lived):
    truth, events = lived
    orders, ads = campaigns(truth)
    owner = {ad.id: ad for ad in ads}
    slots = {place.name: place.slots for place in placements()}
    pages = defaultdict(list)
    for event in events:
        if event.kind is EventKind.AD_IMPRESSION:
            assert owner[event.ad].campaign == event.campaign
            assert owner[event.ad].product == event.product
            pages[event.session, event.placement].append(event)
    for (_, placement), shown in pages.items():
        assert [event.slot for event in shown] == list(range(slots[placement]))
        assert len({event.ad for event in shown}) == slots[placement]
        chances = [float(event.attributes["propensity"]) for event in shown]
        assert chances == pytest.approx(
            [1 / (1 / chances[0] - slot) for slot in range(len(chances))], rel=1e-4
        )
    at_home = {owner.targeting.placements for owner in orders}
    assert at_home == {(), ("search", "product")}


def test_the_logging_policy_is_uniform_on_the_home_page(lived):
    counts = Counter(
        event.ad
        for event in lived[1]
        if event.kind is EventKind.AD_IMPRESSION and event.placement == "home" and event.slot == 0
    )
    total, ads = sum(counts.values()), len(counts)
    expected = total / ads
    chi = sum((count - expected) ** 2 / expected for count in counts.values())
    assert abs(chi - ads) < 5 * np.sqrt(2 * ads)


def test_clicks_follow_interest_and_position(lived):
    truth, events = lived
    number = {item.product.id: index for index, item in enumerate(truth.items)}
    person = {name: index for index, name in enumerate(truth.people.ids)}
    clicked = {(e.session, e.placement, e.ad) for e in events if e.kind is EventKind.AD_CLICK}
    shown = [event for event in events if event.kind is EventKind.AD_IMPRESSION]
    y = np.array([(e.session, e.placement, e.ad) in clicked for e in shown])
    assert y.sum() == len(clicked) > 100
    who = np.array([person[e.shopper] for e in shown])
    what = np.array([number[e.product] for e in shown])
    day = np.array([(e.time - truth.start) // DAY for e in shown])
    slot = np.array([e.slot for e in shown])
    match = truth.match(who, what, day=day)
    assert y[match > 0.4].mean() > 2 * y[match < 0.1].mean()
    home = np.array([e.placement == "home" for e in shown])
    expected = truth.click_probability(who, what, slot, day=day)[home]
    deviation = (y[home].sum() - expected.sum()) / np.sqrt((expected * (1 - expected)).sum())
    assert abs(deviation) < 4


def test_consumables_are_bought_again_about_a_cycle_later(lived):
    truth, events = lived
    cycle = {item.product.id: item.cycle for item in truth.items}
    last, gaps, lasting = {}, [], Counter()
    for event in events:
        if event.kind is EventKind.PURCHASE and event.device != "store":
            key = (event.shopper, event.product)
            if key in last and event.session != last[key].session:
                lasting[cycle[event.product] > 0] += 1
                if cycle[event.product]:
                    gaps.append((event.time - last[key].time) / DAY / cycle[event.product])
            last[key] = event
    assert lasting[True] > 5 * max(1, lasting[False])
    assert 0.6 < np.median(gaps) < 1.4


def test_hours_and_weekdays_have_a_rhythm(lived):
    truth, events = lived
    views = np.array([e.time for e in events if e.kind is EventKind.SEARCH]) - truth.start
    hours = np.bincount(views // (DAY // 24) % 24, minlength=24)
    assert hours[20:22].sum() > 4 * hours[3:5].sum()
    days = np.bincount(views // DAY, minlength=60)[:56].reshape(8, 7).sum(axis=0)
    assert days[5:].mean() > days[:5].mean()  # the log begins on a Monday


def test_popularity_is_uneven(lived):
    counts = Counter(e.product for e in lived[1] if e.kind is EventKind.VIEW)
    views = sorted(counts.values(), reverse=True)
    assert sum(views[:30]) > 0.25 * sum(views)
