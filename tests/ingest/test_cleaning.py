"""Each value and each rule by itself: prices, times, attributes, ids, and what is noted about the rest."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hawker.errors import BadInput
from hawker.ingest import cleaning, notes, values
from hawker.ingest.behaviour import behaviour
from hawker.ingest.columns import ColumnMap
from hawker.records import ids, money
from hawker.records.catalogue import Product
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop
from hawker.storage.tables import connect, write_products

NOW = 1_780_000_000_000_000


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)


def evaluated(engine: duckdb.DuckDBPyConnection, expression: str, value: str) -> object:
    row = engine.execute(
        f"SELECT {expression} FROM (SELECT CAST($v AS VARCHAR) AS x)", {"v": value}
    ).fetchone()
    return row[0] if row else None


def events(shop: Shop, columns: str) -> list[tuple[object, ...]]:
    connection = connect(threads=1)
    EventLog(shop.events).view(connection)
    return connection.execute(f"SELECT {columns} FROM events ORDER BY time, id").fetchall()


def lines(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


PRICES = [
    "12.99",
    "12,99 €",
    "1.299,00 EUR",
    "1,299 USD",
    "$5",
    "￥59",
    "USD 1,299.00",
    "1 299,50",
    "-3.5",
    "1,299,000",
]


@pytest.mark.parametrize("text", PRICES)
def test_prices_read_in_sql_as_they_do_in_python(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    expected, currency = money.parse(text)
    assert evaluated(engine, values.money("x", "VARCHAR"), text) == expected
    assert evaluated(engine, values.currency_in("x"), text) == currency


@settings(max_examples=60, deadline=None)
@given(
    st.decimals(0, 10**8, places=2),
    st.sampled_from(["{:.2f}", "{:,.2f}", "{:.2f} EUR", "€ {:,.2f}"]),
    st.booleans(),
)
def test_every_way_of_writing_a_price(amount: object, shape: str, european: bool) -> None:
    text = shape.format(amount)
    text = text.translate(str.maketrans(".,", ",.")) if european else text
    with connect(threads=1) as engine:
        assert evaluated(engine, values.money("x", "VARCHAR"), text) == money.parse(text)[0]


@pytest.mark.parametrize("text", ["", "free", "€", "NaN", "inf"])
def test_what_is_no_price_is_none(engine: duckdb.DuckDBPyConnection, text: str) -> None:
    assert evaluated(engine, values.money("x", "VARCHAR"), text) is None


MOMENT = 1_704_441_785_000_000  # 2024-01-05 08:03:05 UTC


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2024-01-05T08:03:05Z", MOMENT),
        ("2024-01-05 08:03:05", MOMENT),
        ("2024-01-05 08:03:05 UTC", MOMENT),
        ("2024-01-05T16:03:05+08:00", MOMENT),
        ("2024-01-05T08:03:05.250Z", MOMENT + 250_000),
        ("2024/1/5 8:03:05", MOMENT),
        ("1/5/2024 8:03:05", MOMENT),
        ("1/5/2024 8:03", MOMENT - 5_000_000),
        ("1/5/24 8:03:05 AM", MOMENT),
        ("05.01.2024 08:03:05", MOMENT),
        ("05 Jan 2024 08:03:05", MOMENT),
        ("2024年1月5日 8时3分5秒", MOMENT),
        ("2024年01月05日 08:03:05", MOMENT),
        ("20240105080305", MOMENT),
        ("20240105", MOMENT - 28_985_000_000),
        ("1704441785", MOMENT),
        ("1704441785.25", MOMENT + 250_000),
        ("1704441785000", MOMENT),
        ("1704441785000000", MOMENT),
        ("1704441785000000000", MOMENT),
        ("soon", None),
        ("32/32/2024", None),
    ],
)
def test_times_in_every_shape(engine: duckdb.DuckDBPyConnection, text: str, micros: int | None) -> None:
    assert evaluated(engine, values.moment("x", "VARCHAR"), text) == micros


def test_day_first_and_zones(engine: duckdb.DuckDBPyConnection) -> None:
    day = values.moment("x", "VARCHAR", day_first=True)
    assert evaluated(engine, day, "5/1/2024 8:03:05") == MOMENT
    with connect(threads=1) as away:
        away.execute("SET TimeZone = 'Asia/Shanghai'")
        assert evaluated(away, values.moment("x", "VARCHAR"), "2024-01-05 16:03:05") == MOMENT
        assert evaluated(away, values.moment("x", "VARCHAR"), "2024-01-05T08:03:05Z") == MOMENT
        assert evaluated(away, values.moment("x", "VARCHAR"), "2024年1月5日 16:03:05") == MOMENT


def test_an_event_without_an_id_gets_the_digest_of_its_content(shop: Shop, tmp_path: Path) -> None:
    behaviour(
        shop, lines(tmp_path / "a.jsonl", {"event": "pv", "time": MOMENT, "user": "u", "item": "p"}), now=NOW
    )
    parts = [
        "view",
        MOMENT,
        "u",
        "",
        "p",
        "",
        "1.0",
        0,
        "",
        "",
        "",
        "",
        "",
        "",
        0,
        "",
        "",
        "",
        -1,
        "",
        "false",
        "{}",
    ]
    assert events(shop, "id") == [(ids.derived(*parts),)]


def test_every_column_of_the_log_can_be_mapped_and_defaulted(shop: Shop, tmp_path: Path) -> None:
    row = {"i": "x1", "k": "曝光", "t": MOMENT, "rc": MOMENT + 5, "u": "u", "s": "s", "p": "p", "q": "q"}
    row |= {
        "n": 2,
        "v": "3",
        "c": "€",
        "ra": 4.5,
        "tx": "t",
        "pl": "home",
        "lo": "l",
        "de": "phone",
        "dw": 1200,
    }
    row |= {"ca": "c1", "ad": "a1", "dn": "d1", "sl": 3, "re": "r", "sy": True}
    row |= {"at": {"colour": "red", "size": 4}}
    names = (
        "id kind time received shopper session product query quantity value currency rating text placement"
    )
    names += " location device dwell_ms campaign ad decision slot reason synthetic attributes"
    map = dict(zip(names.split(), row, strict=True))
    behaviour(shop, lines(tmp_path / "a.jsonl", row), columns=map, now=NOW)
    (found,) = events(shop, ", ".join(f'"{name}"' for name in map))
    assert found[:12] == (
        "x1",
        "ad_impression",
        MOMENT,
        MOMENT + 5,
        "u",
        "s",
        "p",
        "q",
        2.0,
        3_000_000,
        "EUR",
        4.5,
    )
    assert found[12:18] == ("t", "home", "l", "phone", 1200, "c1")
    assert found[18:] == ("a1", "d1", 3, "r", True, '{"colour":"red","size":"4"}')
    row = {"event": "pv", "time": MOMENT + 1, "item": "p", "reason": "r"}
    behaviour(
        shop, lines(tmp_path / "b.jsonl", row), defaults={"device": "till", "location": "store 1"}, now=NOW
    )
    assert events(shop, "device, location, reason")[1] == ("till", "store 1", "r")
    with pytest.raises(BadInput, match="Did you mean 'device'"):
        behaviour(shop, lines(tmp_path / "c.jsonl", row), defaults={"devise": "till"}, now=NOW)


def test_declared_attributes_make_shoppers_but_not_of_minors_or_special_categories(
    shop: Shop, tmp_path: Path
) -> None:
    def told(shopper: str, second: int, **attributes: str) -> dict[str, object]:
        return {
            "event": "profile",
            "time": MOMENT + second * 1_000_000,
            "user": shopper,
            "attributes": attributes,
        }

    behaviour(
        shop,
        lines(
            tmp_path / "a.jsonl",
            told("adult", 0, age_band="25-34", gender="f", location="Lyon", religion="any"),
            told("adult", 9, location="Paris"),
            told("child", 0, age_band="13-17", gender="m", location="Lyon"),
            told("infant", 0, age_band="6-12", gender="m"),
            {"event": "opt_out", "time": MOMENT, "user": "gone"},
        ),
        now=NOW,
    )
    table = f"SELECT * FROM '{shop.table('shoppers')}' ORDER BY id"
    assert connect().execute(table).fetchall() == [
        ("adult", "25-34", "f", "Paris", False),
        ("child", "13-17", "", "", False),
        ("gone", "", "", "", True),
        ("infant", "6-12", "", "", False),
    ]
    assert "religion" not in str(events(shop, "attributes"))
    behaviour(shop, lines(tmp_path / "b.jsonl", told("gone", 50, gender="x")), now=NOW)
    assert connect().execute(table).fetchall()[2] == ("gone", "", "x", "", True)


def test_columns_kept_by_name_become_attributes(shop: Shop, tmp_path: Path) -> None:
    row = {
        "event": "pv",
        "time": MOMENT,
        "item": "p",
        "colour": "red",
        "page": 3,
        "health": "x",
        "none": None,
    }
    map = ColumnMap(
        {"kind": "event", "time": "time", "product": "item"}, attributes=("colour", "page", "health", "none")
    )
    behaviour(shop, lines(tmp_path / "a.jsonl", row), columns=map, now=NOW)
    assert events(shop, "attributes") == [('{"colour":"red","page":"3"}',)]


def test_outliers_are_kept_and_listed_with_what_is_usual(shop: Shop, tmp_path: Path) -> None:
    def sale(number: int, product: str, quantity: float, price: float) -> dict[str, object]:
        bought = {"event": "buy", "time": MOMENT + number * 1_000_001, "user": "u", "item": product}
        return {**bought, "qty": quantity, "price": price}

    rows = [sale(i, "steady", 1 + i % 2, 10 + i % 3) for i in range(40)]
    rows += [sale(50, "steady", 900, 10), sale(51, "steady", 1, 9_000), sale(52, "rare", 1, 9.5)]
    write_products(shop.table("catalogue"), [Product(id="steady", title="s"), Product(id="other", title="o")])
    result = behaviour(shop, lines(tmp_path / "a.jsonl", *rows), now=NOW)
    assert (result.events, result.set_aside) == (43, 0)
    found = {finding.reason: finding for finding in result.findings}
    assert found["outliers"].count == 2
    assert "'rare' (1)" in found["unknown_products"].message
    table = f'SELECT product, "column", amount, usual FROM \'{shop.table("outliers")}\' ORDER BY "column"'
    listed = connect().execute(table).fetchall()
    assert [row[:3] for row in listed] == [("steady", "quantity", 900.0), ("steady", "value", 9_000.0)]
    assert all(1 <= row[3] <= 12 for row in listed)


def test_every_reason_code_is_told_once() -> None:
    assert not cleaning.REASONS.keys() & notes.REASONS.keys()
    assert [cleaning.NAMES[code] for code in sorted(cleaning.NAMES)] == list(cleaning.REASONS)
    assert all(text.endswith(".") for text in {**cleaning.REASONS, **notes.REASONS}.values())
