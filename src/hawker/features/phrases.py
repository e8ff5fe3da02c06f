"""The phrases of a shop: words, and runs of words that stand together more often than chance has it.

Learned from titles alone, in Chinese and English; a run is kept where its words attract each other
(normalised pointwise mutual information, Bouma 2009) and where it is not merely part of a longer one
(the C-value of Frantzi, Ananiadou and Mima 2000).
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from math import log

LONGEST = 3
"""Words of a phrase."""
TITLES = 20_000
"""Titles that phrases are learned from; of larger catalogues every n-th is taken."""
_LEAST, _TOGETHER = 2, 3  # titles that hold a word, and a run of words
_ATTRACTED = 0.3
_NESTED = 0.5  # the share of a run's places that must not lie in a longer phrase
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PART = re.compile(rf"[A-Za-z]?[{_HAN}]+|[^\W\d_{_HAN}][^\W_{_HAN}]*(?:-[^\W_{_HAN}]+)*|\S")
_POSSESSIVE = re.compile(r"['’]s?\b")
_IDEOGRAPHS = re.compile(f"[{_HAN}]")
_IDLE_WORDS = """
a an and are as at be by for from in into is it its of on or our per so that the their this to up with
you your pack new set size style type color colour piece pieces inch inches count pcs oz ml kg g l x
only other all mini each extra non misc assorted regular may vary
的 了 和 与 及 或 在 是 为 可 有 不 款 新款 型 个 件 只 套 装 包 盒 支 片 条 双 张 本 适用 专用 正品 包邮
厘米 毫米 毫升 克 升 米 瓦 毫安
"""
_IDLE = frozenset(_IDLE_WORDS.split())

Words = tuple[str, ...]


class Phrases:
    """Which runs of words are phrases of this shop; `fit` learns them."""

    def __init__(self, kept: Iterable[Words]) -> None:
        self._kept = frozenset(kept)

    def __len__(self) -> int:
        return len(self._kept)

    @classmethod
    def fit(cls, titles: Iterable[str]) -> Phrases:
        """Learn from titles; equal titles count once."""
        distinct = sorted(set(titles))
        runs = [run for title in distinct[:: max(1, len(distinct) // TITLES)] for run in _runs(title)]
        counts = Counter(gram for run in runs for gram in _grams(run))
        words = sum(count for gram, count in counts.items() if len(gram) == 1)
        kept = {
            gram
            for gram, count in counts.items()
            if (count >= _LEAST if len(gram) == 1 else count >= _TOGETHER) and _attracted(gram, counts, words)
        }
        inside = Counter[Words]()
        for gram in kept:
            for part in _grams(gram):
                if len(part) < len(gram):
                    inside[part] = max(inside[part], counts[gram])
        return cls(gram for gram in kept if len(gram) == 1 or inside[gram] < (1 - _NESTED) * counts[gram])

    def of(self, text: str) -> list[str]:
        """The phrases of a text, each once, longer ones before those inside them.

        >>> shop = Phrases.fit(["trail running shoe", "trail running vest", "trail running cap"])
        >>> shop.of("Red trail running sock")
        ['trail running', 'trail', 'running']
        """
        grams = (gram for run in _runs(text) for gram in _grams(run) if gram in self._kept)
        return list(dict.fromkeys(map(said, sorted(grams, key=len, reverse=True))))


def said(words: Words) -> str:
    """Words as they are written together.

    >>> said(("trail", "running")), said(("跑步", "鞋")), said(("usb", "数据线"))
    ('trail running', '跑步鞋', 'usb数据线')
    """
    text = words[0]
    for word in words[1:]:
        plain = not (_IDEOGRAPHS.match(word) or _IDEOGRAPHS.match(text[-1]))
        text += f" {word}" if plain else word
    return text


def _runs(text: str) -> Iterator[Words]:
    """Words between marks, numbers and idle words; runs are never looked for across these."""
    words: list[str] = []
    plain = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", text[:1_000]))
    for part in _PART.findall(plain):
        for word in _cut(part):
            if word in _IDLE or not word[0].isalpha() or (len(word) == 1 and word.isascii()):
                if words:
                    yield tuple(words)
                words = []
            else:
                words.append(word)
    if words:
        yield tuple(words)


def _cut(part: str) -> list[str]:
    if not _IDEOGRAPHS.match(part[-1]):
        return [_singular(part.lower())]
    import rjieba

    return [word.lower() for word in rjieba.cut(part)]


def _singular(word: str) -> str:
    """An English plural as its singular, where that is plain to see.

    >>> [_singular(word) for word in ("shoes", "berries", "boxes", "glass", "bus", "puzzles")]
    ['shoe', 'berry', 'box', 'glass', 'bus', 'puzzle']
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and word[-2] not in "sui":
        return word[:-1]
    return word


def _grams(run: Words) -> Iterator[Words]:
    for length, at in itertools.product(range(1, LONGEST + 1), range(len(run))):
        if at + length <= len(run):
            yield run[at : at + length]


def _attracted(gram: Words, counts: Counter[Words], words: int) -> bool:
    """Whether the parts of a run come together more often than chance has it, at every seam.

    A single ideograph says too little to be a phrase.
    """
    if len(gram) == 1:
        return len(gram[0]) > 1
    joint = counts[gram] / words
    for seam in range(1, len(gram)):
        apart = (counts[gram[:seam]] / words) * (counts[gram[seam:]] / words)
        if log(joint / apart) / -log(joint) < _ATTRACTED:
            return False
    return True
