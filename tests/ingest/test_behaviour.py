"""A behaviour log from its files to the event log: formats, cleaning, duplicates, the same twice."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest

from hawker.errors import BadInput, BadMapping, NotFound, UnreadableFile
from hawker.ingest import lines
from hawker.ingest.behaviour import BehaviourResult, behaviour
from hawker.records.events import EVENT_COLUMNS
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop
from hawker.storage.tables import connect

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
NOW = 1_780_000_000_000_000
HEAD = "event_id,user_id,item_id,event,timestamp,price,qty\n"
ROWS = [
    "e1,u1,p1,pv,2026-01-02T03:04:05Z,12.99,1",
    "e2,u1,p1,add to cart,2026-01-02T03:05:05Z,12.99,1",
    "e3,u1,p1,buy,2026-01-02T03:06:05Z,12.99,2",
]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


def events(shop: Shop, columns: str = "*", order: str = "time, id") -> list[tuple[object, ...]]:
    connection = connect(threads=1)
    EventLog(shop.events).view(connection)
    return connection.execute(f"SELECT {columns} FROM events ORDER BY {order}").fetchall()


def ingest(shop: Shop, *paths: Path, **options: object) -> BehaviourResult:
    return behaviour(shop, *paths, threads=1, now=NOW, **options)  # type: ignore[arg-type]


def reasons(result: BehaviourResult) -> dict[str, int]:
    return {finding.reason: finding.count for finding in result.findings}


def aside(shop: Shop) -> list[dict[str, object]]:
    files = sorted((shop.quarantine / "behaviour").glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def table() -> list[dict[str, object]]:
    return [dict(zip(HEAD.strip().split(","), row.split(","), strict=True)) for row in ROWS]


def as_file(folder: Path, form: str) -> Path:
    """The same three events in every format."""
    text = HEAD + "\n".join(ROWS) + "\n"
    if form == "parquet":
        path = folder / "log.parquet"
        source = written(folder / "source.csv", text)
        duckdb.connect().execute(f"COPY (SELECT * FROM read_csv('{source}')) TO '{path}' (FORMAT parquet)")
        return path
    made = {
        "csv": lambda: written(folder / "log.csv", text),
        "crlf": lambda: written(folder / "log.csv", text.replace("\n", "\r\n")),
        "bom": lambda: written(folder / "log.csv", b"\xef\xbb\xbf" + text.encode()),
        "utf16": lambda: written(folder / "log.csv", text.encode("utf-16")),
        "tsv": lambda: written(folder / "log.tsv", text.replace(",", "\t")),
        "semicolon": lambda: written(folder / "log.csv", text.replace(",", ";")),
        "csv.gz": lambda: written(folder / "log.csv.gz", gzip.compress(text.encode())),
        "jsonl": lambda: written(folder / "log.jsonl", "\n".join(map(json.dumps, table()))),
        "jsonl.gz": lambda: written(
            folder / "log.jsonl.gz", gzip.compress("\n".join(map(json.dumps, table())).encode())
        ),
        "json": lambda: written(folder / "log.json", json.dumps(table(), indent=1)),
    }
    return made[form]()


@pytest.mark.parametrize(
    "form",
    ["csv", "crlf", "bom", "utf16", "tsv", "semicolon", "csv.gz", "jsonl", "jsonl.gz", "json", "parquet"],
)
def test_every_format_gives_the_same_events(shop: Shop, tmp_path: Path, form: str) -> None:
    result = ingest(shop, as_file(tmp_path, form), currency="EUR")
    assert str(result) == "3 events kept, 0 set aside"
    assert events(shop, "id, kind, shopper, product, quantity, value, currency") == [
        ("e1", "view", "u1", "p1", 1.0, 12_990_000, "EUR"),
        ("e2", "cart", "u1", "p1", 1.0, 12_990_000, "EUR"),
        ("e3", "purchase", "u1", "p1", 2.0, 25_980_000, "EUR"),
    ]
    assert events(shop, "min(time)", "1") == [(1_767_323_045_000_000,)]


def test_the_part_has_exactly_the_columns_of_the_log(shop: Shop, tmp_path: Path) -> None:
    ingest(shop, as_file(tmp_path, "csv"))
    part = next((shop.events / "history").glob("*.parquet"))
    described = connect().execute(f"DESCRIBE SELECT * FROM '{part}'").fetchall()
    assert {row[0]: row[1] for row in described} == EVENT_COLUMNS
    assert not list((shop.events / "incoming").iterdir())


def test_the_same_file_again_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    path = as_file(tmp_path, "csv")
    ingest(shop, path)
    before = events(shop)
    again = ingest(shop, path)
    assert (again.events, again.duplicates, reasons(again)) == (0, 3, {"already_ingested": 1})
    assert events(shop) == before


@pytest.mark.parametrize("with_id", [True, False])
def test_the_same_events_in_another_file_are_known(shop: Shop, tmp_path: Path, with_id: bool) -> None:
    cut = 0 if with_id else 1
    text = "\n".join(",".join(row.split(",")[cut:]) for row in [HEAD.strip(), *ROWS])
    ingest(shop, written(tmp_path / "a.csv", text))
    rows = [json.loads(json.dumps(row)) for row in table()]
    for row in rows:
        row.update({} if with_id else {"event_id": None})
    more = {**rows[0], "event_id": "e9" if with_id else None, "timestamp": "2026-01-03T00:00:00Z"}
    kept = [{k: v for k, v in row.items() if v is not None} for row in [*rows, more]]
    result = ingest(shop, written(tmp_path / "b.jsonl", "\n".join(map(json.dumps, kept))))
    assert (result.events, result.duplicates) == (1, 3)
    assert reasons(result)["exact_duplicates"] == 3
    assert len(events(shop)) == 4


def test_live_events_are_known_too(shop: Shop, tmp_path: Path) -> None:
    from hawker.records.events import Event, EventKind

    EventLog(shop.events).append([Event(kind=EventKind.VIEW, time=5, id="e1", product="p1")])
    result = ingest(shop, as_file(tmp_path, "csv"))
    assert (result.events, result.duplicates) == (2, 1)
    assert len(events(shop)) == 3


def test_embedded_newlines_and_quotes(shop: Shop, tmp_path: Path) -> None:
    row = 'u1,p1,review,2026-01-02 03:04:05,"good,\nvery ""good"""'
    text = f"user,item,event,time,comment\n{row}\nu2,p2,pv,2026-01-02 03:04:06,\n"
    result = ingest(shop, written(tmp_path / "log.csv", text))
    assert result.events == 2
    assert events(shop, "text")[0] == ('good,\nvery "good"',)


def test_chinese_headers_words_and_dates_in_gbk(shop: Shop, tmp_path: Path) -> None:
    text = (
        "用户编号,商品编号,行为,时间,搜索词,金额\n"
        "甲,货1,浏览,2026年1月2日 11时4分,,\n"
        "甲,货1,加购,2026年1月2日 11时5分,,￥59\n"
        "甲,货1,购买,2026年1月2日 11时6分,,１２．５元\n"
        "乙,,搜索,2026年1月2日 11时7分,红色连衣裙,\n"
    )
    result = ingest(shop, written(tmp_path / "日志.csv", text.encode("gbk")), timezone="Asia/Shanghai")
    assert (result.events, result.set_aside) == (4, 0), aside(shop)
    assert events(shop, "kind, shopper, query, value, currency, time")[0][5] == 1_767_323_040_000_000
    assert [row[0] for row in events(shop, "kind")] == ["view", "cart", "purchase", "search"]
    assert [row[0] for row in events(shop, "value")] == [0, 59_000_000, 12_500_000, 0]
    assert events(shop, "query")[3] == ("红色连衣裙",)


def test_what_breaks_a_rule_is_set_aside_with_its_line_and_text(shop: Shop, tmp_path: Path) -> None:
    bad = [
        ("missing_time", "u,p,pv,,1,1,"),
        ("bad_time", "u,p,pv,yesterday,1,1,"),
        ("impossible_time", "u,p,pv,1970-01-01T00:00:05Z,1,1,"),
        ("future_time", "u,p,pv,2999-01-01T00:00:00Z,1,1,"),
        ("missing_kind", "u,p,,2026-01-01T00:00:01Z,1,1,"),
        ("unknown_kind", "u,p,teleport,2026-01-01T00:00:02Z,1,1,"),
        ("missing_product", "u,,buy,2026-01-01T00:00:03Z,1,1,"),
        ("missing_query", "u,,search,2026-01-01T00:00:04Z,1,1,"),
        ("missing_shopper", ",,opt_out,2026-01-01T00:00:04Z,1,1,"),
        ("missing_ad", "u,,ad_click,2026-01-01T00:00:04Z,1,1,"),
        ("bad_quantity", "u,p,buy,2026-01-01T00:00:05Z,1,many,"),
        ("bad_quantity", "u,p,cart,2026-01-01T00:00:05Z,1,-1,"),
        ("bad_price", "u,p,buy,2026-01-01T00:00:06Z,free,1,"),
        ("negative_price", "u,p,buy,2026-01-01T00:00:07Z,-3,1,"),
        ("absurd_price", "u,p,buy,2026-01-01T00:00:08Z,1e12,1,"),
        ("bad_rating", "u,p,review,2026-01-01T00:00:09Z,1,1,five"),
        ("long_identifier", f"{'u' * 129},p,pv,2026-01-01T00:00:09Z,1,1,"),
        ("broken_row", "u,p,pv,2026-01-01T00:00:10Z,1"),
    ]
    good = "u,p,buy,2026-01-01T00:00:30Z,2,3,"
    text = "\n".join(
        ["user,item,event,time,price,quantity,rating", good, *(row for _, row in bad), good + " "]
    )
    map = {"shopper": "user", "product": "item", "kind": "event", "unit_price": "price"}
    map |= {name: name for name in ("time", "quantity", "rating")}
    result = ingest(shop, written(tmp_path / "log.csv", text), columns=map)
    assert [(entry["reason"], entry["line"], entry["raw"]) for entry in aside(shop)] == [
        (reason, line, row) for line, (reason, row) in enumerate(bad, 3)
    ]
    assert (result.events, result.duplicates, result.set_aside) == (1, 1, len(bad))
    found = next(finding for finding in result.findings if finding.reason == "bad_quantity")
    assert found.place.endswith("log.csv:13")
    assert found.count == 2


def test_negative_quantities_are_returns(shop: Shop, tmp_path: Path) -> None:
    text = "order_id,sku,qty,unit price,date\nA,p,2,5,12/13/2025 8:26\nC,p,-2,5,12/14/2025 8:26\n"
    result = ingest(shop, written(tmp_path / "sales.csv", text))
    assert result.set_aside == 0
    assert events(shop, "kind, quantity, value") == [
        ("purchase", 2.0, 10_000_000),
        ("return", 2.0, 10_000_000),
    ]


def test_equal_rows_of_the_same_minute_are_numbered_those_of_the_second_dropped(
    shop: Shop, tmp_path: Path
) -> None:
    minute = "order,sku,qty,unit price,time\n" + "A,p,1,5,2026-01-02 03:04\n" * 3
    result = ingest(shop, written(tmp_path / "minute.csv", minute))
    assert (result.events, result.duplicates, reasons(result)["equal_rows"]) == (3, 0, 2)
    assert len({row[0] for row in events(shop, "id")}) == 3
    more = ingest(shop, written(tmp_path / "more.csv", minute + "A,p,1,5,2026-01-02 03:04\n"))
    assert (more.events, more.duplicates) == (1, 3)
    second = "order,sku,qty,unit price,time\n" + "A,p,1,5,2026-01-02 03:04:07\n" * 3
    result = ingest(shop, written(tmp_path / "second.csv", second))
    assert (result.events, result.duplicates) == (1, 2)


def test_near_duplicates_disorder_and_currencies_are_told(shop: Shop, tmp_path: Path) -> None:
    text = (
        "user,item,event,time,amount\n"
        "u,p,pv,2026-01-02 03:04:05,5 EUR\nu,p,pv,2026-01-02 03:04:06,7 USD\nu,p,pv,2026-01-02 03:04:00,12,\n"
    )
    result = ingest(shop, written(tmp_path / "log.csv", text.replace("12,", '"12,99 €"')))
    assert result.events == 3
    assert {"near_duplicates", "out_of_order", "mixed_currencies"} <= reasons(result).keys()
    assert events(shop, "value, currency")[0] == (12_990_000, "EUR")


def test_files_without_events_are_said_to_be_so(shop: Shop, tmp_path: Path) -> None:
    nothing = ingest(shop, written(tmp_path / "a.csv", ""))
    header = ingest(shop, written(tmp_path / "b.csv", HEAD), columns={"time": "timestamp", "kind": "event"})
    assert reasons(nothing) == {"empty_file": 1}
    assert reasons(header) == {"header_only": 1}
    assert events(shop) == []


def test_a_binary_file_named_csv_is_named(shop: Shop, tmp_path: Path) -> None:
    binary = written(tmp_path / "log.csv", bytes(range(256)) * 100)
    with pytest.raises(UnreadableFile, match=r"log\.csv"):
        ingest(shop, binary)
    result = ingest(shop, binary, as_file(tmp_path, "tsv"))
    assert result.events == 3
    assert reasons(result)["unreadable_file"] == 1


def test_wrong_maps_name_the_nearest(shop: Shop, tmp_path: Path) -> None:
    path = as_file(tmp_path, "csv")
    with pytest.raises(BadMapping, match="Did you mean 'timestamp'"):
        ingest(shop, path, columns={"time": "timestmp", "kind": "event"})
    with pytest.raises(BadMapping, match="Did you mean 'shopper'"):
        ingest(shop, path, columns={"time": "timestamp", "kind": "event", "shoper": "user_id"})
    with pytest.raises(BadMapping, match="Did you mean 'purchase'"):
        ingest(shop, path, kind="purchas")
    with pytest.raises(BadInput, match="time zone"):
        ingest(shop, path, timezone="Mars/Olympus")
    with pytest.raises(NotFound, match="absent"):
        ingest(shop, tmp_path / "absent.csv")
    assert events(shop) == []


def test_broken_json_lines_are_set_aside(shop: Shop, tmp_path: Path) -> None:
    rows = [json.dumps(row) for row in table()]
    text = "\n".join([rows[0], "{broken", "", rows[1], "[1, 2]", rows[2]])
    result = ingest(shop, written(tmp_path / "log.jsonl", text))
    assert (result.events, result.set_aside) == (3, 2)
    assert [(entry["line"], entry["reason"]) for entry in aside(shop)] == [
        (2, "broken_row"),
        (5, "broken_row"),
    ]


def test_an_unclosed_quote_costs_one_line(shop: Shop, tmp_path: Path) -> None:
    rows = [*ROWS[:1], 'e7,"u1,p1,pv,2026-01-02T03:04:05Z,12.99,1', *ROWS[1:]]
    result = ingest(shop, written(tmp_path / "log.csv", HEAD + "\n".join(rows)))
    assert (result.events, result.set_aside) == (3, 1)
    assert aside(shop)[0]["line"] == 3


def test_bytes_that_are_no_text_are_set_aside(shop: Shop, tmp_path: Path) -> None:
    rows = [ROWS[0], *(f"x{i},用户,p{i},pv,2026-01-02T04:04:05Z,1,1" for i in range(50)), ROWS[1]]
    text = (HEAD + "\n".join(rows)).encode().replace(b"p7,", b"p\xff7,")
    result = ingest(shop, written(tmp_path / "log.csv", text))
    assert (result.events, result.set_aside) == (51, 1)
    assert aside(shop)[0]["reason"] == "broken_text"


def test_a_line_too_long_is_set_aside(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 4_000)
    text = HEAD + "\n".join([*ROWS[:1], ROWS[1].replace("p1", "x" * 2_200_000), *ROWS[2:]])
    result = ingest(shop, written(tmp_path / "log.csv", text))
    assert (result.events, result.set_aside, reasons(result)["too_long_line"]) == (2, 1, 1)
    assert aside(shop)[0]["line"] == 3
    assert len(str(aside(shop)[0]["raw"])) == lines.SHOWN


def test_uci_online_retail_needs_no_hand(shop: Shop) -> None:
    path = SHARED / "uci_online_retail.parquet"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    result = ingest(shop, path, currency="GBP")
    assert (result.events, result.set_aside) == (541_907, 2)
    assert {entry["reason"] for entry in aside(shop)} == {"negative_price"}
    connection = connect(threads=1)
    EventLog(shop.events).view(connection)
    counted = connection.execute(
        "SELECT kind, count(*), count(*) FILTER (WHERE shopper = '') FROM events GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert counted == [("purchase", 531_283, 133_359), ("return", 10_624, 1_719)]
    assert ingest(shop, path, currency="GBP").events == 0
