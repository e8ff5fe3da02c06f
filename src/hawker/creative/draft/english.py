"""English copy from facts: titles and lines in right order and agreement, frames that claim nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from hawker.creative.draft import english_facts as facts
from hawker.creative.draft import english_names as naming
from hawker.creative.draft import trade
from hawker.creative.draft.line import Fact, Line, Stock
from hawker.creative.draft.words import words
from hawker.creative.layout import width
from hawker.records.catalogue import Product, levels

MOST, LOW = 90, 60
_COLOURED = re.compile(r"^[A-Za-z][A-Za-z /&-]{2,24}$")


def stock(product: Product) -> Stock:
    """All that can be said of a product in English."""
    names = naming.names(product)
    told = facts.sentences(product)
    held = facts.features(product)
    lines = list(_lines(product, names, told, held))
    return Stock(
        names=tuple(names),
        titles=tuple(_titles(product, names, told, held)),
        lines=tuple(lines),
        full=tuple(_full(names, told)),
        calls=words("en")["calls"],
        keywords=tuple(_keywords(product, names)),
        negatives=words("en")["negatives"],
        tags=tuple(_tags(product)),
        paths=tuple(_paths(product)),
    )


def _titles(product: Product, names: list[str], told: list[Fact], held: list[Fact]) -> Iterator[Line]:
    for turn, name in enumerate(names[:6]):
        yield Line(_capital(name), 1.2 - 0.1 * turn, frozenset({"name"}))
    short = [name for name in names if len(name) <= 30][:3] or names[-1:]
    for fact in held[:8]:
        text = facts.bare(fact.text)
        yield Line(_capital(text), 0.75 * fact.worth, frozenset({fact.key}))
        for turn, name in enumerate(short):
            if not _shares(name, fact.text):
                yield Line(
                    f"{_capital(name)} with {fact.text}",
                    fact.worth - 0.1 * turn,
                    frozenset({fact.key, "name"}),
                )
    for fact in told[:24]:
        if len(fact.text) <= 60:
            yield Line(fact.text, 0.8 * fact.worth, frozenset({fact.key}))
    yield from _framed_titles(product, short, names)


def _framed_titles(product: Product, short: list[str], names: list[str]) -> Iterator[Line]:
    leaf, size = naming.leaf(product), trade.measure(product.size)
    for turn, name in enumerate(short):
        low = 0.1 * turn
        if product.color and _COLOURED.match(product.color) and not _shares(name, product.color):
            yield Line(f"{_capital(name)} in {product.color.lower()}", 0.9 - low, frozenset({"color"}))
        if _branded(product) and product.brand.casefold() not in name.casefold():
            yield Line(f"{_capital(name)} by {product.brand}", 0.85 - low, frozenset({"brand"}))
        said = facts.lowered(name) if trade.shelved(product) else name
        yield Line(f"See {said}", 0.3 - low, frozenset({"frame"}))
        yield Line(f"Looking for {said}?", 0.28 - low, frozenset({"frame"}))
        yield Line(f"A closer look: {said}", 0.25 - low, frozenset({"frame"}))
    if leaf and leaf.casefold() not in (name.casefold() for name in names):
        yield Line(leaf, 0.35, frozenset({"leaf"}))
        yield Line(
            f"Browse {facts.lowered(leaf) if trade.shelved(product) else leaf}", 0.3, frozenset({"leaf"})
        )
    if size and trade.shelved(product):
        yield Line(
            f"{_capital(size)} of {facts.lowered(names[-1])}" if _poured(size) else size,
            0.4,
            frozenset({"size"}),
        )


def _lines(product: Product, names: list[str], told: list[Fact], held: list[Fact]) -> Iterator[Line]:
    whole = [fact for fact in told if len(fact.text) < MOST]
    for fact in whole:
        yield Line(f"{fact.text}.", fact.worth + _room(fact.text), frozenset({fact.key}))
    for one, other in combinations(whole[:14], 2):
        if one.key != other.key and LOW - 12 <= len(one.text) + len(other.text) + 3 <= MOST:
            text = f"{one.text}. {other.text}."
            yield Line(
                text, (one.worth + other.worth) / 2 + 0.1 + _room(text), frozenset({one.key, other.key})
            )
    short = [name for name in names if len(name) <= 44][:3] or names[-1:]
    for turn, name in enumerate(short):
        yield from _with(name, held, 0.1 * turn)
    yield from _framed(product, names, told)


def _with(name: str, held: list[Fact], less: float) -> Iterator[Line]:
    for one, other in combinations(held[:6], 2):
        if one.key == other.key or abs(one.worth - other.worth) < 0.2:
            text = f"{_capital(name)} with {one.text} and {other.text}."
            yield Line(text, one.worth + _room(text) - less, frozenset({one.key, other.key, "name"}))
    for fact in held[:6]:
        if not _shares(name, fact.text):
            text = f"{_capital(name)} with {fact.text}."
            yield Line(text, fact.worth + _room(text) - less, frozenset({fact.key, "name"}))


def _framed(product: Product, names: list[str], told: list[Fact]) -> Iterator[Line]:
    """Lines for whoever has little to say: what it is and where it is found."""
    leaf = naming.leaf(product)
    path = [trade.said(level) for level in levels(product.category)]
    shelf = trade.shelved(product)
    for turn, name in enumerate(names[:4]):
        less = 0.06 * turn
        said = facts.lowered(name) if shelf else name
        for fact in told[:6]:
            if len(fact.text) < LOW - 8 and not _shares(name, fact.text):
                text = f"{_capital(name)}. {fact.text}."
                yield Line(text, 0.8 * fact.worth + _room(text) - less, frozenset({fact.key, "name"}))
        yield from _shelf(product, said, path, leaf, less)


def _shelf(product: Product, said: str, path: list[str], leaf: str, less: float) -> Iterator[Line]:
    top = path[0] if path else ""
    frames = [
        f"{_capital(said)}: see the details and add it to your basket.",
        f"Is {said} on your list? Take a look at the details in our shop.",
        f"Have a look at {said} and decide in your own time.",
        f"Everything we know about {said} is on the product page.",
    ]
    if leaf and leaf.casefold() not in said.casefold():
        frames += [
            f"Browse {leaf} in our shop and have a look at {said}.",
            f"You will find {said} under {leaf}.",
        ]
    if top and top != leaf:
        frames += [f"From {top}: {said}. See what else is on the shelf."]
    if _branded(product) and product.brand.casefold() not in said.casefold():
        frames += [f"{_capital(said)} by {product.brand}. See the details in our shop."]
    if product.color and _COLOURED.match(product.color) and product.color.casefold() not in said.casefold():
        frames += [f"{_capital(said)} in {product.color.lower()}. See the details in our shop."]
    for turn, text in enumerate(frames):
        yield Line(text, 0.4 + _room(text) - less - 0.01 * turn, frozenset({f"frame{turn}"}))


def _full(names: list[str], told: list[Fact]) -> Iterator[Line]:
    """Paragraphs for the product's own page: from one sentence to eight, each said once."""
    best: dict[str, Fact] = {}
    for fact in told:
        if fact.key not in best or fact.worth > best[fact.key].worth:
            best[fact.key] = fact
    listed = sorted(best.values(), key=lambda fact: int(fact.key[1:]))
    for start in range(min(4, len(listed))):
        turned = listed[start:] + listed[:start]
        text = " ".join(f"{fact.text}." for fact in turned[:8])
        yield Line(
            f"{_capital(names[start % len(names)])}. {text}", 1.0 - 0.1 * start, frozenset({f"full{start}"})
        )


def _keywords(product: Product, names: list[str]) -> Iterator[str]:
    leaf = naming.leaf(product).casefold()
    for name in names:
        yield name.casefold()
    for part in naming.parts(product):
        if len(part.split()) <= 4:
            yield part.casefold()
    if leaf:
        yield leaf
    if _branded(product):
        yield product.brand.casefold()
        yield f"{product.brand} {names[-1]}".casefold()
    for value in (product.color, product.material):
        if value and _COLOURED.match(value) and len(value.split()) <= 2:
            yield f"{value} {names[-1]}".casefold()


def _tags(product: Product) -> Iterator[str]:
    for level in reversed(levels(product.category)):
        for part in re.split(r"[,&/]+", trade.said(level)):
            tag = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", part))
            if 3 <= len(tag) <= 28:
                yield f"#{tag}"
    if _branded(product):
        yield "#" + "".join(re.findall(r"\w+", product.brand))


def _paths(product: Product) -> Iterator[str]:
    for level in reversed(levels(product.category)):
        said = "-".join(re.findall(r"[A-Za-z0-9]+", trade.said(level)))
        if 2 <= len(said) <= 15:
            yield said


def _branded(product: Product) -> bool:
    """Whether the brand is a name, and not a number the till knows it by."""
    return bool(product.brand) and not re.search(r"\d{2,}", product.brand) and len(product.brand) <= 30


def _poured(size: str) -> bool:
    return size.split()[-1] in ("oz", "gal", "lb", "L", "ml", "qt", "pt", "g", "kg")


def _room(text: str) -> float:
    """How well a line uses its room: the full measure from 60 to 90, less below."""
    return 0.15 if LOW <= width(text) <= MOST else 0.15 - 0.02 * max(0, LOW - width(text)) / 4


def _shares(one: str, other: str) -> bool:
    """Whether two texts have a word of four letters in common."""
    held = set(re.findall(r"[a-z]{4,}", one.casefold()))
    return bool(held & set(re.findall(r"[a-z]{4,}", other.casefold())))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
