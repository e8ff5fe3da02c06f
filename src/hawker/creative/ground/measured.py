"""Numbers held against a product: measures converted, prices and discounts reckoned, ages, counts, dates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hawker.creative.ground.amounts import Amount, amounts
from hawker.creative.ground.claim import Claim
from hawker.creative.ground.facts import Grounds
from hawker.creative.ground.patterns import pattern, patterns
from hawker.creative.ground.reading import stem, words
from hawker.creative.ground.vocabulary import vocabulary
from hawker.records.catalogue import on_sale
from hawker.records.finding import Severity
from hawker.records.money import MICROS

CONVERTED = 0.02
"""How far a measure in another unit may be off; one in the product's own unit may not at all."""
ABOUT = 0.05
"""How far off 'about' so much may be."""
BOUND = 0.25
"""How far from a bound ('over 30') the true value may lie."""
YEAR = 31_557_600.0
_AGE_BEFORE = pattern("measured", "age_before")
_AGE_AFTER = pattern("measured", "age_after")
_OFF_AFTER = pattern("measured", "off_after")
_OFF_BEFORE = pattern("measured", "off_before")
_FRACTION = {"half": 50.0, "third": 100 / 3, "quarter": 25.0, "fifth": 20.0}
_PART_OFF = pattern("measured", "part_off")
_TENTHS = pattern("measured", "tenths")
_SALE = pattern("measured", "sale")
_DATE = pattern("measured", "date")
_RATED = pattern("measured", "rated")
_PRICED = pattern("measured", "priced")
_SENTENCE_END = re.compile(r"[,.;!?|/+、，。；]|\d")
_LEFT = re.compile(r"\b(?:only|just)\s+(\d+)\s+(?:left|remaining|in stock)|(?:仅剩|只剩|还剩|库存)\s*(\d+)")
_MEASURED = ("measure", "year")
_PLURAL = re.compile(r"[\s-]+([a-z]+)")
_DOLLARS = frozenset({"USD", "AUD", "CAD", "HKD", "SGD", "NZD", "MXN"})
_YUAN = frozenset({"CNY", "JPY"})


def measured(low: str, held: Grounds) -> Iterator[Claim]:
    """The numbers of a lower-case text that no field of the product gives."""
    taken = [match.span() for _, idle in patterns("numbers", low) for match in idle.finditer(low)]
    for claim, supported in (*_dates(low, held), *_rated(low, held), *_offers(low, held), *_left(low, held)):
        if any(start < claim.end and claim.start < end for start, end in taken):
            continue
        taken.append((claim.start, claim.end))
        if not supported:
            yield claim
    for one in amounts(low):
        if not any(start < one.end and one.start < end for start, end in taken):
            yield from _traced(low, one, held)


def _dates(low: str, held: Grounds) -> Iterator[tuple[Claim, bool]]:
    for match in _DATE.finditer(low):
        yield Claim("date", *match.span()), match.group() in held.low


def _rated(low: str, held: Grounds) -> Iterator[tuple[Claim, bool]]:
    for match in _RATED.finditer(low):
        yield Claim("rating", *match.span()), match.group() in held.low


def _left(low: str, held: Grounds) -> Iterator[tuple[Claim, bool]]:
    for match in _LEFT.finditer(low):
        left = int(match[1] or match[2])
        yield Claim("count", *match.span()), any(one.stock == left for one in held.products)


def _offers(low: str, held: Grounds) -> Iterator[tuple[Claim, bool]]:
    """Shares of the price in words, tenths of it in Chinese, and talk of a sale."""
    for match in _PART_OFF.finditer(low):
        share = _FRACTION.get(match[1] or match[2] or match[3] or "half", 50.0)
        yield Claim("discount", *match.span()), _off(share, held, slack=2.0)
    for match in _TENTHS.finditer(low):
        if match[1] is None:
            continue
        said = (
            match[1]
            if match[1][0].isdigit()
            else "".join(str("零一二三四五六七八九".find(c)) for c in match[1] if c != "点").replace(
                "-1", "2"
            )
        )
        tenths = float(said)
        tenths = tenths / 10 if tenths > 10 else tenths
        yield (
            Claim("discount", *match.span()),
            _off(100 - 10 * tenths, held, slack=1.0) or match.group() in held.low,
        )
    for match in _SALE.finditer(low):
        yield Claim("discount", *match.span()), _reduced(held) or match.group() in held.low


def _reduced(held: Grounds) -> bool:
    return any(0 < one.sale_price < one.price for one in held.products)


def _off(share: float, held: Grounds, *, slack: float) -> bool:
    """Whether a product costs less by so many percent."""
    return any(
        one.price and abs(100 * (1 - one.sale_price / one.price) - share) <= slack
        for one in held.products
        if 0 < one.sale_price < one.price
    )


def _traced(low: str, one: Amount, held: Grounds) -> Iterator[Claim]:
    if one.kind == "money":
        yield from _money(low, one, held)
    elif one.kind == "share":
        yield from _share(low, one, held)
    elif one.kind == "times":
        if one.value not in held.times and one.value not in held.bare and one.value not in held.counts:
            yield Claim("number", one.start, one.end)
    elif one.kind == "year":
        if one.value not in held.bare and str(int(one.value)) not in held.raw:
            yield Claim("date", one.start, one.end)
    elif one.kind == "measure":
        yield from _measure(low, one, held)
    elif one.kind == "count":
        if not _counted(one, held):
            yield Claim(
                "count", one.start, one.end, Severity.WARNING if _a_couple(low, one) else Severity.ERROR
            )
    else:
        yield from _bare(low, one, held)


def _money(low: str, one: Amount, held: Grounds) -> Iterator[Claim]:
    code = one.readings[0][2]
    if _OFF_AFTER.match(low, one.end) or _OFF_BEFORE.search(low, max(0, one.start - 16), one.start):
        saved = [(p.price - p.sale_price, p.currency) for p in held.products if 0 < p.sale_price < p.price]
        if not any(_paid(one, amount / MICROS, code, currency) for amount, currency in saved):
            yield Claim("discount", one.start, one.end)
        return
    if (one.value, code) in held.money:
        return
    prices = [(price, p.currency) for p in held.products for price in {p.price, on_sale(p)} if price]
    if not any(_paid(one, price / MICROS, code, currency) for price, currency in prices):
        yield Claim("price", one.start, one.end)


def _paid(one: Amount, true: float, code: str, currency: str) -> bool:
    families = next((family for family in (_DOLLARS, _YUAN) if code in family), frozenset({code}))
    return (not currency or currency in families) and _close(one, one.value, true, same=True)


def _share(low: str, one: Amount, held: Grounds) -> Iterator[Claim]:
    off = _OFF_AFTER.match(low, one.end) or _OFF_BEFORE.search(low, max(0, one.start - 16), one.start)
    if off:
        slack = 2.5 if one.hedged or one.bound else 0.51
        if not _off(one.value, held, slack=slack) and not _verbatim(low, one, held):
            yield Claim("discount", one.start, one.end)
    elif one.value not in held.shares or not _of_what(low, one, held):
        yield Claim("number", one.start, one.end)


def _of_what(low: str, one: Amount, held: Grounds) -> bool:
    """Whether a share is of what the product has it of: 80 % cotton is not 80 % polyester."""
    named = _next(low, one.end)
    if named is None:
        return True
    theirs = {
        found
        for other in amounts(held.low)
        if other.kind == "share" and other.value == one.value and (found := _next(held.low, other.end))
    }
    return not theirs or named in theirs


def _next(low: str, end: int) -> tuple[str, str] | None:
    """The material or ingredient named right after a place."""
    after = _SENTENCE_END.split(low[end : end + 24], maxsplit=1)[0]
    cut = words(after)
    found = [
        (hit.start, (name, hit.meaning))
        for name in ("materials", "ingredients")
        for hit in vocabulary(name).find(after, cut)
    ]
    return min(found)[1] if found else None


def _verbatim(low: str, one: Amount, held: Grounds) -> bool:
    return low[one.start : one.end + 4].strip(" .!,") in held.low


def _measure(low: str, one: Amount, held: Grounds) -> Iterator[Claim]:
    if any(_matched(one, reading, held) for reading in one.readings) or _of_age(low, one, held):
        return
    known = (
        one.value in held.bare or one.value in held.counts or low[one.number[0] : one.number[1]] in held.raw
    )
    aged = any(code in ("year", "month") for _, _, code in one.readings) and _aged(low, one)
    yield Claim("age" if aged else "unit" if known else "number", one.start, one.end)


def _matched(one: Amount, reading: tuple[str, float, str], held: Grounds) -> bool:
    measure, value, unit = reading
    for true, named in held.measures.get(measure, ()):
        if measure == "temperature":
            if abs(true - value) <= (0.6 if unit != named else 1e-6):
                return True
        elif _close(one, value, true, same=unit == named):
            return True
    return False


def _close(one: Amount, value: float, true: float, *, same: bool) -> bool:
    """Whether a number says what is true: exactly, converted, rounded where it says so, within a bound."""
    off = abs(value - true)
    size = abs(true) or 1.0
    if off <= 1e-6 * size or (not same and off <= CONVERTED * size):
        return True
    if one.bound == "over" and value <= true <= value * (1 + BOUND):
        return True
    if one.bound == "under" and value * (1 - BOUND) <= true <= value:
        return True
    return one.hedged and off <= ABOUT * size


def _aged(low: str, one: Amount) -> bool:
    return bool(_AGE_AFTER.match(low, one.end) or _AGE_BEFORE.search(low, max(0, one.start - 24), one.start))


def _of_age(low: str, one: Amount, held: Grounds) -> bool:
    """Whether the product names this age, neither a younger nor an older one; a bare number counts years."""
    seconds = [value for measure, value, _ in one.readings if measure == "time"] or [one.value * YEAR]
    if not _aged(low, one) and not any(code in ("year", "month") for _, _, code in one.readings):
        return False
    return any(abs(age - value) < 1.0 for age in _ages(held) for value in seconds)


def _ages(held: Grounds) -> list[float]:
    """The ages that a product names, in seconds."""
    return [
        (one.readings[0][1] if one.readings else one.value * YEAR)
        for one in amounts(held.low)
        if _aged(held.low, one) and (one.kind == "bare" or (one.readings and one.readings[0][0] == "time"))
    ]


def _a_couple(low: str, one: Amount) -> bool:
    """Whether 两片 may be but a few, to go with a cup of tea: not 两片装, nor 共两片."""
    if one.digits or low[one.start : one.end - len(one.noun)] != "两":
        return False
    return low[one.end : one.end + 1] not in _OF_A_PACK and low[one.start - 1 : one.start] not in _IN_A_PACK


_OF_A_PACK = frozenset("装套入组")
_IN_A_PACK = frozenset("共含有带每送附内")


def _counted(one: Amount, held: Grounds) -> bool:
    """Whether there are so many; 8 bags are not 8 boxes, though both are 8 pieces."""
    if one.value in held.bare:
        return True
    if one.noun == "in one" and any(
        _close(one, 25.4 * one.value, true, same=True) for true, _ in held.measures.get("length", ())
    ):
        return True
    nouns = held.counts.get(one.value)
    if nouns is None:
        return False
    kind = _COUNTERS.get(one.noun, "")
    return not kind or any(_COUNTERS.get(noun, "") in ("", kind) for noun in nouns)


_COUNTERS = {
    word: group
    for group in (
        "袋 包 bag bags pouch pouches",
        "盒 箱 box boxes carton cartons case",
        "瓶 bottle bottles",
        "罐 听 can cans jar jars",
        "片 张 抽 页 sheet sheets slice slices",
        "双 对 副 pair pairs",
        "本 册",
        "卷 roll rolls",
        "桶 杯 碗",
        "台 部",
        "打 dozen",
    )
    for word in group.split()
}
"""Counters of things that are not one another; all others count anything."""


def _bare(low: str, one: Amount, held: Grounds) -> Iterator[Claim]:
    if _aged(low, one):
        if not _of_age(low, one, held) and one.value not in held.bare:
            yield Claim("age", one.start, one.end)
        return
    if _PRICED.search(low, max(0, one.start - 20), one.start):
        prices = [price / MICROS for p in held.products for price in {p.price, on_sale(p)} if price]
        if not any(_close(one, one.value, price, same=True) for price in prices):
            yield Claim("price", one.start, one.end)
        return
    if one.value in held.bare or one.value in held.counts:
        return
    follows = _PLURAL.match(low, one.end)
    raw = low[one.number[0] : one.number[1]] in held.raw
    if raw and (follows is None or stem(follows[1]) in held.stems or low[one.end : one.end + 1] in ".,"):
        return
    if 1_700 <= one.value <= 2_100 and one.value == int(one.value):
        yield Claim("date", one.start, one.end)
        return
    yield Claim("number", one.start, one.end, Severity.ERROR)
