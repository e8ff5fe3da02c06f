"""Tables without a standard (CSV, TSV, JSONL, JSON, Parquet), read through a map of columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from hawker.errors import BadMapping, UnreadableFile, nearest
from hawker.ingest import decode
from hawker.ingest.feeds import rows
from hawker.ingest.feeds.product import FIELDS
from hawker.ingest.feeds.rows import Broken, Row
from hawker.ingest.feeds.words import WORDS, folded, sales
from hawker.records.ids import derived
from hawker.storage import tables

SAMPLE = 500
"""Rows looked at before columns are proposed."""
WHOLE = 1 << 26
"""Characters of a JSON object that holds the list of products: it is read whole."""
DISTINCT = 0.9
"""An id column whose values differ in less than this share of the rows gives way to another."""
_CHUNK = 1 << 16
_BATCH = 5_000
_EXTRA = "attributes."

Cells = dict[str, str]
Record = tuple[int, Cells, str]


def read(path: Path, columns: Mapping[str, str]) -> Iterator[Row | Broken]:
    """The rows of a table as products, through a map of field to column."""
    fields = {field: column for field, column in columns.items() if not field.startswith(_EXTRA)}
    extras = {
        field.removeprefix(_EXTRA): column for field, column in columns.items() if field.startswith(_EXTRA)
    }
    for record in records(path):
        if isinstance(record, Broken):
            yield record
            continue
        number, cells, text = record
        found = {field: cells.get(column, "") for field, column in fields.items()}
        if "id" not in fields:
            found["id"] = derived(found["title"], found.get("brand", ""))
        yield Row(number, found, {name: cells.get(column, "") for name, column in extras.items()}, raw=text)


def records(path: Path) -> Iterator[Record | Broken]:
    """The rows of a table of any kind, values as text; nested JSON as 'outer.inner', lists joined by '|'."""
    kind = table_kind(path)
    if kind == "parquet":
        yield from _parquet(path)
    elif kind == "jsonl":
        yield from _json_lines(path)
    elif kind == "json":
        yield from _json_array(path)
    else:
        yield from rows.table(path)


def table_kind(path: Path) -> str:
    """'parquet', 'jsonl', 'json' or 'csv', from the file's first bytes."""
    with path.open("rb") as binary:
        if binary.read(4) == b"PAR1":
            return "parquet"
    with decode.opened(path) as source:
        head = source.read(_CHUNK).lstrip("\ufeff \t\r\n")
    if head.startswith("["):
        return "json"
    if not head.startswith("{"):
        return "csv"
    lines = lines_of_json(head) or path.suffix.lower() in (".jsonl", ".ndjson")
    return "jsonl" if lines else "json"


def lines_of_json(text: str) -> bool:
    """Whether a text that begins with an object has one on each line, rather than one over several.

    >>> lines_of_json('{"id": 1}\\n{"id": 2}'), lines_of_json('{\\n"id": 1\\n}')
    (True, False)
    """
    first, _, more = text.partition("\n")
    try:
        msgspec.json.decode(first)
    except msgspec.DecodeError:
        return first.strip() != "{" and more.lstrip().startswith("{")
    return bool(more.strip())


def propose(path: Path) -> dict[str, str]:
    """A column for each field of a product, from the header's words and the first rows.

    Columns empty so far come last; among columns that might be the id, one with few repeats wins.
    """
    seen = [record[1] for record in islice(records(path), SAMPLE) if not isinstance(record, Broken)]
    names = list(dict.fromkeys(name for cells in seen for name in cells)) or header(path)
    filled = {name: [cells[name] for cells in seen if cells.get(name, "").strip()] for name in names}
    by_word: dict[str, str] = {}
    for name in sorted(names, key=lambda name: not filled[name]):
        by_word.setdefault(folded(name), name)
    repeats = sales(names)
    chosen: dict[str, str] = {}
    for field, words in WORDS.items():
        found = [by_word[word] for word in words if word in by_word]
        candidates = [name for name in found if name not in chosen.values()]
        candidates.sort(key=lambda name: not filled[name])
        if field == "id" and not repeats:
            candidates.sort(key=lambda name: len(set(filled[name])) < DISTINCT * len(seen))
        if candidates and not (repeats and field == "stock"):
            chosen[field] = candidates[0]
    return chosen


def settled(path: Path, columns: Mapping[str, str] | None) -> dict[str, str]:
    """The map to read by: the proposal, overridden by `columns` (field to column).

    Raises `BadMapping` for an unknown field, a column the file lacks, and where nothing is the title.
    """
    proposed = propose(path)
    names = header(path)
    for field, column in (columns or {}).items():
        if field not in FIELDS and not field.startswith(_EXTRA):
            raise BadMapping(f"A product has no field '{field}'.", remedy=nearest(field, list(FIELDS)))
        if column not in names:
            raise BadMapping(f"'{path.name}' has no column '{column}'.", remedy=nearest(column, names))
    taken = set((columns or {}).values())
    chosen = {field: column for field, column in proposed.items() if column not in taken} | dict(
        columns or {}
    )
    if "title" not in chosen and names:
        raise BadMapping(
            f"No column of '{path.name}' looks like the title: {', '.join(names[:12])}.",
            remedy="Name it: columns={'title': 'COLUMN'}.",
        )
    return chosen


def header(path: Path) -> list[str]:
    kind = table_kind(path)
    if kind == "csv":
        return rows.header(path)
    if kind == "parquet":
        return _described(path)
    seen = (record[1] for record in islice(records(path), SAMPLE) if not isinstance(record, Broken))
    return list(dict.fromkeys(name for cells in seen for name in cells))


def _parquet(path: Path) -> Iterator[Record]:
    names = _described(path)
    cursor = tables.connect(threads=1).execute(f"SELECT * FROM read_parquet({tables.quoted(path)})")
    number = 0
    while batch := cursor.fetchmany(_BATCH):
        for values in batch:
            number += 1
            cells = _flat(dict(zip(names, values, strict=True)))
            yield number, cells, json.dumps(cells, ensure_ascii=False)


def _described(path: Path) -> list[str]:
    try:
        found = (
            tables.connect().execute(f"DESCRIBE SELECT * FROM read_parquet({tables.quoted(path)})").fetchall()
        )
    except duckdb.Error as error:
        raise UnreadableFile(
            f"'{path.name}' is not a whole Parquet file.", remedy="Write it again."
        ) from error
    return [str(row[0]) for row in found]


def _json_lines(path: Path) -> Iterator[Record | Broken]:
    for line in rows.lines(path):
        if isinstance(line, Broken):
            yield line
        elif text := line[1].strip("\ufeff \t\r\n"):
            yield _decoded(line[0], text)


def _decoded(number: int, text: str) -> Record | Broken:
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        return Broken(number, "broken_row", f"this is not JSON: {error}.", text)
    return _element(number, value, text)


def _element(number: int, value: Any, text: str) -> Record | Broken:
    if not isinstance(value, dict):
        return Broken(number, "broken_row", "a product is a JSON object, {…}.", text)
    return number, _flat(value), text


def _json_array(path: Path) -> Iterator[Record | Broken]:
    """The elements of one array, held one at a time; or those of the list inside one object."""
    with decode.opened(path) as source:
        held = source.read(_CHUNK).lstrip("\ufeff \t\r\n")
        if held.startswith("{"):
            yield from _json_object(held + source.read(WHOLE))
            return
        held, number, decoder = held[1:], 1, json.JSONDecoder()
        while True:
            start = held.lstrip(" \t\r\n,")
            number += held.count("\n", 0, len(held) - len(start))
            held = start
            if held.startswith("]"):
                return
            try:
                value, end = decoder.raw_decode(held)
            except json.JSONDecodeError:
                more = source.read(_CHUNK) if len(held) <= rows.LONGEST else ""
                if not more:
                    yield Broken(
                        number, "broken_feed", "the JSON breaks here: nothing after was read.", held[:500]
                    )
                    return
                held += more
                continue
            yield _element(number, value, held[:end])
            number += held.count("\n", 0, end)
            held = held[end:]


def _json_object(text: str) -> Iterator[Record | Broken]:
    try:
        whole = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        yield Broken(1, "broken_feed", f"this is not JSON: {error}.", text[:500])
        return
    lists = [
        value for value in whole.values() if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    for item in max(lists, key=len) if lists else [whole]:
        yield _element(1, item, json.dumps(item, ensure_ascii=False))


def _flat(value: Mapping[str, Any], above: str = "") -> Cells:
    """Values as text under their path: {'brand': {'name': 'X'}} is {'brand.name': 'X'}."""
    cells: Cells = {}
    for name, part in value.items():
        if isinstance(part, dict):
            cells |= _flat(part, f"{above}{name}.")
        else:
            cells[f"{above}{name}"] = _text(part)
    return cells


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, list | tuple):
        return "|".join(_text(part) for part in value if not isinstance(part, dict))
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    return str(value).lower() if isinstance(value, bool) else str(value)
