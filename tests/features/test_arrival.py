"""Invariant 2: live state, fed in whatever order events come, is the replay of the log, bit for bit."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.features import toy
from tests.features.test_counters import everything

from hawker.errors import BadInput
from hawker.features.arrival import Arrival, unfolded
from hawker.features.assemble import Moment, affinity, assemble
from hawker.features.encode import Codes
from hawker.features.interests import Interests
from hawker.features.state import State
from hawker.records.events import Event, released
from hawker.storage import tables
from hawker.storage.event_log import EventLog

T = toy.TOLERANCE
MINUTE = 60_000_000


def view(time: int, id: str, *, received: int = 0) -> Event:
    return Event(toy.K.VIEW, time, id=id, received=received)


def test_events_leave_in_order_and_only_when_no_earlier_one_can_come() -> None:
    arrival = Arrival(10)
    for event in (view(100, "b", received=101), view(95, "c", received=103), view(100, "a", received=104)):
        arrival.add(event)
    assert arrival.ready(105) == []  # the watermark is 95, and 95 is not before it
    assert [e.id for e in arrival.ready(106)] == ["c"]
    assert arrival.ready(110) == []
    assert (arrival.waiting, arrival.watermark) == (2, 100)
    assert [e.id for e in arrival.ready(111)] == ["a", "b"]


def test_a_late_event_is_released_when_it_came_less_the_tolerance() -> None:
    arrival = Arrival(10)
    assert arrival.ready(200) == []
    assert arrival.add(view(50, "late", received=200)) == 190
    assert [e.id for e in arrival.ready(200)] == []
    assert [e.id for e in arrival.ready(201)] == ["late"]


def test_a_clock_set_back_keeps_the_order() -> None:
    arrival = Arrival(10)
    arrival.ready(1_000)
    assert (arrival.received(1_500), arrival.received(900)) == (1_500, 1_000)
    assert arrival.add(view(880, "x", received=arrival.received(900))) == arrival.watermark
    arrival.ready(500)
    assert arrival.watermark == 990


def test_an_event_from_before_the_watermark_is_refused() -> None:
    arrival = Arrival(10, watermark=1_000)
    with pytest.raises(BadInput, match="'old' is released at 7, before the watermark 1000"):
        arrival.add(view(7, "old"))


def shuffled(seed: int) -> list[Event]:
    """Events in the order of their receipt: seconds to days late, several in one microsecond."""
    rng = random.Random(seed)
    found = toy.events(350, seed=seed, late=True)
    for clone in rng.sample(found, 40):
        found.append(msgspec.structs.replace(clone, id=f"z{rng.random()}"))
    rng.shuffle(found)
    return sorted(found, key=lambda event: event.received)


def vectors() -> Interests:
    made = np.random.default_rng(5).normal(size=(14, 6)).astype(np.float32)
    return Interests(made, name="toy-6")


def fresh() -> State:
    """A state with the standard folds, to which the catalogue is known (and so every product's code)."""
    state = State()
    state.codes.learn_products(toy.products(14))
    state.adopt(vectors())
    return state


def rows(state: State, now: int) -> dict[str, bytes]:
    """All that a decision could read: assembled rows of every product for every shopper, and histories."""
    products = np.arange(14, dtype=np.int32)
    out = {}
    for shopper in [f"u{n}" for n in range(1, 6)] + ["nobody"]:
        code = state.codes["shopper"].find(shopper)
        north = state.codes["location"].find("north")
        moment = Moment(now, shopper=code, location=north)
        _, matrix = assemble(state, moment, products)
        items, kinds, times = state.sequences.read(code)
        assert state.interests is not None
        out[shopper] = b"".join(
            part.tobytes()
            for part in (
                matrix,
                affinity(state, moment, products),
                state.interests.readings(code),
                *state.interests.several(code),
                items,
                kinds,
                times,
            )
        )
    return out


class Replay:
    """The sorted log, folded up to wherever a training row asks."""

    def __init__(self, found: list[Event]) -> None:
        self.state = fresh()
        self.arrays = self.state.codes.encode(found, tolerance=T)
        self.done = 0

    def at(self, moment: int) -> State:
        stop = self.arrays.before(moment)
        self.state.fold(self.arrays, start=self.done, stop=stop)
        self.state.advance(moment)
        self.done = stop
        return self.state


def moments(found: list[Event], rng: random.Random) -> Iterator[int | Event]:
    """Arrivals and, between them, moments at which someone looks."""
    looks = [rng.randrange(found[0].received, found[-1].received + 3 * toy.DAY) for _ in range(25)]
    looks += [event.received for event in rng.sample(found, 5)]
    timed = [(event.received, 0, i, event) for i, event in enumerate(found)]
    asked = [(look, 1, i, look) for i, look in enumerate(sorted(looks))]
    for *_, what in heapq.merge(timed, sorted(asked)):
        yield what


def live(state: State, arrival: Arrival, now: int) -> None:
    """What the engine does before a decision: fold all whose turn has come, now together, now one by one."""
    if now % 2:
        state.catch_up(arrival, now)
        return
    for event in arrival.ready(now):
        state.fold(state.codes.encode([event], tolerance=T))
    state.advance(arrival.watermark)


def same(live: State, replay: State, now: int) -> None:
    assert live.watermark == replay.watermark
    assert rows(live, now) == rows(replay, now)


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_arrival_and_sorted_replay_are_equal_bit_for_bit(seed: int) -> None:
    found, rng = shuffled(seed), random.Random(seed)
    state, arrival, replay, looked = fresh(), Arrival(T), Replay(found), 0
    for what in moments(found, rng):
        if isinstance(what, Event):
            arrival.add(what)
            if rng.random() < 0.3:
                live(state, arrival, what.received)
            continue
        live(state, arrival, what)
        same(state, replay.at(arrival.watermark), what)
        looked += 1
    assert looked == 30
    live(state, arrival, found[-1].received + 30 * toy.DAY)
    replay.at(arrival.watermark)
    assert (arrival.waiting, state.catch_up(arrival, found[-1].received)) == (0, 0)
    now = arrival.watermark
    assert repr(everything(state, now)) == repr(everything(replay.state, now))
    assert len(state.counters) > 250


def test_the_log_replays_to_the_live_state_and_a_restart_changes_nothing(tmp_path: Path) -> None:
    """Snapshot in the middle, lose everything since, read the rest back from the log, go on."""
    found = shuffled(3)
    log = EventLog(tmp_path / "events")
    state, arrival = fresh(), Arrival(T)
    for i, event in enumerate(found):
        log.append([event])
        arrival.add(event)
        if i == 150:
            live(state, arrival, event.received)
            state.save(tmp_path / "state.npz")
        if i == 260:
            live(state, arrival, event.received)
            state, arrival = restarted(tmp_path, log)
            assert arrival.waiting > 0
        live(state, arrival, event.received)
    now = found[-1].received + 5 * toy.DAY
    live(state, arrival, now)
    stored = fresh()
    connection = tables.connect(threads=1)
    log.view(connection)
    arrays = stored.codes.load(connection, tolerance=T)
    stored.fold(arrays, stop=arrays.before(arrival.watermark))
    stored.advance(arrival.watermark)
    same(state, stored, now)
    assert repr(everything(state, now)) == repr(everything(stored, now))


def restarted(folder: Path, log: EventLog) -> tuple[State, Arrival]:
    state = fresh()
    assert state.load(folder / "state.npz")
    arrival = Arrival(T, watermark=state.watermark)
    connection = tables.connect(threads=1)
    log.view(connection)
    for event in unfolded(connection, watermark=state.watermark, tolerance=T):
        arrival.add(event)
    return state, arrival


def test_a_training_row_sees_what_had_been_released_and_nothing_else() -> None:
    found = shuffled(4)
    table = toy.TABLES[0]
    for look in [found[40].received, found[200].received + 1, found[-1].received + toy.DAY]:
        watermark = look - T
        plain = toy.Plain(toy.products(14))
        seen = [e for e in found if released(e.time, e.received, tolerance=T) < watermark]
        assert all(e.received < look for e in seen)
        replay = State(tables=toy.TABLES)
        arrays = replay.codes.encode(found, tolerance=T)
        replay.fold(arrays, stop=arrays.before(watermark))
        for event in toy.canonical(seen, tolerance=T):
            plain.fold(event, moment=released(event.time, event.received, tolerance=T))
        for name in ("u1", "u2", "u3"):
            code = np.array([replay.codes["shopper"].find(name)], dtype=np.int32)
            got = replay.read("shopper", code, now=look)
            assert got["visits"][0] == plain.visits[name]
            assert got["spend"][0] == pytest.approx(plain.read(table, table.columns[1], (name,), look))


def test_the_log_gives_back_its_events_whole(tmp_path: Path) -> None:
    found = [msgspec.structs.replace(event, attributes={"age_band": "35-44"}) for event in shuffled(5)]
    log = EventLog(tmp_path)
    log.append(found)
    connection = tables.connect(threads=1)
    log.view(connection)
    middle = sorted(released(e.time, e.received, tolerance=T) for e in found)[200]
    back = list(unfolded(connection, watermark=middle, tolerance=T))
    ordered = toy.canonical(found, tolerance=T)
    assert back == [e for e in ordered if released(e.time, e.received, tolerance=T) >= middle]


def test_codes_of_a_log_do_not_depend_on_the_order_of_arrival() -> None:
    found = toy.events(50)
    one, other = Codes(), Codes()
    assert (one.encode(found).time == other.encode(found[::-1]).time).all()
    assert (one.encode(found).keys == other.encode(found[::-1]).keys).all()
