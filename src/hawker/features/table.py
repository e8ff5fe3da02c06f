"""Training rows as tables: Parquet that reads back equal, and pandas.

One column a feature (NULL is unknown), then `y`, `time` (microseconds), `group`, `cluster` and `weight`, then
`label_…` for further outcomes. What the columns are (categories, fields, the position) stands in the
file's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, UnreadableFile, extra
from hawker.features.examples import Examples, Field
from hawker.storage import files

if TYPE_CHECKING:
    import duckdb
    import pandas

TOLD = ("y", "time", "group", "cluster", "weight")
LABEL = "label_"
FORMAT = 1
_KEY = "hawker"


def write(examples: Examples, path: str | Path) -> None:
    """Write examples as one Parquet file, whole or not at all."""
    from hawker.storage import tables

    named = _columns(examples)
    connection = tables.connect(threads=1)
    connection.register("held", named)
    about = tables.quoted(json.dumps(_about(examples), ensure_ascii=False))
    with files.whole(Path(path)) as draft:
        connection.execute(
            f"COPY held TO {tables.quoted(draft)} "
            f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{_KEY}: {about}}})"
        )


def read(path: str | Path, *, through: duckdb.DuckDBPyConnection | None = None) -> Examples:
    """The examples of one such file. Raises `UnreadableFile` where it is none, or of a later version."""
    from hawker.storage import tables

    connection = through or tables.connect(threads=1)
    told = about([path], through=connection)[0]
    found = connection.execute(f"SELECT * FROM read_parquet({tables.quoted(path)})").fetchnumpy()
    held = {name: _whole(column) for name, column in found.items()}
    names: list[str] = told["names"]
    x = np.empty((len(held["y"]), len(names)), dtype=np.float32)
    for place, name in enumerate(names):
        x[:, place] = held.pop(name)
    return Examples(
        names=tuple(names),
        x=x,
        **{name: held[name] for name in TOLD},
        categorical=tuple(told["categorical"]),
        fields=tuple(Field(**{**one, "columns": tuple(one["columns"])}) for one in told["fields"]),
        labels={name: held[LABEL + name] for name in told["labels"]},
        position=told["position"],
    )


def about(paths: Sequence[str | Path], *, through: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """What each file says of its columns."""
    import duckdb

    from hawker.storage import tables

    listed = ", ".join(tables.quoted(path) for path in paths)
    query = f"SELECT file_name, value FROM parquet_kv_metadata([{listed}]) WHERE key = '{_KEY}'"
    try:
        found = dict(through.execute(query).fetchall())
    except duckdb.Error as error:
        raise UnreadableFile(
            f"Training rows cannot be read as Parquet: {error}.", remedy="Write the rows again."
        ) from error
    told: list[dict[str, Any]] = []
    for path in paths:
        if str(path) not in found:
            raise UnreadableFile(f"'{path}' holds no training rows.", remedy="Write them with to_parquet.")
        told.append(json.loads(found[str(path)]))
        if told[-1]["format"] > FORMAT:
            raise UnreadableFile(f"'{path}' was written by a later version.", remedy="Upgrade hawker.")
    return told


def frame(examples: Examples) -> pandas.DataFrame:
    """A pandas table of the same columns, codes as categories."""
    pandas = extra("pandas", "bench")
    made = pandas.DataFrame(_columns(examples))
    for name in examples.categorical:
        made[name] = made[name].astype("Int64").astype("category")
    return made


def stacked(parts: Sequence[Examples]) -> Examples:
    """Examples of the same columns one below the other."""
    first = parts[0]
    for part in parts[1:]:
        if _about(part) != _about(first):
            raise BadInput("These examples differ in their columns.", remedy="Assemble them alike.")

    def whole(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    return Examples(
        names=first.names,
        **{name: whole(name) for name in ("x", *TOLD)},
        categorical=first.categorical,
        fields=first.fields,
        labels={name: np.concatenate([part.labels[name] for part in parts]) for name in first.labels},
        position=first.position,
    )


def _columns(examples: Examples) -> dict[str, NDArray[Any]]:
    named = {name: np.ascontiguousarray(examples.x[:, at]) for at, name in enumerate(examples.names)}
    own = {name: getattr(examples, name) for name in TOLD}
    own |= {LABEL + name: column for name, column in examples.labels.items()}
    lower = [name.lower() for name in (*examples.names, *own)]
    twice = sorted({name for name in lower if lower.count(name) > 1})
    if twice:
        raise BadInput(
            f"A table would hold columns twice: {twice[:5]}.", remedy="Rename the features of these names."
        )
    return named | own


def _whole(column: NDArray[Any]) -> NDArray[Any]:
    """A column as DuckDB gives it; NULL is NaN, as NaN was written as NULL."""
    if not np.ma.isMaskedArray(column) or not np.ma.is_masked(column):
        return np.ma.getdata(column)
    return np.ma.filled(column, np.nan)


def _about(examples: Examples) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "names": list(examples.names),
        "categorical": list(examples.categorical),
        "fields": [{**asdict(one), "columns": list(one.columns)} for one in examples.fields],
        "labels": sorted(examples.labels),
        "position": examples.position,
    }
