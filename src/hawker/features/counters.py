"""The counters' kernel: one compiled loop that both replays a year and takes in a single live event.

State is a hash index from (table, key a, key b) to a row in one flat arena of floats. A row is
[last touched (days), last session, column 0, column 1, …]; decaying sums are kept as of the row's last touch
and brought to the present when touched or read, so an untouched row costs nothing.

Memory, not arithmetic, sets the pace: events are taken in blocks, and a first pass over a block asks for
every row it will need, so that the waits overlap. The block's size changes the speed, never the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.features.compiled import compiled
from hawker.features.events import EventArrays
from hawker.features.schema import VALUES, Plan

EPOCH = 946_684_800_000_000  # 2000-01-01 in microseconds; days since then are exact to a microsecond
DAY = 86_400_000_000.0
LARGEST = 0x1FFFFFFF  # codes have 29 bits
HEAD = 2
BLOCK = 32
SILENCE = 30.0 / 1440.0
"""Where events name no session, a visit ends after this many days (half an hour) of silence."""
_ANONYMOUS, _NEVER = -1.0, -2.0  # a row's last session: an event without one; none yet
_V_VISIT, _V_REPEAT, _V_GAP, _V_GAP_VISITS = (VALUES.index(n) for n in VALUES[4:])


class Counters:
    """The state of all tables of a plan. Same events in the same order give the same bits."""

    def __init__(self, plan: Plan, *, rows: int = 1024) -> None:
        self.plan = plan
        self._rates = -1.0 / plan.half_lives
        self._index = np.zeros((4 * rows, 2), dtype=np.uint64)  # (slots, 2): packed key, place in the arena
        self._arena = np.zeros(rows * 8, dtype=np.float64)
        self._used = np.zeros(3, dtype=np.int64)  # rows in the index, floats in the arena, a sink for reads

    def __len__(self) -> int:
        return int(self._used[0])

    @property
    def rates(self) -> NDArray[np.float64]:
        """By decay slot: the exponent of 2 per day."""
        return self._rates

    @property
    def index(self) -> NDArray[np.uint64]:
        """The hash index as it is now: (slots, 2), packed key and place in the arena."""
        return self._index

    @property
    def arena(self) -> NDArray[np.float64]:
        """All rows as they are now; a row never moves."""
        return self._arena

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        return self._index.nbytes + self._arena.nbytes

    def fold(self, events: EventArrays, *, start: int = 0, stop: int | None = None) -> None:
        """Take in events[start:stop], which must come in canonical order."""
        end = len(events) if stop is None else stop
        while start < end:
            start = _fold(
                self.plan.table_rows,
                self.plan.column_rows,
                self._rates,
                self._index,
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
            self._rates,
            self._index,
            self._arena,
            a,
            b,
            (now - EPOCH) / DAY,
            out,
        )
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state as named arrays, for a snapshot."""
        return {"index": self._index, "arena": self._arena[: self._used[1]], "used": self._used}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over a snapshot made by `arrays`."""
        self._index = arrays["index"].astype(np.uint64)
        self._arena = arrays["arena"].astype(np.float64)
        self._used = arrays["used"].astype(np.int64)

    def keys(self, table: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """All keys (a, b) of one table, in ascending order."""
        packed = self._index[:, 0]
        found = np.sort(packed[(packed >> np.uint64(58)) == np.uint64(table + 1)])
        a = ((found >> np.uint64(29)) & np.uint64(LARGEST)).astype(np.int32)
        return a, (found & np.uint64(LARGEST)).astype(np.int32)

    def partners(self, tables: Sequence[int], a: int) -> list[NDArray[np.int32]]:
        """For each of some tables the second keys that share the first key `a`, ascending.

        One pass over the index finds them all: about ten milliseconds for a million rows.
        """
        mask = sum(1 << table for table in tables)
        packed = np.sort(_sharing(self._index, a, mask)) if a >= 0 else np.zeros(0, dtype=np.uint64)
        which = (packed >> np.uint64(58)).astype(np.int64) - 1
        b = (packed & np.uint64(LARGEST)).astype(np.int32)
        return [b[which == table] for table in tables]

    def _grow(self) -> None:
        """Room for more: the index is at most half full, and a block of new rows fits into the arena."""
        room = BLOCK * len(self.plan.table_rows)
        if 2 * (self._used[0] + room) > len(self._index):
            old = self._index
            self._index = np.zeros((2 * len(old), 2), dtype=np.uint64)
            _rehash(old, self._index)
        if self._used[1] + BLOCK * _widest(self.plan.table_rows, self.plan.column_rows) > len(self._arena):
            grown = np.zeros(2 * len(self._arena) + 4096, dtype=np.float64)
            grown[: self._used[1]] = self._arena[: self._used[1]]
            self._arena = grown


@compiled
def _widest(tables: NDArray[np.int64], columns: NDArray[np.int64]) -> int:
    """The floats that one event may add to the arena."""
    return len(tables) * HEAD + len(columns)


@compiled
def _pack(table: int, a: int, b: int) -> np.uint64:
    return (np.uint64(table + 1) << np.uint64(58)) | (np.uint64(a) << np.uint64(29)) | np.uint64(b)


@compiled
def _slot(index: NDArray[np.uint64], key: np.uint64) -> np.int64:
    """Where a key stands in the index, or where it would be put."""
    return _probe(index, key, _home(index, key))


@compiled
def _home(index: NDArray[np.uint64], key: np.uint64) -> np.int64:
    """Where the search for a key begins."""
    mixed = key * np.uint64(0x9E3779B97F4A7C15)
    return np.int64((mixed ^ (mixed >> np.uint64(32))) & np.uint64(len(index) - 1))


@compiled
def _probe(index: NDArray[np.uint64], key: np.uint64, place: np.int64) -> np.int64:
    while index[place, 0] != np.uint64(0) and index[place, 0] != key:
        place = (place + np.int64(1)) & np.int64(len(index) - 1)
    return place


@compiled
def _rehash(index: NDArray[np.uint64], grown: NDArray[np.uint64]) -> None:
    for i in range(len(index)):
        if index[i, 0] != np.uint64(0):
            place = _slot(grown, index[i, 0])
            grown[place, 0] = index[i, 0]
            grown[place, 1] = index[i, 1]


@compiled
def _blank(columns: NDArray[np.int64], arena: NDArray[np.float64], offset: np.int64, today: float) -> None:
    """A row that nothing has happened to yet."""
    arena[offset] = today
    arena[offset + 1] = _NEVER
    for c in range(len(columns)):
        arena[offset + HEAD + c] = np.nan if columns[c, 0] == 2 or columns[c, 0] == 3 else 0.0


@compiled
def _ask(
    tables: NDArray[np.int64],
    index: NDArray[np.uint64],
    arena: NDArray[np.float64],
    kind: NDArray[np.int8],
    ids: NDArray[np.int32],
    start: int,
    stop: int,
    wanted: NDArray[np.uint64],
    places: NDArray[np.int64],
) -> float:
    """Find the slots of a block of events, and read one number of each row that exists already."""
    for e in range(start, stop):
        bit = np.int64(1) << kind[e]
        for t in range(len(tables)):
            i = (e - start) * len(tables) + t
            wanted[i] = np.uint64(0)
            if (tables[t, 5] & bit) == 0:
                continue
            a = ids[e, tables[t, 0]]
            b = ids[e, tables[t, 1]] if tables[t, 1] >= 0 else 0
            if a >= 0 and b >= 0:
                wanted[i] = _pack(t, a, b)
                places[i] = _slot(index, wanted[i])
    sink = 0.0
    for i in range((stop - start) * len(tables)):
        if wanted[i] != np.uint64(0) and index[places[i], 0] == wanted[i]:
            sink += arena[np.int64(index[places[i], 1])]
    return sink


@compiled
def _update(
    columns: NDArray[np.int64],
    factors: NDArray[np.float64],
    arena: NDArray[np.float64],
    offset: np.int64,
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
                silent = session == _ANONYMOUS and today - arena[offset] > SILENCE
                if arena[offset + 1] != session or silent:
                    arena[cell] += 1.0
            elif op == 3 or np.isnan(arena[cell]):
                arena[cell] = today if columns[c, 1] == 0 else values[columns[c, 1]]
    arena[offset] = today
    if visited:
        arena[offset + 1] = session


@compiled
def _expose(arena: NDArray[np.float64], offset: np.int64, today: float, values: NDArray[np.float64]) -> None:
    """What a pair says of an event before taking it in: a repeat or not, and the gap since the last."""
    again = arena[offset + HEAD] > 0.0
    values[_V_REPEAT] = 1.0 if again else 0.0
    values[_V_GAP] = today - arena[offset + HEAD + 1] if again else 0.0
    values[_V_GAP_VISITS] = values[_V_VISIT] - arena[offset + HEAD + 2] if again else 0.0


@compiled
def _decay(
    columns: NDArray[np.int64], rates: NDArray[np.float64], elapsed: float, factors: NDArray[np.float64]
) -> None:
    """The factor of each half-life among the columns; each is worked out once."""
    for c in range(len(columns)):
        if columns[c, 0] == 1:
            factors[columns[c, 3]] = 1.0
    if elapsed > 0.0:
        for c in range(len(columns)):
            if columns[c, 0] == 1 and factors[columns[c, 3]] == 1.0:
                factors[columns[c, 3]] = np.exp2(elapsed * rates[columns[c, 3]])


@compiled
def _fold(
    tables: NDArray[np.int64],
    columns: NDArray[np.int64],
    rates: NDArray[np.float64],
    index: NDArray[np.uint64],
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
    values = np.zeros(8, dtype=np.float64)
    factors = np.ones(len(rates), dtype=np.float64)
    wanted = np.empty(BLOCK * len(tables), dtype=np.uint64)
    places = np.empty(BLOCK * len(tables), dtype=np.int64)
    for first in range(start, stop, BLOCK):
        last = min(first + BLOCK, stop)
        rows = used[0] + (last - first) * len(tables)
        if 2 * rows > len(index) or used[1] + (last - first) * _widest(tables, columns) > len(arena):
            return first
        used[2] = np.int64(_ask(tables, index, arena, kind, ids, first, last, wanted, places) < 0.0)
        for e in range(first, last):
            today = (time[e] - EPOCH) / DAY
            bit = np.int64(1) << kind[e]
            values[:4] = given[e]
            values[4:] = 0.0
            for t in range(len(tables)):
                i = (e - first) * len(tables) + t
                if wanted[i] == np.uint64(0):
                    continue
                own = columns[tables[t, 2] : tables[t, 2] + tables[t, 3]]
                place = _probe(index, wanted[i], places[i])
                if index[place, 0] == np.uint64(0):
                    index[place, 0], index[place, 1] = wanted[i], np.uint64(used[1])
                    _blank(own, arena, used[1], today)
                    used[0] += 1
                    used[1] += HEAD + len(own)
                offset = np.int64(index[place, 1])
                if tables[t, 4] and (own[0, 2] & bit) != 0:
                    _expose(arena, offset, today, values)
                _decay(own, rates, today - arena[offset], factors)
                _update(own, factors, arena, offset, bit, today, float(session[e]), values)
                if tables[t, 0] == 0 and tables[t, 1] < 0 and own[0, 0] == 4:
                    values[_V_VISIT] = arena[offset + HEAD]
    return stop


@compiled
def _read(
    table: int,
    paired: bool,
    columns: NDArray[np.int64],
    rates: NDArray[np.float64],
    index: NDArray[np.uint64],
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
        place = _slot(index, key) if key != np.uint64(0) else np.int64(0)
        if key == np.uint64(0) or index[place, 0] != key:
            for c in range(len(columns)):
                out[i, c] = np.nan if columns[c, 0] == 2 or columns[c, 0] == 3 else 0.0
            continue
        offset = np.int64(index[place, 1])
        elapsed = max(today - arena[offset], 0.0)
        for c in range(len(columns)):
            out[i, c] = arena[offset + HEAD + c]
            if columns[c, 0] == 1 and elapsed > 0.0:
                out[i, c] *= np.exp2(elapsed * rates[columns[c, 3]])


@compiled
def _sharing(index: NDArray[np.uint64], a: int, tables: int) -> NDArray[np.uint64]:
    """The packed keys, in no order, of those tables (a bit each) whose first key is `a`."""
    found = np.empty(64, dtype=np.uint64)
    count = 0
    for i in range(len(index)):
        key = index[i, 0]
        if (key >> np.uint64(29)) & np.uint64(LARGEST) != np.uint64(a) or key == np.uint64(0):
            continue
        if (np.int64(1) << np.int64((key >> np.uint64(58)) - np.uint64(1))) & tables == 0:
            continue
        if count == len(found):
            grown = np.empty(2 * count, dtype=np.uint64)
            grown[:count] = found
            found = grown
        found[count] = key
        count += 1
    return found[:count]
