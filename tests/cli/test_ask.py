"""`hawker ask`: answers with the records they stand on, in turn, in words and as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import shops
from tests.cli.shell import answer, hawker

from hawker.records.answers import AnswerRules
from hawker.records.catalogue import Product
from hawker.storage.tables import write_products


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shop = shops.tiny(tmp_path / "shop", answers=AnswerRules(placement="home"))
    goods = (
        Product("tea-1", "Green tea", category="Grocery > Tea", price=4 * shops.UNIT, stock=7),
        Product("tea", "Black tea", category="Grocery > Tea", price=6 * shops.UNIT),
    )
    write_products(shop.table("catalogue"), goods)
    return shop.folder


def test_it_shows_the_records_and_remembers(folder: Path) -> None:
    done = hawker("-C", folder, "ask", "How much is the green tea?", "And how many are left?")
    assert "Green tea costs 4.00 USD." in done.stdout
    assert "[tea-1.price]" in done.stdout
    assert "7 left" in done.stdout


def test_json_holds_the_whole_answer(folder: Path) -> None:
    told = answer("-C", folder, "ask", "Is the green tea decaffeinated?")
    assert told["abstained"] is True
    assert "tea-1" in told["handover"]


def test_sponsored_products_beside_a_recommendation_are_marked(folder: Path) -> None:
    told = answer("-C", folder, "ask", "Can you recommend a tea?")
    assert [one["product"] for one in told["sponsored"]] == ["tea"]
    assert {one["label"] for one in told["sponsored"]} == {"Sponsored"}
    assert told["sponsored"][0]["decision"]
