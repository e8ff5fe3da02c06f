"""Which keywords a query holds: words cut alike on both sides, found by look-up and never by trying each.

Letters are compared after NFKC and case folding, English plurals with their singular; Chinese is cut
into words. An exact keyword is the whole query, a phrase stands in it in a row from one word's border
to another's, of a broad one every word is in it somewhere. Exact implies phrase, phrase implies broad.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from hawker.records.campaign import Keyword, Match

LONGEST = 400
"""Characters of a query that are looked at."""
_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PART = re.compile(rf"[{_HAN}]+|\d+(?:[.,]\d+)+|[^\W_{_HAN}]+")
_PLURAL = re.compile(r"[a-z]{3,}s")
_WITH_E = ("sses", "xes", "ches", "shes", "atoes")
_SINGULAR_ENDS = ("ss", "us", "is")


@dataclass(frozen=True)
class Words:
    """A text as it is compared: `text` in one spelling, the words in it (those within longer words

    too), and the borders in `text` at which words begin and end, ascending.
    """

    text: str
    whole: tuple[str, ...]
    within: frozenset[str]
    begins: tuple[int, ...]
    ends: tuple[int, ...]


@lru_cache(maxsize=8192)
def words(text: str) -> Words:
    """Cut a text into words.

    >>> words("Running SHOES 跑步鞋").text
    'running shoe 跑步鞋'
    """
    parts: list[str] = []
    whole: list[str] = []
    spans: set[tuple[int, int]] = set()
    at, before = 0, ""
    for part in _PART.findall(unicodedata.normalize("NFKC", text[:LONGEST]).casefold()):
        ideographs = re.match(f"[{_HAN}]", part) is not None
        if before and not (ideographs and before == "han"):
            parts.append(" ")
            at += 1
        before = "han" if ideographs else "other"
        if ideographs:
            plain, finer = _cut(part)
            whole += plain
            spans.update((at + first, at + last) for first, last in finer)
        else:
            part = _singular(part)
            whole.append(part)
            spans.add((at, at + len(part)))
        parts.append(part)
        at += len(part)
    joined = "".join(parts)
    return Words(
        text=joined,
        whole=tuple(whole),
        within=frozenset(joined[first:last] for first, last in spans),
        begins=tuple(sorted({first for first, _ in spans})),
        ends=tuple(sorted({last for _, last in spans})),
    )


def key(keyword: Keyword) -> tuple[Match, str]:
    """What a keyword is looked up by: keywords that are spelt differently but mean the same have one key."""
    return keyword.match, words(keyword.text).text


class Glossary:
    """All keywords of a shop's campaigns, ready to be found in a query."""

    def __init__(self, keywords: Iterable[Keyword]) -> None:
        self._exact: set[str] = set()
        self._phrases: set[str] = set()
        self._broad: set[str] = set()
        self._by_word: dict[str, list[tuple[str, frozenset[str]]]] = {}
        broad: dict[str, frozenset[str]] = {}
        for keyword in keywords:
            cut = words(keyword.text)
            if not cut.text:
                continue
            if keyword.match is Match.EXACT:
                self._exact.add(cut.text)
            elif keyword.match is Match.PHRASE:
                self._phrases.add(cut.text)
            else:
                broad[cut.text] = frozenset(cut.whole)
        self._broad.update(broad)
        self._longest = max((len(text) for text in (*self._phrases, *broad)), default=0)
        self._file(broad)

    def __bool__(self) -> bool:
        return bool(self._exact or self._phrases or self._broad)

    def found(self, query: str) -> list[tuple[Match, str]]:
        """The keys of the keywords that a query holds."""
        if not (query and self):
            return []
        cut = words(query)
        keys = {(Match.EXACT, cut.text)} if cut.text in self._exact else set()
        for text in self._rows(cut):
            if text in self._phrases:
                keys.add((Match.PHRASE, text))
            if text in self._broad:
                keys.add((Match.BROAD, text))
        for word in cut.within:
            for text, needed in self._by_word.get(word, ()):
                if needed <= cut.within:
                    keys.add((Match.BROAD, text))
        return sorted(keys)

    def _file(self, broad: dict[str, frozenset[str]]) -> None:
        """File each broad keyword under the rarest of its words, so that few are tried."""
        often: dict[str, int] = {}
        for needed in broad.values():
            for word in needed:
                often[word] = often.get(word, 0) + 1
        for text, needed in broad.items():
            rarest = min(needed, key=lambda word: (often[word], word))
            self._by_word.setdefault(rarest, []).append((text, needed))

    def _rows(self, cut: Words) -> Iterable[str]:
        """All stretches of a query from the beginning of a word to the end of one, no longer than needed."""
        for first in cut.begins:
            for last in cut.ends:
                if first < last <= first + self._longest:
                    yield cut.text[first:last]


def _singular(word: str) -> str:
    """An English plural as its singular, by its ending alone; the same on both sides is what counts.

    >>> [_singular(word) for word in ("shoes", "boxes", "houses", "potatoes", "glass", "gas")]
    ['shoe', 'box', 'house', 'potato', 'glass', 'gas']
    >>> _singular("cookies") == _singular("cookie") and _singular("berries") == _singular("berry")
    True
    """
    if word.endswith(("ies", "ie")) and len(word) > 4 and word.isascii():
        return word[: word.rindex("ie")] + "y"
    if not _PLURAL.fullmatch(word) or word.endswith(_SINGULAR_ENDS):
        return word
    return word[:-2] if word.endswith(_WITH_E) else word[:-1]


def _cut(run: str) -> tuple[list[str], list[tuple[int, int]]]:
    """The words of a run of ideographs, and the spans of these and of the words within them."""
    cutter = _cutter()
    if cutter is None:
        pairs = [(at, at + 2) for at in range(len(run) - 1)] or [(0, len(run))]
        return [run[first:last] for first, last in pairs], pairs
    spans = [(first, last) for _, first, last in cutter.tokenize(run, "search")]
    return list(cutter.cut(run)), spans


@lru_cache(maxsize=1)
def _cutter() -> Any:
    """The cutter of Chinese words; None where it is not installed: then pairs of characters serve."""
    try:
        return import_module("rjieba")
    except ImportError:
        return None
