"""The event log keeps what it acknowledged, once, through kills, other processes and full disks."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hawker.errors import BadInput, Corrupt, StorageFull
from hawker.records.events import EVENT_COLUMNS, Event, EventKind
from hawker.storage import frames, tables
from hawker.storage.event_log import EventLog


def event(number: int, **fields: object) -> Event:
    return Event(kind=EventKind.VIEW, time=1_000_000 + number, id=f"e{number}", shopper="u1", **fields)  # type: ignore[arg-type]


def ids(log: EventLog) -> list[str]:
    connection = tables.connect(threads=1)
    log.view(connection)
    return [row[0] for row in connection.execute("SELECT id FROM events ORDER BY id").fetchall()]


def part(folder: Path, *numbers: int) -> Path:
    """A finished Parquet part with the events of those numbers."""
    source = EventLog(folder / "source")
    source.append([event(number) for number in numbers])
    connection = tables.connect(threads=1)
    source.view(connection)
    target = folder / "made.parquet"
    tables.replace(connection, "SELECT * FROM events", target)
    return target


def test_an_event_is_kept_once_and_as_it_was(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    rich = event(1, query="红色 跑鞋\n", rating=4.5, value=-5, attributes={"gender": "f", "注": '"x"'})
    assert log.append([rich, event(2), event(2)]) == [True, True, False]
    assert log.append([event(2), event(3)]) == [False, True]
    assert log.known("e1")
    assert not log.known("e9")
    connection = tables.connect(threads=1)
    EventLog(tmp_path).view(connection, name="all_events")
    described = connection.execute("DESCRIBE all_events").fetchall()
    assert {row[0]: row[1] for row in described} == EVENT_COLUMNS
    rows = connection.execute(
        "SELECT id, kind, query, rating, value, quantity, slot, attributes FROM all_events ORDER BY id"
    ).fetchall()
    assert rows == [
        ("e1", "view", "红色 跑鞋\n", 4.5, -5, 1.0, -1, '{"gender":"f","注":"\\"x\\""}'),
        ("e2", "view", "", None, 0, 1.0, -1, "{}"),
        ("e3", "view", "", None, 0, 1.0, -1, "{}"),
    ]


def test_an_empty_log_has_an_empty_view(tmp_path: Path) -> None:
    assert ids(EventLog(tmp_path)) == []
    assert EventLog(tmp_path).compact(everything=True) == 0


def test_an_event_without_an_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="without an id"):
        EventLog(tmp_path).append([Event(kind=EventKind.VIEW, time=1)])


def test_history_counts_as_known_and_is_not_kept_again(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    assert log.append([event(7)]) == [True]
    log.adopt(part(tmp_path, 1, 2), name="import-1")
    assert log.append([event(2), event(3)]) == [False, True]
    assert ids(log) == ["e1", "e2", "e3", "e7"]
    log.adopt(part(tmp_path / "again", 1, 2), name="import-1")
    assert ids(log) == ["e1", "e2", "e3", "e7"]


def test_a_live_event_that_is_also_imported_shows_once(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.append([event(1), event(2)])
    log.adopt(part(tmp_path, 2, 3), name="overlapping")
    assert ids(log) == ["e1", "e2", "e3"]
    assert log.compact(everything=True) == 1
    assert ids(log) == ["e1", "e2", "e3"]


def test_a_part_of_other_columns_is_refused(tmp_path: Path) -> None:
    tables.replace(tables.connect(threads=1), "SELECT 'x' AS id", tmp_path / "wrong.parquet")
    with pytest.raises(BadInput, match="columns of the event log"):
        EventLog(tmp_path / "log").adopt(tmp_path / "wrong.parquet", name="wrong")


def test_segments_rotate_and_compact_to_one_part(tmp_path: Path) -> None:
    log = EventLog(tmp_path, segment_bytes=200)
    for number in range(10):
        log.append([event(number)])
    segments = sorted(log.live.glob("*.events"))
    assert len(segments) > 2
    assert 0 < log.compact() < 10
    assert sorted(log.live.glob("*.events")) == segments[-1:]
    assert len(list(log.history.glob("*.parquet"))) == 1
    assert ids(log) == [f"e{number}" for number in range(10)]
    assert log.append([event(0), event(10)]) == [False, True]
    assert log.compact(everything=True) > 0
    log.append([event(11)])
    assert EventLog(tmp_path).known("e0")
    assert len(ids(EventLog(tmp_path))) == 12


def test_a_crash_within_compaction_shows_no_event_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = EventLog(tmp_path)
    log.append([event(1), event(2)])
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", _crash)
        with pytest.raises(KeyboardInterrupt):
            log.compact(everything=True)
    reopened = EventLog(tmp_path)
    assert len(list(reopened.history.glob("*.parquet"))) == 1
    assert ids(reopened) == ["e1", "e2"]
    assert reopened.compact(everything=True) == 0
    assert not list(reopened.live.glob("*.events"))
    assert ids(reopened) == ["e1", "e2"]


def _crash(path: Path, missing_ok: bool = False) -> None:
    if path.suffix == ".events":
        raise KeyboardInterrupt
    if path.exists() or not missing_ok:
        os.unlink(path)


def test_a_torn_tail_is_cut_by_the_next_append(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.append([event(1)])
    segment = next(log.live.glob("*.events"))
    whole = segment.read_bytes()
    block = frames.framed(b'{"kind":"view","time":5,"id":"torn"}\n')
    for kept in (1, 7, len(block) - 1):
        segment.write_bytes(whole + block[:kept])
        assert ids(EventLog(tmp_path)) == ["e1"]
    segment.write_bytes(whole + bytes(512))
    assert EventLog(tmp_path).append([event(2)]) == [True]
    assert ids(EventLog(tmp_path)) == ["e1", "e2"]


def test_a_file_that_is_no_segment_is_named(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    (log.live / "00000000000000001.events").write_bytes(b"not a segment at all")
    with pytest.raises(Corrupt, match="not a Hawker log segment"):
        log.known("e1")


def test_two_logs_on_one_folder_see_each_other(tmp_path: Path) -> None:
    one, two = EventLog(tmp_path), EventLog(tmp_path)
    assert one.append([event(1)]) == [True]
    assert two.append([event(1), event(2)]) == [False, True]
    assert one.known("e2")
    assert one.append([event(2)]) == [False]


def test_a_full_disk_keeps_nothing_of_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(tmp_path)
    log.append([event(1)])
    real = os.pwrite

    def fill(handle: int, data: memoryview, offset: int) -> int:
        if len(data) <= 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data[:40], offset)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", fill)
        with pytest.raises(StorageFull, match="Free space"):
            log.append([event(2), event(3)])
    assert not log.known("e2")
    assert log.append([event(2)]) == [True]
    assert ids(EventLog(tmp_path)) == ["e1", "e2"]


WRITER = """
import sys
from pathlib import Path
from hawker.records.events import Event, EventKind
from hawker.storage.event_log import EventLog
log = EventLog(Path(sys.argv[1]), segment_bytes=20_000)
number = int(sys.argv[2])
while True:
    batch = range(number, number + 20)
    log.append([Event(kind=EventKind.CLICK, time=1 + n, id=f"e{n:08d}", text="x" * 50) for n in batch])
    number += 20
    sys.stdout.write(f"{number}\\n"); sys.stdout.flush()
"""


def test_what_was_acknowledged_survives_kill_9_once(tmp_path: Path) -> None:
    acknowledged = 0
    for attempt in range(4):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(acknowledged)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(5 + 7 * attempt):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().split()
            acknowledged = int(rest[-1]) if rest else acknowledged
        found = ids(EventLog(tmp_path))
        assert len(found) == len(set(found))
        assert set(found) >= {f"e{n:08d}" for n in range(acknowledged)}
        assert len(found) <= acknowledged + 20


def test_processes_may_append_while_another_compacts_and_reads(tmp_path: Path) -> None:
    log = EventLog(tmp_path, segment_bytes=20_000)
    commands = [[sys.executable, "-c", WRITER, str(tmp_path), start] for start in ("0", "1000000")]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    acknowledged = [0, 1_000_000]
    for turn in range(8):
        for place, writer in enumerate(writers):
            assert writer.stdout is not None
            acknowledged[place] = int(writer.stdout.readline())
        log.compact(everything=turn % 3 == 0)
        found = ids(log)
        assert len(found) == len(set(found))
        assert set(found) >= {f"e{n:08d}" for n in range(acknowledged[0])}
    for writer in writers:
        writer.kill()
        writer.communicate()
    assert log.known(f"e{acknowledged[0] - 1:08d}")
    assert set(ids(log)) >= {f"e{n:08d}" for n in range(1_000_000, acknowledged[1])}


def test_what_a_killed_import_left_half_written_is_swept(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    left = log.history / "import-9.parquet.123.partial"
    left.write_bytes(b"half")
    assert ids(log) == []
    log.compact()
    assert not left.exists()
