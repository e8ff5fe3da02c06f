"""English copy from facts: titles and lines in right order and agreement, frames that claim nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from hawker.creative.draft import english_facts as facts
from hawker.creative.draft import english_names as naming
from hawker.creative.draft import grocery, trade
from hawker.creative.draft.english_titles import COLOURED, branded, capital, shares, titles, with_article
from hawker.creative.draft.line import Fact, Line, Stock
from hawker.creative.draft.words import words
from hawker.creative.layout import width
from hawker.records.catalogue import Product, levels

MOST, LOW = 90, 60
FEW = 4  # with so many facts nothing is said that is none


@dataclass(frozen=True)
class _Told:
    """What is known of a product, read once."""

    product: Product
    names: list[str]
    sentences: list[Fact]
    features: list[Fact]
    parts: list[str]


def stock(product: Product) -> Stock:
    """All that can be said of a product in English."""
    names = naming.names(product)
    told = _Told(product, names, facts.sentences(product), facts.features(product), naming.parts(product))
    shelf = trade.shelved(product)
    return Stock(
        names=tuple(names),
        titles=tuple(
            grocery.titles(product) if shelf else titles(product, told.names, told.sentences, told.features)
        ),
        lines=tuple(grocery.lines(product) if shelf else _lines(told)),
        full=tuple(_full(told)),
        calls=words("en")["calls"],
        keywords=tuple(_keywords(told)),
        negatives=words("en")["negatives"],
        tags=tuple(_tags(product)),
        paths=tuple(_paths(product)),
    )


def _lines(told: _Told) -> Iterator[Line]:
    whole = [fact for fact in told.sentences if len(fact.text) < MOST]
    named = [name for name in told.names if len(name) <= 50][:4] or told.names[-1:]
    for fact in whole:
        yield Line(f"{fact.text}.", fact.worth + _room(fact.text), frozenset({fact.key}))
    for one, other in combinations(whole[:14], 2):
        if one.key != other.key and LOW - 30 <= len(one.text) + len(other.text) + 3 <= MOST:
            text = f"{one.text}. {other.text}."
            yield Line(
                text, (one.worth + other.worth) / 2 + 0.1 + _room(text), frozenset({one.key, other.key})
            )
    yield from _threes(whole)
    for turn, name in enumerate(named):
        yield from _with(name, told, 0.08 * turn)
    few = len({fact.key for fact in whole} | {fact.key for fact in told.features} | set(told.parts)) < FEW
    if few:
        yield from _ended(told, whole, named)
    for turn, name in enumerate(named):
        yield from _shelf(told, name, 0.08 * turn)


def _threes(whole: list[Fact]) -> Iterator[Line]:
    """Three short sentences in the order they stood, where two leave room."""
    short = [fact for fact in whole[:14] if len(fact.text) <= 40]
    for three in combinations(short, 3):
        text = " ".join(f"{fact.text}." for fact in three)
        keys = frozenset(fact.key for fact in three)
        if len(keys) == 3 and LOW <= len(text) <= MOST:
            yield Line(text, sum(fact.worth for fact in three) / 3 + 0.2, keys)


def _with(name: str, told: _Told, less: float) -> Iterator[Line]:
    """The name with one feature or two, or followed by one sentence or two, or by pieces of the title."""
    for one, other in combinations(told.features[:6], 2):
        if one.key == other.key and not shares(name, f"{one.text} {other.text}"):
            text = f"{capital(name)} with {one.text} and {other.text}."
            yield Line(text, one.worth + _room(text) - less, frozenset({one.key, other.key, "name"}))
    for fact in told.features[:6]:
        if not shares(name, fact.text):
            text = f"{capital(name)} with {fact.text}."
            yield Line(text, fact.worth + _room(text) - less, frozenset({fact.key, "name"}))
    said = [fact for fact in told.sentences[:8] if not shares(name, fact.text)]
    for fact in said:
        text = f"{capital(name)}. {fact.text}."
        yield Line(text, 0.75 * fact.worth + _room(text) - less, frozenset({fact.key, "name"}))
    for one, other in combinations(said, 2):
        text = f"{capital(name)}. {one.text}. {other.text}."
        if one.key != other.key and len(text) <= MOST:
            worth = 0.8 * (one.worth + other.worth) / 2 + 0.1 + _room(text) - less
            yield Line(text, worth, frozenset({one.key, other.key, "name"}))
    for first, second in combinations(told.parts[:4], 2):
        if not shares(name, f"{first} {second}"):
            text = f"{capital(name)}: {first}, {second}."
            yield Line(text, 0.6 + _room(text) - less, frozenset({first, second, "name"}))


def _ended(told: _Told, whole: list[Fact], named: list[str]) -> Iterator[Line]:
    """Facts with an end or a beginning that claims nothing, for whoever has too few for four lines."""
    for fact in whole:
        if len(fact.text) < LOW - 4:
            for tail in words("en")["tails"]:
                text = f"{fact.text}. {tail}"
                yield Line(text, 0.6 * fact.worth + _room(text), frozenset({fact.key, f"filler:{tail}"}))
        for name in named[:2]:
            if not shares(name, fact.text):
                text = f"Looking for {with_article(name)}? {fact.text}."
                yield Line(text, 0.5 * fact.worth + _room(text), frozenset({fact.key, "name", "filler:look"}))
    for part in told.parts[:3]:
        for name in named[:2]:
            if not shares(name, part):
                yield Line(f"{capital(name)}, {part}.", 0.4, frozenset({part, "name"}))


def _shelf(told: _Told, name: str, less: float) -> Iterator[Line]:
    """Lines for whoever has little to say: what it is, whose, in what colour, under which heading."""
    product, leaf, said = told.product, naming.leaf(told.product), with_article(name)
    held = []
    if branded(product) and product.brand.casefold() not in name.casefold():
        held.append((f"{capital(name)} by {product.brand}.", "brand"))
    if product.color and COLOURED.match(product.color) and product.color.casefold() not in name.casefold():
        held.append((f"{capital(name)} in {product.color.lower()}.", "color"))
    if leaf and not less and leaf.casefold() not in name.casefold():
        held.append((f"{capital(name)}. Listed under {leaf}.", "leaf"))
    for text, key in held:
        listed = key == "leaf"
        keys = frozenset({"name", key, *({"filler:leaf"} if listed else ())})
        yield Line(text, 0.1 - 1.1 * listed + _room(text) - less, keys)
    for turn, text in enumerate(
        (
            f"Have a look at {said} in our shop.",
            f"{capital(name)}: see the details in our shop.",
        )
    ):
        yield Line(text, -1.0 - less - 0.01 * turn, frozenset({"name", f"filler:{turn}"}))


def _full(told: _Told) -> Iterator[Line]:
    """Paragraphs for the product's own page: from one sentence to eight, each said once."""
    best: dict[str, Fact] = {}
    for fact in told.sentences:
        if fact.key not in best or fact.worth > best[fact.key].worth:
            best[fact.key] = fact
    listed = sorted(best.values(), key=lambda fact: int(fact.key[1:]))
    for start in range(min(4, len(listed))):
        turned = listed[start:] + listed[:start]
        text = " ".join(f"{fact.text}." for fact in turned[:8])
        named = [name for name in told.names[:3] if " " in name] or told.names[:1]
        name = capital(named[start % len(named)])
        yield Line(f"{name}. {text}", 2.0 - 0.1 * start, frozenset({f"full{start}"}))


def _keywords(told: _Told) -> Iterator[str]:
    product, last = told.product, told.names[-1]
    for text in (*(name for name in told.names if len(name.split()) <= 6), naming.leaf(product)):
        if text:
            yield text.casefold()
    for part in told.parts:
        if len(part.split()) <= 3 and not shares(part, last):
            yield f"{part} {last}".casefold()
    if branded(product):
        yield product.brand.casefold()
        yield f"{product.brand} {last}".casefold()
    for value in (product.color, product.material):
        if value and COLOURED.match(value) and len(value.split()) <= 2:
            yield f"{value} {last}".casefold()


def _tags(product: Product) -> Iterator[str]:
    for level in reversed(levels(product.category)):
        for part in re.split(r"[,&/]+", trade.said(level)):
            tag = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", part))
            if 3 <= len(tag) <= 28:
                yield f"#{tag}"
    if branded(product):
        yield "#" + "".join(re.findall(r"\w+", product.brand))


def _paths(product: Product) -> Iterator[str]:
    for level in reversed(levels(product.category)):
        said = "-".join(re.findall(r"\w+", trade.said(level)))
        if 2 <= len(said) <= 15:
            yield said


def _room(text: str) -> float:
    """How well a line uses its room: the full measure from 60 to 90, less below."""
    return 0.15 if LOW <= width(text) <= MOST else 0.15 - 0.012 * (LOW - width(text))
