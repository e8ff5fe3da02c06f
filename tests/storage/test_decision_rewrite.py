"""Records rewritten: changed ones found again, others byte for byte, open segments of others untouched."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hawker.records.consent import ConsentPath
from hawker.records.decision import Decision, Request
from hawker.records.ids import stamped
from hawker.storage.decision_log import DecisionLog


def made(number: int) -> Decision:
    now = 1_700_000_000_000_000 + number * 1_000
    request = Request("home", shopper=f"shopper-{number % 3}", query="long words " * (number % 5))
    return Decision(stamped("d", now, number), now, request, ConsentPath.PERSONALISED, "allowed")


def unnamed(decision: Decision) -> Decision:
    if decision.request.shopper != "shopper-1":
        return decision
    return msgspec.structs.replace(decision, request=Request("home"))


def test_changed_records_are_found_again_and_the_others_stay(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path, segment_bytes=2_000)
    held = [made(number) for number in range(300)]
    for one in held:
        log.append(one)
        log.flush() if one is held[150] else None
    assert log.rewrite(unnamed) == (100, 0)
    for one in held:
        assert log.read(one.id) == unnamed(one)
    assert sorted(log.scan(), key=lambda one: one.time) == [unnamed(one) for one in held]
    assert log.rewrite(unnamed) == (0, 0)
    more = made(301)
    log.append(more)
    assert log.read(more.id) == more
    log.close()


def test_another_reader_sees_the_new_file_and_not_its_old_places(tmp_path: Path) -> None:
    writer, reader = DecisionLog(tmp_path), DecisionLog(tmp_path)
    held = [made(number) for number in range(60)]
    for one in held:
        writer.append(one)
    writer.close()
    assert reader.read(held[59].id) == held[59]
    assert writer.rewrite(unnamed)[0] == 20
    for one in held:
        assert reader.read(one.id) == unnamed(one)


def test_what_another_still_writes_to_is_left_and_counted(tmp_path: Path) -> None:
    one, two = DecisionLog(tmp_path), DecisionLog(tmp_path)
    one.append(made(1))
    one.flush()
    two.append(made(4))
    assert two.rewrite(unnamed) == (1, 1)
    assert two.read(made(1).id) == made(1)
    assert two.read(made(4).id) == unnamed(made(4))
    one.append(made(7))
    one.close()
    assert two.rewrite(unnamed) == (2, 0)
    assert two.read(made(7).id) == unnamed(made(7))


def test_pruning_takes_out_what_is_older_and_nothing_else(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path, segment_bytes=2_000)
    held = [made(number) for number in range(300)]
    for one in held:
        log.append(one)
        log.flush() if one in (held[99], held[199]) else None
    log.close()
    assert len(list(tmp_path.glob("*.decisions"))) >= 3
    edge = held[150].time
    assert log.prune(edge) == 150
    assert list(log.scan()) == held[150:]
    assert len(list(tmp_path.iterdir())) == 4  # the first segment is gone with its index
    assert log.read(held[150].id) == held[150]
    assert log.prune(edge) == 0
    assert log.prune(1 << 61) == 150
    assert list(tmp_path.iterdir()) == []
