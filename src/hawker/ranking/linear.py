"""Hashed logistic regression, σ(Wx + b), learned online by FTRL-proximal (McMahan et al. 2013).

A row is a few `slots`, each with a weight of its own, and crosses of features where they are named;
the coordinates of a vector and the codes of a sequence count with their factors.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking.course import Arrays
from hawker.ranking.online import Online, OnlineModel
from hawker.ranking.ranker import Floats, Rows, arrays, base_rate, possible
from hawker.ranking.slots import (
    CODE,
    COORDINATE,
    MEMBER,
    OCTAVES,
    QUANTITY,
    VALUE,
    Quantities,
    Slots,
    bin_of,
    cells,
    counted,
    entries,
    hashed,
    measure,
    paired,
)

_SURE = 100.0  # what a slot knows when its weight is known to a tenth of a log-odd


@dataclass(frozen=True)
class Linear(Online):
    """`bits` of slots, `steps` bins per doubling of a quantity; `rate` and `beta` are FTRL's α and β.

    `l1` sets rare slots to exactly zero. `epochs` passes at most, stopped on the validation slice; one
    pass of many rows comes close to as many as one likes. `pairs` names features to be crossed.
    `quantities` count by their bins, by their values (see `slots`: few parameters, a straight line), or by
    both.
    """

    bits: int = 18
    steps: int = 3
    rate: float = 0.05
    beta: float = 1.0
    l1: float = 0.1
    l2: float = 1.0
    epochs: int = 3
    patience: int = 1
    pairs: tuple[tuple[str, str], ...] = ()
    quantities: Quantities = "bins"

    def __post_init__(self) -> None:
        counted(self.quantities)
        possible(self, bits=1, steps=1, rate=1e-9, l1=0, l2=0, epochs=1, patience=1)

    def fresh(self, examples: Examples, *, seed: int = 0) -> LinearModel:  # noqa: ARG002
        return LinearModel.fresh(self, examples)


@dataclass
class LinearModel(OnlineModel):
    """The learned slots: FTRL's `z` and `n`, from which the weights follow; the last slot is the bias."""

    slots: Slots
    parameters: Linear
    base: float
    z: Floats
    n: Floats
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        self.names = self.slots.names
        self.weights = _weights(self.z, self.n, _constants(self.parameters))
        self._fit: dict[tuple[str, ...], NDArray[np.int64]] = {}

    @cached_property
    def _bins(self) -> Floats:
        """The weight of every bin of every quantity: (features, bins), so that serving hashes nothing."""
        limit = OCTAVES * self.parameters.steps
        return np.asarray(self.weights[cells(self.slots.plan, 2 * limit + 2)])

    @classmethod
    def fresh(cls, parameters: Linear, examples: Examples) -> LinearModel:
        """A model that knows only the base rate."""
        p = parameters
        slots = Slots.of(examples, bits=p.bits, steps=p.steps, pairs=p.pairs, quantities=p.quantities)
        zeros = np.zeros(2**parameters.bits + 1)
        return cls(slots, parameters, base_rate(examples), zeros, zeros.copy())

    def tables(self) -> Arrays:
        return {"z": self.z, "n": self.n}

    def holding(self, tables: Arrays) -> LinearModel:
        return replace(self, z=tables["z"], n=tables["n"], recipe=dict(self.recipe))

    def absorb(self, tables: Arrays, examples: Examples, rows: NDArray[np.int64]) -> float:
        x = np.ascontiguousarray(examples.x, dtype=np.float32)
        told = (examples.y, examples.weight, rows)
        learned = (tables["z"], tables["n"], self.base, self.slots.plan, _constants(self.parameters))
        lost = _learn(x, x.view(np.uint32), told, *learned)
        return float(lost / max(examples.weight[rows].sum(), 1e-300))

    def onward(self, examples: Examples, *, seed: int = 0) -> LinearModel:
        """Learn on, never too sure of the past: Σg² of a slot counts up to `_SURE`, its weight stays."""
        n = np.minimum(self.n, _SURE)
        rate, beta, l1, l2 = _constants(self.parameters)
        bare = np.arange(len(n)) == len(n) - 1
        pull = np.where(bare, 0.0, l1) * np.sign(self.z)
        z = pull - self.weights * ((beta + np.sqrt(n)) / rate + np.where(bare, 0.0, l2))
        awake = self.holding({"z": np.where(self.weights == 0, self.z, z), "n": n})
        return awake.learn(examples, order=np.random.default_rng(seed).permutation(len(examples)))

    def scored(self, x: Rows) -> Floats:
        return np.asarray(_score(x, x.view(np.uint32), self.weights, self.base, self.slots.plan))

    def served(self, sheet: Sheet) -> Floats:
        rows = self._fit.get(sheet.names)
        if rows is None:
            rows = self._fit[sheet.names] = np.array(sheet.places(self.names), dtype=np.int64)
        columns, common = sheet.rows[rows], sheet.common[rows]
        if (columns[self.slots.kinds == MEMBER] >= 0).any():  # sequences differ from candidate to candidate
            return self.scored(sheet.matrix(self.names))
        return np.asarray(
            _serve(
                (common, common.view(np.uint32), columns),
                (sheet.own, sheet.own.view(np.uint32)),
                (self._bins, self.weights, self.base),
                self.slots.plan,
            )
        )

    def explain(self, row: Rows) -> dict[str, float]:
        slots, factors = self.slots.entries(np.asarray(row, dtype=np.float32).reshape(1, -1))
        parts = {"(base)": self.base + float(self.weights[-1])}
        for name, part in zip(self.slots.labels, self.weights[slots[0]] * factors[0], strict=True):
            parts[name] = parts.get(name, 0.0) + float(part)
        return parts

    def write(self, folder: Path) -> dict[str, Any]:
        used = np.flatnonzero(self.n)
        np.savez_compressed(folder / "slots.npz", slot=used, z=self.z[used], n=self.n[used])
        return {**self.slots.head, "parameters": asdict(self.parameters), "base": self.base}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> LinearModel:
        told = head["parameters"]
        parameters = Linear(**{**told, "pairs": tuple((a, b) for a, b in told.get("pairs", ()))})
        p = parameters
        slots = Slots.read(head, bits=p.bits, steps=p.steps, pairs=p.pairs, quantities=p.quantities)
        z, n = np.zeros(2**parameters.bits + 1), np.zeros(2**parameters.bits + 1)
        stored = arrays(folder / "slots.npz")
        z[stored["slot"]], n[stored["slot"]] = stored["z"], stored["n"]
        return cls(slots, parameters, head["base"], z, n)


def _constants(parameters: Linear) -> tuple[float, float, float, float]:
    return parameters.rate, parameters.beta, parameters.l1, parameters.l2


@njit(cache=True)
def weight(z, n, constants, bare):  # type: ignore[no-untyped-def]
    """A slot's weight from its `z` and `n`; `bare` leaves out both penalties."""
    rate, beta, l1, l2 = constants
    if bare:
        l1 = l2 = 0.0
    if abs(z) <= l1:
        return 0.0
    return (np.sign(z) * l1 - z) / ((beta + np.sqrt(n)) / rate + l2)


@njit(cache=True)
def _weights(z, n, constants):  # type: ignore[no-untyped-def]
    weights = np.empty(len(z))
    for slot in range(len(z)):
        weights[slot] = weight(z[slot], n[slot], constants, slot == len(z) - 1)
    return weights


@njit(cache=True)
def _score(x, words, weights, base, plan):  # type: ignore[no-untyped-def]
    scores = np.empty(len(x))
    many = len(plan[0]) + len(plan[4]) + len(plan[7])
    slots, factors = np.zeros(many, np.int64), np.zeros(many)
    for r in range(len(x)):
        entries(x[r], words[r], plan, slots, factors)
        total = base + weights[-1]
        for e in range(many):
            total += weights[slots[e]] * factors[e]
        scores[r] = total
    return scores


@njit(cache=True)
def _serve(shared, own, learned, plan):  # type: ignore[no-untyped-def]
    """Scores in the same order of additions as `_score`: what is common is weighed once a request."""
    common, common_words, rows = shared
    values, words = own
    bins, weights, base = learned
    keys, kinds, scale, _, pairs, octave, (steps, mask), beside = plan
    many = len(keys) + len(pairs) + len(beside)
    slots, factors = np.zeros(many, np.int64), np.zeros(many)
    entries(common, common_words, plan, slots, factors)
    scores = np.full(values.shape[1], base + weights[-1])
    middle = bins.shape[1] // 2
    for f in range(len(keys)):
        row = rows[f]
        if row < 0:
            scores += weights[slots[f]] * factors[f]
        elif kinds[f] == QUANTITY:
            for i in range(len(scores)):
                scores[i] += bins[f, middle + bin_of(values[row, i], words[row, i], False, steps, octave)]
        elif kinds[f] == CODE:
            for i in range(len(scores)):
                slot = hashed(bin_of(values[row, i], words[row, i], True, steps, octave), keys[f], mask)
                scores[i] += weights[slot]
        elif kinds[f] == COORDINATE:
            weight = weights[slots[f]]
            for i in range(len(scores)):
                if not np.isnan(values[row, i]):
                    scores[i] += weight * ((values[row, i] - scale[f, 0]) * scale[f, 1])
        elif kinds[f] == VALUE:
            _measured(values[row], keys[f], scale[f], mask, weights, scores, True)
    for p in range(len(pairs)):
        a, b = pairs[p]
        for i in range(len(scores)):
            first = _either(common, common_words, values, words, rows[a], a, i)
            second = _either(common, common_words, values, words, rows[b], b, i)
            one = bin_of(first[0], first[1], kinds[a] == CODE, steps, octave)
            other = bin_of(second[0], second[1], kinds[b] == CODE, steps, octave)
            scores[i] += weights[paired(one, other, (keys[a], keys[b]), mask)]
    for v in range(len(beside)):
        e, f = len(keys) + len(pairs) + v, beside[v]
        if rows[f] < 0:
            scores += weights[slots[e]] * factors[e]
        else:
            _measured(values[rows[f]], keys[f], scale[f], mask, weights, scores, False)
    return scores


@njit(cache=True)
def _measured(values, key, scale, mask, weights, scores, unknown):  # type: ignore[no-untyped-def]
    """Add what a quantity counts by its value, candidate by candidate."""
    for i in range(len(scores)):
        slot, factor = measure(values[i], key, scale, mask)
        if unknown or not np.isnan(values[i]):
            scores[i] += weights[slot] * factor


@njit(cache=True)
def _either(common, common_words, values, words, row, column, i):  # type: ignore[no-untyped-def]
    """A candidate's value of a column, with its bits, wherever it stands."""
    if row < 0:
        return common[column], common_words[column]
    return values[row, i], words[row, i]


@njit(cache=True)
def _learn(x, words, told, z, n, base, plan, constants):  # type: ignore[no-untyped-def]
    """FTRL-proximal: each slot has its own rate, α / (β + √Σg²); a row's weight scales its gradient.

    Returns the weighted sum of log losses, each row's before it was learned.
    """
    y, w, order = told
    loss = 0.0
    bias = len(z) - 1
    many = len(plan[0]) + len(plan[4]) + len(plan[7])
    slots, factors = np.full(many + 1, bias), np.ones(many + 1)
    weights = np.empty(many + 1)
    for r in order:
        entries(x[r], words[r], plan, slots, factors)
        total = base
        for e in range(many + 1):
            slot = slots[e]
            weights[e] = weight(z[slot], n[slot], constants, slot == bias)
            total += weights[e] * factors[e]
        odds = np.exp(-abs(total))
        loss += w[r] * (np.log1p(odds) + max(total, 0.0) - total * y[r])
        lost = ((1.0 if total > 0 else odds) / (1 + odds) - y[r]) * w[r]
        for e in range(many + 1):
            slot, g = slots[e], lost * factors[e]
            sigma = (np.sqrt(n[slot] + g * g) - np.sqrt(n[slot])) / constants[0]
            z[slot] += g - sigma * weights[e]
            n[slot] += g * g
    return loss
