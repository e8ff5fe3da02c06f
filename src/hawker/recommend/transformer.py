"""The transformer in torch, for training; a softmax over all items whose gradient costs no second pass."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from hawker.recommend.sequence_served import Network

if TYPE_CHECKING:
    from hawker.recommend.sequence import Sequence

_BLOCK = 192


class Tower(nn.Module):  # type: ignore[misc]
    """Items (S, L) to states (S, L, D); the same item vectors go in and are compared with what comes out."""

    def __init__(self, how: Sequence, counts: NDArray[np.int64], vectors: NDArray[np.float32] | None) -> None:
        super().__init__()
        self.how = how
        self.items = nn.Parameter(torch.randn(len(counts), how.size) / sqrt(how.size))
        shares = np.log((counts + 1.0) / (counts + 1.0).sum())
        self.shift = nn.Parameter(torch.from_numpy((shares - shares.mean()).astype(np.float32)))
        self.text = None if vectors is None else torch.from_numpy(np.ascontiguousarray(vectors))
        self.read = None if vectors is None else nn.Linear(vectors.shape[1], how.size, bias=False)
        self.before = nn.LayerNorm(how.size)
        self.blocks = nn.ModuleList(Block(how) for _ in range(how.blocks))
        self.after = nn.LayerNorm(how.size)

    def table(self) -> Any:
        """The vectors of all items: (N, D)."""
        return self.items if self.read is None else self.items + self.read(self.text)

    def forward(self, items: Any, table: Any) -> Any:
        x = functional.embedding(items.clamp(min=0), table) * sqrt(self.how.size)  # (S, L, D)
        x = functional.dropout(self.before(x), self.how.dropout, self.training)
        for block in self.blocks:
            x = block(x)
        return self.after(x)

    def learn(self, items: Any, following: Any) -> float:
        """Leave the gradient of the mean loss in the weights; the loss."""
        table = self.table()
        states = self(items, table)[items >= 0]  # (P, D)
        wanted = following[items >= 0]
        loss = FullSoftmax.apply(states, table, self.shift, wanted)
        loss.backward()
        return float(loss.detach())

    def served(self) -> Network:
        """The weights as arrays."""
        with torch.no_grad():
            weights = {"items": self.table(), "shift": self.shift}
            weights |= {name: value for name, value in self.named_parameters() if "." in name}
            weights.pop("read.weight", None)
            held = {name: value.detach().numpy().copy() for name, value in weights.items()}
        return Network(held, heads=self.how.heads, length=self.how.length)


class Block(nn.Module):  # type: ignore[misc]
    """Attention to what came before, with a bias by distance, then a perceptron; norms go first."""

    def __init__(self, how: Sequence) -> None:
        super().__init__()
        size = how.size
        self.heads, self.dropout = how.heads, how.dropout
        self.first, self.second = nn.LayerNorm(size), nn.LayerNorm(size)
        self.mix, self.join = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.widen, self.narrow = nn.Linear(size, 2 * size), nn.Linear(2 * size, size)
        slopes = 2.0 ** -torch.arange(1, how.heads + 1, dtype=torch.float32)
        self.distance = nn.Parameter(-slopes[:, None] * torch.arange(how.length, dtype=torch.float32))

    def forward(self, x: Any) -> Any:
        length = x.shape[1]
        parts = self.mix(self.first(x)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts  # (S, heads, L, D / heads) each
        apart = torch.arange(length)[:, None] - torch.arange(length)  # (L, L)
        bias = self.distance[:, apart.clamp(min=0)].masked_fill(apart < 0, -torch.inf)  # (heads, L, L)
        drop = self.dropout if self.training else 0.0
        weight = (query @ key.transpose(2, 3) / sqrt(query.shape[3]) + bias).softmax(dim=3)
        mixed = (functional.dropout(weight, drop) @ value).transpose(1, 2).flatten(2)
        x = x + functional.dropout(self.join(mixed), drop)
        fed = self.narrow(functional.dropout(functional.gelu(self.widen(self.second(x))), drop))
        return x + functional.dropout(fed, drop)


class FullSoftmax(torch.autograd.Function):  # type: ignore[misc]
    """Mean cross entropy of states (P, D) against all items (N, D), block by block.

    What backward needs is made while the logits are in the cache: only gradients of the size of the inputs
    are kept, never (P, N).
    """

    @staticmethod
    def forward(context: Any, states: Any, table: Any, shift: Any, wanted: Any) -> Any:
        d_states, d_table = torch.empty_like(states), torch.zeros_like(table)
        d_shift, loss = torch.zeros_like(shift), 0.0
        room = torch.empty(min(_BLOCK, len(states)), len(table))
        across = table.t()
        for start in range(0, len(states), _BLOCK):
            part = states[start : start + _BLOCK]
            at, rows = wanted[start : start + _BLOCK, None], torch.arange(len(part))
            logits = torch.addmm(shift, part, across, out=room[: len(part)])
            hit = logits.gather(1, at)
            highest = logits.amax(dim=1, keepdim=True)
            logits.sub_(highest).exp_()
            total = logits.sum(dim=1, keepdim=True)
            loss += float((total.log() + highest - hit).sum())
            logits.div_(total)
            logits[rows, at[:, 0]] -= 1.0
            torch.mm(logits, table, out=d_states[start : start + _BLOCK])
            d_table.addmm_(logits.t(), part)
            d_shift += logits.sum(dim=0)
        context.save_for_backward(d_states, d_table, d_shift)
        context.count = len(states)
        return states.new_tensor(loss / len(states))

    @staticmethod
    def backward(context: Any, given: Any) -> Any:
        scale = given / context.count
        return *(part * scale for part in context.saved_tensors), None
