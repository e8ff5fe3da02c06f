"""The network: embeddings, then the interactions chosen: cross layers, a factorisation machine, a perceptron.

B is the batch, C the code columns, F the fields (codes, sequences encoded, vectors projected), E an
embedding, Q the quantities with their flags, D = F · E + Q, H the last hidden layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from hawker.ranking.columns import PADDING, Columns
from hawker.ranking.sequence import encoder

if TYPE_CHECKING:
    from hawker.ranking.net import Net

_SMALL = 0.01 * 3**0.5  # a standard deviation of 1 %


class Network(nn.Module):  # type: ignore[misc]
    """Score = w · [crosses(x₀), perceptron(x₀)] + FM + wide + b, each part where `Net` asks for it.

    The table is learned row by row outside the graph (`embedding.Table`), all else by autograd.
    First layers, for whoever splits them by side: `table` (rows, E, and the first-order weight if `wide`),
    `tower.crosses[0]`, `tower.perceptron[0]` over x₀ (D), `tower.score`, `wide` (Q).
    """

    def __init__(
        self, net: Net, columns: Columns, *, positions: int = 0, outcomes: int = 1, apart: bool = False
    ) -> None:
        super().__init__()
        plan, self.positions = columns.plan, positions
        self.codes, self.embedding = len(plan.codes), net.embedding
        self.lengths, self.of = [len(places) for places in plan.sequences], plan.of
        self.quantities = len(plan.quantities) + len(plan.doubtful)
        self.widths = [len(places) for places in plan.vectors]
        self.table = nn.Parameter(torch.empty(columns.rows, net.embedding + net.wide), requires_grad=False)
        self.encoders = nn.ModuleList(encoder(net.sequence, net.embedding, length) for length in self.lengths)
        self.projections = nn.ModuleList(nn.Linear(width, net.embedding) for width in self.widths)
        fields = self.codes + len(self.lengths) + len(self.widths)
        wide = fields * net.embedding + self.quantities
        self.tower = Towers(net, wide, outcomes) if apart else Tower(net, wide, outcomes)
        self.fm = net.fm
        self.wide = nn.Linear(self.quantities, 1, bias=False) if net.wide and self.quantities else None
        self.position: Any = nn.Embedding(positions, 1) if positions else None
        self.register_buffer("shares", torch.zeros(positions, 1))
        self.register_buffer("unit", torch.ones(()))  # of a value that the network is asked for
        self.start()

    def start(self) -> None:
        """Fresh embeddings; a first-order weight, behind them, begins at 0."""
        self.table.data.uniform_(-_SMALL, _SMALL)[PADDING] = 0
        self.table.data[:, self.embedding :] = 0

    def settle(self, device: Any) -> Network:
        """Move all but the table, which stays in the main memory whatever its size."""
        for layer in self.children():
            layer.to(device)
        for name, buffer in self.named_buffers(recurse=False):
            setattr(self, name, buffer.to(device))
        return self

    def centre(self, shares: Any) -> None:
        """Say how often each position was, so that the score is that of the average position."""
        nn.init.zeros_(self.position.weight)
        self.shares[:, 0] = shares

    def shown(self, answer: Any, positions: Any) -> Any:  # (B,) or (B, T), (B,)
        """The answer where the row was shown: a tower of its own, of mean 0, added to the first outcome."""
        effect = self.position(positions) - (self.position.weight * self.shares).sum()  # (B, 1)
        if answer.dim() == 1:
            return answer + effect.squeeze(1)
        return torch.cat([answer[:, :1] + effect, answer[:, 1:]], dim=1)

    def forward(self, codes: Any, numbers: Any) -> Any:  # (B, C + ΣL), (B, Q + ΣV)
        rows = self.table[codes.long()].to(self.unit.device)  # (B, C + ΣL, E), or E + 1
        embedded, linear = rows[:, :, : self.embedding], rows[:, : self.codes, self.embedding :]
        codes, numbers = codes.to(rows.device), numbers.to(rows.device)
        return self.interact(codes, embedded.flatten(1), linear.flatten(1), numbers)

    def interact(self, codes: Any, embedded: Any, linear: Any, numbers: Any) -> Any:
        """The score, given of codes the embeddings (B, (C + ΣL) · E), the first-order weights (B, C or 0)."""
        fields, x0 = self.fields(codes, embedded, numbers)  # (B, F, E), (B, D)
        score = self.tower(x0)  # (B,)
        if self.fm:
            score = score + (_Pairs.apply if self.training else _pairs)(fields)
        if linear.shape[1]:
            score = score + linear.sum(dim=1)
        if self.wide is not None:
            score = score + self.wide(numbers[:, : self.quantities]).squeeze(1)
        return score

    def fields(self, codes: Any, embedded: Any, numbers: Any) -> tuple[Any, Any]:
        """Every field as an embedding (B, F, E), and with the quantities as x₀ (B, D)."""
        size = self.embedding
        flat = [embedded[:, : self.codes * size]]  # (B, C · E)
        start = self.codes
        for encode, length, of in zip(self.encoders, self.lengths, self.of, strict=True):
            sequence = embedded[:, start * size : (start + length) * size].unflatten(1, (length, size))
            known = codes[:, start : start + length] > 0  # (B, L)
            target = embedded[:, of * size : (of + 1) * size]  # (B, E)
            flat.append(encode(sequence, known, target))  # (B, E)
            start += length
        place = self.quantities
        for project, width in zip(self.projections, self.widths, strict=True):
            flat.append(project(numbers[:, place : place + width]))  # (B, E)
            place += width
        x0 = torch.cat([*flat, numbers[:, : self.quantities]], dim=1)
        return torch.cat(flat, dim=1).unflatten(1, (-1, size)) if self.fm else None, x0


class Tower(nn.Module):  # type: ignore[misc]
    """Cross layers v2 (Wang et al. 2020) and a perceptron side by side over x₀, and their score."""

    def __init__(self, net: Net, wide: int, outcomes: int = 1) -> None:
        super().__init__()
        self.crosses = nn.ModuleList(nn.Linear(wide, wide) for _ in range(net.crosses))
        self.perceptron = nn.Sequential(*_layers(wide, net.hidden, dropout=net.dropout, norm=net.norm))
        last = net.hidden[-1] if net.hidden else wide
        self.score = nn.Linear(last + (wide if net.crosses else 0), outcomes)

    def forward(self, x0: Any) -> Any:  # (B, D)
        x = x0
        for cross in self.crosses:
            x = torch.addcmul(x, x0, cross(x))  # x₀ ⊙ (W x + b) + x: (B, D)
        deep = self.perceptron(x0)  # (B, H)
        both = torch.cat([x, deep], dim=1) if len(self.crosses) else deep  # (B, D + H) or (B, H)
        return self.score(both).squeeze(1)  # (B,), or (B, T) for several outcomes


class Towers(nn.Module):  # type: ignore[misc]
    """A tower for each outcome, over embeddings that they share."""

    def __init__(self, net: Net, wide: int, outcomes: int) -> None:
        super().__init__()
        self.towers = nn.ModuleList(Tower(net, wide) for _ in range(outcomes))

    def forward(self, x0: Any) -> Any:  # (B, D)
        return torch.stack([tower(x0) for tower in self.towers], dim=1)  # (B, T)


def _pairs(fields: Any) -> Any:  # (B, F, E)
    """Σ over pairs of fields of ⟨vᵢ, vⱼ⟩ = ½ (‖Σ vᵢ‖² − Σ ‖vᵢ‖²) (Rendle 2010)."""
    total, flat = fields.sum(dim=1), fields.flatten(1)  # (B, E), (B, F · E)
    return 0.5 * ((total * total).sum(dim=1) - (flat * flat).sum(dim=1))  # (B,)


class _Pairs(torch.autograd.Function):  # type: ignore[misc]
    """`_pairs` with its slope Σ v − vᵢ, in a third of the passes that autograd would make."""

    @staticmethod
    def forward(ctx: Any, fields: Any) -> Any:
        ctx.save_for_backward(fields)
        return _pairs(fields)

    @staticmethod
    @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, slope: Any) -> Any:  # (B,)
        (fields,) = ctx.saved_tensors
        return (fields.sum(dim=1, keepdim=True) - fields).mul_(slope[:, None, None])  # (B, F, E)


def _layers(wide: int, hidden: Sequence[int], *, dropout: float, norm: bool) -> list[Any]:
    layers: list[Any] = []
    for before, size in pairwise((wide, *hidden)):
        layers.append(nn.Linear(before, size))
        if norm:
            layers.append(nn.BatchNorm1d(size))
        layers.append(nn.ReLU(inplace=True))
        if dropout:
            layers.append(nn.Dropout(dropout))
    return layers
