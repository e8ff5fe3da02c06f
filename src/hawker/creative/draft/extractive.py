"""The writer that needs no model: a product's own words, chosen, shortened and put in order. It never invents."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

import numpy as np

from hawker.creative.draft import chinese, english, parts
from hawker.creative.draft.line import Line, Stock
from hawker.records.draft import Brief, Draft

_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]")
_JITTER = 0.02  # how far a seed may move a line among its equals
_LIKED = 0.25  # what a line gains for a word of the audience's interests


class Extractive:
    """Drafts from the product's own title, fields and description.

    `rarity` weighs words by how rare they are in the catalogue (`language.tfidf.Tfidf.weights`); without
    it a line's place in the description and its likeness to the title decide.
    """

    name = "extractive"
    version = "1"

    def __init__(self, rarity: Mapping[str, float] | None = None) -> None:
        self.rarity = rarity

    def draft(self, brief: Brief, *, n: int = 4, seed: int = 0) -> tuple[Draft, ...]:
        """At most `n` drafts, no two alike; fewer, or none, where the product has no more to say.

        `refusals` says why there are none.
        """
        if n < 1:
            return ()
        language = spoken(brief)
        made = parts.fill(_told(brief, language, seed), brief.kind, n=n)
        return tuple(
            Draft(
                product=brief.product.id,
                kind=brief.kind,
                language=language,
                parts=filled,
                writer=self.name,
                version=self.version,
                seed=seed,
            )
            for filled in made
        )


def spoken(brief: Brief) -> str:
    """The language to write in: the brief's, the product's, or that of its title ('en' or 'zh')."""
    named = (brief.language or brief.product.language).split("-")[0].casefold()
    if named in ("en", "zh"):
        return named
    return "zh" if _IDEOGRAPHS.search(f"{brief.product.title}{brief.product.description}") else "en"


def _told(brief: Brief, language: str, seed: int) -> Stock:
    """What can be said, weighed for whom it is said to, and without what must not be."""
    stock = (chinese if language == "zh" else english).stock(brief.product)
    rng = np.random.default_rng(seed)
    liked = [word.casefold() for text in (brief.audience, *brief.interests) for word in _split(text)]
    barred = [word.casefold() for word in brief.avoid if word]

    def weigh(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        kept = [line for line in lines if not any(word in line.text.casefold() for word in barred)]
        noise = rng.random(len(kept)) * _JITTER
        return tuple(
            dataclasses.replace(line, worth=line.worth + float(shift) + _LIKED * _hits(line.text, liked))
            for line, shift in zip(kept, noise, strict=True)
        )

    return dataclasses.replace(
        stock, titles=weigh(stock.titles), lines=weigh(stock.lines), full=weigh(stock.full)
    )


def _split(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,，、;；]+", text) if len(word) > 1]


def _hits(text: str, liked: list[str]) -> int:
    said = text.casefold()
    return min(2, sum(word in said for word in liked))
