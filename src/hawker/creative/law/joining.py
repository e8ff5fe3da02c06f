"""Readings by meaning rather than by phrase: words of one family near words of another.

`families.toml` holds the families (what sheds, what weighs, how long it takes), `joins.toml` which of them,
met in one sentence, make which claim. A text is walked once, whatever the number of families.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from hawker.creative.law.folding import HAN

REACH = {"en": 56, "zh": 18}
"""How far apart, in characters, words that make one claim may stand, by the script of the sentence."""
NUMBER = "number"

_ENDS = re.compile(r"[!?;。\n]|\.(?=\s|$)")
_WORD = re.compile(r"[a-z][a-z']*|\d+(?:[.,]\d+)*|%")
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*|[一二三四五六七八九十百千万两]{2,}")
_HAN = re.compile(f"[{HAN}]")

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Join:
    """Families that make a claim together: in this order where `ordered`, else in any."""

    families: tuple[str, ...]
    ordered: bool = False


@dataclass(frozen=True)
class _Families:
    """What each family's words are, ready for one walk over a text.

    English entries stand under their first word, or its beginning where that ends in `*`; Chinese ones under
    their first two characters.
    """

    whole: dict[str, list[tuple[tuple[str, ...], str]]]
    begun: dict[str, list[tuple[tuple[str, ...], str]]]
    han: dict[str, list[tuple[str, str]]]


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(f"data/{name}.toml").read_text("utf-8")


def _entries(block: str) -> Iterator[str]:
    for line in block.split("\n"):
        if line and not line.startswith("# "):
            yield from (entry for part in line.split("|") if (entry := part.strip()))


@lru_cache(maxsize=1)
def _families() -> _Families:
    found = _Families({}, {}, {})
    for name, entry in tomllib.loads(_read("families")).items():
        for words in _entries(entry.get("en", "")):
            first, *rest = words.split()
            index = found.begun if first.endswith("*") else found.whole
            index.setdefault(first.rstrip("*"), []).append((tuple(rest), name))
        for words in _entries(entry.get("zh", "")):
            found.han.setdefault(words[:2], []).append((words, name))
    return found


@lru_cache(maxsize=1)
def joins() -> Mapping[str, tuple[Join, ...]]:
    """The joins that make each claim: one a line, `a + b` in any order, `a > b` in this."""
    return {
        claim: tuple(
            Join(tuple(re.split(r" [+>] ", line)), ordered=" > " in line) for line in _entries(block["of"])
        )
        for claim, block in tomllib.loads(_read("joins")).items()
    }


def names() -> frozenset[str]:
    """The families there are."""
    return frozenset(tomllib.loads(_read("families"))) | {NUMBER}


def _is(word: str, said: str) -> bool:
    return said.startswith(word[:-1]) if word.endswith("*") else said in (word, f"{word}'s")


@lru_cache(maxsize=8192)
def _begins(word: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The English entries whose first word this may be: what has to follow, and the family."""
    families = _families()
    found = list(families.whole.get(word, ()))
    if word.endswith("'s"):
        found += families.whole.get(word[:-2], ())
    for size in range(2, len(word) + 1):
        found += families.begun.get(word[:size], ())
    return tuple(found)


def _english(text: str) -> Iterator[tuple[str, int, int]]:
    """Every family's word in a text, with where it stands."""
    tokens = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]
    for at, (word, start, end) in enumerate(tokens):
        if word[0].isdigit():
            yield NUMBER, start, end
            continue
        for rest, name in _begins(word):
            following = tokens[at + 1 : at + 1 + len(rest)]
            if len(following) == len(rest) and all(
                _is(part, token[0]) for part, token in zip(rest, following, strict=True)
            ):
                yield name, start, following[-1][2] if rest else end


def _chinese(text: str) -> Iterator[tuple[str, int, int]]:
    han = _families().han
    for match in _DIGITS.finditer(text):
        yield NUMBER, match.start(), match.end()
    for at in range(len(text)):
        for size in (1, 2)[: len(text) - at]:
            for word, name in han.get(text[at : at + size], ()):
                if text.startswith(word, at):
                    yield name, at, at + len(word)


@lru_cache(maxsize=512)
def _met(text: str) -> tuple[tuple[int, Mapping[str, Spans]], ...]:
    """By sentence: how far its words reach, and where each family is met."""
    found: list[tuple[int, Mapping[str, Spans]]] = []
    start = 0
    for end in [*(match.start() for match in _ENDS.finditer(text)), len(text)]:
        sentence = text[start:end]
        script = "zh" if _HAN.search(sentence) else "en"
        met: dict[str, list[tuple[int, int]]] = {}
        for name, left, right in (_chinese if script == "zh" else _english)(sentence):
            met.setdefault(name, []).append((start + left, start + right))
        if met:
            found.append((REACH[script], {name: tuple(sorted(spans)) for name, spans in met.items()}))
        start = end + 1
    return tuple(found)


def _near(spans: Spans, left: int, right: int, *, after: bool) -> tuple[int, int] | None:
    """The span that stands nearest to `left`–`right` without touching its words."""
    at = bisect_left(spans, (right, 0))
    best = spans[at] if at < len(spans) else None
    if after:
        return best
    for before in reversed(spans[max(0, at - 4) : at]):
        if before[1] <= left:
            return before if best is None or left - before[1] < best[0] - right else best
    return best


def _joined(join: Join, met: Mapping[str, Spans], reach: int) -> Iterator[tuple[int, int]]:
    first, *others = join.families
    for left, right in met[first]:
        start, end = left, right
        for name in others:
            near = _near(met[name], start, end, after=join.ordered)
            if near is None or near[0] - end > reach or start - near[1] > reach:
                break
            start, end = min(start, near[0]), max(end, near[1])
        else:
            yield start, end


def joined(text: str, claim: str) -> Iterator[tuple[int, int]]:
    """Where words that make a claim together stand in a folded text."""
    for reach, met in _met(text):
        for join in joins().get(claim, ()):
            if all(name in met for name in join.families):
                yield from _joined(join, met, reach)
