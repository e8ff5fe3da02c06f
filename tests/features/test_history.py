"""Windows and sequences against their plain definitions."""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np
from tests.features import toy

from hawker.features.encode import Codes
from hawker.features.history import INTEREST, Sequences
from hawker.features.windows import Windows

DAY = toy.DAY


def test_windows_are_exact_at_every_advance() -> None:
    found = toy.canonical(toy.events(900, seed=4))
    codes, windows = Codes(), Windows((1, 7))
    arrays = codes.encode(found)
    done = 0
    for now in np.linspace(found[0].time, found[-1].time + 9 * DAY, 60).astype(np.int64):
        stop = arrays.before(int(now))
        windows.fold(arrays, start=done, stop=stop)
        windows.advance(int(now))
        done = stop
        got = windows.read(np.arange(len(codes["product"]), dtype=np.int32))
        for code, name in enumerate(codes["product"].names):
            sold = [e for e in found if e.kind is toy.K.PURCHASE and e.product == name and e.time < now]
            wanted = [sum(e.quantity for e in sold if e.time >= now - days * DAY) for days in (1, 7)]
            assert got[code].tolist() == wanted
    assert done == len(found)
    assert not got.any()


def test_what_left_every_window_makes_room() -> None:
    codes, windows = Codes(), Windows((1,))
    for day in range(300):
        sales = [
            toy.Event(toy.K.PURCHASE, toy.START + day * DAY + i, id=str(i), product="p", quantity=0.001)
            for i in range(100)
        ]
        windows.fold(codes.encode(sales))
        windows.advance(toy.START + (day + 1) * DAY)
    assert len(windows.arrays()["times"]) == 100
    assert len(windows._times) < 2_100  # not the 30,000 sales there were
    assert windows.read(np.array([0, -1, 9], dtype=np.int32)).tolist() == [[0.1], [0.0], [0.0]]


def test_sequences_are_the_last_k() -> None:
    found = toy.canonical(toy.events(700, seed=6))
    codes, sequences = Codes(), Sequences(5)
    arrays = codes.encode(found)
    wanted: dict[str, deque[tuple[str, int]]] = defaultdict(lambda: deque(maxlen=5))
    for start in range(0, 700, 90):
        sequences.fold(arrays, start=start, stop=min(start + 90, 700))
    for event in found:
        if event.kind in INTEREST and event.shopper and event.product:
            wanted[event.shopper].append((event.product, event.time))
    assert len(wanted) == 5
    for name, rows in wanted.items():
        items, _, times = sequences.read(codes["shopper"].find(name))
        assert [(codes["product"].names[i], t) for i, t in zip(items, times, strict=True)] == list(rows)
    assert [len(part) for part in sequences.read(-1)] == [0, 0, 0]
    assert [len(part) for part in sequences.read(10**6)] == [0, 0, 0]
