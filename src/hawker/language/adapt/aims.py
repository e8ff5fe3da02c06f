"""Where the log would have each thing lie, had it vectors of its own: what an encoder is then taught.

Vectors start as the encoder has them and move until a shopper's decayed mean finds what that shopper met
next, against all other things: a softmax over cosines without sampling, so that nothing is to be corrected
for popularity and the hardest negatives are always among them. That is cheap (a table against a table),
and an encoder that learns to answer a text with its aim costs a tenth of one led through every history.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import extra
from hawker.language.adapt.histories import Rows
from hawker.language.adapt.judge import ranked

Vectors = NDArray[np.float32]
Told = Callable[[str, float], None]
_TURNS = 6
_FEWEST, _CELLS = 64, 4_000_000
"""Rows of a batch at least, and cells of its table of scores that more must not exceed."""


def found(
    start: Vectors,
    rows: Rows,
    *,
    valid: Rows,
    met: NDArray[np.bool_],
    temperature: float = 0.1,
    rate: float = 5e-3,
    batch: int = 1024,
    passes: int = 4,
    seed: int = 0,
    progress: Told | None = None,
) -> Vectors:
    """The vectors (things, size) of unit length that rank best on `valid`; things not `met` stay."""
    torch = extra("torch", "adapt")
    torch.manual_seed(seed)
    table = torch.nn.Parameter(torch.from_numpy(start.copy()))
    descent = torch.optim.Adam([table], lr=rate)
    batch = max(_FEWEST, min(batch, _CELLS // len(start)))
    steps = max(_TURNS, passes * -(-len(rows) // batch))
    order = np.random.default_rng(seed)
    absent = torch.from_numpy(np.where(met, 0.0, -np.inf).astype(np.float32))
    best, kept = -1.0, start
    for step in range(steps):
        for group in descent.param_groups:
            group["lr"] = rate * 0.5 * (1 + cos(pi * step / steps))
        part = rows.take(np.sort(order.integers(0, len(rows), min(batch, len(rows)))))
        loss = _loss(table, part, absent=absent, temperature=temperature)
        descent.zero_grad()
        loss.backward()
        descent.step()
        if (step + 1) % (steps // _TURNS) == 0:
            with torch.no_grad():
                now = torch.nn.functional.normalize(table, dim=1).numpy().astype(np.float32)
            now = np.where(met[:, None], now, start)
            score = float(ranked(valid, now).mean())
            if score > best:
                best, kept = score, now
        if progress:
            progress(f"aims, loss {loss.item():.3f}", (step + 1) / steps)
    return kept


def _loss(table: Any, rows: Rows, *, absent: Any, temperature: float) -> Any:
    """Cross-entropy of what was met, among all things the shopper did not know."""
    torch = extra("torch", "adapt")
    f = torch.nn.functional
    unit = f.normalize(table, dim=1)  # (things, size)
    known = torch.from_numpy(np.asarray(rows.known.todense()))  # (batch, things)
    interest = f.normalize(known @ unit, dim=1)
    scores = interest @ unit.T / temperature + absent
    new = torch.from_numpy(np.asarray(rows.new.todense()))
    new = new * torch.isfinite(absent)
    scores = scores.masked_fill(known > 0, -torch.inf)
    share = new / new.sum(1, keepdim=True).clamp(min=1)
    likely = f.log_softmax(scores, dim=1).masked_fill(new == 0, 0.0)
    return -(share * likely).sum(1).mean()
