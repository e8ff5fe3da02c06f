"""What every feed reader must do, whatever the format: mixed into one test class per format.

A class gives `name` (the file's name), `form` (the format it is detected as) and `written(items)`, which
writes `Item`s in its format; the suite then reads them back. `prices`, `ids`, `details` and `text` say what
the format can carry, `bare` is the file with nothing for sale in it, `broken(text)` spoils the second product
of three, or is None where a format has no rows that break by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from hawker.ingest import feeds
from hawker.ingest.catalogue import CatalogueResult, catalogue
from hawker.records.catalogue import Availability, Product
from hawker.records.money import micros
from hawker.storage.shop import Settings, Shop


@dataclass(frozen=True)
class Item:
    """A product as the suite knows it, before any format."""

    id: str
    title: str
    price: str
    category: str = ""
    image: str = ""
    available: bool = True
    brand: str = ""


ENGLISH = (
    Item(
        "sku-1",
        'Trail shoe, "Ridge" 8',
        "89.90",
        "Shoes > Running",
        "https://shop.example/1.jpg",
        brand="Fell",
    ),
    Item(
        "sku-2",
        "Tom & Jerry mug — 5 < 7",
        "7.00",
        "Home > Kitchen",
        "https://shop.example/2.jpg",
        available=False,
    ),
    Item("sku-3", "Café table\nsmall", "1299.00", "Home > Garden", "https://shop.example/3.jpg", brand="Åse"),
)
CHINESE = (
    Item(
        "商品-1",
        "红色连衣裙，夏季新款",
        "59.00",
        "女装 > 连衣裙",
        "https://shop.example/一.jpg",
        brand="花间",
    ),
    Item(
        "商品-2",
        "男士运动鞋（黑）",
        "129.50",
        "鞋靴 > 运动鞋",
        "https://shop.example/二.jpg",
        available=False,
    ),
    Item("商品-3", "不锈钢保温杯 500ml", "39.90", "家居 > 水杯", "https://shop.example/三.jpg", brand="暖阳"),
)
LANGUAGES = pytest.mark.parametrize("items", [ENGLISH, CHINESE], ids=["en", "zh"])


class FeedBehaviour:
    """The suite; see the module's docstring for what a subclass gives."""

    name: ClassVar[str]
    form: ClassVar[str]
    prices: ClassVar[bool] = True
    details: ClassVar[frozenset[str]] = frozenset({"category", "image", "availability", "brand"})
    text: ClassVar[bool] = True
    ids: ClassVar[bool] = True

    def written(self, items: tuple[Item, ...]) -> str | bytes:
        raise NotImplementedError

    def bare(self) -> str | bytes | None:
        """The file with a header and no products; None where the format has no header."""
        written = self.written(())
        return written if written.strip() else None

    def broken(self, text: str) -> str | None:
        """The text with its second product spoilt."""
        raise NotImplementedError

    def expected(self, item: Item) -> dict[str, Any]:
        """What the product's fields should be, for the fields this format carries."""
        product = {
            "id": item.id,
            "title": " ".join(item.title.split()),
            "price": micros(item.price) if self.prices else 0,
            "category": item.category,
            "image": item.image,
            "brand": item.brand,
            "availability": Availability.IN_STOCK if item.available else Availability.OUT_OF_STOCK,
        }
        return {
            name: value for name, value in product.items() if name in {"id", "title", "price", *self.details}
        }

    @pytest.fixture
    def shop(self, tmp_path: Path) -> Shop:
        return Shop.create(tmp_path / "shop", Settings(currency="EUR"))

    def feed(self, folder: Path, content: str | bytes, *, encoding: str = "utf-8") -> Path:
        path = folder / self.name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def check(self, shop: Shop, result: CatalogueResult, items: tuple[Item, ...]) -> None:
        held: dict[str, Product] = {product.id: product for product in Shop(shop.folder).catalogue.values()}
        wanted = [self.expected(item) for item in items]
        assert list(held) == [expected["id"] for expected in wanted]
        for expected in wanted:
            known = msgspec.structs.asdict(held[expected["id"]])
            assert {name: known[name] for name in expected} == expected
        assert result.products == len(items)

    @LANGUAGES
    def test_what_is_written_is_read(self, shop: Shop, tmp_path: Path, items: tuple[Item, ...]):
        path = self.feed(tmp_path, self.written(items))
        assert feeds.detect(path) == self.form
        result = catalogue(shop, path)
        assert result.set_aside == 0
        self.check(shop, result, items)
        languages = {product.language for product in shop.catalogue.values()}
        assert languages == {"zh" if items is CHINESE else "en"}

    def test_named_format_reads_the_same(self, shop: Shop, tmp_path: Path):
        result = catalogue(shop, self.feed(tmp_path, self.written(ENGLISH)), format=self.form)
        self.check(shop, result, ENGLISH)

    def test_twice_is_the_same_as_once(self, shop: Shop, tmp_path: Path):
        path = self.feed(tmp_path, self.written(CHINESE))
        catalogue(shop, path)
        before = shop.table("catalogue").read_bytes()
        again = catalogue(shop, path)
        assert again.changed == 0
        assert again.products == len(CHINESE)
        assert shop.table("catalogue").read_bytes() == before

    def test_a_new_feed_replaces_its_products_and_keeps_the_others(self, shop: Shop, tmp_path: Path):
        if not self.ids:
            pytest.skip("ids are derived from titles here: another title is another product")
        catalogue(shop, self.feed(tmp_path, self.written(ENGLISH)))
        newer = tuple(replace(item, brand="Newer") for item in ENGLISH[:1])
        result = catalogue(shop, self.feed(tmp_path, self.written(newer)))
        held = Shop(shop.folder).catalogue
        assert len(held) == 3
        assert result.products == 1
        assert result.changed == ("brand" in self.details)
        assert (held[ENGLISH[0].id].brand == "Newer") == ("brand" in self.details)

    def test_an_empty_file_is_a_finding(self, shop: Shop, tmp_path: Path):
        if not self.text:
            pytest.skip("an empty file is no file of this format")
        result = catalogue(shop, self.feed(tmp_path, b""))
        assert [finding.reason for finding in result.findings] == ["empty_file"]
        assert not shop.table("catalogue").exists()

    def test_a_header_without_rows_is_a_finding(self, shop: Shop, tmp_path: Path):
        content = self.bare()
        if content is None:
            pytest.skip("this format has no header")
        result = catalogue(shop, self.feed(tmp_path, content))
        assert [finding.reason for finding in result.findings] == ["header_only"]
        assert result.products == 0

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
    def test_other_encodings_read_the_same(self, shop: Shop, tmp_path: Path, encoding: str):
        if not self.text:
            pytest.skip("this format is not text")
        content = self.written(CHINESE)
        assert isinstance(content, str)
        self.check(shop, catalogue(shop, self.feed(tmp_path, content, encoding=encoding)), CHINESE)

    def test_windows_line_ends_read_the_same(self, shop: Shop, tmp_path: Path):
        if not self.text:
            pytest.skip("this format is not text")
        content = self.written(ENGLISH)
        assert isinstance(content, str)
        self.check(shop, catalogue(shop, self.feed(tmp_path, content.replace("\n", "\r\n"))), ENGLISH)

    def test_a_broken_row_is_set_aside_and_the_others_are_read(self, shop: Shop, tmp_path: Path):
        content = self.written(ENGLISH)
        spoilt = self.broken(content) if isinstance(content, str) else None
        if spoilt is None:
            pytest.skip("a row of this format cannot be broken by itself")
        result = catalogue(shop, self.feed(tmp_path, spoilt))
        assert result.set_aside == 1
        assert {ENGLISH[0].id, ENGLISH[2].id} <= set(shop.catalogue)
        (quarantine,) = (shop.quarantine / "catalogue").iterdir()
        (line,) = map(msgspec.json.decode, quarantine.read_text("utf-8").splitlines())
        assert line.keys() == {"file", "line", "reason", "message", "raw"}
        assert line["raw"]
        assert line["reason"] in {finding.reason for finding in result.findings}
        catalogue(shop, self.feed(tmp_path, content))
        assert not list((shop.quarantine / "catalogue").iterdir())
        assert len(Shop(shop.folder).catalogue) == 3
