"""Nothing is billed that was not decided, and nothing twice, whatever browsers and servers send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from tests import shops

from hawker import delivery
from hawker.delivery import Engine
from hawker.delivery.commit import reservation
from hawker.delivery.door import Told
from hawker.delivery.tokens import ACTS, KINDS, Act, Tokens
from hawker.records.campaign import Campaign, Pricing
from hawker.records.decision import Decision, Request
from hawker.records.events import Event, EventKind
from hawker.records.traffic import SERVER, Limits, Traffic

PAGE = Traffic(agent="Mozilla/5.0 Firefox/128.0", address="198.51.100.7", browser=True)
BOT = Traffic(agent="Googlebot/2.1", browser=True)
CAMPAIGNS = (
    Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=40_000),
    Campaign("c-orchard", advertiser="Orchard", pricing=Pricing.CPA, bid=3 * shops.UNIT),
    Campaign("c-hill", advertiser="Hill", pricing=Pricing.CPC, bid=shops.UNIT),
)
FORGER = Tokens(lambda: (b"f" * 32,), lifetime=10**12)
STEP = st.tuples(
    st.sampled_from(["proven", "forged", "claimed", "server", "bot", "sale"]),
    st.integers(0, 3),  # which decision
    st.integers(0, 2),  # which slot, one of which may not be there
    st.sampled_from(ACTS),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    limits = Limits(soonest_click_ms=0, clicks_per_minute=0, impressions_per_minute=0)
    shop = shops.tiny(tmp_path_factory.mktemp("billed") / "shop", campaigns=CAMPAIGNS, traffic=limits)
    with delivery.build(shop) as made:
        yield made


def told(
    engine: Engine, decisions: Sequence[Decision], step: tuple[str, int, int, Act]
) -> tuple[Event, Traffic]:
    """One report, honest or not."""
    how, which, slot, act = step
    decision = decisions[which]
    now = engine.tick()
    if how == "sale":
        return Event(EventKind.PURCHASE, now, id=f"p-{now}", shopper="u-1", product="tea", value=1), SERVER
    if how in ("proven", "bot", "forged"):
        tokens = FORGER if how == "forged" else engine.door.tokens
        token = tokens.mint(decision.id, slot)[ACTS.index(act)]
        return Told(KINDS[act], now, token=token), BOT if how == "bot" else PAGE
    event = Event(KINDS[act], now, id=f"e-{now}", shopper="u-1", ad="any", decision=decision.id, slot=slot)
    return event, SERVER if how == "server" else PAGE


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=1, max_size=25), batch=st.integers(1, 6))
def test_charges_are_of_decided_slots_once_and_of_sound_reports_alone(
    engine: Engine, steps: list[tuple[str, int, int, Act]], batch: int
) -> None:
    before = {name for name, *_ in engine.ledger.charges(0, 2**62)}
    decisions = [engine.decide(Request("home", shopper="u-1")) for _ in range(4)]
    sent = [told(engine, decisions, step) for step in steps]
    for first in range(0, len(sent), batch):
        part = sent[first : first + batch]
        engine.observe([event for event, _ in part], traffic=[who for _, who in part])
    charges = engine.ledger.charges(0, 2**62)
    names = [name for name, *_ in charges]
    assert len(names) == len(set(names))
    slots = {
        reservation(decision.id, place): slot
        for decision in decisions
        for place, slot in enumerate(decision.slots)
    }
    fresh = {name: (campaign, amount) for name, campaign, amount, _ in charges if name not in before}
    assert set(fresh) <= set(slots)
    for name, (campaign, amount) in fresh.items():
        assert campaign == slots[name].ad.campaign
        assert amount <= slots[name].charge
        sound = {
            (how, act)
            for how, which, slot, act in steps
            if reservation(decisions[which].id, slot) == name and how in ("proven", "server")
        }
        due = {Pricing.CPM: Act.IMPRESSION, Pricing.CPC: Act.CLICK}.get(Pricing(slots[name].pricing))
        assert due is None or any(act is due for _, act in sound)
    assert sum(amount for _, campaign, amount, _ in charges if campaign == "c-leaf") <= 40_000
