"""What each column adds to a network's score: integrated gradients (Sundararajan et al. 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from hawker.ranking.columns import Columns
from hawker.ranking.ranker import Floats, Rows

if TYPE_CHECKING:
    from hawker.ranking.net import NetModel

BASE, ERROR = "(base)", "(error)"


def integrated(model: NetModel, row: Rows, baseline: Rows | None, steps: int) -> dict[str, float]:
    """The score of a row by column, from a baseline to the row in a straight line of *embedded* inputs.

    All points of the line are one batch, placed and weighed by Gauss and Legendre. Without a baseline codes
    begin as unknown and quantities at their mean. A sequence keeps its length; its steps begin with nothing.
    `BASE` is the score at the beginning, `ERROR` what the integral misses; all parts together are the score.
    """
    network, columns = model.network.eval(), model.columns
    nothing = np.full((1, len(model.names)), np.nan, np.float32)
    start = columns(nothing if baseline is None else np.asarray(baseline, np.float32).reshape(1, -1))
    end = columns(np.asarray(row, np.float32).reshape(1, -1))
    first = np.zeros_like(end.numbers) if baseline is None else start.numbers
    codes = torch.from_numpy(np.concatenate([start.codes, end.codes])).long()
    ends = network.table[codes]  # (2, K, E), or E + 1
    numbers = torch.from_numpy(np.concatenate([first, end.numbers]))  # (2, D)
    points, weights = np.polynomial.legendre.leggauss(steps)
    along = torch.tensor([0.0, *((points + 1) / 2), 1.0], dtype=torch.float32)  # (S + 2,)
    taken = (ends[:1] + along[:, None, None] * (ends[1:] - ends[:1])).requires_grad_()  # (S + 2, K, E)
    said = (numbers[:1] + along[:, None] * (numbers[1:] - numbers[:1])).requires_grad_()  # (S + 2, D)
    wide, own = network.embedding, network.codes
    answer = network.interact(
        codes[1:].expand(len(along), -1),
        taken[:, :, :wide].flatten(1),
        taken[:, :own, wide:].flatten(1),
        said,
    )
    score = model.said(answer)  # (S + 2,)
    slopes = torch.autograd.grad(score.sum(), (taken, said), allow_unused=True, materialize_grads=True)
    share = torch.tensor([0.0, *(weights / 2), 0.0], dtype=torch.float32)
    by_code = ((share @ slopes[0].flatten(1)).view_as(ends[0]) * (ends[1] - ends[0])).sum(dim=1)  # (K,)
    by_number = (share @ slopes[1]) * (numbers[1] - numbers[0])  # (D,)
    parts = _by_column(columns, model.names, by_code.double().numpy(), by_number.double().numpy())
    base, whole = float(score[0].detach()), float(score[-1].detach())
    return {BASE: base, **parts, ERROR: whole - base - sum(parts.values())}


def _by_column(columns: Columns, names: tuple[str, ...], codes: Floats, numbers: Floats) -> dict[str, float]:
    """The sum of what belongs to each column: its embedding, its value, its flag of absence."""
    plan, totals = columns.plan, np.zeros(len(names))
    np.add.at(totals, columns.places, codes)
    flags = [plan.quantities[place] for place in plan.doubtful]
    coordinates = [place for vector in plan.vectors for place in vector]
    np.add.at(totals, [*plan.quantities, *flags, *coordinates], numbers)
    return dict(zip(names, totals.tolist(), strict=True))
