"""Networks of one shape averaged, as matrices: what serves them together, without torch, in one pass.

Of plain networks (codes and quantities into a perceptron) the first layers stand side by side in one matrix,
and what each standardises by its own centre and spread is moved into its weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.ranking.ranker import Floats, Model, Rows, arrays

if TYPE_CHECKING:
    from hawker.ranking.net import NetModel

FILE = "layers.npz"
Ints = NDArray[np.int64]
_ALONE = 1 << 18
"""So many multiplications OpenBLAS does without calling in threads."""
_STRIPS = (64, 32, 16, 8)


@dataclass
class Averaged(Model):
    """The mean log-odds of K networks; H is the first hidden layer of all of them together.

    `tables` hold what each code adds to the first layer, column after column from `first`, `sizes` codes
    each and one row for all others; `inward` takes quantities on one scale and flags of those that were
    absent at times; `absent` is what the absence of any of them comes to.
    """

    names: tuple[str, ...]
    places: Mapping[str, Ints]  # codes (C,), first (C,), sizes (C,), quantities (Q,), doubtful (U,)
    scale: Rows  # (2, Q): centre and spread
    tables: Rows  # (ΣS, H)
    inward: Rows  # (Q + U, H)
    absent: Rows  # (Q, H)
    layers: tuple[Rows, ...]  # biases (H,); then weights (K, before, after) and biases (K, 1, after), …
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "averaged"

    def scored(self, x: Rows) -> Floats:
        places = self.places
        z = np.empty((len(x), len(self.inward)), np.float32)
        _laid(x, places["quantities"], places["doubtful"], z)
        logs = z[:, : len(places["quantities"])]
        np.log1p(logs, out=logs)
        _scaled(x, places["quantities"], self.scale, logs)
        hidden = _product(z, self.inward)  # (B, H)
        _add(x, places["codes"], places["first"], places["sizes"], self.tables, hidden)
        _miss(x, places["quantities"], places["doubtful"], self.absent, hidden)
        _rectify(hidden, self.layers[0])
        shape = (len(x), self.layers[1].shape[0], self.layers[1].shape[1])
        deep = hidden.reshape(shape).transpose(1, 0, 2)  # (K, B, before)
        for weight, bias in zip(self.layers[1:-2:2], self.layers[2:-2:2], strict=True):
            deep = _product(deep, weight)  # (K, B, after)
            np.add(deep, bias, out=deep)
            np.maximum(deep, 0.0, out=deep)
        answer = deep @ self.layers[-2] + self.layers[-1]  # (K, B, 1)
        return np.asarray(np.add.reduce(answer[:, :, 0], axis=0) / len(answer), dtype=np.float64)

    def write(self, folder: Path) -> dict[str, Any]:
        held: dict[str, Rows] = {f"layer_{place}": layer for place, layer in enumerate(self.layers)}
        held |= {"scale": self.scale, "tables": self.tables, "inward": self.inward, "absent": self.absent}
        np.savez(folder / FILE, **held, **self.places)  # type: ignore[arg-type]
        return {"layers": len(self.layers)}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Averaged:
        held = arrays(folder / FILE)
        places = {name: held[name] for name in ("codes", "first", "sizes", "quantities", "doubtful")}
        layers = tuple(held[f"layer_{place}"] for place in range(head["layers"]))
        scale, tables, inward, absent = (held[name] for name in ("scale", "tables", "inward", "absent"))
        return cls(tuple(head["names"]), places, scale, tables, inward, absent, layers)


def averaged(models: Sequence[NetModel]) -> Averaged | None:
    """The mean of plain networks of one shape; None where they are more than that, or differ."""
    first = models[0]
    if not all(_plain(model, first) for model in models):
        return None
    known = [_codes(models, column) for column in range(len(first.columns.plan.codes))]
    parts = [_part(model, first, known) for model in models]
    tables, inward, absent, start = (
        np.concatenate([part[i] for part in parts], axis=1).astype(np.float32) for i in range(4)
    )
    doubtful = sorted({place for model in models for place in model.columns.plan.doubtful})
    sizes = np.array([len(codes) for codes in known], np.int64)
    return Averaged(
        names=first.names,
        places={
            "codes": np.array(first.columns.plan.codes, np.int64),
            "first": np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes + 1)])[: len(sizes)],
            "sizes": sizes,
            "quantities": np.array(first.columns.plan.quantities, np.int64),
            "doubtful": np.array(doubtful, np.int64),
        },
        scale=np.stack([first.columns.centre, first.columns.spread]),
        tables=tables,
        inward=np.concatenate([inward, absent[doubtful]]),
        absent=absent,
        layers=(start[0], *_stacked([part[4] for part in parts])),
        recipe=dict(first.recipe),
    )


def _plain(model: NetModel, first: NetModel) -> bool:
    """Whether a network is codes and quantities into a perceptron, of the same shape as the first."""
    asked, plan, other = model.parameters, model.columns.plan, first.columns.plan
    more = asked.crosses or asked.fm or asked.wide or plan.sequences or plan.vectors or plan.bins
    small = all((known == np.floor(known)).all() for known in model.columns.vocabularies)
    alike = (plan.codes, plan.quantities) == (other.codes, other.quantities)
    alike = alike and asked.hidden == first.parameters.hidden
    named = model.names == first.names and model.kind == "net" and model.network.position is None
    return bool(asked.hidden and not more and not plan.hashed and small and alike and named)


def _codes(models: Sequence[NetModel], column: int) -> Ints:
    """The codes of a column that any of the networks knows: all whole numbers up to the last."""
    last = max((int(known[-1]) for m in models if len(known := m.columns.vocabularies[column])), default=-1)
    return np.arange(last + 1)


def _part(
    model: NetModel, first: NetModel, known: list[Ints]
) -> tuple[Floats, Floats, Floats, Floats, list[tuple[Floats, Floats]]]:
    """One network's tables, its weights of quantities and of their absence, its first bias, later layers."""
    layers = _folded(model.network)
    (weight, bias), columns, plan = layers[0], model.columns, model.columns.plan
    size = model.parameters.embedding
    wide, start = len(plan.quantities), len(plan.codes) * size
    inner, flags = weight[start : start + wide], np.zeros((wide, weight.shape[1]))
    flags[list(plan.doubtful)] = weight[start + wide :]
    spread, theirs = columns.spread.astype(np.float64), first.columns.spread.astype(np.float64)
    offset = (first.columns.centre.astype(np.float64) - columns.centre) / spread
    moved = inner * offset[:, None]
    scaled, start_ = inner * (theirs / spread)[:, None], (bias + moved.sum(axis=0))[None]
    return _tables(model, known, weight), scaled, flags - moved, start_, layers[1:]


def _tables(model: NetModel, known: list[Ints], weight: Floats) -> Floats:
    """What each code of each column adds to the first layer; behind a column's codes, what all others add."""
    plan, size = model.columns.plan, model.parameters.embedding
    table = model.network.table.detach().numpy().astype(np.float64)
    found = [np.zeros((0, weight.shape[1]))]
    for column, place in enumerate(plan.codes):
        x = np.zeros((len(known[column]) + 1, len(model.names)), np.float32)
        x[:, place] = [*known[column].tolist(), np.nan]
        rows = table[model.columns(x).codes[:, column]][:, :size]  # (S + 1, E)
        found.append(rows @ weight[column * size : (column + 1) * size])
    return np.concatenate(found)


def _folded(network: Any) -> list[tuple[Floats, Floats]]:
    """Weights (before, after) and biases (after,) of every layer, batch norms folded in, the score last."""
    layers: list[tuple[Floats, Floats]] = []
    for layer in (*network.tower.perceptron, network.tower.score):
        if hasattr(layer, "running_mean"):
            weight, bias = layers.pop()
            mean, variance = layer.running_mean.double().numpy(), layer.running_var.double().numpy()
            slope = layer.weight.detach().double().numpy() / np.sqrt(variance + layer.eps)
            layers.append((weight * slope, (bias - mean) * slope + layer.bias.detach().double().numpy()))
        elif hasattr(layer, "weight"):
            layers.append((layer.weight.detach().double().numpy().T, layer.bias.detach().double().numpy()))
    return layers


def _stacked(later: list[list[tuple[Floats, Floats]]]) -> list[Rows]:
    """The later layers of all networks side by side: (K, before, after) and (K, 1, after), in turn."""
    out: list[Rows] = []
    for layer in zip(*later, strict=True):
        out.append(np.stack([weight for weight, _ in layer]).astype(np.float32))
        out.append(np.stack([bias[None] for _, bias in layer]).astype(np.float32))
    return out


def _product(x: Rows, weight: Rows) -> Rows:
    """x @ weight for some rows at once, in strips of columns: BLAS wakes no other thread for one of them.

    Those of a request are too few to be worth waiting for a thread.
    """
    wide = weight.shape[-1]
    room = _ALONE // max(x.shape[-2] * x.shape[-1], 1)
    strip = next((strip for strip in _STRIPS if wide % strip == 0 and strip <= room), 0)
    if not strip:
        return np.asarray(x @ weight)
    out = np.empty((*x.shape[:-1], wide), np.float32)
    strips, into = (
        held.reshape(*held.shape[:-1], wide // strip, strip).swapaxes(-2, -3) for held in (weight, out)
    )
    np.matmul(x[..., None, :, :], strips, out=into)
    return out


@njit(cache=True, error_model="numpy")
def _laid(x, places, doubtful, out):  # type: ignore[no-untyped-def]
    """|x|, 0 where unknown, then the flags: (B, Q + U)."""
    wide = len(places)
    for r in range(len(x)):
        for q in range(wide):
            value = abs(x[r, places[q]])
            out[r, q] = np.float32(0.0) if np.isnan(value) else value
        for u in range(len(doubtful)):
            out[r, wide + u] = np.float32(np.isnan(x[r, places[doubtful[u]]]))


@njit(cache=True, error_model="numpy")
def _scaled(x, places, scale, logs):  # type: ignore[no-untyped-def]
    """log(1 + |x|) becomes sign(x) · log(1 + |x|) on the common scale, 0 where unknown."""
    for r in range(len(x)):
        for q in range(len(places)):
            value = x[r, places[q]]
            log = logs[r, q] if value >= 0 else -logs[r, q]
            logs[r, q] = np.float32(0.0) if np.isnan(value) else (log - scale[0, q]) / scale[1, q]


@njit(cache=True)
def _rectify(hidden, bias):  # type: ignore[no-untyped-def]
    for r in range(len(hidden)):
        for h in range(len(bias)):
            hidden[r, h] = max(hidden[r, h] + bias[h], np.float32(0.0))


@njit(cache=True)
def _miss(x, places, doubtful, absent, hidden):  # type: ignore[no-untyped-def]
    """What is absent and never was while the networks learned."""
    flagged = np.zeros(len(places), np.bool_)
    flagged[doubtful] = True
    for q in range(len(places)):
        if not flagged[q]:
            for r in range(len(x)):
                if np.isnan(x[r, places[q]]):
                    for h in range(hidden.shape[1]):
                        hidden[r, h] += absent[q, h]


@njit(cache=True)
def _add(x, places, first, sizes, tables, hidden):  # type: ignore[no-untyped-def]
    """What the codes of each row add to its first layer."""
    for r in range(len(x)):
        for c in range(len(places)):
            value = x[r, places[c]]
            row = first[c] + sizes[c]
            if value >= 0 and value < sizes[c] and value == np.floor(value):
                row = first[c] + np.int64(value)
            for h in range(hidden.shape[1]):
                hidden[r, h] += tables[row, h]
