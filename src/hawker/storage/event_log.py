"""Every event once: imported batches as Parquet, live ones appended and flushed before they count.

history/NAME.parquet      finished parts, each put there in one step; ids are unique among them
live/MICROSECONDS.events  segments of frames (see `frames`), a frame one batch as JSON lines
live/lock                 held while a process appends, so any number of them may
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput
from hawker.records.events import DAY, EVENT_COLUMNS, Event
from hawker.storage import files, frames, tables

_DEFAULTS = {
    **{name: "''" for name, kind in EVENT_COLUMNS.items() if kind == "VARCHAR"},
    "received": "0",
    "quantity": "1.0",
    "value": "0",
    "rating": "NULL",
    "dwell_ms": "0",
    "slot": "-1",
    "synthetic": "false",
    "attributes": "'{}'",
}
_COLUMNS = ", ".join(f'"{name}"' for name in EVENT_COLUMNS)


class _Id(msgspec.Struct):
    id: str


_IDS = msgspec.json.Decoder(_Id)
_EVENTS = msgspec.json.Decoder(Event)
_LINES = msgspec.json.Encoder()


class EventLog:
    """The event log of one folder, safe for several threads and processes at once.

    The first `known` or `append` reads the ids of all live events and a 64-bit digest of every id
    in history: about 1 s and 8 MB for a million events. `segment_bytes` is when a live segment
    is sealed; each UTC day begins a new one too.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = 64_000_000) -> None:
        self.history = Path(folder) / "history"
        self.live = Path(folder) / "live"
        self.history.mkdir(parents=True, exist_ok=True)
        self.live.mkdir(parents=True, exist_ok=True)
        self._segment_bytes = segment_bytes
        self._mutex = threading.RLock()
        self._ids: set[str] = set()
        self._ends: dict[str, int] = {}
        self._digests: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._counted: tuple[object, ...] = ()
        self._heard: list[bytes] | None = None

    def append(self, events: Sequence[Event]) -> list[bool]:
        """Keep a batch, whole, durable on return; says for each event whether it was new.

        An event without an id is refused with `BadInput`; one already known is not kept again.
        """
        if any(not event.id for event in events):
            raise BadInput("An event without an id cannot be kept.", remedy="Derive one from its content.")
        with self._mutex, self._lock("append"):
            self._catch_up()
            fresh: dict[str, Event] = {}
            new = []
            for event in events:
                new.append(event.id not in fresh and not self._holds(event.id))
                fresh.setdefault(event.id, event)
            kept = [event for event, is_new in zip(events, new, strict=True) if is_new]
            if kept:
                self._write(kept)
        return new

    def known(self, id: str) -> bool:
        """Whether an event of that id is in the log, appended by any process or imported."""
        with self._mutex:
            self._catch_up()
            return self._holds(id)

    def follow(self) -> None:
        """From now on keep what other processes append, until `others` asks for it."""
        with self._mutex:
            self._catch_up()
            self._heard = []

    def others(self) -> list[Event]:
        """What other processes have appended since `follow`, or since this was last asked, in log order.

        What is moved into history before it was asked for is not among it: ask a few times a second.
        """
        with self._mutex:
            self._catch_up()
            heard, self._heard = self._heard or [], []
        return [event for payload in heard for event in _EVENTS.decode_lines(payload)]

    def adopt(self, part: Path, *, name: str) -> Path:
        """Move a finished Parquet file into history in one step; one of that name is replaced.

        Raises `BadInput` where its columns are not those of the event log.
        """
        _require_columns(part)
        target = self.history / f"{name}.parquet"
        with self._lock("move"):
            with files.whole(target) as draft:
                try:
                    os.rename(part, draft)
                except OSError:  # another file system
                    shutil.copyfile(part, draft)
            part.unlink(missing_ok=True)
            self._counted = ()
        return target

    def view(self, connection: duckdb.DuckDBPyConnection, *, name: str = "events") -> None:
        """Create a view of that name over all events as of now, each once, with `EVENT_COLUMNS`.

        Live events are copied into a temporary table beside it (about 300,000 a second).
        """
        with self._lock("move", shared=True):
            parts = self._parts()
            segments = self._segments()
            _spool(connection, segments, parts, into=f"{name}__live")
        history = f"SELECT {_COLUMNS} FROM {_parquet(parts)} UNION ALL " if parts else ""
        connection.execute(
            f'CREATE OR REPLACE TEMP VIEW "{name}" AS {history}SELECT {_COLUMNS} FROM "{name}__live"'
        )

    def compact(self, *, everything: bool = False) -> int:
        """Move sealed live segments (with `everything`, the open one too) into one history part.

        Returns the number of events moved. A crash between the two steps shows no event twice.
        """
        with self._lock("move"):
            files.sweep(self.history)
            if not everything:
                return self._move(self._segments()[:-1])
            with self._mutex, self._lock("append"):
                return self._move(self._segments())

    def rewrite(
        self, connection: duckdb.DuckDBPyConnection, *, where: str, keep: str, columns: str = _COLUMNS
    ) -> int:
        """Replace each part of history that holds rows for which `where` is true, whole or not at all,

        by `columns` of the rows to `keep`. Live events move into history first. Returns how many rows
        `where` was true for.
        """
        self.compact(everything=True)
        concerned = 0
        with self._lock("move"):
            for part in self._parts():
                read = _parquet([part])
                counted = connection.execute(f"SELECT count(*) FROM {read} WHERE {where}").fetchone()
                if counted and counted[0]:
                    tables.replace(connection, f"SELECT {columns} FROM {read} WHERE {keep}", part)
                    concerned += int(counted[0])
        return concerned

    def _move(self, segments: list[Path]) -> int:
        if not segments:
            return 0
        connection = tables.connect(threads=1)
        _spool(connection, segments, self._parts(), into="moving")
        counted = connection.execute("SELECT count(*) FROM moving").fetchone()
        moved = int(counted[0]) if counted else 0
        if moved:
            part = self.history / f"live-{segments[0].stem}-to-{segments[-1].stem}.parquet"
            ordered = f'SELECT {_COLUMNS} FROM moving ORDER BY greatest("time", received), id'
            tables.replace(connection, ordered, part)
        for segment in segments:
            segment.unlink()
        files.flush(self.live)
        return moved

    def _segments(self) -> list[Path]:
        return [self.live / name for name in sorted(os.listdir(self.live)) if name.endswith(".events")]

    def _parts(self) -> list[Path]:
        return [self.history / name for name in sorted(os.listdir(self.history)) if name.endswith(".parquet")]

    @contextmanager
    def still(self) -> Iterator[None]:
        """While the block runs nothing is moved into history; events are appended as ever."""
        with self._lock("move", shared=True):
            yield

    def _lock(self, what: str, *, shared: bool = False) -> AbstractContextManager[None]:
        return files.alone(self.live / f"{what}.lock", shared=shared)

    def _holds(self, id: str) -> bool:
        if id in self._ids:
            return True
        digest = np.uint64(frames.fingerprint(id))
        place = int(np.searchsorted(self._digests, digest))
        return place < len(self._digests) and self._digests[place] == digest

    def _catch_up(self) -> None:
        """Read the ids that other processes, and earlier ones, have put into the log."""
        segments = self._segments()
        for segment in segments:
            start = self._ends.get(segment.name, 0)
            if _size(segment) <= start:
                continue
            with suppress(FileNotFoundError):  # moved to history a moment ago: it is looked at next
                for end, payload in frames.read(segment, start):
                    self._ids.update(row.id for row in _IDS.decode_lines(payload))
                    self._ends[segment.name] = end
                    if self._heard is not None:
                        self._heard.append(payload)
        present = (self.history.stat().st_mtime_ns, *self._parts())
        if present != self._counted:
            self._digests = _digests(self._parts())
            self._counted = present

    def _write(self, events: Sequence[Event]) -> None:
        """Append one frame to the open segment and flush it; what a dead process tore is cut first."""
        segment = self._open_segment()
        handle = os.open(segment, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            end = self._ends.get(segment.name, 0)
            block = frames.framed(_LINES.encode_lines(events))
            if _size(segment) > end:
                os.ftruncate(handle, end)
            self._ends[segment.name] = frames.append(handle, block if end else frames.MAGIC + block, end=end)
            os.fsync(handle)
        finally:
            os.close(handle)
        if not end:
            files.flush(self.live)
        self._ids.update(event.id for event in events)

    def _open_segment(self) -> Path:
        """The last segment while it is of today and not full, else a new one; no name comes twice."""
        now = time.time_ns() // 1000
        last = next(reversed(self._segments()), None)
        began = int(last.stem) if last else 0
        if last and _size(last) < self._segment_bytes and began // DAY == now // DAY:
            return last
        return self.live / f"{max(now, began + 1):017d}.events"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _parquet(parts: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(tables.quoted(part) for part in parts)}])"


def _digests(parts: Sequence[Path]) -> NDArray[np.uint64]:
    if not parts:
        return np.empty(0, np.uint64)
    connection = tables.connect(threads=1)
    found = tables.columns(connection, f"SELECT md5_number_lower(id) AS digest FROM {_parquet(parts)}")
    return np.sort(found["digest"].astype(np.uint64))


def _spool(
    connection: duckdb.DuckDBPyConnection, segments: Sequence[Path], parts: Sequence[Path], *, into: str
) -> None:
    """Make a temporary table of the live events that history does not hold, each once."""
    filled = ", ".join(
        f'coalesce("{name}", {_DEFAULTS[name]})::{kind} AS "{name}"' if name in _DEFAULTS else f'"{name}"'
        for name, kind in EVENT_COLUMNS.items()
    )
    kinds = ", ".join(
        f"'{name}': '{'JSON' if name == 'attributes' else kind}'" for name, kind in EVENT_COLUMNS.items()
    )
    held = f"WHERE id NOT IN (SELECT id FROM {_parquet(parts)})" if parts and segments else ""
    with _lines(segments) as spooled:
        connection.execute(
            f'CREATE OR REPLACE TEMP TABLE "{into}" AS SELECT DISTINCT ON (id) {filled} '
            f"FROM read_json({tables.quoted(spooled)}, format='newline_delimited', columns={{{kinds}}}, "
            f"maximum_object_size=67108864) {held}"
        )


@contextmanager
def _lines(segments: Sequence[Path]) -> Iterator[Path]:
    """The live events as one temporary file of JSON lines, for DuckDB to read."""
    with tempfile.TemporaryDirectory(prefix="hawker-") as folder:
        path = Path(folder) / "live.jsonl"
        with path.open("wb") as spool:
            for segment in segments:
                for _, payload in frames.read(segment):
                    spool.write(payload)
        yield path


def _require_columns(part: Path) -> None:
    described = tables.connect(threads=1).execute(f"DESCRIBE SELECT * FROM {tables.quoted(part)}").fetchall()
    found = {str(row[0]): str(row[1]) for row in described}
    if found != EVENT_COLUMNS:
        wrong = sorted(set(found.items()) ^ set(EVENT_COLUMNS.items()))
        raise BadInput(
            f"'{part.name}' does not have the columns of the event log: {wrong[:6]}.",
            remedy="Write exactly the columns and types of EVENT_COLUMNS.",
        )
