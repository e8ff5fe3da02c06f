"""Columns on disk: Parquet tables replaced whole, read through DuckDB."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from hawker.records.catalogue import PRODUCT_COLUMNS, Availability, Product
from hawker.storage import files

_BATCH = 50_000


def connect(*, threads: int | None = None, memory: str | None = None) -> duckdb.DuckDBPyConnection:
    """A fresh in-memory DuckDB in UTC, with optional bounds on threads and memory ('1500MB')."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = true")
    connection.execute("SET enable_progress_bar = false")
    if threads:
        connection.execute(f"SET threads = {int(threads)}")
    if memory:
        connection.execute(f"SET memory_limit = '{memory}'")
    return connection


def quoted(path: Path | str) -> str:
    """A path as an SQL string literal."""
    return "'" + str(path).replace("'", "''") + "'"


def replace(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Write a query's rows to a Parquet table in one step; returns the number of rows."""
    with files.whole(target) as draft:
        connection.execute(f"COPY ({query}) TO {quoted(draft)} (FORMAT parquet, COMPRESSION zstd)")
    counted = connection.execute(f"SELECT count(*) FROM {quoted(target)}").fetchone()
    return int(counted[0]) if counted else 0


def columns(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, NDArray[Any]]:
    """A query's columns as numpy arrays; a NULL is an error of the query's author."""
    result = connection.execute(query).fetchnumpy()
    return {name: np.ma.getdata(column) for name, column in result.items()}


def products(path: Path) -> Iterator[Product]:
    """The products of a catalogue table, in its order; nothing where the table does not exist."""
    if not path.is_file():
        return
    connection = connect()
    names = list(PRODUCT_COLUMNS)
    listed = ", ".join(f'"{name}"' for name in names)
    cursor = connection.execute(f"SELECT {listed} FROM {quoted(path)}")
    while rows := cursor.fetchmany(_BATCH):
        for row in rows:
            yield _product(dict(zip(names, row, strict=True)))


def write_products(path: Path, catalogue: Sequence[Product]) -> int:
    """Write a catalogue table from records; returns the number of products."""
    columns = {name: [_cell(getattr(product, name)) for product in catalogue] for name in PRODUCT_COLUMNS}
    connection = connect(threads=1)
    connection.register("held", {name: np.array(cells, dtype=object) for name, cells in columns.items()})
    cast = ", ".join(f'TRY_CAST("{name}" AS {kind}) AS "{name}"' for name, kind in PRODUCT_COLUMNS.items())
    return replace(connection, f"SELECT {cast} FROM held", path)


def _cell(value: object) -> str:
    """A value as text, which DuckDB reads whatever a column holds; '' as a number is NULL."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "" if value is None else str(value)


def _product(row: dict[str, Any]) -> Product:
    row["availability"] = Availability(row["availability"] or Availability.IN_STOCK)
    row["attributes"] = json.loads(row["attributes"] or "{}")
    return Product(**row)
