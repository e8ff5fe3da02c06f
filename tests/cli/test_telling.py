"""`hawker explain --story` and `--stories`: read, exported, refused, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.shell import answer, files, hawker

from hawker.features import story
from hawker.records.events import Event, EventKind
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop


def made(folder: Path) -> Path:
    here = folder / "shop"
    assert hawker("init", here).exit_code == 0
    files(folder)
    assert hawker("-C", here, "ingest", "catalogue", folder / "catalogue.csv").exit_code == 0
    assert hawker("-C", here, "ingest", "behaviour", folder / "log.jsonl").exit_code == 0
    return here


def test_a_story_is_read_and_all_are_exported(tmp_path: Path):
    here = made(tmp_path)
    (shopper, *_) = (one.shopper for one in story.all(Shop(here)) if "bought" in one.text())
    told = hawker("-C", here, "explain", "--shopper", shopper, "--story").stdout
    assert "bought Green tea" in told
    chinese = hawker("-C", here, "explain", "--shopper", shopper, "--story", "--language", "zh").stdout
    assert "购买Green tea" in chinese
    found = answer("-C", here, "explain", "--shopper", shopper, "--story")
    assert found["text"] == "viewed Green tea; bought Green tea"
    target = tmp_path / "out" / "stories.jsonl"
    assert answer("-C", here, "explain", "--stories", target) == {
        "path": str(target),
        "stories": 2,
        "left_out": 0,
    }
    lines = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert sorted(line["text"] for line in lines) == [
        "viewed Green tea; bought Green tea",
        "viewed Tea pot",
    ]
    assert {line["shopper"] for line in lines} >= {shopper}


def test_who_refused_is_not_told_of(tmp_path: Path):
    here = made(tmp_path)
    shop = Shop(here)
    (shopper, *_) = (one.shopper for one in story.all(shop))
    EventLog(shop.events).append([Event(EventKind.OPT_OUT, 1_709_400_000_000_000, id="no", shopper=shopper)])
    assert answer("-C", here, "explain", "--shopper", shopper, "--story")["reason"] == "refused"
    assert "no story" in hawker("-C", here, "explain", "--shopper", shopper, "--story").stdout
    assert answer("-C", here, "explain", "--stories", tmp_path / "s.jsonl")["left_out"] == 1
    assert shopper not in (tmp_path / "s.jsonl").read_text("utf-8")


def test_what_does_not_go_together_is_said(tmp_path: Path):
    here = made(tmp_path)
    assert "needs a shopper" in hawker("-C", here, "explain", "--story").stderr
    assert hawker("-C", here, "explain", "d-1", "--stories", "x").exit_code == 2
