"""What numbers a text gives and of what: measures with their units, counts, money, shares, years, ages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files

from hawker.creative.ground.numbers import Number, numbers
from hawker.creative.ground.patterns import pattern

Reading = tuple[str, float, str]
"""What is measured, how much of it in the measure's first unit, and the unit that was named."""

_HEDGE = pattern("amounts", "hedge")
_AFTER = re.compile(r"\s*(?:or so|-?ish\b|左右|上下|多(?![功款种彩重])|来(?=[个天]))")
_OVER = re.compile(r"(?:over|more than|at least|upwards? of|from|超过?|多达|不少于|至少|大于)\s*[$£€¥]?\s*$")
_UNDER = pattern("amounts", "under")
_LINK = re.compile(r"\s*(?:[lwhd]\s*)?(?:x|×|\*|&|and|or|to|by|-|–|~|/|,|、|至|到|和|或|与)\s*$")
_SIGNS = {"$": "USD", "us$": "USD", "£": "GBP", "€": "EUR", "¥": "CNY", "a$": "AUD", "c$": "CAD"}
_MONEY_BEFORE = re.compile(r"(us\$|a\$|c\$|[$£€¥]|\b(?:usd|eur|gbp|cny|rmb|jpy|cad|aud)\b)\s*$")
_MONEY_AFTER = pattern("amounts", "money_after")
_CURRENCIES = {
    **dict.fromkeys(
        ("us dollar", "us dollars", "dollar", "dollars", "buck", "bucks", "usd", "美元", "美金"), "USD"
    ),
    **dict.fromkeys(("euro", "euros", "eur", "欧元", "€"), "EUR"),
    **dict.fromkeys(("quid", "pounds sterling", "gbp", "英镑", "£"), "GBP"),
    **dict.fromkeys(("cny", "rmb", "yuan", "元人民币", "元", "块", "块钱"), "CNY"),
    **dict.fromkeys(("jpy", "日元"), "JPY"),
    "港币": "HKD",
    "cad": "CAD",
    "aud": "AUD",
}
_SHARE_AFTER = re.compile(r"\s*-?(?:%|per\s?cent\b|percent\b|个百分点|(成)(?![人分功长为员本年立套品]))")
_SHARE_BEFORE = re.compile(r"百分之?\s*$")
_TIMES_AFTER = re.compile(r"\s*-?(?:×|x|times|fold|倍)(?![a-z\d])(?!\s*\d)")
_YEAR_WORD = re.compile(r"\s*年(?!保|质|内|起|以|质保|龄|级|的?保)")
_AN_IN = pattern("amounts", "an_in")
_TWO_IN = re.compile(r"[\s-]*in[\s-]*(?:1|one)\b|合一|in1")
_SPELT_COUNT = pattern("amounts", "spelt_count")
_LENDING = frozenset({"measure", "count", "share", "money"})
_COUNT_BEFORE = pattern("amounts", "count_before")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number and what it counts or measures; several readings where its unit has several meanings.

    `kind`: measure, count, money, share, year, ratio, bare. `hedged` is said to be about so much, `over` and
    `under` that it is a bound. `lent` means that the unit stood only with a later number (16 & 20 inch).
    """

    kind: str
    value: float
    start: int
    end: int
    readings: tuple[Reading, ...] = ()
    digits: bool = True
    hedged: bool = False
    bound: str = ""
    lent: bool = False
    noun: str = ""
    number: tuple[int, int] = field(default=(0, 0))


@lru_cache(maxsize=1)
def _units() -> tuple[dict[str, tuple[tuple[str, float, str], ...]], re.Pattern[str]]:
    """The meanings of each unit's name, and the pattern that finds a name right after a number."""
    held: dict[str, list[tuple[str, float, str]]] = {}
    listed = tomllib.loads(files("hawker.creative").joinpath("data", "units.toml").read_text("utf-8"))
    for measure, units in listed.items():
        for unit, (factor, *names) in units.items():
            for name in names:
                held.setdefault(name, []).append((measure, float(factor), unit))
    ordered = sorted(held, key=len, reverse=True)
    told = [
        re.escape(name) + (r"(?![a-z])" if name[-1].isascii() and name[-1].isalpha() else "")
        for name in ordered
    ]
    return {name: tuple(meanings) for name, meanings in held.items()}, re.compile(
        r"[ \t]?-?[ \t]?(" + "|".join(told) + ")"
    )


def amounts(low: str) -> list[Amount]:
    """All amounts of a lower-case text, in order.

    >>> [one.readings[0] for one in amounts("16 & 20 inch, 50 pieces, 三百毫升")]
    [('length', 406.4, 'inch'), ('length', 508.0, 'inch'), ('count', 50.0, 'piece'), ('volume', 300.0, 'ml')]
    """
    kept: list[Amount] = []
    for number in _counted(low):
        found = _amount(low, number) if not kept or number.start >= kept[-1].end else None
        if found is not None:
            kept.append(found)
    for at in range(len(kept) - 2, -1, -1):
        one, after = kept[at], kept[at + 1]
        lends = one.kind == "bare" and after.kind in _LENDING and bool(after.readings)
        if lends and _LINK.fullmatch(low, one.end, after.start):
            kept[at] = _lend(one, after)
    return kept


def _counted(low: str) -> Iterator[Number]:
    """Numbers that count something: not those inside a code such as bs903-089, nor the 一 of 一起."""
    for number in numbers(low):
        before, earlier = (
            low[max(0, number.start - 1) : number.start],
            low[max(0, number.start - 2) : number.start - 1],
        )
        if not number.digits or not before:
            yield number
            continue
        runs_on = before == "x" and earlier.isdigit()
        coded = before in "_#" or (before.isascii() and before.isalpha() and not runs_on)
        if not coded and not (before in "-/" and earlier.isascii() and earlier.isalpha()):
            yield number


def _amount(low: str, number: Number) -> Amount | None:
    before, end = low[max(0, number.start - 24) : number.start], number.end
    value = number.value
    if low.startswith("个半", end):
        value, end = value + 0.5, end + 1
        low_unit = end + 1
    else:
        low_unit = end
    bound = "over" if _OVER.search(before) else "under" if _UNDER.search(before) else ""
    one = Amount(
        "bare",
        value,
        number.start,
        number.end,
        digits=number.digits,
        hedged=_HEDGE.search(before) is not None,
        bound=bound,
        number=(number.start, number.end),
    )
    told = _money(low, one) or _share(low, one) or _named(low, one, low_unit)
    if told is None and value > 1 and _COUNT_BEFORE.search(before):
        told = replace(one, kind="count", readings=(("count", value, "of"),), noun="of")
    if told is None and not number.digits and value > 1 and (noun := _SPELT_COUNT.match(low, number.end)):
        told = replace(one, kind="count", readings=(("count", value, "spelt"),), noun=noun[1] or "")
    if told is None:
        return one if number.digits else None
    after = _AFTER.match(low, told.end)
    return replace(told, hedged=True) if after and after.end() > told.end else told


def _money(low: str, one: Amount) -> Amount | None:
    sign = _MONEY_BEFORE.search(low, max(0, one.start - 5), one.start)
    if sign is not None:
        code = _SIGNS.get(sign[1]) or sign[1].upper().replace("RMB", "CNY")
        return replace(one, kind="money", start=sign.start(1), readings=(("money", one.value, code),))
    word = _MONEY_AFTER.match(low, one.end)
    if word is None or (word[1] == "块" and not one.digits):
        return None
    if word[1] in ("cent", "cents", "pence"):
        code = "GBP" if word[1] == "pence" else "USD"
        return replace(one, kind="money", end=word.end(), readings=(("money", one.value / 100, code),))
    code, value, end = _CURRENCIES.get(word[1], ""), one.value, word.end()
    tenth = re.match(r"\d(?!\d)", low[end:]) if word[1] == "块" else None
    if tenth is not None:
        value, end = value + int(tenth[0]) / 10, end + 1
    return replace(one, kind="money", value=value, end=end, readings=(("money", value, code),))


def _share(low: str, one: Amount) -> Amount | None:
    before = _SHARE_BEFORE.search(low, max(0, one.start - 5), one.start)
    if before is not None:
        return replace(one, kind="share", start=before.start(), readings=(("share", one.value, "%"),))
    after = _SHARE_AFTER.match(low, one.end)
    if after is not None:
        value = one.value * 10 if after[1] else one.value
        return replace(one, kind="share", end=after.end(), readings=(("share", value, "%"),))
    after = _TIMES_AFTER.match(low, one.end)
    if after is not None:
        return replace(one, kind="times", end=after.end(), readings=(("times", one.value, "x"),))
    return None


def _named(low: str, one: Amount, at: int) -> Amount | None:
    """The amount with the unit that follows; None where none does, or where it only looks like one."""
    if one.digits and 1_000 <= one.value < 2_200 and _YEAR_WORD.match(low, one.end):
        return replace(one, kind="year", end=one.end + 1, readings=(("year", one.value, ""),))
    if not one.digits and 1_900 <= one.value < 2_200 and low.startswith("年", one.end):
        return replace(one, kind="year", end=one.end + 1, readings=(("year", one.value, ""),))
    if one.value == int(one.value) < 30 and _TWO_IN.match(low, one.end):
        return replace(one, kind="count", readings=(("count", one.value, "in one"),), noun="in one")
    meanings, pattern = _units()
    unit = pattern.match(low, at)
    if unit is None or (unit[1] == "in" and one.value == int(one.value) and _AN_IN.match(low, one.end)):
        return None
    name = unit[1]
    if not _really(low, one, unit):
        return None
    readings = tuple(
        (measure, _scaled(one.value, factor, code), code) for measure, factor, code in meanings[name]
    )
    kind = "count" if readings[0][0] == "count" else "measure"
    return replace(one, kind=kind, end=unit.end(), readings=readings, noun=name if kind == "count" else "")


def _really(low: str, one: Amount, unit: re.Match[str]) -> bool:
    """Whether a name after a number is its unit: 一件, 两个人 and 千万 are words, 三两个 is no weight."""
    name = unit[1]
    if name == "'" and low[unit.end() : unit.end() + 1] == "s":
        return False
    if name == '"' and low[max(0, one.start - 1)] == '"':
        return False
    if one.digits:
        return not (name == "两" and low.startswith(_PAIRED, unit.end()))
    said = low[one.start : one.end]
    if name.isascii():
        return not (said.split()[0] in ("one", "half") and name in _ONE) and name not in _SPELT_NEVER
    if said in _ROUND:
        return said in _LITTLE and name not in _SO_MANY
    return name not in _SPELT_NEVER and (name not in _SPELT_SOME or 3 < one.value < 100)


_PAIRED = ("个", "种", "件", "款", "双", "全")
_ROUND = frozenset({"一", "半", "千", "万", "百", "十", "亿", "千万", "万千", "百千", "百万"})
_LITTLE = frozenset({"一", "半", "十"})
_SPELT_NEVER = frozenset(
    {"way", "ways", "in", '"', "'", "度", "两", "寸", "尺", "日", "位", "面", "口", "道"}
)
"""Names that are no units after a number in words."""
_SPELT_SOME = frozenset({"色", "头", "种", "级", "节"})
_SO_MANY = frozenset(
    "件个只双支枝包袋盒片块瓶罐听条张本册套组枚粒颗卷对副份箱桶把根台部杯碗串款色层键挡档级轮口头节格盘朵株棵扇面位种道抽贴丸"
    "板排度两寸尺周匹转丈巴磅码兆吨页年天日"
)
"""After 一, 半 or 十 these count nothing: 一起, 一件, 半块, 十分."""
_ONE = frozenset(
    (
        *(
            "piece",
            "set",
            "box",
            "bag",
            "can",
            "part",
            "card",
            "item",
            "figure",
            "player",
            "person",
            "people",
        ),
        *("unit", "pack", "sheet", "roll", "serving", "layer", "level", "day", "second", "minute", "hour"),
        *("week", "month", "year", "way", "mile", "inch", "foot", "pound", "cup", "page", "degree"),
    )
)
"""After one or half these are ways of speaking: one day, half an hour."""


def _scaled(value: float, factor: float, code: str) -> float:
    return value * factor if code != "f" else (value - 32) * 5 / 9


def _lend(one: Amount, after: Amount) -> Amount:
    """An earlier number of a row with the unit of the last."""
    lent = []
    for measure, total, code in after.readings:
        share = total / after.value if after.value and measure != "temperature" else 1.0
        lent.append((measure, one.value * share, code))
    return replace(one, kind=after.kind, readings=tuple(lent), lent=True, noun=after.noun)
