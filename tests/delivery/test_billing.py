"""Credits and statements: what is taken back is taken back once, and everything sums to the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from tests import shops

from hawker import delivery, measurement
from hawker.delivery import Engine, billing
from hawker.delivery.billing import Credited
from hawker.delivery.observe import reservation
from hawker.errors import BadInput
from hawker.records.campaign import Campaign
from hawker.records.charge import month
from hawker.records.decision import Request
from hawker.records.events import Event, EventKind

BUDGET = (
    Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=90_000),
    *shops.CAMPAIGNS[1:],
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with delivery.build(shops.tiny(tmp_path / "shop", campaigns=BUDGET)) as made:
        yield made


def meet(engine: Engine, shopper: str) -> list[str]:
    """One shopper is shown what is decided; the impressions."""
    decision = engine.decide(Request("home", shopper=shopper, session=f"s-{shopper}"))
    events = [
        Event(
            EventKind.AD_IMPRESSION,
            decision.time,
            id=f"i-{decision.id}-{place}",
            shopper=shopper,
            session=f"s-{shopper}",
            ad=slot.ad.id,
            campaign=slot.ad.campaign,
            product=slot.ad.product,
            decision=decision.id,
            slot=place,
        )
        for place, slot in enumerate(decision.slots)
    ]
    engine.observe(events)
    return [reservation(decision.id, place) for place in range(len(events))]


def test_what_a_bot_was_shown_is_credited_once_and_the_budget_is_there_again(engine: Engine) -> None:
    person, bot = meet(engine, "ann"), meet(engine, "bot")
    spent = engine.ledger.spent("c-leaf")
    found = billing.suspects(engine.shop, shoppers=["bot"])
    assert found == bot
    first = billing.credit_invalid(engine.ledger, found, reason="click farm", now=engine.tick())
    paid = {name: amount for name, _, amount, _ in engine.ledger.charges(0, 2**62)}
    assert first == Credited(count=len(bot), amount=sum(paid[name] for name in bot))
    assert engine.ledger.spent("c-leaf") < spent
    again = billing.credit_invalid(engine.ledger, [*found, "d-none/0"], reason="again", now=engine.tick())
    assert again == Credited(again=len(bot), free=1)
    assert person[0] not in found


def test_sessions_and_a_span_of_time_choose_too(engine: Engine) -> None:
    early = meet(engine, "bot")
    turn = engine.tick()
    late = meet(engine, "bot")
    assert billing.suspects(engine.shop, sessions=["s-bot"]) == [*early, *late]
    assert billing.suspects(engine.shop, shoppers=["bot"], end=turn) == early
    assert billing.suspects(engine.shop, shoppers=["bot"], start=turn) == late
    with pytest.raises(BadInput, match="Whose traffic"):
        billing.suspects(engine.shop)
    with pytest.raises(BadInput, match="needs a reason"):
        billing.credit_invalid(engine.ledger, early, reason=" ", now=0)


def test_a_report_leaves_out_what_was_credited_and_counts_it_as_invalid(engine: Engine) -> None:
    meet(engine, "ann")
    bot = meet(engine, "bot")
    before = measurement.report(engine.shop, charges=billing.spending(engine.ledger))
    billing.credit_invalid(engine.ledger, bot, reason="click farm", now=engine.tick())
    after = measurement.report(engine.shop, charges=billing.spending(engine.ledger))
    assert after.totals.impressions == before.totals.impressions - len(bot)
    credited = sum(amount for _, _, amount, _ in engine.ledger.credits(0, 2**62))
    assert after.totals.spend == before.totals.spend - credited
    assert [(one.rule, one.count) for one in after.traffic.rules] == [("found_later", len(bot))]
    assert after.traffic.received == before.traffic.received == before.totals.impressions
    (section,) = (one for one in after.sections if one.by == "campaign")
    assert sum(cell.spend for cell in section.cells) == after.totals.spend


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shown=st.lists(st.integers(0, 4), min_size=1, max_size=12), bots=st.sets(st.integers(0, 4)))
def test_statements_sum_to_the_ledger(
    tmp_path_factory: pytest.TempPathFactory, shown: list[int], bots: set[int]
) -> None:
    with delivery.build(shops.tiny(tmp_path_factory.mktemp("s") / "shop", campaigns=BUDGET)) as engine:
        met = {
            shopper: [name for _ in range(shown.count(shopper)) for name in meet(engine, f"u-{shopper}")]
            for shopper in set(shown)
        }
        for bot in bots & set(shown):
            billing.credit_invalid(engine.ledger, met[bot], reason="bot", now=engine.tick())
        start, end = month("2024-03")
        owed = [
            engine.ledger.statement(advertiser, start=start, end=end)
            for advertiser in ("Leaf", "Orchard", "Hill")
        ]
        rows = billing.spending(engine.ledger)
        assert sum(one.due for one in owed) == sum(amount for _, _, amount, _ in rows)
        for campaign in ("c-leaf", "c-orchard", "c-hill"):
            net = sum(amount for _, name, amount, _ in rows if name == campaign)
            assert engine.ledger.spent(campaign) == net >= 0
