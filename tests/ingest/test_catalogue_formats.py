"""Every feed format passes the one behaviour suite."""

from __future__ import annotations

import csv
import html
import io
import json
from typing import Any, ClassVar

import pyarrow
import pyarrow.parquet
from tests.behaviour.feeds import FeedBehaviour, Item

from hawker.ingest import feeds
from hawker.records.ids import derived


def table(header: list[str], rows: list[list[str]], *, delimiter: str = ",") -> str:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return target.getvalue()


class CsvBroken:
    """In a delimited file, the second product loses the quote that closes it, or has cells too many."""

    def broken(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        lines[2] = "x,y,z\n" if "," in lines[0] else '"sku-2\t\n'
        return "".join(lines)


class TestPlainCsv(CsvBroken, FeedBehaviour):
    name, form = "products.csv", "plain"

    def written(self, items: tuple[Item, ...]) -> str:
        rows = [
            [
                item.id,
                item.title,
                item.price,
                item.category,
                item.image,
                "yes" if item.available else "no",
                item.brand,
            ]
            for item in items
        ]
        return table(["Product ID", "Name", "Price", "Category", "Image URL", "In stock", "Brand"], rows)


class TestChineseCsv(CsvBroken, FeedBehaviour):
    name, form = "商品.csv", "plain"

    def written(self, items: tuple[Item, ...]) -> str:
        rows = [
            [
                item.id,
                item.title,
                item.category.replace(" > ", "/"),
                item.brand,
                f"{item.price}",
                item.image,
                "有货" if item.available else "缺货",
            ]
            for item in items
        ]
        return table(["商品编号", "标题", "类目", "品牌", "价格（元）", "图片", "库存状态"], rows)


class TestSemicolons(CsvBroken, FeedBehaviour):
    name, form = "artikel.csv", "plain"

    def broken(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        lines[2] = lines[2].replace(";", "")
        return "".join(lines)

    def written(self, items: tuple[Item, ...]) -> str:
        rows = [
            [
                item.id,
                item.title,
                item.price.replace(".", ",") + " €",
                item.category.replace(" > ", " | "),
                item.image,
                "auf Lager" if item.available else "ausverkauft",
                item.brand,
            ]
            for item in items
        ]
        header = ["Artikelnummer", "Bezeichnung", "Preis", "Kategorie", "Bild", "Verfügbarkeit", "Marke"]
        return table(header, rows, delimiter=";")


class TestJsonLines(FeedBehaviour):
    name, form = "products.jsonl", "plain"

    def record(self, item: Item) -> dict[str, Any]:
        return {
            "sku": item.id,
            "name": item.title,
            "price": float(item.price),
            "category": item.category.split(" > "),
            "images": [item.image, "https://shop.example/more.jpg"],
            "available": item.available,
            "brand": {"name": item.brand},
        }

    # a list of strings is joined by '|', a nested object read under 'brand.name'
    def written(self, items: tuple[Item, ...]) -> str:
        return "".join(json.dumps(self.record(item), ensure_ascii=False) + "\n" for item in items)

    def broken(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        return lines[0] + lines[1][:20] + "\n" + lines[2]


class TestJsonArray(TestJsonLines):
    name = "products.json"

    def written(self, items: tuple[Item, ...]) -> str:
        return json.dumps([self.record(item) for item in items], ensure_ascii=False, indent=1)

    def broken(self, text: str) -> str:
        records = json.loads(text)
        return json.dumps([records[0], "sku-2", records[2]])


class TestJsonObject(TestJsonArray):
    def written(self, items: tuple[Item, ...]) -> str:
        return json.dumps({"total": 3, "products": [self.record(item) for item in items]}, ensure_ascii=False)

    def bare(self) -> None:
        return None

    def broken(self, text: str) -> str:
        products = json.loads(text)["products"]
        return json.dumps({"products": [products[0], ["sku-2"], products[2]]})


class TestParquet(FeedBehaviour):
    name, form, text = "products.parquet", "plain", False

    def written(self, items: tuple[Item, ...]) -> bytes:
        columns = {
            "product_id": [item.id for item in items],
            "title": [item.title for item in items],
            "price": pyarrow.array([float(item.price) for item in items], pyarrow.float64()),
            "category": [item.category for item in items],
            "image_url": [item.image for item in items],
            "in_stock": [item.available for item in items],
            "brand": [item.brand or None for item in items],
        }
        target = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(columns), target)
        return target.getvalue()


class TestMerchantTsv(FeedBehaviour):
    name, form = "merchant.txt", "merchant_tsv"

    def written(self, items: tuple[Item, ...]) -> str:
        rows = [
            [
                item.id,
                item.title,
                "text",
                f"https://shop.example/{item.id}",
                item.image,
                f"{item.price} EUR",
                "in stock" if item.available else "out of stock",
                item.category,
                item.brand,
            ]
            for item in items
        ]
        header = [
            "id",
            "title",
            "description",
            "link",
            "image link",
            "price",
            "availability",
            "product type",
            "brand",
        ]
        return table(header, rows, delimiter="\t")

    def broken(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join([*lines[:2], lines[2].replace("\n", "\tone\ttoo many\n"), *lines[3:]])


class TestMerchantRss(FeedBehaviour):
    name, form = "feed.xml", "merchant_xml"
    head = '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>\n<title>The shop</title>\n'
    foot = "</channel></rss>\n"
    element = "item"

    def link(self, item: Item) -> str:
        return f"<link>https://shop.example/?p={item.id}&amp;x=1</link>"

    def written(self, items: tuple[Item, ...]) -> str:
        return '<?xml version="1.0"?>\n' + self.head + "".join(map(self.entry, items)) + self.foot

    def entry(self, item: Item) -> str:
        state = "in_stock" if item.available else "out_of_stock"
        return (
            f"<{self.element}>\n<title><![CDATA[{item.title}]]></title>{self.link(item)}<g:id>{item.id}</g:id>"
            f"<g:image_link>{item.image}</g:image_link><g:price>{item.price} EUR</g:price>"
            f"<g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>"
            f"<g:availability>{state}</g:availability><g:brand>{item.brand}</g:brand>"
            f"<g:product_type>{html.escape(item.category)}</g:product_type></{self.element}>\n"
        )

    def broken(self, text: str) -> str:
        return text.replace("<g:id>sku-2</g:id>", "")


class TestMerchantAtom(TestMerchantRss):
    head = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><id>x</id>\n'
    foot = "</feed>"
    element = "entry"

    def link(self, item: Item) -> str:
        return f'<link href="https://shop.example/{item.id}"/><id>tag:shop.example,2024:{item.id}</id>'


class TestShopifyOld(CsvBroken, FeedBehaviour):
    name, form = "products_export.csv", "shopify"
    header: ClassVar[list[str]] = [
        "Handle",
        "Title",
        "Body (HTML)",
        "Vendor",
        "Type",
        "Tags",
        "Published",
        "Option1 Name",
        "Option1 Value",
        "Variant SKU",
        "Variant Inventory Tracker",
        "Variant Inventory Qty",
        "Variant Price",
        "Image Src",
        "Status",
    ]

    def written(self, items: tuple[Item, ...]) -> str:
        rows = [
            [
                f"handle-{item.id}",
                item.title,
                "<p>text</p>",
                item.brand,
                item.category,
                "a, b",
                "true",
                "Title",
                "Default Title",
                item.id,
                "shopify",
                "5" if item.available else "0",
                item.price,
                item.image,
                "active",
            ]
            for item in items
        ]
        return table(self.header, rows)


class TestShopifyNew(TestShopifyOld):
    header: ClassVar[list[str]] = [
        "URL handle",
        "Title",
        "Description",
        "Vendor",
        "Type",
        "Tags",
        "Published on online store",
        "Option1 name",
        "Option1 value",
        "SKU",
        "Inventory tracker",
        "Inventory quantity",
        "Price",
        "Product image URL",
        "Status",
    ]


class TestWooCommerce(CsvBroken, FeedBehaviour):
    name, form = "wc-product-export.csv", "woocommerce"

    def written(self, items: tuple[Item, ...]) -> str:
        rows = [
            [
                str(10 + n),
                "simple",
                item.id,
                item.title,
                "1",
                "visible",
                "short",
                "1" if item.available else "0",
                item.price,
                item.category,
                f"{item.image}, https://shop.example/more.jpg",
                item.brand,
            ]
            for n, item in enumerate(items)
        ]
        header = [
            "ID",
            "Type",
            "SKU",
            "Name",
            "Published",
            "Visibility in catalog",
            "Short description",
            "In stock?",
            "Regular price",
            "Categories",
            "Images",
            "Brands",
        ]
        return table(header, rows)


class TestJsonLd(FeedBehaviour):
    name, form = "products.jsonld", "jsonld"

    def node(self, item: Item) -> dict[str, Any]:
        state = "InStock" if item.available else "OutOfStock"
        return {
            "@type": "Product",
            "sku": item.id,
            "name": item.title,
            "category": item.category,
            "image": [item.image],
            "brand": {"@type": "Brand", "name": item.brand},
            "offers": {
                "price": item.price,
                "priceCurrency": "EUR",
                "availability": f"https://schema.org/{state}",
            },
        }

    def written(self, items: tuple[Item, ...]) -> str:
        graph = {"@context": "https://schema.org", "@graph": [self.node(item) for item in items]}
        return json.dumps(graph, ensure_ascii=False)

    def broken(self, text: str) -> str:
        return text.replace('"sku-2", "name"', '"sku-2", "title"')


class TestJsonLdPage(TestJsonLd):
    name = "page.html"

    def written(self, items: tuple[Item, ...]) -> str:
        blocks = [
            json.dumps({"@context": "https://schema.org", **self.node(item)}, ensure_ascii=False)
            for item in items
        ]
        scripts = "\n".join(f'<script type="application/ld+json">\n{block}\n</script>' for block in blocks)
        return f"<!doctype html>\n<html><head><title>Shop</title>\n{scripts}\n</head><body></body></html>"

    def broken(self, text: str) -> str:
        return text.replace('"sku": "sku-2",', '"sku": "sku-2"')


class TestTagged(FeedBehaviour):
    name, form, prices, ids = "titles.txt", "tagged", False, False
    details = frozenset({"brand"})

    def written(self, items: tuple[Item, ...]) -> str:
        blocks = []
        for item in items:
            brand = [f"{char} {'BI'[n > 0]}-HPPX" for n, char in enumerate(item.brand)]
            title = " ".join(item.title.split())
            blocks.append("\n".join([*brand, *(f"{char} O" for char in title)]) + "\n")
        return "\n".join(blocks)

    def expected(self, item: Item) -> dict[str, Any]:
        title = item.brand + " ".join(item.title.split())
        return {**super().expected(item), "title": title, "id": derived(title)[:16]}

    def broken(self, text: str) -> None:
        assert text


def test_the_suite_covers_every_format():
    """A reader without a class above is one nobody checked; `sales` has its tests in test_catalogue.py."""
    suites = {suite.form for suite in _every(FeedBehaviour) if hasattr(suite, "form")}
    assert suites | {"sales"} == set(feeds.FORMATS)


def _every(kind: type[FeedBehaviour]) -> list[type[FeedBehaviour]]:
    return [kind, *(inner for child in kind.__subclasses__() for inner in _every(child))]
