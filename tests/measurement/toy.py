"""A shop of three shoppers whose report a reader can work out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import msgspec
import numpy as np

from hawker.measurement.sources import Charge, Relations, lay_charges
from hawker.records.catalogue import Product
from hawker.records.events import EVENT_COLUMNS, Event

NULL = "no value"
HOUR = 3_600_000_000
DAY = 24 * HOUR
NOON = 1_700_000_000_000_000 // DAY * DAY + 12 * HOUR  # 2023-11-14

CATALOGUE = (
    Product("tea", "Green tea", category="Grocery > Tea", brand="Leaf"),
    Product("pot", "Tea pot", category="Kitchen > Pots", brand="Leaf"),
    Product("jam", "Plum jam", category="Grocery > Jam", brand="Orchard"),
    Product("sock", "Wool socks", category="Clothing > Socks", brand="Hill"),
)


def event(kind: str, id: str, time: int, **rest: Any) -> Event:
    """An event of the toy shop."""
    return msgspec.convert({"kind": kind, "id": id, "time": time, **rest}, Event)


def lay(
    events: Sequence[Event],
    *,
    charges: Sequence[Charge] = (),
    segments: Sequence[tuple[str, str]] = (),
    catalogue: Sequence[Product] = CATALOGUE,
    **settings: Any,
) -> Relations:
    """Relations over events in memory."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
    _table(connection, "events", EVENT_COLUMNS, [_row(e) for e in events])
    wares = dict.fromkeys(("id", "title", "category", "brand"), "VARCHAR")
    _table(connection, "catalogue", wares, [[getattr(p, name) for name in wares] for p in catalogue])
    _table(connection, "segments", dict.fromkeys(("shopper", "segment"), "VARCHAR"), segments)
    lay_charges(connection, charges)
    return Relations(connection, **{"shop": "Toy shop", "currency": "USD", **settings})


def _row(event: Event) -> list[Any]:
    return [
        msgspec.json.encode(event.attributes).decode() if name == "attributes" else getattr(event, name)
        for name in EVENT_COLUMNS
    ]


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], rows: Any) -> None:
    listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    connection.execute(f"CREATE TABLE {name} ({listed})")
    if rows:
        given = {
            column: np.array([NULL if value is None else str(value) for value in values], dtype=object)
            for column, values in zip(columns, zip(*rows, strict=True), strict=True)
        }
        connection.register("given", given)
        cast = ", ".join(
            f"CAST(nullif(\"{column}\", '{NULL}') AS {kind})" for column, kind in columns.items()
        )
        connection.execute(f"INSERT INTO {name} SELECT {cast} FROM given")
        connection.unregister("given")


def ad(kind: str, decision: str, time: int, **rest: Any) -> Event:
    """An ad event in slot 0 of a decision, for tea in campaign 'c1' on the home page."""
    given = {"product": "tea", "campaign": "c1", "placement": "home", "slot": 0, **rest}
    return event(kind, f"{kind}-{decision}-{time}", time, decision=decision, **given)
