"""Price words in a query: "under 50", "between 20 and 30 dollars", "50元以下", "100到200块" become bounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from hawker.records.money import micros

NEAR = Decimal("0.2")
"""How far "about 100" reaches to either side."""
_SUM = r"(\d{1,7}(?:,\d{3})*(?:\.\d+)?)(?![\d.,]*\d)"
_COIN_EN = r"(?:\s*(?:dollars?|bucks?|usd|eur|euros?|gbp|quid|yuan|rmb|cny)\b|\s*[$€£¥￥])"
_COIN_ZH = r"\s*(?:元|块钱|块|圆|人民币|rmb|yuan)"
_LAST = r"(?=\s*(?:$|[,.;!?]|(?:for|with|and|that|which|please|in|or)\b)(?!\s*(?:and|or) \d))"
_LAST_ZH = r"(?=$|[\s的,，。])"
"""Where an amount without a currency has to stand to be a price: last, or before what goes on."""
_UNDER = "(?:under|below|less than|cheaper than|no more than|not more than)"
_UPTO = f"(?:{_UNDER}|at most|up to|max(?:imum)?(?: of)?|within)"
_OVER = "(?:over|above|more than|no less than|not less than)"
_FROM = f"(?:{_OVER}|at least|from|min(?:imum)?(?: of)?|starting at)"
_COIN = r"[$€£¥￥]\s*"
_SIGN = rf"(?:{_COIN})?"


@dataclass(frozen=True)
class Bounds:
    """Least and most in micros; 0 for no most."""

    least: int = 0
    most: int = 0


_Reading = Callable[[list[int]], Bounds]


def _rule(pattern: str, reading: _Reading) -> tuple[re.Pattern[str], _Reading]:
    return re.compile(pattern, re.IGNORECASE), reading


def _between(sums: list[int]) -> Bounds:
    return Bounds(min(sums), max(sums))


def _about(sums: list[int]) -> Bounds:
    return Bounds(int(sums[0] * (1 - NEAR)), int(sums[0] * (1 + NEAR)))


_RULES: tuple[tuple[re.Pattern[str], _Reading], ...] = (
    _rule(
        rf"\bbetween\s+{_SIGN}{_SUM}{_COIN_EN}?\s*(?:and|to|-)\s*{_SIGN}{_SUM}(?:{_COIN_EN}|{_LAST})",
        _between,
    ),
    _rule(rf"(?:\bfrom\s+)?{_COIN}{_SUM}\s*(?:-|to|~|–)\s*{_SIGN}{_SUM}{_COIN_EN}?", _between),
    _rule(rf"(?:\bfrom\s+|\b){_SUM}\s*(?:-|to|~|–)\s*{_SUM}{_COIN_EN}", _between),
    _rule(rf"{_SUM}{_COIN_ZH}?\s*(?:到|至|-|~|—|–)\s*{_SUM}{_COIN_ZH}(?:之间|以内)?", _between),
    _rule(rf"\b{_UPTO}\s+(?:{_SUM}{_COIN_EN}|{_COIN}{_SUM})", lambda sums: Bounds(most=sums[0])),
    _rule(rf"\b{_UNDER}\s+{_SUM}{_LAST}", lambda sums: Bounds(most=sums[0])),
    _rule(rf"\b{_FROM}\s+(?:{_SUM}{_COIN_EN}|{_COIN}{_SUM})", lambda sums: Bounds(least=sums[0])),
    _rule(rf"\b{_OVER}\s+{_SUM}{_LAST}", lambda sums: Bounds(least=sums[0])),
    _rule(rf"[<≤]\s*{_SUM}{_COIN_EN}?", lambda sums: Bounds(most=sums[0])),
    _rule(rf"{_SUM}{_COIN_EN}?\s+(?:or less|or under|or below|and under)\b", lambda s: Bounds(most=s[0])),
    _rule(rf"{_SUM}{_COIN_EN}?\s+(?:or more|and up|or above|and above)\b", lambda s: Bounds(least=s[0])),
    _rule(rf"{_SUM}{_COIN_ZH}\s*(?:以下|以内|之内|之下|封顶|内)", lambda sums: Bounds(most=sums[0])),
    _rule(rf"{_SUM}\s*(?:以下|以内|之内){_LAST_ZH}", lambda sums: Bounds(most=sums[0])),
    _rule(rf"{_SUM}{_COIN_ZH}\s*(?:以上|之上|起)", lambda sums: Bounds(least=sums[0])),
    _rule(rf"{_SUM}\s*以上{_LAST_ZH}", lambda sums: Bounds(least=sums[0])),
    _rule(
        rf"(?:不超过|低于|少于|不高于|小于|最多|不到)\s*{_SUM}(?:{_COIN_ZH}|{_LAST_ZH})",
        lambda sums: Bounds(most=sums[0]),
    ),
    _rule(rf"(?:高于|超过|大于|不低于|至少|多于)\s*{_SUM}{_COIN_ZH}", lambda sums: Bounds(least=sums[0])),
    _rule(rf"{_SUM}{_COIN_ZH}\s*(?:左右|上下)", _about),
    _rule(rf"\b(?:about|around)\s+(?:{_SUM}{_COIN_EN}|{_COIN}{_SUM})", _about),
)


def prices(query: str) -> tuple[str, Bounds]:
    """A query without its price words, and the bounds these set.

    >>> prices("red shoes under $50")
    ('red shoes', Bounds(least=0, most=50000000))
    >>> prices("100到200元的耳机")
    ('耳机', Bounds(least=100000000, most=200000000))
    >>> prices("bottles over 500 ml")
    ('bottles over 500 ml', Bounds(least=0, most=0))
    """
    least = most = 0
    for pattern, reading in _RULES:
        match = pattern.search(query)
        if match is None:
            continue
        sums = [_sum(group) for group in match.groups() if group is not None]
        bounds = reading(sums)
        least, most = max(least, bounds.least), bounds.most or most
        query = f"{query[: match.start()]} {query[match.end() :]}"
    if not (least or most):
        return query, Bounds()
    return " ".join(query.split()).removeprefix("的").strip(), Bounds(least, most)


def _sum(text: str) -> int:
    try:
        return micros(Decimal(text.replace(",", "")))
    except InvalidOperation:
        return 0
