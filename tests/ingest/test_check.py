"""What a check finds in a shop: each trouble planted, found, and absent from a shop in order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hawker.ingest.check import REASONS, CheckResult, check
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind
from hawker.records.finding import Severity
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop
from hawker.storage.tables import write_products

START = 20_454 * DAY  # a Thursday


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


def orderly(days: int = 28, *, skip: tuple[int, ...] = (), **other: object) -> Iterator[Event]:
    """Twenty views and ten purchases a day of two products."""
    for day in range(days):
        for number in range(0 if day in skip else 30):
            kind = EventKind.VIEW if number % 3 else EventKind.PURCHASE
            fields = {
                "shopper": f"u{number}",
                "product": f"p{number % 2}",
                "value": 5,
                "currency": "EUR",
                **other,
            }
            moment = START + day * DAY + number * 60_000_000
            yield Event(kind=kind, time=moment, id=f"e{day}-{number}", **fields)  # type: ignore[arg-type]


def stock(shop: Shop, *, price: int = 9, count: int = 2) -> None:
    write_products(
        shop.table("catalogue"), [Product(id=f"p{i}", title="t", price=price) for i in range(count)]
    )


def reasons(result: CheckResult) -> dict[str, Severity]:
    return {finding.reason: finding.severity for finding in result.findings}


def test_an_empty_shop_has_nothing_to_learn_from(shop: Shop) -> None:
    result = check(shop)
    assert reasons(result) == {"no_catalogue": Severity.ERROR, "no_events": Severity.ERROR}
    assert result.exit_code == 2
    assert "hawker ingest" in str(result)


def test_a_shop_in_order_has_no_findings(shop: Shop) -> None:
    stock(shop)
    EventLog(shop.events).append(list(orderly()))
    result = check(shop)
    assert result.findings == ()
    assert result.exit_code == 0
    assert str(result) == "Nothing to report: the shop is in order."


@pytest.mark.parametrize(
    ("planted", "severity"),
    [
        ("unpriced_products", Severity.ERROR),
        ("silent_products", Severity.NOTE),
        ("unknown_products", Severity.ERROR),
        ("unknown_shoppers", Severity.WARNING),
        ("missing_days", Severity.WARNING),
        ("clock_skew", Severity.WARNING),
        ("mixed_currencies", Severity.WARNING),
        ("synthetic_events", Severity.NOTE),
        ("quarantined", Severity.WARNING),
        ("rate_change", Severity.WARNING),
        ("unreadable_log", Severity.ERROR),
    ],
)
def test_each_trouble_is_found_alone(shop: Shop, planted: str, severity: Severity) -> None:
    stock(
        shop, price=0 if planted == "unpriced_products" else 9, count=3 if planted == "silent_products" else 2
    )
    log = EventLog(shop.events)
    log.append(list(orderly(skip=(9,) if planted == "missing_days" else ())))
    again = {
        "unknown_products": {"product": "p9"},
        "unknown_shoppers": {"shopper": ""},
        "mixed_currencies": {"currency": "USD"},
        "synthetic_events": {"synthetic": True},
        "clock_skew": {"received": START + 90 * DAY},
    }
    if planted in again:
        more = (Event(**{**{n: getattr(e, n) for n in e.__struct_fields__}, "id": f"x{e.id}"})
                for e in orderly(**again[planted]))  # fmt: skip
        double = planted == "unknown_shoppers"
        log.append(list(more))
        if double:
            log.append(
                [Event(kind=EventKind.VIEW, time=START + 2 * DAY, id=f"y{i}", product="p0") for i in range(9)]
            )
    if planted == "rate_change":
        extra = (START // (7 * DAY) + 2) * 7 * DAY
        log.append([Event(kind=EventKind.PURCHASE, time=extra + i, id=f"r{i}", shopper="u", product="p0")
                    for i in range(900)])  # fmt: skip
        log.append([Event(kind=EventKind.VIEW, time=START + i, id=f"s{i}", shopper="u", product="p0")
                    for i in range(9)])  # fmt: skip
    if planted == "quarantined":
        target = shop.quarantine / "behaviour" / "b.jsonl"
        target.parent.mkdir(parents=True)
        target.write_text('{"file": "f", "line": 1, "reason": "bad_time", "message": "m", "raw": "r"}\n')
    if planted == "unreadable_log":
        (shop.events / "history" / "torn.parquet").write_bytes(b"PAR1 torn")
    result = check(shop)
    found = reasons(result)
    assert found[planted] == severity, str(result)
    assert planted in REASONS
    others = found.keys() - {planted} - ({"missing_days"} if planted == "rate_change" else set())
    assert not others, str(result)
    assert result.exit_code == int(severity)


def test_gaps_name_their_days(shop: Shop) -> None:
    stock(shop)
    EventLog(shop.events).append(list(orderly(skip=(9, 16))))
    (finding,) = check(shop).findings
    days = [time.strftime("%Y-%m-%d", time.gmtime((START + day * DAY) / 1e6)) for day in (9, 16)]
    assert finding.count == 2
    assert all(f"{day} (0)" in finding.message for day in days)
