"""Factorisation machines: w0 + Σ wᵢxᵢ + Σ r(f, g)⟨e_f, e_g⟩ over pairs of fields (Rendle 2010).

A field's embedding e_f is that of its slot, or Σ factor × v over the columns of a sequence or a vector.
`fields="none"` has r = 1, the plain machine in linear time; `fields="weighted"` learns r for each
pair of fields (field-weighted machines, Pan et al. 2018). The linear part learns by FTRL, vectors and r by
AdaGrad, one row at a time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.errors import BadSetting, nearest
from hawker.features.examples import Examples
from hawker.features.program import Sheet
from hawker.ranking.course import Arrays
from hawker.ranking.fm_served import Sides, company, embed, serve
from hawker.ranking.linear import weight
from hawker.ranking.online import Online, OnlineModel
from hawker.ranking.ranker import Floats, Rows, arrays, base_rate, possible
from hawker.ranking.slots import (
    OCTAVES,
    Slots,
    cells,
    counted,
    entries,
    mixed,
)

_FIELDS = ["none", "weighted"]
REMEMBERED = 64
"""Kinds of request whose parts are known by heart."""
_SHARE = np.uint64(0x632BE59BD9B4E019)


@dataclass(frozen=True)
class Factorised(Online):
    """`rank` numbers a slot; `fields` says whether each pair of fields has a weight of its own.

    `rate`, `beta`, `l1`, `l2` are those of the linear part; `pace`, `calm` and `shrink` are AdaGrad's
    rate and β and the L2 penalty of the vectors, which begin at random within `spread`.
    `quantities` count by their bins or by their values.
    """

    rank: int = 8
    fields: Literal["none", "weighted"] = "none"
    bits: int = 18
    steps: int = 3
    rate: float = 0.05
    beta: float = 1.0
    l1: float = 0.1
    l2: float = 1.0
    pace: float = 0.02
    shrink: float = 1e-2
    calm: float = 1.0
    spread: float = 0.05
    epochs: int = 5
    patience: int = 1
    quantities: Literal["bins", "values"] = "bins"

    def __post_init__(self) -> None:
        counted(self.quantities, ways=["bins", "values"])
        if self.fields not in _FIELDS:
            raise BadSetting(f"There are no fields '{self.fields}'.", remedy=nearest(self.fields, _FIELDS))
        possible(self, rank=1, bits=1, steps=1, rate=1e-9, beta=0, l1=0, l2=0)
        possible(self, pace=1e-9, shrink=0, spread=0, epochs=1, patience=1)

    def fresh(self, examples: Examples, *, seed: int = 0) -> FactorisedModel:
        return FactorisedModel.fresh(self, examples, seed=seed)


@dataclass
class FactorisedModel(OnlineModel):
    """The learned tables, S slots and a bias: `linear` (S+1, 2) holds FTRL's z and n, `vectors` (S, K) the

    embeddings and `pull` their summed squared gradients; `across` (2, F, F) holds r and its own.
    """

    slots: Slots
    parameters: Factorised
    base: float
    seed: int
    linear: Floats
    vectors: NDArray[np.float32]
    pull: NDArray[np.float32]
    across: NDArray[np.float32]
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "fm"

    def __post_init__(self) -> None:
        self.names = self.slots.names
        weights = _weights(self.linear, _constants(self.parameters))
        self._tables = (weights, self.vectors, np.ascontiguousarray(self.across[0]))
        self._known: dict[tuple[tuple[str, ...], bytes], Sides] = {}

    @property
    def _weighted(self) -> bool:
        return self.parameters.fields == "weighted"

    @classmethod
    def fresh(cls, parameters: Factorised, examples: Examples, *, seed: int = 0) -> FactorisedModel:
        """A model that knows only the base rate."""
        slots = Slots.of(
            examples, bits=parameters.bits, steps=parameters.steps, quantities=parameters.quantities
        )
        many, fields = 2**parameters.bits, int(slots.parts.max()) + 1
        vectors = np.zeros((many, parameters.rank), np.float32)
        across = np.zeros((2, fields, fields), np.float32)
        across[0] = 1 - np.eye(fields, dtype=np.float32)
        linear = np.zeros((many + 1, 2))
        return cls(slots, parameters, base_rate(examples), seed, linear, vectors, vectors.copy(), across)

    def tables(self) -> Arrays:
        return {"linear": self.linear, "vectors": self.vectors, "pull": self.pull, "across": self.across}

    def holding(self, tables: Arrays) -> FactorisedModel:
        linear, vectors, pull, across = (tables[name] for name in ("linear", "vectors", "pull", "across"))
        return replace(
            self, linear=linear, vectors=vectors, pull=pull, across=across, recipe=dict(self.recipe)
        )

    def absorb(self, tables: Arrays, examples: Examples, rows: NDArray[np.int64]) -> float:
        x = np.ascontiguousarray(examples.x, dtype=np.float32)
        p = self.parameters
        learned = (tables["linear"], tables["vectors"], tables["pull"], tables["across"])
        given = (x, x.view(np.uint32), examples.y, examples.weight, rows)
        descent = (np.float32(p.pace), np.float32(p.shrink), np.float32(p.calm), self._weighted)
        settings = (_constants(p), descent, (np.float32(p.spread), np.uint64(self.seed)))
        lost = _learn(given, learned, self.base, self.slots.plan, self.slots.parts, settings)
        return float(lost / max(examples.weight[rows].sum(), 1e-300))

    def scored(self, x: Rows) -> Floats:
        how = (self.slots.plan, self.slots.parts, self._weighted)
        return np.asarray(_score(x, x.view(np.uint32), self._tables, self.base, how))

    @cached_property
    def _alone(self) -> NDArray[np.float32]:
        """What a slot adds by itself when all embeddings are summed first: (slots,)."""
        itself = 0.0 if self._weighted else np.einsum("sk,sk->s", self.vectors, self.vectors) / 2
        return np.asarray(self._tables[0][:-1] - itself, dtype=np.float32)

    @cached_property
    def _cells(self) -> NDArray[np.uint32]:
        """The slot of every bin of every quantity: (features, bins), so that serving hashes codes only."""
        return np.asarray(cells(self.slots.plan, 2 * OCTAVES * self.parameters.steps + 2))

    def served(self, sheet: Sheet) -> Floats:
        """What is common meets in company once a request; a candidate brings its own columns only."""
        sides = self._sides(sheet)
        if not sides.apart:
            return self.scored(sheet.matrix(self.names))
        common = sheet.common[sides.rows]
        scores, brought, shared = serve(
            (common, common.view(np.uint32), sides.columns),
            (sheet.own, sheet.own.view(np.uint32)),
            (*self._tables, self._alone, self._cells, self.base),
            (self.slots.plan, self.slots.parts, self._weighted, sides.place, sides.lasts),
        )
        if self._weighted:
            own = sides.own
            between = self._tables[2][np.ix_(own, own)] @ brought.reshape(len(own), -1) / 2
            met = between.reshape(brought.shape) + shared[own][:, None]
            scores += np.einsum("fnk,fnk->n", brought, met)
        return np.asarray(scores)

    def _sides(self, sheet: Sheet) -> Sides:
        """What is whose, remembered: requests differ little in what their candidates share."""
        key = (sheet.names, sheet.columns.tobytes())
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            rows = np.array(sheet.places(self.names), dtype=np.int64)
            found = Sides.of(self.slots, rows, sheet.rows[rows], weighted=self._weighted)
            self._known[key] = found
        return found

    def explain(self, row: Rows) -> dict[str, float]:
        """Each feature's own weight and half of what it adds in company: they sum to the score."""
        x = np.asarray(row, dtype=np.float32).reshape(1, -1)
        how = (self.slots.plan, self.slots.parts, self._weighted)
        parts = _explained(x[0], x.view(np.uint32)[0], self._tables, how)
        base = self.base + float(self._tables[0][-1])
        return {"(base)": base, **dict(zip(self.names, parts.tolist(), strict=True))}

    def write(self, folder: Path) -> dict[str, Any]:
        used = np.flatnonzero(self.linear[:, 1])
        held = used[used < len(self.vectors)]
        np.savez_compressed(
            folder / "slots.npz",
            slot=used,
            linear=self.linear[used],
            vectors=self.vectors[held],
            pull=self.pull[held],
            across=self.across,
        )
        told = {"parameters": asdict(self.parameters), "base": self.base, "begun": self.seed}
        return {**self.slots.head, **told}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> FactorisedModel:
        parameters = Factorised(**head["parameters"])
        stored = arrays(folder / "slots.npz")
        used, many = stored["slot"], 2**parameters.bits
        held = used[used < many]
        linear = np.zeros((many + 1, 2))
        vectors = np.zeros((many, parameters.rank), np.float32)
        pull = vectors.copy()
        linear[used], vectors[held], pull[held] = stored["linear"], stored["vectors"], stored["pull"]
        slots = Slots.read(
            head, bits=parameters.bits, steps=parameters.steps, quantities=parameters.quantities
        )
        return cls(slots, parameters, head["base"], head["begun"], linear, vectors, pull, stored["across"])


def _constants(parameters: Factorised) -> tuple[float, float, float, float]:
    return parameters.rate, parameters.beta, parameters.l1, parameters.l2


@njit(cache=True)
def _weights(linear, constants):  # type: ignore[no-untyped-def]
    weights = np.empty(len(linear))
    for slot in range(len(linear)):
        weights[slot] = weight(linear[slot, 0], linear[slot, 1], constants, slot == len(linear) - 1)
    return weights


@njit(cache=True)
def _score(x, words, tables, base, how):  # type: ignore[no-untyped-def]
    weights, vectors, across = tables
    plan, parts, weighted = how
    fields, rank = len(across), vectors.shape[1]
    slots, factors = np.zeros(len(parts), np.int64), np.zeros(len(parts))
    embedded, others = np.empty((fields, rank), np.float32), np.empty((fields, rank), np.float32)
    scores = np.empty(len(x))
    for r in range(len(x)):
        entries(x[r], words[r], plan, slots, factors)
        embed(slots, factors, parts, vectors, embedded)
        total = base + weights[-1]
        for e in range(len(parts)):
            total += weights[slots[e]] * factors[e]
        scores[r] = total + company(embedded, across, weighted, others)
    return scores


@njit(cache=True)
def _explained(row, words, tables, how):  # type: ignore[no-untyped-def]
    weights, vectors, across = tables
    plan, parts, weighted = how
    slots, factors = np.zeros(len(parts), np.int64), np.zeros(len(parts))
    embedded = np.empty((len(across), vectors.shape[1]), np.float32)
    others = np.empty_like(embedded)
    entries(row, words, plan, slots, factors)
    embed(slots, factors, parts, vectors, embedded)
    company(embedded, across, weighted, others)
    found = np.empty(len(parts))
    for e in range(len(parts)):
        shared = 0.0
        for k in range(vectors.shape[1]):
            shared += vectors[slots[e], k] * others[parts[e], k]
        found[e] = factors[e] * (weights[slots[e]] + shared / 2)
    return found


@njit(cache=True)
def _awaken(slot, vectors, spread, seed):  # type: ignore[no-untyped-def]
    """A slot seen for the first time begins at random, the same wherever and whenever that is."""
    for k in range(vectors.shape[1]):
        bits = mixed(np.int64(slot) * vectors.shape[1] + k, _SHARE + seed)
        vectors[slot, k] = spread * np.float32(np.float64(bits >> np.uint64(11)) / 2.0**52 - 1.0)


@njit(cache=True)
def _learn(given, learned, base, plan, parts, settings):  # type: ignore[no-untyped-def]
    """Rows one by one; returns the sum of their losses, each before it was learned."""
    x, words, y, w, order = given
    linear, vectors, pull, across = learned
    constants, (pace, shrink, calm, weighted), (spread, seed) = settings
    bias, fields, rank = len(linear) - 1, across.shape[1], vectors.shape[1]
    slots, factors = np.full(len(parts) + 1, bias), np.ones(len(parts) + 1)
    weights = np.empty(len(parts) + 1)
    embedded, others = np.empty((fields, rank), np.float32), np.empty((fields, rank), np.float32)
    told = 0.0
    for r in order:
        if w[r] == 0:
            continue
        entries(x[r], words[r], plan, slots, factors)
        total = base
        for e in range(len(slots)):
            z, n = linear[slots[e]]
            if n == 0 and e < len(parts):
                _awaken(slots[e], vectors, spread, seed)
            weights[e] = weight(z, n, constants, slots[e] == bias)
            total += weights[e] * factors[e]
        embed(slots[:-1], factors, parts, vectors, embedded)
        total += company(embedded, across[0], weighted, others)
        odds = np.exp(-abs(total))
        told += w[r] * (np.log1p(odds) + max(total, 0.0) - total * y[r])
        lost = ((1.0 if total > 0 else odds) / (1 + odds) - y[r]) * w[r]
        for e in range(len(slots)):
            g, n = lost * factors[e], linear[slots[e], 1]
            linear[slots[e], 0] += g - (np.sqrt(n + g * g) - np.sqrt(n)) / constants[0] * weights[e]
            linear[slots[e], 1] += g * g
        for e in range(len(parts)):
            if factors[e] != 0:
                g = np.float32(lost * factors[e])
                _descend(vectors[slots[e]], pull[slots[e]], g, others[parts[e]], (pace, shrink, calm))
        if weighted:
            _reweigh(across, embedded, np.float32(lost), pace)
    return told


@njit(cache=True, fastmath=True)
def _descend(vector, pull, g, others, settings):  # type: ignore[no-untyped-def]
    """AdaGrad on one slot's vector; its gradient is the loss's times the company it was in."""
    pace, shrink, calm = settings
    for k in range(len(vector)):
        slope = g * others[k] + shrink * vector[k]
        pull[k] += slope * slope
        vector[k] -= pace * slope / (calm + np.sqrt(pull[k]))


@njit(cache=True, fastmath=True)
def _reweigh(across, embedded, lost, pace):  # type: ignore[no-untyped-def]
    """AdaGrad on the weight of each pair of fields."""
    for f in range(len(embedded)):
        for g in range(f):
            slope = np.float32(0)
            for k in range(embedded.shape[1]):
                slope += embedded[f, k] * embedded[g, k]
            slope *= lost
            across[1, f, g] += slope * slope
            across[0, f, g] -= pace * slope / (np.float32(1) + np.sqrt(across[1, f, g]))
            across[0, g, f] = across[0, f, g]
