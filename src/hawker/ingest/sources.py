"""The files of a behaviour log: what each is (CSV, JSON lines, Parquet …) and how DuckDB reads its rows."""

from __future__ import annotations

import csv
import glob
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from hawker.errors import BadInput, BadMapping, NotFound, UnreadableFile, nearest
from hawker.ingest import decode, lines
from hawker.storage.tables import quoted

SAMPLE_ROWS = 5_000
BLANKS = ("", "NULL", "null", "None", "NaN", "nan", "\\N", "N/A", "#N/A")
"""What stands for a missing value in text files."""

_DELIMITERS = ",\t;|"
_HEAD = 1 << 18
_TEXT = "VARCHAR"


@dataclass(frozen=True)
class Source:
    """One file as it will be read. `readable` is UTF-8 (a copy where `path` is not); `types` maps the

    columns found to DuckDB types: for Parquet the file's own, else text. `form` is csv, jsonl, json
    (one array), parquet, or empty.
    """

    path: Path
    readable: Path
    form: str
    delimiter: str = ","
    types: dict[str, str] = field(default_factory=dict)

    def relation(self, names: Sequence[str]) -> str:
        """SQL for the rows: `r` counts them from 0 in the file's order, `s0`, `s1` … are `names`."""
        picked = "".join(f", {self._picked(name)} AS s{index}" for index, name in enumerate(names))
        if self.form == "parquet":
            file = f"read_parquet({quoted(self.readable)}, file_row_number = true)"
            return f"SELECT file_row_number AS r{picked} FROM {file}"
        return f"SELECT row_number() OVER () - 1 AS r{picked} FROM {self._reader(names)}"

    def type(self, name: str) -> str:
        """The DuckDB type of a column as `relation` gives it."""
        return self.types[name] if self.form == "parquet" else _TEXT

    def records(self) -> Iterator[lines.Record]:
        """The records of a text file one by one, for the few that must be found again."""
        return lines.records(self.readable, form=self.form, delimiter=self.delimiter, width=len(self.types))

    def sample(self, rows: int = SAMPLE_ROWS) -> list[dict[str, Any]]:
        """The first whole rows, values as the file has them (text for CSV), missing ones None."""
        if self.form == "parquet":
            listed = ", ".join(
                f"CAST({ident(name)} AS TIMESTAMP)" if "TIME ZONE" in kind else ident(name)
                for name, kind in self.types.items()
            )
            found = f"SELECT {listed} FROM read_parquet({quoted(self.readable)}) LIMIT {int(rows)}"
            with duckdb.connect() as connection:
                table = connection.execute(found).fetchall()
            return [dict(zip(self.types, row, strict=True)) for row in table]
        whole = (record for record in self.records() if not record.reason)
        return [self._values(record) for record in islice(whole, rows)]

    def require(self, names: Sequence[str]) -> None:
        """Raise `BadMapping`, naming the nearest, where the file lacks one of these columns."""
        for name in names:
            if name not in self.types and not (self.form in ("jsonl", "json") and self._mentions(name)):
                known = list(self.types)
                raise BadMapping(f"'{self.path.name}' has no column '{name}'.", remedy=nearest(name, known))

    def _values(self, record: lines.Record) -> dict[str, Any]:
        if self.form == "csv":
            values = (None if value.strip() in BLANKS else value for value in record.fields)
            return dict(zip(self.types, values, strict=True))
        return flat(msgspec.json.decode(record.text))

    def _picked(self, name: str) -> str:
        top, inner = self._parts(name)
        return f"{ident(top)} ->> {literal('$.' + inner)}" if inner else ident(top)

    def _parts(self, name: str) -> tuple[str, str]:
        """A dotted name of a nested JSON value as top key and path; else the name itself."""
        if self.form not in ("jsonl", "json"):
            return name, ""
        top, _, inner = name.partition(".")
        return top, inner

    def _reader(self, names: Sequence[str]) -> str:
        file, most = quoted(self.readable), lines.LONGEST_LINE
        if self.form == "csv":
            columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in self.types)
            blanks = ", ".join(literal(word) for word in BLANKS)
            return (
                f"read_csv({file}, auto_detect = false, header = true, delim = {literal(self.delimiter)}, "
                f"""quote = '"', escape = '"', nullstr = [{blanks}], columns = {{{columns}}}, """
                f"max_line_size = {most}, strict_mode = true)"
            )
        keys: dict[str, str] = {}
        for top, inner in map(self._parts, names):
            keys[top] = "JSON" if inner or keys.get(top) == "JSON" else _TEXT
        columns = ", ".join(f"{literal(key)}: '{kind}'" for key, kind in keys.items()) or "'_': 'VARCHAR'"
        shape = "array" if self.form == "json" else "newline_delimited"
        return f"read_json({file}, format = '{shape}', columns = {{{columns}}}, maximum_object_size = {most})"

    def _mentions(self, name: str) -> bool:
        """Whether a key stands anywhere in a JSON file: rare ones may be absent from the sample."""
        wanted = json.dumps(name.split(".")[-1], ensure_ascii=False).encode()
        tail = b""
        with lines.binary(self.readable) as stream:
            while chunk := stream.read(1 << 20):
                if wanted in tail + chunk:
                    return True
                tail = chunk[-len(wanted) :]
        return False


def expanded(*sources: str | Path) -> list[Path]:
    """The files that paths and globs name, each once, in order of name within a glob."""
    found: dict[Path, None] = {}
    for source in sources:
        path = Path(source)
        if path.is_file():
            matches = [path]
        elif path.is_dir():
            matches = sorted(inner for inner in path.iterdir() if inner.is_file())
        else:
            matches = sorted(Path(name) for name in glob.glob(str(source), recursive=True))
        if not matches:
            raise NotFound(f"There is no file '{source}'.", remedy="Give a path, or a glob in quotes.")
        found.update(dict.fromkeys(path for path in matches if path.is_file()))
    if not found:
        raise BadInput("No files were named.", remedy="Give one path or glob at least.")
    return list(found)


def opened(path: Path, folder: Path) -> Source:
    """Look at a file and say how to read it; a copy in UTF-8 goes to `folder` where one is needed.

    Raises `UnreadableFile` for a file that is not what its name says.
    """
    with path.open("rb") as stream:
        mark = stream.read(4)
    if mark == b"PAR1":
        return _parquet(path)
    if path.suffix.lower() == ".parquet":
        raise UnreadableFile(f"'{path.name}' is not a Parquet file.", remedy="Copy it again, whole.")
    if not mark:
        return Source(path, path, "empty")
    readable = decode.utf8(path, folder)
    with lines.binary(readable) as raw:
        head = raw.read(_HEAD).decode("utf-8", "ignore")
    text = head.lstrip()
    if not text:
        return Source(path, readable, "empty")
    if text[0] == "{":
        return _typed(Source(path, readable, "jsonl"))
    if text[0] == "[" and text[1:].lstrip()[:1] in ("{", "]"):
        return _typed(Source(path, readable, "json"))
    return _table(path, readable, head)


def _parquet(path: Path) -> Source:
    try:
        with duckdb.connect() as connection:
            described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(path)})").fetchall()
    except duckdb.Error as error:
        raise UnreadableFile(
            f"'{path.name}' is a broken Parquet file.", remedy="Copy it again, whole."
        ) from error
    return Source(path, path, "parquet", types={row[0]: row[1] for row in described})


def _typed(source: Source) -> Source:
    """A JSON source with the keys its first rows show, nested ones dotted."""
    keys: dict[str, str] = {}
    for row in source.sample():
        keys.update(dict.fromkeys(row, _TEXT))
    return Source(source.path, source.readable, source.form, types=keys)


def _table(path: Path, readable: Path, head: str) -> Source:
    """A CSV source: its delimiter is the one that the first lines hold most steadily."""
    first = head.split("\n", 1)[0].rstrip("\r")
    rows = [row for row in head.splitlines()[:50] if row]
    delimiter = max(_DELIMITERS, key=lambda mark: _steadiness(mark, first, rows))
    header = next(csv.reader([first], delimiter=delimiter), [])
    seen: Counter[str] = Counter()
    types = {}
    for index, cell in enumerate(header):
        name = cell.strip() or f"column{index + 1}"
        seen[name] += 1
        types[name if seen[name] == 1 else f"{name}_{seen[name]}"] = _TEXT
    return Source(path, readable, "csv", delimiter, types)


def _steadiness(mark: str, first: str, rows: list[str]) -> tuple[int, int]:
    count = first.count(mark)
    return (sum(row.count(mark) == count for row in rows) if count else 0, count)


def flat(row: Any, *, prefix: str = "") -> dict[str, Any]:
    """A JSON object with the members of nested objects as dotted keys beside them.

    >>> flat({"user": {"id": 1}, "t": 2})
    {'user': {'id': 1}, 'user.id': 1, 't': 2}
    """
    values: dict[str, Any] = {}
    for key, value in row.items():
        values[f"{prefix}{key}"] = value
        if isinstance(value, dict):
            values.update(flat(value, prefix=f"{prefix}{key}."))
    return values


def ident(name: str) -> str:
    """A column name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"
