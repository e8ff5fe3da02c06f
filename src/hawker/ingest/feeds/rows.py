"""What every feed reader yields, and the rows of a text file read with a bound on their length."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from hawker.ingest import decode

LONGEST = 1 << 20
"""Characters in one row; a longer one is set aside, and never held in memory whole."""
_EXCERPT = 500
_DELIMITERS = ",\t;|"


@dataclass(frozen=True)
class Row:
    """One product as a feed writes it: text by field of `Product`, under the line it begins at.

    `attributes` holds what has no field; `notes` are (reason, message) pairs the reader adds; `raw` is
    the product in its own format, whole enough to be read by itself.
    """

    line: int
    fields: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)
    notes: tuple[tuple[str, str], ...] = ()
    raw: str = ""


@dataclass(frozen=True)
class Broken:
    """A row that cannot be read: it is set aside under this reason."""

    line: int
    reason: str
    message: str
    raw: str = ""


Cells = tuple[int, list[str], str]
"""A record's first line number, its cells, its text."""


def lines(path: Path) -> Iterator[tuple[int, str] | Broken]:
    """The lines of a text file with their numbers, ends kept; a line past `LONGEST` comes as `Broken`."""
    number = 0
    with decode.opened(path) as source:
        while line := source.readline(LONGEST + 1):
            number += 1
            if len(line) <= LONGEST or line.endswith("\n"):
                yield number, line
            else:
                yield _too_long(number, line, length=len(line) + _skip(source))


def _skip(source: TextIO) -> int:
    """Read on to the line's end, holding little; returns how many characters that were."""
    passed = 0
    while part := source.readline(1 << 16):
        passed += len(part)
        if part.endswith(("\n", "\r")):
            break
    return passed


def _too_long(number: int, line: str, *, length: int) -> Broken:
    return Broken(
        number,
        "too_long_line",
        f"a row of {length:,} characters: the most is {LONGEST:,}. Is a quote or a line end missing?",
        line[:_EXCERPT],
    )


def cells(path: Path, *, delimiter: str = "") -> Iterator[Cells | Broken]:
    """The records of a delimited file, quoted line breaks included; blank lines are passed over.

    A quote that never closes costs only its own line: reading goes on at the next.
    """
    csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST))
    source = lines(path)
    waiting: deque[tuple[int, str] | Broken] = deque()
    while True:
        first = waiting.popleft() if waiting else next(source, None)
        if first is None:
            return
        if isinstance(first, Broken):
            yield first
            continue
        number, text = first
        if not text.strip():
            continue
        delimiter = delimiter or sniff(text)
        yield _record(number, text, delimiter, waiting, source)


def _record(
    number: int,
    text: str,
    delimiter: str,
    waiting: deque[tuple[int, str] | Broken],
    source: Iterator[tuple[int, str] | Broken],
) -> Cells | Broken:
    """One record that begins with `text`; lines it needs are taken from `waiting`, then `source`."""
    taken: list[tuple[int, str] | Broken] = []
    whole, parts, fault = text, [text], ""
    while True:
        try:
            return number, next(csv.reader([whole], delimiter=delimiter, strict=True)), whole.rstrip("\r\n")
        except csv.Error as error:
            fault = str(error)
        closed = False
        while "unexpected end" in fault and not closed and sum(map(len, parts)) <= LONGEST:
            more = waiting.popleft() if waiting else next(source, None)
            if more is None:
                break
            taken.append(more)
            if isinstance(more, Broken):
                break
            parts.append(more[1])
            closed = '"' in more[1]
        if not closed:
            break
        whole = "".join(parts)
    waiting.extendleft(reversed(taken))
    why = "a quote is never closed" if "unexpected end" in fault else "a quote stands inside a quoted cell"
    return Broken(number, "broken_row", f"{why}: write a quote inside a cell as two.", text.rstrip("\r\n"))


def sniff(header: str) -> str:
    """The delimiter of a header line: the one that parts it into most cells.

    >>> sniff("id;title;price, EUR")
    ';'
    """
    plain = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=plain.count)


def table(path: Path, *, delimiter: str = "") -> Iterator[tuple[int, dict[str, str], str] | Broken]:
    """Records by header name, each with its text under the header, so that it can be read by itself.

    A record with too many or too few cells is `Broken`; cells cut off at the end of a tab-separated row
    are empty, since editors strip them.
    """
    header: list[str] = []
    head = ""
    for record in cells(path, delimiter=delimiter):
        if isinstance(record, Broken):
            yield replace(record, raw=f"{head}\n{record.raw}" if head else record.raw)
            continue
        number, row, text = record
        if not header:
            header, head = [name.strip().lstrip("\ufeff") for name in row], text.lstrip("\ufeff")
            delimiter = delimiter or sniff(text)
            continue
        while len(row) > len(header) and not row[-1].strip():
            row.pop()
        if delimiter == "\t":
            row += [""] * (len(header) - len(row))
        if len(row) != len(header):
            message = f"{len(row)} cells where the header has {len(header)}."
            yield Broken(number, "broken_row", message, f"{head}\n{text}")
        elif any(row):
            yield number, dict(zip(header, row, strict=True)), f"{head}\n{text}"


def header(path: Path) -> list[str]:
    """The header names of a delimited file; nothing where it is empty."""
    for record in cells(path):
        if not isinstance(record, Broken):
            return [name.strip().lstrip("\ufeff") for name in record[1]]
    return []


def pick(row: dict[str, str], names: Iterable[str]) -> str:
    """The first of these columns that holds text."""
    return next((row[name].strip() for name in names if row.get(name, "").strip()), "")
