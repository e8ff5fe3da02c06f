"""The map a file gets without asking: from its headers, its values, its words; shown before use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hawker.errors import BadMapping
from hawker.ingest.columns import ColumnMap, propose, show
from hawker.ingest.words import COLUMN_WORDS, KIND_WORDS, bare, kind_of
from hawker.records.events import EVENT_COLUMNS, EventKind


def log(folder: Path, text: str, *, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (
            "event_time,event_type,product_id,category_id,brand,price,user_id,user_session",
            "2019-11-01 00:00:00 UTC,view,1003461,205,xiaomi,489.07,520088904,4d3b30da",
            {"time": "event_time", "kind": "event_type", "product": "product_id", "shopper": "user_id",
             "session": "user_session", "unit_price": "price"},
        ),
        (
            "visitorid,timestamp,event,itemid,transactionid",
            "257597,1433221332117,addtocart,355908,",
            {"time": "timestamp", "kind": "event", "product": "itemid", "shopper": "visitorid",
             "session": "transactionid"},
        ),
        (
            "用户编号,商品编号,行为类型,时间戳,搜索词,数量,单价,门店",
            "u1,p1,浏览,1511544070,连衣裙,1,5,北京",
            {"time": "时间戳", "kind": "行为类型", "shopper": "用户编号", "product": "商品编号",
             "query": "搜索词", "quantity": "数量", "unit_price": "单价", "location": "门店"},
        ),
        (
            "a,b,c,d",
            "u1,pv,2026-01-02T03:04:05Z,x",
            {"time": "c", "kind": "b"},
        ),
    ],
)  # fmt: skip
def test_headers_of_public_logs_are_known(
    tmp_path: Path, header: str, row: str, expected: dict[str, str]
) -> None:
    map = propose(log(tmp_path, f"{header}\n{row}\n{row}\n"))
    assert map.columns == expected
    assert map.kind == ""
    assert list(map.kinds) == [row.split(",")[header.split(",").index(expected["kind"])]]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice", "purchase"),
        ("order_id,sku,amount,date", "purchase"),
        ("user,product,rating,time", "review"),
        ("user,keyword,time", "search"),
    ],
)
def test_what_every_row_is_follows_from_the_columns(tmp_path: Path, header: str, kind: str) -> None:
    cells = ["2026-01-02 03:04" if "ate" in name or name == "time" else "5" for name in header.split(",")]
    assert propose(log(tmp_path, f"{header}\n{','.join(cells)}\n")).kind == kind


def test_a_file_that_does_not_say_what_happened_is_asked_about(tmp_path: Path) -> None:
    path = log(tmp_path, "user,product,time\nu,p,2026-01-02\n")
    with pytest.raises(BadMapping, match=r"says what happened.*kind='view'"):
        propose(path)
    assert propose(path, kind="pv").kind == "view"
    with pytest.raises(BadMapping, match="looks like a time"):
        propose(log(tmp_path, "user,product\nu,p\n"))


@pytest.mark.parametrize(
    ("dates", "day_first"),
    [(("12/13/2010 8:26", "1/2/2010 8:26"), False), (("13/12/2010 8:26", "1/2/2010 8:26"), True),
     (("1/2/2010", "3/4/2010"), False), (("1.2.2010", "3.4.2010"), True), (("2010-01-02",), False)],
)  # fmt: skip
def test_the_order_of_day_and_month_follows_from_all_dates(
    tmp_path: Path, dates: tuple[str, ...], day_first: bool
) -> None:
    rows = "\n".join(f"u,p,pv,{date}" for date in dates)
    assert propose(log(tmp_path, f"user,item,event,date\n{rows}\n")).day_first is day_first


def test_a_column_named_id_is_the_event_only_where_it_tells_rows_apart(tmp_path: Path) -> None:
    rows = "\n".join(f"{i // 5},u,p,pv,2026-01-0{1 + i % 9}" for i in range(50))
    assert "id" not in propose(log(tmp_path, f"id,user,item,event,date\n{rows}\n")).columns
    rows = "\n".join(f"{i},u,p,pv,2026-01-0{1 + i % 9}" for i in range(50))
    assert propose(log(tmp_path, f"id,user,item,event,date\n{rows}\n")).columns["id"] == "id"


def test_nested_keys_are_found(tmp_path: Path) -> None:
    row = {"ts": 1_700_000_000, "type": "buy", "user": {"id": "u"}, "product": {"sku": "p", "price": 5}}
    map = propose(log(tmp_path, json.dumps(row), name="log.jsonl"))
    assert map.columns["product"] == "product.sku"
    assert map.columns["unit_price"] == "product.price"


def test_the_preview_shows_the_map_and_the_rows_as_they_will_be_read(tmp_path: Path) -> None:
    path = log(
        tmp_path, 'user,item,event,time,price\nu1,p1,加购,2026-01-02 03:04:05,"12,99 €"\nu1,p1,huh,now,1\n'
    )
    shown = show(propose(path), path)
    assert "product    ← item" in shown
    assert "cart  2026-01-02 03:04:05  u1" in shown
    assert "12990000" in shown
    assert "✗ bad_time" in shown


def test_words_are_consistent() -> None:
    assert set(COLUMN_WORDS) <= {*EVENT_COLUMNS, "unit_price"}
    assert {bare(word) for words in COLUMN_WORDS.values() for word in words} == {
        word for words in COLUMN_WORDS.values() for word in words
    }
    assert set(KIND_WORDS.values()) == set(EventKind)
    assert all(kind_of(kind.value) is kind for kind in EventKind)


def test_a_map_survives_its_file() -> None:
    import msgspec

    map = ColumnMap({"time": "t", "product": "p"}, kind="view", attributes=("colour",), day_first=True)
    assert msgspec.json.decode(msgspec.json.encode(map), type=ColumnMap) == map
    assert "kept as attributes: colour" in str(map)
