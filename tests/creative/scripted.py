"""A writer that says what a test tells it to, as a model well or badly behaved would."""

from __future__ import annotations

from collections.abc import Sequence

from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Draft, Effort, Kind, Objection

BREAD = Product("bread", "Rye bread, 500 g", brand="Oster", price=3_000_000, currency="EUR", stock=4)
GOOD = {"title": "Rye bread", "description": "Oster rye bread, 500 g.", "call_to_action": "See it"}
HEAVY = {**GOOD, "title": "Rye bread, 750 g"}
OTHER = {"title": "Oster bakes rye", "description": "500 g of bread by Oster.", "call_to_action": "See it"}
BUSY, AWAY = Effort("busy", wait=30.0), Effort("away")


def draft(words: dict[str, str] | Effort, *, seed: int = 0, product: str = "bread") -> Draft:
    """A native draft of these words, or the nothing that a model brought."""
    if isinstance(words, Effort):
        return Draft(product, Kind.NATIVE, "en", writer="scripted", version="1", seed=seed, effort=words)
    parts = {part: (text,) for part, text in words.items()}
    return Draft(product, Kind.NATIVE, "en", parts, writer="scripted", version="1", prompt="p-1", seed=seed)


class Scripted:
    """Answers each call with the next line of its script; `asked` is what it was asked for."""

    name, version = "scripted", "1"

    def __init__(self, *script: Sequence[dict[str, str] | Effort]) -> None:
        self.script = list(script)
        self.asked: list[tuple[str, int, int]] = []
        self.prompts = {"p-1": "Write about bread.", "p-2": "Of another run."}

    def draft(self, brief: Brief, *, n: int, seed: int) -> tuple[Draft, ...]:
        self.asked.append((brief.product.id, n, seed))
        said = self.script.pop(0) if self.script else [GOOD]
        return tuple(
            draft(words, seed=seed + turn, product=brief.product.id) for turn, words in enumerate(said)
        )


class Mending(Scripted):
    """The same, and repairs with the next of `mends`."""

    def __init__(
        self, *script: Sequence[dict[str, str] | Effort], mends: Sequence[dict[str, str] | Effort]
    ) -> None:
        super().__init__(*script)
        self.mends = list(mends)
        self.told: list[tuple[Objection, ...]] = []

    def repair(self, given: Draft, objections: Sequence[Objection], brief: Brief, *, seed: int) -> Draft:
        assert given.product == brief.product.id
        self.told.append(tuple(objections))
        return draft(self.mends.pop(0), seed=seed, product=brief.product.id)
