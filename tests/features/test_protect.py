"""Minors and special categories leave no profile, replayed as live; a forgotten shopper leaves nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.features import toy
from tests.features.test_arrival import fresh, rows
from tests.features.test_counters import everything

from hawker.features.interests import Interests
from hawker.features.protect import clear, forget, within
from hawker.features.state import State
from hawker.records.catalogue import Product
from hawker.records.events import Event, EventKind
from hawker.storage import tables
from hawker.storage.event_log import EventLog

NOW = toy.events(1)[0].time + 400 * toy.DAY


def event(place: int, **said: object) -> Event:
    return Event(EventKind.PURCHASE, toy.events(1)[0].time + place, id=f"e{place}", **said)  # type: ignore[arg-type]


LOG = [
    event(1, shopper="u-1", session="s-1", product="tea"),
    event(2, shopper="child", session="s-2", product="tea"),
    event(3, shopper="u-1", session="s-1", product="test"),
    event(4, shopper="u-2", session="s-3", product="tea"),
    event(5, shopper="child", session="s-2", product="pot"),
    event(6, shopper="u-1", session="s-1", product="pot"),
]
PRODUCTS = [
    Product("tea", "Tea", category="Grocery > Tea"),
    Product("test", "Test", category="Health > Tests > Pregnancy"),
    Product("pot", "Pot", category="Kitchen"),
]


def guarded() -> State:
    state = State()
    state.codes.learn_products(PRODUCTS)
    state.codes.protection.special = ("health > tests",)
    state.codes.protection.minors = {state.codes["shopper"].code("child")}
    return state


def bought(state: State, shopper: str) -> float:
    code = state.codes["shopper"].codes([shopper])
    return float(state.read("shopper", code, now=NOW)["purchases"][0])


def pairs(state: State, shopper: str) -> int:
    return held(state, state.codes["shopper"].find(shopper))


def held(state: State, code: int) -> int:
    own = [place for place, table in enumerate(state.plan.tables) if table.key[0] == "shopper"]
    return sum(len(found) for found in state.counters.partners(own, code))


@pytest.mark.parametrize("replayed", [False, True])
def test_minors_and_special_categories_are_folded_as_nobodys(tmp_path: Path, replayed: bool) -> None:
    state = guarded()
    if replayed:
        log = EventLog(tmp_path / "events")
        log.append(LOG)
        connection = tables.connect(threads=1)
        log.view(connection)
        state.fold(state.codes.load(connection))
    else:
        for one in LOG:
            state.fold(state.codes.encode([one]))
    state.advance(NOW)
    assert (bought(state, "u-1"), bought(state, "child"), bought(state, "u-2")) == (2, 0, 1)
    assert pairs(state, "child") == 0
    assert len(state.sequences.read(state.codes["shopper"].find("child"))[0]) == 0
    tests = state.codes["product"].find("test")
    assert tests not in state.sequences.read(state.codes["shopper"].find("u-1"))[0]
    products = state.codes["product"].codes(["tea", "test", "pot"])
    assert state.read("product", products, now=NOW)["count"].tolist() == [3, 1, 2]


def test_live_and_replay_agree_bit_for_bit_with_protection(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events")
    log.append(LOG)
    connection = tables.connect(threads=1)
    log.view(connection)
    live, replayed = guarded(), guarded()
    for state in (live, replayed):
        for name in ("u-1", "child", "u-2"):
            state.codes["shopper"].code(name)
        for name in ("s-1", "s-2", "s-3"):
            state.codes["session"].code(name)
    replayed.fold(replayed.codes.load(connection))
    for one in LOG:
        live.fold(live.codes.encode([one]))
    assert repr(everything(live, NOW)) == repr(everything(replayed, NOW))


def test_a_forgotten_shopper_leaves_no_row_and_no_name() -> None:
    found = toy.canonical(toy.events(400, seed=9))
    state = fresh()
    count = len(state.codes["product"]) + 400
    state.interests = Interests(np.ones((count, 2), dtype=np.float32), name="v1")
    state.fold(state.codes.encode(found))
    now = found[-1].time + 1
    state.advance(now)
    who = found[0].shopper
    others = [name for name in state.codes["shopper"].names if name != who]
    before = {name: state.read("shopper", state.codes["shopper"].codes([name]), now=now) for name in others}
    code, length = state.codes["shopper"].find(who), len(state.counters)
    assert pairs(state, who) > 0
    assert state.interests.read(code).any()

    removed = forget(state, [who], sessions=[found[0].session])

    assert removed > 1
    assert len(state.counters) == length - removed
    assert who not in state.codes["shopper"].names
    assert state.codes["shopper"].find(who) == -1
    assert found[0].session not in state.codes["session"].names
    assert held(state, code) == 0
    assert len(state.sequences.read(code)[0]) == 0
    assert not state.interests.read(code).any()
    for name in others:
        after = state.read("shopper", state.codes["shopper"].codes([name]), now=now)
        assert repr(after) == repr(before[name])
    assert forget(state, [who]) == 0


def test_a_state_goes_on_after_one_was_cleared(tmp_path: Path) -> None:
    found = toy.canonical(toy.events(300, seed=4))
    who = found[0].shopper
    state, never = fresh(), fresh()
    state.fold(state.codes.encode(found[:150]))
    assert clear(state, [who]) > 0
    state.save(tmp_path / "s.npz")
    assert never.load(tmp_path / "s.npz")
    for one in (state, never):
        one.fold(one.codes.encode(found[150:]))
        one.advance(found[-1].time + 1)
    assert rows(state, found[-1].time + 1) == rows(never, found[-1].time + 1)
    assert clear(state, ["nobody", ""]) == 0


def test_paths_are_compared_level_by_level() -> None:
    assert within("Health", ["Health"])
    assert within("health > Tests", ["Health"])
    assert not within("Health", ["Health > Tests"])
    assert not within("", ["Health"])
    assert not within("Grocery", ["", " > "])
