"""Whether a claim that was read is one the law is about: exemptions as pure tests of text and product."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from hawker.creative.law.books import LANGUAGES, Claim, Lift, sectors
from hawker.creative.law.folding import Folded, fold
from hawker.records.catalogue import Product
from hawker.records.money import MICROS

REACH = 60
_ENDS = re.compile(r"[!?;。!?;]|\.(?=\s|$)(?!\s*\d)")
_QUOTED = re.compile(r"《([^》]{1,40})》|\"([^\"]{1,40})\"")
_NEGATED = re.compile(
    r"(?:\b(?:not|never|cannot|without|nor|no)\b|n't)(?: [a-z,]+){0,6} ?$"
    r"|(?:不|没有?|无|非|未|勿|禁止|不能|不具有?|不可|并非|不是)[^,。;!?，；！？]{0,8}$"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TENTHS = re.compile(r"(\d(?:\.?\d)?|[一二三四五六七八九]点?[一二三四五六七八九]?)折")
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_NAMED = re.compile(r"brand|model|series|trade ?mark|品牌|商标|系列|型号|品名|注册名")
_ORIGIN = re.compile(r"origin|made in|country|产地|原产|制造")
_PLACES = {
    "us": "usa|u.s.|united states|america",
    "uk": "united kingdom|great britain|british|england|sheffield|london",
}


@dataclass(frozen=True)
class Facts:
    """What a product's own fields say, folded once for all the texts about it."""

    names: tuple[str, ...] = ()
    title: str = ""
    said: str = ""
    origin: str = ""
    sectors: frozenset[str] = frozenset()
    numbers: frozenset[float] = frozenset()
    stock: int | None = None


@dataclass(frozen=True)
class Reading:
    """One claim found in one text: what was read, and what is known of the goods."""

    folded: Folded
    start: int
    end: int
    facts: Facts

    @property
    def words(self) -> str:
        return self.folded.text[self.start : self.end]

    @property
    def before(self) -> str:
        return self.folded.text[max(0, self.start - REACH) : self.start]

    @property
    def after(self) -> str:
        return self.folded.text[self.end : self.end + REACH]

    @property
    def sentence(self) -> str:
        """The sentence it stands in."""
        text = self.folded.text
        start = max((found.end() for found in _ENDS.finditer(text, 0, self.start)), default=0)
        closing = _ENDS.search(text, self.end)
        return text[start : closing.start() if closing else len(text)]


def _texts(product: Product) -> Iterator[str]:
    yield from (product.title, product.description, product.brand, product.label, product.material)
    for name, value in product.attributes.items():
        yield f"{name} {value}"


def _sectors(words: str) -> frozenset[str]:
    return frozenset(
        name
        for name, called in sectors().items()
        if any(called[language].search(words) for language in LANGUAGES)
    )


def _prices(product: Product) -> frozenset[float]:
    """The amounts and percentages that follow from the product's two prices."""
    usual, now = product.price / MICROS, product.sale_price / MICROS
    if not 0 < now < usual:
        return frozenset()
    off = 100 * (usual - now) / usual
    return frozenset({usual, now, round(usual - now, 2), round(off), float(int(off))})


@lru_cache(maxsize=2048)
def _facts(fields: tuple[str, ...], sold_as: str, named: tuple[str, ...], title: str, origin: str) -> Facts:
    return Facts(
        names=tuple(fold(name).text for name in named if name.strip()),
        title=fold(title).text,
        said=fold("\n".join(fields)).text,
        origin=fold(origin).text,
        sectors=_sectors(fold(sold_as).text),
    )


def facts(product: Product | None, text: Folded) -> Facts:
    """What is known of the goods; without a product the sectors are guessed from the text alone."""
    if product is None:
        return Facts(sectors=_sectors(text.text))
    named = (
        product.brand,
        product.label,
        *(v for k, v in product.attributes.items() if _NAMED.search(k.lower())),
    )
    origin = "\n".join(
        [v for k, v in product.attributes.items() if _ORIGIN.search(k.lower())]
        + [line for line in re.split(r"[.;。；\n]", product.description) if _ORIGIN.search(line.lower())]
    )
    known = _facts(
        tuple(_texts(product)), f"{product.title} > {product.category}", named, product.title, origin
    )
    return Facts(
        known.names, known.title, known.said, known.origin, known.sectors, _prices(product), product.stock
    )


def _named(reading: Reading) -> bool:
    """Whether the words stand within the brand's name as the text writes it."""
    text = reading.folded.text
    for name in reading.facts.names:
        at = text.find(name)
        while at >= 0:
            if at <= reading.start and reading.end <= at + len(name):
                return True
            if reading.start < at + len(name) and at < reading.end and len(name) >= len(reading.words):
                return True
            at = text.find(name, at + 1)
    return False


def _quoted(reading: Reading) -> bool:
    """Whether the words are quoted, and what is quoted is in the product's title."""
    return any(
        found.start() <= reading.start
        and reading.end <= found.end()
        and (found[1] or found[2]) in reading.facts.title
        for found in _QUOTED.finditer(reading.folded.text)
    )


def _from_there(reading: Reading) -> bool:
    """Whether the product's data name the place that the claim names."""
    origin = reading.facts.origin
    if not origin:
        return False
    return any(
        len(word) > 3 and word[:5] in origin for word in re.findall(r"[a-z]+|[一-鿿]{2}", reading.words)
    ) or ("us" in reading.words and any(place in origin for place in _PLACES["us"].split("|")))


def _numbers(text: str) -> frozenset[float]:
    return frozenset(float(found.replace(",", "")) for found in _NUMBER.findall(text) if found.count(".") < 2)


def _priced(reading: Reading) -> bool:
    """Whether every amount in the sentence follows from the product's prices; 八折 is 20 % less."""
    tenths = [found[1].translate(_DIGITS).replace("点", "") for found in _TENTHS.finditer(reading.sentence)]
    less = frozenset(float(round(100 - 10 * float(f"{one[0]}.{one[1:].lstrip('.') or 0}"))) for one in tenths)
    numbers = less | _numbers(_TENTHS.sub("", reading.sentence))
    return bool(numbers) and numbers <= reading.facts.numbers


def _stocked(reading: Reading) -> bool:
    """Whether the number left is the number in stock."""
    return reading.facts.stock is not None and float(reading.facts.stock) in _numbers(reading.words)


_TESTS: dict[str, Callable[[Reading], bool]] = {
    "name": _named,
    "title": _quoted,
    "origin": _from_there,
    "price": _priced,
    "stock": _stocked,
    "stated": lambda reading: reading.words in reading.facts.said,
    "negated": lambda reading: _NEGATED.search(reading.before) is not None,
}


def holds(lift: Lift, reading: Reading) -> bool:
    """Whether an exemption applies to what was read."""
    if lift.pattern is None:
        return _TESTS[lift.where](reading)
    if lift.unless is not None and lift.unless.search(reading.before):
        return False
    if lift.where == "after":
        return lift.pattern.match(reading.after) is not None
    if lift.where == "before":
        return lift.pattern.search(reading.before) is not None
    return (
        lift.pattern.search(reading.sentence if lift.where == "sentence" else reading.folded.text) is not None
    )


def lifted(claim: Claim, reading: Reading) -> Lift | None:
    """The exemption that applies; those that leave nothing first."""
    found = [lift for lift in claim.lifts if holds(lift, reading)]
    return min(found, key=lambda lift: lift.to != "nothing", default=None)
