"""Names held against a product: brands that are not its own, model numbers that it has not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from hawker.creative.ground.amounts import amounts
from hawker.creative.ground.claim import Claim
from hawker.creative.ground.claimed import SOFT
from hawker.creative.ground.facts import CODE, MEANINGS, Grounds, compact
from hawker.creative.ground.patterns import listed, patterns
from hawker.creative.ground.reading import Reading, latin, stem, words
from hawker.creative.ground.vocabulary import vocabulary

_NAME = r"[A-Z][\w'-]*(?: (?:& |and |of |de |the )?[A-Z][\w'-]*)*"
_CAPITAL = re.compile(r"(?<![\w'-])[A-Z][a-z][\w'-]*|(?<![\w'-])[A-Z]{2,}[\w-]*")
_BEGINS = re.compile(r"(?:^|[.!?:;|·•…。！？：；\n\[(\"【《–]|- )[\s\"'(*_]*$")
_WORDLIKE = re.compile(r"[a-z]{4,}")
_KNOWN = listed("capitalised")
_PLAINLY = listed("plain")
_LOOSE = frozenset({"from", "by", "the", "original", "new"})
_SOFT_STARTS = ("了", "的", "是", *(word for word in SOFT if len(word) > 1 and not word.isascii()))
_PLAIN = re.compile(
    r"^(?:\d+(?:st|nd|rd|th|s|d)|h2o|b2b|24/7|y2k|k9|2-in-1|3-in-1|a4|mp[34]|co2|u\.s\.a?|w/o)$"
)
_COUNTING = re.compile(
    r"\d+(?:[.,]\d+)*(?:[-/x×]?\d+)*(?:-[a-z]+)+|\d+(?:x\d+)+|\d+(?:\.\d+)?(?:[-/]\d+)*[a-z\"']{0,12}"
)
_VERSION = re.compile(
    r"(?<=\w )(?:Pro|Max|Ultra|Plus|Lite|Mini|SE|II|III|IV|VI|VII|VIII|IX|XE|GT|Mk|Mark)"
    r"(?: (?:Max|Plus|Pro|\d+))?(?![\w-])"
)


def named(reading: Reading, cut: list[tuple[str, int, int]], held: Grounds) -> Iterator[Claim]:
    """The brands and models of a text that are not the product's."""
    low = reading.low
    for hit in vocabulary("brands").find(low, cut):
        name = reading.text[hit.start] != low[hit.start] or not low[hit.start].isascii()
        if name and not _ours(low[hit.start : hit.end], held):
            yield Claim("brand", hit.start, hit.end)
    yield from _models(reading, held)
    if latin(reading.text):
        yield from _capitalised(reading, held)
    if not low.isascii():
        yield from _chinese(low, held)


def _ours(name: str, held: Grounds) -> bool:
    """Whether the words of a name are all the product's."""
    return compact(name) in held.compact or all(
        stem(word) in held.stems or word in ("and", "of", "the", "de", "by", "a")
        for word, _, _ in words(name)
    )


def _models(reading: Reading, held: Grounds) -> Iterator[Claim]:
    taken = [(one.start, one.end) for one in amounts(reading.low) if one.kind != "bare"]
    for match in CODE.finditer(reading.low):
        code = match.group()
        if _PLAIN.match(code) or any(start < match.end() and match.start() < end for start, end in taken):
            continue
        if _COUNTING.fullmatch(code) and not reading.text[match.start() : match.end()].isupper():
            continue
        if not _known(code, held):
            yield Claim("model", *match.span())
    for match in _VERSION.finditer(reading.text):
        before = words(reading.low[: match.start()])
        if before and stem(before[-1][0]) in held.stems and not _ours(match.group().lower(), held):
            yield Claim("model", *match.span())


def _known(code: str, held: Grounds) -> bool:
    return compact(code) in held.codes or (len(code) > 4 and compact(code) in held.stems)


def _capitalised(reading: Reading, held: Grounds) -> Iterator[Claim]:
    """Capitalised words inside a sentence that the product does not have: somebody else's name."""
    strange: list[tuple[int, int]] = []
    quiet = 0
    text = reading.text
    for word, start, end in words(reading.low):
        if not word[0].isalpha() or not word[0].isascii() or len(word) < 2:
            continue
        if stem(word) in held.stems or _BEGINS.search(text[max(0, start - 6) : start]):
            continue
        if text[start].isupper() and not _KNOWN & {word, stem(word)} and compact(word) not in held.compact:
            strange.append((start, end))
        elif _WORDLIKE.match(word) and text[start].islower():
            quiet += 1
    titled = len(strange) > 1 and len(strange) > quiet + 1
    for start, end in () if titled else strange:
        if not text[start:end].isupper() or len(text[start:end]) > 4:
            yield Claim("brand", start, end)
    for match in _english().finditer(text):
        group = match.lastgroup or "is"
        start, end = _bare_name(text, *match.span(group))
        loose = titled and match.group().split()[0].lower() in _LOOSE
        if start < end and not loose and not _ours(text[start:end].lower(), held):
            yield Claim("brand", start, end)


def _bare_name(text: str, start: int, end: int) -> tuple[int, int]:
    """A name without the words before it that are capitalised for their place alone (The, Great, Swiss)."""
    while start < end:
        word = text[start:end].split()[0]
        if word.lower().strip(",.'") not in _PLAINLY and word.lower() not in _KNOWN:
            break
        start += len(word)
        start += len(text[start:end]) - len(text[start:end].lstrip())
    return start, end


@lru_cache(maxsize=1)
def _english() -> re.Pattern[str]:
    """What stands around an English name, in either case; the name itself has its capitals."""
    told = (
        dict(patterns("brands", "b"))["en"]
        .pattern.replace("(?:made by", "(?i:made by")
        .replace("(?:quality", "(?i:quality")
    )
    return re.compile(told.replace("NAME", _NAME))


def _chinese(low: str, held: Grounds) -> Iterator[Claim]:
    pattern = dict(patterns("brands", "牌"))["zh"]
    for match in pattern.finditer(low):
        for group, value in match.groupdict().items():
            if value is None or value in SOFT or value.startswith(_SOFT_STARTS):
                continue
            if compact(value) not in held.compact and not _told_otherwise(value):
                yield Claim("brand", *match.span(group))


def _told_otherwise(value: str) -> bool:
    """Whether what stands where a name may stand is an amount, a colour, a material: others look at it."""
    cut = words(value)
    return bool(amounts(value)) or any(any(vocabulary(name).find(value, cut)) for name in MEANINGS)
