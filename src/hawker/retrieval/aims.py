"""What each unit aims at, turned round: for each value of a request, the units that want or bar it.

A unit is a campaign with one of its ad groups, or by itself. Sets of units are bits in 64-bit words,
or short lists where few are meant; a request is answered by a few ANDs over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.records.bid import NoBidReason
from hawker.records.campaign import Keyword, Targeting, Visitor
from hawker.records.catalogue import levels
from hawker.retrieval import keywords

Words = NDArray[np.uint64]
REASONS: tuple[NoBidReason, ...] = tuple(NoBidReason)
"""In the order in which the first that applies is counted."""
CODE = {reason: code for code, reason in enumerate(REASONS, start=1)}
"""Reasons as small numbers in that order; 0 is none."""
_EVERYONE = Targeting()


@dataclass(frozen=True)
class Field:
    """One kind of value that units aim by: the fields of a targeting, and how an entry becomes a key."""

    name: str
    reason: NoBidReason
    wants: str
    bars: str
    key: Callable[[Any], Any] = lambda entry: entry


FIELDS: tuple[Field, ...] = (
    Field("placement", NoBidReason.PLACEMENT, "placements", "not_placements"),
    Field("page", NoBidReason.PLACEMENT, "pages", "not_pages"),
    Field("hour", NoBidReason.DAYPART, "", ""),
    Field("device", NoBidReason.DEVICE, "devices", "not_devices"),
    Field("location", NoBidReason.LOCATION, "locations", "not_locations"),
    Field("category", NoBidReason.CATEGORY, "categories", "not_categories", key=levels),
    Field("product", NoBidReason.PRODUCT, "products", "not_products"),
    Field("brand", NoBidReason.PRODUCT, "brands", "not_brands"),
    Field("keyword", NoBidReason.KEYWORD, "keywords", "not_keywords", key=keywords.key),
    Field("audience", NoBidReason.AUDIENCE, "audiences", "not_audiences"),
    Field("segment", NoBidReason.AUDIENCE, "segments", "not_segments"),
    Field("visitor", NoBidReason.VISITOR, "visitors", ""),
)
"""In the order of their reasons. Who passes the hour is known beforehand; retargeting depends on the ad."""


@dataclass(frozen=True)
class Test:
    """One field at one level: the row of those without a wish in it, and the postings by value."""

    field: str
    reason: int
    free: int
    wants: dict[Any, int]
    bars: dict[Any, int]


@dataclass(frozen=True)
class Aims:
    """The tests of all units. A posting ≥ 0 is a row of `rows`, one < 0 the list number ~posting."""

    units: int
    tests: tuple[Test, ...]
    rows: Words
    starts: NDArray[np.int64]
    listed: NDArray[np.int32]
    glossary: keywords.Glossary
    asked: frozenset[str]
    """The names of the fields that any unit aims by."""

    def program(self, values: dict[str, Sequence[Any]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """One request's program, a row a test: reason, free, end of wants, end of bars; and the postings."""
        program, picked = [], []
        for test in self.tests:
            found = values.get(test.field, ())
            if test.wants:
                picked += [test.wants[value] for value in found if value in test.wants]
            middle = len(picked)
            if test.bars:
                picked += [test.bars[value] for value in found if value in test.bars]
            program.append((test.reason, test.free, middle, len(picked)))
        return np.array(program, dtype=np.int32).reshape(-1, 4), np.array(picked, dtype=np.int64)

    def wanting(self, field: str, values: Iterable[Any]) -> list[int]:
        """The units that want one of some values in a field, at any level."""
        found: set[int] = set()
        for test in self.tests:
            if test.field == field:
                found.update(*(self._posted(test.wants[value]) for value in values if value in test.wants))
        return sorted(found)

    def _posted(self, posting: int) -> list[int]:
        if posting < 0:
            return list(map(int, self.listed[self.starts[~posting] : self.starts[~posting + 1]]))
        bits = np.unpackbits(self.rows[posting].view(np.uint8), bitorder="little")
        return list(map(int, np.flatnonzero(bits[: self.units])))


def words(units: int) -> int:
    """How many 64-bit words hold a bit for each unit."""
    return max((units + 63) // 64, 1)


def packed(members: NDArray[np.bool_]) -> Words:
    """One bit a unit, lowest first."""
    bits = np.zeros(words(len(members)) * 64, dtype=np.bool_)
    bits[: len(members)] = members
    found: Words = np.packbits(bits, bitorder="little").view("<u8")
    return found


class _Builder:
    """Collects postings: dense ones become rows of bits, sparse ones lists."""

    def __init__(self, units: int) -> None:
        self.units = units
        self.rows: list[Words] = []
        self.lists: list[list[int]] = []
        self._few = words(units) // 2

    def bits(self, members: Iterable[int]) -> int:
        """A row of bits."""
        mask = np.zeros(self.units, dtype=np.bool_)
        mask[list(members)] = True
        self.rows.append(packed(mask))
        return len(self.rows) - 1

    def posting(self, members: list[int]) -> int:
        if len(members) > self._few:
            return self.bits(members)
        self.lists.append(members)
        return ~(len(self.lists) - 1)


def compiled(targetings: Sequence[Sequence[Targeting]], *, hours: bool = False) -> Aims:
    """The aims of units, of each the targetings that must all hold: its campaign's, and its group's.

    `targetings` has one sequence a level, each with one targeting a unit. With `hours` there is a
    test of the hour, which the caller answers.
    """
    units = len(targetings[0]) if targetings else 0
    builder = _Builder(units)
    meant: list[Keyword] = []
    tests: list[Test] = []
    wishes = [[(unit, aim) for unit, aim in enumerate(level) if aim != _EVERYONE] for level in targetings]
    for field in FIELDS:
        for level in wishes:
            test = _test(builder, field, level, meant)
            if test is not None:
                tests.append(test)
        if hours and field.name == "hour":
            tests.append(Test(field.name, CODE[field.reason], free=-1, wants={}, bars={}))
    lengths = [len(members) for members in builder.lists]
    return Aims(
        units=units,
        tests=tuple(tests),
        rows=np.array(builder.rows, dtype=np.uint64).reshape(-1, words(units)),
        starts=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64),
        listed=np.array([unit for members in builder.lists for unit in members], dtype=np.int32),
        glossary=keywords.Glossary(meant),
        asked=frozenset(test.field for test in tests),
    )


def _test(
    builder: _Builder, field: Field, wishes: list[tuple[int, Targeting]], meant: list[Keyword]
) -> Test | None:
    """One field at one level, or None where no unit has a wish in it."""
    wants: dict[Any, list[int]] = {}
    bars: dict[Any, list[int]] = {}
    choosy: list[int] = []
    for unit, aim in wishes:
        wanted, barred = _entries(aim, field.wants), _entries(aim, field.bars)
        if wanted:
            choosy.append(unit)
        for entries, postings in ((wanted, wants), (barred, bars)):
            for value in {field.key(entry): None for entry in entries}:
                postings.setdefault(value, []).append(unit)
        if field.name == "keyword":
            meant += [*wanted, *barred]
    if not (wants or bars):
        return None
    free = np.ones(builder.units, dtype=np.bool_)
    free[choosy] = False
    return Test(
        field=field.name,
        reason=CODE[field.reason],
        free=builder.bits(np.flatnonzero(free).tolist()),
        wants={value: builder.posting(members) for value, members in wants.items()},
        bars={value: builder.posting(members) for value, members in bars.items()},
    )


def _entries(aim: Targeting, name: str) -> Sequence[Any]:
    """The entries of one field of a targeting; a single choice is one entry, no choice none."""
    found = getattr(aim, name) if name else ()
    if isinstance(found, Visitor):
        return () if found is Visitor.ANY else (found,)
    return found
