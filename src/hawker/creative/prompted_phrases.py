"""A product's own phrases: where one may begin and end, and the lines that can be made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from hawker.creative.prompted_asked import data, facts, prompts
from hawker.records.draft import Brief

_SENTENCE = re.compile(r"\s*[|•·●★✔✓\n]\s*|(?<=[.!?;])\s+|\s+[-–—]\s+|[。！？；;]")
_CLAUSE = re.compile(r"[，、,:：]")
_HEADING = re.compile(r"^[^a-z\u3400-\u9fff]{3,40}[:：]\s*|^[\w &'-]{2,30}:\s+")
_HARD = re.compile(r"[^\w\s'’%&.,+/-]")
_LOUD = re.compile(r"^[A-Z0-9'’&,.+/-]{4,}$")
_FEWEST = 2  # words of a phrase
_LEAST = 6  # characters of one
_MOST = 400  # characters of a sentence that is read
_DIGITS = re.compile(r"\d")
_NAMED = re.compile(r"[^\W\d_]{2,}")
_NUMBER = re.compile(r"^[\d.,/]+$")
_INCHES = re.compile(r"(\d)\s*[\"”″](?:\s*inch(?:es)?\b)?")


@dataclass(frozen=True)
class Run:
    """A phrase that may be said up to several places: `pieces` follow each other, the first always said.

    A piece that goes on begins with what parts it from the one before: a blank, or a comma and a blank.
    """

    pieces: tuple[str, ...]

    def longest(self, width: int) -> tuple[str, ...]:
        """As many pieces as fit."""
        ends = accumulate(len(piece) for piece in self.pieces)
        return tuple(piece for piece, end in zip(self.pieces, ends, strict=True) if end <= width)

    def pattern(self, width: int) -> str:
        """The phrase as a regular expression in which each further piece may be left off; '' if too long."""
        made = ""
        for piece in reversed(self.longest(width)):
            made = _plain(piece) + (f"({made})?" if made else "")
        return made


def sentences(brief: Brief, *, language: str) -> list[str]:
    """What the product's title, values and description say, sentence by sentence, without asides."""
    told = facts(brief.product)
    aside = re.compile(prompts(language)["small"]["aside"].strip(), re.I)
    barred = [data(word).casefold() for word in brief.avoid if word.strip()]
    values = [told[name] for name in told if name not in _SAID]
    found = []
    for text in (told.get("title", ""), brief.product.description[:20_000], *values):
        for part in _SENTENCE.split(text):
            plain = _HEADING.sub("", " ".join(_INCHES.sub(r"\1 inch ", data(part, most=_MOST)).split()))
            plain = plain.strip(" .,;:!?-")
            if plain and not aside.search(plain) and not any(word in plain.casefold() for word in barred):
                found.append(plain)
    return list(dict.fromkeys(found))


_SAID = frozenset({"title", "description", "category", "condition"})


def runs(sentence: str, *, language: str) -> list[Run]:
    """The phrases of a sentence."""
    if language == "zh":
        clauses = [clause.strip() for clause in _CLAUSE.split(sentence)]
        return [Run((clause,)) for clause in clauses if len(clause) >= _FEWEST and not _HARD.search(clause)]
    told = sentence.rpartition(":")[2]  # what stands before a colon is a name of what follows
    return [run for part in _HARD.split(told) for run in _english(part.split())]


def line(found: Sequence[Run], *, width: int, language: str, most: int = 3, head: Sequence[Run] = ()) -> str:
    """A pattern of lines no wider than `width`: one phrase, or up to `most` of them joined; '' for none.

    With a `head` every line begins with that.
    """
    alone = _either(head or found, width)
    joins = prompts(language)["small"]["joins"]
    longest = max(map(len, joins))
    said = [alone] if alone else []
    for count in range(2, most + 1):
        each = (width - longest * (count - 1)) // count
        if each < 2 * _LEAST and language == "en":
            break
        if among := _either(found, each):
            rest = f"({'|'.join(map(_plain, joins))})({among})"
            first = _either(head, each) if head else among
            said += [f"({first})" + rest * (count - 1)] if first else []
    return f"^({'|'.join(said)})$" if said else ""


def tails(sentence: str) -> list[Run]:
    """A title from any of its words to the end, which names the thing: for where the whole is too wide."""
    words = _HARD.split(sentence)[0].split()
    kept = [place for place in range(len(words)) if words[place].casefold() not in _words("loose")]
    made = (" ".join(words[place:]).rstrip(",.-") for place in kept)
    return [Run((text,)) for text in made if len(_NAMED.findall(text)) >= _FEWEST]


def _english(words: Sequence[str]) -> Iterator[Run]:
    loose, before, needs, denies = (_words(name) for name in ("loose", "before", "needs", "denies"))

    def bare(place: int) -> str:
        return words[place].strip(",.'’-").casefold()

    def starts(place: int) -> bool:
        return bare(place) not in loose and (
            place == 0 or bare(place - 1) in loose or words[place - 1].endswith(",")
        )

    def ends(place: int) -> bool:
        if bare(place) in loose or words[place].endswith("+"):
            return False
        if _NUMBER.match(words[place]) and place + 1 < len(words):
            return False
        if place + 1 == len(words) or words[place].endswith(","):
            return True
        return bare(place + 1) in before and not (
            bare(place) in needs or bare(place).endswith(("ed", "ing", "es"))
        )

    denied = next((place for place in range(len(words)) if bare(place) in denies), len(words))
    for start in filter(starts, range(min(len(words), denied))):
        if run := _run(words, start, ends):
            yield run


def _run(words: Sequence[str], start: int, ends: Callable[[int], bool]) -> Run | None:
    """The phrase from a word on, cut where it may end; nothing of one shouted or too short."""
    pieces: list[str] = []
    begun = start
    for place in range(start, len(words)):
        if place > 0 and _loud(words[place]) and _loud(words[place - 1]):
            break
        long = place + 1 - start >= _FEWEST and len(" ".join(words[start : place + 1])) >= _LEAST
        if ends(place) and long:
            joint = ", " if begun and words[begun - 1].endswith(",") else " "
            piece = " ".join(words[begun : place + 1]).rstrip(",.-")
            pieces.append(joint * bool(pieces) + piece)
            begun = place + 1
    named = len(_NAMED.findall(pieces[0])) >= _FEWEST if pieces else False
    return Run(tuple(pieces)) if named else None


def _loud(word: str) -> bool:
    return bool(_LOUD.match(word)) and not _DIGITS.search(word)


def _either(found: Sequence[Run], width: int) -> str:
    made = (run.pattern(width) for run in found)
    return "|".join(dict.fromkeys(text for text in made if text))


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(prompts("en")["small"][name].split())


def _plain(text: str) -> str:
    return re.sub(r"([.+])", r"\\\1", text)
