"""Quantities in a value: "1.4 pounds", "1.5升", "3-6岁", "36 months - 10 years", in one unit of each kind."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise

from hawker.language.analysis import plain

_UNITS: dict[str, dict[str, float]] = {
    "weight": {
        **dict.fromkeys(("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms", "公斤", "千克"), 1000.0),
        **dict.fromkeys(("g", "gr", "gram", "grams", "克"), 1.0),
        **dict.fromkeys(("mg", "毫克"), 0.001),
        **dict.fromkeys(("lb", "lbs", "pound", "pounds", "磅"), 453.59237),
        **dict.fromkeys(("oz", "ounce", "ounces", "盎司"), 28.349523125),
        **dict.fromkeys(("斤",), 500.0),
    },
    "length": {
        **dict.fromkeys(("mm", "毫米"), 0.1),
        **dict.fromkeys(("cm", "厘米", "公分"), 1.0),
        **dict.fromkeys(("m", "meter", "meters", "metre", "metres", "米"), 100.0),
        **dict.fromkeys(("in", "inch", "inches", '"', "英寸", "寸"), 2.54),
        **dict.fromkeys(("ft", "foot", "feet", "英尺"), 30.48),
    },
    "volume": {
        **dict.fromkeys(("ml", "毫升", "milliliter", "milliliters", "millilitre", "millilitres"), 1.0),
        **dict.fromkeys(("l", "升", "liter", "liters", "litre", "litres"), 1000.0),
        **dict.fromkeys(("gal", "gallon", "gallons"), 3785.411784),
        **dict.fromkeys(("gb",), 1.0),
        **dict.fromkeys(("tb",), 1024.0),
    },
    "age": {
        **dict.fromkeys(("month", "months", "mo", "个月", "月", "月龄"), 1.0),
        **dict.fromkeys(("year", "years", "yr", "yrs", "岁", "周岁"), 12.0),
    },
    "battery": {
        **dict.fromkeys(("mah", "毫安时", "毫安"), 1.0),
        **dict.fromkeys(("hour", "hours", "hr", "hrs", "h", "小时"), 1.0),
        **dict.fromkeys(("day", "days", "天"), 24.0),
    },
    "power": {**dict.fromkeys(("w", "watt", "watts", "瓦"), 1.0), **dict.fromkeys(("kw", "千瓦"), 1000.0)},
    "area": dict.fromkeys(("平方米", "平米", "平", "㎡", "m2", "square meters", "square metres"), 1.0),
    "count": dict.fromkeys(
        (
            *("pieces", "piece", "pcs", "pc", "pack", "packs", "count", "ct", "sheets", "pages", "cards"),
            *("items", "units", "capsules", "tablets", "rolls", "bags", "片", "个", "支", "包", "袋", "件"),
            *("瓶", "盒", "只", "卷", "张", "粒", "颗", "块", "根", "双", "套", "页", "抽", "枚", "条", "本"),
        ),
        1.0,
    ),
}
_KIND = {unit: (kind, factor) for kind, units in _UNITS.items() for unit, factor in units.items()}
_NAMES = "|".join(sorted(map(re.escape, _KIND), key=len, reverse=True))
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_FOUND = re.compile(rf"({_NUMBER})\s*-?\s*(?:({_NAMES})(?![a-z]))?")
_UP = re.compile(r"以上|\+|and (?:up|above|over|older)|or (?:older|above|more)|up\b|起")
_DOWN = re.compile(r"以下|以内|under|up to|below|or (?:younger|less)|最大|不超过|max")
_DOWN_BEFORE = re.compile(r"(?:under|up to|below|不超过|最大|至多|max(?:imum)?)\s*$")


@dataclass(frozen=True)
class Quantity:
    """A number of a kind ('weight', 'length', 'volume', 'age', …; '' where no unit stands), in base units."""

    kind: str
    amount: float


@dataclass(frozen=True)
class Span:
    """From `least` to `most` of a kind, both included."""

    kind: str
    least: float
    most: float

    def holds(self, amount: float) -> bool:
        """Whether an amount lies within."""
        return self.least - 1e-9 <= amount <= self.most + 1e-9


def quantities(text: str) -> list[Quantity]:
    """The numbers of a text with their units; a number before a dash has the unit of the next.

    >>> quantities("1.5升, 3-6岁")[0], len(quantities("3-6岁"))
    (Quantity(kind='volume', amount=1500.0), 2)
    """
    found: list[tuple[str, str]] = [(match[1], match[2] or "") for match in _FOUND.finditer(plain(text))]
    units = [unit for _, unit in found]
    for at in range(len(units) - 2, -1, -1):
        units[at] = units[at] or units[at + 1]
    made = []
    for (number, _), unit in zip(found, units, strict=True):
        kind, factor = _KIND.get(unit, ("", 1.0))
        made.append(Quantity(kind, float(number.replace(",", "")) * factor))
    return made


def unit(word: str) -> bool:
    """Whether a word is a unit.

    >>> unit("inch"), unit("laptop")
    (True, False)
    """
    return word in _KIND


def amount(text: str, units: str = "") -> Quantity | None:
    """The first quantity of a value, of the kind given where one is; None where there is none.

    >>> amount("Item weight: 2 pounds", "weight")
    Quantity(kind='weight', amount=907.18474)
    """
    held = quantities(text)
    return next((one for one in held if one.kind == units), None) if units else next(iter(held), None)


def span(text: str, kind: str) -> Span | None:
    """The range that a value gives: "3-6岁", "36 months and up", "12至17千克"; None where it gives none.

    >>> span("36 months - 10 years", "age"), span("3岁以上", "age")
    (Span(kind='age', least=36.0, most=120.0), Span(kind='age', least=36.0, most=inf))
    """
    said = plain(text)
    held = [one.amount for one in quantities(said) if one.kind == kind]
    if not held:
        return None
    if len(held) > 1 and any(first < second for first, second in pairwise(held)):
        return Span(kind, min(held), max(held))
    if _UP.search(said):
        return Span(kind, held[0], math.inf)
    if _DOWN.search(said) or _DOWN_BEFORE.search(said):
        return Span(kind, 0.0, held[0])
    return None
