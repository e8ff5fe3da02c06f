"""Real shops' files go through without hand work; skipped where the shared data is absent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hawker import ingest
from hawker.ingest import feeds
from hawker.ingest.catalogue import CatalogueResult, propose
from hawker.records.catalogue import Product, levels
from hawker.storage.shop import Settings, Shop

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


def read(folder: Path, name: str, *, currency: str) -> tuple[CatalogueResult, Mapping[str, Product]]:
    """Ingest a real file twice; the second time changes nothing."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"the shared data is absent: {name}")
    shop = Shop.create(folder / "shop", Settings(currency=currency))
    result = ingest.catalogue(shop, path)
    assert ingest.catalogue(shop, path).changed == 0
    assert result.set_aside == sum(
        len(file.read_text("utf-8").splitlines()) for file in shop.quarantine.rglob("*.jsonl")
    )
    return result, Shop(shop.folder).catalogue


def counts(result: CatalogueResult) -> dict[str, int]:
    return {finding.reason: finding.count for finding in result.findings}


def test_amazon_pages(tmp_path: Path):
    result, products = read(tmp_path, "amazon_products/test_sample_1000.csv", currency="USD")
    assert (result.products, result.set_aside) == (1_000, 0)
    chosen = propose(DATA / "amazon_products/test_sample_1000.csv")
    assert (chosen["id"], chosen["title"], chosen["price"]) == ("Uniq Id", "Product Name", "Selling Price")
    assert counts(result) == {
        "price_range": 15,
        "price_unclear": 4,
        "bad_price": 6,
        "long_title": 39,
        "near_duplicate": 2,
    }
    assert sum(product.price > 0 for product in products.values()) == 994
    board = products["4c69b61db1fc16e7013b43fc926e502d"]
    assert board.title == 'DB Longboards CoreFlex Crossbow 41" Bamboo Fiberglass Longboard Complete'
    assert (board.price, board.currency) == (237_680_000, "USD")
    assert levels(board.category)[:2] == ("Sports & Outdoors", "Outdoor Recreation")
    assert board.image.endswith("51j3fPQTQkL.jpg")
    assert "triaxial fiberglass" in board.description
    assert board.link.startswith("https://www.amazon.com/")


def test_taobao_titles(tmp_path: Path):
    result, products = read(tmp_path, "taobao_titles/train.txt", currency="CNY")
    assert feeds.detect(DATA / "taobao_titles/train.txt") == "tagged"
    assert result.products + result.set_aside + counts(result)["repeated_row"] == 6_000
    assert {product.language for product in products.values()} <= {"zh", "en", "ja"}
    assert sum(product.language == "zh" for product in products.values()) > 0.98 * len(products)
    branded = sum(bool(product.brand) for product in products.values())
    assert 0.3 < branded / len(products) < 0.6
    assert all(product.brand in product.title for product in products.values())
    assert all(product.mpn in product.title for product in products.values())
    assert sum("product" in product.attributes for product in products.values()) > 0.9 * len(products)


def test_uci_sales(tmp_path: Path):
    result, products = read(tmp_path, "uci_online_retail.parquet", currency="GBP")
    assert (result.products, result.set_aside) == (3_958, 112)
    assert counts(result)["missing_title"] == 112
    lantern = products["85123A"]
    assert (lantern.title, lantern.price, lantern.currency) == (
        "WHITE HANGING HEART T-LIGHT HOLDER",
        2_950_000,
        "GBP",
    )
    assert sum(product.price == 0 for product in products.values()) == counts(result)["missing_price"] == 20
