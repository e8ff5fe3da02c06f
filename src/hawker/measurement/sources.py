"""What a report reads: relations on one DuckDB connection, and how the shop's day and names go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hawker.errors import BadInput
from hawker.records.attribution import Windows
from hawker.storage.shop import Shop

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Charge = tuple[str, str, int, int]
CHARGE_COLUMNS = {"impression": "VARCHAR", "campaign": "VARCHAR", "amount": "BIGINT", "time": "BIGINT"}
_EMPTY = {
    "catalogue": "SELECT '' AS id, '' AS title, '' AS category, '' AS brand WHERE false",
    "segments": "SELECT '' AS shopper, '' AS segment WHERE false",
    "charges": "SELECT '' AS impression, '' AS campaign, 0::BIGINT AS amount, 0::BIGINT AS time WHERE false",
}


@dataclass(frozen=True)
class Relations:
    """Names of relations on `connection`: `events` has the columns of the event log, `catalogue` at

    least id, title, category and brand, `segments` shopper and segment, `charges` impression,
    campaign, amount (micros) and time. The impression of a charge is 'decision/slot', or the id of
    an impression event that names no decision. `names` holds labels by dimension and key,
    `windows` how far sales look back unless a report is told otherwise.
    """

    connection: DuckDBPyConnection
    events: str = "events"
    catalogue: str = "catalogue"
    segments: str = "segments"
    charges: str = "charges"
    shop: str = "shop"
    currency: str = ""
    utc_offset_minutes: int = 0
    day_starts_at_minutes: int = 0
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    windows: Windows = field(default_factory=Windows)

    @property
    def offset(self) -> int:
        """Microseconds from UTC to the shop's clock."""
        return self.utc_offset_minutes * 60_000_000

    @property
    def shift(self) -> int:
        """Microseconds to add to a time so that the shop's day turns at midnight."""
        return (self.utc_offset_minutes - self.day_starts_at_minutes) * 60_000_000


def relations(
    shop: Shop,
    *,
    charges: Iterable[Charge] | Mapping[str, Any] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
    threads: int | None = None,
) -> Relations:
    """Open what a shop holds: its event log, catalogue and segments, with the charges given.

    `charges` are rows (impression, campaign, amount, time) or those four columns by name; none
    means that nothing was charged. A table the shop does not have yet is read as empty.
    """
    from hawker.storage.event_log import EventLog
    from hawker.storage.tables import connect, quoted

    connection = connect(threads=threads)
    EventLog(shop.events).view(connection, name="events")
    for name in ("catalogue", "segments"):
        path = shop.table(name)
        query = f"SELECT * FROM {quoted(path)}" if path.is_file() else _EMPTY[name]
        connection.execute(f"CREATE TEMP VIEW {name} AS {query}")
    lay_charges(connection, charges)
    settings = shop.settings
    return Relations(
        connection,
        shop=settings.name,
        currency=settings.currency,
        utc_offset_minutes=settings.utc_offset_minutes,
        day_starts_at_minutes=settings.day_starts_at_minutes,
        names=names or {},
        windows=settings.attribution,
    )


@contextmanager
def opened(
    source: Shop | Relations,
    *,
    charges: Iterable[Charge] | Mapping[str, Any] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
) -> Iterator[Relations]:
    """The relations of a shop, closed at the end, or those given, with these charges and names if any."""
    if isinstance(source, Relations):
        if charges is not None:
            lay_charges(source.connection, charges)
            source = replace(source, charges="charges")
        yield replace(source, names=names) if names is not None else source
        return
    found = relations(source, charges=charges, names=names)
    try:
        yield found
    finally:
        found.connection.close()


def lay_charges(connection: DuckDBPyConnection, charges: Iterable[Charge] | Mapping[str, Any] | None) -> None:
    """Make the relation `charges` from rows or columns; raises `BadInput` where a column lacks."""
    columns = _columns(charges)
    if not columns or not len(columns["impression"]):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE charges AS {_EMPTY['charges']}")
        return
    connection.register("charges_given", columns)
    cast = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in CHARGE_COLUMNS.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE charges AS SELECT {cast} FROM charges_given")
    connection.unregister("charges_given")


def _columns(charges: Iterable[Charge] | Mapping[str, Any] | None) -> dict[str, Any]:
    if charges is None:
        return {}
    if isinstance(charges, Mapping):
        missing = [name for name in CHARGE_COLUMNS if name not in charges]
        if missing:
            raise BadInput(
                f"The charges lack the column '{missing[0]}'.",
                remedy=f"Give {', '.join(CHARGE_COLUMNS)}.",
            )
        return {name: np.asarray(charges[name]) for name in CHARGE_COLUMNS}
    rows = list(charges)
    kinds = (object, object, np.int64, np.int64)
    return {
        name: np.array([row[place] for row in rows], dtype=kind)
        for place, (name, kind) in enumerate(zip(CHARGE_COLUMNS, kinds, strict=True))
    }
