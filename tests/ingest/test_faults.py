"""What happens when the disk fills, the process is killed, or a line never ends: the log stays whole."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hawker.errors import Conflict
from hawker.ingest import batches
from hawker.ingest.behaviour import behaviour
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop
from hawker.storage.tables import connect

NOW = 1_780_000_000_000_000
HEAD = "event_id,user_id,item_id,event,timestamp\n"
RUN = """
import resource, sys
from hawker import Shop
from hawker.errors import HawkerError
from hawker.ingest.behaviour import behaviour
if len(sys.argv) > 3 and sys.argv[3] != '0':
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
print('begun', flush=True)
try:
    result = behaviour(Shop(sys.argv[1]), sys.argv[2], threads=1, now=1_780_000_000_000_000)
except HawkerError as error:
    print(type(error).__name__, error)
    sys.exit(3)
held = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))
print(result, int(held.split()[1]) // 1024, sep='|')
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


def log(folder: Path, name: str, *, rows: int, first: int = 0) -> Path:
    """A log with a repeated event, a broken row and an impossible one among many good ones."""
    lines = [
        f"e{i},u{i % 97},p{i % 31},pv,2026-01-{1 + i % 28:02d}T03:{i % 60:02d}:{i // 60 % 60:02d}Z"
        for i in range(first, first + rows)
    ]
    lines[rows // 2] = "broken,row"
    lines[rows // 3] = lines[rows // 3].replace("2026", "1970")
    lines[rows // 4] = lines[rows // 4 + 1]
    path = folder / name
    path.write_text(HEAD + "\n".join(lines) + "\n")
    return path


def content(shop: Shop) -> list[tuple[object, ...]]:
    connection = connect(threads=1)
    EventLog(shop.events).view(connection)
    return connection.execute("SELECT * FROM events ORDER BY time, id").fetchall()


def quarantined(shop: Shop) -> list[tuple[object, ...]]:
    paths = sorted(shop.quarantine.rglob("*.jsonl"))
    entries = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return [(entry["line"], entry["reason"], entry["raw"]) for entry in entries]


def started(shop: Shop, source: str, *, most: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(shop.folder), source, str(most)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def test_killed_at_any_moment_then_run_again_gives_the_same_log(shop: Shop, tmp_path: Path) -> None:
    for number in range(3):
        log(tmp_path, f"part{number}.csv", rows=6_000, first=number * 5_000)
    source = str(tmp_path / "part*.csv")
    whole = Shop.create(tmp_path / "whole")
    began = time.perf_counter()
    expected = behaviour(whole, source, threads=1, now=NOW)
    lasting = time.perf_counter() - began
    assert expected.duplicates > 2_000
    draw = random.Random(7)
    kills = 0
    while kills < 8:
        process = started(shop, source)
        time.sleep(draw.random() * lasting)
        process.kill()
        killed = process.wait() == -signal.SIGKILL
        assert process.stdout is not None
        process.stdout.close()
        kills += killed
        ids = [row[0] for row in content(shop)]
        assert len(set(ids)) == len(ids)
        if not killed:  # it had ended: the next round begins with an empty shop
            assert content(shop) == content(whole)
            shop = Shop.create(tmp_path / f"shop{kills}-{len(ids)}")
    behaviour(shop, source, threads=1, now=NOW)
    assert content(shop) == content(whole)
    assert quarantined(shop) == quarantined(whole)
    assert not list((shop.events / "incoming").iterdir())


def test_a_killed_ingest_between_log_and_record_is_done_again(shop: Shop, tmp_path: Path) -> None:
    first, second = log(tmp_path, "a.csv", rows=3_000), log(tmp_path, "b.csv", rows=3_000, first=2_000)
    behaviour(shop, first, second, threads=1, now=NOW)
    before = content(shop)
    for record in (shop.events / "batches").iterdir():
        record.unlink()
    again = behaviour(shop, first, second, threads=1, now=NOW)
    assert again.events == len(before)
    assert content(shop) == before


@pytest.mark.parametrize("most", [20_000, 300_000])
def test_a_full_disk_leaves_the_log_as_it_was(shop: Shop, tmp_path: Path, most: int) -> None:
    behaviour(shop, log(tmp_path, "a.csv", rows=500), threads=1, now=NOW)
    before = content(shop)
    big = log(tmp_path, "b.csv", rows=60_000, first=1_000)
    process = started(shop, str(big), most=most)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert said.startswith("StorageFull")
    assert "log is as it was" in said
    assert content(shop) == before
    behaviour(shop, big, threads=1, now=NOW)
    assert len(content(shop)) == len(before) + 59_997


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_line_of_300_megabytes_is_set_aside_in_little_memory(shop: Shop, tmp_path: Path, form: str) -> None:
    good = ["e1,u,p,pv,2026-01-02T03:04:05Z", "e2,u,p,pv,2026-01-02T03:04:06Z"]
    keys = HEAD.strip().split(",")
    rows = (
        good if form == "csv" else [json.dumps(dict(zip(keys, row.split(","), strict=True))) for row in good]
    )
    path = tmp_path / f"log.{form}"
    with path.open("wb") as file:
        file.write((HEAD if form == "csv" else "").encode() + rows[0].encode() + b"\n")
        for _ in range(300):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + rows[1].encode() + b"\n")
    process = started(shop, str(path))
    said, _ = process.communicate(timeout=100)
    told, _, memory = said.strip().partition("|")
    assert told == "2 events kept, 1 set aside"
    assert int(memory) < 500
    assert quarantined(shop)[0][:2] == (3 if form == "csv" else 2, "too_long_line")


def test_two_ingests_at_once_are_refused(shop: Shop, tmp_path: Path) -> None:
    path = log(tmp_path, "a.csv", rows=100)
    with batches.workshop(shop), pytest.raises(Conflict, match="Another ingest"):
        behaviour(shop, path, now=NOW)
    assert behaviour(shop, path, now=NOW).events == 97


def test_nothing_is_left_in_the_workshop_after_an_error(shop: Shop, tmp_path: Path) -> None:
    path = log(tmp_path, "a.csv", rows=100)
    with pytest.raises(Exception, match="no column"):
        behaviour(shop, path, columns={"time": "nothing", "kind": "event"}, now=NOW)
    assert behaviour(shop, path, now=NOW).events == 97
    assert not list((shop.events / "incoming").iterdir())
