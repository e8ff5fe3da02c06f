"""What a product says, taken apart once: words, amounts, meanings, codes. Claims are held against it."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hawker.creative.draft import trade
from hawker.creative.ground.amounts import Amount, amounts
from hawker.creative.ground.patterns import pattern
from hawker.creative.ground.reading import HAN, LONGEST, read, stem, words
from hawker.creative.ground.vocabulary import Hit, vocabulary
from hawker.records.catalogue import LEVELS, Availability, Product
from hawker.records.markup import clean

MEANINGS = ("colours", "materials", "ingredients", "places")
"""Vocabularies in which a word is supported by any word of the same or a narrower meaning."""
CODE = re.compile(r"(?<![a-z0-9])(?=[a-z0-9./+-]*[a-z])(?=[a-z0-9./+-]*\d)[a-z0-9]+(?:[-./+][a-z0-9]+)*")
_PUNCTUATION = re.compile(rf"[^\w{HAN}]+")
_PARTS = re.compile(r"[-'./&]")
_JOINED = re.compile(r"[a-z0-9]+(?:[-'.][a-z0-9]+)+")
_MEMORY = 4_096
_HELD: OrderedDict[tuple[int, ...], Grounds] = OrderedDict()


@dataclass(frozen=True, eq=False)
class Grounds:
    """A product, or several, as what claims are traced to.

    `measures`: what is measured to (how much, unit); `counts` with their counters, `bare` without; `raw` are
    all runs of digits as written; `ages` from and to, in seconds.
    """

    products: tuple[Product, ...]
    low: str
    compact: str
    stems: frozenset[str]
    roots: frozenset[str]
    measures: dict[str, tuple[tuple[float, str], ...]]
    counts: dict[float, frozenset[str]]
    bare: frozenset[float]
    raw: frozenset[str]
    shares: frozenset[float]
    times: frozenset[float]
    money: frozenset[tuple[float, str]]
    meanings: dict[str, frozenset[str]]
    codes: frozenset[str]
    origins: frozenset[str]

    @property
    def available(self) -> bool:
        """Whether any of it can be ordered."""
        return any(one.availability is Availability.IN_STOCK and one.stock != 0 for one in self.products)


def grounds(product: Product | Sequence[Product]) -> Grounds:
    """What a product says (several: what any of them says), remembered for the last few thousand.

    >>> held = grounds(Product("1", "Rye bread 500 g, pack of 2", color="dark brown", price=2_990_000))
    >>> held.measures["mass"][0], sorted(held.counts), "brown" in held.meanings["colours"]
    ((500.0, 'g'), [2.0], True)
    """
    products = (product,) if isinstance(product, Product) else tuple(product)
    key = tuple(id(one) for one in products)
    held = _HELD.get(key)
    if held is None or any(one is not other for one, other in zip(held.products, products, strict=True)):
        held = _take_apart(products)
        _HELD[key] = held
        if len(_HELD) > _MEMORY:
            _HELD.popitem(last=False)
    return held


def said(product: Product) -> str:
    """All that a product says of itself, field after field.

    >>> said(Product("1", "Mug", brand="Kiln", attributes={"Capacity": "300 ml"}))
    'Mug | Kiln | Capacity: 300 ml'
    """
    description = product.description
    if "<" in description or "&" in description:
        description = clean(description)
    parts = [
        product.title,
        description,
        product.category.replace(LEVELS.strip(), "|"),
        trade.spelled(product),
        product.brand,
        product.label,
        product.color,
        product.size,
        product.material,
        product.gender,
        product.age_group,
        product.condition,
        product.gtin,
        product.mpn,
        *(f"{name}: {value}" for name, value in product.attributes.items()),
    ]
    return " | ".join(part for part in parts if part)


def root(word: str) -> str:
    """The stem of a word without -ing, -ed and -ly.

    >>> root("relieving"), root("relieved"), root("strongest")
    ('reliev', 'reliev', 'strongest')
    """
    short = stem(word)
    for ending in ("ing", "ed", "ly", "e"):
        if short.endswith(ending) and len(short) - len(ending) >= 3 and short.isascii():
            return short[: -len(ending)]
    return short


def compact(low: str) -> str:
    """A lower-case text without blanks and marks."""
    return _PUNCTUATION.sub("", low)


def _take_apart(products: tuple[Product, ...]) -> Grounds:
    low = read("\n".join(said(one) for one in products)[:LONGEST]).low
    cut = words(low)
    stems = set()
    for word, _, _ in cut:
        stems.add(stem(word))
        stems.update(stem(part) for part in _PARTS.split(word) if part)
    for match in _JOINED.finditer(low):
        stems.add(stem(match.group().replace("-", "").replace("'", "")))
    found = amounts(low)
    measures: dict[str, set[tuple[float, str]]] = {}
    for one in (*found, *_totals(low, found)):
        if one.kind in ("measure", "year"):
            for measure, value, unit in one.readings:
                measures.setdefault(measure, set()).add((value, unit))
    return Grounds(
        products,
        low,
        compact(low),
        frozenset(stems),
        frozenset(root(word) for word in stems),
        {measure: tuple(sorted(values)) for measure, values in measures.items()},
        {
            value: frozenset(one.noun for one in found if one.kind == "count" and one.value == value)
            for value in {one.value for one in found if one.kind == "count"}
        },
        frozenset(one.value for one in found if one.kind in ("bare", "year", "times", "ratio") or one.lent),
        frozenset(low[one.number[0] : one.number[1]] for one in found) | frozenset(re.findall(r"\d+", low)),
        frozenset(one.value for one in found if one.kind == "share"),
        frozenset(one.value for one in found if one.kind == "times"),
        frozenset((one.value, one.readings[0][2]) for one in found if one.kind == "money"),
        {name: _meanings(name, low, cut) for name in MEANINGS},
        frozenset(_codes(low)),
        frozenset(hit.meaning for hit in vocabulary("places").find(low, cut) if made_there(low, hit)),
    )


def made_there(low: str, hit: Hit) -> bool:
    """Whether a place is named as where something was made (made in Italy, 意大利进口), not by the way."""
    before = pattern("made", "in").search(low, max(0, hit.start - 28), hit.start)
    return before is not None or pattern("made", "of").match(low, hit.end) is not None


def _codes(low: str) -> Iterator[str]:
    """Codes without their marks, and the pieces of those that have any."""
    for code in CODE.findall(low):
        yield compact(code)
        yield from (piece for piece in _PARTS.split(code) if piece)


def _meanings(name: str, low: str, cut: list[tuple[str, int, int]]) -> frozenset[str]:
    listed = vocabulary(name)
    found: set[str] = set()
    for hit in listed.find(low, cut, whole=False):
        found |= listed.wider(hit.meaning)
    return frozenset(found)


def _totals(low: str, found: Sequence[Amount]) -> list[Amount]:
    """What a row of "90 g × 6" weighs in all."""
    made = []
    for one, after in pairwise(found):
        between = low[one.end : after.start].strip()
        if one.kind == "measure" and after.kind in ("count", "bare") and between in ("x", "×", "*"):
            more = tuple((measure, value * after.value, unit) for measure, value, unit in one.readings)
            made.append(Amount("measure", one.value * after.value, one.start, after.end, more))
    return made
