"""`hawker forget`: nobody is left, the receipt says so, and a running server is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import shops
from tests.cli.shell import answer, hawker

from hawker.cli import forget as verb
from hawker.cli.words import WORDS
from hawker.privacy import erasure
from hawker.privacy.receipt import genuine
from hawker.storage.presence import Presence
from hawker.storage.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shops.tiny(tmp_path / "shop")


def test_a_shopper_is_erased_and_the_receipt_is_printed(shop: Shop) -> None:
    told = answer("-C", shop.folder, "forget", "u-1")
    assert {one["store"]: one["removed"] for one in told["stores"]}["events"] == 3
    (kept,) = erasure.receipts(shop)
    assert genuine(shop, kept)
    assert told["id"] == kept.id
    assert "u-1" not in str(told)
    again = hawker("-C", shop.folder, "forget", "u-1", "--yes")
    assert again.exit_code == 0
    assert "Erased, under receipt" in again.stdout
    assert "events" in again.stdout


def test_it_speaks_chinese_too(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", language="zh")
    told = hawker("-C", shop.folder, "forget", "u-1", "--yes")
    assert "已删除，回执" in told.stdout
    assert "决策记录" in told.stdout


def test_every_store_has_words() -> None:
    assert all(f"store_{name}" in WORDS for name in (*erasure._STEPS, "models"))


@pytest.mark.parametrize("given", [(), ("u-1", "--expired")])
def test_it_wants_one_thing(shop: Shop, given: tuple[str, ...]) -> None:
    refused = hawker("-C", shop.folder, "forget", *given)
    assert refused.exit_code == 2
    assert "hawker forget u-42" in refused.output


def test_what_has_had_its_time_goes(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", event_days=12)
    told = answer("-C", shop.folder, "forget", "--expired")
    assert told == {
        "removed": {"events": 1, "decisions": 0, "quarantine": 0, "questions": 0, "models": 0},
        "overdue": [],
    }
    assert "events" in hawker("-C", shop.folder, "forget", "--expired").stdout


def test_a_server_that_does_not_let_go_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb, "PATIENCE_SECONDS", 0.0)
    with Presence(erasure.engines(shop)):
        refused = hawker("-C", shop.folder, "forget", "u-1", "--yes")
        assert refused.exit_code == 1
        assert "does not let go" in refused.output
        assert len(erasure.pending(shop)) == 1
    assert hawker("-C", shop.folder, "forget", "u-1", "--yes").exit_code == 0
    assert len(erasure.receipts(shop)) == 1
