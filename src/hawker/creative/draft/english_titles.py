"""English titles: each says what the thing is, with a fact beside it or before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hawker.creative.draft import english_facts as facts
from hawker.creative.draft import english_names as naming
from hawker.creative.draft.line import Fact, Line
from hawker.creative.draft.words import words
from hawker.records.catalogue import Product

COLOURED = re.compile(r"^[A-Za-z][A-Za-z /&-]{2,24}$")
_AGES = re.compile(
    r"^(?:(?:intended|suitable|recommended|designed|appropriate|made) )?(?:for )?ages? (\d.*)$", re.IGNORECASE
)
_SIZES = re.compile(r"^(?:measures?|size:?|dimensions:?|approximately)\s+(?=\d)", re.IGNORECASE)
_MADE = re.compile(
    r"^(?:hand)?(?:made|crafted|constructed|built|designed|printed|sized|inspired|powered|molded|painted|woven|knit)\b"
    r"(?= (?:in|of|from|with|by|for|to|on|using)\b)",
    re.IGNORECASE,
)
_LICENSED = re.compile(r"^(officially licensed)(?: (?:product|merchandise|item))?$", re.IGNORECASE)
_HAS = re.compile(r"^(?:features|includes|contains|comes with)\s+(.+)$", re.IGNORECASE)
_PART = 34  # so long may a sentence be behind a name and a colon


def titles(
    product: Product, names: Sequence[str], told: Sequence[Fact], held: Sequence[Fact]
) -> Iterator[Line]:
    """Headlines from `names`, sentences `told` and features `held`."""
    for turn, name in enumerate(names[:6]):
        bare = {"filler:short"} if turn and len(name.split()) < 3 else set()
        worth = 1.2 if turn == 0 else 0.75 - 0.05 * turn - 0.9 * len(bare)
        yield Line(capital(name), worth, frozenset({"name", *bare}))
    short = _short(names)
    for turn, name in enumerate(short):
        low = 0.06 * turn
        for place, part in enumerate(naming.parts(product)[:4]):
            if not shares(name, part):
                yield Line(f"{capital(name)}, {part}", 0.95 - low - 0.05 * place, frozenset({part, "name"}))
        for fact in held[:8]:
            if not shares(name, fact.text):
                yield from _having(name, fact, low)
        for fact in told[:24]:
            yield from _said(name, fact, low)
        yield from _dressed(product, name, low)
    yield from _bare(told, held)
    for turn, name in enumerate(names[:3]):
        for place, frame in enumerate(
            ("Looking for {}?", "See {}", "Have you seen {}?", "A closer look: {}")
        ):
            worth = -0.4 - 0.1 * turn - 0.02 * place
            yield Line(frame.format(with_article(name)), worth, frozenset({"name", f"filler:{frame}"}))


def _short(names: Sequence[str]) -> list[str]:
    """Names that leave room for a fact: the fullest of those, and the shortest."""
    fits = sorted({name for name in names if len(name) <= naming.ROOM}, key=len, reverse=True)
    fits = [name for name in fits if " " in name] or fits
    return list(dict.fromkeys((*fits[:2], *fits[-1:]))) or list(names[-1:])


def _having(name: str, fact: Fact, low: float) -> Iterator[Line]:
    keys = frozenset({fact.key, "name"})
    yield Line(f"{capital(name)} with {fact.text}", fact.worth - low, keys)
    if fact.text[0].isdigit() and " " in fact.text and not fact.text.startswith("1 "):
        yield Line(f"{fact.text} in {with_article(name)}", 0.95 * fact.worth - low, keys)


def _said(name: str, fact: Fact, low: float) -> Iterator[Line]:
    """A sentence of the description at a name: 'Fire Engine made in the USA', 'Play Tent, 4 x 4 feet'."""
    keys = frozenset({fact.key, "name"})
    text, worth = fact.text, fact.worth - low
    if shares(name, text):
        return
    if found := _AGES.match(text):
        yield Line(f"{capital(name)} for ages {found[1]}", 0.7 * worth, keys)
    elif _MADE.match(text):
        yield Line(f"{capital(name)} {facts.lowered(text)}", 0.95 * worth, keys)
        yield Line(f"{text}: {with_article(name)}", 0.7 * worth, keys)
    elif found := _LICENSED.match(text):
        yield Line(f"{capital(found[1].lower())} {name}", 0.8 * worth, keys)
    elif _SIZES.match(text):
        yield Line(f"{capital(name)}, {_SIZES.sub('', text)}", 0.7 * worth, keys)
    elif found := _HAS.match(text):
        if facts.counted(found[1]) and " " in found[1]:
            yield Line(f"{capital(name)} with {found[1]}", 0.9 * worth, keys)
    elif len(text) <= _PART and not facts.weak(text):
        yield Line(f"{capital(name)}: {facts.lowered(text)}", 0.65 * worth, keys)


def _dressed(product: Product, name: str, low: float) -> Iterator[Line]:
    """With its colour, its material, its brand."""
    if product.color and COLOURED.match(product.color) and not shares(name, product.color):
        yield Line(f"{capital(name)} in {product.color.lower()}", 0.9 - low, frozenset({"color", "name"}))
    if branded(product) and product.brand.casefold() not in name.casefold():
        yield Line(f"{capital(name)} by {product.brand}", 0.85 - low, frozenset({"brand", "name"}))
        yield Line(f"{product.brand} {name}", 0.8 - low, frozenset({"brand", "name"}))


def _bare(told: Sequence[Fact], held: Sequence[Fact]) -> Iterator[Line]:
    """Facts alone, for places that show the name beside them."""
    for fact in held[:8]:
        yield Line(capital(facts.bare(fact.text)), 0.6 * fact.worth, frozenset({fact.key}))
    for fact in told[:24]:
        if len(fact.text) <= 40 and not facts.weak(fact.text):
            yield Line(fact.text, 0.6 * fact.worth, frozenset({fact.key}))


def branded(product: Product) -> bool:
    """Whether the brand is a name, and not a number the till knows it by."""
    return bool(product.brand) and not re.search(r"\d{2,}", product.brand) and len(product.brand) <= 30


def with_article(name: str) -> str:
    """A name in a sentence: with 'the', unless it is of many or has an article."""
    opened = re.match(r"(?:the|an?|my|your)\s|.*[’']s\s", name, re.IGNORECASE)
    return name if opened or naming.plural(name) else f"the {name}"


def shares(one: str, other: str) -> bool:
    """Whether two texts have a word of four letters in common that says something."""
    held = set(re.findall(r"[a-z]{4,}", one.casefold())) - _IDLE
    return bool(held & set(re.findall(r"[a-z]{4,}", other.casefold())))


def capital(text: str) -> str:
    """With a capital in front."""
    return text[:1].upper() + text[1:]


_IDLE = frozenset(words("en")["small"])
