"""Titles tagged character by character (BIO), as Chinese shops' annotated titles come: 'X B-HPPX'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hawker.ingest.feeds import rows
from hawker.ingest.feeds.rows import Broken, Row
from hawker.records.ids import derived

NAMES = {"HPPX": "brand", "XH": "mpn", "HCCX": "product", "MISC": "misc"}
"""Tag to field: brand and model are the product's own, the words for the thing itself an attribute."""

_LINE = re.compile(r"(.*)[ \t](O|[BI]-\w+)")
Token = tuple[str, str]


def fits(head: list[str]) -> bool:
    """Whether the first lines are tokens with their tags, but for a slip here and there."""
    held = [line.rstrip("\r\n") for line in head if line.strip()]
    tagged = sum(bool(_LINE.fullmatch(line)) and len(line) < 64 for line in held)
    return len(held) > 1 and tagged >= 0.8 * len(held)


def read(path: Path) -> Iterator[Row | Broken]:
    """One row per title; a blank line ends it. The id is a digest of the title."""
    tokens: list[Token] = []
    begun = 1
    for line in rows.lines(path):
        if isinstance(line, Broken):
            yield line
            continue
        number, text = line
        bare = text.rstrip("\r\n").lstrip("\ufeff")
        if not bare.strip(" "):
            if tokens:
                yield _row(begun, tokens)
            tokens = []
            continue
        found = _LINE.fullmatch(bare)
        if not found:
            yield Broken(number, "broken_row", "the line is not a character and its tag.", bare)
            continue
        begun = begun if tokens else number
        tokens.append((found.group(1), found.group(2)))
    if tokens:
        yield _row(begun, tokens)


def _row(number: int, tokens: list[Token]) -> Row:
    title = "".join(token for token, _ in tokens)
    spans = _spans(tokens)
    fields = {"id": derived(title)[:16], "title": title}
    fields |= {
        field: spans[tag][0] for tag, field in NAMES.items() if spans.get(tag) and field in ("brand", "mpn")
    }
    attributes = {NAMES.get(tag, tag.lower()): " ".join(words) for tag, words in spans.items()}
    others = {name: text for name, text in attributes.items() if name not in fields or " " in text}
    return Row(number, fields, others, raw="\n".join(f"{token} {tag}" for token, tag in tokens))


def _spans(tokens: list[Token]) -> dict[str, list[str]]:
    """The distinct phrases under each tag, in the order they stand."""
    spans: dict[str, list[str]] = {}
    last = "O"
    for token, tag in tokens:
        mark, _, kind = tag.partition("-")
        if mark == "B" or (mark == "I" and last != kind):
            spans.setdefault(kind, []).append(token)
        elif mark == "I":
            spans[kind][-1] += token
        last = kind
    return {kind: list(dict.fromkeys(phrase.strip() for phrase in found)) for kind, found in spans.items()}
