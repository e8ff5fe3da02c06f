"""What a shopper did lately as one embedding: six encoders of a sequence of embedded codes.

B is the batch, L the length, E an embedding. A sequence comes latest first: its embeddings (B, L, E),
which of them are known (B, L), and the embedding of what is to be scored (B, E); out goes (B, E).
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional


def encoder(kind: str, size: int, length: int) -> Any:
    """A fresh encoder by its name."""
    if kind in ("gru", "lstm"):
        return Recurrent(size, kind)
    if kind == "transformer":
        return Transformer(size, length)
    return {"mean": Mean, "convolution": Convolution, "attention": Attention}[kind](size)


class Mean(nn.Module):  # type: ignore[misc]
    """The mean of what is known."""

    def __init__(self, size: int) -> None:  # noqa: ARG002
        super().__init__()

    def forward(self, sequence: Any, known: Any, target: Any) -> Any:  # noqa: ARG002
        weight = known / known.sum(dim=1, keepdim=True).clamp(min=1)  # (B, L)
        return torch.bmm(weight.unsqueeze(1).to(sequence.dtype), sequence).squeeze(1)  # (B, E)


class Recurrent(nn.Module):  # type: ignore[misc]
    """A GRU or LSTM from the oldest to the latest; its last state."""

    def __init__(self, size: int, kind: str) -> None:
        super().__init__()
        self.cell = (nn.GRU if kind == "gru" else nn.LSTM)(size, size, batch_first=True)

    def forward(self, sequence: Any, known: Any, target: Any) -> Any:  # noqa: ARG002
        count = known.sum(dim=1, keepdim=True)  # (B, 1)
        length = sequence.shape[1]
        back = (count - 1 - torch.arange(length, device=sequence.device)) % length  # (B, L)
        states, _ = self.cell(_at(sequence, back))  # (B, L, E), the oldest first
        return _at(states, (count - 1).clamp(min=0)).squeeze(1) * (count > 0)  # (B, E)


class Convolution(nn.Module):  # type: ignore[misc]
    """Filters over three neighbours, and the strongest answer of each (Kim 2014)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.filters = nn.Conv1d(size, size, 3, padding=1)

    def forward(self, sequence: Any, known: Any, target: Any) -> Any:  # noqa: ARG002
        answers = functional.relu(self.filters(sequence.transpose(1, 2)))  # (B, E, L)
        return (answers * known.unsqueeze(1)).amax(dim=2)  # (B, E); nothing answers below 0


class Attention(nn.Module):  # type: ignore[misc]
    """Deep interest network (Zhou et al. 2018): what resembles the target counts; weights need not sum to 1.

    The first layer over [k, t, k − t, k ⊙ t] is written by part, so that the target's is made once.
    """

    hidden: ClassVar[int] = 32

    def __init__(self, size: int) -> None:
        super().__init__()
        self.key = nn.Linear(size, self.hidden)
        self.target = nn.Linear(size, self.hidden, bias=False)
        self.product = nn.Linear(size, self.hidden, bias=False)
        self.weight = nn.Linear(self.hidden, 1)

    def forward(self, sequence: Any, known: Any, target: Any) -> Any:
        if self.training:
            return self._compact(sequence, known, target)
        weight = self.weigh(sequence, known, target)  # (B, L)
        return torch.bmm(weight.unsqueeze(1), sequence).squeeze(1)  # (B, E)

    def weigh(self, sequence: Any, known: Any, target: Any) -> Any:
        """The weight of each place of the sequence (B, L)."""
        weight = self._unit(sequence, target.unsqueeze(1), self.target(target).unsqueeze(1))  # (B, L, 1)
        return weight.squeeze(2) * known

    def _compact(self, sequence: Any, known: Any, target: Any) -> Any:
        """The same over the K places that are known, in one list: what is past the end costs nothing."""
        at = known.flatten().nonzero().squeeze(1)  # (K,)
        rows = at // known.shape[1]  # (K,)
        keys = sequence.flatten(0, 1).index_select(0, at)  # (K, E)
        own = self.target(target).index_select(0, rows)  # (K, 32)
        weight = self._unit(keys, target.index_select(0, rows), own)  # (K, 1)
        return torch.zeros_like(target).index_add(0, rows, (weight * keys).to(target.dtype))  # (B, E)

    def _unit(self, keys: Any, target: Any, own: Any) -> Any:
        return self.weight(functional.relu(self.product(keys * target) + self.key(keys) + own))


class Transformer(nn.Module):  # type: ignore[misc]
    """Behaviour sequence transformer (Chen et al. 2019): the target looks at [target, sequence]."""

    def __init__(self, size: int, length: int) -> None:
        super().__init__()
        self.heads = 2 if size % 2 == 0 else 1
        self.place = nn.Parameter(torch.zeros(length + 1, size))
        self.query, self.pair = nn.Linear(size, size), nn.Linear(size, 2 * size)
        self.join = nn.Linear(size, size)
        self.before, self.after = nn.LayerNorm(size), nn.LayerNorm(size)
        self.feed = nn.Sequential(nn.Linear(size, 2 * size), nn.LeakyReLU(), nn.Linear(2 * size, size))

    def forward(self, sequence: Any, known: Any, target: Any) -> Any:
        x = torch.cat([target.unsqueeze(1), sequence], dim=1) + self.place  # (B, 1 + L, E)
        seen = torch.cat([torch.ones_like(known[:, :1]), known], dim=1)  # (B, 1 + L)
        query = self._heads(self.query(x[:, :1]))  # (B, heads, 1, E / heads)
        key, value = map(self._heads, self.pair(x).chunk(2, dim=2))  # (B, heads, 1 + L, E / heads)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen[:, None, None, :])
        first = self.before(x[:, 0] + self.join(mixed.flatten(1)))  # (B, E)
        return self.after(first + self.feed(first))  # (B, E)

    def _heads(self, x: Any) -> Any:  # (B, P, E) to (B, heads, P, E / heads)
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


def _at(x: Any, places: Any) -> Any:  # (B, L, E), (B, P) to (B, P, E)
    return x.gather(1, places.unsqueeze(2).expand(-1, -1, x.shape[2]))
