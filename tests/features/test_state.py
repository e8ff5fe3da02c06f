"""A snapshot taken anywhere goes on as if nothing had happened, or says why it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.features import toy
from tests.features.test_arrival import fresh, rows
from tests.features.test_counters import everything

from hawker.errors import Corrupt
from hawker.features.interests import Interests
from hawker.features.state import State
from hawker.storage import snapshot


def test_a_snapshot_goes_on_bit_for_bit(tmp_path: Path) -> None:
    found = toy.canonical(toy.events(400, seed=9))
    whole = fresh()
    whole.fold(whole.codes.encode(found))
    for cut in (0, 1, 150, 399):
        before, after = fresh(), fresh()
        before.fold(before.codes.encode(found[:cut]))
        before.advance(found[cut].time)
        before.save(tmp_path / "state.npz")
        assert after.load(tmp_path / "state.npz")
        assert after.watermark == found[cut].time
        after.fold(after.codes.encode(found[cut:]))
        for state in (whole, after):
            state.advance(found[-1].time + 1)
        now = found[-1].time + toy.DAY
        assert rows(after, now) == rows(whole, now)
        assert repr(everything(after, now)) == repr(everything(whole, now))


def test_without_a_snapshot_or_with_another_schema_or_encoder_there_is_nothing_to_take(
    tmp_path: Path,
) -> None:
    state = State(tables=toy.TABLES)
    assert not state.load(tmp_path / "none.npz")
    state.fold(state.codes.encode(toy.events(20)))
    state.save(tmp_path / "state.npz")
    other = State(tables=toy.TABLES[:1])
    assert not other.load(tmp_path / "state.npz")
    vectors = State(tables=toy.TABLES)
    vectors.interests = Interests(np.ones((3, 2), dtype=np.float32), name="new-encoder")
    assert not vectors.load(tmp_path / "state.npz")
    assert len(vectors.counters) == len(other.counters) == 0
    assert State(tables=toy.TABLES).load(tmp_path / "state.npz")


def test_a_torn_snapshot_says_what_to_do(tmp_path: Path) -> None:
    state, path = State(tables=toy.TABLES), tmp_path / "state.npz"
    state.fold(state.codes.encode(toy.events(50)))
    state.save(path)
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 3] ^= 0xFF
    for content in (whole[: len(whole) // 2], b"", b"not a zip", bytes(changed)):
        path.write_bytes(content)
        with pytest.raises(Corrupt, match="made again from the event log"):
            State(tables=toy.TABLES).load(path)
    snapshot.save(path, {"something": np.zeros(3)})
    with pytest.raises(Corrupt, match="not a snapshot of the folds"):
        State(tables=toy.TABLES).load(path)
