"""What a product's fields say in a form that can be told rightly or wrongly: quantities, words, prices.

Nothing here judges an advertisement. `quantities` finds what the title and the description measure,
`spelt` writes a number in words, `elsewhere` says whether a value could be read out of the product after all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from benchmarks.planted.case import words
from hawker.records.catalogue import Product

NEAR = 0.06
"""A wrong value stays at least this share away from all that the product says of the same dimension."""

_UNITS: dict[str, tuple[str, float, str]] = {  # alias: dimension, in its base unit, the unit's name
    **dict.fromkeys(("inches", "inch", '"', "''", "英寸"), ("length", 2.54, "inch")),
    **dict.fromkeys(("feet", "ft"), ("length", 30.48, "foot")),
    **dict.fromkeys(("cm", "厘米"), ("length", 1.0, "cm")),
    **dict.fromkeys(("mm", "毫米"), ("length", 0.1, "mm")),
    **dict.fromkeys(("meters", "metres", "米"), ("length", 100.0, "m")),
    **dict.fromkeys(("pounds", "pound", "lbs", "lb"), ("mass", 453.6, "lb")),
    **dict.fromkeys(("ounces", "ounce", "oz"), ("mass", 28.35, "oz")),
    **dict.fromkeys(("千克", "公斤", "kg"), ("mass", 1000.0, "kg")),
    **dict.fromkeys(("克", "grams", "g"), ("mass", 1.0, "g")),
    **dict.fromkeys(("升", "liters", "litres"), ("volume", 1000.0, "l")),
    **dict.fromkeys(("毫升", "ml"), ("volume", 1.0, "ml")),
    **dict.fromkeys(("小时", "hours", "hour"), ("time", 60.0, "h")),
    **dict.fromkeys(("分钟", "minutes", "minute"), ("time", 1.0, "min")),
    "瓦": ("power", 1.0, "w"),
    "毫安时": ("charge", 1.0, "mah"),
    "页": ("pages", 1.0, "page"),
}
SHOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "inch": ("{} inches", "{}-inch", "{} in", '{}"'),
        "foot": ("{} feet", "{} ft", "{}-foot"),
        "cm": ("{} cm", "{} centimetres", "{}cm"),
        "mm": ("{} mm", "{} millimetres"),
        "m": ("{} m", "{} metres"),
        "lb": ("{} lb", "{} pounds", "{}-pound"),
        "oz": ("{} oz", "{} ounces", "{}-ounce"),
        "kg": ("{} kg", "{} kilograms", "{}kg"),
        "g": ("{} g", "{} grams", "{}g"),
        "l": ("{} litres", "{} L"),
        "ml": ("{} ml", "{} millilitres"),
        "h": ("{} hours", "{}-hour"),
        "min": ("{} minutes", "{}-minute"),
    },
    "zh": {
        "inch": ("{}英寸",),
        "cm": ("{}厘米", "{}cm", "{}公分"),
        "mm": ("{}毫米", "{}mm"),
        "m": ("{}米",),
        "kg": ("{}千克", "{}公斤", "{}kg"),
        "g": ("{}克", "{}g"),
        "jin": ("{}斤", "{}市斤"),
        "l": ("{}升", "{}L"),
        "ml": ("{}毫升", "{}ml"),
        "h": ("{}小时", "{}个小时"),
        "min": ("{}分钟",),
        "w": ("{}瓦", "{}W"),
        "kw": ("{}千瓦",),
        "mah": ("{}毫安时", "{}mAh"),
        "page": ("{}页",),
    },
}
BASE = {unit: (kind, size) for kind, size, unit in _UNITS.values()}
BASE |= {"jin": ("mass", 500.0), "kw": ("power", 1000.0)}

_NUMBER = r"(?<![xX×] )(?<![\d./×xX\-–~至A-Za-z])(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)"
_FOUND = re.compile(
    _NUMBER + r"(?:\s|-)?(" + "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True)) + r")"
    r"(?![A-Za-z每床]|\s*[x×]\s*\d)"
)
_LOOSE = re.compile(
    r"(\d+(?:\.\d+)?)\s*-?\s*(" + "|".join(sorted(map(re.escape, _UNITS), key=len)[::-1]) + ")"
)
_PAIRS = re.compile(r"(\d+)[^\d×xX]{0,3} ?[×xX] ?(\d+)")
_COUNT = {
    "en": re.compile(_NUMBER + r"(?:\s|-)?(?:[Pp]ieces?|[Pp]cs?|[Cc]ount|[Cc]t|[Pp]ack)\b()"),
    "zh": re.compile(_NUMBER + r"(片|包|支|袋|盒|块|只|粒|条|件)"),
}
_AGE = {
    "en": re.compile(r"\b[Aa]ges? (\d+) ?(?:\+|and up|years and up|and older)()"),
    "zh": re.compile(r"(?<!\d)(\d+)(个月|岁)以上"),
}
_SHARE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) ?(?:%|percent)")


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, as the product's text has it."""

    value: float
    unit: str

    @property
    def dimension(self) -> str:
        """What is measured."""
        return BASE[self.unit][0]

    @property
    def base(self) -> float:
        """The value in the dimension's base unit."""
        return self.value * BASE[self.unit][1]


@lru_cache(maxsize=4096)
def _text(*parts: str) -> str:
    return " ¦ ".join(part for part in parts if part)


def text(product: Product) -> str:
    """All fields that a reader of the product's page sees, as one string."""
    more = (f"{key} {value}" for key, value in product.attributes.items())
    fields = (product.brand, product.color, product.material, product.size, product.mpn, product.gtin)
    return _text(product.title, product.description, product.category, *fields, *more)


def quantities(product: Product, language: str) -> list[Quantity]:
    """What the product itself measures, by title and attributes: descriptions also tell of parts and use."""
    told = (value for key, value in product.attributes.items() if not key.startswith("适用"))
    said = _text(product.title, *told)
    found = (Quantity(_number(m[1]), _UNITS[m[2]][2]) for m in _FOUND.finditer(said))
    return [q for q in dict.fromkeys(found) if q.value > 0 and q.unit in SHOWN[language]]


def counts(product: Product, language: str) -> list[tuple[int, str]]:
    """How many pieces the title names, with the measure word (Chinese)."""
    found = [(_number(m[1]), m[2] or "") for m in _COUNT[language].finditer(product.title)]
    return [(int(n), word) for n, word in found if n == int(n) and n > 1]


def ages(product: Product, language: str) -> list[tuple[int, str]]:
    """From which age on, with its unit (Chinese)."""
    return [(int(m[1]), m[2] or "") for m in _AGE[language].finditer(text(product))]


def shares(product: Product) -> list[float]:
    """Per cents in the text."""
    return [float(m[1]) for m in _SHARE.finditer(text(product))]


def elsewhere(value: float, product: Product, *, unit: str = "") -> bool:
    """Whether the value, or one too near to it in the same dimension, can be read in the product's fields.

    >>> mug = Product(id="m", title="Mug 12 oz")
    >>> elsewhere(12, mug), elsewhere(340, mug, unit="g"), elsewhere(500, mug, unit="g")
    (True, True, False)
    """
    said = text(product)
    numbers = {_number(n) for n in re.findall(r"\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?", said)}
    numbers |= {_number(a) * _number(b) for a, b in _PAIRS.findall(said)}
    numbers |= {price / 1e6 for price in (product.price, product.sale_price)}
    if value in numbers or any(word in said.lower() for word in _words(value)):
        return True
    return unit in BASE and beside(Quantity(value, unit), product)


def beside(found: Quantity, product: Product) -> bool:
    """Whether the product's fields hold a quantity that is as good as this one, in whatever unit."""
    said = text(product)
    kind, base = found.dimension, found.base
    same = [float(n) * _UNITS[u][1] for n, u in _LOOSE.findall(said) if _UNITS[u][0] == kind]
    return any(abs(base - other) <= NEAR * other for other in same)


def _words(value: float) -> tuple[str, ...]:
    if value != int(value) or value > 999:
        return ()
    chinese = (spelt(value, "zh"),) if value > 10 else ()
    return (f" {spelt(value, 'en')} ", *chinese)


def slipped(
    value: float, product: Product, rng: Random, *, unit: str = "", far: float = NEAR
) -> float | None:
    """A wrong value of the same look: a step, a half, a double, digits exchanged; `None` if none is wrong.

    It is more than the share `far` away, and no rounding of the right one.
    """
    steps = [value * 2, value / 2, value * 1.5, value * 1.25, value * 0.8, value + 1, value * 3, value * 10]
    if value >= 10 and value == int(value):
        steps.append(float(str(int(value))[::-1]))
    rng.shuffle(steps)
    for step in steps:
        found = round(step, 1) if value != int(value) or value < 4 else float(round(step))
        rounding = 0.5 if found == int(found) else 0.05
        if found <= 0 or abs(found - value) <= max(far * value, rounding + 1e-9):
            continue
        if not elsewhere(found, product, unit=unit):
            return found
    return None


def converted(found: Quantity, language: str, rng: Random) -> Quantity | None:
    """The same quantity in another unit of its dimension, rounded as people round; `None` if it has none."""
    units = [u for u in SHOWN[language] if u != found.unit and BASE.get(u, ("",))[0] == found.dimension]
    rng.shuffle(units)
    for unit in units:
        value = found.base / BASE[unit][1]
        if 0.1 <= value < 20_000:
            value = tidy(value)
            if abs(value * BASE[unit][1] - found.base) <= 0.02 * found.base:
                return Quantity(value, unit)
    return None


def tidy(value: float) -> float:
    """Two or three digits, as one says a measure aloud."""
    return float(f"{value:.3g}") if value < 1 else round(value, 1) if value < 20 else float(round(value))


def shown(found: Quantity, language: str, rng: Random) -> str:
    """As a writer would put it, in one of the unit's spellings."""
    return rng.choice(SHOWN[language][found.unit]).format(plain(found.value))


def plain(value: float) -> str:
    """Without needless zeros."""
    return str(int(value)) if value == int(value) else f"{value:g}"


def wide(said: str) -> str:
    """Digits in full width.

    >>> wide("12.5克")
    '１２．５克'
    """
    return said.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789."})


_HAN = "零一二三四五六七八九"


def spelt(value: float, language: str) -> str:
    """In words: English up to 999, Chinese up to 99,999 with one decimal or more.

    >>> spelt(243, "en"), spelt(1.5, "zh"), spelt(316, "zh"), spelt(10000, "zh"), spelt(205, "zh")
    ('two hundred and forty-three', '一点五', '三百一十六', '一万', '二百零五')
    """
    if language == "zh":
        whole, _, rest = plain(value).partition(".")
        return _chinese(int(whole)) + ("点" + "".join(_HAN[int(d)] for d in rest) if rest else "")
    number, (ones, tens) = int(value), numerals()
    if number < 20:
        return ones[number]
    if number < 100:
        return tens[number // 10] + (f"-{ones[number % 10]}" if number % 10 else "")
    rest = f" and {spelt(number % 100, 'en')}" if number % 100 else ""
    return f"{ones[number // 100]} hundred{rest}"


def numerals() -> tuple[list[str], list[str]]:
    """English words of 0 to 19, and of the tens."""
    return words()["numerals"]["ones"], words()["numerals"]["tens"]


def _chinese(number: int) -> str:
    if number < 10:
        return _HAN[number]
    if number >= 10_000:
        low = number % 10_000
        gap = "零" if 0 < low < 1000 else ""
        return _chinese(number // 10_000) + "万" + (gap + _chinese(low) if low else "")
    for size, name in ((1000, "千"), (100, "百"), (10, "十")):
        if number >= size:
            high, low = divmod(number, size)
            head = "" if size == 10 and high == 1 else _HAN[high]
            gap = "零" if 0 < low < size // 10 else ""
            ten = "一" if size == 100 and 10 <= low < 20 else ""
            return head + name + (gap + ten + _chinese(low) if low else "")
    raise AssertionError(number)


def absent(claimed: Iterable[str], product: Product) -> bool:
    """Whether none of what is claimed stands in the product's fields."""
    said = text(product).lower()
    return not any(word.lower() in said for word in claimed)


def _number(said: str) -> float:
    return float(said.replace(",", ""))
