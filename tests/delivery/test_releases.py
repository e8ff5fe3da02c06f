"""A shop that an earlier release served opens as it is: its money, records and refusals go on.

`tests/golden/shops/` holds folders as those releases left them: the tiny shop, three decisions, an
impression of each charged, and one shopper's opt-out.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from hawker import Shop, delivery
from hawker.explain import explain
from hawker.records.consent import ConsentPath
from hawker.records.decision import Request
from hawker.records.events import Event, EventKind
from hawker.records.verdict import Status
from hawker.storage import backup
from hawker.storage.control import Control

SHOPS = sorted((Path(__file__).parents[1] / "golden" / "shops").glob("shop-*.tar.gz"))
PAID = [3_000, 0, 0]


@pytest.fixture(params=SHOPS, ids=lambda path: path.name.removesuffix(".tar.gz"))
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    return Shop(tmp_path / "shop")


def test_its_money_and_its_records_are_those_it_had(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        charges = engine.ledger.charges(0, 2**62)
        assert [charge[2] for charge in charges] == PAID
        kept = list(engine.decision_log.scan())
        assert [len(decision.slots) for decision in kept] == [2, 1, 1]
        assert {charge[0].partition("/")[0] for charge in charges} == {decision.id for decision in kept}
        for decision in kept:
            assert explain(engine, decision.id).decision == decision.id


def test_it_goes_on_where_it_stood(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        spent = engine.ledger.spent("c-leaf")
        again = [
            Event(
                EventKind.AD_IMPRESSION,
                charge[3],
                id=f"i-{number}",
                ad="a-tea",
                decision=charge[0][:-2],
                slot=0,
            )
            for number, charge in enumerate(engine.ledger.charges(0, 2**62))
        ]
        assert {verdict.status for verdict in engine.observe(again)} == {Status.DUPLICATE}
        assert engine.ledger.spent("c-leaf") == spent
        assert engine.decide(Request(placement="home", shopper="u-2")).path is ConsentPath.CONTEXTUAL
        shown = engine.decide(Request(placement="home", shopper="u-1"), seed=1)
        assert shown.slots
        event = Event(EventKind.AD_IMPRESSION, engine.tick(), id="new", ad="x", decision=shown.id, slot=0)
        assert engine.observe([event])[0].status is Status.ACCEPTED
        assert len(engine.ledger.charges(0, 2**62)) == len(PAID) + 1


def test_its_orders_can_be_read_changed_and_copied(shop: Shop, tmp_path: Path) -> None:
    control = Control(shop.control)
    assert [one.id for one in control.campaigns()] == ["c-hill", "c-leaf", "c-orchard"]
    assert [one.headline for one in control.creatives()] == ["A pot for two"]
    assert control.put_campaigns(control.campaigns()) == 0
    control.close()
    backup.backup(shop, tmp_path / "copy", version="test")
    backup.restore(tmp_path / "copy", tmp_path / "back")
    with delivery.build(Shop(tmp_path / "back")) as engine:
        assert [charge[2] for charge in engine.ledger.charges(0, 2**62)] == PAID


def test_there_is_a_shop_of_each_release() -> None:
    assert [path.name for path in SHOPS] == ["shop-0.1.0.tar.gz"]
