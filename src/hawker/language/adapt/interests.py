"""Contrastive adapting by histories: what shoppers meet next lies near the mean of what they met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import extra
from hawker.language.adapt import aims
from hawker.language.adapt.course import Walked
from hawker.language.adapt.histories import Rows
from hawker.language.adapt.judge import compared, ranked
from hawker.language.adapt.lesson import Given, Learned, Slices
from hawker.language.adapt.origin import Origin

Vectors = NDArray[np.float32]
_TAUGHT = 20_000
"""Texts that are taught, at most: those met most often."""


class Interests:
    """Teach an encoder to answer each text with its aim (`aims.found`), the often met ones first.

    Judged by how well its vectors rank what is next on rows set aside.
    """

    def __init__(
        self, origin: Origin, texts: Sequence[str], aims: Vectors, *, counts: NDArray[np.int64], valid: Rows
    ) -> None:
        self.origin = origin
        self.valid = valid
        self.tokens = origin.tokens(texts)
        often = np.argsort(-counts, kind="stable")[:_TAUGHT]
        self._met = np.sort(often[counts[often] > 0])
        weight = np.sqrt(counts[self._met] + 1.0)
        self._weight = (weight / weight.mean()).astype(np.float32)
        self._aims = aims[self._met]
        self.module = _taught(origin)

    def __len__(self) -> int:
        return len(self._met)

    def __getitem__(self, place: int) -> dict[str, Any]:
        tokens = self.tokens[self._met[place]]
        return {"input_ids": tokens, "aim": self._aims[place], "weight": self._weight[place]}

    def collate(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Tokens, aims and weights of a batch."""
        torch = extra("torch", "adapt")
        batch = self.origin.padded([row["input_ids"] for row in rows])
        batch["aim"] = torch.from_numpy(np.stack([row["aim"] for row in rows]))
        batch["weight"] = torch.from_numpy(np.array([row["weight"] for row in rows]))
        return batch

    def score(self) -> float:
        """NDCG@10 on the rows set aside."""
        return float(ranked(self.valid, self.origin.vectors(self.tokens)).mean())


def learn(given: Given) -> Learned:
    """Adapt, and compare the vectors before and after on the moments that judge."""
    slices, held, origin = given.slices(), given.histories, given.origin
    tokens = origin.tokens(held.texts)
    before = origin.vectors(tokens)
    walked = fit(given, slices, before)
    after, test = origin.vectors(tokens), slices.test
    figures = compared("ndcg10", test.shopper, ranked(test, before), after=ranked(test, after))
    return Learned((figures,), walked, len(slices.train), origin.save)


def fit(given: Given, slices: Slices, before: Vectors) -> Walked:
    """Find the aims, beginning at the vectors that the texts have `before`, and teach them."""
    held, origin = given.histories, given.origin
    counts = held.counts(int(held.time.min()), given.cuts.valid)
    sought = aims.found(
        before,
        slices.train,
        valid=slices.valid,
        met=counts > 0,
        seed=given.seed,
        progress=given.progress,
    )
    origin.hold(given.course.still)
    origin.steady()
    with origin.adapters(given.course.lora, seed=given.seed):
        task = Interests(origin, held.texts, sought, counts=counts, valid=slices.valid)
        return given.walk(task, name="interests")


def _taught(origin: Origin) -> Any:
    class Taught(extra("torch.nn", "adapt").Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = origin.model

        def forward(self, input_ids: Any, attention_mask: Any, aim: Any, weight: Any) -> dict[str, Any]:
            held = self.encoder({"input_ids": input_ids, "attention_mask": attention_mask})
            cosine = (held["sentence_embedding"].float() * aim).sum(1)  # (batch,)
            return {"loss": ((1 - cosine) * weight).mean()}

    return Taught()
