"""The network itself: embeddings, cross layers v2 (Wang et al. 2020) and a perceptron side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hawker.errors import extra


def network(
    vocabularies: Sequence[int],
    *,
    quantities: int,
    embedding: int,
    hidden: Sequence[int],
    crosses: int,
    dropout: float,
    norm: bool,
) -> Any:
    """A fresh torch module: x₀ = [embeddings, quantities, unknown flags], then

    score = w · [crosses(x₀), perceptron(x₀)] + b. The class is made here, so that the file loads
    without torch. B is the batch, C the codes, Q the quantities, E an embedding, H the last layer.
    """
    torch = extra("torch", "deep")
    nn = torch.nn
    wide = embedding * len(vocabularies) + 2 * quantities  # D

    class Network(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.embeddings = nn.ModuleList(nn.Embedding(size, embedding) for size in vocabularies)
            self.crosses = nn.ModuleList(nn.Linear(wide, wide) for _ in range(crosses))
            self.perceptron = nn.Sequential(*_layers(nn, wide, hidden, dropout=dropout, norm=norm))
            last = hidden[-1] if hidden else wide
            self.score = nn.Linear(last + (wide if crosses else 0), 1)
            for table in self.embeddings:
                nn.init.normal_(table.weight, std=0.01)

        def forward(self, codes: Any, quantities: Any, unknown: Any) -> Any:  # (B, C), (B, Q), (B, Q)
            embedded = [table(codes[:, i]) for i, table in enumerate(self.embeddings)]  # each (B, E)
            x0 = torch.cat([*embedded, quantities, unknown], dim=1)  # (B, D)
            x = x0
            for cross in self.crosses:
                x = x0 * cross(x) + x  # (B, D)
            deep = self.perceptron(x0)  # (B, H)
            both = torch.cat([x, deep], dim=1) if crosses else deep  # (B, D + H) or (B, H)
            return self.score(both).squeeze(1)  # (B,)

    return Network()


def _layers(nn: Any, wide: int, hidden: Sequence[int], *, dropout: float, norm: bool) -> list[Any]:
    layers = []
    for size in hidden:
        layers.append(nn.Linear(wide, size))
        if norm:
            layers.append(nn.BatchNorm1d(size))
        layers += [nn.ReLU(), nn.Dropout(dropout)]
        wide = size
    return layers
