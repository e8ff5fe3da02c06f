"""Contrastive adapting by pairs of texts: what was asked for, and what was then clicked or bought.

Symmetric InfoNCE: the other texts of the batch are negatives, and so are hard ones, those that the model took
for right before it was adapted. A text is never the negative of what it was met with. As often met texts
stand in many batches, the logarithm of how often is taken off their scores (logQ).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, extra
from hawker.language.adapt.histories import Histories, Ints, Rows
from hawker.language.adapt.judge import compared, placed
from hawker.language.adapt.lesson import LEAST, Given, Learned
from hawker.language.adapt.origin import Origin

Vectors = NDArray[np.float32]
_HARD, _AMONG = 2, 30
_TOLD = 8
_TEMPERATURE = 0.05
_MOST = 8_000


@dataclass(frozen=True)
class Pairs:
    """What was asked (a text each) and what was met then (rows of the things' texts), by whom."""

    asked: tuple[str, ...]
    met: Ints
    shopper: Ints

    def __len__(self) -> int:
        return len(self.met)


def of_queries(histories: Histories, start: int, stop: int) -> Pairs:
    """Each search of a stretch of time with what the same visit brought after it."""
    told = histories.searches
    within = [place for place, time in enumerate(told.time) if start <= time < stop]
    texts = tuple(told.text[place] for place in within)
    return Pairs(texts, told.thing[within], told.shopper[within])


def of_rows(histories: Histories, rows: Rows) -> Pairs:
    """Each moment's history as a text, the latest last, with one of the things that were new."""
    asked, met = [], []
    for place in range(len(rows)):
        last = histories.latest(rows.known[place], _TOLD)
        asked.append("; ".join(histories.texts[code] for code in last))
        met.append(int(rows.new[place].indices[0]))
    return Pairs(tuple(asked), np.array(met, dtype=np.int64), rows.shopper)


class Contrast:
    """Rows are pairs with their hard negatives; the score is how well the met is found among all things."""

    def __init__(self, origin: Origin, things: Sequence[str], pairs: Pairs, *, valid: Pairs) -> None:
        self.origin = origin
        self.things = origin.tokens(things)
        self.asked = origin.tokens(pairs.asked)
        self.pairs = pairs
        self.valid = valid
        self.asked_valid = origin.tokens(valid.asked)
        counts = np.bincount(pairs.met, minlength=len(things)) + 1.0
        self.often = np.log(counts / counts.sum()).astype(np.float32)
        self.hard = _hardest(origin.vectors(self.asked), origin.vectors(self.things), pairs)
        self.module = _contrasted(origin)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return {"input_ids": self.asked[place], "place": place}

    def collate(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Tokens of the asked and of the things: of the met first, then of the hard ones that none met."""
        torch = extra("torch", "adapt")
        places = [row["place"] for row in rows]
        met = self.pairs.met[places]
        others = np.setdiff1d(self.hard[places], met)
        codes = np.concatenate([met, others])
        asked = self.origin.padded([row["input_ids"] for row in rows])
        things = self.origin.padded([self.things[code] for code in codes])
        return {
            **asked,
            **{f"thing_{name}": held for name, held in things.items()},
            "thing": torch.from_numpy(codes),
            "often": torch.from_numpy(self.often[codes]),
        }

    def score(self) -> float:
        """NDCG@10 of the met among all things, on the pairs set aside."""
        asked, things = self.origin.vectors(self.asked_valid), self.origin.vectors(self.things)
        return float(placed(asked @ things.T, self.valid.met).mean())


def learn(given: Given) -> Learned:
    """By the searches of the log where there are enough, else by histories told as texts."""
    held, cuts, origin = given.histories, given.cuts, given.origin
    parts = [
        of_queries(held, start, stop)
        for start, stop in (
            (cuts.start, cuts.valid),
            (cuts.valid, cuts.test),
            (cuts.test, cuts.stop),
        )
    ]
    if len(parts[0]) < LEAST or min(map(len, parts)) < LEAST // 10:
        slices = given.slices()
        parts = [of_rows(held, rows) for rows in (slices.train, slices.valid, slices.test)]
    train, valid, test = (_some(part, seed=given.seed) for part in parts)
    if not len(train):
        raise BadInput("There are no pairs to learn from.", remedy="Bring in more of the log: hawker ingest.")
    things, asked = origin.tokens(held.texts), origin.tokens(test.asked)
    before = placed(origin.vectors(asked) @ origin.vectors(things).T, test.met)
    origin.hold(given.course.still)
    with origin.adapters(given.course.lora, seed=given.seed):
        walked = given.walk(Contrast(origin, held.texts, train, valid=valid), name="pairs")
    after = placed(origin.vectors(asked) @ origin.vectors(things).T, test.met)
    figures = compared("ndcg10", test.shopper, before, after=after)
    return Learned((figures,), walked, len(train), origin.save)


def _some(pairs: Pairs, *, seed: int) -> Pairs:
    if len(pairs) <= _MOST:
        return pairs
    kept = np.sort(np.random.default_rng(seed).choice(len(pairs), _MOST, replace=False))
    return Pairs(tuple(pairs.asked[place] for place in kept), pairs.met[kept], pairs.shopper[kept])


def _hardest(asked: Vectors, things: Vectors, pairs: Pairs) -> Ints:
    """For each pair, things that rank high but for a few at the very top, which are likely right."""
    width = min(_AMONG, things.shape[0])
    hard = np.empty((len(pairs), _HARD), dtype=np.int64)
    for place in range(len(pairs)):
        likeness = things @ asked[place]
        likeness[pairs.met[place]] = -np.inf
        top = np.argpartition(-likeness, width - 1)[:width]
        hard[place] = top[np.argsort(-likeness[top], kind="stable")][_HARD : 2 * _HARD]
    return hard


def _contrasted(origin: Origin) -> Any:
    torch = extra("torch", "adapt")
    f = torch.nn.functional

    class Contrasted(extra("torch.nn", "adapt").Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = origin.model

        def forward(
            self,
            input_ids: Any,
            attention_mask: Any,
            thing_input_ids: Any,
            thing_attention_mask: Any,
            thing: Any,
            often: Any,
        ) -> dict[str, Any]:
            asked = self._read(input_ids, attention_mask)  # (batch, size)
            things = self._read(thing_input_ids, thing_attention_mask)  # (batch + hard, size)
            own = torch.arange(len(asked), device=asked.device)
            same = thing[None, :] == thing[own][:, None]  # another row met the same
            same[own, own] = False
            likeness = asked @ things.T / _TEMPERATURE
            found = (likeness - often[None, :]).masked_fill(same, -torch.inf)
            back = likeness[:, : len(asked)].T.masked_fill(same[:, : len(asked)].T, -torch.inf)
            return {"loss": (f.cross_entropy(found, own) + f.cross_entropy(back, own)) / 2}

        def _read(self, input_ids: Any, attention_mask: Any) -> Any:
            held = self.encoder({"input_ids": input_ids, "attention_mask": attention_mask})
            return held["sentence_embedding"].float()

    return Contrasted()
