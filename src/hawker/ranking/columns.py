"""How rows enter a network: codes as rows of one embedding table, quantities on one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.features.examples import Examples
from hawker.ranking.ranker import Rows

Codes = NDArray[np.int32]

PADDING = 0
_DENSE = 2**22
_OCTAVES = 40
_LARGEST = np.float32(2**53)
_CHUNK = 65_536


class Inputs(NamedTuple):
    """Rows as a network reads them: rows of the embedding table, and standardised numbers."""

    codes: Codes  # (B, C + ΣL): the code columns, then those of each sequence, the latest first
    numbers: Rows  # (B, Q + U + ΣV): quantities, their flags of absence, the coordinates of vectors


@dataclass(frozen=True)
class Plan:
    """Which columns are what: places in x, as JSON. `bins` per doubling make quantities codes as well.

    The last `binned` of `codes` are quantities in bins; `doubtful` are quantities that were unknown
    at times, and have a flag. A sequence is compared with the code column `of` (a place in `codes`).
    """

    codes: tuple[int, ...]
    binned: int
    sequences: tuple[tuple[int, ...], ...]
    of: tuple[int, ...]
    quantities: tuple[int, ...]
    doubtful: tuple[int, ...]
    vectors: tuple[tuple[int, ...], ...]
    bins: int
    hashed: int

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Plan:
        """The inverse of `asdict`, after JSON."""
        deep = {"sequences", "vectors"}
        tuples = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
        return cls(**stored | tuples | {name: tuple(map(tuple, stored[name])) for name in deep})


@dataclass(frozen=True)
class Columns:
    """A plan with what was learned from examples: vocabularies, and centre and spread of the numbers.

    Each code column owns consecutive rows of one table: the first for the rare, the new and the unknown,
    one for each known code (or `hashed` rows that all codes share by their hash). Row 0 pads
    sequences. Quantities are sign(x) · log(1 + |x|), standardised; the unknown become 0.
    """

    plan: Plan
    vocabularies: tuple[Rows, ...]
    centre: Rows
    spread: Rows

    @classmethod
    def of(
        cls,
        examples: Examples,
        *,
        seen: int,
        hashed: int = 0,
        bins: int = 0,
        parts: Iterable[Rows] | None = None,
    ) -> Columns:
        """Learn from examples, or from `parts` of rows shaped like theirs, one after the other."""
        plan = _plan(examples, hashed=hashed, bins=bins)
        census = _Census(plan)
        for x in [examples.x] if parts is None else parts:
            for start in range(0, len(x), _CHUNK):
                census.add(x[start : start + _CHUNK])
        return census.columns(seen)

    @property
    def rows(self) -> int:
        """Rows of the embedding table."""
        return int(self.first[-1]) + self._size(len(self.plan.codes) - 1) if self.plan.codes else 1

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """The first row of each code column, the one of the unknown."""
        sizes = [self._size(column) for column in range(len(self.plan.codes))]
        return np.cumsum([1, *sizes], dtype=np.int64)[:-1] if sizes else np.zeros(0, np.int64)

    @property
    def places(self) -> list[int]:
        """The places in x of the columns of `Inputs.codes`."""
        return [*self.plan.codes, *(place for one in self.plan.sequences for place in one)]

    @property
    def groups(self) -> list[list[int]]:
        """The columns of `Inputs.codes` that use the rows of the same code column."""
        owners = np.array(self._owners)
        return [np.flatnonzero(owners == i).tolist() for i in range(len(self.plan.codes))]

    def __call__(self, x: Rows) -> Inputs:
        """Rows of x as the network reads them."""
        codes = np.empty((len(x), len(self.places)), np.int32)
        _look(x, *self._tables, codes)
        for k, (column, known) in self._sparse.items():
            codes[:, k] = self._searched(x[:, self.places[k]], column, known, k)
        return Inputs(codes, self._numbers(x))

    def _numbers(self, x: Rows) -> Rows:
        plan = self.plan
        wide, flags = len(plan.quantities), len(plan.doubtful)
        out = np.empty((len(x), wide + flags + sum(map(len, plan.vectors))), np.float32)
        for start in range(0, len(x), _CHUNK):
            rows = slice(start, start + _CHUNK)
            logs = _logs(x[rows, plan.quantities])
            out[rows, wide : wide + flags] = np.isnan(logs[:, plan.doubtful])
            out[rows, :wide] = np.nan_to_num((logs - self.centre[:wide]) / self.spread[:wide], nan=0.0)
            if plan.vectors:
                vectors = x[rows, [place for one in plan.vectors for place in one]]
                scaled = (vectors - self.centre[wide:]) / self.spread[wide:]
                out[rows, wide + flags :] = np.nan_to_num(scaled, nan=0.0)
        return out

    def _size(self, column: int) -> int:
        plain = column < len(self.plan.codes) - self.plan.binned
        return 1 + (self.plan.hashed if plain and self.plan.hashed else len(self.vocabularies[column]))

    @cached_property
    def _owners(self) -> list[int]:
        """The code column whose rows each column of `Inputs.codes` uses."""
        plan = self.plan
        pairs = zip(plan.of, plan.sequences, strict=True)
        return [*range(len(plan.codes)), *(of for of, places in pairs for _ in places)]

    @cached_property
    def _sparse(self) -> dict[int, tuple[int, Rows]]:
        """Columns whose codes are no small integers: found by bisection."""
        found = {k: (column, self.vocabularies[column]) for k, column in enumerate(self._owners)}
        return {k: pair for k, pair in found.items() if not _small(pair[1])}

    @cached_property
    def _tables(self) -> tuple[Any, ...]:
        """What `_look` needs of every column: its place, its table, the row of the unknown."""
        plan, owners = self.plan, np.array(self._owners, np.int64)
        plain = len(plan.codes) - plan.binned
        tables = [
            _table(known, int(self.first[i]), near=i >= plain) if _small(known) else np.zeros(0, np.int32)
            for i, known in enumerate(self.vocabularies)
        ]
        start = np.cumsum([0, *map(len, tables)], dtype=np.int64)[:-1]
        binned = np.arange(len(plan.codes)) >= plain
        absent = [int(self.first[i]) if k < len(plan.codes) else PADDING for k, i in enumerate(owners)]
        return (
            np.array(self.places, np.int64),
            np.concatenate([*tables, np.zeros(1, np.int32)]),
            start[owners],
            np.array([len(tables[i]) for i in owners], np.int64),
            self.first[owners],
            np.array(absent, np.int64),
            np.where(binned, plan.bins, 0)[owners],
            np.where(binned, 0, plan.hashed)[owners],
        )

    def _searched(self, values: Rows, column: int, known: Rows, k: int) -> NDArray[np.int64]:
        other = int(self.first[column])
        place = np.minimum(np.searchsorted(known, values), max(len(known) - 1, 0))
        rows = np.where(known[place] == values, other + 1 + place, other) if len(known) else other
        return np.where(np.isnan(values), PADDING if k >= len(self.plan.codes) else other, rows)


class _Census:
    """Counts of codes and moments of numbers, chunk by chunk."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.counts: list[_Counts] = [_Counts() for _ in plan.codes]
        wide = len(plan.quantities) + sum(map(len, plan.vectors))
        self.moments = np.zeros((3, wide))  # known values, their sum, the sum of their squares
        self.doubtful = np.zeros(len(plan.quantities), bool)

    def add(self, x: Rows) -> None:
        plan = self.plan
        for column, place in enumerate(plan.codes):
            binned = column >= len(plan.codes) - plan.binned
            self.counts[column].add(_bins(x[:, place], plan.bins) if binned else x[:, place])
        for of, places in zip(plan.of, plan.sequences, strict=True):
            self.counts[of].add(x[:, places].ravel())
        logs = _logs(x[:, plan.quantities])
        vectors = x[:, [place for one in plan.vectors for place in one]]
        values = np.concatenate([logs, vectors], axis=1).astype(np.float64)
        known = ~np.isnan(values)
        values[~known] = 0
        self.doubtful |= ~known[:, : len(self.doubtful)].all(axis=0)
        self.moments += known.sum(axis=0), values.sum(axis=0), (values * values).sum(axis=0)

    def columns(self, seen: int) -> Columns:
        plan = self.plan
        known, total, squares = self.moments
        centre = total / np.maximum(known, 1)
        variance = np.maximum(squares / np.maximum(known, 1) - centre**2, 0)
        start = len(plan.quantities)
        for places in plan.vectors:  # one scale for a whole vector, so that its directions keep their size
            variance[start : start + len(places)] = variance[start : start + len(places)].mean()
            start += len(places)
        tiny = variance <= 1e-10 * np.maximum(centre**2, 1e-20)
        spread = np.where(tiny, 1, np.sqrt(variance)).astype(np.float32)
        doubtful = tuple(int(i) for i in np.flatnonzero(self.doubtful))
        hashed = len(plan.codes) - plan.binned if plan.hashed else 0
        nothing = [np.zeros(0, np.float32)] * hashed
        vocabularies = (*nothing, *(one.known(seen) for one in self.counts[hashed:]))
        plan = Plan(**asdict(plan) | {"doubtful": doubtful})
        return Columns(plan, vocabularies, centre.astype(np.float32), spread)


class _Counts:
    """How often each code of a column was seen: an array while codes are small integers, else pairs."""

    def __init__(self) -> None:
        self.dense = np.zeros(0, np.int64)
        self.values, self.times = np.zeros(0, np.float32), np.zeros(0, np.int64)

    def add(self, column: Rows) -> None:
        values = column[~np.isnan(column)]
        small = (values >= 0) & (values < _DENSE)
        codes = values[small].astype(np.int32)
        whole = codes == values[small]
        counts = np.bincount(codes[whole], minlength=len(self.dense))
        counts[: len(self.dense)] += self.dense
        self.dense = counts
        if not small.all() or not whole.all():
            small[small] = whole
            both = np.concatenate([self.values, values[~small]])
            weights = np.concatenate([self.times, np.ones(len(both) - len(self.times), np.int64)])
            self.values, place = np.unique(both, return_inverse=True)
            self.times = np.bincount(place, weights=weights).astype(np.int64)

    def known(self, seen: int) -> Rows:
        dense = np.flatnonzero(self.dense >= max(seen, 1)).astype(np.float32)
        rest = self.values[self.times >= seen]
        return np.sort(np.concatenate([dense, rest])) if len(rest) else dense


def _plan(examples: Examples, *, hashed: int, bins: int) -> Plan:
    where = {name: place for place, name in enumerate(examples.names)}
    codes = [where[name] for name in examples.names if name in examples.categorical]
    taken = {where[name] for one in examples.fields for name in one.columns}
    rest = [place for place in where.values() if place not in taken and place not in codes]
    sequences = [one for one in examples.fields if one.kind == "sequence"]
    return Plan(
        codes=(*codes, *(rest if bins else ())),
        binned=len(rest) if bins else 0,
        sequences=tuple(tuple(where[name] for name in one.columns) for one in sequences),
        of=tuple(codes.index(where[one.of]) for one in sequences),
        quantities=() if bins else tuple(rest),
        doubtful=(),
        vectors=tuple(
            tuple(where[name] for name in one.columns) for one in examples.fields if one.kind == "vector"
        ),
        bins=bins,
        hashed=hashed,
    )


def _small(known: Rows) -> bool:
    """Whether all codes are whole numbers small enough to be looked up in a table."""
    return not len(known) or bool(known[0] >= 0 and known[-1] < _DENSE and (known == np.floor(known)).all())


def _table(known: Rows, other: int, *, near: bool) -> Codes:
    """The row of each whole number up to the last known; gaps are `other`, or those of the `near`est."""
    if not len(known):
        return np.zeros(0, np.int32)
    rows = np.arange(other + 1, other + 1 + len(known), dtype=np.int32)
    if near:
        between = (known[1:] + known[:-1]) / 2
        return rows[np.searchsorted(between, np.arange(int(known[-1]) + 1))]
    table = np.full(int(known[-1]) + 1, other, np.int32)
    table[known.astype(np.int64)] = rows
    return table


def _logs(x: Rows) -> Rows:
    return np.sign(x) * np.log1p(np.abs(x))


@njit(cache=True)
def _bin(value, steps):  # type: ignore[no-untyped-def]
    """The logarithmic bin of a quantity, counted from 0: negative, zero in the middle, positive."""
    limit = _OCTAVES * steps
    middle = 2 * limit + 1
    if value == 0:
        return middle
    step = np.int64(np.floor(np.log2(abs(value)) * steps))
    step = min(max(step, -limit), limit) + limit + 1
    return middle + step if value > 0 else middle - step


@njit(cache=True)
def _bins(column, steps):  # type: ignore[no-untyped-def]
    out = np.empty(len(column), np.float32)
    for r in range(len(column)):
        out[r] = np.nan if np.isnan(column[r]) else _bin(column[r], steps)
    return out


@njit(cache=True)
def _hash(value):  # type: ignore[no-untyped-def]
    """A code mixed into 44 bits; halves and quarters count, what is beyond 2⁵³ is one."""
    whole = np.int64(min(max(value, -_LARGEST), _LARGEST) * 4)
    mixed = np.uint64(whole) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.int64(mixed >> np.uint64(20))


@njit(cache=True)
def _look(x, places, table, start, size, other, absent, steps, hashed, out):  # type: ignore[no-untyped-def]
    """The row of the embedding table of every code; of what is no small integer the row of the unknown."""
    for r in range(len(x)):
        for k in range(len(places)):
            value = x[r, places[k]]
            row = other[k]
            if np.isnan(value):
                row = absent[k]
            elif steps[k] > 0:
                if size[k] > 0:
                    row = table[start[k] + min(_bin(value, steps[k]), size[k] - 1)]
            elif hashed[k] > 0:
                row += 1 + _hash(value) % hashed[k]
            elif 0 <= value < size[k]:
                code = np.int64(value)
                if code == value:
                    row = table[start[k] + code]
            out[r, k] = row
