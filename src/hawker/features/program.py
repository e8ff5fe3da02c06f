"""Recorded formulas laid out as arrays, and the compiled loop that works them out for a request.

What depends on the shopper, the place and the moment only is worked out once; the rest product by
product, in blocks that stay in the processor's cache. All numbers are float64 until the last step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput
from hawker.features.counters import DAY, EPOCH
from hawker.features.evaluate import alike, evaluate
from hawker.features.formula import LEAVES, MOMENTS, Entry, Step, Tape, Term
from hawker.features.schema import Plan
from hawker.features.state import State

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_SOURCES = ("product", "category", "shelf", "department", "brand", "line")
_FIXED = ("shopper", "location", "placement", "everything")


@dataclass(frozen=True)
class Moment:
    """Who looks, where and when: codes (-1 unknown), `now` in microseconds, local time offset in minutes."""

    now: int
    shopper: int = -1
    location: int = -1
    placement: int = -1
    utc_offset_minutes: int = 0


@dataclass(frozen=True)
class Sheet:
    """Feature rows of one request: what is the same in all rows once, the rest column by column.

    `common` is float32 (features,), NaN where a feature has a column; `own` is float32
    (columns, rows), and `columns` (columns,) says which features those are. `look` works out features
    that are not here, of some of the rows. `even` is known of a sheet that is settled.
    """

    names: tuple[str, ...]
    common: NDArray[np.float32]
    columns: NDArray[np.int64]
    own: NDArray[np.float32]
    look: Callable[[NDArray[np.intp], tuple[str, ...]], Sheet] | None = field(default=None, compare=False)
    even: bool = field(default=False, compare=False)

    def __len__(self) -> int:
        return int(self.own.shape[1])

    def matrix(self, names: tuple[str, ...] | None = None) -> NDArray[np.float32]:
        """Rows in full, of all features or of some in that order: float32 (rows, features)."""
        if names is not None and names != self.names:
            return np.ascontiguousarray(self.matrix()[:, self.places(names)])
        out = np.empty((self.own.shape[1], len(self.names)), dtype=np.float32)
        out[:] = self.common
        out[:, self.columns] = self.own.T
        return out

    def settled(self) -> Sheet:
        """The same, with whatever is equal in all rows among what is common: one form for equal rows.

        Models that add up what is common first add in the same order, then, whoever made the sheet.
        """
        if self.even:
            return self
        common, varies = self.common.copy(), np.empty(len(self.columns), dtype=np.bool_)
        alike(self.own.view(np.uint32), self.own, self.columns, common, varies)
        return Sheet(self.names, common, self.columns[varies], self.own[varies], self.look, even=True)

    def closer(self, rows: NDArray[np.intp], names: tuple[str, ...]) -> Sheet:
        """Some of the rows, with these features at least: those here, or worked out now."""
        if self.look is not None and not set(names).issubset(self.names):
            return self.look(rows, names)
        own = np.ascontiguousarray(self.own[:, rows])
        return Sheet(self.names, self.common, self.columns, own)

    def places(self, names: tuple[str, ...]) -> list[int]:
        """Where some features stand; raises `BadInput` naming one that is not here."""
        missing = [name for name in names if name not in self.names]
        if missing:
            raise BadInput(f"The rows hold no feature '{missing[0]}'.", remedy="Assemble them anew.")
        return [self.names.index(name) for name in names]

    @property
    def rows(self) -> NDArray[np.int64]:
        """By feature: its row of `own`, or -1 where it is common: (features,)."""
        found = np.full(len(self.names), -1, dtype=np.int64)
        found[self.columns] = np.arange(len(self.columns))
        return found


@dataclass(frozen=True)
class Program:
    """The steps that some features need, as arrays.

    `reads` (tables, 9): table, sources of both keys, first item, items, shared, where in `spots`
    (remembered places of rows, which never move) its codes begin and how many, and how far into a row
    it looks; `items` (n, 3): counter, its decay slot, its cell; `loads` (n, 3): window or context column,
    cell, kind; `steps` (n, 4): step, cell, inputs. Cells of own numbers count from 0 up, those of shared
    ones from -1 down.
    """

    names: tuple[str, ...]
    contexts: tuple[str, ...]
    reads: Ints
    items: Ints
    loads: Ints
    steps: Ints
    cells: int
    shared: Floats
    moments: tuple[tuple[int, str], ...]
    outputs: Ints  # (features,): the cell of each
    columns: Ints  # which features have a column
    results: Ints  # the cells of those
    spots: Ints

    @cached_property
    def blank(self) -> NDArray[np.float32]:
        """What all rows share, before any of it is known: float32 (features,)."""
        return np.full(len(self.outputs), np.nan, dtype=np.float32)

    @cached_property
    def alike(self) -> NDArray[np.intp]:
        """The features that are the same in all rows."""
        return np.flatnonzero(self.outputs < 0)

    @cached_property
    def sources(self) -> Ints:
        """Where those stand among the shared numbers."""
        return -1 - self.outputs[self.alike]

    def run(
        self, state: State, moment: Moment, products: NDArray[np.int32], context: Mapping[str, Floats]
    ) -> Sheet:
        """The features of some products, now."""
        today = (moment.now - EPOCH) / DAY
        shared = self.shared.copy()
        for place, name in self.moments:
            shared[place] = today if name == "today" else _clock(moment, name)
        given = [context[name] for name in self.contexts]
        counters = state.counters
        own = np.empty((len(self.columns), len(products)), dtype=np.float32)
        evaluate(
            (self.reads, self.items, self.loads, self.steps),
            (counters.plan.column_rows, counters.plan.table_rows, counters.rates),
            (counters.index, counters.arena, state.windows.sums, state.codes.product_table()),
            products,
            np.array([moment.shopper, moment.location, moment.placement, 0], dtype=np.int64),
            np.array(given) if given else _NOTHING,
            today,
            shared,
            self.cells,
            self.spots,
            self.results,
            own,
        )
        common = self.blank.copy()
        common[self.alike] = shared[self.sources]
        return Sheet(self.names, common, self.columns, own)


_NOTHING = np.zeros((0, 0))


def compose(tape: Tape, wanted: Mapping[str, Term], state: State) -> Program:
    """Lay out what the wanted features need of a tape, and nothing else; for use with this state alone."""
    plan = state.plan
    needed = _needed(tape, [term.place for term in wanted.values()])
    cells = _cells(tape, needed)
    reads, items = _reads(tape, needed, cells, plan)
    known = _remembered(reads, plan, state)
    contexts = tuple(str(tape.entries[p].a) for p in needed if tape.entries[p].step is Step.CONTEXT)
    shared = np.zeros(max(1, sum(cell < 0 for cell in cells.values())))
    for place in needed:
        entry = tape.entries[place]
        if entry.step is Step.CONSTANT:
            shared[-1 - cells[place]] = float(entry.a)
    outputs = np.array([cells[term.place] for term in wanted.values()], dtype=np.int64)
    columns = np.flatnonzero(outputs >= 0)
    return Program(
        names=tuple(wanted),
        contexts=contexts,
        reads=reads,
        items=items,
        loads=_loads(tape, needed, cells, contexts),
        steps=_steps(tape, needed, cells),
        cells=max(1, sum(cell >= 0 for cell in cells.values())),
        shared=shared,
        moments=tuple(
            (-1 - cells[place], str(tape.entries[place].a))
            for place in needed
            if tape.entries[place].step is Step.MOMENT
        ),
        outputs=outputs,
        columns=columns,
        results=outputs[columns],
        spots=np.full(known, -1, dtype=np.int64),
    )


def _needed(tape: Tape, wanted: Sequence[int]) -> list[int]:
    """The steps behind some steps, in the tape's order."""
    found: set[int] = set()
    waiting = list(wanted)
    while waiting:
        place = waiting.pop()
        if place in found:
            continue
        found.add(place)
        entry = tape.entries[place]
        if entry.step not in LEAVES:
            waiting += [int(entry.a), int(entry.b)]
    return sorted(found)


def _cells(tape: Tape, needed: Sequence[int]) -> dict[int, int]:
    cells: dict[int, int] = {}
    own = shared = 0
    for place in needed:
        if tape.entries[place].shared:
            shared += 1
            cells[place] = -shared
        else:
            cells[place] = own
            own += 1
    return cells


def _reads(tape: Tape, needed: Sequence[int], cells: dict[int, int], plan: Plan) -> tuple[Ints, Ints]:
    """One look-up a table, shared ones first; within it the counters that decay alike stand together."""
    asked: dict[str, list[tuple[int, int, int]]] = {}
    shared: dict[str, bool] = {}
    for place in needed:
        entry = tape.entries[place]
        if entry.step is Step.COUNTER:
            name = str(entry.a)
            table, column = plan.place(name, str(entry.b))
            slot = int(plan.column_rows[plan.table_rows[table, 2] + column, 3])
            asked.setdefault(name, []).append((slot, column, cells[place]))
            shared[name] = entry.shared
    reads: list[list[int]] = []
    items: list[list[int]] = []
    for name in sorted(asked, key=lambda name: not shared[name]):
        table = next(index for index, held in enumerate(plan.tables) if held.name == name)
        sources = [_source(key) for key in plan.tables[table].key]
        paired = sources[1] if len(sources) > 1 else -1
        last = 2 + max(column for _, column, _ in asked[name])
        reads.append([table, sources[0], paired, len(items), len(asked[name]), int(shared[name]), 0, 0, last])
        items += [[column, slot, cell] for slot, column, cell in sorted(asked[name])]
    return _table(reads, 9), _table(items, 3)


def _remembered(reads: Ints, plan: Plan, state: State) -> int:
    """Give each table that only the product decides a stretch of `spots`; returns how many there are."""
    total = 0
    for read in reads:
        key = plan.tables[read[0]].key
        if not read[5] and len(key) == 1:
            read[6], read[7] = total, 2 * len(state.codes[key[0]]) + 64
            total += int(read[7])
    return max(total, 1)


def _source(key: str) -> int:
    """Where a key comes from: the product, what the catalogue says of it, or the request."""
    return _SOURCES.index(key) if key in _SOURCES else len(_SOURCES) + _FIXED.index(key)


def _loads(tape: Tape, needed: Sequence[int], cells: dict[int, int], contexts: tuple[str, ...]) -> Ints:
    loads = []
    for place in needed:
        entry = tape.entries[place]
        if entry.step is Step.UNITS:
            loads.append([int(entry.a), cells[place], int(Step.UNITS)])
        elif entry.step is Step.CONTEXT:
            loads.append([contexts.index(str(entry.a)), cells[place], int(Step.CONTEXT)])
    return _table(loads, 3)


def _steps(tape: Tape, needed: Sequence[int], cells: dict[int, int]) -> Ints:
    """The steps on shared numbers first: no own number goes into a shared one."""

    def row(place: int, entry: Entry) -> list[int]:
        return [int(entry.step), cells[place], cells[int(entry.a)], cells[int(entry.b)]]

    plain = [(place, tape.entries[place]) for place in needed if tape.entries[place].step not in LEAVES]
    return _table([row(*one) for one in sorted(plain, key=lambda one: not one[1].shared)], 4)


def _table(rows: list[list[int]], width: int) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(len(rows), width)


def _clock(moment: Moment, name: str) -> float:
    """Hour or weekday on the shop's own clock; Monday is 0."""
    assert name in MOMENTS
    days = (moment.now + moment.utc_offset_minutes * 60_000_000) / DAY
    return (days % 1.0) * 24.0 if name == "hour" else float(int(days + 3.0) % 7)
