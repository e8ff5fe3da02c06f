"""A purchase pays for the ad it is credited to: once, decided once, whatever is sent again or crashes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests import shops

from hawker import Shop, delivery, measurement
from hawker.delivery import Engine
from hawker.records.campaign import Campaign, Pricing
from hawker.records.decision import Decision, Request
from hawker.records.events import DAY, SECOND, Event, EventKind
from hawker.storage import tables
from hawker.storage.event_log import EventLog

CPA = (
    Campaign("c-leaf", advertiser="Leaf", pricing=Pricing.CPA, bid=5 * shops.UNIT),
    Campaign("c-orchard", advertiser="Orchard", pricing=Pricing.CPA, bid=3 * shops.UNIT),
    Campaign("c-hill", advertiser="Hill", pricing=Pricing.CPC, bid=shops.UNIT),
)


def shop(folder: Path, **settings: Any) -> Shop:
    return shops.tiny(folder, campaigns=CPA, outcome="purchase", **settings)


def shown(engine: Engine, shopper: str = "u-1") -> tuple[Decision, int]:
    """A decision that shows tea, and the slot where."""
    decision = engine.decide(Request("home", shopper=shopper))
    slot = next(place for place, one in enumerate(decision.slots) if one.ad.product == "tea")
    return decision, slot


def touch(kind: EventKind, decision: Decision, slot: int, time: int = 0, **rest: Any) -> Event:
    ad = decision.slots[slot].ad
    given = {"shopper": decision.request.shopper, "ad": ad.id, "campaign": ad.campaign, **rest}
    return Event(kind, time or decision.time, decision=decision.id, slot=slot, product=ad.product, **given)


def bought(name: str, time: int, *, shopper: str = "u-1", product: str = "tea", **rest: Any) -> Event:
    return Event(
        EventKind.PURCHASE, time, id=name, shopper=shopper, product=product, value=3 * shops.UNIT, **rest
    )


def credits(engine: Engine) -> Sequence[tuple[str, int]]:
    connection = tables.connect(threads=1)
    EventLog(engine.shop.events).view(connection)
    return connection.execute(
        "SELECT decision, slot FROM events WHERE kind = 'conversion' ORDER BY received, id"
    ).fetchall()


def test_a_credited_purchase_is_charged_once(tmp_path: Path) -> None:
    with delivery.build(shop(tmp_path / "shop")) as engine:
        decision, slot = shown(engine)
        engine.observe([touch(EventKind.AD_IMPRESSION, decision, slot)])
        assert engine.ledger.spent("c-leaf") == 0
        sale = bought("sale", decision.time + SECOND)
        assert [verdict.status for verdict in engine.observe([sale, sale])] == ["accepted", "duplicate"]
        price = decision.slots[slot].price
        assert engine.ledger.spent("c-leaf") == price > 0
        engine.observe([sale, bought("second", decision.time + 2 * SECOND)])
        assert engine.ledger.spent("c-leaf") == price  # a slot is charged once, whatever is bought
        assert credits(engine) == [(decision.id, slot)] * 2


def test_a_sale_without_an_ad_pays_for_nothing(tmp_path: Path) -> None:
    with delivery.build(shop(tmp_path / "shop")) as engine:
        decision, slot = shown(engine)
        after = decision.time + SECOND
        engine.observe(
            [
                bought("before the ad", decision.time - SECOND),
                touch(EventKind.AD_IMPRESSION, decision, slot),
                bought("another's", after, shopper="u-2"),
                bought("another product", after, product="jam"),
                bought("nobody's", after, shopper=""),
                bought("too late", decision.time + DAY + SECOND),
            ]
        )
        assert credits(engine) == []
        assert engine.ledger.spent("c-leaf") == 0


def test_a_click_comes_before_a_later_view_and_the_latest_click_wins(tmp_path: Path) -> None:
    with delivery.build(shop(tmp_path / "shop")) as engine:
        made = [shown(engine) for _ in range(3)]
        for number, (decision, slot) in enumerate(made):
            engine.observe([touch(EventKind.AD_IMPRESSION, decision, slot)])
            if number < 2:
                engine.observe([touch(EventKind.AD_CLICK, decision, slot)])
        engine.observe([bought("sale", made[-1][0].time + SECOND)])
        assert credits(engine) == [(made[1][0].id, made[1][1])]


def test_a_batch_may_hold_the_ad_and_its_sale(tmp_path: Path) -> None:
    with delivery.build(shop(tmp_path / "shop")) as engine:
        decision, slot = shown(engine)
        engine.observe([bought("sale", decision.time + SECOND), touch(EventKind.AD_CLICK, decision, slot)])
        assert credits(engine) == [(decision.id, slot)]


def test_invalid_traffic_earns_no_credit(tmp_path: Path) -> None:
    with delivery.build(shop(tmp_path / "shop")) as engine:
        decision, slot = shown(engine)
        engine.observe([touch(EventKind.AD_CLICK, decision, slot, reason="invalid: data_centre")])
        engine.observe([bought("sale", decision.time + SECOND)])
        assert credits(engine) == []


def test_a_restart_remembers_who_met_which_ad(tmp_path: Path) -> None:
    place = shop(tmp_path / "shop")
    with delivery.build(place) as engine:
        decision, slot = shown(engine)
        engine.observe([touch(EventKind.AD_CLICK, decision, slot)])
        time = engine.tick()
    with delivery.build(Shop(place.folder)) as engine:
        engine.observe([bought("sale", time + SECOND)])
        assert credits(engine) == [(decision.id, slot)]
        spent = engine.ledger.spent("c-leaf")
        assert spent == decision.slots[slot].price
    with delivery.build(Shop(place.folder)) as engine:
        assert engine.ledger.spent("c-leaf") == spent


def test_a_charge_lost_in_a_crash_is_made_when_the_shop_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shop(tmp_path / "shop")
    engine = delivery.build(place)
    decision, slot = shown(engine)
    monkeypatch.setattr(Engine, "settle", lambda *_: 0)
    engine.observe([touch(EventKind.AD_CLICK, decision, slot), bought("sale", decision.time + SECOND)])
    monkeypatch.undo()
    engine.close()
    with delivery.build(Shop(place.folder)) as again:
        assert again.ledger.spent("c-leaf") == decision.slots[slot].price


def test_the_report_counts_the_sale_and_not_its_credit(tmp_path: Path) -> None:
    with delivery.build(shop(tmp_path / "shop")) as engine:
        decision, slot = shown(engine)
        engine.observe(
            [
                touch(EventKind.AD_IMPRESSION, decision, slot),
                touch(EventKind.AD_CLICK, decision, slot),
                bought("sale", decision.time + SECOND),
            ]
        )
        found = measurement.report(engine.shop, charges=engine.ledger.charges(0, 2**62))
        assert (found.totals.conversions, found.totals.revenue) == (1, 3 * shops.UNIT)
        assert found.totals.spend == decision.slots[slot].price
        assert "repeated_conversions" not in {note.code for note in found.notes}


def test_only_products_that_are_sold_so_are_remembered(tmp_path: Path) -> None:
    with delivery.build(shops.tiny(tmp_path / "shop")) as engine:
        assert engine.credits.products == frozenset()
        decision, slot = shown(engine)
        engine.observe([touch(EventKind.AD_CLICK, decision, slot), bought("sale", decision.time + SECOND)])
        assert credits(engine) == []
