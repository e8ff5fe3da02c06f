"""How a row becomes entries: the slot of a table that each value stands for, and the factor it counts with.

Quantities fall into logarithmic bins, codes stand for themselves, the unknown has its own slot: factor 1.
Or a quantity counts by its value: sign(x) · log₂(1 + |x|), with straight lines between the powers of two
(Mitchell 1962), standardised; or by both.
The codes of a sequence share slots, each with factor 1/√n of the n that are known; the coordinates of a
vector are standardised, with factors of about unit length together. Slots are hashed from the name of
the feature, so that columns may be added; a pair of features has a slot for each pair of values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.errors import BadInput, BadSetting, nearest
from hawker.features.examples import Examples, Field
from hawker.ranking.ranker import Floats, Rows

QUANTITY, CODE, MEMBER, COORDINATE, VALUE = range(5)
Quantities = Literal["bins", "values", "both"]
BY = ["bins", "values", "both"]
OCTAVES = 40
_LARGEST = np.float32(2**53)
_GOLDEN, _MIX1, _MIX2 = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
_WHOLE = np.int64(1 << 50)  # a bin that no value falls into: the slot of all values together
_S30, _S27, _S31, _S1 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(1)
Plan = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class Slots:
    """The entries of a row: one for each of `names`, one for each of `pairs`, one for each value beside bins.

    `bits` of slots, `steps` bins per doubling of a quantity; `quantities` says how these count; `centre` and
    `spread` (columns,) standardise values and the coordinates of vectors.
    """

    names: tuple[str, ...]
    categorical: tuple[str, ...]
    fields: tuple[Field, ...]
    pairs: tuple[tuple[str, str], ...]
    bits: int
    steps: int
    centre: Floats
    spread: Floats
    quantities: Quantities = "bins"

    @classmethod
    def of(
        cls,
        examples: Examples,
        *,
        bits: int,
        steps: int,
        pairs: Sequence[tuple[str, str]] = (),
        quantities: Quantities = "bins",
    ) -> Slots:
        """The slots of these examples' columns, vectors and values standardised by their rows."""
        told = (examples.names, examples.categorical, examples.fields, tuple(pairs), bits, steps)
        centre, spread = np.zeros(len(examples.names)), np.zeros(len(examples.names))
        slots = cls(*told, centre, spread, quantities)
        together = [
            [examples.names.index(name) for name in one.columns]
            for one in examples.fields
            if one.kind == "vector"
        ]
        for places in (*together, slots.measured):
            values = examples.x[:, places]
            values = _bent(values) if places is slots.measured else values
            known = np.ma.masked_invalid(values.astype(np.float64))
            width = np.ma.filled(known.std(axis=0), 0.0) * np.sqrt(len(places))
            centre[places] = np.ma.filled(known.mean(axis=0), 0.0)
            spread[places] = np.divide(1.0, width, out=np.zeros(len(places)), where=width > 0)
        return slots

    def __post_init__(self) -> None:
        belongs = [name for one in self.fields for name in one.columns]
        for name in (name for pair in self.pairs for name in pair):
            if name not in self.names:
                remedy = nearest(name, list(self.names))
                raise BadInput(f"There is no feature '{name}' to be paired.", remedy=remedy)
            if name in belongs:
                raise BadInput(f"'{name}' is part of a field, and cannot be paired.")

    @property
    def labels(self) -> tuple[str, ...]:
        """What each entry is called."""
        pairs = (f"{first} × {second}" for first, second in self.pairs)
        return (*self.names, *pairs, *(self.names[at] for at in self.beside))

    @cached_property
    def measured(self) -> list[int]:
        """The quantities that count by their values."""
        return [] if self.quantities == "bins" else np.flatnonzero(self._plain == QUANTITY).tolist()

    @property
    def beside(self) -> list[int]:
        """Those that count by their bins as well."""
        return self.measured if self.quantities == "both" else []

    @property
    def mask(self) -> np.uint64:
        """What keeps a hash within the slots."""
        return np.uint64(2**self.bits - 1)

    @cached_property
    def kinds(self) -> NDArray[np.int64]:
        """What each column is."""
        if self.quantities != "values":
            return self._plain
        return np.where(self._plain == QUANTITY, VALUE, self._plain)

    @cached_property
    def _plain(self) -> NDArray[np.int64]:
        found = [CODE if name in self.categorical else QUANTITY for name in self.names]
        for one in self.fields:
            for name in one.columns:
                found[self.names.index(name)] = MEMBER if one.kind == "sequence" else COORDINATE
        return np.array(found, dtype=np.int64)

    @cached_property
    def parts(self) -> NDArray[np.int64]:
        """Which part of the row each column belongs to: columns of one field share it."""
        owner = {name: one.columns[0] for one in self.fields for name in one.columns}
        firsts = [owner.get(name, name) for name in self.names]
        order = {name: place for place, name in enumerate(dict.fromkeys(firsts))}
        return np.array([order[name] for name in firsts], dtype=np.int64)

    @cached_property
    def plan(self) -> Plan:
        """All of this as the compiled loops take it."""
        whose = {name: one.name for one in self.fields if one.kind == "sequence" for name in one.columns}
        keys = np.array([_key(whose.get(name, name)) for name in self.names], dtype=np.uint64)
        pairs = [[self.names.index(name) for name in pair] for pair in self.pairs]
        members = [
            [self.names.index(name) for name in one.columns] for one in self.fields if one.kind == "sequence"
        ]
        longest = max(map(len, members), default=0)
        padded = [[*places, *[-1] * (longest - len(places))] for places in members]
        return (
            keys,
            self.kinds,
            np.column_stack([self.centre, self.spread]),
            np.array(padded, dtype=np.int64).reshape(len(members), longest),
            np.array(pairs, dtype=np.int64).reshape(len(pairs), 2),
            octave(self.steps),
            np.array([self.steps, self.mask], dtype=np.int64),
            np.array(self.beside, dtype=np.int64),
        )

    def entries(self, x: Rows) -> tuple[NDArray[np.int64], Floats]:
        """Slots and factors of rows: (rows, entries) each."""
        shape = (len(x), len(self.labels))
        slots, factors = np.zeros(shape, np.int64), np.zeros(shape)
        x = np.ascontiguousarray(x, dtype=np.float32)
        fill(x, x.view(np.uint32), self.plan, slots, factors)
        return slots, factors

    @property
    def head(self) -> dict[str, Any]:
        """What a saved model tells of its slots, as JSON; the names and parameters it tells anyway."""
        scaled = self._scaled
        fields = [[one.name, one.kind, list(one.columns), one.of] for one in self.fields]
        scale = [self.centre[scaled].tolist(), self.spread[scaled].tolist()]
        return {"categorical": list(self.categorical), "fields": fields, "scale": scale}

    @property
    def _scaled(self) -> list[int]:
        return [*np.flatnonzero(self.kinds == COORDINATE).tolist(), *self.measured]

    @classmethod
    def read(
        cls,
        head: dict[str, Any],
        *,
        bits: int,
        steps: int,
        pairs: Sequence[Sequence[str]] = (),
        quantities: Quantities = "bins",
    ) -> Slots:
        """The inverse of `head`; models saved before there were fields have none."""
        names = tuple(head["names"])
        fields = tuple(Field(name, kind, tuple(c), of) for name, kind, c, of in head.get("fields", ()))
        centre, spread = np.zeros(len(names)), np.zeros(len(names))
        coded = tuple((first, second) for first, second in pairs)
        told = (names, tuple(head["categorical"]), fields, coded, bits, steps)
        slots = cls(*told, centre, spread, quantities)
        centre[slots._scaled], spread[slots._scaled] = head.get("scale", ([], []))
        return slots


def counted(quantities: str, *, ways: Sequence[str] = BY) -> None:
    """Refuse quantities that count in a way that there is not."""
    if quantities not in ways:
        raise BadSetting(
            f"Quantities do not count by '{quantities}'.", remedy=nearest(quantities, list(ways))
        )


def _bent(values: Rows) -> Rows:
    """Quantities as they count by their values, before they are standardised."""
    bits = (1 + np.abs(values)).astype(np.float32).view(np.int32)
    bent = np.copysign((bits * np.float32(2.0**-23) - 127).astype(np.float32), values)
    return np.where(np.isnan(values), np.float32(np.nan), bent)


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")


@cache
def octave(steps: int) -> NDArray[np.int8]:
    """The step within a doubling by the leading eight bits of a float32's mantissa.

    -1 where a step begins within those bits or so near that rounding in `log2` may count.
    """
    edges = (2.0 ** (np.arange(1, steps + 1) / steps) - 1.0) * 256.0
    cells = np.arange(256)
    step = np.searchsorted(edges, cells, side="right").astype(np.int8)
    near = ((cells[:, None] - 0.1 < edges) & (edges < cells[:, None] + 1.1)).any(axis=1)
    return np.where(near, np.int8(-1), step)


@njit(cache=True)
def bin_of(value, word, coded, steps, octave):  # type: ignore[no-untyped-def]
    """Unknown is bin 0, zero 1, codes and positive bins from 2 up, negative from −1 down."""
    if coded:
        if np.isnan(value) or value < 0:
            return np.int64(0)
        return 2 + np.int64(min(value, _LARGEST))
    limit = OCTAVES * steps
    exponent = np.int64((word >> np.uint32(23)) & np.uint32(255)) - 127
    part = np.int64(octave[(word >> np.uint32(15)) & np.uint32(255)])
    if part >= 0 and -OCTAVES < exponent < OCTAVES:
        step = exponent * steps + part + limit + 1
    elif np.isnan(value):
        return np.int64(0)
    elif value == 0:
        return np.int64(1)
    else:
        step = np.int64(np.floor(np.log2(abs(value)) * steps))
        step = min(max(step, -limit), limit) + limit + 1
    return -step if word >> np.uint32(31) else 1 + step


@njit(cache=True)
def bent(value):  # type: ignore[no-untyped-def]
    """Sign · log₂(1 + |value|) with straight lines between the powers of two."""
    bits = np.float32(np.float32(1) + abs(value)).view(np.int32)
    found = bits * 2.0**-23 - 127
    return -found if value < 0 else found


@njit(cache=True)
def measure(value, key, scale, mask):  # type: ignore[no-untyped-def]
    """The slot and the factor of a quantity that counts by its value; the unknown has a slot of its own."""
    if np.isnan(value):
        return hashed(0, key, mask), 1.0
    return hashed(_WHOLE, key, mask), (bent(value) - scale[0]) * scale[1]


@njit(cache=True)
def mixed(bin_, key):  # type: ignore[no-untyped-def]
    """A bin of a feature as 64 well-mixed bits."""
    h = key + np.uint64(bin_) * _GOLDEN
    h = (h ^ (h >> _S30)) * _MIX1
    h = (h ^ (h >> _S27)) * _MIX2
    return h ^ (h >> _S31)


@njit(cache=True)
def hashed(bin_, key, mask):  # type: ignore[no-untyped-def]
    """The slot of a bin."""
    return np.int64(mixed(bin_, key) & np.uint64(mask))


@njit(cache=True)
def paired(first, second, keys, mask):  # type: ignore[no-untyped-def]
    """The slot of a pair of bins, of the features with these two keys."""
    return hashed(second, mixed(first, keys[0]) + (keys[1] << _S1), mask)


@njit(cache=True)
def entries(row, words, plan, slots, factors):  # type: ignore[no-untyped-def]
    """One row's entries, written into `slots` and `factors` (entries,)."""
    keys, kinds, scale, members, pairs, octave, limits, beside = plan
    steps, mask = limits[0], limits[1]
    for c in range(len(keys)):
        if kinds[c] == COORDINATE:
            slots[c] = hashed(1, keys[c], mask)
            factors[c] = 0.0 if np.isnan(row[c]) else (row[c] - scale[c, 0]) * scale[c, 1]
        elif kinds[c] == VALUE:
            slots[c], factors[c] = measure(row[c], keys[c], scale[c], mask)
        else:
            coded = kinds[c] != QUANTITY
            slots[c] = hashed(bin_of(row[c], words[c], coded, steps, octave), keys[c], mask)
            factors[c] = 1.0
    for s in range(len(members)):
        known = 0
        for c in members[s]:
            known += c >= 0 and row[c] >= 0
        for c in members[s]:
            if c >= 0:
                factors[c] = 1 / np.sqrt(known) if row[c] >= 0 else 0.0
    for p in range(len(pairs)):
        a, b = pairs[p]
        first = bin_of(row[a], words[a], kinds[a] == CODE, steps, octave)
        second = bin_of(row[b], words[b], kinds[b] == CODE, steps, octave)
        slots[len(keys) + p] = paired(first, second, (keys[a], keys[b]), mask)
        factors[len(keys) + p] = 1.0
    for v in range(len(beside)):
        e, c = len(keys) + len(pairs) + v, beside[v]
        slots[e], factors[e] = measure(row[c], keys[c], scale[c], mask)
        if np.isnan(row[c]):  # told by its bin
            factors[e] = 0.0


@njit(cache=True)
def fill(x, words, plan, slots, factors):  # type: ignore[no-untyped-def]
    """The entries of all rows."""
    for r in range(len(x)):
        entries(x[r], words[r], plan, slots[r], factors[r])


@njit(cache=True)
def cells(plan, reach):  # type: ignore[no-untyped-def]
    """The slots of bins -reach … reach by feature; bin 0 stands in the middle."""
    keys, mask = plan[0], plan[6][1]
    out = np.empty((len(keys), 2 * reach + 1), np.uint32)
    for f in range(len(keys)):
        for b in range(2 * reach + 1):
            out[f, b] = hashed(np.int64(b - reach), keys[f], mask)
    return out
