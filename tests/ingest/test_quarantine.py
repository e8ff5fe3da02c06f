"""What was set aside comes back once it is mended, and only then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hawker.errors import Corrupt, NotFound
from hawker.ingest import quarantine
from hawker.ingest.behaviour import behaviour
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop
from hawker.storage.tables import connect

NOW = 1_780_000_000_000_000
HEAD = "user,item,event,time,comment\n"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


def events(shop: Shop) -> list[tuple[object, ...]]:
    connection = connect(threads=1)
    EventLog(shop.events).view(connection)
    return connection.execute("SELECT kind, product, text FROM events ORDER BY time, id").fetchall()


def mend(path: Path, old: str, new: str) -> None:
    """What a person does in an editor."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def csv_log(folder: Path) -> Path:
    path = folder / "log.csv"
    path.write_text(
        HEAD
        + "u,p1,pv,2026-01-02T03:04:01Z,\n"
        + "u,p2,pv,yesterday,\n"
        + 'u,p3,teleport,2026-01-02T03:04:03Z,"two\nlines"\n'
        + "u,p4,pv\n"
        + "u,p5,buy,2026-01-02T03:04:05Z,\n"
    )
    return path


def jsonl_log(folder: Path) -> Path:
    path = folder / "log.jsonl"
    rows = [
        {"user": "u", "item": "p1", "event": "pv", "time": "2026-01-02T03:04:01Z"},
        {"user": "u", "item": "p2", "event": "pv", "time": "yesterday"},
        {
            "user": "u",
            "item": "p3",
            "event": "teleport",
            "time": "2026-01-02T03:04:03Z",
            "comment": "two\nlines",
        },
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + '\n{"user": "u", "item": "p4", "event": "pv"\n')
    return path


def test_the_quarantine_lists_its_files_by_reason(shop: Shop, tmp_path: Path) -> None:
    behaviour(shop, csv_log(tmp_path), threads=1, now=NOW)
    (found,) = quarantine.listed(shop)
    assert (found.lines, found.reasons) == (3, {"bad_time": 1, "broken_row": 1, "unknown_kind": 1})
    assert str(found).endswith("3 lines (1 bad_time, 1 broken_row, 1 unknown_kind)")
    entries = list(quarantine.read(found.path))
    assert [(entry.line, entry.reason) for entry in entries] == [
        (3, "bad_time"),
        (4, "unknown_kind"),
        (6, "broken_row"),
    ]
    assert entries[1].raw == 'u,p3,teleport,2026-01-02T03:04:03Z,"two\nlines"'


@pytest.mark.parametrize("log", [csv_log, jsonl_log])
def test_mended_lines_come_back_and_broken_ones_stay(shop: Shop, tmp_path: Path, log: object) -> None:
    first = behaviour(shop, log(tmp_path), threads=1, now=NOW)  # type: ignore[operator]
    (held,) = quarantine.listed(shop)
    untouched = quarantine.restore(shop, held.path)
    assert (untouched.events, untouched.set_aside) == (0, 3)
    mend(held.path, "yesterday", "2026-01-02T03:04:02Z")
    mend(held.path, "teleport", "view")
    result = quarantine.restore(shop, held.path)
    assert (result.events, result.set_aside) == (2, 1)
    assert ("view", "p3", "two\nlines") in events(shop)
    assert len(events(shop)) == first.events + 2
    (left,) = quarantine.read(held.path)
    assert left.file == str(tmp_path / f"log.{'csv' if log is csv_log else 'jsonl'}")
    assert left.line == (6 if log is csv_log else 4)
    assert quarantine.restore(shop, held.path.stem).events == 0
    mend(held.path, "u,p4,pv" if log is csv_log else '\\"p4\\", \\"event\\": \\"pv\\"',
         "u,p4,pv,2026-01-02T03:04:04Z," if log is csv_log
         else '\\"p4\\", \\"event\\": \\"pv\\", \\"time\\": \\"2026-01-02T03:04:04Z\\"}')  # fmt: skip
    assert quarantine.restore(shop, held.path).events == 1
    assert quarantine.listed(shop) == []
    again = behaviour(shop, tmp_path / f"log.{'csv' if log is csv_log else 'jsonl'}", threads=1, now=NOW)
    assert again.events == 0
    assert quarantine.listed(shop) == []


def test_a_mended_line_already_in_the_log_is_not_kept_twice(shop: Shop, tmp_path: Path) -> None:
    behaviour(shop, csv_log(tmp_path), threads=1, now=NOW)
    (held,) = quarantine.listed(shop)
    mend(held.path, "u,p2,pv,yesterday,", "u,p1,pv,2026-01-02T03:04:01Z,")
    result = quarantine.restore(shop, held.path)
    assert (result.events, result.duplicates, result.set_aside) == (0, 1, 2)


def test_rows_of_parquet_come_back_as_json(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    connect().execute(
        "COPY (SELECT 'u' AS user, 'p' || i AS item, CASE i WHEN 1 THEN 'huh' ELSE 'pv' END AS event, "
        "TIMESTAMP '2026-01-02 03:04:05' + to_seconds(i) AS time FROM range(3) t(i)) "
        f"TO '{path}' (FORMAT parquet)"
    )
    assert behaviour(shop, path, threads=1, now=NOW).set_aside == 1
    (held,) = quarantine.listed(shop)
    (entry,) = quarantine.read(held.path)
    assert (entry.line, json.loads(entry.raw)["item"]) == (2, "p1")
    mend(held.path, "huh", "buy")
    assert quarantine.restore(shop, held.path).events == 1
    assert events(shop)[1][:2] == ("purchase", "p1")


def test_a_quarantine_file_broken_by_hand_is_named(shop: Shop, tmp_path: Path) -> None:
    behaviour(shop, csv_log(tmp_path), threads=1, now=NOW)
    (held,) = quarantine.listed(shop)
    mend(held.path, '"reason"', "reason")
    with pytest.raises(Corrupt, match=r"jsonl:1 "):
        quarantine.restore(shop, held.path)
    with pytest.raises(NotFound, match="no quarantine file 'other'"):
        quarantine.restore(shop, "other")
