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
_PADDED = 8  # columns for the shift and zeros, so that rows stay aligned


class Tower(nn.Module):  # type: ignore[misc]
    """Items (S, L) to states (S, L, D); the same item vectors go in and are compared with what comes out."""

    def __init__(
        self,
        how: Sequence,
        counts: NDArray[np.int64],
        vectors: NDArray[np.float32] | None,
        *,
        begin: NDArray[np.float32],
    ) -> None:
        super().__init__()
        self.how = how
        self.items = nn.Parameter(torch.from_numpy(begin))
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
        shifted = functional.pad(torch.cat([table, self.shift[:, None]], dim=1), (0, _PADDED - 1))
        one = functional.pad(states.new_ones(len(states), 1), (0, _PADDED - 1))
        loss = FullSoftmax.apply(torch.cat([states, one], dim=1), shifted, wanted)  # of D + _PADDED columns
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

    What backward needs is made while the chances are in the cache: only gradients of the size of the inputs
    are kept, never (P, N). Where the processor multiplies bfloat16, chances are kept in it.
    """

    @staticmethod
    def forward(context: Any, states: Any, table: Any, wanted: Any) -> Any:
        kind = torch.bfloat16 if _halves() else torch.float32
        narrow, given = table.to(kind), states.to(kind)
        across = narrow.t().contiguous()
        d_states, d_table, loss = torch.empty_like(states), torch.zeros_like(table), 0.0
        room = torch.empty(min(_BLOCK, len(states)), len(table), dtype=kind)
        for start in range(0, len(states), _BLOCK):
            part, at = given[start : start + _BLOCK], wanted[start : start + _BLOCK, None]
            chances = torch.mm(part, across, out=room[: len(part)])  # (_BLOCK, N)
            torch.softmax(chances, dim=1, out=chances)
            right = chances.gather(1, at)
            loss -= float(right.float().clamp(min=1e-30).log().sum())
            slopes = chances.scatter_(1, at, right - 1)
            d_states[start : start + _BLOCK] = slopes @ narrow
            d_table += slopes.t() @ part
        context.save_for_backward(d_states, d_table)
        context.count = len(states)
        return states.new_tensor(loss / len(states))

    @staticmethod
    def backward(context: Any, given: Any) -> Any:
        scale = given / context.count
        return *(part * scale for part in context.saved_tensors), None


def _halves() -> bool:
    """Whether bfloat16 is multiplied by the processor itself; elsewhere it would be slower, not faster."""
    told = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(told.get("avx512_bf16") or told.get("amx_bf16"))
