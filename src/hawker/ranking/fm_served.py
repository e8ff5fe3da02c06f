"""A factorisation machine's answers to a request: what is common meets once, candidates bring the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.ranking.slots import (
    CODE,
    COORDINATE,
    MEMBER,
    VALUE,
    Slots,
    bent,
    bin_of,
    entries,
    hashed,
    measure,
)


@dataclass(frozen=True)
class Sides:
    """How the columns of a sheet fall apart: `rows` of the sheet by column, `columns` of its own part or -1.

    `own` are the fields that candidates bring, `place` says where a field's embeddings are gathered,
    `lasts` which column ends it; `apart` is False where the form does not allow of it.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    own: NDArray[np.int64]
    place: NDArray[np.int64]
    lasts: NDArray[np.int64]
    apart: bool

    @classmethod
    def of(
        cls, slots: Slots, rows: NDArray[np.int64], columns: NDArray[np.int64], *, weighted: bool
    ) -> Sides:
        parts = slots.parts
        own = np.unique(parts[columns >= 0])
        place, lasts = np.zeros(parts.max() + 1, np.int64), np.zeros(parts.max() + 1, np.int64)
        place[own] = np.arange(len(own)) if weighted else 0
        np.maximum.at(lasts, parts, np.arange(len(parts)))
        whole = (columns[np.isin(parts, own)] >= 0).all()
        apart = len(own) > 0 and whole and not (columns[slots.kinds == MEMBER] >= 0).any()
        return cls(rows, columns, own, place, lasts, bool(apart))


@njit(cache=True)
def embed(slots, factors, parts, vectors, embedded):  # type: ignore[no-untyped-def]
    """e (F, K): each field's embedding."""
    embedded[:] = 0
    for e in range(len(slots)):
        factor = np.float32(factors[e])
        for k in range(vectors.shape[1]):
            embedded[parts[e], k] += factor * vectors[slots[e], k]


@njit(cache=True, fastmath=True)
def company(embedded, across, weighted, others):  # type: ignore[no-untyped-def]
    """t (F, K): Σ r(f, g) e_g over the other fields, and ½ Σ ⟨e_f, t_f⟩."""
    fields, rank = embedded.shape
    if weighted:
        others[:] = 0
        for f in range(fields):
            for g in range(fields):
                r = across[f, g]
                for k in range(rank):
                    others[f, k] += r * embedded[g, k]
    else:
        for k in range(rank):
            total = np.float32(0)
            for f in range(fields):
                total += embedded[f, k]
            for f in range(fields):
                others[f, k] = total - embedded[f, k]
    together = np.float32(0)
    for f in range(fields):
        for k in range(rank):
            together += embedded[f, k] * others[f, k]
    return np.float64(together) / 2


@njit(cache=True)
def serve(shared, own, tables, how):  # type: ignore[no-untyped-def]
    """Scores; embeddings that candidates bring; the company that each field meets among what is common.

    The embeddings are (own fields, candidates, K), and the scores without what they do; where no field
    is weighted they are summed, (1, candidates, K), and the scores are complete.
    """
    common, common_words, rows = shared
    values, words = own
    weights, vectors, across, alone, cells, base = tables
    plan, parts, weighted, place, lasts = how
    keys, kinds, scale, _, _, octave, (steps, mask), _ = plan
    many, rank = values.shape[1], vectors.shape[1]
    slots, factors = np.zeros(len(parts), np.int64), np.zeros(len(parts))
    embedded = np.empty((len(across), rank), np.float32)
    met = np.empty_like(embedded)
    entries(common, common_words, plan, slots, factors)
    factors[rows >= 0] = 0.0
    embed(slots, factors, parts, vectors, embedded)
    scores = np.full(many, base + weights[-1] + company(embedded, across, weighted, met))
    brought = np.zeros((place.max() + 1, many, rank), np.float32)
    vector, spots = np.zeros((many, rank), np.float32), np.empty(many, np.uint64)
    middle = cells.shape[1] // 2
    for c in range(len(keys)):
        row, into = rows[c], brought[place[parts[c]]]
        if row < 0:
            scores += weights[slots[c]] * factors[c]
        elif kinds[c] == VALUE:
            _gauge(values[row], (keys[c], scale[c], mask), (weights, vectors), scores, into, weighted)
        elif kinds[c] == COORDINATE:
            for i in range(many):
                factor = np.float32((values[row, i] - scale[c, 0]) * scale[c, 1])
                if not np.isnan(factor):
                    scores[i] += factor * weights[slots[c]]
                    for k in range(rank):
                        vector[i, k] += factor * vectors[slots[c], k]
            if c == lasts[parts[c]]:
                _bring(vector, into, scores, weighted)
        else:
            for i in range(many):
                bin_ = bin_of(values[row, i], words[row, i], kinds[c] == CODE, steps, octave)
                spots[i] = hashed(bin_, keys[c], mask) if kinds[c] == CODE else cells[c, middle + bin_]
            _gather(spots, alone, vectors, scores, into)
    if not weighted:
        _meet(brought[0], met[parts[np.argmax(rows)]], scores)
    return scores, brought, met


@njit(cache=True)
def _gather(spots, alone, vectors, scores, into):  # type: ignore[no-untyped-def]
    """Add the slots of one column, candidate by candidate."""
    for i in range(len(spots)):
        scores[i] += alone[spots[i]]
        for k in range(into.shape[1]):
            into[i, k] += vectors[spots[i], k]


@njit(cache=True)
def _gauge(values, how, tables, scores, into, weighted):  # type: ignore[no-untyped-def]
    """Add a column that counts by its value: one of two slots, and a factor, candidate by candidate."""
    key, scale, mask = how
    weights, vectors = tables
    known = measure(np.float32(0), key, scale, mask)[0]
    unknown = measure(np.float32(np.nan), key, scale, mask)[0]
    itself = np.zeros(2)
    if not weighted:
        itself[0], itself[1] = (vectors[unknown] ** 2).sum() / 2, (vectors[known] ** 2).sum() / 2
    for i in range(len(values)):
        missing = np.isnan(values[i])
        slot, factor = unknown, 1.0
        if not missing:
            slot, factor = known, (bent(values[i]) - scale[0]) * scale[1]
        scores[i] += factor * (weights[slot] - factor * itself[0 if missing else 1])
        for k in range(into.shape[1]):
            into[i, k] += np.float32(factor) * vectors[slot, k]


@njit(cache=True)
def _bring(vector, into, scores, weighted):  # type: ignore[no-untyped-def]
    """A field of several columns is added as one; it does not meet itself."""
    for i in range(len(vector)):
        for k in range(vector.shape[1]):
            into[i, k] += vector[i, k]
            if not weighted:
                scores[i] -= vector[i, k] * vector[i, k] / 2
    vector[:] = 0


@njit(cache=True)
def _meet(brought, company, scores):  # type: ignore[no-untyped-def]
    """What candidates bring meets what is common, and itself."""
    for i in range(len(scores)):
        for k in range(len(company)):
            scores[i] += brought[i, k] * (company[k] + brought[i, k] / 2)
