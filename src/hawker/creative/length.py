"""Whether each part of a draft has as many lines as its kind allows, and none of them is too wide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import structs

from hawker.creative.layout import Part, parts, width
from hawker.creative.saying import objection
from hawker.records.draft import Draft, Objection


def check(
    draft: Draft, *, limits: Mapping[str, int] | None = None, reader: str = "en"
) -> tuple[Objection, ...]:
    """What is too long, too many, too few or empty in a draft; parts its kind has not are no matter here.

    `limits` are widths narrower than those of the kind.

    >>> from hawker.records.draft import Kind
    >>> long = Draft("1", Kind.NATIVE, "en", {"title": ("x" * 51,), "description": ("Fine",)})
    >>> [(one.reason, one.part, one.start) for one in check(long)]
    [('too_long', 'title', 50), ('too_few', 'call_to_action', 0)]
    """
    return tuple(_checked(draft.parts, parts(draft.kind, limits or {}), reader))


def _checked(
    texts: Mapping[str, tuple[str, ...]], layout: Mapping[str, Part], reader: str
) -> Iterator[Objection]:
    for name, part in layout.items():
        lines = texts.get(name, ())
        yield from _lines(name, part, lines, reader)
        if len(lines) < part.least:
            yield _of(name, "too_few", reader=reader, count=len(lines), limit=part.least)
        if len(lines) > part.most:
            found = objection("length", "too_many", reader=reader, count=len(lines), limit=part.most)
            yield structs.replace(found, part=name, line=part.most)
        if part.short and lines and all(width(line) > part.short for line in lines):
            yield _of(name, "none_short", reader=reader, limit=part.short)


def _lines(name: str, part: Part, lines: tuple[str, ...], reader: str) -> Iterator[Objection]:
    for place, line in enumerate(lines):
        wide = width(line)
        if not line.strip():
            found = objection("length", "empty", reader=reader)
            yield structs.replace(found, part=name, line=place)
        elif wide > part.width:
            fits = fitting(line, part.width)
            found = objection(
                "length",
                "too_long",
                reader=reader,
                text=line[fits:],
                start=fits,
                end=len(line),
                width=wide,
                limit=part.width,
                over=wide - part.width,
            )
            yield structs.replace(found, part=name, line=place)


def _of(name: str, reason: str, *, reader: str, **values: Any) -> Objection:
    return structs.replace(objection("length", reason, reader=reader, **values), part=name)


def fitting(text: str, limit: int) -> int:
    """How many characters of a text fit into a width.

    >>> fitting("黑麦面包", 5)
    2
    """
    wide = 0
    for at, char in enumerate(text):
        wide += width(char)
        if wide > limit:
            return at
    return len(text)
