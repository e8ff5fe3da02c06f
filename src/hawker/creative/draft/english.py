"""English copy from facts: titles and lines in right order and agreement, frames that claim nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from hawker.creative.draft import english_facts as facts
from hawker.creative.draft import english_names as naming
from hawker.creative.draft import grocery, trade
from hawker.creative.draft.line import Fact, Line, Stock
from hawker.creative.draft.words import words
from hawker.creative.layout import width
from hawker.records.catalogue import Product, levels

MOST, LOW = 90, 60
_COLOURED = re.compile(r"^[A-Za-z][A-Za-z /&-]{2,24}$")


@dataclass(frozen=True)
class _Told:
    """What is known of a product, read once."""

    product: Product
    names: list[str]
    short: list[str]
    sentences: list[Fact]
    features: list[Fact]
    parts: list[str]


def stock(product: Product) -> Stock:
    """All that can be said of a product in English."""
    names = naming.names(product)
    short = sorted((name for name in names if len(name) <= 32), key=len, reverse=True)[:3] or names[-1:]
    told = _Told(
        product, names, short, facts.sentences(product), facts.features(product), naming.parts(product)
    )
    shelf = trade.shelved(product)
    return Stock(
        names=tuple(names),
        titles=tuple(grocery.titles(product) if shelf else _titles(told)),
        lines=tuple(grocery.lines(product) if shelf else _lines(told)),
        full=tuple(_full(told)),
        calls=words("en")["calls"],
        keywords=tuple(_keywords(told)),
        negatives=words("en")["negatives"],
        tags=tuple(_tags(product)),
        paths=tuple(_paths(product)),
    )


def _titles(told: _Told) -> Iterator[Line]:
    for turn, name in enumerate(told.names[:8]):
        yield Line(_capital(name), 1.2 if turn == 0 else 0.75 - 0.05 * turn, frozenset({"name"}))
    for turn, name in enumerate(told.short):
        for place, part in enumerate(told.parts[:4]):
            if not _shares(name, part):
                yield Line(
                    f"{_capital(name)}, {part}", 0.95 - 0.1 * turn - 0.05 * place, frozenset({part, "name"})
                )
    for fact in told.features[:8]:
        yield Line(_capital(facts.bare(fact.text)), 0.75 * fact.worth, frozenset({fact.key}))
        for turn, name in enumerate(told.short):
            if not _shares(name, fact.text):
                text = f"{_capital(name)} with {fact.text}"
                yield Line(text, fact.worth - 0.1 * turn, frozenset({fact.key, "name"}))
    for fact in told.sentences[:24]:
        if len(fact.text) <= 60:
            yield Line(fact.text, 0.7 * fact.worth, frozenset({fact.key}))
    yield from _framed_titles(told)


def _framed_titles(told: _Told) -> Iterator[Line]:
    leaf, product = naming.leaf(told.product), told.product
    for turn, name in enumerate(told.short):
        low = 0.1 * turn
        if product.color and _COLOURED.match(product.color) and not _shares(name, product.color):
            yield Line(f"{_capital(name)} in {product.color.lower()}", 0.9 - low, frozenset({"color"}))
        if _branded(product) and product.brand.casefold() not in name.casefold():
            yield Line(f"{_capital(name)} by {product.brand}", 0.85 - low, frozenset({"brand"}))
        for place, frame in enumerate(
            ("See {}", "Looking for {}?", "A closer look: {}", "Have you seen {}?")
        ):
            yield Line(frame.format(_with_article(name)), 0.2 - low - 0.02 * place, frozenset({"frame:"}))
    if leaf and leaf.casefold() not in (name.casefold() for name in told.names):
        yield Line(leaf, 0.15, frozenset({"leaf"}))
        yield Line(f"Browse {leaf}", 0.25, frozenset({"leaf"}))
    yield Line("Details at a glance", -0.6, frozenset({"frame:"}))
    yield Line("Take a closer look", -0.65, frozenset({"frame:"}))


def _lines(told: _Told) -> Iterator[Line]:
    whole = [fact for fact in told.sentences if len(fact.text) < MOST]
    for fact in whole:
        yield Line(f"{fact.text}.", fact.worth + _room(fact.text), frozenset({fact.key}))
        if len(fact.text) < LOW - 4:
            for tail in words("en")["tails"]:
                text = f"{fact.text}. {tail}"
                yield Line(text, 0.7 * fact.worth + _room(text), frozenset({fact.key, f"frame:{tail}"}))
    for one, other in combinations(whole[:14], 2):
        if one.key != other.key and LOW - 12 <= len(one.text) + len(other.text) + 3 <= MOST:
            text = f"{one.text}. {other.text}."
            yield Line(
                text, (one.worth + other.worth) / 2 + 0.1 + _room(text), frozenset({one.key, other.key})
            )
    for turn, name in enumerate([name for name in told.names if len(name) <= 50][:4] or told.names[-1:]):
        yield from _with(name, told, 0.08 * turn)
        if turn < 2 or len(told.names[0]) > 40:
            yield from _shelf(told, name, 0.08 * turn)


def _with(name: str, told: _Told, less: float) -> Iterator[Line]:
    """The name with one feature or two, or followed by a sentence or a piece of the title."""
    for one, other in combinations(told.features[:6], 2):
        if one.key == other.key and not _shares(name, f"{one.text} {other.text}"):
            text = f"{_capital(name)} with {one.text} and {other.text}."
            yield Line(text, one.worth + _room(text) - less, frozenset({one.key, "name"}))
    for fact in told.features[:6]:
        if not _shares(name, fact.text):
            text = f"{_capital(name)} with {fact.text}."
            yield Line(text, fact.worth + _room(text) - less, frozenset({fact.key, "name"}))
    for fact in told.sentences[:8]:
        if not _shares(name, fact.text):
            text = f"{_capital(name)}. {fact.text}."
            yield Line(text, 0.75 * fact.worth + _room(text) - less, frozenset({fact.key, "name"}))
        yield from _pointed(name, fact, less)
    for first, second in combinations(told.parts[:4], 2):
        if not _shares(name, f"{first} {second}"):
            text = f"{_capital(name)}: {first}, {second}."
            yield Line(text, 0.6 + _room(text) - less, frozenset({first, second, "name"}))


def _pointed(name: str, fact: Fact, less: float) -> Iterator[Line]:
    """One fact in a frame that claims nothing."""
    said = _with_article(name)
    for place, text in enumerate(
        (
            f"Worth knowing about {said}: {facts.lowered(fact.text)}.",
            f"{fact.text}. One of the things to know about {said}.",
        )
    ):
        yield Line(text, 0.4 * fact.worth + _room(text) - less, frozenset({fact.key, f"frame:point{place}"}))


def _shelf(told: _Told, name: str, less: float) -> Iterator[Line]:
    """Lines for whoever has little to say: what it is and where it is found."""
    product, leaf, said = told.product, naming.leaf(told.product), _with_article(name)
    them = "them" if naming.plural(name) else "it"
    frames = [
        f"{_capital(name)}: see the details and add {them} to your basket.",
        f"Take a look at {said} and see whether {'they suit' if them == 'them' else 'it suits'} you.",
        f"Have {said} in mind? The product page has all the details.",
        f"Everything our shop knows about {said}, on one page.",
    ]
    frames += [
        f"{_capital(name)}. Take a look in our shop.",
        f"See {said} in our shop.",
        f"{_capital(name)}: all on one page.",
    ]
    if leaf and leaf.casefold() not in name.casefold():
        frames += [f"Browsing {leaf}? Have a look at {said} as well.", f"You will find {said} under {leaf}."]
    if len(levels(product.category)) > 1:
        frames.append(f"From {levels(product.category)[0]}: {name}. See what else is on the shelf.")
    for part in told.parts[:3]:
        if not _shares(name, part):
            frames.append(f"{_capital(name)}, {part}. Have a look at the details in our shop.")
    if _branded(product) and product.brand.casefold() not in name.casefold():
        frames.append(f"{_capital(name)} by {product.brand}. See the details in our shop.")
    if product.color and _COLOURED.match(product.color) and product.color.casefold() not in name.casefold():
        frames.append(f"{_capital(name)} in {product.color.lower()}. See the details in our shop.")
    for text in (
        "See the details on the product page and decide in your own time.",
        "All the details are on one page. Have a look before you choose.",
    ):
        yield Line(text, -1.0, frozenset({f"frame:{text}"}))
    for turn, text in enumerate(frames):
        yield Line(text, 0.05 + _room(text) - less + 0.01 * turn, frozenset({f"frame:{turn}"}))


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
        name = _capital(told.names[start % len(told.names)])
        yield Line(f"{name}. {text}", 2.0 - 0.1 * start, frozenset({f"full{start}"}))


def _keywords(told: _Told) -> Iterator[str]:
    product, last = told.product, told.names[-1]
    for text in (*(name for name in told.names if len(name.split()) <= 6), naming.leaf(product)):
        if text:
            yield text.casefold()
    for part in told.parts:
        if len(part.split()) <= 3 and not _shares(part, last):
            yield f"{part} {last}".casefold()
    if _branded(product):
        yield product.brand.casefold()
        yield f"{product.brand} {last}".casefold()
    for value in (product.color, product.material):
        if value and _COLOURED.match(value) and len(value.split()) <= 2:
            yield f"{value} {last}".casefold()


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


def _with_article(name: str) -> str:
    """A name in a sentence: with 'the', unless it is of many or has an article."""
    opened = re.match(r"(?:the|an?|my|your)\s|.*[’']s\s", name, re.IGNORECASE)
    return name if opened or naming.plural(name) else f"the {name}"


def _room(text: str) -> float:
    """How well a line uses its room: the full measure from 60 to 90, less below."""
    return 0.15 if LOW <= width(text) <= MOST else 0.15 - 0.012 * (LOW - width(text))


def _shares(one: str, other: str) -> bool:
    """Whether two texts have a word of four letters in common."""
    held = set(re.findall(r"[a-z]{4,}", one.casefold()))
    return bool(held & set(re.findall(r"[a-z]{4,}", other.casefold())))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
