"""How people ask, as data: words that frame a question, its kinds, and what stands for each field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from hawker.language.analysis import ideographic, plain, stem

LANGUAGES = ("en", "zh")
Pattern = re.Pattern[str]


@dataclass(frozen=True)
class Concept:
    """Something a product may have: how it is asked for, what catalogues call it, which units it has."""

    name: str
    cues: Pattern
    names: tuple[str, ...] = ()
    units: str = ""


@dataclass(frozen=True)
class Lexicon:
    """Both languages together, for people mix them. All texts are in `analysis.plain` spelling."""

    frames: frozenset[str]
    framing: Pattern
    kinds: Mapping[str, Pattern]
    modifiers: Mapping[str, Pattern]
    fields: Mapping[str, Concept]
    topics: Mapping[str, Pattern]
    aspects: Mapping[str, Pattern]
    least: Mapping[str, Pattern]
    most: Mapping[str, Pattern]
    again: Pattern
    specifics: Mapping[str, Pattern]
    beside: Pattern
    means: Pattern
    every: tuple[Pattern, ...] = ()


@cache
def lexicon() -> Lexicon:
    """The vocabulary that comes with the package."""
    read = {language: _read(language) for language in LANGUAGES}
    english = [plain(word) for word in read["en"]["frames"].split()]
    chinese = sorted({plain(word) for word in read["zh"]["frames"].split()}, key=len, reverse=True)
    topics, fields = _merged(read, "topics"), _concepts(read)
    kinds = _merged(read, "kinds")
    least, most = _merged(read, "least"), _merged(read, "most")
    aspects = _merged(read, "aspects")
    further = (kinds, topics, least, most, aspects)
    cues = (*(one.cues for one in fields.values()), *(cue for held in further for cue in held.values()))
    return Lexicon(
        frames=frozenset(english) | {stem(word) for word in english},
        framing=re.compile("|".join(map(re.escape, chinese))),
        kinds=kinds,
        modifiers=_merged(read, "modifiers"),
        fields=fields,
        topics=topics,
        aspects=aspects,
        least=least,
        most=most,
        again=_listed(read, "again"),
        specifics=_merged(read, "specifics"),
        beside=_listed(read, "beside"),
        means=_listed(read, "means"),
        every=cues,
    )


def places(cues: Pattern, text: str) -> Iterator[tuple[int, int]]:
    """Where cues stand in a text, those that overlap too.

    >>> list(places(re.compile("多久发|发货"), "多久发货"))
    [(0, 3), (2, 4)]
    """
    match = cues.search(text)
    while match is not None:
        if match.end() > match.start():
            yield match.span()
        match = cues.search(text, match.start() + 1)


def _read(language: str) -> dict[str, Any]:
    place = resources.files("hawker.answers") / "vocabulary" / f"{language}.toml"
    return tomllib.loads(place.read_text("utf-8"))


def _merged(read: Mapping[str, Any], part: str) -> dict[str, Pattern]:
    names = dict.fromkeys(name for one in read.values() for name in one[part])
    return {
        name: _pattern([cue for one in read.values() for cue in one[part].get(name, ())]) for name in names
    }


def _listed(read: Mapping[str, Any], part: str) -> Pattern:
    return _pattern([cue for one in read.values() for cue in one[part]["words"]])


def _concepts(read: Mapping[str, Any]) -> dict[str, Concept]:
    names = dict.fromkeys(name for one in read.values() for name in one["fields"])
    found = {}
    for name in names:
        held = [one["fields"].get(name, {}) for one in read.values()]
        called = [plain(word) for one in held for word in one.get("names", ())]
        found[name] = Concept(
            name,
            _pattern([cue for one in held for cue in one.get("cues", ())]),
            tuple(dict.fromkeys(called)),
            next((one["units"] for one in held if "units" in one), ""),
        )
    return found


def _pattern(cues: list[str]) -> Pattern:
    """One pattern of several; those in letters stand as whole words."""
    whole = [cue if _open(cue) else rf"(?<![a-z0-9])(?:{cue})(?![a-z0-9])" for cue in cues]
    return re.compile("|".join(whole) or "$^")


def _open(cue: str) -> bool:
    """Whether a cue has no borders of words: it is in ideographs, or bound to an end."""
    return cue[0] in "^$" or any(ideographic(letter) for letter in cue)
