"""`hawker search`: what a shopper would find, in words and as JSON, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.shell import hawker

from hawker.records.catalogue import Product
from hawker.storage.shop import Settings, Shop
from hawker.storage.tables import write_products

UNIT = 1_000_000
PRODUCTS = (
    Product("green", "Green tea", category="Grocery > Tea", brand="Leaf", price=4 * UNIT, currency="EUR"),
    Product("mint", "Mint tea", category="Grocery > Tea", brand="Herb", price=9 * UNIT, currency="EUR"),
    Product("jam", "Plum jam", category="Grocery > Jam", brand="Orchard", price=3 * UNIT),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shop = Shop.create(tmp_path / "shop", Settings(name="Tea"))
    write_products(shop.table("catalogue"), PRODUCTS)
    return shop.folder


def test_it_lists_what_was_found_and_what_was_guessed(folder: Path):
    told = hawker("-C", folder, "search", "gren tea under 8")
    assert told.exit_code == 0
    assert "Did you mean: green tea" in told.stdout
    assert "≤ 8.00" in told.stdout
    assert "4.00 EUR" in told.stdout
    assert "Mint tea" not in told.stdout
    assert told.stdout.strip().endswith("'/v1/search?query=gren+tea+under+8'")


def test_json_holds_the_same(folder: Path):
    told = json.loads(hawker("-C", folder, "search", "tea", "--brand", "herb", "--json").stdout)
    assert [one["id"] for one in told["results"]] == ["mint"]
    assert told["total"] == 1
    assert told["filters"]["brands"] == ["herb"]
    under = json.loads(hawker("-C", folder, "search", "", "--under", "3.50", "--json").stdout)
    assert [one["id"] for one in under["results"]] == ["jam"]


def test_nothing_found_is_said_in_the_shops_language(tmp_path: Path):
    shop = Shop.create(tmp_path / "shop", Settings(language="zh"))
    write_products(shop.table("catalogue"), PRODUCTS)
    assert "没有找到商品。" in hawker("-C", shop.folder, "search", "洗衣机").stdout
    empty = Shop.create(tmp_path / "empty")
    assert "Nothing was found." in hawker("-C", empty.folder, "search", "tea").stdout
