"""Whether a text may stand in an ad: words to avoid, coarse ones, personal data, leftovers, broken ends."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files

from hawker.creative.ground.facts import Grounds
from hawker.creative.ground.reading import HAN, Reading, read, words
from hawker.creative.saying import objection
from hawker.privacy import masking
from hawker.records.draft import Objection
from hawker.records.finding import Severity

Found = tuple[str, int, int, Severity]
_ADDRESS = re.compile(
    r"https?://\S+|\bwww\.\S+|\b[a-z0-9-]+\.(?:com|net|org|shop|store|io|co\.uk|cn|com\.cn|de|fr|info|biz|xyz|top|ru|link|ly)\b(?:/\S*)?|"
    r"(?:加|联系|咨询)?(?:微信号?|vx|v信|qq群?|电话|手机号?|热线)[:： ]*[a-z0-9_-]{5,}"
)
_IDENTITY = re.compile(
    r"(?<!\d)\d{17}[\dx](?![\da-z])|(?<!\d)(?:\d{4}[ -]){3}\d{4}(?!\d)|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"
)
_REPEATED_MARK = re.compile(
    r"[!?]{2,}|([,;:、，；：])\1+|。{2,}|\.{4,}|~{2,}|[&+=/\\|#@%^*-]{4,}|…{3,}|—{3,}|!\s+!|(?:★|☆|♥|❤|✓|✔|►|•)\s*(?:★|☆|♥|❤|✓|✔|►|•)+"
)
_REPEATED_WORD = re.compile(
    rf"\b(the|a|an|and|of|in|to|for|with|is|on|at|by|your|our)\s+\1\b|\b([a-z]{{2,}})(?:[\s,]+\2\b){{2,}}|"
    rf"\b([a-z]+(?:\s[a-z]+){{2,6}})[\s,]+\3\b|([{HAN}]{{2,8}})[、,， ]*\4[、,， ]*\4|([{HAN}]{{4,16}})\5"
)
_LINKS = "and|after|upon|for|with|the|from|than|but|into|over"
_REPEATED_PHRASE = re.compile(
    rf"(?<![\w.'-])([a-z0-9][\w'&.-]*(?:\s[\w'&.-]+){{1,6}})\s*[,;:|/.!?–-]+\s*\1(?=\s*(?:$|[,;:.!?|)–]))|"
    rf"(?:^|[,;:.!?|])\s*(?!(?:there|knock|quick|hurry|again)\b)([a-z]{{5,}})\s*[,;:|.!?–-]+\s*\2(?=\s*(?:$|[,;:.!?|]))|"
    rf"(?:^|[,;:.!?|、。])\s*(?!加油|恭喜|欢迎|好[吃喝]|来[了啦])([{HAN}]{{2,16}})\s*[ ,;:.!?|、。]\s*"
    rf"\3(?=\s*(?:$|[,;:.!?|、。]))|"
    rf"(?<![{HAN}])(?![一很真好快笑])([{HAN}]{{3}})\4(?![{HAN}])|"
    rf"\b((?!(?:{_LINKS})\b)[a-z]{{3,}}\s(?!(?:{_LINKS})\b)[a-z]{{3,}})\s+\5\b"
)
"""What is said and at once said again, as the next clause: a step by step, 一步一步 and "so so" are words."""
_CUT = re.compile(
    r"(?:[-–(\[{【《「『<&+/:,;、，：；]|\.\.\.|(?<!…)…|(?<![\w])(?:and|or|with|of|the|a|an|to|by|from|its|our|your|that|which|is|are|plus)|(?<!何)[和与及或])\s*$"
)
_PAIRS = {"(": ")", "[": "]", "【": "】", "《": "》", "「": "」", "『": "』"}
_CLOSING = {close: opening for opening, close in _PAIRS.items()}
_MARKUP = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#\d+);|\[[^\]]+\]\([^)]+\)")
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_ALIKE = re.compile(r"(?=\w*[a-z])(?=\w*[αεικνορτυχ\u0400-\u058f\u13a0-\u13ff])\w+")
_CAPITALS = re.compile(r"\b[A-Z]{3,}(?:\s+[A-Z]{2,}){2,}\b|\b(?:[A-Z][-. ]){3,}[A-Z]\b")
_EDGE = "(?<![a-z0-9]){}(?![a-z0-9])"


def check(
    text: str,
    held: Grounds | None = None,
    *,
    avoid: Iterable[str] = (),
    reader: str = "en",
    whole: bool = True,
) -> tuple[Objection, ...]:
    """What keeps a text out of any ad. What the product itself says so is not held against it where

    it may be true (numbers like a telephone's, capitals). `whole` is False for a word or two (a path, a
    button), which need not end as a sentence does.

    >>> [(one.reason, one.text) for one in check("Buy it now!! Write to jo@example.com and")]
    [('repeated', '!!'), ('personal', 'jo@example.com'), ('cut', 'and')]
    """
    reading = read(text)
    found = [
        *_avoided(reading, tuple(avoid)),
        *_leftover(reading, held),
        *_private(reading, held),
        *_marked(reading),
    ]
    if whole:
        found += _ended(reading)
    found += _shouted(reading, held)
    kept: list[Objection] = []
    for reason, start, end, severity in sorted(set(found), key=lambda one: (one[1], -one[2])):
        if kept and start < kept[-1].end and end <= kept[-1].end:
            continue
        kept.append(
            objection(
                "safety", reason, reader=reader, text=text[start:end], start=start, end=end, severity=severity
            )
        )
    return tuple(kept)


def _avoided(reading: Reading, avoid: Sequence[str]) -> Iterator[Found]:
    for word in avoid:
        pattern = _worded(word)
        if pattern is not None:
            for match in pattern.finditer(reading.low):
                yield ("avoided", *reading.span(*match.span()), Severity.ERROR)


def said(word: str, text: str) -> bool:
    """Whether a text has a word, whatever its case and width.

    >>> said("Rye", "RYE bread"), said("rye", "ryegrass"), said("面包", "黑麦面包")
    (True, False, True)
    """
    pattern = _worded(word)
    return pattern is None or pattern.search(read(text).low) is not None


@lru_cache(maxsize=4_096)
def _worded(word: str) -> re.Pattern[str] | None:
    """Finds a word as a whole where it is of letters, anywhere where it is of ideographs."""
    low = read(word).low.strip()
    if not low:
        return None
    told = re.escape(low).replace(r"\ ", r"\s+")
    return re.compile(_EDGE.replace("{}", told) if low.isascii() else told)


def _leftover(reading: Reading, held: Grounds | None) -> Iterator[Found]:
    for reason, low, pattern in _patterns():
        for match in pattern.finditer(reading.low if low else reading.raw):
            if match.end() > match.start():
                span = reading.span(*match.span()) if low else match.span()
                own = reason == "profanity" and held is not None and match.group() in held.low
                yield (reason, *span, Severity.WARNING if own else Severity.ERROR)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, bool, re.Pattern[str]], ...]:
    told = tomllib.loads(files("hawker.creative").joinpath("data", "safety.toml").read_text("utf-8"))
    made: list[tuple[str, bool, re.Pattern[str]]] = []
    for reason in ("profanity", "prompt"):
        made.append((reason, True, re.compile(_EDGE.replace("{}", f"(?:{'|'.join(told[reason]['en'])})"))))
        made.append((reason, True, re.compile("|".join(told[reason]["zh"]))))
    made.append(("prompt", True, re.compile("|".join(told["prompt"]["marks"]))))
    return tuple(made)


def _private(reading: Reading, held: Grounds | None) -> Iterator[Found]:
    for start, end in masking.personal(reading.low):
        if held is None or reading.low[start:end] not in held.low:
            yield ("personal", *reading.span(start, end), Severity.ERROR)
    for reason, pattern in (("personal", _IDENTITY), ("address", _ADDRESS)):
        for match in pattern.finditer(reading.low):
            if held is None or match.group() not in held.low:
                yield (reason, *reading.span(*match.span()), Severity.ERROR)


def _marked(reading: Reading) -> Iterator[Found]:
    for reason, pattern in (("repeated", _REPEATED_MARK), ("repeated", _REPEATED_WORD), ("markup", _MARKUP)):
        for match in pattern.finditer(reading.low):
            if (
                match.lastindex is None
                or not reading.text[match.end() - 1 - len(match[1] or "") :][1:2].isupper()
            ):
                yield (reason, *reading.span(*match.span()), Severity.ERROR)
    for match in _REPEATED_PHRASE.finditer(reading.low):
        start = match.start(match.lastindex or 0)
        yield ("repeated", *reading.span(start, match.end()), Severity.ERROR)
    for match in _ALIKE.finditer(reading.low):
        yield ("lookalike", *reading.span(*match.span()), Severity.ERROR)
    for match in _HIDDEN.finditer(reading.raw):
        yield ("hidden", *match.span(), Severity.ERROR)


def _ended(reading: Reading) -> Iterator[Found]:
    """A text that stops in the middle: at a comma, at a word that wants another, inside brackets."""
    match = _CUT.search(reading.low)
    if match is not None:
        yield ("cut", *reading.span(*match.span()), Severity.ERROR)
    opened: list[tuple[str, int]] = []
    for at, char in enumerate(reading.text):
        if char in _PAIRS:
            opened.append((char, at))
        elif char in _CLOSING and opened and opened[-1][0] == _CLOSING[char]:
            opened.pop()
    for _, at in opened[:1]:
        yield ("cut", *reading.span(at, len(reading.text)), Severity.ERROR)


def _shouted(reading: Reading, held: Grounds | None) -> Iterator[Found]:
    for match in _CAPITALS.finditer(reading.text):
        said = match.group()
        if held is not None and all(word in held.stems for word, _, _ in words(said.lower())):
            continue
        yield ("shouting", *reading.span(*match.span()), Severity.WARNING)
