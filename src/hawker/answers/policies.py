"""What a shop has written about itself: its policies and frequent questions, cut into passages with ids."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hawker.answers.safe import harmless
from hawker.errors import UnreadableFile
from hawker.storage.shop import Shop

LARGEST = 5_000_000
MOST = 20_000
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_SETEXT = re.compile(r"^(=+|-+)\s*$")
_MARKED = re.compile(r"\*\*|__|`|^\s*(?:[-*+]|\d+[.)])\s+|^>\s?", re.MULTILINE)
_LINKED = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ASKED = ("question", "q", "问题", "问", "title", "query")
_SAID = ("answer", "a", "答案", "回答", "答", "response", "reply")
_NAMED = ("id", "编号", "key")


@dataclass(frozen=True)
class Passage:
    """A paragraph of a policy (`heading` says under what it stands), or an answer and what it was asked."""

    id: str
    source: str
    text: str
    heading: str = ""

    @property
    def whole(self) -> str:
        """What it is found by."""
        return f"{self.heading}. {self.text}" if self.heading else self.text


def read(shop: Shop) -> tuple[Passage, ...]:
    """All passages of a shop, in the order of its files. Raises `UnreadableFile` where one is none."""
    rules = shop.settings.answers
    found: list[Passage] = []
    for path in _files(shop.folder, rules.policies):
        found += markdown(_text(path), name=_name(path))
    for path in _files(shop.folder, rules.faq):
        found += questions(_text(path), path=path)
    return tuple(found[:MOST])


def version(shop: Shop) -> str:
    """What changes whenever one of the files does."""
    rules = shop.settings.answers
    stands = [path.stat() for path in _files(shop.folder, (*rules.policies, *rules.faq))]
    return " ".join(f"{one.st_size}-{one.st_mtime_ns}" for one in stands)


def markdown(text: str, *, name: str = "policies") -> Iterator[Passage]:
    """The paragraphs of a policy.

    >>> [(one.id, one.heading, one.text) for one in markdown("# Returns\\n\\nWithin *30* days.\\n- Unworn")]
    [('policies-1', 'Returns', 'Within *30* days. Unworn')]
    """
    path: list[str] = []
    held: list[str] = []
    number = 0
    for line in [*_COMMENT.sub("", text).splitlines(), "# "]:
        heading = _HEADING.match(line)
        if held and (heading or not line.strip()):
            if said := harmless(_bare("\n".join(held))):
                number += 1
                yield Passage(f"{name}-{number}", "policy", said, " – ".join(part for part in path if part))
            held = []
        if heading:
            path = [*path[: len(heading[1]) - 1], harmless(_bare(heading[2]))]
        elif held and _SETEXT.match(line):
            path = [harmless(_bare(held.pop()))]
        elif line.strip():
            held.append(line)


def questions(text: str, *, path: Path) -> Iterator[Passage]:
    """The pairs of a file of frequent questions: CSV, JSON lines, or JSON with a list somewhere in it."""
    for number, row in enumerate(_rows(text, path), 1):
        held = {str(key).strip().lower(): str(value).strip() for key, value in row.items() if value}
        asked = next((held[name] for name in _ASKED if name in held), "")
        said = next((held[name] for name in _SAID if name in held), "")
        if not (asked or said):
            raise UnreadableFile(
                f"{path.name}: entry {number} has neither a question nor an answer.",
                remedy="Name the columns 'question' and 'answer'.",
            )
        named = next((held[name] for name in _NAMED if name in held), f"{_name(path)}-{number}")
        if answer := harmless(said):
            yield Passage(named, "faq", answer, harmless(asked))


def _rows(text: str, path: Path) -> Iterable[dict[str, Any]]:
    if path.suffix == ".csv":
        return csv.DictReader(io.StringIO(text))
    try:
        if path.suffix == ".jsonl":
            return [
                msgspec.json.decode(line, type=dict[str, Any]) for line in text.splitlines() if line.strip()
            ]
        return _list(msgspec.json.decode(text))
    except msgspec.MsgspecError as error:
        raise UnreadableFile(
            f"{path.name} is not what its name says: {error}.", remedy="Write one JSON object a line."
        ) from error


def _list(held: Any) -> list[dict[str, Any]]:
    """The first list of objects in a document."""
    if isinstance(held, list):
        return [one for one in held if isinstance(one, dict)]
    if isinstance(held, dict):
        return next((_list(one) for one in held.values() if isinstance(one, list)), [])
    return []


def _files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """The files of a folder that fit the patterns, each once."""
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_file()]
    return list(dict.fromkeys(found))


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise UnreadableFile(
            f"{path.name} is larger than {LARGEST:,} bytes.", remedy="Cut it in several files."
        )
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path.name} is not UTF-8: {error}.", remedy="Save it as UTF-8.") from error


def _name(path: Path) -> str:
    return path.name.rsplit(".", 1)[0]


def _bare(text: str) -> str:
    """Markdown without its marks, on one line."""
    return " ".join(_LINKED.sub(r"\1", _MARKED.sub("", text)).split())
