"""What a question asks for: its kinds, fields and topics, found by cues beside whatever product it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hawker.answers.lexicon import Lexicon, Pattern, places
from hawker.answers.naming import MARK, Token, content
from hawker.language.analysis import ideographic

LONGEST = 2_000
_MEASURED = ("weight", "capacity", "load", "battery", "power", "nutrition", "pages", "pack", "area")
_OFFERED = re.compile(r"availab\w*|come in|do you (?:have|sell|carry|stock)|have you got|有货|有没有货|现货")
_NUMBERED = re.compile(r"how many|多少|几")


@dataclass(frozen=True)
class Asked:
    """A question, read. `rest` is it in plain spelling with a mark where a product is named.

    `fields` are the things asked for, in order; `least` and `most` the fields that products are compared by;
    `words` what is said beside all that.
    """

    rest: str
    language: str
    kinds: frozenset[str]
    fields: tuple[str, ...]
    topics: tuple[str, ...]
    aspects: frozenset[str]
    modifiers: tuple[str, ...]
    least: tuple[str, ...]
    most: tuple[str, ...]
    again: bool
    words: tuple[Token, ...]
    numbered: bool = False

    @property
    def compares(self) -> bool:
        """Whether products are to be compared."""
        return bool(self.kinds & {"compare", "gap"} or self.least or self.most)


def language(text: str, *, before: str = "", shop: str = "en") -> str:
    """The language a question is asked in: Chinese where any ideograph frames it.

    >>> language("iPhone 15 多少钱"), language("How much is it?")
    ('zh', 'en')
    """
    han = sum(1 for letter in text if ideographic(letter))
    latin = len(re.findall(r"[A-Za-z]{2,}", text))
    if han or latin:
        return "zh" if han >= max(1, latin // 2) else "en"
    return before or shop


def read(rest: str, words: Lexicon, *, language: str) -> Asked:
    """Read a question in plain spelling, in which products are masked."""
    fields = _fields(rest, words)
    present = words.kinds["regular"].sub(" ", rest)
    kinds = {name for name, cues in words.kinds.items() if cues.search(present)}
    if present != rest:
        kinds.add("regular")
    if kinds & {"regular", "saving", "reduced"} and "price" not in fields:
        fields = (*fields, "price")
    return Asked(
        rest=rest,
        language=language,
        kinds=frozenset(kinds),
        fields=fields,
        topics=_found(rest, words.topics),
        aspects=frozenset(_found(rest, words.aspects)),
        modifiers=_found(present, words.modifiers),
        least=_found(rest, words.least),
        most=_found(rest, words.most),
        again=words.again.search(rest) is not None,
        words=tuple(token for token in content(rest, words) if token.text != MARK),
        numbered=_NUMBERED.search(rest) is not None,
    )


def _found(text: str, patterns: Mapping[str, Pattern]) -> tuple[str, ...]:
    return tuple(name for name, cues in patterns.items() if cues.search(text))


def _fields(text: str, words: Lexicon) -> tuple[str, ...]:
    """The fields whose cues stand in a text, the longest cue first where several overlap."""
    spans = [
        (start, end, name)
        for name, concept in words.fields.items()
        for start, end in places(concept.cues, text)
    ]
    kept: list[tuple[int, int, str]] = []
    for start, end, name in sorted(spans, key=lambda one: one[0] - one[1]):
        inside = [one for one in kept if one[0] <= start and end <= one[1]]
        if all(one[:2] == (start, end) for one in inside):
            kept.append((start, end, name))
    found = list(dict.fromkeys(name for _, _, name in sorted(kept)))
    if "price" in found and any(name in found for name in _MEASURED) and not _sum(text):
        found.remove("price")
    if "stock" in found and {"color", "size"} & set(found) and _OFFERED.search(text):
        found.remove("stock")
    return tuple(found)


def _sum(text: str) -> bool:
    """Whether money is meant, and not any other amount."""
    return re.search(r"price|cost|pay|expensive|钱|价|元", text) is not None
