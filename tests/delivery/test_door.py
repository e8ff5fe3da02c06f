"""The door: a browser is believed by its tokens alone, the shop's server as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import shops

from hawker import Shop, delivery
from hawker.delivery import Engine
from hawker.delivery.door import Told
from hawker.delivery.tokens import ACTS, Act
from hawker.errors import BadInput
from hawker.records.campaign import Campaign, local_day
from hawker.records.consent import Consent
from hawker.records.decision import Decision, Request
from hawker.records.events import SECOND, Event, EventKind
from hawker.records.traffic import Traffic
from hawker.storage import tables
from hawker.storage.event_log import EventLog

PAGE = Traffic(agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", address="198.51.100.7", browser=True)
HOME = Request("home", shopper="u-1", session="s-1")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with delivery.build(shops.tiny(tmp_path / "shop")) as made:
        yield made


def token(engine: Engine, decision: Decision, act: Act = Act.IMPRESSION, slot: int = 0) -> str:
    return engine.door.tokens.mint(decision.id, slot)[ACTS.index(act)]


def reasons(engine: Engine) -> dict[str, int]:
    connection = tables.connect(threads=1)
    EventLog(engine.shop.events).view(connection)
    query = "SELECT reason, count(*) FROM events WHERE starts_with(kind, 'ad_') GROUP BY reason"
    return dict(connection.execute(query).fetchall())


def test_what_a_browser_claims_without_a_token_is_kept_and_free(engine: Engine) -> None:
    decision = engine.decide(HOME)
    claimed = Event(EventKind.AD_IMPRESSION, decision.time, ad="a-tea", decision=decision.id, slot=0)
    assert engine.observe([claimed], traffic=PAGE)[0].status == "accepted"
    assert engine.ledger.spent("c-leaf") == 0
    assert reasons(engine) == {"invalid: no_token": 1}
    engine.observe([Event(**{**told(claimed), "id": "server's own"})])
    assert engine.ledger.spent("c-leaf") == 3_000


def told(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in Event.__struct_fields__}


def test_a_token_outweighs_what_is_claimed_beside_it(engine: Engine) -> None:
    decision = engine.decide(HOME)
    lie = Told(
        EventKind.AD_IMPRESSION,
        decision.time,
        id="mine",
        shopper="somebody else",
        ad="a-jam",
        campaign="c-orchard",
        decision="d-other",
        slot=1,
        token=token(engine, decision),
    )
    verdict = engine.observe([lie], traffic=PAGE)[0]
    assert (verdict.id, verdict.status) == (f"{decision.id}/0", "accepted")
    assert engine.ledger.spent("c-leaf") == 3_000
    assert engine.ledger.spent("c-orchard") == 0


def test_a_token_in_a_batch_twice_is_charged_once(engine: Engine) -> None:
    decision = engine.decide(HOME)
    one = Told(EventKind.AD_IMPRESSION, decision.time, token=token(engine, decision))
    assert [verdict.status for verdict in engine.observe([one, one], traffic=PAGE)] == [
        "accepted",
        "duplicate",
    ]
    assert engine.observe([one], traffic=PAGE)[0].status == "duplicate"
    assert engine.observe([one], traffic=PAGE)[0].status == "duplicate"
    assert reasons(engine) == {"": 1, "invalid: replayed_token": 1}
    assert engine.ledger.spent("c-leaf") == 3_000


def test_a_token_proves_its_own_act_alone(engine: Engine) -> None:
    decision = engine.decide(HOME)
    click = Told(EventKind.AD_CLICK, decision.time, token=token(engine, decision, Act.VIEWABLE))
    engine.observe([click], traffic=PAGE)
    assert reasons(engine) == {"invalid: forged_token": 1}


def test_a_restart_and_another_process_understand_the_tokens(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    with delivery.build(shop) as engine:
        decision = engine.decide(HOME)
        minted = token(engine, decision)
    with delivery.build(Shop(shop.folder)) as again:
        again.observe([Told(EventKind.AD_IMPRESSION, 0, token=minted)], traffic=PAGE)
        assert again.ledger.spent("c-leaf") == 3_000


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Event(EventKind.PURCHASE, 1, product="tea", value=9_000_000), "browser_sales"),
        (Event(EventKind.CONVERSION, 1, campaign="c-leaf"), "browser_sales"),
        (Event(EventKind.ATTRIBUTES, 1, shopper="u-1"), "from the shop's server"),
        (Event(EventKind.REVIEW, 1, product="tea", rating=5.0), "from the shop's server"),
    ],
)
def test_sales_and_attributes_are_not_taken_from_a_browser(engine: Engine, event: Event, said: str) -> None:
    told_now = Event(**{**told(event), "time": engine.tick()})
    verdict = engine.observe([told_now], traffic=PAGE)[0]
    assert (verdict.status, said in verdict.reason) == ("rejected", True)
    assert engine.observe([told_now])[0].status == "accepted"


def test_a_setting_lets_browsers_report_sales(tmp_path: Path) -> None:
    with delivery.build(shops.tiny(tmp_path / "shop", traffic={"browser_sales": True})) as engine:
        sale = Event(EventKind.PURCHASE, engine.tick(), product="tea", value=9_000_000)
        assert engine.observe([sale], traffic=PAGE)[0].status == "accepted"


def test_pages_may_report_what_shoppers_do(engine: Engine) -> None:
    now = engine.tick()
    events = [
        Event(EventKind.VIEW, now, product="tea", shopper="u-1"),
        Event(EventKind.SEARCH, now, query="tea", shopper="u-1"),
        Event(EventKind.CART, now, product="tea", shopper="u-1"),
        Event(EventKind.OPT_OUT, now, shopper="u-1"),
    ]
    assert {verdict.status for verdict in engine.observe(events, traffic=PAGE)} == {"accepted"}
    assert engine.decide(HOME).path == "contextual"


def test_a_contextual_impression_names_no_shopper(engine: Engine) -> None:
    decision = engine.decide(Request("home", shopper="u-1", session="s-1", consent=Consent(gpc=True)))
    engine.observe([Told(EventKind.AD_IMPRESSION, 0, token=token(engine, decision))], traffic=PAGE)
    connection = tables.connect(threads=1)
    EventLog(engine.shop.events).view(connection)
    query = "SELECT shopper, product FROM events WHERE kind = 'ad_impression'"
    assert connection.execute(query).fetchall() == [("", "tea")]


def test_a_prefetch_does_not_use_a_token_up(engine: Engine) -> None:
    decision = engine.decide(HOME)
    seen = Told(EventKind.AD_IMPRESSION, 0, token=token(engine, decision))
    ahead = Traffic(agent=PAGE.agent, prefetch=True, browser=True)
    assert engine.observe([seen], traffic=ahead)[0].id == f"{decision.id}/0/prefetch"
    assert engine.ledger.spent("c-leaf") == 0
    assert engine.observe([seen], traffic=PAGE)[0].status == "accepted"
    assert engine.ledger.spent("c-leaf") == 3_000
    assert reasons(engine) == {"invalid: prefetch": 1, "": 1}


def test_forged_tokens_do_not_fill_the_disk(engine: Engine) -> None:
    junk = [Told(EventKind.AD_IMPRESSION, 0, token=f"{n:052d}") for n in range(1_010)]
    statuses = [verdict.status for verdict in engine.observe(junk, traffic=PAGE)]
    assert statuses.count("accepted") == 1_000
    assert statuses[-1] == "rejected"


def test_late_and_out_of_order_events_land_where_they_belong(tmp_path: Path) -> None:
    """The click before its impression, both an hour late: charged on the day of the reservation."""
    campaigns = (
        Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=100_000),
        *shops.CAMPAIGNS[1:],
    )
    shop = shops.tiny(tmp_path / "shop", campaigns=campaigns)
    with delivery.build(shop) as engine:
        decision = engine.decide(HOME)
        ad = {"ad": "a-tea", "campaign": "c-leaf", "decision": decision.id, "slot": 0, "product": "tea"}
        click = Event(EventKind.AD_CLICK, decision.time + 2 * SECOND, id="k", **ad)
        impression = Event(EventKind.AD_IMPRESSION, decision.time + SECOND, id="i", **ad)
        assert engine.observe([click])[0].status == "accepted"
        assert engine.observe([impression])[0].status == "accepted"
        ((_, campaign, amount, _),) = engine.ledger.charges(0, 2**62)
        assert (campaign, amount) == ("c-leaf", 3_000)
        connection = tables.connect(threads=1)
        EventLog(shop.events).view(connection)
        ordered = connection.execute("SELECT kind FROM events WHERE decision <> '' ORDER BY time").fetchall()
        assert ordered == [("ad_impression",), ("ad_click",)]


def test_an_outcome_after_midnight_is_charged_on_the_day_it_was_reserved(tmp_path: Path) -> None:
    midnight = shops.NOW + 12 * 3600 * SECOND
    campaigns = (
        Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, daily_budget=100_000),
        *shops.CAMPAIGNS[1:],
    )
    moments = [midnight - SECOND]
    shop = shops.tiny(tmp_path / "shop", campaigns=campaigns, clock="")
    with delivery.build(shop, clock=lambda: moments[0]) as engine:
        decision = engine.decide(HOME)
        moments[0] = midnight + 5 * SECOND
        engine.observe([Told(EventKind.AD_IMPRESSION, 0, token=token(engine, decision))], traffic=PAGE)
        day = local_day(midnight, 0)
        assert (engine.ledger.spent("c-leaf", day - 1), engine.ledger.spent("c-leaf", day)) == (3_000, 0)


def test_a_list_of_data_centres_is_read_from_the_folder(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", traffic={"data_centres": "centres.csv"})
    with pytest.raises(BadInput, match=r"centres\.csv' is not there"):
        delivery.build(shop)
    (shop.folder / "centres.csv").write_text("198.51.100.0/24,example\n")
    with delivery.build(shop) as engine:
        decision = engine.decide(HOME)
        engine.observe([Told(EventKind.AD_IMPRESSION, 0, token=token(engine, decision))], traffic=PAGE)
        assert reasons(engine) == {"invalid: data_centre": 1}
