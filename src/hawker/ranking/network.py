"""The network itself: embeddings, cross layers v2 (Wang et al. 2020) and a perceptron side by side.

The one file that imports torch when it is loaded; `net` loads it when a network is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Network(nn.Module):  # type: ignore[misc, unused-ignore]
    """x₀ = [embeddings, quantities, unknown flags]; score = w · [crosses(x₀), perceptron(x₀)] + b."""

    def __init__(
        self,
        vocabularies: Sequence[int],
        *,
        quantities: int,
        embedding: int,
        hidden: Sequence[int],
        crosses: int,
        dropout: float,
        norm: bool,
    ) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(size, embedding) for size in vocabularies)
        for table in self.embeddings:
            nn.init.normal_(table.weight, std=0.01)
        wide = embedding * len(vocabularies) + 2 * quantities
        self.crosses = nn.ModuleList(nn.Linear(wide, wide) for _ in range(crosses))
        self.perceptron = nn.Sequential(*_layers(wide, hidden, dropout=dropout, norm=norm))
        self.score = nn.Linear((hidden[-1] if hidden else wide) + (wide if crosses else 0), 1)

    def forward(self, codes: Tensor, quantities: Tensor, unknown: Tensor) -> Tensor:
        embedded = [table(codes[:, i]) for i, table in enumerate(self.embeddings)]  # each (B, E)
        x0 = torch.cat([*embedded, quantities, unknown], dim=1)  # (B, D)
        x = x0
        for cross in self.crosses:
            x = x0 * cross(x) + x  # (B, D)
        deep = self.perceptron(x0)  # (B, H)
        both = torch.cat([x, deep], dim=1) if len(self.crosses) else deep  # (B, D + H) or (B, H)
        return self.score(both).squeeze(1)  # (B,)


def _layers(wide: int, hidden: Sequence[int], *, dropout: float, norm: bool) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for size in hidden:
        layers.append(nn.Linear(wide, size))
        if norm:
            layers.append(nn.BatchNorm1d(size))
        layers += [nn.ReLU(), nn.Dropout(dropout)]
        wide = size
    return layers
