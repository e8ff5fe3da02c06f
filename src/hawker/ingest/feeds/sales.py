"""The products named in a list of sales: one per id, under its commonest name and median price."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from hawker.ingest.feeds import plain
from hawker.ingest.feeds.price import price
from hawker.ingest.feeds.rows import Broken, Row
from hawker.records.money import MICROS
from hawker.storage import tables

Sales = Iterator[tuple[int, str, str, str, int]]


def read(path: Path, columns: Mapping[str, str]) -> Iterator[Row | Broken]:
    """One row per product id. Names and prices of lines that sold for nothing count only where there

    are no others: they are breakages and corrections of stock.
    """
    names: dict[str, Counter[str]] = defaultdict(Counter)
    free: dict[str, Counter[str]] = defaultdict(Counter)
    prices: dict[str, Counter[int]] = defaultdict(Counter)
    begun: dict[str, int] = {}
    currencies: dict[str, str] = {}
    for line in _counted(path, columns):
        if isinstance(line, Broken):
            yield line
            continue
        number, key, name, paid, count = line
        begun.setdefault(key, number)
        found = price(paid)
        (names if found.amount else free)[key][name.strip()] += count
        if found.amount:
            prices[key][found.amount] += count
            currencies[key] = found.currency
    for key, number in begun.items():
        fields = {"id": key, "title": _commonest(names[key]) or _commonest(free[key])}
        if prices[key]:
            fields["price"] = f"{Decimal(_median(prices[key])) / MICROS:f} {currencies[key]}"
        yield Row(number, fields, raw=json.dumps(fields, ensure_ascii=False))


def _counted(path: Path, columns: Mapping[str, str]) -> Iterator[tuple[int, str, str, str, int] | Broken]:
    """Distinct (id, name, price) with the number of lines; DuckDB counts a Parquet file's."""
    wanted = [columns.get(field, "") for field in ("id", "title", "price")]
    if plain.table_kind(path) == "parquet":
        yield from _grouped(path, wanted)
        return
    for record in plain.records(path):
        if isinstance(record, Broken):
            yield record
        else:
            key, name, paid = (record[1].get(column, "") for column in wanted)
            yield record[0], key.strip(), name, paid, 1


def _grouped(path: Path, wanted: list[str]) -> Sales:
    picked = ", ".join(
        f"coalesce(CAST({_column(name)} AS VARCHAR), '') AS {alias}"
        for name, alias in zip(wanted, "ktp", strict=True)
    )
    file = f"read_parquet({tables.quoted(path)}, file_row_number = true)"
    query = (
        "SELECT min(file_row_number) + 1 AS r, trim(k), t, p, count(*) "
        f"FROM (SELECT file_row_number, {picked} FROM {file}) GROUP BY k, t, p ORDER BY r, t, p"
    )
    cursor = tables.connect(threads=1).execute(query)
    while batch := cursor.fetchmany(5_000):
        yield from batch


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if name else "''"


def _commonest(counts: Counter[str]) -> str:
    """The name counted most often; the longer, then the later in the alphabet, where two tie."""
    return max(
        (name for name in counts if name), key=lambda name: (counts[name], len(name), name), default=""
    )


def _median(counts: Counter[int]) -> int:
    """The lower median of counted values."""
    half, seen = sum(counts.values()) / 2, 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= half:
            return value
    return 0
