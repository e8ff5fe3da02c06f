"""The catalogue ingest: merging, findings, the quarantine, faults; and what only one format can say."""

from __future__ import annotations

import errno
import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from hawker import ingest
from hawker.errors import BadInput, BadMapping, BadSetting, StorageFull, UnreadableFile
from hawker.ingest.catalogue import REASONS, CatalogueResult, propose, restore
from hawker.ingest.feeds import rows
from hawker.records.catalogue import Availability, Product
from hawker.records.finding import Severity
from hawker.storage import tables
from hawker.storage.shop import Settings, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


def held(shop: Shop) -> dict[str, Product]:
    return dict(Shop(shop.folder).catalogue)


def reasons(result: CatalogueResult) -> dict[str, int]:
    return {finding.reason: finding.count for finding in result.findings}


def quarantined(shop: Shop) -> list[dict[str, Any]]:
    return [
        msgspec.json.decode(line)
        for file in sorted((shop.quarantine / "catalogue").glob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()
    ]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_the_package_gives_the_function_whatever_was_imported_first():
    assert callable(ingest.catalogue)
    assert ingest.CatalogueResult is CatalogueResult


def test_two_products_with_one_id_the_first_is_kept_and_the_second_set_aside(shop: Shop, tmp_path: Path):
    path = write(tmp_path, "p.csv", "id,title,price\na,Red shoe,5\nb,Hat,6\na,Blue sock,7\nb,Hat,6\n")
    result = ingest.catalogue(shop, path)
    assert {key: product.title for key, product in held(shop).items()} == {"a": "Red shoe", "b": "Hat"}
    assert reasons(result) == {"duplicate_id": 1, "repeated_row": 1}
    (line,) = quarantined(shop)
    assert (line["file"], line["line"], line["reason"]) == (str(path), 4, "duplicate_id")
    assert f"{path}:2" in line["message"]
    assert line["raw"] == "id,title,price\na,Blue sock,7"


def test_two_files_with_one_id_clash_too_but_a_later_ingest_replaces(shop: Shop, tmp_path: Path):
    write(tmp_path, "1.csv", "id,title\na,Old name\n")
    write(tmp_path, "2.csv", "id,title\na,New name\nb,Other\n")
    assert reasons(ingest.catalogue(shop, tmp_path / "*.csv"))["duplicate_id"] == 1
    assert held(shop)["a"].title == "Old name"
    again = ingest.catalogue(shop, tmp_path / "2.csv")
    assert held(shop)["a"].title == "New name"
    assert (again.products, again.changed) == (2, 1)
    assert not quarantined(shop)


def test_findings_name_the_place_the_reason_and_the_count(shop: Shop, tmp_path: Path):
    text = (
        "id,title,price,availability\n"
        'a,Shoe,"12,99 €",in stock\n'
        "b,Hat,abc,maybe\n"
        "c,,5,in stock\n"
        ",Nameless,5,in stock\n"
        "d,Range,$5.99 - $7.99,1\n"
        "e,Foreign,15.00 QQQ,1\n"
        f"f,{'long ' * 40},3 USD,1\n"
        "g,No price,,1\n"
        "h,Second without,,1\n"
        "i,Below zero,-3,1\n"
        "j,hat!,4,1\n"
        "k,Broken\n"
    )
    path = write(tmp_path, "p.csv", text)
    result = ingest.catalogue(shop, path)
    assert reasons(result) == {
        "bad_price": 2,
        "bad_availability": 1,
        "missing_title": 1,
        "bad_id": 1,
        "price_range": 1,
        "unknown_currency": 1,
        "long_title": 1,
        "missing_price": 2,
        "near_duplicate": 1,
        "other_currency": 1,
        "broken_row": 1,
    }
    assert set(reasons(result)) <= set(REASONS)
    assert [line["reason"] for line in quarantined(shop)] == ["missing_title", "bad_id", "broken_row"]
    products = held(shop)
    assert (products["a"].price, products["a"].currency) == (12_990_000, "EUR")
    assert (products["d"].price, products["d"].currency) == (5_990_000, "USD")
    assert products["b"].price == products["e"].price == products["i"].price == 0
    by_reason = {finding.reason: finding for finding in result.findings}
    assert by_reason["bad_availability"].place == f"{path}:3"
    assert by_reason["missing_price"].severity is Severity.NOTE
    assert by_reason["bad_price"].severity is Severity.WARNING
    assert "9 products kept" in str(result)
    assert "3 set aside" in str(result)
    assert f"{path}:3  " in str(result)


def test_the_currency_comes_from_the_price_the_column_the_argument_or_the_shop(tmp_path: Path):
    shop = Shop.create(tmp_path / "shop", Settings(currency="CAD"))
    path = write(
        tmp_path, "p.csv", "id,title,price,currency\na,A,5 €,\nb,B,5,GBP\nc,C,5,\nd,D,$5,\ne,E,US$5,\n"
    )
    ingest.catalogue(shop, path)
    assert [product.currency for product in held(shop).values()] == ["EUR", "GBP", "CAD", "CAD", "USD"]
    ingest.catalogue(shop, path, currency="SEK")
    assert held(shop)["c"].currency == "SEK"


def test_columns_override_the_proposal_and_add_attributes(shop: Shop, tmp_path: Path):
    path = write(tmp_path, "p.csv", "code,name,other name,waterproof\na,Short,A longer name,yes\n")
    assert propose(path) == {"title": "name"}
    chosen = {"id": "code", "title": "other name", "attributes.waterproof": "waterproof"}
    ingest.catalogue(shop, path, columns=chosen)
    product = held(shop)["a"]
    assert (product.title, product.attributes) == ("A longer name", {"waterproof": "yes"})


@pytest.mark.parametrize(
    ("columns", "hint"),
    [
        ({"title": "nane"}, "Did you mean 'name'?"),
        ({"titel": "name"}, "Did you mean 'title'?"),
    ],
)
def test_a_map_that_does_not_fit_names_the_nearest(
    shop: Shop, tmp_path: Path, columns: dict[str, str], hint: str
):
    path = write(tmp_path, "p.csv", "code,name\na,Short\n")
    with pytest.raises(BadMapping) as caught:
        ingest.catalogue(shop, path, columns=columns)
    assert hint in str(caught.value)
    assert not shop.table("catalogue").exists()


def test_a_table_without_a_title_says_how_to_name_one(shop: Shop, tmp_path: Path):
    path = write(tmp_path, "p.csv", "x,y\n1,2\n")
    with pytest.raises(BadMapping, match="columns="):
        ingest.catalogue(shop, path)


def test_the_proposal_passes_over_empty_columns_and_ids_that_repeat(tmp_path: Path):
    path = write(
        tmp_path,
        "p.csv",
        "Product ID,SKU,Asin,Product Name,List Price,Selling Price,Quantity\n"
        "10,10-a,,Shoe a,9,8,3\n10,10-b,,Shoe b,9,8,2\n11,11-a,,Hat,5,4,1\n",
    )
    assert propose(path) == {
        "id": "SKU",
        "title": "Product Name",
        "price": "List Price",
        "sale_price": "Selling Price",
        "stock": "Quantity",
    }
    chinese = write(
        tmp_path, "商品.csv", "商品编号,商品名称,类目,品牌,原价,促销价,库存,主图\n1,裙,女装,花,9,8,3,x.jpg\n"
    )
    assert propose(chinese) == {
        "id": "商品编号",
        "title": "商品名称",
        "category": "类目",
        "brand": "品牌",
        "price": "原价",
        "sale_price": "促销价",
        "stock": "库存",
        "image": "主图",
    }


def test_nothing_to_read_is_an_error_with_a_remedy(shop: Shop, tmp_path: Path):
    for sources in ([], [tmp_path / "*.csv"], [tmp_path / "missing.csv"]):
        with pytest.raises(BadInput) as caught:
            ingest.catalogue(shop, *sources)
        assert caught.value.remedy


def test_an_unknown_format_names_the_nearest(shop: Shop, tmp_path: Path):
    with pytest.raises(BadSetting, match="shopify"):
        ingest.catalogue(shop, write(tmp_path, "p.csv", "id,title\na,A\n"), format="shopfy")


def test_a_binary_file_named_csv_leaves_the_table_as_it_was(shop: Shop, tmp_path: Path):
    good = write(tmp_path, "good.csv", "id,title\na,A\n")
    ingest.catalogue(shop, good)
    bad = tmp_path / "bad.csv"
    bad.write_bytes(bytes(range(256)) * 40)
    before = shop.table("catalogue").read_bytes()
    with pytest.raises(UnreadableFile):
        ingest.catalogue(shop, write(tmp_path, "b.csv", "id,title\nb,B\n"), bad)
    assert shop.table("catalogue").read_bytes() == before


def test_a_broken_archive_and_a_cut_parquet_file_say_so(shop: Shop, tmp_path: Path):
    cut = tmp_path / "p.csv.gz"
    cut.write_bytes(gzip.compress(b"id,title\n" + b"a,A\n" * 10_000)[:-20])
    parquet = tmp_path / "p.parquet"
    duckdb.sql(f"COPY (SELECT 'a' AS id, 'A' AS title) TO '{parquet}'")
    parquet.write_bytes(parquet.read_bytes()[:-30])
    for path in (cut, parquet):
        with pytest.raises(UnreadableFile) as caught:
            ingest.catalogue(shop, path)
        assert caught.value.remedy
    assert not shop.table("catalogue").exists()


def test_a_full_disk_leaves_the_old_table(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ingest.catalogue(shop, write(tmp_path, "1.csv", "id,title\na,A\n"))
    before = shop.table("catalogue").read_bytes()

    def fills(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("hawker.storage.files.flush", fills)
    with pytest.raises(StorageFull):
        ingest.catalogue(shop, write(tmp_path, "2.csv", "id,title\nb,B\n"))
    monkeypatch.undo()
    assert shop.table("catalogue").read_bytes() == before
    assert not list(shop.folder.rglob("*.partial"))
    assert set(held(shop)) == {"a"}
    ingest.catalogue(shop, tmp_path / "2.csv")
    assert set(held(shop)) == {"a", "b"}


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl"])
def test_a_line_past_the_limit_is_set_aside_and_reading_goes_on(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setattr(rows, "LONGEST", 1_000)
    lines = ["id,title", "a,A", f"b,{'x' * 5_000}", "c,C"]
    if name.endswith("jsonl"):
        lines = [
            json.dumps({"id": key, "title": text})
            for key, _, text in (line.partition(",") for line in lines[1:])
        ]
    result = ingest.catalogue(shop, write(tmp_path, name, "\n".join(lines) + "\n"))
    assert set(held(shop)) == {"a", "c"}
    (line,) = quarantined(shop)
    assert line["reason"] == "too_long_line"
    assert line["line"] == lines.index(next(text for text in lines if len(text) > 1_000)) + 1
    assert 0 < len(line["raw"]) <= 1_000
    assert reasons(result)["too_long_line"] == 1


def test_a_line_of_forty_megabytes_is_passed_in_bounded_memory(shop: Shop, tmp_path: Path):
    path = tmp_path / "p.csv"
    with path.open("w", encoding="utf-8") as target:
        target.write("id,title\na,A\nb,")
        for _ in range(40):
            target.write("x" * 1_000_000)
        target.write("\nc,C\n")
    tracemalloc.start()
    try:
        result = ingest.catalogue(shop, path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert set(held(shop)) == {"a", "c"}
    (finding,) = (finding for finding in result.findings if finding.reason == "too_long_line")
    assert finding.place == f"{path}:3"
    assert "40,000,003 characters" in finding.message
    assert peak < 16_000_000


def test_a_quote_that_never_closes_costs_one_row(shop: Shop, tmp_path: Path):
    text = 'id,title\na,A\nb,"open\nc,C\nd,"two\nlines"\ne,E "5"\nf,"bad "quote" here"\n'
    result = ingest.catalogue(shop, write(tmp_path, "p.csv", text))
    products = held(shop)
    assert {key: products[key].title for key in ("a", "d", "e")} == {"a": "A", "d": "two lines", "e": 'E "5"'}
    assert "c" in products
    assert {line["line"] for line in quarantined(shop)} == {3, 8}
    assert reasons(result)["broken_row"] == 2


def test_markup_entities_and_blanks_are_cleaned(shop: Shop, tmp_path: Path):
    title, description = (
        "<b>Caf&eacute;</b>  &amp;&#39;s&nbsp;",
        "<p>One</p><script>x</script><ul><li>Two</ul>",
    )
    ingest.catalogue(shop, write(tmp_path, "p.csv", f"id,title,description\n1,{title},{description}\n"))
    product = held(shop)["1"]
    assert (product.title, product.description) == ("Café &'s", "One Two")


def test_a_catalogue_of_any_size_is_written_and_read_back(shop: Shop, tmp_path: Path):
    lines = [f"sku-{n},Product number {n},{n}.5,{'' if n % 2 else n}" for n in range(3_000)]
    path = write(tmp_path, "p.csv", "id,title,price,stock\n" + "\n".join(lines))
    calls: list[tuple[str, float]] = []
    result = ingest.catalogue(shop, path, progress=lambda what, share: calls.append((what, share)))
    assert result.products == result.changed == 3_000
    products = held(shop)
    assert products["sku-7"] == Product(
        "sku-7", "Product number 7", price=7_500_000, currency="USD", language="en"
    )
    assert products["sku-8"].stock == 8
    assert products["sku-0"].availability is Availability.OUT_OF_STOCK
    assert [product.id for product in tables.products(shop.table("catalogue"))][:2] == ["sku-0", "sku-1"]
    assert calls[-1] == ("done", 1.0)
    assert [share for _, share in calls] == sorted(share for _, share in calls)


def test_sales_become_products_under_their_commonest_name_and_median_price(tmp_path: Path):
    rows_ = [
        ("1", "85A", "RED MUG", 6, 2.5), ("2", "85A", "RED MUG", 1, 2.5), ("3", "85A", "Red mug!", 1, 9.0),
        ("4", "85A", "damaged", -3, 0.0), ("5", "90B", "check", -1, 0.0), ("6", "91C", None, 1, 0.0),
    ]  # fmt: skip
    header = "InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID"
    text = "\n".join(",".join("" if cell is None else str(cell) for cell in row) + ",17850" for row in rows_)
    plain = write(tmp_path, "sales.csv", f"{header}\n{text}\n")
    parquet = tmp_path / "sales.parquet"
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{plain}')) TO '{parquet}'")
    for number, path in enumerate((plain, parquet)):
        other = Shop.create(tmp_path / f"shop{number}")
        result = ingest.catalogue(other, path)
        products = held(other)
        assert {key: (product.title, product.price) for key, product in products.items()} == {
            "85A": ("RED MUG", 2_500_000),
            "90B": ("check", 0),
        }
        assert reasons(result) == {"missing_price": 1, "missing_title": 1}


def mend(file: Path, edit: Callable[[dict[str, Any]], str]) -> None:
    """Edit `raw` in every line of a quarantine file, as a person would."""
    lines = [msgspec.json.decode(line) for line in file.read_text("utf-8").splitlines()]
    edited = [{**line, "raw": edit(line)} for line in lines]
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in edited), "utf-8")


def test_mended_lines_leave_the_quarantine_and_broken_ones_stay(shop: Shop, tmp_path: Path):
    text = "id,title,price\na,A,1\nb,,2\nc,C\na,Other,4\ne,,5\n"
    ingest.catalogue(shop, write(tmp_path, "p.csv", text))
    (file,) = (shop.quarantine / "catalogue").iterdir()
    mended = {"b,,2": "b,Beret,2", "c,C": "c,Cap,3"}

    def edit(line: dict[str, Any]) -> str:
        head, _, row = line["raw"].partition("\n")
        return f"{head}\n{mended.get(row, row)}"

    mend(file, edit)
    result = restore(shop, file)
    assert (result.products, result.set_aside) == (2, 2)
    assert {key: (product.title, product.price) for key, product in held(shop).items()} == {
        "a": ("A", 1_000_000),
        "b": ("Beret", 2_000_000),
        "c": ("Cap", 3_000_000),
    }
    assert [(line["line"], line["reason"]) for line in quarantined(shop)] == [
        (5, "duplicate_id"),
        (6, "missing_title"),
    ]
    mend(file, lambda line: line["raw"].replace("a,Other", "d,Other").replace("e,,", "e,Else,"))
    assert restore(shop, file).set_aside == 0
    assert not file.exists()
    assert list(held(shop)) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.jsonl", '{"id": "a", "title": "A", "variants": [{"id": 7}]}\n{"id": "b", "title": "WRONG"}\n'),
        ("p.jsonld", '[{"@type": "Product", "sku": "a", "name": "A"}, {"@type": "Product", "sku": "WRONG"}]'),
        ("p.xml", "<rss><item><id>a</id><title>A</title></item><item><id>b&amp;</id>WRONG</item></rss>"),
        ("p.tsv", "id\ttitle\tlink\timage_link\tprice\na\tA\tl\ti\t1\nb\t\tl\ti\tWRONG\n"),
        ("p.csv", "Handle,Title,Variant SKU,Variant Price\na,A,a,1\nb,,b,WRONG\n"),
    ],
)  # fmt: skip
def test_what_is_set_aside_can_be_read_by_itself_in_every_format(
    shop: Shop, tmp_path: Path, name: str, text: str
):
    source = write(tmp_path, name, text.replace('"title": "WRONG"', '"title": ""'))
    assert ingest.catalogue(shop, source).set_aside == 1
    (file,) = (shop.quarantine / "catalogue").iterdir()
    (line,) = quarantined(shop)
    alone = write(tmp_path, f"alone{source.suffix}", line["raw"])
    assert restore(shop, file).set_aside == 1
    again = ingest.catalogue(shop, alone)
    assert again.set_aside == 1
    assert line["reason"] in reasons(again)


def test_excerpts_stay_until_their_source_is_mended(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rows, "LONGEST", 1_000)
    ingest.catalogue(shop, write(tmp_path, "p.csv", f"id,title\na,{'x' * 3_000}\nb,B\n"))
    (file,) = (shop.quarantine / "catalogue").iterdir()
    assert restore(shop, file).set_aside == 1
    assert set(held(shop)) == {"b"}
    ingest.catalogue(shop, write(tmp_path, "p.csv", "id,title\na,A\nb,B\n"))
    assert not file.exists()
