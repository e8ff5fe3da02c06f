"""The writer that needs no model: a product's own words, chosen, shortened, put in order; never invented."""

from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
from msgspec import structs

from hawker.creative.draft import chinese, english, parts
from hawker.creative.draft.line import Line, Stock
from hawker.creative.draft.must import barred, held, refusal
from hawker.language.product import product_text
from hawker.language.tfidf import tokens
from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Draft, Objection

_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]")
_ASKING = re.compile(r"[?？]|\b(?:you|your)\b|你")
_FORMAL = ("formal", "sober", "plain", "serious", "factual", "正式", "专业", "严肃", "稳重", "简洁")
_JITTER = 0.02  # how far a seed may move a line among its equals
_LIKED, _WANTED = (
    0.25,
    0.8,
)  # what a line gains for a word of the audience's interests, for one that must appear
_ASKED = 0.3  # what a line that addresses the reader loses in a formal voice, and gains in one that does so
_RARE = 0.15  # what rare words add at most


class Extractive:
    """Drafts from the product's own title, fields and description.

    `rarity` weighs words by how rare they are in the catalogue (`Extractive.of` counts them); without
    it a line's place in the description and its likeness to the title decide.
    """

    name = "extractive"
    version = "2"

    def __init__(self, rarity: Mapping[str, float] | None = None) -> None:
        self.rarity = rarity

    @classmethod
    def of(cls, products: Iterable[Product]) -> Extractive:
        """A writer that knows how rare the words of a catalogue are, from 0 (in all) to 1 (in one)."""
        bags = [set(tokens(product_text(product))) for product in products]
        common = Counter(word for bag in bags for word in bag)
        top = math.log(1 + len(bags))
        return cls({word: 1.0 - math.log(count) / top for word, count in common.items()} if top else None)

    def draft(self, brief: Brief, *, n: int = 4, seed: int = 0) -> tuple[Draft, ...]:
        """At most `n` drafts, no two alike; fewer, or none, where the product has no more to say.

        `refusals` says why.
        """
        if n < 1:
            return ()
        language = spoken(brief)
        stock = self._stock(brief, language, seed)
        made = parts.fill(stock, brief.kind, n=2 * n if brief.must else n, limits=brief.limits)
        kept = [filled for filled in (held(one, brief, joint=stock.joint) for one in made) if filled]
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
            for filled in kept[:n]
        )

    def refusals(
        self, brief: Brief, *, n: int = 4, seed: int = 0, reader: str = "en"
    ) -> tuple[Objection, ...]:
        """Why there are fewer drafts than were asked for; () where there are not."""
        if len(self.draft(brief, n=n, seed=seed)) >= n:
            return ()
        bare = structs.replace(brief, must=())
        free = structs.replace(bare, avoid=())
        wide = structs.replace(free, limits={})
        asked, able, unbound, most = (
            len(self.draft(one, n=n, seed=seed)) for one in (brief, bare, free, wide)
        )
        steps = (
            ("must_missing", asked < able),
            ("all_avoided", able < unbound),
            ("too_narrow", unbound < most),
        )
        found = [reason for reason, fewer in steps if fewer]
        return tuple(refusal(reason, brief, reader=reader) for reason in found or ["little_said"])

    def _stock(self, brief: Brief, language: str, seed: int) -> Stock:
        """What can be said, weighed for whom it is said to, and without what must not be."""
        stock = (chinese.stock if language == "zh" else english.stock)(brief.product)
        rng = np.random.default_rng(seed)
        liked = [word.casefold() for text in (brief.audience, *brief.interests) for word in _split(text)]
        wanted = [word.casefold() for word in brief.must if word]
        asked = _manner(brief)

        def weigh(lines: tuple[Line, ...]) -> tuple[Line, ...]:
            kept = [line for line in lines if not barred(line.text, brief)]
            noise = (rng.random(len(kept)) * _JITTER).tolist()
            rarest = self._rarity(kept)
            return tuple(
                dataclasses.replace(
                    line,
                    worth=line.worth
                    + shift
                    + _RARE * rare
                    + _LIKED * _hits(line.text, liked)
                    + _WANTED * _hits(line.text, wanted)
                    + (asked if _ASKING.search(line.text) else 0.0),
                )
                for line, shift, rare in zip(kept, noise, rarest, strict=True)
            )

        def spare(texts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(text for text in texts if not barred(text, brief))

        return dataclasses.replace(
            stock,
            names=spare(stock.names),
            titles=weigh(stock.titles),
            lines=weigh(stock.lines),
            full=weigh(stock.full),
            calls=spare(stock.calls),
            keywords=spare(stock.keywords),
            tags=spare(stock.tags),
            paths=spare(stock.paths),
        )

    def _rarity(self, lines: list[Line]) -> list[float]:
        """How rare the words of each line are, on average; 0 without a catalogue to compare with."""
        if self.rarity is None:
            return [0.0] * len(lines)
        bags = ([self.rarity[word] for word in tokens(line.text) if word in self.rarity] for line in lines)
        return [sum(bag) / len(bag) if bag else 0.0 for bag in bags]


def spoken(brief: Brief) -> str:
    """The language to write in: the brief's, the product's, or that of its title ('en' or 'zh')."""
    named = (brief.language or brief.product.language).split("-")[0].casefold()
    if named in ("en", "zh"):
        return named
    return "zh" if _IDEOGRAPHS.search(f"{brief.product.title}{brief.product.description}") else "en"


def _manner(brief: Brief) -> float:
    """What a line gains that asks or says 'you': by the tone, and by how the brand's own lines speak."""
    if any(word in brief.tone.casefold() for word in _FORMAL):
        return -_ASKED
    if not brief.voice:
        return 0.0
    return _ASKED * (2 * sum(_ASKING.search(line) is not None for line in brief.voice) / len(brief.voice) - 1)


def _split(text: str) -> list[str]:
    """Its words, without those of one character and of two letters."""
    return [word for word in re.split(r"[\s,，、;；]+", text) if len(word) > 1 + word.isascii()]


def _hits(text: str, liked: list[str]) -> int:
    said = text.casefold()
    return min(2, sum(word in said for word in liked))
