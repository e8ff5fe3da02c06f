"""What the shop systems' own formats say that a plain table does not: variants, parents, hidden rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hawker import ingest
from hawker.errors import UnreadableFile
from hawker.ingest.feeds import rows
from hawker.records.catalogue import Availability, Product
from hawker.storage.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


def read(shop: Shop, folder: Path, name: str, text: str) -> tuple[dict[str, Product], dict[str, int]]:
    """The products of one feed, and its findings as counts by reason."""
    path = folder / name
    path.write_text(text, "utf-8")
    result = ingest.catalogue(shop, path)
    return dict(Shop(shop.folder).catalogue), {finding.reason: finding.count for finding in result.findings}


SHOPIFY_OLD = """Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,\
Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,\
Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Variant Image,Status
tee,Tee <em>classic</em>,<p>Soft</p>,Fell,Shirts,"summer, cotton",true,Color,Red,Size,M,'TEE-R-M,shopify,3,\
deny,15.00,20.00,'4006381333931,https://x.example/a.jpg,,active
tee,,,,,,,,Red,,L,,shopify,0,continue,15.00,,,,https://x.example/b.jpg,
tee,,,,,,,,,,,,,,,,,,https://x.example/c.jpg,,
bag,Bag,,Fell,Bags,,true,Title,Default Title,,,BAG,,0,deny,40,,,,,draft
"""


def test_shopify_variants_inherit_and_extra_pictures_are_merged(shop: Shop, tmp_path: Path):
    products, found = read(shop, tmp_path, "products.csv", SHOPIFY_OLD)
    assert list(products) == ["TEE-R-M", "tee-red-l", "BAG"]
    medium, large, bag = products.values()
    assert medium.title == "Tee classic - Red / M"
    assert (medium.description, medium.brand, medium.category) == ("Soft", "Fell", "Shirts")
    assert (medium.price, medium.sale_price, medium.stock) == (20_000_000, 15_000_000, 3)
    assert (medium.gtin, medium.color, medium.size) == ("4006381333931", "Red", "M")
    assert (medium.group, medium.link, medium.image) == ("tee", "/products/tee", "https://x.example/a.jpg")
    assert medium.attributes == {"tags": "summer, cotton"}
    assert (large.title, large.size, large.price, large.sale_price) == (
        "Tee classic - Red / L",
        "L",
        15_000_000,
        0,
    )
    assert (large.availability, large.stock, large.image) == (
        Availability.BACKORDER,
        None,
        "https://x.example/b.jpg",
    )
    assert (bag.title, bag.group, bag.availability) == ("Bag", "", Availability.OUT_OF_STOCK)
    assert found == {"unpublished": 1}


def test_shopify_new_products_need_only_a_title(shop: Shop, tmp_path: Path):
    text = "Title,URL handle,Option1 name,Option1 value,SKU,Price\nWool hat,,,,,25\n,wool-hat,,,,\n,,,,X,3\n"
    products, found = read(shop, tmp_path, "products.csv", text)
    assert {key: product.title for key, product in products.items()} == {"wool-hat": "Wool hat"}
    assert found == {"missing_title": 1}


WOO = """ID,Type,SKU,Name,Published,In stock?,Stock,Sale price,Regular price,Categories,Images,Parent,Brands,\
Attribute 1 name,Attribute 1 value(s),Attribute 2 name,Attribute 2 value(s)
12,variation,HOOD-B,,1,1,4,,45,,,HOOD,,Farbe,Blue,Fit,Slim
10,variable,HOOD,Hoodie,1,1,,,,"Clothing, Clothing > Hoodies \\, warm > Zip",\
https://x.example/h.jpg,,Fell,Farbe,"Blue, Red",,
13,variation,HOOD-R,Hoodie red,1,0,0,35,45,,,id:10,,Farbe,Red,,
14,simple,,Album,-1,1,,,9.99,Music,,,,,,,
15,variation,LOST,Lost,1,1,,,5,,,GONE,,,,,
16,variable,ALONE,Alone,1,backorder,,,7,Music,,,,,,,
"""


def test_woocommerce_variations_inherit_from_parents_wherever_they_stand(shop: Shop, tmp_path: Path):
    products, found = read(shop, tmp_path, "wc.csv", WOO)
    assert list(products) == ["HOOD-B", "HOOD-R", "14", "ALONE"]
    blue, red, album, alone = products.values()
    assert (blue.title, blue.color, blue.group, blue.brand) == (
        "Hoodie - Blue - Slim",
        "Blue",
        "HOOD",
        "Fell",
    )
    assert (blue.category, blue.image) == ("Clothing > Hoodies , warm > Zip", "https://x.example/h.jpg")
    assert blue.attributes == {"fit": "Slim", "woo_id": "12"}
    assert (red.title, red.price, red.sale_price) == ("Hoodie red", 45_000_000, 35_000_000)
    assert red.availability is Availability.OUT_OF_STOCK
    assert (album.price, album.availability) == (9_990_000, Availability.OUT_OF_STOCK)
    assert alone.availability is Availability.BACKORDER
    assert found == {"unpublished": 1, "unknown_parent": 1}


FEED = """<?xml version="1.0" encoding="gb2312"?>
<rss version="2.0"><channel><title>Shop</title>
<item><g:id>1</g:id><title>Plain</title><g:title>Tom & Jerry &nbsp; &eacute;clair</g:title>
<link>https://x.example/?a=1&b=2</link><g:price>15.00 USD</g:price><g:sale_price>12.00 USD</g:sale_price>
<g:shipping><g:price>3.00 USD</g:price></g:shipping><g:availability>preorder</g:availability>
<g:item_group_id>g1</g:item_group_id><g:product_type>A &gt; B</g:product_type>
<g:product_type>C</g:product_type>
<g:custom_label_0>hot</g:custom_label_0><g:color>Red</g:color><g:gtin>4006381333931</g:gtin></item>
<item><g:id>2</g:id><g:title>Two</g:title><g:google_product_category>Food &gt; Tea</g:google_product_category>
<g:price>9 USD</g:price></item>
"""


def test_merchant_xml_is_read_though_its_prefix_ampersands_and_declaration_are_wrong(
    shop: Shop, tmp_path: Path
):
    products, found = read(shop, tmp_path, "feed.xml", FEED + "</channel></rss>")
    assert found == {}
    first, second = products.values()
    assert first.title == "Tom & Jerry éclair"
    assert first.link == "https://x.example/?a=1&b=2"
    assert (first.price, first.sale_price, first.availability) == (
        15_000_000,
        12_000_000,
        Availability.PREORDER,
    )
    assert (first.group, first.category, first.color) == ("g1", "A > B", "Red")
    assert first.attributes == {"custom_label_0": "hot"}
    assert second.category == "Food > Tea"


def test_merchant_xml_that_breaks_off_keeps_what_came_before(shop: Shop, tmp_path: Path):
    products, found = read(shop, tmp_path, "feed.xml", FEED + "<item><g:id>3</g:id></wrong>")
    assert set(products) == {"1", "2"}
    assert found == {"broken_feed": 1}


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    ],
)
def test_merchant_xml_with_a_document_type_is_refused(shop: Shop, tmp_path: Path, head: str):
    item = "<item><id>1</id><title>&lol2;</title></item>"
    text = f'<?xml version="1.0"?>{head}<rss><channel>{item}</channel></rss>'
    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        read(shop, tmp_path, "feed.xml", text)
    assert not shop.table("catalogue").exists()


def test_merchant_xml_on_one_long_line_is_read_and_a_huge_item_set_aside(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rows, "LONGEST", 2_000)
    items = [f"<item><id>{n}</id><title>Item {n}</title><price>{n} USD</price></item>" for n in range(1, 101)]
    items[50] = f"<item><id>51</id><title>Item 51</title><description>{'x' * 9_000}</description></item>"
    products, found = read(shop, tmp_path, "feed.xml", "<rss><channel>" + "".join(items) + "</channel></rss>")
    assert set(products) == {str(n) for n in range(1, 101)} - {"51"}
    assert found == {"too_long_line": 1}


def test_merchant_xml_with_an_endless_comment_is_given_up_in_bounded_memory(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rows, "LONGEST", 50_000)
    item = "<item><id>1</id><title>One</title></item>"
    products, found = read(shop, tmp_path, "feed.xml", f"<rss>{item}\n<!-- {'x' * 2_000_000} --></rss>")
    assert set(products) == {"1"}
    assert found == {"missing_price": 1, "broken_feed": 1}


def test_json_ld_offers_groups_and_breadcrumbs(shop: Shop, tmp_path: Path):
    page = [
        {"@type": "BreadcrumbList", "itemListElement": [
            {"position": 2, "name": "Shoes"}, {"position": 1, "item": {"name": "Sport"}},
            {"position": 3, "name": "X"}]},
        {"@type": ["Product"], "name": "Boot", "sku": "B", "image": {"url": "https://x.example/b.jpg"},
         "offers": {"@type": "AggregateOffer", "lowPrice": 40, "highPrice": "60", "priceCurrency": "EUR"}},
        {"@type": "ProductGroup", "productGroupID": "G", "name": "Coat", "brand": "Fell", "hasVariant": [
            {"@type": "Product", "sku": "G-1", "color": "Red", "offers": [
                {"price": "99", "priceCurrency": "EUR", "availability": "OutOfStock"},
                {"price": "89,50", "priceCurrency": "EUR", "availability": "http://schema.org/InStock"}]},
            {"@type": "Product", "sku": "G-2", "name": "Coat blue", "offers": {"priceSpecification":
                {"price": 70, "priceCurrency": "EUR"}}}]},
        {"@type": "Product", "name": "No number", "gtin13": "4006381333931",
         "additionalProperty": [{"name": "Weight", "value": "3 kg"}]},
    ]  # fmt: skip
    scripts = "".join(
        f"<script type='application/ld+json'>{json.dumps(part)}</script>\n" for part in [{"@graph": page}]
    )
    products, found = read(shop, tmp_path, "page.html", f"<html><body>{scripts}</body></html>")
    assert list(products) == ["B", "G-1", "G-2", "4006381333931"]
    boot, red, blue, other = products.values()
    assert (boot.price, boot.currency, boot.category) == (40_000_000, "EUR", "Sport > Shoes")
    assert boot.image == "https://x.example/b.jpg"
    assert (red.title, red.brand, red.group, red.color) == ("Coat", "Fell", "G", "Red")
    assert red.price == 89_500_000
    assert red.availability is Availability.IN_STOCK
    assert (blue.title, blue.price, blue.group) == ("Coat blue", 70_000_000, "G")
    assert other.attributes == {"Weight": "3 kg"}
    assert found == {"missing_price": 1, "other_currency": 3}


def test_tagged_titles_give_brand_model_and_words(shop: Shop, tmp_path: Path):
    phone_tokens = "小 B-HPPX\n米 I-HPPX\n手 B-HCCX\n机 I-HCCX\n\u3000 O\nM B-XH\n4 I-XH\n壳 B-HCCX\n"
    bag_tokens = "新 O\n款 O\nbroken\n包 B-HCCX\n"
    products, found = read(shop, tmp_path, "titles.txt", f"{phone_tokens}\n{bag_tokens}")
    phone, bag = products.values()
    assert (phone.title, phone.brand, phone.mpn) == ("小米手机 M4壳", "小米", "M4")
    assert phone.attributes == {"product": "手机 壳"}
    assert (bag.title, bag.language) == ("新款包", "zh")
    assert found == {"missing_price": 2, "broken_row": 1}
