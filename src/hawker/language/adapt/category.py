"""Classification: an encoder learns to tell a product's widest category from what is said of it.

The category's own words are taken out of the text first. Judged by a linear probe (logistic regression over
the vectors) fitted before and after on the same texts, and asked about texts that neither saw.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, extra
from hawker.language.adapt.judge import compared
from hawker.language.adapt.lesson import Given, Learned
from hawker.language.adapt.origin import Origin

_FEWEST = 8
"""Texts that a category needs to be told from others."""
_LEAST = 60
Ints = NDArray[np.int64]


class Labelled:
    """Texts with the code of their category; the score is the accuracy of the head that is trained along."""

    def __init__(
        self, origin: Origin, tokens: list[list[int]], labels: Ints, *, parts: Ints, seed: int
    ) -> None:
        self.origin = origin
        self.tokens = tokens
        self.labels = labels
        self.train, self.valid = np.nonzero(parts == 0)[0], np.nonzero(parts == 1)[0]
        self.module = _classifying(origin, int(labels.max()) + 1, seed=seed)

    def __len__(self) -> int:
        return len(self.train)

    def __getitem__(self, place: int) -> dict[str, Any]:
        code = int(self.train[place])
        return {"input_ids": self.tokens[code], "label": int(self.labels[code])}

    def collate(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Tokens and labels of a batch."""
        torch = extra("torch", "adapt")
        batch = self.origin.padded([row["input_ids"] for row in rows])
        return {**batch, "label": torch.tensor([row["label"] for row in rows], dtype=torch.long)}

    def score(self) -> float:
        """The share of the texts set aside whose category the head tells."""
        torch = extra("torch", "adapt")
        vectors = torch.from_numpy(self.origin.vectors([self.tokens[code] for code in self.valid]))
        with torch.inference_mode():
            told = self.module.head(vectors.to(self.module.head.weight.device)).argmax(1).cpu().numpy()
        return float((told == self.labels[self.valid]).mean())


def learn(given: Given) -> Learned:
    """Learn categories; raises `BadInput` where the catalogue has too few of them."""
    histories, origin = given.histories, given.origin
    often = Counter(label for label in histories.labels if label)
    known = sorted(label for label, count in often.items() if count >= _FEWEST)
    kept = [code for code, label in enumerate(histories.labels) if often[label] >= _FEWEST and label]
    if len(known) < 2 or len(kept) < _LEAST:
        raise BadInput(
            f"The catalogue has {len(known)} categories with {_FEWEST} texts or more, "
            f"{len(kept)} texts in all; 2 and {_LEAST} are the least.",
            remedy="Bring in a catalogue with categories: hawker ingest catalogue.",
        )
    texts = [_without(histories.texts[code], histories.labels[code]) for code in kept]
    labels = np.array([known.index(histories.labels[code]) for code in kept], dtype=np.int64)
    parts = np.array([_part(text) for text in texts], dtype=np.int64)
    tokens = origin.tokens(texts)
    before = _probed(origin.vectors(tokens), labels, parts)
    origin.hold(given.course.still)
    with origin.adapters(given.course.lora, seed=given.seed):
        task = Labelled(origin, tokens, labels, parts=parts, seed=given.seed)
        walked = given.walk(task, name="category")
    after = _probed(origin.vectors(tokens), labels, parts)
    each = np.arange(len(before))
    return Learned((compared("accuracy", each, before, after=after),), walked, len(task), origin.save)


def _without(text: str, label: str) -> str:
    """A text without its category's name; the whole text where nothing else is in it."""
    rest = re.sub(re.escape(label), " ", text, flags=re.IGNORECASE).strip(" ,;")
    return rest or text


def _part(text: str) -> int:
    """Which part a text is in, by its digest: 0 to learn from (70 %), 1 to stop by (10 %), 2 to judge."""
    share = hashlib.sha256(text.encode()).digest()[0] / 256
    return 0 if share < 0.7 else 1 if share < 0.8 else 2


def _probed(vectors: NDArray[np.float32], labels: Ints, parts: Ints) -> NDArray[np.float64]:
    """1 for each text to judge by whose category a linear probe tells, else 0."""
    linear = extra("sklearn.linear_model", "adapt")
    probe = linear.LogisticRegression(C=10.0, max_iter=500).fit(vectors[parts == 0], labels[parts == 0])
    right: NDArray[np.float64] = (probe.predict(vectors[parts == 2]) == labels[parts == 2]).astype(np.float64)
    return right


def _classifying(origin: Origin, classes: int, *, seed: int) -> Any:
    torch = extra("torch", "adapt")
    torch.manual_seed(seed)

    class Classifying(extra("torch.nn", "adapt").Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = origin.model
            self.head = torch.nn.Linear(origin.size, classes)

        def forward(self, input_ids: Any, attention_mask: Any, label: Any) -> dict[str, Any]:
            held = self.encoder({"input_ids": input_ids, "attention_mask": attention_mask})
            told = self.head(held["sentence_embedding"].float())
            return {"loss": torch.nn.functional.cross_entropy(10.0 * told, label)}

    return Classifying()
