"""Which column of a file says what: a small map, proposed from headers and values, shown before use."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from numbers import Number
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from hawker.errors import BadMapping, nearest
from hawker.ingest import sources
from hawker.ingest.words import COLUMN_WORDS, bare, kind_of
from hawker.records.events import EVENT_COLUMNS, EventKind

MAPPABLE = (*EVENT_COLUMNS, "unit_price")
"""What a column may be mapped to: every column of the event log, and a price per piece."""

_ISO = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]|$)")
_EPOCH = re.compile(r"-?\d{9,19}(\.\d+)?$")
_COMPACT = re.compile(r"(19|20)\d{6}(\d{6})?$")
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}\b")
_NAMED = re.compile(r"\d{1,2}[ /-][A-Za-z]{3}[ /-]\d{4}")
_CHINESE = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日")
_SHOWN = 5
_WORDS = 40
_WIDE = 28


class ColumnMap(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How one file's rows become events.

    `columns` gives the file's column for each column of the event log (and `unit_price`); `kind` is
    what every row is, where no column says so; `kinds` are words of the kind column and what they
    mean, beside the ones known; `attributes` are columns kept by name; `day_first` reads 3/4/2024
    as 3 April.
    """

    columns: dict[str, str]
    kind: str = ""
    kinds: dict[str, str] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    day_first: bool = False

    def __str__(self) -> str:
        width = max(map(len, self.columns), default=0)
        said = [f"{name:<{width}} ← {column}" for name, column in self.columns.items()]
        said += [f"{'kind':<{width}} = {self.kind}"] if self.kind else []
        said += [f"{word} → {kind}" for word, kind in self.kinds.items()]
        said += [f"kept as attributes: {', '.join(self.attributes)}"] if self.attributes else []
        return "\n".join(said)


def propose(path: str | Path, *, kind: str | EventKind | None = None) -> ColumnMap:
    """A column map for a file, from its header names and the shape of its first values.

    Raises `BadMapping` where no column holds times, or where nothing says what happened.
    """
    with tempfile.TemporaryDirectory() as folder:
        return proposed(sources.opened(Path(path), Path(folder)), kind=kind)


def proposed(source: sources.Source, *, kind: str | EventKind | None = None) -> ColumnMap:
    """A column map for an opened source; see `propose`."""
    rows = source.sample()
    values = {name: [row[name] for row in rows if row.get(name) is not None] for name in source.types}
    found = _by_header(values)
    _by_shape(found, values)
    if "time" not in found:
        raise BadMapping(
            f"No column of '{source.path.name}' looks like a time ({', '.join(list(values)[:12])}).",
            remedy="Name it: columns={'time': …}.",
        )
    what = known_kind(kind) if kind else _kind(found, values, source.path.name)
    if what:
        found.pop("kind", None)
    ordered = {name: found[name] for name in MAPPABLE if name in found}
    said = _kinds(values[found["kind"]]) if "kind" in found else {}
    return ColumnMap(columns=ordered, kind=what, kinds=said, day_first=_day_first(values[found["time"]]))


def resolved(
    source: sources.Source,
    columns: ColumnMap | Mapping[str, str] | None = None,
    *,
    kind: str | EventKind | None = None,
) -> ColumnMap:
    """The map a caller wants, checked against the file: proposed where none is given.

    A plain mapping names columns of the event log and is used as it is. Raises `BadMapping`.
    """
    if columns is None:
        return proposed(source, kind=kind)
    chosen = columns if isinstance(columns, ColumnMap) else ColumnMap(columns=dict(columns))
    if kind:
        rest = {name: column for name, column in chosen.columns.items() if name != "kind"}
        chosen = replace(chosen, kind=known_kind(kind), columns=rest)
    for name in chosen.columns:
        if name not in MAPPABLE:
            raise BadMapping(
                f"'{name}' is not a column of the event log.", remedy=nearest(name, list(MAPPABLE))
            )
    for word in (*chosen.kinds.values(), *([chosen.kind] if chosen.kind else [])):
        known_kind(word)
    source.require([*chosen.columns.values(), *chosen.attributes])
    missing = [
        name for name in ("time", "kind") if name not in chosen.columns and not getattr(chosen, name, "")
    ]
    if missing:
        raise BadMapping(
            f"The map for '{source.path.name}' names no {' and no '.join(missing)}.",
            remedy="Add columns={'time': …} and either columns={'kind': …} or kind='purchase'.",
        )
    if not isinstance(columns, ColumnMap):
        times = [row[chosen.columns["time"]] for row in source.sample() if row.get(chosen.columns["time"])]
        chosen = replace(chosen, day_first=_day_first(times))
    return chosen


def known_kind(word: str | EventKind) -> str:
    """The event kind a word names; raises `BadMapping` naming the nearest."""
    found = kind_of(str(word))
    if found is None:
        raise BadMapping(f"'{word}' is not a kind of event.", remedy=nearest(str(word), [*EventKind]))
    return found.value


def show(map: ColumnMap, path: str | Path) -> str:
    """The map, and the first rows of a file as it will read them, for a person to look at."""
    from hawker.ingest import cleaning
    from hawker.storage import tables

    with tempfile.TemporaryDirectory() as folder, tables.connect(threads=1) as connection:
        source = sources.opened(Path(path), Path(folder))
        chosen = resolved(source, map)
        query = cleaning.query(source, chosen, rules=cleaning.Rules())
        names = [name for name in EVENT_COLUMNS if name in {"kind", "value", *chosen.columns}]
        shown = ", ".join("make_timestamp(time) AS time" if name == "time" else f'"{name}"' for name in names)
        cursor = connection.execute(f"SELECT {shown}, fault FROM ({query}) LIMIT {_SHOWN}")
        rows = [[_cell(value) for value in row] for row in cursor.fetchall()]
    header = [*names, ""]
    for row in rows:
        row[-1] = f"✗ {cleaning.NAMES[int(row[-1])]}" if row[-1] != "0" else ""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in [header, *rows]]  # fmt: skip
    return "\n".join([str(chosen), "", *table])


def _cell(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _WIDE else text[: _WIDE - 1] + "…"


def _by_header(values: Mapping[str, list[Any]]) -> dict[str, str]:
    """Columns whose header is a known word; the surest word of each wins, and a column serves once."""
    headers: dict[str, str] = {}
    for name in values:
        headers.setdefault(bare(name.rpartition(".")[2]), name)
        headers.setdefault(bare(name), name)
    found: dict[str, str] = {}
    for target, known in COLUMN_WORDS.items():
        fitting = (headers[word] for word in known if word in headers)
        column = next((c for c in fitting if c not in found.values() and _fits(target, values[c])), None)
        if column:
            found[target] = column
    return found


def _fits(target: str, values: list[Any]) -> bool:
    """Whether the values bear out what the header promises."""
    if not values:
        return target not in ("id", "kind", "time")
    if any(isinstance(value, dict) for value in values):
        return target == "attributes"
    if target == "id":
        return len(set(map(str, values))) >= 0.9 * len(values)
    if target in ("time", "received"):
        return _share(values, _time_like) >= 0.5
    if target == "kind":
        return _share(values, lambda value: kind_of(str(value)) is not None) > 0.3
    if target in ("quantity", "slot", "dwell_ms", "rating"):
        return _share(values, _number_like) > 0.5
    return True


def _by_shape(found: dict[str, str], values: Mapping[str, list[Any]]) -> None:
    """Fill in time and kind from the values, where no header told."""
    free = [name for name in values if name not in found.values() and values[name]]
    if "time" not in found:
        timed = [name for name in free if _share(values[name], _time_like) > 0.9]
        found.update({"time": timed[0]} if timed else {})
    if "kind" not in found:
        said = [name for name in free if _share(values[name], lambda v: kind_of(str(v)) is not None) > 0.8]
        found.update({"kind": said[0]} if said else {})


def _kind(found: Mapping[str, str], values: Mapping[str, list[Any]], name: str) -> str:
    """What every row is, where no column says so: purchase lines, reviews, searches or nothing ('')."""
    if "kind" in found:
        return ""
    if "product" in found and (
        {"quantity", "unit_price"} <= found.keys() or {"session", "value"} <= found.keys()
    ):
        return EventKind.PURCHASE.value
    if "rating" in found:
        return EventKind.REVIEW.value
    if "query" in found and "product" not in found:
        return EventKind.SEARCH.value
    raise BadMapping(
        f"Nothing in '{name}' says what happened ({', '.join(list(values)[:12])}).",
        remedy="Name the column that does, columns={'kind': …}, or say what every row is: kind='view'.",
    )


def _kinds(values: list[Any]) -> dict[str, str]:
    """The words of the kind column and what they mean, the most frequent first."""
    words = [word for word, _ in Counter(map(str, values)).most_common(_WORDS)]
    return {word: kind.value for word in words if (kind := kind_of(word))}


def _share(values: list[Any], holds: Any) -> float:
    counted = Counter(map(str, values)) if not isinstance(values[0], (datetime, date)) else {values[0]: 1}
    total = sum(counted.values())
    return sum(count for value, count in counted.items() if holds(value)) / total


def _time_like(value: Any) -> bool:
    if isinstance(value, (datetime, date)):
        return True
    text = str(value).strip()
    return any(shape.match(text) for shape in (_ISO, _EPOCH, _COMPACT, _SLASHED, _NAMED, _CHINESE))


def _number_like(value: Any) -> bool:
    if isinstance(value, Number):
        return True
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def _day_first(values: list[Any]) -> bool:
    """Whether dates such as 3/4/2024 begin with the day: some first number is above 12, or dots part them."""
    pairs = [(int(m[1]), int(m[2]), "." in m[0]) for v in values if (m := _SLASHED.match(str(v).strip()))]
    if any(first > 12 for first, _, _ in pairs):
        return True
    if any(second > 12 for _, second, _ in pairs):
        return False
    return bool(pairs) and pairs[0][2]
