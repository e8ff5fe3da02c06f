"""The compiled counters against the same counters written plainly, and against themselves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.features import toy

from hawker.errors import BadSetting
from hawker.features.counters import Counters
from hawker.features.encode import Codes
from hawker.features.events import EventArrays
from hawker.features.schema import Column, Op, Table, plan
from hawker.features.state import State

DAY = toy.DAY


def folded(seed: int = 7, *, count: int = 800) -> tuple[State, toy.Plain, int]:
    catalogue = toy.products()
    state, plain = State(tables=toy.TABLES), toy.Plain(catalogue)
    state.codes.learn_products(catalogue)
    found = toy.canonical(toy.events(count, seed=seed))
    state.fold(state.codes.encode(found))
    for event in found:
        plain.fold(event)
    return state, plain, found[-1].time + 3 * DAY


def everything(state: State, now: int) -> dict[tuple[str, ...], dict[str, float]]:
    """Every counter of every possible key, by names: what two states are compared by."""
    out = {}
    for table in state.plan.tables:
        vocabularies = [
            ["all"] if key == "everything" else sorted(state.codes[key].names) for key in table.key
        ]
        for key in itertools.product(*vocabularies):
            codes = [
                0 if what == "everything" else state.codes[what].find(name)
                for what, name in zip(table.key, key, strict=True)
            ]
            given = [np.array([code], dtype=np.int32) for code in codes]
            out[table.name, *key] = {
                name: float(v[0]) for name, v in state.read(table.name, *given, now=now).items()
            }
    return out


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counters_say_what_the_plain_ones_say(seed: int) -> None:
    state, plain, now = folded(seed)
    wanted = {
        (table.name, *key, column.name): plain.read(table, column, key, now)
        for table in toy.TABLES
        for (name, *key) in list(plain.taken)
        if name == table.name
        for key in [tuple(key)]
        for column in table.columns
    }
    got = everything(state, now)
    assert len(wanted) > 300
    for (table, *key, column), value in wanted.items():
        assert got[table, *key][column] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True)


def test_an_unknown_key_is_skipped_and_reads_as_nothing() -> None:
    table = Table("pair", ("shopper", "product"), (Column("count", Op.SUM), Column("last", Op.LAST)))
    counters = Counters(plan((table,)))
    found = [toy.Event(toy.K.PURCHASE, toy.START, id="1", product="p"), toy.Event(toy.K.PURCHASE, toy.START)]
    counters.fold(Codes().encode(found))
    assert len(counters) == 0
    nobody = np.array([-1, 0, 7], dtype=np.int32)
    out = counters.read(0, nobody, np.array([0, -1, 7], dtype=np.int32), toy.START)
    assert out[:, 0].tolist() == [0, 0, 0]
    assert np.isnan(out[:, 1]).all()


def test_index_and_arena_grow_without_losing_a_row() -> None:
    table = Table("pair", ("shopper", "product"), (Column("count", Op.SUM), Column("value", Op.SUM)))
    counters = Counters(plan((table,)), rows=16)
    rng = np.random.default_rng(3)
    who, what = rng.integers(0, 400, 30_000), rng.integers(0, 90, 30_000)
    keys = np.full((30_000, 11), -1, dtype=np.int32)
    keys[:, 0], keys[:, 1] = who, what
    arrays = EventArrays(
        time=toy.START + np.arange(30_000),
        kind=np.full(30_000, 6, dtype=np.int8),
        session=np.zeros(30_000, dtype=np.int64),
        keys=keys,
        values=np.ones((30_000, 4)),
    )
    for start in range(0, 30_000, 7_001):
        counters.fold(arrays, start=start, stop=min(start + 7_001, 30_000))
    wanted = np.zeros((400, 90))
    np.add.at(wanted, (who, what), 1)
    a, b = counters.keys(0)
    assert len(counters) == len(a) == np.count_nonzero(wanted)
    assert (np.diff(a.astype(np.int64) * 90 + b) > 0).all()
    assert (counters.read(0, a, b, toy.START)[:, 0] == wanted[a, b]).all()
    assert counters.partners([0], 17)[0].tolist() == np.flatnonzero(wanted[17]).tolist()
    assert [len(found) for who in (-1, 400) for found in counters.partners([0], who)] == [0, 0]


def test_one_by_one_in_blocks_and_at_once_give_the_same_bits() -> None:
    found = toy.canonical(toy.events(500, seed=5))
    states = [State(tables=toy.TABLES) for _ in range(3)]
    for state in states:
        state.codes.learn_products(toy.products())
    states[0].fold(states[0].codes.encode(found))
    for event in found:
        states[1].fold(states[1].codes.encode([event]))
    for start in range(0, 500, 37):
        states[2].fold(states[2].codes.encode(found[start : start + 37]))
    now = found[-1].time + DAY
    first, *others = (everything(state, now) for state in states)
    for other in others:
        assert repr(first) == repr(other)


def test_without_sessions_half_an_hour_of_silence_ends_a_visit() -> None:
    table = Table("shopper", ("shopper",), (Column("visits", Op.VISITS, (toy.K.VIEW,)),))
    counters, codes = Counters(plan((table,))), Codes()
    minutes = [0, 10, 35, 70, 71, 200]
    for minute in minutes:
        time = toy.START + minute * 60_000_000
        counters.fold(codes.encode([toy.Event(toy.K.VIEW, time, id=str(minute), shopper="u")]))
    one = np.zeros(1, dtype=np.int32)
    assert counters.read(0, one, one, toy.START)[0, 0] == 3


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (Table("x", (), (Column("count", Op.SUM),)), "0 keys"),
        (Table("x", ("shoper",), (Column("count", Op.SUM),)), "Did you mean 'shopper'"),
        (Table("x", ("shopper",), (Column("c", Op.SUM, value="valu"),)), "Did you mean 'value'"),
        (Table("x", ("shopper",), (Column("c", Op.DECAYED),)), "half-life"),
        (Table("x", ("shopper", "product"), (Column("c", Op.SUM),), exposes=True), "begin with a count"),
    ],
)
def test_an_impossible_schema_is_refused(table: Table, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        plan((table,))


def test_too_many_tables_are_refused() -> None:
    with pytest.raises(BadSetting, match="61 tables"):
        plan(tuple(Table(f"t{i}", ("shopper",), (Column("c", Op.SUM),)) for i in range(61)))


def test_the_pairs_of_one_shopper_are_told_apart_by_table() -> None:
    state, _, _ = folded()
    pairs, shoppers = state.place("shopper_product"), state.place("shopper")
    for code in range(len(state.codes["shopper"])):
        a, b = state.counters.keys(pairs)
        products, none = state.counters.partners([pairs, shoppers], code)
        assert products.tolist() == b[a == code].tolist()
        assert none.tolist() == [0]  # a table of one key has 0 in the place of the second


def test_an_unknown_counter_names_the_nearest() -> None:
    made = plan(toy.TABLES)
    assert made.place("product", "repeats") == (2, 1)
    with pytest.raises(BadSetting, match="Did you mean 'product'"):
        made.place("produc", "count")
    with pytest.raises(BadSetting, match="Did you mean 'repeats'"):
        made.place("product", "repeat")
    with pytest.raises(BadSetting, match="Did you mean 'shopper'"):
        State(tables=toy.TABLES).read("shoper", np.zeros(1, dtype=np.int32), now=0)
