"""Cross-encoder relevance: a history and a thing are read as one text, and one score comes out.

It reads what a mean of vectors has lost, and costs a pass of the model for each pair: for a few candidates
beforehand, never in a request. Judged against the encoder it began with, on the same few candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import extra
from hawker.language.adapt.histories import Histories, Ints, Rows
from hawker.language.adapt.judge import compared, placed
from hawker.language.adapt.lesson import Given, Learned
from hawker.language.adapt.origin import Origin
from hawker.language.adapt.pairs import of_rows

_NEGATIVES, _CANDIDATES = 3, 20
_MOST, _JUDGED = 4_000, 500
_BATCH = 128


@dataclass(frozen=True)
class Choices:
    """Histories as texts, and for each the thing that was met first among others that were not."""

    asked: tuple[str, ...]
    candidates: Ints  # (rows, 1 + others)
    shopper: Ints

    def __len__(self) -> int:
        return len(self.asked)


class Judging:
    """Rows are pairs of a history and a thing, met (1) or not (0)."""

    def __init__(
        self, origin: Origin, texts: Sequence[str], train: Choices, *, valid: Choices, seed: int
    ) -> None:
        self.origin = origin
        self.valid = valid
        self.texts = texts
        self.pairs = _pairs(origin, texts, train)
        self.wanted = np.tile([1.0, *[0.0] * (train.candidates.shape[1] - 1)], len(train))
        self.module = _judging(origin, seed=seed)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return {"input_ids": self.pairs[place], "wanted": self.wanted[place]}

    def collate(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Tokens of pairs and whether they belong together."""
        torch = extra("torch", "adapt")
        batch = self.origin.padded([row["input_ids"] for row in rows])
        return {**batch, "wanted": torch.tensor([row["wanted"] for row in rows], dtype=torch.float32)}

    def score(self) -> float:
        """NDCG of the thing met among its candidates, on the choices set aside."""
        return float(placed(self.scores(self.valid), np.zeros(len(self.valid), dtype=np.int64)).mean())

    def scores(self, choices: Choices) -> NDArray[np.float64]:
        """The score of every candidate: (rows, candidates)."""
        torch = extra("torch", "adapt")
        pairs = _pairs(self.origin, self.texts, choices)
        order = sorted(range(len(pairs)), key=lambda place: len(pairs[place]))
        out = np.zeros(len(pairs))
        was = self.module.training
        self.module.eval()
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                part = order[start : start + _BATCH]
                batch = self.origin.padded([pairs[place] for place in part])
                out[part] = self.module.judged(**self.origin.beside(batch)).cpu().numpy()
        self.module.train(was)
        return out.reshape(choices.candidates.shape)


def learn(given: Given) -> Learned:
    """Learn to judge pairs; what was before is the cosine of the encoder it begins with."""
    slices, held, origin = given.slices(), given.histories, given.origin
    counts = held.counts(int(held.time.min()), given.cuts.valid)
    draw = np.random.default_rng(given.seed)
    train = _choices(
        held, slices.train, counts, most=min(_MOST, given.trained // 2), others=_NEGATIVES, draw=draw
    )
    valid, test = (
        _choices(held, rows, counts, most=min(_JUDGED, given.judged // 4), others=_CANDIDATES, draw=draw)
        for rows in (slices.valid, slices.test)
    )
    things, asked = origin.vectors(origin.tokens(held.texts)), origin.vectors(origin.tokens(test.asked))
    first = np.zeros(len(test), dtype=np.int64)
    before = placed(np.einsum("rs,rcs->rc", asked, things[test.candidates]), first)
    origin.hold(given.course.still)
    with origin.adapters(given.course.lora, seed=given.seed):
        task = Judging(origin, held.texts, train, valid=valid, seed=given.seed)
        walked = given.walk(task, name="relevance")
    after = placed(task.scores(test), first)
    figures = compared("ndcg10_of_few", test.shopper, before, after=after)

    def save(folder: Any) -> None:
        origin.save(folder)
        head = {name: held.contiguous() for name, held in task.module.head.state_dict().items()}
        extra("safetensors.torch", "adapt").save_file(head, str(folder / "relevance.safetensors"))

    return Learned((figures,), walked, len(task), save, serves=False)


def _choices(
    histories: Histories, rows: Rows, counts: Ints, *, most: int, others: int, draw: np.random.Generator
) -> Choices:
    """Of some moments, one thing that was met and others that were not, drawn as often as they are met."""
    kept = rows.take(np.sort(draw.permutation(len(rows))[:most]))
    told = of_rows(histories, kept)
    often = counts / counts.sum()
    candidates = np.empty((len(kept), 1 + others), dtype=np.int64)
    for place in range(len(kept)):
        known = {*kept.known[place].indices.tolist(), *kept.new[place].indices.tolist()}
        drawn = draw.choice(len(often), 4 * others + 8, p=often)
        free = [int(code) for code in dict.fromkeys(drawn.tolist()) if code not in known]
        spare = [code for code in range(len(often)) if code not in known and code not in free]
        candidates[place] = [told.met[place], *[*free, *spare, *drawn.tolist()][:others]]
    return Choices(told.asked, candidates, kept.shopper)


def _pairs(origin: Origin, texts: Sequence[str], choices: Choices) -> list[list[int]]:
    width = choices.candidates.shape[1]
    asked = [text for text in choices.asked for _ in range(width)]
    return origin.tokens(asked, [texts[code] for code in choices.candidates.ravel().tolist()])


def _judging(origin: Origin, *, seed: int) -> Any:
    torch = extra("torch", "adapt")
    torch.manual_seed(seed)

    class Judged(extra("torch.nn", "adapt").Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = origin.model
            self.head = torch.nn.Linear(origin.size, 1)

        def forward(self, input_ids: Any, attention_mask: Any, wanted: Any) -> dict[str, Any]:
            told = self.judged(input_ids, attention_mask)
            return {"loss": torch.nn.functional.binary_cross_entropy_with_logits(told, wanted)}

        def judged(self, input_ids: Any, attention_mask: Any) -> Any:
            held = self.encoder({"input_ids": input_ids, "attention_mask": attention_mask})
            return 10.0 * self.head(held["sentence_embedding"].float())[:, 0]

    return Judged()
