"""What comes next in a history: a causal transformer over items (SASRec), trained with the full softmax.

Kang and McAuley 2018; that the loss over all items, not the architecture, makes it strong: Klenitskiy and
Vasilev 2023. P positions are trained at once, L is the length of a history, N items, D the size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, extra
from hawker.recommend.histories import Histories
from hawker.recommend.model import Scores
from hawker.recommend.neighbours import Neighbours
from hawker.recommend.sequence_served import Network

Progress = Callable[[str, float], None]
_ROUNDING = 1e-3  # of the largest singular value: what float32 leaves of a zero, squared and rooted


@dataclass(frozen=True)
class Sequence:
    """Parameters of the transformer. Positions are told by how far apart they lie, up to `length`.

    `batch` counts positions, not shoppers. The rate falls to nothing along a cosine.
    """

    size: int = 64
    blocks: int = 2
    heads: int = 2
    length: int = 50
    dropout: float = 0.4
    epochs: int = 5
    batch: int = 512
    rate: float = 2e-3
    decay: float = 0.0
    warm: float = 0.05

    def fit(
        self,
        histories: Histories,
        *,
        vectors: Scores | None = None,
        seed: int = 0,
        watch: Callable[[int, Network], bool] | None = None,
        progress: Progress | None = None,
    ) -> Network:
        """Train on every item that follows another. `vectors` (items, d) is what is known of the items' text.

        `watch` sees the network after every pass and ends the training by True.
        """
        torch = extra("torch", "deep")
        usable = np.flatnonzero(histories.sizes > 1)
        if not len(usable):
            raise BadInput(
                "No shopper has taken two things: there is no sequence to learn from.",
                remedy="Leave the sequence model out, or ingest more purchases.",
            )
        torch.manual_seed(seed)
        from hawker.recommend.transformer import Tower

        tower = Tower(self, histories.counts, vectors, begin=beginnings(histories, self.size, seed=seed))
        optimiser = torch.optim.AdamW(tower.parameters(), lr=self.rate, weight_decay=self.decay, fused=True)
        rng = np.random.default_rng(seed)
        done = 0
        total = self.epochs * max(1, len(list(batches(histories, self, rng))))
        for epoch in range(self.epochs):
            tower.train()
            for items, following in batches(histories, self, rng):
                for group in optimiser.param_groups:
                    group["lr"] = self.rate * _pace(done / total, self.warm)
                optimiser.zero_grad()
                tower.learn(torch.from_numpy(items), torch.from_numpy(following))
                optimiser.step()
                done += 1
            if progress:
                progress("sequences", (epoch + 1) / self.epochs)
            if watch and watch(epoch, tower.served()):
                break
        return tower.served()

    def multiplications(self, histories: Histories) -> float:
        """About how many a training takes: nearly all are the softmax's, forth and back."""
        places = float(np.minimum(np.maximum(histories.sizes - 1, 0), self.length).sum())
        return 3.0 * places * len(histories.names) * self.size * self.epochs


def beginnings(histories: Histories, size: int, *, seed: int = 0) -> Scores:
    """Item vectors to begin with (N, D): singular vectors of who is taken near whom, which saves passes."""
    sparse = extra("scipy.sparse", "deep")
    links = Neighbours(back=1.0, from_power=0.5, to_power=0.5).fit(histories)
    shape = (links.size, links.size)
    near = sparse.csr_matrix((links.value, links.to, links.start), shape=shape, dtype=np.float32)
    rng = np.random.default_rng(seed)
    found = rng.normal(size=(links.size, size)).astype(np.float32)
    rank = min(size, links.size - 1)
    if links.to.size > rank:
        left, strength = _singular(near, rank, rng)
        told = left * np.sqrt(strength)
        spread = np.sqrt((told * told).sum(axis=1, keepdims=True) / rank)
        kept = np.flatnonzero(strength > 0)
        found[:, kept] = np.where(spread > 0, told / np.maximum(spread, 1e-9), found[:, :rank])[:, kept]
    return (found / sqrt(size)).astype(np.float32)


def _singular(near: Any, rank: int, rng: np.random.Generator) -> tuple[Scores, Scores]:
    """The left singular vectors of the largest values, and these; 0 where they are nothing but rounding.

    Not by `svds`: where values are equal or none are left, the search goes on from random numbers, which
    `svds` takes from no seed.
    """
    linalg, dense = extra("scipy.sparse.linalg", "deep"), extra("scipy.linalg", "deep")
    begin = rng.normal(size=near.shape[0]).astype(np.float32)
    squared = linalg.LinearOperator(near.shape, matvec=lambda x: near.T @ (near @ x), dtype=near.dtype)
    _, right = linalg.eigsh(squared, k=rank, v0=begin, rng=rng)
    left, strength, _ = dense.svd(near @ np.linalg.qr(right)[0], full_matrices=False)
    strength[strength < _ROUNDING * strength[0]] = 0
    return left[:, ::-1], strength[::-1]


def batches(
    histories: Histories, how: Sequence, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """What was taken and what followed, (shoppers, L), -1 past the end; histories of like length together."""
    sizes = np.minimum(histories.sizes - 1, how.length)
    order = rng.permutation(len(histories))
    order = order[sizes[order] > 0]
    order = order[np.argsort(sizes[order] + rng.random(len(order)), kind="stable")]
    cuts, start = [], 0
    while start < len(order):
        widest = np.maximum.accumulate(sizes[order[start : start + how.batch]])
        count = max(1, int((widest * np.arange(1, len(widest) + 1) <= how.batch).sum()))
        cuts.append(order[start : start + count])
        start += count
    for place in rng.permutation(len(cuts)):
        rows = cuts[place]
        wide = int(sizes[rows].max())
        items, following = np.full((2, len(rows), wide), -1, dtype=np.int64)
        for i, row in enumerate(rows):
            taken = histories[row][-(wide + 1) :] if sizes[row] == wide else histories[row]
            items[i, : sizes[row]] = taken[:-1]
            following[i, : sizes[row]] = taken[1:]
        yield items, following


def _pace(share: float, warm: float) -> float:
    """The rate's factor after a share of all steps: up in a line, then down along a cosine."""
    if share < warm:
        return share / warm + 1e-3
    return 0.5 + 0.5 * float(np.cos(np.pi * (share - warm) / (1 - warm)))
