"""Which line says what: whole records of a text file, the broken ones apart, found again by number."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

from hawker.errors import UnreadableFile
from hawker.storage import files

LONGEST_LINE = 1 << 20
"""Bytes a line, or a record of several lines, may have; a longer one is set aside."""
MOST_LINES = 200
"""Lines one quoted value may span; more means a quote that was never closed."""
SHOWN = 2_000
"""Characters kept of a line that is too long."""

_UNCLOSED = "unexpected end of data"
_LOST = "\ufffd"
_DECODER = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file: the line it begins on, its text, and why it is broken ('' where whole)."""

    line: int
    text: str
    fields: tuple[str, ...] = ()
    reason: str = ""
    message: str = ""


def binary(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def physical(stream: IO[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Lines with their numbers from 1, in bounded memory; the last value says that one was cut."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        cut = len(line) > LONGEST_LINE and not line.endswith(b"\n")
        if cut:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = stream.readline(LONGEST_LINE)
        yield number, line, cut


def records(path: Path, *, form: str, delimiter: str = ",", width: int = 0) -> Iterator[Record]:
    """The records of a readable file (of CSV without the header), the broken ones with their reason.

    `width` is the number of columns a CSV row must have. `form` is csv, jsonl, json or tagged as in
    `sources`.
    """
    if form == "json":
        yield from _items(path)
        return
    with binary(path) as stream:
        lines = physical(stream)
        if form == "csv":
            next(lines, None)
            yield from _rows(lines, delimiter, width)
        else:
            yield from _objects(lines)


def _items(path: Path) -> Iterator[Record]:
    """The elements of one JSON array; the number is that of the element."""
    with binary(path) as stream:
        content = stream.read()
    try:
        elements = msgspec.json.decode(content, type=list[msgspec.Raw])
    except msgspec.MsgspecError as error:
        raise UnreadableFile(
            f"'{path.name}' is not a JSON array: {error}.", remedy="Write one JSON object a line (.jsonl)."
        ) from error
    for number, element in enumerate(elements, 1):
        yield Record(number, bytes(element).decode("utf-8", "replace"))


def _objects(lines: Iterator[tuple[int, bytes, bool]]) -> Iterator[Record]:
    for number, line, cut in lines:
        text = line.strip()
        if not text:
            continue
        if cut:
            yield _too_long(number, line)
            continue
        words = text.decode("utf-8", "replace")
        try:
            whole = isinstance(_DECODER.decode(text), dict) and _LOST not in words
        except (msgspec.MsgspecError, UnicodeDecodeError):
            whole = False
        if whole:
            yield Record(number, words)
        else:
            yield Record(number, words, (), *_broken(words, "The line is not a JSON object"))


def _rows(lines: Iterator[tuple[int, bytes, bool]], delimiter: str, width: int) -> Iterator[Record]:
    """CSV rows; where a quote is never closed only its first line is broken, reading goes on after it."""
    waiting: list[tuple[int, bytes, bool]] = []
    while True:
        entry = waiting.pop(0) if waiting else next(lines, None)
        if entry is None:
            return
        number, line, cut = entry
        if cut:
            yield _too_long(number, line)
            continue
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            continue
        if '"' not in text:
            fields = tuple(text.split(delimiter))
        else:
            taken: list[tuple[int, bytes, bool]] = []
            text, fields = _quoted(line.decode("utf-8", "replace"), delimiter, waiting, lines, taken)
            if not fields:
                waiting[:0] = taken
                yield Record(
                    number, text, (), *_broken(text, "A quotation mark is not closed or closes too early")
                )
                continue
        if len(fields) != width or _LOST in text:
            yield Record(number, text, fields, *_miscounted(text, len(fields), width))
        else:
            yield Record(number, text, fields)


def _quoted(
    text: str,
    delimiter: str,
    waiting: list[tuple[int, bytes, bool]],
    lines: Iterator[tuple[int, bytes, bool]],
    taken: list[tuple[int, bytes, bool]],
) -> tuple[str, tuple[str, ...]]:
    """A row with quotes and the lines it goes on over (put into `taken`); no fields where broken."""
    first, rows = text.rstrip("\r\n"), [text]
    while True:
        try:
            return "".join(rows).rstrip("\r\n"), tuple(
                next(csv.reader(rows, delimiter=delimiter, strict=True))
            )
        except csv.Error as error:
            if str(error) != _UNCLOSED or len(rows) >= MOST_LINES:
                return first, ()
        entry = waiting.pop(0) if waiting else next(lines, None)
        if entry is None or entry[2]:
            taken.extend([entry] if entry else [])
            return first, ()
        taken.append(entry)
        rows.append(entry[1].decode("utf-8", "replace"))


def _too_long(number: int, line: bytes) -> Record:
    shown = line[:SHOWN].decode("utf-8", "replace")
    message = f"The line is longer than {LONGEST_LINE:,} bytes; its beginning is kept, mend it in the source."
    return Record(number, shown, (), "too_long_line", message)


def _miscounted(text: str, found: int, width: int) -> tuple[str, str]:
    return _broken(text, f"The row has {found} values, the header has {width}")


def _broken(text: str, message: str) -> tuple[str, str]:
    if _LOST in text:
        return "broken_text", "The line holds bytes that are no text in the file's encoding."
    return "broken_row", f"{message}."


def suspect(path: Path) -> bool:
    """Whether a transcoded copy holds characters that could not be read."""
    lost, tail = _LOST.encode(), b""
    with binary(path) as stream:
        while chunk := stream.read(1 << 20):
            if lost in tail + chunk:
                return True
            tail = chunk[-2:]
    return False


def mend(path: Path, target: Path, *, form: str, delimiter: str, header: Collection[str]) -> list[Record]:
    """Write the whole records to `target` and return the broken ones."""
    broken = []
    with files.whole(target) as draft, draft.open("w", encoding="utf-8", newline="") as copy:
        writer = csv.writer(copy, delimiter=delimiter, lineterminator="\n")
        if form == "csv":
            writer.writerow(header)
        for record in records(path, form=form, delimiter=delimiter, width=len(header)):
            if record.reason:
                broken.append(record)
            elif form == "csv":
                writer.writerow(record.fields)
            else:
                copy.write(record.text + "\n")
    return broken


def located(
    path: Path,
    rows: Sequence[int],
    whole: Callable[[], Iterator[Record]],
    *,
    form: str,
    mended: bool,
) -> Iterator[tuple[int, str]]:
    """Line and text of the records with these numbers, ascending, counted from 0 over the whole ones.

    In a file without blank lines and quotes, lines are records and are skipped over unseen.
    """
    if not mended and form in ("csv", "jsonl") and _plain(path, quotes=form == "jsonl"):
        yield from _skipping(path, rows, header=form == "csv")
        return
    wanted = iter(rows)
    row = next(wanted, None)
    good = (record for record in whole() if not record.reason)
    for index, record in enumerate(good):
        if index == row:
            yield record.line, record.text
            row = next(wanted, None)
            if row is None:
                return


def _skipping(path: Path, rows: Sequence[int], *, header: bool) -> Iterator[tuple[int, str]]:
    with binary(path) as stream:
        line = 0
        for row in rows:
            number = row + 1 + header
            text = next(islice(stream, number - line - 1, None), b"")
            line = number
            yield number, text.decode("utf-8", "replace").strip("\r\n")


def _plain(path: Path, *, quotes: bool) -> bool:
    """Whether every line is one record: none is blank, and (unless allowed) no quotes join lines."""
    tail = b"\n"
    with binary(path) as stream:
        while chunk := stream.read(1 << 20):
            seen = tail + chunk
            if b"\n\n" in seen or b"\n\r\n" in seen or b"\n " in seen or (not quotes and b'"' in chunk):
                return False
            tail = seen[-2:]
    return True
