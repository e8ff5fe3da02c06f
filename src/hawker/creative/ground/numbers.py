"""Numbers as people write them: digits, fractions, English words, Chinese numerals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NINETEEN = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
"""
_NINETY = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: value for value, word in enumerate(_NINETEEN.split())}
_TENS = {word: 10 * value for value, word in enumerate(_NINETY.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "dozen": 12}
_PARTS = {"half": 0.5, "quarter": 0.25, "third": 1 / 3}
_SMALL = "|".join(sorted((*_UNITS, *_TENS), key=len, reverse=True))
_ENGLISH = (
    rf"(?:(?:an?\s+)?(?:half\s+(?:an?\s+)?dozen|dozen)"
    rf"|(?:(?:{_SMALL})(?:[\s-]+(?:and\s+)?(?:{_SMALL}|hundred|thousand|million|billion|dozen))*"
    rf"|(?<!\w)a\s+(?:hundred|thousand|million|billion))(?:\s+and\s+a\s+(?:half|quarter))?"
    rf"|(?:an?\s+)?(?:quarter|third)\s+of\s+an?(?=\s+\w)"
    rf"|half(?:[\s-]+an?(?=\s+\w)|(?=[\s-]+\w)))"
)
_DIGITS = (
    r"(?:(?<![a-z\d])\d{1,3}(?:-|\s+)\d/\d{1,2}(?![\d/])|(?<![\d/.])\d/\d{1,2}(?![\d/])"
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|(?<![\w.])\.\d+)"
)
_HAN_DIGITS = "零〇一二两俩三四五六七八九"
_HAN = rf"[{_HAN_DIGITS}十百万亿半]"
_THOUSANDS = r"千(?![克瓦米赫帕卡伏焦])"
_CHINESE = rf"(?:(?:{_HAN}|{_THOUSANDS})+(?:点[{_HAN_DIGITS}]+)?)"
NUMBER = re.compile(
    rf"(?P<digits>{_DIGITS})(?P<scale>\s*[万亿]|\s(?:hundred|thousand|million|billion|dozen)\b|(?<=\d)k\b)?"
    rf"|(?<![a-z])(?P<english>{_ENGLISH})(?![a-z])|(?P<chinese>{_CHINESE})"
)
_DIGIT = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_PLACE = {"十": 10, "百": 100, "千": 1_000}
_MYRIAD = {"万": 10_000, "亿": 100_000_000}
_LONGEST = 40  # characters of a number that are read: one that goes on is nobody's, whatever it is
_SPLIT = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Number:
    """A number where it stands; `digits` says that it was written in digits."""

    value: float
    start: int
    end: int
    digits: bool


def numbers(low: str) -> Iterator[Number]:
    """All numbers of a lower-case text, in order.

    >>> told = "13-1/2 in, sixty-three, 1,200, a dozen, 三百五十, 半, 1.2万"
    >>> [number.value for number in numbers(told)]
    [13.5, 63, 1200.0, 12, 350, 0.5, 12000.0]
    """
    for match in NUMBER.finditer(low):
        said, spelt, han = (one and one[:_LONGEST] for one in match.group("digits", "english", "chinese"))
        if said is not None:
            scale = _scale(match["scale"])
            yield Number(_digits(said) * scale, match.start(), match.end(), True)
            continue
        value = _english(spelt) if spelt else _chinese(han)
        if value is not None:
            yield Number(value, match.start(), match.end(), False)


def _scale(said: str | None) -> int:
    if not said:
        return 1
    name = said.strip()
    return _MYRIAD.get(name) or _SCALES.get(name) or 1_000


def _digits(said: str) -> float:
    if "/" in said:
        *whole, part = said.replace("-", " ").split()
        above, _, below = part.partition("/")
        return float(*whole or (0,)) + float(above) / (float(below) or 1.0)
    return float(said.replace(",", ""))


def _english(said: str) -> float | None:
    total, current = 0.0, 0.0
    words = _SPLIT.split(said)
    for at, word in enumerate(words):
        if word in _UNITS or word in _TENS:
            current += _UNITS.get(word, 0) + _TENS.get(word, 0)
        elif word in _SCALES:
            current = (current or 1.0) * _SCALES[word]
            if _SCALES[word] >= 1_000:
                total, current = total + current, 0.0
        elif word in _PARTS:
            if "dozen" in words[at:]:
                return 6.0
            current += _PARTS[word]
    value = total + current
    return int(value) if value == int(value) else value


def _chinese(said: str) -> float | None:
    whole, point, after = said.partition("点")
    half = whole.endswith("半")
    value = _han(whole.rstrip("半")) if whole.rstrip("半") else 0
    if value is None:
        return None
    if point:
        value += float("0." + "".join(str(_DIGIT[char]) for char in after))
    return value + 0.5 if half else value


def _han(said: str) -> float | None:
    """A Chinese whole number: by places (三百五十, 两千五), or digit by digit (二〇二四)."""
    if "半" in said:
        return None
    if len(said) > 1 and all(char in _DIGIT for char in said):
        return int("".join(str(_DIGIT[char]) for char in said))
    total, section, digit, last = 0, 0, 0, 1
    for char in said:
        if char in _DIGIT:
            digit = _DIGIT[char]
            last = 1 if char in "零〇" else last
        elif char in _PLACE:
            section += (digit or 1) * _PLACE[char]
            digit, last = 0, _PLACE[char]
        else:
            total = (total + section + digit or 1) * _MYRIAD[char]
            section, digit, last = 0, 0, _MYRIAD[char]
    if digit and last >= 100:
        digit = digit * last // 10
    return total + section + digit
