"""Forgetting: the id is nowhere in the folder, money and others stay, and a cut erasure is finished."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pytest
from tests import shops

from hawker import delivery
from hawker.delivery import restore
from hawker.delivery.forgetting import catch_up, forget, let_go
from hawker.explain.again import again
from hawker.privacy import erasure
from hawker.privacy.receipt import Receipt, genuine, mark
from hawker.records.campaign import Cap
from hawker.records.decision import Decision, Request
from hawker.records.events import Event, EventKind
from hawker.records.preferences import Preferences
from hawker.storage import presence, tables
from hawker.storage.decision_log import DecisionLog
from hawker.storage.event_log import EventLog
from hawker.storage.ledger import Ledger
from hawker.storage.models import ModelStore
from hawker.storage.shop import Pseudonyms, Shop

WHO, OTHER = "jane-4711", "otto-0815"
VISIT = "visit-of-jane"
NOW = shops.NOW


def lived(folder: Path, **settings: object) -> tuple[Shop, list[Decision]]:
    """A shop in which two people have done a little of everything."""
    capped = (msgspec.structs.replace(shops.CAMPAIGNS[0], caps=(Cap(50),)), *shops.CAMPAIGNS[1:])
    shop = shops.tiny(folder, campaigns=capped, **settings)
    aside = shop.quarantine / "behaviour" / "old.jsonl"
    aside.parent.mkdir(parents=True)
    rows = [f"view,{name},tea,notime" for name in (WHO, OTHER)]
    told = [
        {"file": "f", "line": n, "reason": "bad_time", "message": "m", "raw": raw}
        for n, raw in enumerate(rows)
    ]
    aside.write_text("".join(json.dumps(line) + "\n" for line in told))
    connection = duckdb.connect()
    for table, column in (("segments", "shopper"), ("audiences", "shopper"), ("shoppers", "id")):
        more = ", '' AS age_band, '' AS gender, '' AS location, false AS opted_out" if column == "id" else ""
        more += ", 'vip' AS audience, 'vip' AS segment" if column == "shopper" else ""
        query = f"SELECT unnest(['{WHO}', '{OTHER}']) AS {column}{more}"
        tables.replace(connection, query, shop.table(table))
    made = []
    with delivery.build(shop) as engine:
        for place, who in enumerate((WHO, OTHER)):
            visit = VISIT if who == WHO else "visit-of-otto"
            decision = engine.decide(Request("home", shopper=who, session=visit, query=f"gift for {who}"))
            made.append(decision)
            seen = {"shopper": who, "session": visit}
            engine.observe(
                [
                    Event(EventKind.VIEW, NOW, id=f"v{place}", product="tea", text=f"by {who}", **seen),
                    Event(
                        EventKind.AD_IMPRESSION,
                        NOW,
                        id=f"i{place}",
                        ad="a-tea",
                        decision=decision.id,
                        slot=0,
                        **seen,
                    ),
                    Event(EventKind.SEARCH, NOW, id=f"s{place}", query="presents", session=visit),
                    Event(EventKind.AD_HIDE, NOW, id=f"h{place}", product="pot", **seen),
                    Event(EventKind.ATTRIBUTES, NOW, id=f"a{place}", attributes={"name": who}, **seen),
                ]
            )
            engine.wishes.put(engine.naming.of(who), Preferences(fewer=True))
            engine.decide(Request("home", session=visit))
        engine.decide(Request("home"))
    restore.keep(shop, restore.state(shop)[0])
    return shop, made


def holding(shop: Shop, *words: str) -> set[str]:
    """Which files of the shop hold one of these words, in their bytes or in their Parquet rows."""
    found = set()
    for path in shop.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".parquet":
                rows = duckdb.connect().execute(f"SELECT * FROM '{path}'").fetchall()
                content += repr(rows).encode()
            if path.suffix == ".npz":
                content += np.load(path)["about"].tobytes()
            found |= {path.relative_to(shop.folder).parts[0] for word in words if word.encode() in content}
    return found


def events(shop: Shop, where: str = "TRUE") -> list[tuple[object, ...]]:
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    columns = "kind, shopper, session, query, text, attributes"
    return connection.execute(f"SELECT {columns} FROM events WHERE {where} ORDER BY kind, id").fetchall()


def spent(shop: Shop) -> int:
    ledger = Ledger(shop.ledger, process="look")
    try:
        return ledger.spent("c-leaf")
    finally:
        ledger.close()


@pytest.mark.parametrize("settings", [{}, {"seal": True}, {"pseudonyms": Pseudonyms.KEYED}])
def test_the_id_is_nowhere_afterwards_and_all_else_stays(tmp_path: Path, settings: dict[str, object]) -> None:
    shop, made = lived(tmp_path / "shop", **settings)
    before = spent(shop)
    if not settings:
        assert holding(shop, WHO) >= {"events", "decisions", "tables", "quarantine", "state"}
    with delivery.build(shop) as engine:
        receipt = forget(engine, WHO)
        assert receipt is not None
        assert genuine(shop, receipt)
        assert receipt.shopper == mark(shop, WHO)
        name = engine.naming.of(WHO)
        assert engine.world.state.codes["shopper"].find(name) == -1
        assert name not in engine.world.preferences
        assert again(engine.decision_log.read(made[0].id), engine)[0].reproduced
        assert holding(shop, WHO, VISIT, name) == set()
    assert holding(shop, WHO, VISIT) == set()
    assert spent(shop) == before > 0
    kept = DecisionLog(shop.decisions).read(made[0].id)
    assert kept == erasure.unnamed(made[0])
    assert DecisionLog(shop.decisions).read(made[1].id).request.query == f"gift for {OTHER}"
    named = {row[1] for row in events(shop)}
    assert len(named) == 3  # nobody, u-1 and otto
    assert [row[0] for row in events(shop, f"decision = '{made[0].id}'")] == ["ad_impression"]
    assert len(events(shop, "session = 'visit-of-otto'")) == 5
    counted = {one.store: (one.removed, one.kept) for one in receipt.stores}
    assert counted == {
        "tables": (3, 0),
        "quarantine": (1, 0),
        "decisions": (0, 1),
        "preferences": (1, 0),
        "caps": (1, 0),
        "folds": (2, 0),
        "events": (4, 1),
        "questions": (0, 0),
    }
    with delivery.build(Shop(shop.folder)) as engine:
        assert engine.wishes.held
        assert engine.world.state.codes["shopper"].find(engine.naming.of(WHO)) == -1


def test_forgetting_again_changes_nothing_and_a_stranger_leaves_nothing_out(tmp_path: Path) -> None:
    shop, _ = lived(tmp_path / "shop")
    with delivery.build(shop) as engine:
        first = forget(engine, WHO)
        rows = events(shop)
        second = forget(engine, WHO)
        assert first is not None
        assert second is not None
        assert all(one.removed == one.kept == 0 for one in second.stores if one.store != "folds")
        assert events(shop) == rows
        assert [one.id for one in erasure.receipts(shop)] == [first.id, second.id]
        assert erasure.pending(shop) == []


def test_an_erasure_cut_short_anywhere_is_finished_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cut in erasure._STEPS:
        shop, _ = lived(tmp_path / cut)

        def torn(*_: object) -> tuple[int, int]:
            raise OSError("power is gone")

        with monkeypatch.context() as patched:
            patched.setitem(erasure._STEPS, cut, torn)
            with delivery.build(shop) as engine, pytest.raises(OSError, match="power"):
                forget(engine, WHO)
        assert len(erasure.pending(shop)) == 1
        with delivery.build(Shop(shop.folder)):
            pass
        assert erasure.pending(shop) == []
        (receipt,) = erasure.receipts(shop)
        assert {one.store: (one.removed, one.kept) for one in receipt.stores}["events"] == (4, 1)
        assert holding(shop, WHO, VISIT) == set()


def test_another_server_lets_go_before_the_receipt_is_signed(tmp_path: Path) -> None:
    shop, _ = lived(tmp_path / "shop")
    with delivery.build(shop) as one, delivery.build(Shop(shop.folder), process="two") as two:
        with (
            presence.Presence(erasure.engines(shop)) as first,
            presence.Presence(erasure.engines(shop)) as second,
        ):
            one.name, two.name = first.name, second.name
            assert two.decide(Request("home", shopper=WHO)).request.shopper == WHO
            assert forget(one, WHO) is None
            assert WHO in two.wishes.held
            (journal,) = catch_up(two)
            assert WHO not in two.wishes.held
            assert two.world.state.codes["shopper"].find(WHO) == -1
            assert erasure.complete(shop, journal) is not None
        assert catch_up(one) == []
    assert holding(shop, WHO, VISIT) == set()


def test_a_dead_server_is_not_waited_for(tmp_path: Path) -> None:
    shop, _ = lived(tmp_path / "shop")
    left = erasure.engines(shop) / "1-dead.lock"
    left.parent.mkdir(parents=True)
    left.touch()
    with delivery.build(shop) as engine:
        assert forget(engine, WHO) is not None
    assert not left.exists()


def test_events_that_wait_for_their_turn_are_dropped(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", tolerance_ms=60_000)
    with delivery.build(shop) as engine:
        engine.observe([Event(EventKind.VIEW, NOW, id="w", shopper=WHO, product="tea")])
        let_go(engine, erasure.begin(shop, WHO))
        engine.decide(Request("home"), now=engine.tick() + 120_000_000)
        assert engine.world.state.codes["shopper"].find(WHO) == -1


def test_a_changed_receipt_is_not_genuine_and_models_are_named(tmp_path: Path) -> None:
    shop, _ = lived(tmp_path / "shop", retire_models_days=0)
    store = ModelStore(shop.models)
    version = store.save("ranker", lambda _: None, {})
    with delivery.build(shop) as engine:
        store.promote("ranker", version)
        receipt = forget(engine, WHO)
    assert receipt is not None
    (model,) = receipt.models
    assert (model.model, model.version, model.serving) == ("ranker", version, True)
    assert genuine(shop, receipt)
    again_ = msgspec.json.decode(msgspec.json.encode(receipt), type=Receipt)
    assert genuine(shop, again_)
    assert not genuine(shop, msgspec.structs.replace(receipt, done=receipt.done + 1))
    assert not genuine(shop, msgspec.structs.replace(receipt, key="00000000"))


def test_what_others_were_told_does_not_bring_the_shopper_back(tmp_path: Path) -> None:
    shop, _ = lived(tmp_path / "shop")
    with delivery.build(shop) as one, delivery.build(Shop(shop.folder), process="two") as two:
        two.event_log.follow()
        one.observe([Event(EventKind.VIEW, NOW, id="late", shopper=WHO, product="tea")])
        journal = erasure.begin(shop, WHO)
        let_go(one, journal)
        assert catch_up(two, first=two.hear) == [journal]
        assert erasure.complete(shop, journal) is not None
        two.hear()
        two.decide(Request("home"), now=two.tick() + 60_000_000)
        assert two.world.state.codes["shopper"].find(WHO) == -1
    assert holding(shop, WHO, VISIT) == set()
