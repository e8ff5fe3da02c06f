"""Retention: what is older than a setting allows goes, everything else stays, and nothing by default."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from tests import shops

from hawker import delivery
from hawker.delivery.forgetting import forget
from hawker.privacy import erasure, retention
from hawker.records.decision import Request
from hawker.records.events import DAY, Event, EventKind
from hawker.storage import tables
from hawker.storage.decision_log import DecisionLog
from hawker.storage.event_log import EventLog
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop


def shop_with(folder: Path, **settings: Any) -> Shop:
    """Purchases 3, 10 and 17 days old, one decision a day for 20 days, two files set aside."""
    shop = shops.tiny(folder, **settings)
    with delivery.build(shop) as engine:
        for day in range(20):
            engine.decide(Request("home"), now=shops.NOW - (19 - day) * DAY)
    for name, days in (("old", 40), ("new", 1)):
        path = shop.quarantine / "behaviour" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"file": name, "line": 1, "reason": "r", "message": "m", "raw": "x"}) + "\n"
        )
        stamp = time.time() - days * 86_400
        os.utime(path, (stamp, stamp))
    return shop


def ids(shop: Shop) -> list[str]:
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    return [row[0] for row in connection.execute("SELECT id FROM events ORDER BY time").fetchall()]


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({}, (3, 20, 2)),
        ({"event_days": 12}, (2, 20, 2)),
        ({"record_days": 5}, (3, 6, 2)),
        ({"quarantine_days": 30}, (3, 20, 1)),
        ({"event_days": 1, "record_days": 1, "quarantine_days": 0}, (0, 2, 2)),
    ],
)
def test_only_what_is_too_old_goes(
    tmp_path: Path, settings: dict[str, int], left: tuple[int, int, int]
) -> None:
    shop = shop_with(tmp_path / "shop", **settings)
    swept = {one.store: one.removed for one in retention.enforce(shop, now=shops.NOW)}
    assert len(ids(shop)) == left[0]
    assert len(list(DecisionLog(shop.decisions).scan())) == left[1]
    assert len(list(shop.quarantine.rglob("*.jsonl"))) == left[2]
    gone = {"events": 3 - left[0], "decisions": 20 - left[1], "quarantine": 2 - left[2]}
    assert swept == {**gone, "questions": 0, "models": 0}
    assert all(not one.removed for one in retention.enforce(shop, now=shops.NOW))
    assert json.loads((shop.state / retention.LAST).read_bytes())["time"] == shops.NOW


def test_the_folds_are_made_again_without_what_went(tmp_path: Path) -> None:
    shop = shop_with(tmp_path / "shop", event_days=5)
    retention.enforce(shop, now=shops.NOW)
    with delivery.build(Shop(shop.folder)) as engine:
        engine.decide(Request("home"))
        code = engine.world.state.codes["shopper"].codes(["u-1"])
        assert engine.world.state.read("shopper", code, now=engine.tick())["purchases"][0] == 1


def test_live_events_are_judged_by_their_receipt(tmp_path: Path) -> None:
    shop = shop_with(tmp_path / "shop", event_days=5)
    late = Event(EventKind.VIEW, shops.NOW - 90 * DAY, id="late", received=shops.NOW, product="tea")
    EventLog(shop.events).append([late])
    retention.enforce(shop, now=shops.NOW)
    assert "late" in ids(shop)


def test_a_model_past_its_last_day_goes_unless_it_serves(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", retire_models_days=-1)
    store = ModelStore(shop.models)
    first = store.save("ranker", lambda _: None, {})
    second = store.save("ranker", lambda _: None, {})
    with delivery.build(shop) as engine:
        assert forget(engine, "u-1") is not None
    store.promote("ranker", second)
    assert {(one.version, one.serving) for one in retention.overdue(shop)} == {(first, False), (second, True)}
    swept = {one.store: one.removed for one in retention.enforce(shop)}
    assert swept["models"] == 1
    assert store.versions("ranker") == [second]
    assert [one.version for one in retention.overdue(shop)] == [second]
    third = store.save("ranker", lambda _: None, {})
    store.promote("ranker", third)
    retention.enforce(shop)
    assert store.versions("ranker") == [third]
    assert erasure.receipts(shop)[0].models[0].version == first
