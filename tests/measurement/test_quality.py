"""The data-quality check on a small dirty shop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.measurement.toy import CATALOGUE, DAY, HOUR, NOON, event, lay

from hawker.measurement import as_json, csv, html, quality, terminal
from hawker.measurement.quality import Quality
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings, Shop
from hawker.storage.tables import write_products

EVENTS = [
    event("view", "v1", NOON, shopper="ann", product="tea", received=NOON + 1),
    event("view", "v2", NOON, product="B-77", received=NOON + 2 * HOUR),
    event("view", "v3", NOON + DAY, shopper="bob", product="B-77"),
    event("search", "q1", NOON + DAY, shopper="bob", query="绿茶", synthetic=True),
    event("purchase", "p1", NOON + 2 * DAY, shopper="bob", product="tea", currency="USD"),
    event("purchase", "p2", NOON + 2 * DAY, shopper="bob", product="pot", currency="EUR"),
]


@pytest.fixture
def quarantine(tmp_path: Path) -> Path:
    folder = tmp_path / "quarantine" / "behaviour"
    folder.mkdir(parents=True)
    rows = [{"file": "a.csv", "line": n, "reason": "bad_price", "message": "", "raw": "x"} for n in range(3)]
    lines = [json.dumps(row) for row in [*rows, {"reason": "future_time"}]] + ["", "{torn"]
    (folder / "b1.jsonl").write_text("\n".join(lines), "utf-8")
    return folder.parent


def test_what_is_missing_late_or_unknown_is_counted(quarantine: Path) -> None:
    found = quality(lay(EVENTS), quarantine=quarantine)
    views = next(each for each in found.kinds if each.kind == "view")
    assert (views.events, views.no_shopper, views.with_product, views.unknown_product, views.late) == (
        3,
        1,
        3,
        2,
        1,
    )
    assert found.events == 6
    assert found.total("synthetic") == 1
    assert found.unknown_products == (("B-77", 2),)
    assert found.currencies == {"EUR": 1, "USD": 1}
    assert found.set_aside == {"bad_price": 3, "future_time": 1, "unreadable": 1}
    assert [(day.day[5:], day.kinds) for day in found.days][1] == ("11-15", {"search": 1, "view": 1})


def test_days_and_kinds_add_up(quarantine: Path) -> None:
    found = quality(lay(EVENTS), quarantine=quarantine)
    assert sum(day.events for day in found.days) == sum(each.events for each in found.kinds) == found.events


def test_lateness_is_told_with_its_size() -> None:
    late = next(note for note in quality(lay(EVENTS)).method if note.code == "late_rule")
    assert late.values == {"minutes": 10, "median": "120 min"}
    assert quality(lay(EVENTS), late_minutes=600).total("late") == 0


def test_without_a_catalogue_products_are_not_blamed() -> None:
    found = quality(lay(EVENTS, catalogue=()))
    assert "no_catalogue" in {note.code for note in found.notes}
    assert found.unknown_products == ()


def test_all_renderings_in_both_languages(quarantine: Path) -> None:
    found = quality(lay(EVENTS), quarantine=quarantine)
    assert "Unknown product" in terminal(found)
    assert "B-77" in csv(found)
    assert "未知商品" in terminal(found, language="zh")
    assert "隔离原因" in html(found, language="zh")
    assert json.loads(as_json(found))["set_aside"]["bad_price"] == 3


def test_the_check_of_a_shop_on_disk(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop", Settings(name="Toy shop"))
    assert quality(shop).events == 0
    write_products(shop.table("catalogue"), CATALOGUE)
    EventLog(shop.events).append(EVENTS)
    folder = shop.quarantine / "behaviour"
    folder.mkdir(parents=True)
    (folder / "x.jsonl").write_text('{"reason": "bad_price"}\n', "utf-8")
    found = quality(shop)
    assert isinstance(found, Quality)
    assert (found.events, found.total("unknown_product"), found.set_aside) == (6, 2, {"bad_price": 1})
