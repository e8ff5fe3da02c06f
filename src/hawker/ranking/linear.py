"""Hashed logistic regression, σ(Wx + b), learned online by FTRL-proximal (McMahan et al. 2013).

A row is one slot per feature: quantities fall into logarithmic bins, codes stand for themselves,
the unknown has its own slot; slots are hashed from the feature's name, so that columns may be added.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking.metrics import log_loss
from hawker.ranking.ranker import Floats, Model, Progress, Rows, arrays, base_rate, fits, possible, sigmoid
from hawker.ranking.train import descend

_OCTAVES = 40
_LARGEST = np.float32(2**53)
_GOLDEN, _MIX1, _MIX2 = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@dataclass(frozen=True)
class Linear:
    """`bits` of slots, `steps` bins per doubling of a quantity; `rate` and `beta` are FTRL's α and β.

    `l1` sets rare slots to exactly zero. `epochs` passes at most, stopped on the validation slice.
    """

    bits: int = 18
    steps: int = 3
    rate: float = 0.05
    beta: float = 1.0
    l1: float = 0.1
    l2: float = 1.0
    epochs: int = 3
    patience: int = 1

    def __post_init__(self) -> None:
        possible(self, bits=1, steps=1, rate=1e-9, l1=0, l2=0, epochs=1, patience=1)

    def fit(
        self, examples: Examples, *, valid: Examples | None = None, seed: int = 0, progress: Progress = None
    ) -> LinearModel:
        """Several shuffled passes; the same seed shuffles the same."""
        model = LinearModel.fresh(self, examples)
        run = _Run(model, examples, valid, np.random.default_rng(seed))
        course = descend(
            run, epochs=self.epochs, patience=self.patience, watched=valid is not None, progress=progress
        )
        run.model.recipe["course"] = {"losses": list(course.losses), "best": course.best}
        return run.model


@dataclass
class LinearModel(Model):
    """The learned slots: FTRL's `z` and `n`, from which the weights follow; the last slot is the bias."""

    names: tuple[str, ...]
    categorical: tuple[str, ...]
    parameters: Linear
    base: float
    z: Floats
    n: Floats
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        self._keys = np.array([_key(name) for name in self.names], dtype=np.uint64)
        self._codes = np.array([name in self.categorical for name in self.names])
        self.weights = _weights(self.z, self.n, _constants(self.parameters))
        self._fit: dict[tuple[str, ...], NDArray[np.int64]] = {}

    @cached_property
    def _bins(self) -> Floats:
        """The weight of every bin of every quantity: (features, bins), so that serving hashes nothing."""
        limit = _OCTAVES * self.parameters.steps
        return np.asarray(_binned(self.weights, self._keys, _mask(self.parameters), 2 * limit + 2))

    @classmethod
    def fresh(cls, parameters: Linear, examples: Examples) -> LinearModel:
        """A model that knows only the base rate."""
        slots = np.zeros(2**parameters.bits + 1)
        base = base_rate(examples)
        return cls(examples.names, examples.categorical, parameters, base, slots, slots.copy())

    def learn(self, examples: Examples, *, order: NDArray[np.int64] | None = None) -> LinearModel:
        """One pass over more examples, in their order: the model that also knows these."""
        examples = fits(self.names, examples)
        z, n = self.z.copy(), self.n.copy()
        rows = np.arange(len(examples)) if order is None else order
        y, w = examples.y.astype(np.float64), examples.weight
        where = (self._keys, self._codes, self.parameters.steps, _mask(self.parameters))
        _learn(examples.x, y, w, rows, z, n, self.base, *where, _constants(self.parameters))
        return replace(self, z=z, n=n, recipe=dict(self.recipe))

    def scored(self, x: Rows) -> Floats:
        where = (self._keys, self._codes, self.parameters.steps, _mask(self.parameters))
        return np.asarray(_score(x, self.weights, self.base, *where))

    def served(self, sheet: Sheet) -> Floats:
        rows = self._fit.get(sheet.names)
        if rows is None:
            rows = self._fit[sheet.names] = np.array(sheet.places(self.names), dtype=np.int64)
        return np.asarray(
            _serve(
                sheet.common[rows],
                sheet.rows[rows],
                sheet.own,
                sheet.own.view(np.uint32),
                (self._bins, self.weights, self.base),
                (self._keys, self._codes, self.parameters.steps, _mask(self.parameters)),
                _octave(self.parameters.steps),
            )
        )

    def explain(self, row: Rows) -> dict[str, float]:
        single = np.asarray(row, dtype=np.float32).reshape(1, -1)
        slots = _slots(single[0], self._keys, self._codes, self.parameters.steps, _mask(self.parameters))
        parts = {name: float(self.weights[slot]) for name, slot in zip(self.names, slots, strict=True)}
        return {"(base)": self.base + float(self.weights[-1]), **parts}

    def write(self, folder: Path) -> dict[str, Any]:
        used = np.flatnonzero(self.n)
        np.savez_compressed(folder / "slots.npz", slot=used, z=self.z[used], n=self.n[used])
        return {
            "categorical": list(self.categorical),
            "parameters": asdict(self.parameters),
            "base": self.base,
        }

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> LinearModel:
        parameters = Linear(**head["parameters"])
        z, n = np.zeros(2**parameters.bits + 1), np.zeros(2**parameters.bits + 1)
        stored = arrays(folder / "slots.npz")
        z[stored["slot"]], n[stored["slot"]] = stored["z"], stored["n"]
        return cls(tuple(head["names"]), tuple(head["categorical"]), parameters, head["base"], z, n)


@dataclass
class _Run:
    """One training run, as the epoch loop sees it."""

    model: LinearModel
    examples: Examples
    valid: Examples | None
    rng: np.random.Generator
    best: LinearModel | None = None

    def step(self, epoch: int) -> None:  # noqa: ARG002
        self.model = self.model.learn(self.examples, order=self.rng.permutation(len(self.examples)))

    def loss(self) -> float:
        assert self.valid is not None
        return log_loss(sigmoid(self.model.scored(self.valid.x)), self.valid)

    def keep(self) -> None:
        self.best = self.model

    def restore(self) -> None:
        assert self.best is not None
        self.model = self.best


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")


def _mask(parameters: Linear) -> np.uint64:
    return np.uint64(2**parameters.bits - 1)


def _constants(parameters: Linear) -> tuple[float, float, float, float]:
    return parameters.rate, parameters.beta, parameters.l1, parameters.l2


@cache
def _octave(steps: int) -> NDArray[np.int8]:
    """The step within a doubling by the leading eight bits of a float32's mantissa.

    -1 where a step begins within those bits or so near that rounding in `log2` may count.
    """
    edges = (2.0 ** (np.arange(1, steps + 1) / steps) - 1.0) * 256.0
    cells = np.arange(256)
    step = np.searchsorted(edges, cells, side="right").astype(np.int8)
    near = ((cells[:, None] - 0.1 < edges) & (edges < cells[:, None] + 1.1)).any(axis=1)
    return np.where(near, np.int8(-1), step)


@njit(cache=True)
def _slot(value, key, coded, steps, mask):  # type: ignore[no-untyped-def]
    """A value hashed: its bin's slot."""
    return _hashed(_bin(value, coded, steps), key, mask)


@njit(cache=True)
def _bin(value, coded, steps):  # type: ignore[no-untyped-def]
    """Unknown is bin 0, zero 1, codes and positive bins from 2 up, negative from −1 down."""
    if np.isnan(value) or (coded and value < 0):
        return np.int64(0)
    if coded:
        return 2 + np.int64(min(value, _LARGEST))
    if value == 0:
        return np.int64(1)
    limit = _OCTAVES * steps
    step = np.int64(np.floor(np.log2(abs(value)) * steps))
    step = min(max(step, -limit), limit) + limit + 1
    return 1 + step if value > 0 else -step


@njit(cache=True)
def _hashed(bin_, key, mask):  # type: ignore[no-untyped-def]
    h = key + np.uint64(bin_) * _GOLDEN
    h = (h ^ (h >> _S30)) * _MIX1
    h = (h ^ (h >> _S27)) * _MIX2
    return np.int64((h ^ (h >> _S31)) & mask)


@njit(cache=True)
def _slots(row, keys, codes, steps, mask):  # type: ignore[no-untyped-def]
    slots = np.empty(len(keys), np.int64)
    for f in range(len(keys)):
        slots[f] = _slot(row[f], keys[f], codes[f], steps, mask)
    return slots


@njit(cache=True)
def _weight(z, n, constants, bare):  # type: ignore[no-untyped-def]
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
        weights[slot] = _weight(z[slot], n[slot], constants, slot == len(z) - 1)
    return weights


@njit(cache=True)
def _score(x, weights, base, keys, codes, steps, mask):  # type: ignore[no-untyped-def]
    scores = np.empty(len(x))
    for r in range(len(x)):
        total = base + weights[-1]
        for f in range(len(keys)):
            total += weights[_slot(x[r, f], keys[f], codes[f], steps, mask)]
        scores[r] = total
    return scores


@njit(cache=True)
def _binned(weights, keys, mask, reach):  # type: ignore[no-untyped-def]
    """The weights of bins -reach … reach by feature; bin 0 stands in the middle."""
    out = np.empty((len(keys), 2 * reach + 1))
    for f in range(len(keys)):
        for b in range(2 * reach + 1):
            out[f, b] = weights[_hashed(np.int64(b - reach), keys[f], mask)]
    return out


@njit(cache=True)
def _serve(common, rows, own, bits, weights, slots, octave):  # type: ignore[no-untyped-def]
    """Scores in the same order of additions as `_score`: what is common is weighed once a request."""
    bins, hashed, base = weights
    keys, codes, steps, mask = slots
    scores = np.full(own.shape[1], base + hashed[-1])
    reach, limit = bins.shape[1] // 2, _OCTAVES * steps
    for f in range(len(keys)):
        row = rows[f]
        if row < 0:
            scores += hashed[_slot(common[f], keys[f], codes[f], steps, mask)]
        elif codes[f]:
            for i in range(len(scores)):
                scores[i] += hashed[_slot(own[row, i], keys[f], True, steps, mask)]
        else:
            for i in range(len(scores)):
                word = bits[row, i]
                exponent = np.int64((word >> np.uint32(23)) & np.uint32(255)) - 127
                part = np.int64(octave[(word >> np.uint32(15)) & np.uint32(255)])
                if part >= 0 and -_OCTAVES < exponent < _OCTAVES:
                    step = exponent * steps + part + limit + 1
                    place = -step if word >> np.uint32(31) else 1 + step
                else:
                    place = _bin(own[row, i], False, steps)
                scores[i] += bins[f, reach + place]
    return scores


@njit(cache=True)
def _learn(x, y, w, order, z, n, base, keys, codes, steps, mask, constants):  # type: ignore[no-untyped-def]
    """FTRL-proximal: each slot has its own rate, α / (β + √Σg²); a row's weight scales its gradient."""
    bias = len(z) - 1
    slots = np.empty(len(keys) + 1, np.int64)
    weights = np.empty(len(keys) + 1)
    for r in order:
        total = base
        for f in range(len(slots)):
            slots[f] = bias if f == len(keys) else _slot(x[r, f], keys[f], codes[f], steps, mask)
            weights[f] = _weight(z[slots[f]], n[slots[f]], constants, slots[f] == bias)
            total += weights[f]
        g = (1 / (1 + np.exp(-total)) - y[r]) * w[r]
        for f, slot in enumerate(slots):
            sigma = (np.sqrt(n[slot] + g * g) - np.sqrt(n[slot])) / constants[0]
            z[slot] += g - sigma * weights[f]
            n[slot] += g * g
