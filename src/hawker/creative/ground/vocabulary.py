"""Words that claim something of a product, with what they mean in either language: colours, materials, …

Each vocabulary is a file in `creative/data`: `words` gives what each meaning is called, `above` which wider
meaning a narrower one has, `idle` where a word only looks like one (a red-letter day, 白天).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

import rjieba

from hawker.creative.ground.reading import HAN, stem

_IDEOGRAPH = re.compile(f"[{HAN}]")
_SPLIT = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of a vocabulary in a text: which meaning, and where."""

    meaning: str
    start: int
    end: int


class Vocabulary:
    """The words of one kind, found in a text by their first word or character."""

    def __init__(self, told: Mapping[str, Mapping[str, Any]]) -> None:
        self.latin: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self.han: dict[str, list[tuple[str, str]]] = {}
        self.above = {
            name: (wide,) if isinstance(wide, str) else tuple(wide)
            for name, wide in told.get("above", {}).items()
        }
        for meaning, names in told["words"].items():
            for name in names:
                self._learn(name, meaning)
        for phrases in self.latin.values():
            phrases.sort(key=lambda entry: -len(entry[0]))
        for names in self.han.values():
            names.sort(key=lambda entry: -len(entry[0]))
        idle = told.get("idle", {})
        self.idle_latin = _any(idle.get("en", ()), r"(?<![a-z])(?:{})(?![a-z])")
        self.idle_han = _any(idle.get("zh", ()), "(?:{})")

    def _learn(self, name: str, meaning: str) -> None:
        if _IDEOGRAPH.search(name):
            self.han.setdefault(name[0], []).append((name, meaning))
        else:
            parts = tuple(stem(part) for part in _SPLIT.split(name.lower()))
            self.latin.setdefault(parts[0], []).append((parts, meaning))

    def find(self, low: str, cut: list[tuple[str, int, int]], *, whole: bool = True) -> Iterator[Hit]:
        """Every word of it in a lower-case text that is `cut` into words, the longest at each place.

        Left out are idle ones and, where only `whole` words count, characters of two neighbouring words.
        """
        found = list(self._hits(cut, whole))
        if not found:
            return iter(())
        latin, han = _spans(self.idle_latin, low), _spans(self.idle_han, low)
        return (hit for hit in found if not _inside(hit, han if _IDEOGRAPH.match(low, hit.start) else latin))

    def _hits(self, cut: list[tuple[str, int, int]], whole: bool) -> Iterator[Hit]:
        at = 0
        while at < len(cut):
            word, start, _ = cut[at]
            step = 1
            if _IDEOGRAPH.match(word):
                hits = list(self._in_run(word, start))
                yield from _whole(hits, word, start) if whole and hits else hits
            elif (entry := self._at(cut, at)) is not None:
                step = entry[0]
                yield Hit(entry[1], start, cut[at + step - 1][2])
            at += step

    def _at(self, cut: list[tuple[str, int, int]], at: int) -> tuple[int, str] | None:
        for parts, meaning in self.latin.get(stem(cut[at][0]), ()):
            if len(parts) == 1:
                return 1, meaning
            if all(
                at + step < len(cut) and stem(cut[at + step][0]) == part
                for step, part in enumerate(parts[1:], start=1)
            ):
                return len(parts), meaning
        return None

    def _in_run(self, run: str, start: int) -> Iterator[Hit]:
        at = 0
        while at < len(run):
            for name, meaning in self.han.get(run[at], ()):
                if run.startswith(name, at):
                    yield Hit(meaning, start + at, start + at + len(name))
                    at += len(name) - 1
                    break
            at += 1

    def wider(self, meaning: str) -> set[str]:
        """A meaning and all that are above it."""
        found = {meaning}
        for wide in self.above.get(meaning, ()):
            found |= self.wider(wide)
        return found


def _inside(hit: Hit, spans: list[tuple[int, int]]) -> bool:
    return any(first <= hit.start < last for first, last in spans)


def _whole(hits: list[Hit], run: str, start: int) -> Iterator[Hit]:
    """Hits that are words of a run: 分期 is none in 十分期待, whose words are cut before and behind it."""
    borders = _borders(run)
    for hit in hits:
        first, last = hit.start - start, hit.end - start
        ends = (first in borders) + (last in borders)
        across = any(first < border < last for border in borders)
        if ends == 2 or (last - first > 1 and not across) or (last - first > 2 and ends):
            yield hit


_LEADING = frozenset("含有加用为以是选配")
"""After these a word may begin wherever a cutter cuts."""


@lru_cache(maxsize=20_000)
def _borders(run: str) -> frozenset[int]:
    """Where the words of a run of ideographs begin and end."""
    led = (at + 1 for at, char in enumerate(run) if char in _LEADING)
    return frozenset((0, *led, *accumulate(len(word) for word in rjieba.cut(run))))


def _any(told: object, frame: str) -> re.Pattern[str] | None:
    patterns = list(told) if isinstance(told, list | tuple) else []
    return re.compile(frame.replace("{}", "|".join(patterns))) if patterns else None


def _spans(pattern: re.Pattern[str] | None, low: str) -> list[tuple[int, int]]:
    return [match.span() for match in pattern.finditer(low)] if pattern else []


@lru_cache(maxsize=16)
def vocabulary(name: str) -> Vocabulary:
    """A vocabulary that is packaged.

    >>> colours = vocabulary("colours")
    >>> from hawker.creative.ground.reading import words
    >>> told = "navy and red, 浅灰, a red-letter day"
    >>> [hit.meaning for hit in colours.find(told, words(told))]
    ['navy', 'red', 'grey']
    """
    return Vocabulary(
        tomllib.loads(files("hawker.creative").joinpath("data", f"{name}.toml").read_text("utf-8"))
    )
