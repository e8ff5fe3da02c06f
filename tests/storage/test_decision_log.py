"""Decision records are written behind the answer, found by id, and survive what kills the writer."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hawker.errors import BadRecord, Corrupt, NotFound, StorageFull
from hawker.records.consent import ConsentPath
from hawker.records.decision import Candidates, Decision, Request, ShownAd, Slot
from hawker.records.ids import stamped
from hawker.storage import frames
from hawker.storage.decision_log import DecisionLog

GOLDEN = Path(__file__).parents[1] / "golden" / "decision_log"


def decision(number: int, *, time: int | None = None) -> Decision:
    now = 1_700_000_000_000_000 + number * 1_000 if time is None else time
    ad = ShownAd(id="a1", campaign="c1", advertiser="adv", product="p1", headline="跑鞋 for rain")
    return Decision(
        id=stamped("d", now, number),
        time=now,
        request=Request(placement="home", shopper="u1", organic=("p7",)),
        path=ConsentPath.PERSONALISED,
        path_reason="allowed",
        slots=(Slot(ad=ad, price=900, pricing="cpm", charge=1, propensity=0.95, probability=0.1, value=0.9),),
        excluded={"below_floor": 3},
        candidates=Candidates(ads=("a1",), bids=(1000,), feature_names=("f",), features=b"\0\0\x80?"),
    )


def test_what_was_appended_is_read_and_scanned(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    made = [decision(number) for number in range(50)]
    for one in made:
        log.append(one)
    assert log.read(made[7].id) == made[7]
    assert list(log.scan()) == made
    assert list(log.scan(made[10].time, made[20].time)) == made[10:20]
    log.close()
    log.close()
    assert list(DecisionLog(tmp_path).scan()) == made


def test_an_unknown_id_is_not_found(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    log.append(decision(1))
    for id in (decision(2).id, "no-such", ""):
        with pytest.raises(NotFound, match="no decision"):
            log.read(id)
    log.close()


def test_flush_means_on_disk_before_close(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    log.append(decision(1))
    log.flush()
    assert [one.id for one in DecisionLog(tmp_path).scan()] == [decision(1).id]
    log.append(decision(2))
    assert log.read(decision(2).id) == decision(2)
    log.close()


def test_segments_are_sealed_with_an_index_and_found_again(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path, segment_bytes=1_000)
    made = [decision(number, time=1_800_000_000_000_000 - number * 1_000) for number in range(30)]
    for one in made:
        log.append(one)
        log.flush()
    log.close()
    segments = sorted(tmp_path.glob("*.decisions"))
    assert len(segments) > 5
    assert {path.stem for path in tmp_path.glob("*.index")} == {path.stem for path in segments}
    again = DecisionLog(tmp_path)
    assert all(again.read(one.id) == one for one in made)
    segments[0].with_suffix(".index").write_bytes(b"damaged")
    assert DecisionLog(tmp_path).read(made[0].id) == made[0]


def test_a_torn_tail_is_left_out(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    log.append(decision(1))
    log.flush()
    segment = next(tmp_path.glob("*.decisions"))
    with segment.open("ab") as handle:
        handle.write(frames.framed(b"half a record")[:-2])
    assert [one.id for one in DecisionLog(tmp_path).scan()] == [decision(1).id]
    log.close()


def test_a_record_that_is_no_decision_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.decisions").write_bytes(frames.MAGIC + frames.framed(b"\x82\xa2id\xa1x\xa4time\x01"))
    with pytest.raises(Corrupt, match="no decision"):
        list(DecisionLog(tmp_path).scan())


def test_a_full_disk_is_told_and_nothing_queued_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = DecisionLog(tmp_path)
    log.append(decision(1))
    log.flush()

    def full(handle: int, data: memoryview, offset: int) -> int:
        raise OSError(errno.ENOSPC, f"No space for {len(data)} bytes at {offset} of {handle}")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        log.append(decision(2))
        with pytest.raises(StorageFull, match="disk filled"):
            log.flush()
    log.flush()
    assert [one.id for one in log.scan()] == [decision(1).id, decision(2).id]
    log.close()


def test_a_decision_that_cannot_be_packed_is_told_and_the_log_goes_on(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path)
    log.append(decision(1))
    with pytest.raises(BadRecord, match="cannot be packed"):
        log.append(msgspec.structs.replace(decision(2), versions={"model": object()}))
    log.flush()
    log.append(decision(4))
    log.close()
    assert {decision(1).id, decision(4).id} <= {one.id for one in log.scan()}
    assert decision(2).id not in {one.id for one in log.scan()}


def test_a_full_queue_waits_for_the_disk(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path, waiting=3)
    for number in range(200):
        log.append(decision(number))
        assert len(log._queue) <= 3
    log.close()
    assert sum(1 for _ in log.scan()) == 200


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_decision_log import decision
from hawker.storage.decision_log import DecisionLog
log = DecisionLog(Path(sys.argv[1]))
for number in range(10**6):
    log.append(decision(number))
    if number % 50 == 49:
        log.flush()
        sys.stdout.write(f"{number + 1}\\n"); sys.stdout.flush()
"""


def test_what_was_flushed_survives_kill_9(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(9):
            flushed = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
    found = [one.id for one in DecisionLog(tmp_path).scan()]
    assert found[:flushed] == [decision(number).id for number in range(flushed)]


def test_a_log_of_version_1_still_loads() -> None:
    log = DecisionLog(GOLDEN)
    assert list(log.scan()) == [decision(number) for number in range(3)]
    assert log.read(decision(2).id).slots[0].ad.headline == "跑鞋 for rain"
