"""Every decision on record: packed, appended behind the answer's back, found again by its id.

A process writes segments of its own, `MICROSECONDS-PID-RANDOM.decisions` (frames, see `frames`, of
msgpack maps, so that old records load when fields are added); a sealed one gets an `.index`
beside it. What a killed process tore at the end of its segment is never read.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct, field

from hawker.errors import BadRecord, Corrupt, HawkerError, NotFound
from hawker.records.decision import Decision
from hawker.records.ids import stamp
from hawker.storage import files, frames

_BLOCK = 256
_SYNC_SECONDS = 1.0
_GATHER_SECONDS = 0.01
_ENCODE = msgspec.msgpack.Encoder()
_DECODE = msgspec.msgpack.Decoder(Decision)


class _Head(Struct):
    id: str
    time: int


class _Index(Struct):
    """Where the decisions of one segment are: `places` maps an id's fingerprint to an offset."""

    first: int = 1 << 62
    last: int = -1
    end: int = 0
    places: dict[int, int] = field(default_factory=dict)


_HEADS = msgspec.msgpack.Decoder(_Head)
_INDEXES = msgspec.msgpack.Decoder(_Index)


class DecisionLog:
    """The decision records of one folder. `append` costs microseconds; a thread does the writing.

    At most `waiting` decisions queue up; then `append` waits for the disk. Written within
    some ten milliseconds, flushed to the disk within a second, or when `flush` returns. An error of the
    writer (`StorageFull`) is raised by the next call; what was queued is kept and tried again.
    """

    def __init__(self, folder: Path, *, waiting: int = 20_000, segment_bytes: int = 128_000_000) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._waiting, self._segment_bytes = waiting, segment_bytes
        self._queue: deque[bytes] = deque()
        self._idle = False
        self._changed = threading.Condition()
        self._appended = self._written = self._durable = 0
        self._flushing = self._closing = False
        self._error: HawkerError | OSError | None = None
        self._indexes: dict[Path, tuple[int, _Index]] = {}
        self._segment: Path | None = None
        self._handle, self._end = -1, 0
        self._writer: threading.Thread | None = None

    def append(self, decision: Decision) -> None:
        """Put a decision on record; returns before it is on disk.

        It is packed here: the writer only writes, and so never takes the interpreter from a decision.
        """
        try:
            block = frames.framed(_ENCODE.encode(decision))
        except (TypeError, ValueError, OverflowError) as cause:
            raise BadRecord(f"Decision '{decision.id}' cannot be packed: {cause}.") from cause
        with self._changed:
            self._raise_error()
            if self._writer is None:
                self._start()
            while len(self._queue) >= self._waiting and not self._error:
                self._changed.notify_all()
                self._changed.wait(0.1)
            self._queue.append(block)
            self._appended += 1
            if self._idle:
                self._idle = False
                self._changed.notify_all()

    def flush(self) -> None:
        """Return when everything appended so far is on the disk."""
        with self._changed:
            target = self._appended
            while self._durable < target:
                self._raise_error()
                self._flushing = True
                self._changed.notify_all()
                self._changed.wait(0.1)

    def close(self) -> None:
        """Flush, seal the open segment and stop the writer; the log can still be read."""
        if self._writer is None:
            return
        self.flush()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._writer.join()
        self._writer, self._closing = None, False
        atexit.unregister(self.close)

    def read(self, id: str) -> Decision:
        """The decision of that id; raises `NotFound`."""
        self.flush()
        moment, key = _stamp(id), frames.fingerprint(id)
        for segment in reversed(self._segments()):
            index = self._index(segment)
            if (moment is None or index.first <= moment <= index.last) and key in index.places:
                decision = _decision(frames.at(segment, index.places[key]), segment)
                if decision.id == id:
                    return decision
        raise NotFound(f"There is no decision '{id[:80]}' on record.")

    def scan(self, start: int = 0, end: int | None = None) -> Iterator[Decision]:
        """The decisions with start ≤ time < end, segment by segment, in the order written."""
        self.flush()
        for segment in self._segments():
            index = self._index(segment)
            if index.last < start or (end is not None and index.first >= end):
                continue
            for _, payload in frames.read(segment):
                decision = _decision(payload, segment)
                if start <= decision.time and (end is None or decision.time < end):
                    yield decision

    def prune(self, before: int) -> int:
        """Remove the records of decisions made before a moment; returns how many there were."""
        return self.rewrite(lambda one: None if one.time < before else one, until=before)[0]

    def rewrite(
        self, change: Callable[[Decision], Decision | None], *, until: int = 1 << 62
    ) -> tuple[int, int]:
        """Put changed records in the place of old ones, a segment at a time, each whole or not at all;

        None takes a record out. Segments that begin at or after `until` are not looked at. Returns how
        many were changed, and how many segments another process still writes to: those stay as they
        are. Seals the own open segment first; go on appending only when it returns.
        """
        self.close()
        changed = left = 0
        for segment in self._segments():
            if not segment.with_suffix(".index").is_file() and _written_to(segment):
                left += 1
                continue
            count, block = _changed(segment, change) if self._index(segment).first < until else (0, b"")
            if not count:
                continue
            segment.with_suffix(".index").unlink(missing_ok=True)
            if block == frames.MAGIC:
                segment.unlink()
                changed += count
                continue
            files.write(segment, block)
            files.write(segment.with_suffix(".index"), _ENCODE.encode(self._index(segment)))
            changed += count
        return changed, left

    def _segments(self) -> list[Path]:
        names = sorted(os.listdir(self.folder))
        return [self.folder / name for name in names if name.endswith(".decisions")]

    def _index(self, segment: Path) -> _Index:
        """What a segment holds, from its index file, brought up to the segment's end."""
        with self._changed:
            held, file = self._indexes.get(segment), segment.stat().st_ino
            index = held[1] if held and held[0] == file else _load_index(segment)
            self._indexes[segment] = file, index
        offset = index.end
        for after, payload in frames.read(segment, offset):
            head = _HEADS.decode(payload)
            moment = _stamp(head.id)
            index.places[frames.fingerprint(head.id)] = offset
            index.first = min(index.first, head.time, head.time if moment is None else moment)
            index.last = max(index.last, head.time, head.time if moment is None else moment)
            offset = index.end = after
        return index

    def _raise_error(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            self._changed.notify_all()
            raise error

    def _start(self) -> None:
        atexit.register(self.close)
        self._writer = threading.Thread(target=self._work, name="decision-log", daemon=True)
        self._writer.start()

    def _work(self) -> None:
        """The writer: what waits goes out as one block; to the disk once a second or when asked."""
        synced = time.monotonic()
        while True:
            batch = self._take()
            due = self._flushing or self._closing or time.monotonic() - synced > _SYNC_SECONDS
            try:
                self._write(batch)
                if due:
                    self._sync()
                    synced = time.monotonic()
                if self._end >= self._segment_bytes or (self._closing and not self._queue):
                    self._seal()
            except (HawkerError, OSError) as error:
                self._report(error)
            if self._closing and not self._queue and self._handle < 0:
                return

    def _take(self) -> list[bytes]:
        """What waits; where nothing does, sleep until woken, and then let some more come together."""
        with self._changed:
            woken = False
            while not (self._queue or self._closing or (self._flushing and self._durable < self._written)):
                self._idle = woken = True
                late = not self._changed.wait(_SYNC_SECONDS)
                if late and self._durable < self._written:
                    break
            self._idle = False
        if woken and not (self._flushing or self._closing):
            time.sleep(_GATHER_SECONDS)
        with self._changed:
            return list(islice(self._queue, _BLOCK))

    def _write(self, batch: list[bytes]) -> None:
        """Append a batch in full and count it out of the queue."""
        if not batch:
            return
        if self._handle < 0:
            self._open()
        self._end = frames.append(self._handle, b"".join(batch), end=self._end)
        with self._changed:
            for _ in batch:
                self._queue.popleft()
            self._written += len(batch)
            if self._flushing or len(self._queue) + len(batch) >= self._waiting:
                self._changed.notify_all()

    def _sync(self) -> None:
        written = self._written
        if self._handle >= 0:
            os.fsync(self._handle)
        with self._changed:
            self._durable = max(self._durable, written)
            self._flushing = self._durable < self._appended and self._flushing
            self._changed.notify_all()

    def _open(self) -> None:
        name = f"{time.time_ns() // 1000:017d}-{os.getpid()}-{secrets.token_hex(3)}.decisions"
        self._segment = self.folder / name
        self._handle = os.open(self._segment, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        self._end = frames.append(self._handle, frames.MAGIC, end=0)
        files.flush(self.folder)

    def _seal(self) -> None:
        """Close the open segment and put its index beside it."""
        self._sync()
        if self._handle >= 0 and self._segment:
            index = self._index(self._segment)
            files.write(self._segment.with_suffix(".index"), _ENCODE.encode(index))
            os.close(self._handle)
            self._handle, self._segment, self._end = -1, None, 0

    def _report(self, error: HawkerError | OSError) -> None:
        """Leave an error for the next caller, and pause until one has taken it."""
        with self._changed:
            self._error = error
            self._changed.notify_all()
            while self._error is not None:
                self._changed.wait(_SYNC_SECONDS)


def _written_to(segment: Path) -> bool:
    """Whether a segment's writer is still there: it holds the file's lock as long as it lives."""
    with segment.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _changed(segment: Path, change: Callable[[Decision], Decision | None]) -> tuple[int, bytes]:
    """How many records of a segment a change alters, and the segment as it is then."""
    count, parts = 0, [frames.MAGIC]
    for _, payload in frames.read(segment):
        before = _decision(payload, segment)
        after = change(before)
        count += after is not before
        if after is not None:
            parts.append(frames.framed(payload if after is before else _ENCODE.encode(after)))
    return count, b"".join(parts) if count else b""


def _stamp(id: str) -> int | None:
    try:
        return stamp(id)
    except BadRecord:
        return None


def _decision(payload: bytes, segment: Path) -> Decision:
    try:
        return _DECODE.decode(payload)
    except msgspec.MsgspecError as error:
        raise Corrupt(f"'{segment}' holds a record that is no decision: {error}.") from error


def _load_index(segment: Path) -> _Index:
    try:
        index = _INDEXES.decode(segment.with_suffix(".index").read_bytes())
        return index if index.end <= segment.stat().st_size else _Index()
    except (FileNotFoundError, msgspec.MsgspecError):
        return _Index()
