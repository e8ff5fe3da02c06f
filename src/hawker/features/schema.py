"""Which folds a shop keeps: tables of counters, each with a key, and what feeds them.

A *table* groups the counters that share a key ('shopper', or the pair 'shopper, product'): one
look-up serves them all. Tables are folded in the order they are listed, because some expose values
that later ones use: the shopper's table gives each event its *visit number*, a pair table gives
whether this is a *repeat* and the *gap* since the last time.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.errors import BadSetting, nearest
from hawker.records.events import KIND_CODE, EventKind

KEYS = (
    "shopper",
    "product",
    "category",
    "shelf",
    "department",
    "brand",
    "line",
    "location",
    "placement",
    "campaign",
    "everything",
)
"""What a table may be keyed by. `category` is a product's full path, `shelf` its first two levels,

`department` the top; a `line` is one brand within one category; `everything` has one row. New keys, and
new values below, go to the end: compiled loops are kept on disk and remember the places.
"""
VALUES = ("one", "quantity", "value", "dwell", "visit", "repeat", "gap_days", "gap_visits")
"""What a counter may add up: per event, or exposed by an earlier table (the last four)."""


MOST_TABLES = 60


class Op(IntEnum):
    """How a column takes in an event: add; add to a decaying sum; remember first or last; count visits."""

    SUM = 0
    DECAYED = 1
    FIRST = 2
    LAST = 3
    VISITS = 4


class Column(Struct, frozen=True):
    """One counter: what it does (`op`), to which `value`, on which `kinds` of event.

    `half_life` is in days and belongs to DECAYED. FIRST and LAST keep days since 2000, or the value
    itself where it is not 'one'.
    """

    name: str
    op: Op
    kinds: tuple[EventKind, ...] = (EventKind.PURCHASE,)
    value: str = "one"
    half_life: float = 0.0


class Table(Struct, frozen=True):
    """The counters of one key. A table that `exposes` must begin with a count, a LAST and a LAST visit."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    exposes: bool = False


class Plan(Struct, frozen=True):
    """A schema laid out as arrays for the kernel: one row a table, one row a column."""

    tables: tuple[Table, ...]
    table_rows: NDArray[np.int64]  # (tables, 6): key a, key b, first column, columns, exposes, kinds
    column_rows: NDArray[np.int64]  # (columns, 4): op, value, kinds, decay slot
    half_lives: NDArray[np.float64]  # (decay slots,), days

    def place(self, table: str, column: str) -> tuple[int, int]:
        """Table index and column index of a counter; raises `BadSetting` naming the nearest."""
        names = [entry.name for entry in self.tables]
        if table not in names:
            raise BadSetting(f"There is no fold table '{table}'.", remedy=nearest(table, names))
        index = names.index(table)
        columns = [entry.name for entry in self.tables[index].columns]
        if column not in columns:
            raise BadSetting(f"Table '{table}' has no counter '{column}'.", remedy=nearest(column, columns))
        return index, columns.index(column)


def plan(tables: tuple[Table, ...]) -> Plan:
    """Check a schema and lay it out. At most 60 tables of at most two keys each."""
    if len(tables) > MOST_TABLES:
        raise BadSetting(f"A schema of {len(tables)} tables.", remedy=f"Keep at most {MOST_TABLES}.")
    table_rows: list[list[int]] = []
    column_rows: list[list[int]] = []
    half_lives = sorted({c.half_life for t in tables for c in t.columns if c.op is Op.DECAYED})
    for table in tables:
        _check(table)
        keys = [KEYS.index(key) for key in table.key]
        kinds = 0
        first = len(column_rows)
        for column in table.columns:
            mask = kinds_mask(column.kinds)
            kinds |= mask
            slot = half_lives.index(column.half_life) if column.op is Op.DECAYED else -1
            column_rows.append([int(column.op), VALUES.index(column.value), mask, slot])
        table_rows.append(
            [keys[0], keys[1] if len(keys) > 1 else -1, first, len(table.columns), table.exposes, kinds]
        )
    return Plan(
        tables=tables,
        table_rows=np.array(table_rows, dtype=np.int64).reshape(len(tables), 6),
        column_rows=np.array(column_rows, dtype=np.int64).reshape(len(column_rows), 4),
        half_lives=np.array(half_lives, dtype=np.float64),
    )


def kinds_mask(kinds: tuple[EventKind, ...]) -> int:
    """Kinds of event as a bit mask over their codes."""
    return sum(1 << KIND_CODE[kind] for kind in set(kinds))


def _check(table: Table) -> None:
    if not 1 <= len(table.key) <= 2:
        raise BadSetting(f"Table '{table.name}' has {len(table.key)} keys.", remedy="Give one or two.")
    for key in table.key:
        if key not in KEYS:
            raise BadSetting(f"Table '{table.name}': unknown key '{key}'.", remedy=nearest(key, list(KEYS)))
    for column in table.columns:
        if column.value not in VALUES:
            raise BadSetting(
                f"Counter '{table.name}.{column.name}' adds up '{column.value}'.",
                remedy=nearest(column.value, list(VALUES)),
            )
        if column.op is Op.DECAYED and not column.half_life > 0:
            raise BadSetting(f"Counter '{table.name}.{column.name}' needs a half-life in days above 0.")
    heads = [(column.op, column.value) for column in table.columns[:3]]
    if table.exposes and heads != [(Op.SUM, "one"), (Op.LAST, "one"), (Op.LAST, "visit")]:
        raise BadSetting(
            f"Table '{table.name}' exposes, but does not begin with a count, a LAST and a LAST visit."
        )
