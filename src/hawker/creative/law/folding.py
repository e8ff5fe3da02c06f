"""One spelling for the many a claim may hide in: what the patterns of the law are matched against.

Full-width letters, traditional characters, small circles round digits, separators put between the
characters of a forbidden word ('最 佳', 'b.e.s.t'): all are folded away, and each character of what is
left remembers where it stood.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

HAN = "\u3400-\u9fff"
LETTERS = {"en": re.compile("[a-z]"), "zh": re.compile(f"[{HAN}]")}
_QUOTES = dict.fromkeys("’‘ʼ`´＇", "'") | dict.fromkeys("“”„«»「」『』＂", '"')
_DASHES = dict.fromkeys("‐‑‒–—―−－﹣", "-")
_BLANKS = dict.fromkeys("\t\n\r\v\f\u00a0\u2002\u2003\u2009\u202f\u3000", " ")
_CIRCLES = {chr(0x2460 + at): str(at + 1) for at in range(9)} | {"№": "#", "％": "%", "蕞": "最", "朂": "最"}
_HIDDEN = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u2060\ufeff\ufe0e\ufe0f]+")
_BETWEEN = re.compile(rf"(?<=[{HAN}])[ ·•・．.*_|/~^+\-]{{1,3}}(?=[{HAN}])")
_SPELLED = re.compile(r"(?<![a-z0-9])[a-z](?:[ .*_\-][a-z]){2,}(?![a-z0-9])")
_SEPARATOR = re.compile(r"[ .*_\-]")
_SPACES = re.compile(" {2,}")
_JOINT = re.compile(r"(?<=[a-z])-(?=[a-z])")


@dataclass(frozen=True)
class Folded:
    """`text` folded; `places[i]` is where its character i stood, one more at the end for the end."""

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the folded characters `start` to `end` stood."""
        return self.places[start], self.places[end - 1] + 1 if end > start else self.places[start]


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    """Characters that are read as others, one for one."""
    wide = {chr(0xFF01 + at): chr(0x21 + at) for at in range(94)}
    pairs = resources.files(__package__).joinpath("data/traditional.txt").read_text("utf-8").split()
    return str.maketrans(wide | {pair[0]: pair[1] for pair in pairs} | _QUOTES | _DASHES | _BLANKS | _CIRCLES)


def _composed(text: str) -> str:
    """Letters in the shapes of mathematics and circles as plain ones, one for one."""
    return "".join(
        made if char > "\u2000" and len(made := unicodedata.normalize("NFKC", char)) == 1 else char
        for char in text
    )


def _without(text: str, places: list[int], pattern: re.Pattern[str], keep: int = 0) -> tuple[str, list[int]]:
    """The text without what matches, but for its first `keep` characters."""
    kept: list[str] = []
    where: list[int] = []
    last = 0
    for match in pattern.finditer(text):
        kept.append(text[last : match.start() + keep])
        where += places[last : match.start() + keep]
        last = match.end()
    return "".join([*kept, text[last:]]), where + places[last:]


def _spelled(text: str, places: list[int]) -> tuple[str, list[int]]:
    """'b e s t' as 'best': the separators within words spelled letter by letter go."""
    inner = [
        match.start() + gap.start()
        for match in _SPELLED.finditer(text)
        for gap in _SEPARATOR.finditer(match.group())
    ]
    if not inner:
        return text, places
    gone = frozenset(inner)
    kept = [at for at in range(len(text)) if at not in gone]
    return "".join(text[at] for at in kept), [places[at] for at in kept]


@lru_cache(maxsize=4096)
def fold(text: str) -> Folded:
    """A text in the spelling that patterns are written for.

    >>> fold("最 佳！Ｂｅｓｔ-in-class").text
    '最佳!best in class'
    """
    plain = (text if text.isascii() else _composed(text)).translate(_table())
    lower = plain.lower()
    if len(lower) != len(text):
        lower = "".join(char.lower()[:1] or char for char in plain)
    places = list(range(len(text)))
    lower, places = _without(lower, places, _HIDDEN)
    lower, places = _without(lower, places, _BETWEEN)
    lower, places = _spelled(lower, places)
    lower = _JOINT.sub(" ", lower)
    lower, places = _without(lower, places, _SPACES, keep=1)
    return Folded(lower, (*places, len(text)))
