"""The two passes over one file: look at every row, then write the events; and what is left over."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import merge
from pathlib import Path

import duckdb
import numpy as np

from hawker.errors import BadInput, StorageFull, UnreadableFile
from hawker.ingest import cleaning, duplicates, lines
from hawker.ingest.columns import ColumnMap
from hawker.ingest.duplicates import Scan
from hawker.ingest.quarantine import SetAside
from hawker.ingest.sources import Source, literal
from hawker.records.events import EVENT_COLUMNS
from hawker.records.finding import Finding
from hawker.storage import files, tables

_COLUMNS = ", ".join(f'"{name}"' for name in EVENT_COLUMNS)
_PARQUET = (
    "FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 100, ROW_GROUP_SIZE 61440"
)
_FULL = ("No space left", "File too large", "Disk quota", "disk is full", "max_temp_directory_size")


@dataclass(frozen=True)
class First:
    """The first pass done: SQL that gives the rows again, what was seen of them, the broken records.

    `source` is the file as it was opened, in which rows are found again by number.
    """

    source: Source
    rows: duplicates.Rows
    scan: Scan
    broken: tuple[lines.Record, ...] = ()


def first(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    map: ColumnMap,
    *,
    rules: cleaning.Rules,
    folder: Path,
    content: bool,
) -> First:
    """Look at every row. A text file that DuckDB refuses is read again without its broken records.

    `content` lets rows be compared by a hash of what they say instead of by id: cheaper, and enough
    where the log is empty and the file names no ids.
    """
    key = cleaning.content(map) if content and "id" not in map.columns else "hash(id)"
    textual = source.form in ("csv", "jsonl")
    if not (textual and source.readable != source.path and lines.suspect(source.readable)):
        rows = partial(_rows, source, map, rules)
        try:
            return First(source, rows, duplicates.scanned(connection, rows(""), key=key))
        except duckdb.Error as error:
            if full(error):
                raise
            if not textual:
                raise UnreadableFile(
                    f"'{source.path.name}' cannot be read: {str(error).splitlines()[0]}",
                    remedy="Write it as CSV or as one JSON object a line.",
                ) from error
    target = folder / f"mended-{source.path.stem}"
    broken = lines.mend(
        source.readable, target, form=source.form, delimiter=source.delimiter, header=list(source.types)
    )
    mended = replace(source, readable=target)
    rows = partial(_rows, mended, map, rules)
    return First(source, rows, duplicates.scanned(connection, rows(""), key=key), tuple(broken))


def _rows(source: Source, map: ColumnMap, rules: cleaning.Rules, only: str) -> str:
    return cleaning.query(source, map, rules=rules, only=only)


def second(connection: duckdb.DuckDBPyConnection, query: str, part: Path) -> int:
    """Write the rows of a query as a part of the event log; returns how many."""
    with files.whole(part) as draft:
        copied = connection.execute(
            f"COPY (SELECT {_COLUMNS} FROM ({query})) TO {tables.quoted(draft)} ({_PARQUET})"
        ).fetchone()
    return int(copied[0]) if copied else 0


def left_over(connection: duckdb.DuckDBPyConnection, done: First) -> Iterator[SetAside]:
    """What is to be set aside, in the order of the file: broken records, and rows that break a rule."""
    faulty = np.flatnonzero(done.scan.fault)
    name = str(done.source.path)
    broken = (SetAside(name, one.line, one.reason, one.message, one.text) for one in done.broken)
    if not len(faulty):
        return broken
    codes = done.scan.fault[faulty]
    if done.source.form == "parquet":
        found = _parquet_rows(connection, done.source, faulty)
    else:
        found = lines.located(
            done.source.readable,
            faulty.tolist(),
            done.source.records,
            mended=bool(done.broken),
            form=done.source.form,
        )
    ruled = (
        SetAside(name, line, reason, cleaning.REASONS[reason], text)
        for (line, text), reason in zip(found, map(cleaning.NAMES.__getitem__, codes.tolist()), strict=True)
    )
    return merge(broken, ruled, key=lambda one: one.line)


def _parquet_rows(
    connection: duckdb.DuckDBPyConnection, source: Source, rows: np.ndarray
) -> Iterator[tuple[int, str]]:
    """Rows of a Parquet file as JSON, numbered from 1."""
    cursor = connection.cursor()
    cursor.register("faulty", {"r": rows.astype(np.int64)})
    file = f"read_parquet({tables.quoted(source.path)}, file_row_number = true)"
    cursor.execute(
        "SELECT row.file_row_number + 1, CAST(to_json(row) AS VARCHAR) "
        f"FROM {file} AS row SEMI JOIN faulty ON row.file_row_number = faulty.r ORDER BY 1"
    )
    while some := cursor.fetchmany(10_000):
        for line, text in some:
            values = json.loads(text)
            values.pop("file_row_number", None)
            yield line, json.dumps(values, ensure_ascii=False)


@dataclass
class Tally:
    """Counts what passes into the quarantine by reason, with the first place of each."""

    seen: dict[str, tuple[int, SetAside]] = field(default_factory=dict)

    def counted(self, entries: Iterable[SetAside]) -> Iterator[SetAside]:
        for entry in entries:
            count, first = self.seen.get(entry.reason, (0, entry))
            self.seen[entry.reason] = (count + 1, first)
            yield entry

    def findings(self) -> list[Finding]:
        """One finding a reason, the most frequent first."""
        ordered = sorted(self.seen.values(), key=lambda pair: -pair[0])
        return [
            Finding(f"{entry.file}:{entry.line}", entry.reason, entry.message, count=count)
            for count, entry in ordered
        ]


def full(error: Exception) -> bool:
    """Whether an error means that the disk is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    return isinstance(error, (duckdb.Error, OSError)) and any(sign in str(error) for sign in _FULL)


@contextmanager
def room(folder: Path) -> Iterator[None]:
    """Turn every sign of a full disk into `StorageFull`."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if not full(error):
            raise
        raise StorageFull(
            "The disk filled during ingest; the file was not taken in, the log is as it was.",
            remedy=f"Free space under '{folder}' and run the same command again.",
        ) from error


def settle(connection: duckdb.DuckDBPyConnection, *, spill: Path, timezone: str) -> None:
    """Prepare a connection: where it may spill, and the zone of times that name none."""
    connection.execute(f"SET temp_directory = {tables.quoted(spill)}")
    try:
        connection.execute(f"SET TimeZone = {literal(timezone)}")
    except duckdb.Error as error:
        raise BadInput(
            f"'{timezone}' is not a time zone.", remedy="Give a name such as 'Asia/Shanghai' or 'UTC'."
        ) from error
