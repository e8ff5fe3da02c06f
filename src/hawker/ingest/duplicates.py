"""Which rows say what another row, file or live event has said: exact ones dropped, near ones counted.

Rows are compared by 64-bit hashes in numpy (eight bytes an event, no wide sort); what collides is
compared by its whole id. Why a repeated row may be kept: docs/decisions/0003-duplicates.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from hawker.records.events import EARLIEST, SECOND
from hawker.storage.tables import quoted

NEAR_SECONDS = 2
"""Two views or clicks of one product by one shopper within this time are near duplicates."""
MINUTE = 60 * SECOND

_SECOND_BITS = 28  # 8.5 years of seconds beside 36 bits of hash
_MASK = (1 << _SECOND_BITS) - 1
_REMEMBERED = 30_000_000

NEAR = (
    "CASE WHEN kind IN ('view', 'click') AND shopper <> '' THEN "
    f"((hash(shopper, product, kind) >> {_SECOND_BITS}) << {_SECOND_BITS}) "
    f"| CAST(greatest(time - {EARLIEST}, 0) // {SECOND} % {_MASK + 1} AS UBIGINT) "
    "ELSE CAST(0 AS UBIGINT) END"
)
"""SQL for who saw what (high bits) and when (low bits): sorted, near duplicates are neighbours."""


Rows = Callable[[str], str]
"""SQL for a file's rows as events, all of them (''), or those whose `r` a table of that name holds."""


@dataclass(frozen=True)
class Scan:
    """What the first pass keeps of each row: its hash, its neighbourhood, its time and its fault."""

    key: NDArray[np.uint64]
    near: NDArray[np.uint64]
    time: NDArray[np.int64]
    fault: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.key)

    @property
    def good(self) -> NDArray[np.bool_]:
        held: NDArray[np.bool_] = self.fault == 0
        return held

    @property
    def coarse(self) -> bool:
        """Whether no time tells more than the minute, so that equal rows may be two events."""
        return bool(len(self)) and not np.any(self.time[self.good] % MINUTE)

    @property
    def disordered(self) -> int:
        """How many rows are earlier than the row before."""
        time = self.time[self.good]
        return int(np.count_nonzero(time[1:] < time[:-1]))


def scanned(connection: duckdb.DuckDBPyConnection, query: str, *, key: str) -> Scan:
    """Run the first pass over a cleaning query; `key` is the SQL of the hash rows are compared by."""
    found = connection.execute(
        f"SELECT r, {key} AS key, {NEAR} AS near, time, fault FROM ({query})"
    ).fetchnumpy()
    column = {name: np.ma.getdata(values) for name, values in found.items()}
    row = column.pop("r")
    if np.any(row[1:] != row[:-1] + 1):
        order = np.argsort(row, kind="stable")
        column = {name: values[order] for name, values in column.items()}
    return Scan(column["key"], column["near"], column["time"], column["fault"])


def near(codes: NDArray[np.uint64]) -> int:
    """How many events follow another of the same shopper, product and kind within `NEAR_SECONDS`."""
    ordered = np.sort(codes[codes != 0])
    later, earlier = ordered[1:], ordered[:-1]
    same = (later >> np.uint64(_SECOND_BITS)) == (earlier >> np.uint64(_SECOND_BITS))
    return int(np.count_nonzero(same & (later - earlier <= np.uint64(NEAR_SECONDS))))


def twice(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The values that occur more than once, sorted."""
    ordered = np.sort(keys)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def among(keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which keys are in the sorted array `wanted`."""
    if not len(wanted):
        return np.zeros(len(keys), bool)
    place = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    held: NDArray[np.bool_] = wanted[place] == keys
    return held


class Known:
    """The ids of the events the log holds already, as hashes by history part, read when first asked.

    Live events are expected in the table `known__live`. `besides` names a part that an ingest left
    when it was killed: its events are about to be written again.
    """

    def __init__(self, history: Path) -> None:
        self._history = history
        self._parts: dict[Path, NDArray[np.uint64]] = {}

    def any(self, connection: duckdb.DuckDBPyConnection, *, besides: str) -> bool:
        """Whether the log holds anything at all."""
        counted = connection.execute("SELECT count(*) FROM known__live").fetchone()
        return bool(self._others(besides)) or bool(counted and counted[0])

    def held(
        self, connection: duckdb.DuckDBPyConnection, keys: NDArray[np.uint64], *, besides: str
    ) -> NDArray[np.uint64]:
        """Those of the hashes that the log has, sorted."""
        ordered = np.sort(keys)
        hits = [_shared(ordered, _hashes(connection, "known__live"))]
        hits += [_shared(ordered, self._of(connection, part)) for part in self._others(besides)]
        return np.unique(np.concatenate(hits))

    def confirmed(
        self, connection: duckdb.DuckDBPyConnection, query: str, *, besides: str
    ) -> NDArray[np.int64]:
        """Those rows of a query whose whole id the log has."""
        ids = " UNION ALL ".join(
            f"SELECT id FROM {table}" for table in ("known__live", *map(quoted, self._others(besides)))
        )
        found = connection.execute(
            f"SELECT q.r AS r FROM ({query}) AS q SEMI JOIN ({ids}) AS log ON q.id = log.id ORDER BY q.r"
        ).fetchnumpy()["r"]
        confirmed: NDArray[np.int64] = np.ma.getdata(found)
        return confirmed

    def _others(self, besides: str) -> list[Path]:
        return [part for part in sorted(self._history.glob("*.parquet")) if part.stem != besides]

    def _of(self, connection: duckdb.DuckDBPyConnection, part: Path) -> NDArray[np.uint64]:
        if part in self._parts:
            return self._parts[part]
        hashes = np.sort(_hashes(connection, quoted(part)))
        if len(hashes) + sum(map(len, self._parts.values())) <= _REMEMBERED:
            self._parts[part] = hashes
        return hashes


def _hashes(connection: duckdb.DuckDBPyConnection, table: str) -> NDArray[np.uint64]:
    found = connection.execute(f"SELECT hash(id) AS key FROM {table}").fetchnumpy()["key"]
    hashes: NDArray[np.uint64] = np.ma.getdata(found)
    return hashes


def _shared(ordered: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return other[among(other, ordered)]


@dataclass(frozen=True)
class Verdict:
    """What a file repeats: rows to leave out, and rows kept as a further copy of an equal one.

    `within` rows repeat a row of the same file, `before` rows an event the log had already.
    """

    dropped: NDArray[np.int64]
    copies: NDArray[np.int64]
    ordinals: NDArray[np.int64]
    within: int
    before: int

    def distinct(self, connection: duckdb.DuckDBPyConnection, rows: Rows, scan: Scan) -> str:
        """SQL for the rows to keep, each under its own id; it need not judge again what the scan judged."""
        kept = _numbered(connection, rows(""), self.copies, self.ordinals)
        gone = np.concatenate([np.flatnonzero(scan.fault), self.dropped]).astype(np.int64)
        if not len(gone):
            return kept
        connection.register("dropped", {"r": gone})
        return f"SELECT * FROM ({kept}) AS kept ANTI JOIN dropped ON kept.r = dropped.r"


def judge(
    connection: duckdb.DuckDBPyConnection, rows: Rows, scan: Scan, *, known: Known, part: str, own_ids: bool
) -> Verdict:
    """Which rows repeat an event of this file or of the log. `part` is the name it will have there.

    `own_ids` says that the source names its events: then a repeated id is always a duplicate.
    The events of the live log are expected in the table `known__live`.
    """
    key = np.where(scan.good, scan.key, 0).astype(np.uint64)
    repeated = np.flatnonzero(scan.good & among(key, twice(key[scan.good])))
    later, ordinals = _repeats(connection, rows, repeated)
    kept = scan.good.copy()
    copies = later if scan.coarse and not own_ids else later[:0]
    within = later if not len(copies) else later[:0]
    kept[within] = False
    ordinals = ordinals[: len(copies)]
    if not known.any(connection, besides=part):
        return Verdict(within, copies, ordinals, len(within), 0)
    if len(copies):
        connection.register("wanted", {"r": copies})
        numbered = _numbered(connection, rows("wanted"), copies, ordinals)
        key[copies] = _hashes(connection, f"({numbered} ORDER BY q.r)")
    held = known.held(connection, key[kept], besides=part)
    candidates = np.flatnonzero(kept & among(key, held))
    connection.register("wanted", {"r": candidates.astype(np.int64)})
    numbered = _numbered(connection, rows("wanted"), copies, ordinals)
    before = known.confirmed(connection, numbered, besides=part) if len(candidates) else later[:0]
    fresh = ~np.isin(copies, before)
    return Verdict(np.concatenate([within, before]), copies[fresh], ordinals[fresh], len(within), len(before))


def _repeats(
    connection: duckdb.DuckDBPyConnection, rows: Rows, repeated: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of the candidate rows those whose whole id an earlier one has, and the how-manieth copy each is."""
    if not len(repeated):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    connection.register("wanted", {"r": repeated.astype(np.int64)})
    found = connection.execute(
        "SELECT r, ordinal FROM (SELECT q.r AS r, row_number() OVER (PARTITION BY q.id ORDER BY q.r) - 1 "
        f"AS ordinal FROM ({rows('wanted')}) AS q) "
        "WHERE ordinal > 0 ORDER BY r"
    ).fetchnumpy()
    return np.ma.getdata(found["r"]), np.ma.getdata(found["ordinal"])


def _numbered(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    copies: NDArray[np.int64],
    ordinals: NDArray[np.int64],
) -> str:
    """The query with an id of its own for every further copy: the digest of the first's id and a number."""
    if not len(copies):
        return query
    connection.register("copies", {"r": copies, "ordinal": ordinals})
    return (
        "SELECT q.* REPLACE (CASE WHEN c.ordinal IS NULL THEN q.id "
        "ELSE md5(concat(q.id, '#', c.ordinal)) END AS id) "
        f"FROM ({query}) AS q LEFT JOIN copies AS c ON q.r = c.r"
    )
