"""Formulas as data: written once as plain arithmetic, recorded, and run by one compiled loop.

A formula is a function of counters. Called with a `View`, whose counters are `Term`s and not numbers,
it leaves behind the steps it consists of; equal steps are kept once. Training and serving run those steps,
so a feature has one definition, and what no wanted feature needs is never read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from hawker.errors import BadSetting, nearest
from hawker.features.schema import Table

SHARED = frozenset({"shopper", "location", "placement", "everything"})
"""Keys that are the same for all products of a request."""


class Step(IntEnum):
    """What one step does with its two inputs; the first five are leaves, which read something."""

    COUNTER = 0
    UNITS = 1
    CONTEXT = 2
    CONSTANT = 3
    MOMENT = 4
    ADD = 5
    SUBTRACT = 6
    MULTIPLY = 7
    DIVIDE = 8
    RATIO = 9
    LARGER = 10
    WHERE = 11


LEAVES = (Step.COUNTER, Step.UNITS, Step.CONTEXT, Step.CONSTANT, Step.MOMENT)
MOMENTS = ("today", "hour", "weekday")


@dataclass(frozen=True)
class Entry:
    """One step on the tape: `a` and `b` are earlier steps, or for a leaf what it reads, by name."""

    step: Step
    a: int | str | float = 0
    b: int | str = 0
    shared: bool = False


class Tape:
    """The steps of some formulas in the order they were first needed, none twice."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._places: dict[tuple[Step, object, object], int] = {}

    def add(self, entry: Entry) -> Term:
        """The term of a step, which is new or was there already."""
        key = (entry.step, entry.a, entry.b)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self.entries)
            self.entries.append(entry)
        return Term(self, place)

    def constant(self, value: float) -> Term:
        """A number."""
        return self.add(Entry(Step.CONSTANT, float(value), shared=True))

    def join(self, step: Step, a: Term | float, b: Term | float) -> Term:
        """A step on two terms; it is shared where both are."""
        first = a if isinstance(a, Term) else self.constant(a)
        second = b if isinstance(b, Term) else self.constant(b)
        shared = self.entries[first.place].shared and self.entries[second.place].shared
        return self.add(Entry(step, first.place, second.place, shared))


@dataclass(frozen=True)
class Term:
    """One number a product (or one for all of them), not known yet; arithmetic on it is recorded."""

    tape: Tape
    place: int

    def __add__(self, other: Term | float) -> Term:
        return self.tape.join(Step.ADD, self, other)

    def __radd__(self, other: float) -> Term:
        return self.tape.join(Step.ADD, other, self)

    def __sub__(self, other: Term | float) -> Term:
        return self.tape.join(Step.SUBTRACT, self, other)

    def __rsub__(self, other: float) -> Term:
        return self.tape.join(Step.SUBTRACT, other, self)

    def __mul__(self, other: Term | float) -> Term:
        return self.tape.join(Step.MULTIPLY, self, other)

    def __rmul__(self, other: float) -> Term:
        return self.tape.join(Step.MULTIPLY, other, self)

    def __truediv__(self, other: Term | float) -> Term:
        return self.tape.join(Step.DIVIDE, self, other)

    def __rtruediv__(self, other: float) -> Term:
        return self.tape.join(Step.DIVIDE, other, self)


Columns = dict[str, Term]


def ratio(above: Term, below: Term) -> Term:
    """One by the other; NaN where the lower is not above 0."""
    return above.tape.join(Step.RATIO, above, below)


def larger(a: Term, b: Term | float) -> Term:
    """The larger of two, and the known one where the other is NaN."""
    return a.tape.join(Step.LARGER, a, b)


def where(above_zero: Term, then: Term) -> Term:
    """The second where the first is above 0, else 0."""
    return above_zero.tape.join(Step.WHERE, above_zero, then)


class Counters(dict[str, Term]):
    """One table's counters by name, each recorded when it is asked for."""

    def __init__(self, tape: Tape, table: Table) -> None:
        super().__init__()
        self._tape, self._table = tape, table
        self._names = [column.name for column in table.columns]

    def __missing__(self, name: str) -> Term:
        if name not in self._names:
            raise BadSetting(
                f"Table '{self._table.name}' has no counter '{name}'.", remedy=nearest(name, self._names)
            )
        shared = SHARED.issuperset(self._table.key)
        self[name] = self._tape.add(Entry(Step.COUNTER, self._table.name, name, shared))
        return self[name]


class View:
    """What formulas look at: `view(table)` gives the counters of whom or what the request is about."""

    def __init__(self, tape: Tape, tables: tuple[Table, ...]) -> None:
        self._tape = tape
        self._tables = {table.name: Counters(tape, table) for table in tables}

    def __call__(self, table: str) -> Counters:
        return self._tables[table]

    def since(self, days: Term) -> Term:
        """Days from a moment the folds remember until now."""
        return self.moment("today") - days

    def units(self, window: int) -> Term:
        """Units of the product sold in one of the sliding windows."""
        return self._tape.add(Entry(Step.UNITS, window))

    def moment(self, name: str) -> Term:
        """What a clock shows: `today` in days since 2000, `hour` and `weekday` on the shop's own clock."""
        return self._tape.add(Entry(Step.MOMENT, name, shared=True))

    def context(self, name: str) -> Term:
        """A column that comes with the ad and not with the folds."""
        return self._tape.add(Entry(Step.CONTEXT, name))
