"""Whether a text is in the language that was asked for, and whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from hawker.creative.ground.facts import Grounds
from hawker.creative.ground.reading import HAN, read, stem, words
from hawker.creative.saying import objection
from hawker.records.draft import Objection

_IDEOGRAPHS = re.compile(f"[{HAN}]+")
_SCRIPTS = "\u0370-\u03ff\u0400-\u052f\u0590-\u06ff\u0900-\u097f\u0e00-\u0e7f\u1100-\u11ff\uac00-\ud7af"
_FOREIGN = re.compile(rf"[{_SCRIPTS}]{{2,}}(?:\s+[{_SCRIPTS}]+)*|[\u3040-\u30fa\u30fc-\u30ff]{{2,}}")
_KANA = re.compile("[\u3040-\u30fa\u30fc-\u30ff]")
_RUN = 4
"""How many words of another language in a row a Chinese text may not hold."""
_TELLING = {
    "en": "the and with for your you of to is are this that from our it in on a an all every made more",
    "de": "und der die das mit für ein eine ist nicht auf den dem von zu jetzt unser ihre auch wird",
    "fr": "le la les des et pour avec une est dans votre vous nous sur du au pas cette plus ce",
    "es": "el los las una para con por es su del que tu más este esta como muy",
    "it": "il lo gli una per con è di che della nel tuo questo più sono",
    "pt": "o os uma para com por é seu que não mais do da em você",
    "nl": "de het een en met voor van is op niet jouw onze deze bij",
}
_TELLS = {name: frozenset(told.split()) for name, told in _TELLING.items()}
_NAMES = {
    "en": ("English", "英文"),
    "zh": ("Chinese", "中文"),
    "de": ("German", "德文"),
    "fr": ("French", "法文"),
    "es": ("Spanish", "西班牙文"),
    "ja": ("Japanese", "日文"),
}
_LATIN = frozenset(_TELLING)


def same(one: str, other: str) -> bool:
    """Whether two codes name one language, whatever the region.

    >>> same("zh", "zh-CN"), same("en", "fr")
    (True, False)
    """
    return one.lower().split("-")[0] == other.lower().split("-")[0]


def check(
    text: str, language: str, held: Grounds | None = None, *, reader: str = "en"
) -> tuple[Objection, ...]:
    """What of a text is not in a language ('' any), or is broken. Words of the product are of any language.

    >>> [one.reason for one in check("Ein Kissen mit Füllung für die Nacht", "en")]
    ['other_language']
    >>> [one.text for one in check("柔软的枕头，sleep well every night", "zh")]
    ['sleep well every night']
    """
    found = [
        objection(
            "language", "encoding", reader=reader, text=match.group(), start=match.start(), end=match.end()
        )
        for match in _broken().finditer(text)
    ]
    wanted = language[:2].lower()
    spans = _other(text, wanted, held) if wanted else ()
    name = _NAMES.get(wanted, (language, language))[reader.lower().startswith("zh")]
    for start, end in spans:
        found.append(
            objection(
                "language",
                "other_language",
                reader=reader,
                text=text[start:end],
                start=start,
                end=end,
                language=name,
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def _broken() -> re.Pattern[str]:
    told = tomllib.loads(files("hawker.creative").joinpath("data", "safety.toml").read_text("utf-8"))
    return re.compile("|".join(told["encoding"]["marks"]))


def _other(text: str, wanted: str, held: Grounds | None) -> Iterator[tuple[int, int]]:
    if text.isascii() and wanted == "en" and not held:
        yield from _told_apart(text, wanted, held)
        return
    for match in _FOREIGN.finditer(text):
        if wanted != "ja" or not _KANA.search(match.group()):
            yield match.span()
    if wanted == "zh":
        yield from _unchinese(text, held)
    elif wanted in _LATIN:
        for match in _IDEOGRAPHS.finditer(text):
            if held is None or match.group() not in held.low:
                yield match.span()
        yield from _told_apart(text, wanted, held)


def _unchinese(text: str, held: Grounds | None) -> Iterator[tuple[int, int]]:
    """Latin words in a row that the product does not say; all of a text without ideographs."""
    reading = read(text)
    cut = words(reading.low)
    if not any(_IDEOGRAPHS.match(word) for word, _, _ in cut):
        strange = [
            one for one in cut if not one[0][0].isdigit() and (held is None or stem(one[0]) not in held.stems)
        ]
        if len(strange) > 1 or sum(len(one[0]) for one in strange) > 7:
            yield 0, len(text)
        return
    run: list[tuple[int, int]] = []
    for word, start, end in (*cut, ("中", len(reading.low), len(reading.low))):
        if word[0].isascii() and not word[0].isdigit() and (held is None or stem(word) not in held.stems):
            run.append((start, end))
            continue
        if len(run) >= _RUN:
            yield reading.span(run[0][0], run[-1][1])
        run = []


def _told_apart(text: str, wanted: str, held: Grounds | None) -> Iterator[tuple[int, int]]:
    """All of a text whose small words are another language's."""
    cut = [word for word, _, _ in words(read(text).low)]
    strange = [word for word in cut if held is None or word not in held.stems]
    counts = {name: sum(word in tells for word in strange) for name, tells in _TELLS.items()}
    other = max((name for name in counts if name != wanted), key=lambda name: counts[name])
    if counts[other] >= 2 and counts[other] > 2 * counts[wanted]:
        yield 0, len(text)
