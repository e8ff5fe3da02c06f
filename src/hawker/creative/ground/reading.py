"""How a text is read before it is traced: one spelling for each character, and where each one stood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 20_000
"""Characters of a text that are read."""
HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:['.&][^\W_{HAN}]+)*")
_LETTERS = re.compile(rf"[^\W\d_{HAN}]+")
_SPELT = {
    **dict.fromkeys("“”„‟″＂", '"'),
    **dict.fromkeys("‘’‚‛′＇", "'"),
    **dict.fromkeys("‐‑﹣－", "-"),
    **dict.fromkeys("–—―−", "–"),
    **dict.fromkeys("×✕✖╳＊", "×"),
    "½": " 1/2",
    "¼": " 1/4",
    "¾": " 3/4",
    "⅓": " 1/3",
    "⅔": " 2/3",
    "⅛": " 1/8",
    "…": "…",
    "㎡": "平方米",
    "廿": "二十",
    "卅": "三十",
    "，": ", ",
    "\u200b": "",
    "\ufeff": "",
    "\ufe0f": "",
}
_FORMAL = re.compile(
    "[壹贰叁肆伍陆柒捌玖拾佰仟]{2,}|[壹贰叁肆伍陆柒捌玖](?=[零萬折元克件斤公毫米升盒瓶年月日天倍级])"
)
_PLAIN = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in one spelling, `low` in lower case, as long as `text`; `places` leads back to `raw`."""

    raw: str
    text: str
    low: str
    places: Sequence[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The characters of `raw` that stand for these of `text`."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1 if end > start else self.places[start]


def read(raw: str) -> Reading:
    """A text as it is read: full width as half, quotes and dashes alike.

    >>> read("５００ＭＬ　１２″").low
    '500ml 12"'
    """
    raw = raw[:LONGEST]
    if raw.isascii():
        return Reading(raw, raw, raw.lower())
    parts: list[str] = []
    places: list[int] = []
    for at, char in enumerate(raw):
        spelt = char if char < "\u0080" else _spelt(char)
        parts.append(spelt)
        places.extend([at] * len(spelt))
    text = _FORMAL.sub(lambda match: match.group().translate(_PLAIN), "".join(parts))
    places.append(len(raw))
    return Reading(raw, text, _lower(text), places)


@lru_cache(maxsize=20_000)
def _spelt(char: str) -> str:
    known = _SPELT.get(char)
    return unicodedata.normalize("NFKC", char) if known is None else known


def _lower(text: str) -> str:
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without the ending of a plural or a possessive: what two spellings of one thing share.

    >>> stem("batteries"), stem("boxes"), stem("glass"), stem("Rubie's".lower()), stem("棉")
    ('battery', 'box', 'glass', 'rubie', '棉')
    """
    if word.endswith("'s"):
        word = word[:-2]
    if not word.isascii() or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def words(low: str) -> list[tuple[str, int, int]]:
    """The Latin words and numbers of a lower-case text and its runs of ideographs, with their places."""
    return [(match.group(), match.start(), match.end()) for match in WORD.finditer(low)]


def latin(text: str) -> bool:
    """Whether a text has any letters that are not ideographs."""
    return _LETTERS.search(text) is not None
