"""Read the flights table: where and when each ad is live, as blocks the index can slice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from hawker.retrieval.index import Flights
from hawker.storage import tables

FOREVER = 2**62


def load(path: Path, ads: Sequence[str], *, start: int = 0, end: int = FOREVER) -> Flights:
    """The flights that overlap [start, end), for ads in the index's order; none without a table.

    The table's columns are ad, location, start, end, display, mailer. Rows that repeat an ad in one
    flight are joined by the later mark in alphabetical order, so that a real place wins over ''.
    """
    if not path.is_file() or not len(ads):
        return Flights()
    connection = tables.connect()
    connection.execute(
        f'CREATE TEMP VIEW flights AS SELECT ad, location, "start" AS first, "end" AS last, display, mailer '
        f'FROM {tables.quoted(path)} WHERE "start" < {int(end)} AND "end" > {int(start)}'
    )
    _codes(connection, "ads", list(ads))
    locations = _names(connection, "SELECT DISTINCT location FROM flights")
    _codes(connection, "locations", locations)
    places = _names(connection, "SELECT display FROM flights UNION SELECT mailer FROM flights")
    _codes(connection, "places", places)
    found = tables.columns(
        connection,
        "SELECT l.code AS location, first, last, a.code AS ad, d.code AS display, m.code AS mailer "
        "FROM flights AS f JOIN codes_ads AS a ON f.ad = a.name "
        "JOIN codes_locations AS l ON f.location = l.name "
        "JOIN codes_places AS d ON f.display = d.name JOIN codes_places AS m ON f.mailer = m.name",
    )
    return _blocks(found, locations, tuple(places))


def _names(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return sorted(str(row[0]) for row in connection.execute(query).fetchall())


def _codes(connection: duckdb.DuckDBPyConnection, name: str, names: list[str]) -> None:
    """A table of names and their positions, to join with."""
    given = {"name": np.array(names, dtype=object), "code": np.arange(len(names), dtype=np.int32)}
    connection.register("given", given)
    connection.execute(
        f"CREATE TEMP TABLE codes_{name} AS SELECT CAST(name AS VARCHAR) AS name, code FROM given"
    )
    connection.unregister("given")


def _blocks(found: dict[str, NDArray[Any]], locations: list[str], places: tuple[str, ...]) -> Flights:
    """Sort flights by place, time and ad; join repeated ones; cut where place or time changes."""
    if not len(found["ad"]):
        return Flights()
    starts, first = np.unique(found["first"], return_inverse=True)
    ends, last = np.unique(found["last"], return_inverse=True)
    period = (found["location"].astype(np.int64) * len(starts) + first) * len(ends) + last
    key = period * (int(found["ad"].max()) + 1) + found["ad"]
    order = np.argsort(key, kind="stable")
    key = key[order]
    fresh = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    marks = np.column_stack([found["display"], found["mailer"]]).astype(np.int8)
    marks = np.maximum.reduceat(marks[order], fresh, axis=0)
    picked = order[fresh]
    cuts = np.flatnonzero(np.r_[True, np.diff(period[picked]) != 0])
    heads = picked[cuts]
    rows = np.column_stack(
        [found["first"][heads], found["last"][heads], cuts, np.append(cuts[1:], len(picked))]
    )
    owner = found["location"][heads]
    return Flights(
        blocks={locations[code]: rows[owner == code] for code in np.unique(owner)},
        ads=found["ad"][picked].astype(np.int32),
        marks=marks,
        places=places,
    )
