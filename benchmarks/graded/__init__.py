"""Search queries with graded answers, made from a catalogue's attributes alone.

    from benchmarks import graded
    found = graded.queries(shop.catalogue.values(), language="en")

A query is made from one product (its *target*) in one of twelve ways (`KINDS`); which products answer
it, and how well, follows from what was asked and from the catalogue's fields (category path, brand,
colour, material, size, other attributes, price, equal titles), never from the words that a search
engine would match. Grades: 3 all that was asked (or the target itself), 2 the same brand and shelf
as the title that was meant, 1 the right shelf without the rest or the shelf beside it, 0 all others.

A third of the kinds is `UNSEEN`: drawn once by the seed below, kept out of all tuning, reported apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from benchmarks.graded import phrasing
from benchmarks.graded.shelving import RARE, Asked, Stock
from hawker.records.catalogue import Product, on_sale

KINDS = (
    "attribute",  # a colour, material or size before the word for the thing
    "brand",  # the maker before the word for the thing
    "category",  # the word for the thing
    "inflected",  # in its other number; Chinese: with measure word, particle or suffix
    "misspelt",  # one edit; Chinese: a character that sounds or looks alike
    "partial",  # the last word unfinished
    "price",  # with the most that may be paid, in words or as a filter
    "sentence",  # a question or wish
    "sibling",  # in words that other products of the shelf use and the target does not
    "spacing",  # words run together or pulled apart; Chinese: spaces, wide letters
    "swapped",  # words of the title in another order
    "title",  # words of the title as they stand
)
SEED = 2026
UNSEEN = ("brand", "partial", "sibling", "spacing")
"""`Random(SEED).sample(KINDS, 4)`, sorted: no search may be tuned on these."""
_TRIES = 40  # targets drawn for one query before a kind is given up


@dataclass(frozen=True)
class Query:
    """What was typed, how it was made, and the products that answer it with their grades (1 to 3).

    `filters` holds what was chosen beside the words: `price_most` in micros.
    """

    text: str
    kind: str
    target: str
    grades: dict[str, int]
    filters: dict[str, int] = field(default_factory=dict)

    @property
    def unseen(self) -> bool:
        """Whether its kind is kept out of tuning."""
        return self.kind in UNSEEN


def queries(
    products: Iterable[Product], *, seed: int = 11, language: str = "en", each: int = 40
) -> list[Query]:
    """Up to `each` queries of every kind; fewer, or none, where the catalogue does not offer them.

    Targets are drawn shelf by shelf, so that a large shelf does not rule. The same arguments give the
    same queries; no text comes twice in a kind.
    """
    stock = Stock(products, language=language)
    found: list[Query] = []
    for kind in KINDS if stock.shelves else ():
        rng, texts = Random(f"{seed}-{kind}-{language}"), set()
        for number in range(each):
            for _ in range(_TRIES):
                target, shelf = stock.draw(rng)
                asked = _MAKERS[kind](Turn(stock, target, shelf, rng, number))
                if asked and asked.text.strip() and asked.text not in texts:
                    grades = stock.grades(asked, target)
                    texts.add(asked.text)
                    found.append(Query(asked.text, kind, target.id, grades, asked.filters))
                    break
    return found


@dataclass(frozen=True)
class Turn:
    """What one query is to be made from: a target on one of its shelves; `number` counts within a kind."""

    stock: Stock
    target: Product
    shelf: str
    rng: Random
    number: int = 0

    @property
    def noun(self) -> str:
        """A word for the thing."""
        return self.stock.noun(self.target, self.shelf, self.rng)

    def join(self, *parts: str) -> str:
        """Words as the language writes them."""
        return phrasing.joined([*parts], self.stock.language)

    def say(self, it: str) -> str:
        """A question or wish around what is looked for."""
        return phrasing.sentence(it, self.rng, language=self.stock.language)


Maker = Callable[[Turn], Asked | None]


def _category(turn: Turn) -> Asked | None:
    return Asked(turn.noun, turn.shelf)


def _brand(turn: Turn) -> Asked | None:
    maker = turn.stock.maker(turn.target)
    text = turn.join(maker, turn.noun)
    return Asked(text, turn.shelf, frozenset([f"by {maker}"])) if maker else None


def _attribute(turn: Turn) -> Asked | None:
    noun = turn.noun
    facts = [fact for fact in turn.stock.facts(turn.target) if fact not in noun]
    if not facts:
        return None
    fact = turn.rng.choice(facts)
    return Asked(turn.join(fact, noun), turn.shelf, frozenset([fact]))


def _title(turn: Turn) -> Asked | None:
    parts = turn.stock.fragment(turn.target, turn.rng)
    return Asked(turn.join(*parts), turn.shelf, named=turn.target) if parts else None


def _plain(turn: Turn) -> Asked:
    """One of the kinds above that the catalogue offers, to be typed in another way."""
    maker: Maker = turn.rng.choice((_category, _brand, _attribute, _title))
    return maker(turn) or Asked(turn.noun, turn.shelf)


def _retyped(asked: Asked, text: str) -> Asked | None:
    if not text or text == asked.text:
        return None
    return Asked(text, asked.shelf, asked.facets, asked.most, asked.named)


def _misspelt(turn: Turn) -> Asked | None:
    asked = _plain(turn)
    return _retyped(asked, phrasing.slip(asked.text, turn.rng))


def _partial(turn: Turn) -> Asked | None:
    asked = _plain(turn)
    return _retyped(asked, phrasing.partial(asked.text))


def _spacing(turn: Turn) -> Asked | None:
    asked = _plain(turn)
    return _retyped(
        asked, phrasing.respaced(asked.text, turn.stock.vocabulary, turn.rng, language=turn.stock.language)
    )


def _inflected(turn: Turn) -> Asked | None:
    asked = _category(turn)
    fact = turn.rng.choice(turn.stock.facts(turn.target) or [""])
    if asked is None:
        return None
    text = phrasing.inflected(asked.text, fact, turn.rng, language=turn.stock.language)
    facets = frozenset([fact]) if fact and text.startswith(f"{fact}的") else frozenset()
    return Asked(text, turn.shelf, facets)


def _swapped(turn: Turn) -> Asked | None:
    parts = turn.stock.fragment(turn.target, turn.rng)
    if len(parts) < 2:
        return None
    turned = [*parts[1:], parts[0]] if turn.rng.random() < 0.5 else parts[::-1]
    return Asked(turn.join(*turned), turn.shelf, named=turn.target)


def _sibling(turn: Turn) -> Asked | None:
    """Two words that some neighbours' titles hold and the target's lacks, which mark this shelf."""
    held = Counter(
        word
        for name in turn.stock.shelves[turn.shelf]
        for word in set(turn.stock.words(turn.stock.products[name]))
    )
    marks = [
        word
        for word, count in held.items()
        if count >= 2 and 2 * count >= turn.stock.titles[word] and not phrasing.idle(word)
        if word not in turn.stock.words(turn.target) and word not in turn.shelf.lower()
    ]
    if not marks:
        return None
    chosen = turn.rng.sample(sorted(marks), min(2, len(marks)))
    return Asked(turn.join(*chosen), turn.shelf)


def _price(turn: Turn) -> Asked | None:
    """A limit that the target keeps and some of its shelf does not; every other one is a filter."""
    price = on_sale(turn.target)
    dearer = sorted(
        p for name in turn.stock.shelves[turn.shelf] if (p := on_sale(turn.stock.products[name])) > price
    )
    if not price or not dearer:
        return None
    steps = [step for power in range(6) for step in (10**power, 2 * 10**power, 5 * 10**power)]
    most = next((step for step in steps if price <= step * 1_000_000 < dearer[-1]), 0)
    if not most:
        return None
    noun, limit = turn.noun, most * 1_000_000
    if turn.number % 2:
        return Asked(noun, turn.shelf, most=limit, filters={"price_most": limit})
    return Asked(phrasing.limited(noun, most, turn.rng, language=turn.stock.language), turn.shelf, most=limit)


def _sentence(turn: Turn) -> Asked | None:
    """A wish around a thing and one of its qualities, or around two words of its description."""
    target, titles = turn.target, turn.stock.titles
    described = [
        word.lower()
        for word in phrasing.words(target.description)
        if len(word) > (1 if phrasing.han(word) else 4) and not phrasing.idle(word)
        if word.lower() not in turn.stock.words(target) and 1 <= titles[word.lower()] <= RARE
    ]
    if turn.number % 2 == 0 or len(set(described)) < 4:
        asked = _attribute(turn) or _category(turn)
        return None if asked is None else _retyped(asked, turn.say(asked.text))
    one, other = turn.rng.sample(sorted(set(described)), 2)
    both = f"{turn.noun} with {one} and {other}" if turn.stock.language == "en" else one + other + turn.noun
    return Asked(turn.say(both), turn.shelf, named=target)


_MAKERS: dict[str, Maker] = {
    "attribute": _attribute,
    "brand": _brand,
    "category": _category,
    "inflected": _inflected,
    "misspelt": _misspelt,
    "partial": _partial,
    "price": _price,
    "sentence": _sentence,
    "sibling": _sibling,
    "spacing": _spacing,
    "swapped": _swapped,
    "title": _title,
}
