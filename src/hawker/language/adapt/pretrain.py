"""Continued pre-training on behaviour text: masked tokens, and whether one visit follows another.

L = Σ MLM + NSP (Devlin et al. 2019). A text is what a visit brought, told as a sentence; the next is what the
same shopper's next visit brought, or by a coin what some other's did. Heads are fresh: published encoders
come without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hawker.errors import extra
from hawker.language.adapt.histories import Histories, Rows
from hawker.language.adapt.judge import compared, ranked
from hawker.language.adapt.lesson import Given, Learned
from hawker.language.adapt.origin import Origin

_TOLD = 6
_MOST = 6_000
_BATCH = 64


class Sentences:
    """Pairs of sentences, half of them in sequence. The score is what held-out pairs cost, below 0."""

    def __init__(self, origin: Origin, histories: Histories, train: Rows, *, valid: Rows, seed: int) -> None:
        self.origin = origin
        self.module = _pretrained(origin, seed=seed)
        self.pairs = _told(origin, histories, train, seed=seed)
        self.valid = _told(origin, histories, valid, seed=seed)
        library = extra("transformers", "adapt")
        self._masks = library.DataCollatorForLanguageModeling(tokenizer=origin.tokenizer)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> dict[str, Any]:
        tokens, follows = self.pairs[place]
        return {"input_ids": tokens, "follows": follows}

    def collate(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A batch of which 15 % of the tokens are to be guessed (80 % of them masked, 10 % others)."""
        torch = extra("torch", "adapt")
        batch = self.origin.padded([row["input_ids"] for row in rows])
        masked, wanted = self._masks.torch_mask_tokens(batch["input_ids"])
        follows = torch.tensor([row["follows"] for row in rows], dtype=torch.long)
        return {**batch, "input_ids": masked, "wanted": wanted, "follows": follows}

    def score(self) -> float:
        """Less the mean loss on the pairs set aside."""
        return -float(np.mean(self.losses(self.valid)))

    def losses(self, pairs: Sequence[tuple[list[int], int]]) -> list[float]:
        """The loss of each batch of pairs, always masked alike."""
        torch = extra("torch", "adapt")
        was = self.module.training
        self.module.eval()
        found = []
        with torch.random.fork_rng(devices=[]), torch.inference_mode():
            torch.manual_seed(0)
            for start in range(0, len(pairs), _BATCH):
                part = pairs[start : start + _BATCH]
                batch = self.collate([{"input_ids": tokens, "follows": follows} for tokens, follows in part])
                found.append(float(self.module(**self.origin.beside(batch))["loss"]))
        self.module.train(was)
        return found


def learn(given: Given) -> Learned:
    """Train on; what decides is how the vectors rank what is next, the losses are told beside it."""
    slices, held, origin = given.slices(), given.histories, given.origin
    test, tokens = slices.test, origin.tokens(held.texts)
    train, valid = (_few(rows, _MOST, seed=given.seed) for rows in (slices.train, slices.valid))
    before = ranked(test, origin.vectors(tokens))
    with origin.adapters(given.course.lora, seed=given.seed):
        task = Sentences(origin, held, train, valid=valid, seed=given.seed)
        later = _told(origin, held, _few(test, _MOST // 4, seed=given.seed), seed=given.seed)
        began = -np.array(task.losses(later))
        walked = given.walk(task, name="pretrain")
        ended = -np.array(task.losses(later))
    figures = compared("ndcg10", test.shopper, before, after=ranked(test, origin.vectors(tokens)))
    costs = compared("likelihood", np.arange(len(began)), began, after=ended)
    return Learned((figures, costs), walked, len(task), origin.save)


def _few(rows: Rows, most: int, *, seed: int) -> Rows:
    if len(rows) <= most:
        return rows
    return rows.take(np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False)))


def _told(origin: Origin, histories: Histories, rows: Rows, *, seed: int) -> list[tuple[list[int], int]]:
    """Token codes of each moment's past and present as one pair, and whether the present is its own (1)."""
    draw = np.random.default_rng(seed)
    own = draw.random(len(rows)) < 0.5
    shifted = np.roll(np.arange(len(rows)), 1)
    past, present = [], []
    for place in range(len(rows)):
        last = histories.latest(rows.known[place], _TOLD)
        now = rows.new[place if own[place] else shifted[place]].indices[:_TOLD]
        past.append("; ".join(histories.texts[code] for code in last))
        present.append("; ".join(histories.texts[code] for code in now))
    return list(zip(origin.tokens(past, present), own.astype(int).tolist(), strict=True))


def _pretrained(origin: Origin, *, seed: int) -> Any:
    torch = extra("torch", "adapt")
    f = torch.nn.functional
    torch.manual_seed(seed)
    words = origin.transformer.get_input_embeddings().weight
    count, size = words.shape

    class Pretrained(extra("torch.nn", "adapt").Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = origin.model
            self.turn = torch.nn.Sequential(
                torch.nn.Linear(size, size), torch.nn.GELU(), torch.nn.LayerNorm(size)
            )
            self.bias = torch.nn.Parameter(torch.zeros(count))
            self.follows = torch.nn.Linear(size, 2)

        def forward(self, input_ids: Any, attention_mask: Any, wanted: Any, follows: Any) -> dict[str, Any]:
            held = self.encoder({"input_ids": input_ids, "attention_mask": attention_mask})
            states = held["token_embeddings"]  # (batch, tokens, size)
            asked = wanted >= 0
            table = origin.transformer.get_input_embeddings().weight
            guessed = self.turn(states[asked]) @ table.T + self.bias  # (asked, words)
            masked = f.cross_entropy(guessed.float(), wanted[asked]) if asked.any() else states.sum() * 0
            next_one = f.cross_entropy(self.follows(states[:, 0]).float(), follows)
            return {"loss": masked + next_one}

    return Pretrained()
