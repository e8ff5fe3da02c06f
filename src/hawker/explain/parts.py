"""What each feature adds to a score, against other rows: parts that sum to the difference.

Exact for linear models, rules and factorisation machines; Shapley values for trees; integrated gradients for
nets; for any other model Shapley values of reasons as a whole, exact too. A wrapper's parts are made of those
of what it wraps: a sum has the weighted sum of its models' parts; a calibration stretches all parts of a row
alike, because a monotone map of one score has no parts of its own.
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.explain.reasons import reason
from hawker.ranking import Blend, Calibrated, Cascade, Model
from hawker.ranking.position import Placed

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Parts = dict[str, Floats]

EXACT, SHAPLEY, GROUPED, GRADIENTS = "exact", "tree_shapley", "group_shapley", "integrated_gradients"
_LEAST = 1e-6


def parts(model: Model, x: Rows, *, against: Rows) -> tuple[str, Parts]:
    """By feature what it adds to each row's score (rows,), against the mean of other rows; first the method.

    For nets, and for models of which nothing but the score is known (what came from elsewhere, say), the
    comparison is with one row of those others' typical values, and the latter's parts are those of whole
    reasons, under names such as '(own)'.

    >>> from hawker.ranking import Rule
    >>> rule = Rule(("bought", "popular"), {"bought": 2.0, "popular": 1.0})
    >>> parts(rule, np.float32([[3, 1]]), against=np.float32([[1, 1], [1, 3]]))
    ('exact', {'bought': array([4.]), 'popular': array([-1.])})
    """
    if isinstance(model, Calibrated):
        return _bent(model, x, against)
    if isinstance(model, Cascade):
        return parts(model.heavy, model.heavily(x), against=model.heavily(against))
    if isinstance(model, Blend):
        return _summed(model, x, against)
    if isinstance(model, Placed):
        return parts(model.model, _placed(model, x), against=_placed(model, against))
    if hasattr(model, "attribute"):
        usual = _usual(model, against)
        rows = [model.attribute(row, baseline=usual) for row in x]
        return GRADIENTS, {name: np.array([row[name] for row in rows]) for name in model.names}
    if hasattr(model, "parts"):
        ours, theirs = model.parts(x), model.parts(against).mean(axis=0)
        return SHAPLEY, dict(zip(model.names, (ours - theirs).T, strict=False))
    if not _explained(model, x):
        return GROUPED, _by_reason(model, x, typical(against))
    ours, theirs = ([model.explain(row) for row in rows] for rows in (x, against))
    mean = {name: float(np.mean([row[name] for row in theirs])) for name in theirs[0] if name != "(base)"}
    return EXACT, {name: np.array([row[name] for row in ours]) - usual for name, usual in mean.items()}


def level(model: Model, rows: Rows) -> float:
    """What rows score in the mean, where parts are measured from: before calibration bends it.

    For nets and what is only known by its scores, the score of one row of their typical values. A row's
    score is this and the sum of its parts.
    """
    if isinstance(model, Calibrated):
        bent = float(model.bend(np.array([level(model.model, rows)]))[0])
        if not model.offsets:
            return bent
        return bent + float(model.offset(rows[:, model.names.index(model.field)]).mean())
    if isinstance(model, Cascade):
        return level(model.heavy, model.heavily(rows))
    if isinstance(model, Blend):
        levels = [level(inner, rows) for inner in model.models]
        return model.base + float(np.dot(model.weights, levels))
    if isinstance(model, Placed):
        return level(model.model, _placed(model, rows))
    if hasattr(model, "attribute"):
        rows = _usual(model, rows)[None, :]
    elif not hasattr(model, "parts") and not _explained(model, rows):
        rows = typical(rows)[None, :]
    return float(model.score(rows).mean())


def typical(rows: Rows) -> Rows:
    """The median of each column over its known values; unknown where none is known."""
    out = np.full(rows.shape[1], np.nan, dtype=np.float32)
    known = ~np.isnan(rows).all(axis=0)
    out[known] = np.nanmedian(rows[:, known], axis=0)
    return out


def _explained(model: Model, rows: Rows) -> bool:
    """Whether a model tells the parts of a row itself."""
    return bool(len(rows) and model.explain(rows[0]))


def _by_reason(model: Model, x: Rows, usual: Rows) -> Parts:
    """Shapley values of reasons: of every set of them the row's values, of the rest the usual ones."""
    own = np.array([reason(name) for name in model.names])
    found = {f"({name})": np.zeros(len(x)) for name in sorted(set(own))}
    for number, row in enumerate(x):
        differs = (row != usual) & ~(np.isnan(row) & np.isnan(usual))
        names = sorted(set(own[differs]))  # what is the same in both has no part
        count, sets = len(names), np.arange(2 ** len(names))
        holds = (sets[:, None] >> np.arange(count)) & 1 == 1  # (sets, reasons)
        column = np.array([names.index(name) if name in names else -1 for name in own])
        taken = np.pad(holds, ((0, 0), (0, 1)))[:, column]  # the last column, of no reason, is never taken
        worth = model.score(np.where(taken, row, usual))
        size = holds.sum(axis=1)
        for place, name in enumerate(names):
            without = sets[~holds[:, place]]
            share = np.array([1 / (count * comb(count - 1, k)) for k in range(count)])[size[without]]
            found[f"({name})"][number] = (share * (worth[without | 1 << place] - worth[without])).sum()
    return found


def _usual(model: Any, rows: Rows) -> Rows:
    """The typical row for a net: of codes, and of steps of a sequence, the commonest value."""
    usual, plan = typical(rows), model.columns.plan
    codes = plan.codes[: len(plan.codes) - plan.binned]
    for place in (*codes, *(place for steps in plan.sequences for place in steps)):
        values, counts = np.unique(rows[:, place], return_counts=True, equal_nan=True)
        usual[place] = values[counts.argmax()]
    return usual


def _placed(model: Placed, rows: Rows) -> Rows:
    """Rows with the place that the model is served in."""
    return np.insert(rows, model.model.names.index(model.position), np.float32(model.place), axis=1)


def _summed(model: Blend, x: Rows, against: Rows) -> tuple[str, Parts]:
    """The weighted sum of the models' parts, by the least exact of their methods."""
    total: Parts = {}
    order = (EXACT, SHAPLEY, GROUPED, GRADIENTS)
    method = EXACT
    for inner, weight in zip(model.models, model.weights, strict=True):
        if not weight:
            continue
        own, found = parts(inner, x, against=against)
        method = max(method, own, key=order.index)
        for name, values in found.items():
            total[name] = total.get(name, 0.0) + weight * values
    return method, total


def _bent(model: Calibrated, x: Rows, against: Rows) -> tuple[str, Parts]:
    """Each row's parts times the slope of the map from what it is compared with to its score."""
    method, inner = parts(model.model, x, against=against)
    score = model.model.score(x)
    width = np.sum(list(inner.values()), axis=0)
    width = np.where(np.abs(width) < _LEAST, _LEAST, width)
    slope = (model.bend(score) - model.bend(score - width)) / width
    stretched = {name: values * slope for name, values in inner.items()}
    if model.offsets:
        place = model.names.index(model.field)
        moved = model.offset(x[:, place]) - model.offset(against[:, place]).mean()
        stretched[model.field] = stretched.get(model.field, 0.0) + moved
    return method, stretched
