"""Claims in words held against a product: awards, comparisons, effects, contents, origins, promises."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hawker.creative.ground.amounts import amounts
from hawker.creative.ground.claim import Claim
from hawker.creative.ground.facts import MEANINGS, Grounds, compact, root
from hawker.creative.ground.patterns import listed, patterns
from hawker.creative.ground.reading import HAN, words
from hawker.creative.ground.vocabulary import vocabulary

_CLAIMS = {"contains": "ingredient", "free_from": "ingredient", "made_of": "material", "share": "number"}
"""What it is that a pattern's own name claims."""
_EMPTY = listed("empty")
_HAN_EMPTY = re.compile("[的了是为获有更很也还就都在和与及或荣请才]+")
SOFT = listed("soft")
"""What a thing is made of or comes from in a manner of speaking only: love, 大自然."""


def claimed(low: str, cut: list[tuple[str, int, int]], held: Grounds) -> Iterator[Claim]:
    """The claims of a lower-case text, `cut` into words, that the product's words do not bear out."""
    for hit in vocabulary("claims").find(low, cut):
        if not said(low[hit.start : hit.end], held):
            yield Claim(hit.meaning.removesuffix("_zh"), hit.start, hit.end)
    for name, pattern in patterns("claims", low):
        for match in pattern.finditer(low):
            span = _named(match)
            part = low[span[0] : span[1]] if span else ""
            if (
                span
                and not said(
                    _promised(match.group()) if name == "warranty" else match.group(), held, part=part
                )
                and not (name in _CLAIMS and _meant(part, held))
            ):
                yield Claim(_CLAIMS.get(name, name), *span)


def _promised(phrase: str) -> str:
    """A promise without how long it lasts, which is looked at as a number: two years are 24 months."""
    for one in reversed(amounts(phrase)):
        if one.kind == "measure":
            phrase = phrase[: one.start] + phrase[one.end :]
    return phrase.strip(" -")


def _meant(part: str, held: Grounds) -> bool:
    """Whether what is named means what the product says in other words (wood, wooden)."""
    cut = words(part)
    found = [(name, hit.meaning) for name in MEANINGS for hit in vocabulary(name).find(part, cut)]
    return bool(found) and all(meaning in held.meanings[name] for name, meaning in found)


def said(phrase: str, held: Grounds, *, part: str = "") -> bool:
    """Whether every telling word of a phrase (or of the `part` of it that is claimed) is the product's.

    >>> from hawker.creative.ground.facts import grounds
    >>> from hawker.records.catalogue import Product
    >>> toy = grounds(Product("1", "Kite, winner of the Toy Prize 2021", description="获红点奖"))
    >>> said("toy prize winner", toy), said("red dot winner", toy), said("红点奖", toy)
    (True, False, True)
    """
    if phrase in held.low:
        return True
    telling = [word for word, _, _ in words(part or phrase) if word not in _EMPTY]
    if part in ("", phrase) and all(word.isdigit() for word in telling):
        return not telling
    return all(_word_said(word, held) for word in telling)


def _word_said(word: str, held: Grounds) -> bool:
    if re.match(f"[{HAN}]", word):
        return compact(word) in held.compact or all(
            len(piece) > 1 and piece in held.compact for piece in _HAN_EMPTY.split(word) if piece
        )
    return root(word) in held.roots or word in held.raw or compact(word) in held.codes


def _named(match: re.Match[str]) -> tuple[int, int] | None:
    """Where what is claimed stands in a match; None where it is but a manner of speaking."""
    for name, value in match.groupdict().items():
        if value is not None:
            if value in SOFT or value.split()[-1] in SOFT or value.split()[0] in SOFT:
                return None
            return match.span(name)
    return match.span()
