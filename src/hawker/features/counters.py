"""The counters' kernel: one compiled loop that both replays a year and takes in a single live event.

State is a hash index from (table, key a, key b) to a row in one flat arena of floats. A row is
[last touched (days), last session, column 0, column 1, …]; decaying sums are kept as of the row's last touch
and brought to the present when touched or read, so an untouched row costs nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.features.compiled import compiled
from hawker.features.events import EventArrays
from hawker.features.schema import VALUES, Plan

EPOCH = 946_684_800_000_000  # 2000-01-01 in microseconds; days since then are exact to a microsecond
DAY = 86_400_000_000.0
HEAD = 2
_V_VISIT, _V_REPEAT, _V_GAP, _V_GAP_VISITS = (VALUES.index(n) for n in VALUES[4:])


class Counters:
    """The state of all tables of a plan. Same events in the same order give the same bits."""

    def __init__(self, plan: Plan, *, rows: int = 1024) -> None:
        self.plan = plan
        self._keys = np.zeros(4 * rows, dtype=np.uint64)
        self._rows = np.zeros(4 * rows, dtype=np.int64)
        self._arena = np.zeros(rows * 8, dtype=np.float64)
        self._used = np.zeros(2, dtype=np.int64)  # rows in the index, floats in the arena

    def __len__(self) -> int:
        return int(self._used[0])

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        return self._keys.nbytes + self._rows.nbytes + self._arena.nbytes

    def fold(self, events: EventArrays, *, start: int = 0, stop: int | None = None) -> None:
        """Take in events[start:stop], which must come in canonical order."""
        end = len(events) if stop is None else stop
        while start < end:
            start = _fold(
                self.plan.table_rows,
                self.plan.column_rows,
                self.plan.half_lives,
                self._keys,
                self._rows,
                self._arena,
                self._used,
                events.time,
                events.kind,
                events.session,
                events.keys,
                events.values,
                start,
                end,
            )
            if start < end:
                self._grow()

    def read(self, table: int, a: NDArray[np.int32], b: NDArray[np.int32], now: int) -> NDArray[np.float64]:
        """Rows of one table for key pairs (a[i], b[i]) as of `now`: (n, columns).

        A single-key table takes its key in `a`; `b` is ignored. Where there is no row, sums are 0
        and FIRST / LAST are NaN.
        """
        first, width = self.plan.table_rows[table, 2], self.plan.table_rows[table, 3]
        out = np.empty((len(a), width), dtype=np.float64)
        _read(
            table,
            self.plan.table_rows[table, 1] >= 0,
            self.plan.column_rows[first : first + width],
            self.plan.half_lives,
            self._keys,
            self._rows,
            self._arena,
            a,
            b,
            (now - EPOCH) / DAY,
            out,
        )
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state as named arrays, for a snapshot."""
        return {
            "keys": self._keys,
            "rows": self._rows,
            "arena": self._arena[: self._used[1]],
            "used": self._used,
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over a snapshot made by `arrays`."""
        self._keys = arrays["keys"].astype(np.uint64)
        self._rows = arrays["rows"].astype(np.int64)
        self._arena = arrays["arena"].astype(np.float64)
        self._used = arrays["used"].astype(np.int64)

    def keys(self, table: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """All keys (a, b) of one table, in ascending order."""
        found = np.sort(self._keys[(self._keys >> np.uint64(58)) == np.uint64(table + 1)])
        a = ((found >> np.uint64(29)) & np.uint64(0x1FFFFFFF)).astype(np.int32)
        return a, (found & np.uint64(0x1FFFFFFF)).astype(np.int32)

    def _grow(self) -> None:
        if 2 * self._used[0] >= len(self._keys) - 64:
            keys, rows = self._keys, self._rows
            self._keys = np.zeros(2 * len(keys), dtype=np.uint64)
            self._rows = np.zeros(2 * len(keys), dtype=np.int64)
            _rehash(keys, rows, self._keys, self._rows)
        grown = np.zeros(2 * len(self._arena) + 4096, dtype=np.float64)
        grown[: self._used[1]] = self._arena[: self._used[1]]
        self._arena = grown


@compiled
def _pack(table: int, a: int, b: int) -> np.uint64:
    return (np.uint64(table + 1) << np.uint64(58)) | (np.uint64(a) << np.uint64(29)) | np.uint64(b)


@compiled
def _slot(keys: NDArray[np.uint64], key: np.uint64) -> np.int64:
    mask = np.uint64(len(keys) - 1)
    mixed = key * np.uint64(0x9E3779B97F4A7C15)
    place = (mixed ^ (mixed >> np.uint64(32))) & mask
    while keys[place] != np.uint64(0) and keys[place] != key:
        place = (place + np.uint64(1)) & mask
    return np.int64(place)


@compiled
def _rehash(
    keys: NDArray[np.uint64],
    rows: NDArray[np.int64],
    new_keys: NDArray[np.uint64],
    new_rows: NDArray[np.int64],
) -> None:
    for i in range(len(keys)):
        if keys[i] != np.uint64(0):
            place = _slot(new_keys, keys[i])
            new_keys[place] = keys[i]
            new_rows[place] = rows[i]


@compiled
def _touch(
    table: int,
    a: int,
    b: int,
    columns: NDArray[np.int64],
    keys: NDArray[np.uint64],
    rows: NDArray[np.int64],
    arena: NDArray[np.float64],
    used: NDArray[np.int64],
    today: float,
) -> int:
    """The arena offset of a row, made where it is new."""
    key = _pack(table, a, b)
    place = _slot(keys, key)
    if keys[place] == key:
        return int(rows[place])
    offset = used[1]
    keys[place] = key
    rows[place] = offset
    used[0] += 1
    used[1] += HEAD + len(columns)
    arena[offset] = today
    arena[offset + 1] = -1.0
    for c in range(len(columns)):
        arena[offset + HEAD + c] = np.nan if columns[c, 0] == 2 or columns[c, 0] == 3 else 0.0
    return int(offset)


@compiled
def _update(
    columns: NDArray[np.int64],
    factors: NDArray[np.float64],
    arena: NDArray[np.float64],
    offset: int,
    bit: int,
    today: float,
    session: float,
    values: NDArray[np.float64],
) -> None:
    visited = False
    for c in range(len(columns)):
        op = columns[c, 0]
        cell = offset + HEAD + c
        hit = (columns[c, 2] & bit) != 0
        if op == 1:
            arena[cell] *= factors[columns[c, 3]]
            if hit:
                arena[cell] += values[columns[c, 1]]
        elif hit:
            if op == 0:
                arena[cell] += values[columns[c, 1]]
            elif op == 4:
                visited = True
                if arena[offset + 1] != session:
                    arena[cell] += 1.0
            elif op == 3 or np.isnan(arena[cell]):
                arena[cell] = values[columns[c, 1]] if columns[c, 1] == _V_VISIT else today
    arena[offset] = today
    if visited:
        arena[offset + 1] = session


@compiled
def _fold(
    tables: NDArray[np.int64],
    columns: NDArray[np.int64],
    half_lives: NDArray[np.float64],
    keys: NDArray[np.uint64],
    rows: NDArray[np.int64],
    arena: NDArray[np.float64],
    used: NDArray[np.int64],
    time: NDArray[np.int64],
    kind: NDArray[np.int8],
    session: NDArray[np.int64],
    ids: NDArray[np.int32],
    given: NDArray[np.float64],
    start: int,
    stop: int,
) -> int:
    """Fold events[start:stop]; returns where it stopped because index or arena must grow."""
    room = len(tables)
    widest = len(tables) * HEAD + len(columns)
    values = np.zeros(8, dtype=np.float64)
    factors = np.ones(len(half_lives), dtype=np.float64)
    for e in range(start, stop):
        if 2 * (used[0] + room) > len(keys) or used[1] + widest > len(arena):
            return e
        today = (time[e] - EPOCH) / DAY
        bit = np.int64(1) << kind[e]
        values[:4] = given[e]
        values[4:] = 0.0
        for t in range(len(tables)):
            if (tables[t, 5] & bit) == 0:
                continue
            a = ids[e, tables[t, 0]]
            b = ids[e, tables[t, 1]] if tables[t, 1] >= 0 else 0
            if a < 0 or b < 0:
                continue
            own = columns[tables[t, 2] : tables[t, 2] + tables[t, 3]]
            offset = _touch(t, a, b, own, keys, rows, arena, used, today)
            if tables[t, 4] and (own[0, 2] & bit) != 0:
                values[_V_REPEAT] = 1.0 if arena[offset + HEAD] > 0.0 else 0.0
                again = values[_V_REPEAT] > 0.0
                values[_V_GAP] = today - arena[offset + HEAD + 1] if again else 0.0
                values[_V_GAP_VISITS] = values[_V_VISIT] - arena[offset + HEAD + 2] if again else 0.0
            elapsed = today - arena[offset]
            for h in range(len(half_lives)):
                factors[h] = 1.0
            if elapsed > 0.0:
                for c in range(len(own)):
                    if own[c, 0] == 1 and factors[own[c, 3]] == 1.0:
                        factors[own[c, 3]] = 2.0 ** (-elapsed / half_lives[own[c, 3]])
            _update(own, factors, arena, offset, bit, today, float(session[e]), values)
            if tables[t, 0] == 0 and tables[t, 1] < 0 and own[0, 0] == 4:
                values[_V_VISIT] = arena[offset + HEAD]
    return stop


@compiled
def _read(
    table: int,
    paired: bool,
    columns: NDArray[np.int64],
    half_lives: NDArray[np.float64],
    keys: NDArray[np.uint64],
    rows: NDArray[np.int64],
    arena: NDArray[np.float64],
    a: NDArray[np.int32],
    b: NDArray[np.int32],
    today: float,
    out: NDArray[np.float64],
) -> None:
    for i in range(len(a)):
        key = np.uint64(0)
        if a[i] >= 0 and (not paired or b[i] >= 0):
            key = _pack(table, a[i], b[i] if paired else 0)
        place = _slot(keys, key) if key != np.uint64(0) else np.int64(0)
        if key == np.uint64(0) or keys[place] != key:
            for c in range(len(columns)):
                out[i, c] = np.nan if columns[c, 0] == 2 or columns[c, 0] == 3 else 0.0
            continue
        offset = rows[place]
        elapsed = max(today - arena[offset], 0.0)
        for c in range(len(columns)):
            out[i, c] = arena[offset + HEAD + c]
            if columns[c, 0] == 1 and elapsed > 0.0:
                out[i, c] *= 2.0 ** (-elapsed / half_lives[columns[c, 3]])
