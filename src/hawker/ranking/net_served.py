"""A network's answers to a request: what is common goes through the first layer once, the rest is brought.

For perceptrons over embeddings and quantities; cross layers, machines, sequences and vectors are left to
torch. The first layer is a sum over the columns of its input, so it falls apart by side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hawker.features.program import Sheet
from hawker.ranking.columns import _logs, _look
from hawker.ranking.ranker import Floats, Rows

if TYPE_CHECKING:
    from hawker.ranking.net import NetModel

_REMEMBERED = 64


@dataclass(frozen=True)
class ServedNet:
    """The table and the layers as arrays, each weight (into, out), with the normalisation taken in."""

    model: NetModel
    table: Rows
    layers: tuple[tuple[Rows, Rows], ...]
    known: dict[tuple[tuple[str, ...], bytes], _Sides] = field(default_factory=dict)

    @classmethod
    def of(cls, model: NetModel) -> ServedNet | None:
        """The same network in this form; None for the kinds that have none."""
        given, plan, network = model.parameters, model.columns.plan, model.network
        plain = not (given.crosses or given.fm or given.wide or plan.sequences or plan.vectors)
        if not plain or not given.hidden or model.columns._sparse or not hasattr(network.tower, "perceptron"):
            return None
        layers = _layers(network.tower)
        return cls(model, network.table.detach().cpu().numpy()[:, : given.embedding], tuple(layers))

    def __call__(self, sheet: Sheet) -> Floats:
        """Log-odds of a request's candidates: (rows,)."""
        columns = self.model.columns
        sides = self._sides(sheet)
        whole = columns(sheet.common[sides.places][None])  # what is common, and nonsense where it is not
        shared = np.concatenate([self.table[whole.codes[0]].ravel(), whole.numbers[0]])
        shared[sides.moved] = 0.0
        values = sheet.own[sides.rows]  # (own quantities, rows)
        logs = (_logs(values) - sides.centre) / sides.spread
        unknown = np.isnan(values)
        logs[unknown] = 0.0
        brought = np.concatenate([self._embedded(sheet, sides), logs, unknown[sides.flagged]])
        x = brought.T @ sides.weight + (shared @ self.layers[0][0] + self.layers[0][1])
        for weight, shift in self.layers[1:]:
            x = np.maximum(x, 0.0) @ weight + shift
        return np.asarray(x[:, 0], dtype=np.float64)

    def _sides(self, sheet: Sheet) -> _Sides:
        """What is whose, remembered: requests differ little in what their candidates share."""
        key = (sheet.names, sheet.columns.tobytes())
        found = self.known.get(key)
        if found is None:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            found = self.known[key] = self._apart(sheet)
        return found

    def _apart(self, sheet: Sheet) -> _Sides:
        columns, plan = self.model.columns, self.model.columns.plan
        places = np.array(sheet.places(self.model.names), dtype=np.int64)
        rows = sheet.rows[places]
        codes, quantities = np.array(plan.codes, int), np.array(plan.quantities, int)
        coded, own = np.flatnonzero(rows[codes] >= 0), np.flatnonzero(rows[quantities] >= 0)
        flags = [flag for flag, q in enumerate(plan.doubtful) if rows[quantities[q]] >= 0]
        size = self.table.shape[1]
        wide = len(codes) * size
        embedded = (coded[:, None] * size + np.arange(size)).ravel()
        moved = np.concatenate([embedded, wide + own, wide + len(quantities) + np.array(flags, int)])
        return _Sides(
            places=places,
            rows=rows[quantities[own]],
            flagged=np.searchsorted(own, np.array([plan.doubtful[flag] for flag in flags], int)),
            coded=coded,
            codes=rows[codes[coded]],
            moved=moved,
            weight=np.ascontiguousarray(self.layers[0][0][moved]),
            centre=columns.centre[own, None],
            spread=columns.spread[own, None],
        )

    def _embedded(self, sheet: Sheet, sides: _Sides) -> Rows:
        """The embeddings of the codes that candidates bring: (own · E, rows)."""
        _, table, *more = self.model.columns._tables
        found = np.empty((len(sheet), len(sides.coded)), np.int32)
        if len(sides.coded):
            some = [column[sides.coded] for column in more]
            x = np.ascontiguousarray(sheet.own[sides.codes].T)
            _look(x, np.arange(len(sides.coded)), table, *some, found)
        return self.table[found].reshape(len(sheet), -1).T


@dataclass(frozen=True)
class _Sides:
    """What candidates bring, of a sheet and a network: places in the sheet, in x₀ (`moved`), the weights."""

    places: NDArray[np.int64]
    rows: NDArray[np.int64]
    flagged: NDArray[np.int64]
    coded: NDArray[np.intp]
    codes: NDArray[np.int64]
    moved: NDArray[np.intp]
    weight: Rows
    centre: Rows
    spread: Rows


def form(model: NetModel) -> ServedNet | None:
    """The present weights in the served form, made anew when they have changed."""
    network = model.network
    stamp = (id(network), network.table._version, next(network.tower.parameters())._version)
    kept = model.__dict__.get("_form")
    if kept is None or kept[0] != stamp:
        kept = model.__dict__["_form"] = (stamp, ServedNet.of(model))
    found: ServedNet | None = kept[1]
    return found


def _layers(tower: Any) -> list[tuple[Rows, Rows]]:
    """Weights (into, out) and shifts of the linear layers, the normalisation behind each taken in."""
    found: list[tuple[Rows, Rows]] = []
    for layer in [*tower.perceptron, tower.score]:
        parts = {name: value.detach().cpu().numpy() for name, value in layer.state_dict().items()}
        if "running_mean" in parts:
            weight, shift = found[-1]
            scale = parts["weight"] / np.sqrt(parts["running_var"] + layer.eps)
            found[-1] = (weight * scale, (shift - parts["running_mean"]) * scale + parts["bias"])
        elif "weight" in parts:
            found.append((np.ascontiguousarray(parts["weight"].T), parts["bias"]))
    return found
