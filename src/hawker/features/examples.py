"""Training rows: what was known at each moment, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Field:
    """Columns of `x` that are one thing: a sequence of codes, the latest first, or a vector.

    A sequence's columns hold codes of the categorical feature `of` (same vocabulary, same embedding) and
    NaN past its end; none of them is named in `categorical`. A vector's hold its coordinates, all NaN
    where there is none. What knows no fields takes the columns of a vector as quantities.
    """

    name: str
    kind: Literal["sequence", "vector"]
    columns: tuple[str, ...]
    of: str = ""


@dataclass(frozen=True)
class Examples:
    """Rows in time order. `x` is float32 (rows, features), NaN where unknown; `y` is 0 or 1.

    `time` is microseconds; `group` is the request whose candidates compete; `cluster` is the
    shopper, the unit of resampling; `weight` undoes the sampling of negatives; `categorical`
    names the columns of `x` that hold codes rather than quantities, `fields` those that belong together.
    `labels` holds what else came of a row, float32 (rows,) by name ("click", "purchase", "value"), for
    models of several outcomes; `position` names the column that says where a row was shown, which models
    may learn from and never serve with.
    """

    names: tuple[str, ...]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    time: NDArray[np.int64]
    group: NDArray[np.int64]
    cluster: NDArray[np.int64]
    weight: NDArray[np.float64]
    categorical: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    labels: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    position: str = ""

    def __post_init__(self) -> None:
        rows = len(self.y)
        for name in ("x", "time", "group", "cluster", "weight"):
            if len(getattr(self, name)) != rows:
                raise BadInput(f"Examples: '{name}' has {len(getattr(self, name))} rows, 'y' has {rows}.")
        if self.x.ndim != 2 or self.x.shape[1] != len(self.names):
            raise BadInput(f"Examples: x is {self.x.shape}, but {len(self.names)} features are named.")
        for name, column in self.labels.items():
            if column.shape != (rows,):
                raise BadInput(f"Examples: label '{name}' is {column.shape}, 'y' has {rows} rows.")
        self._check_fields()

    def _check_fields(self) -> None:
        known = set(self.names)
        for one in self.fields:
            missing = [name for name in one.columns if name not in known]
            if missing:
                raise BadInput(f"Examples: field '{one.name}' names no such column: {missing[:3]}.")
            if one.kind == "sequence" and one.of not in self.categorical:
                raise BadInput(f"Examples: sequence '{one.name}' holds codes of '{one.of}', not a category.")
        if self.position and self.position not in known:
            raise BadInput(f"Examples: there is no column '{self.position}' to be the position.")

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Examples:
        """The rows of a mask or of an index array, in that order."""
        return replace(
            self,
            x=self.x[rows],
            y=self.y[rows],
            time=self.time[rows],
            group=self.group[rows],
            cluster=self.cluster[rows],
            weight=self.weight[rows],
            labels={name: column[rows] for name, column in self.labels.items()},
        )

    def only(self, names: tuple[str, ...]) -> Examples:
        """The same rows with these columns alone, in that order; fields that lose a column are dropped.

        Raises `BadInput` naming a column that is not there.
        """
        if names == self.names:
            return self
        where = {name: place for place, name in enumerate(self.names)}
        missing = [name for name in names if name not in where]
        if missing:
            raise BadInput(f"The examples lack {missing[:5]}.", remedy="Assemble them with these features.")
        kept = set(names)
        fields = tuple(one for one in self.fields if kept.issuperset(filter(None, (*one.columns, one.of))))
        return replace(
            self,
            names=names,
            x=np.ascontiguousarray(self.x[:, [where[name] for name in names]]),
            categorical=tuple(name for name in self.categorical if name in kept),
            fields=fields,
            position=self.position if self.position in kept else "",
        )

    def split(self, *dates: str) -> tuple[Examples, ...]:
        """Cut by time at ISO dates (UTC): `split(a, b)` gives before a, from a to b, from b on."""
        cuts = [microseconds(date) for date in dates]
        if cuts != sorted(cuts):
            raise BadInput(f"The dates {', '.join(dates)} are not in order.")
        part = np.searchsorted(np.array(cuts), self.time, side="right")
        return tuple(self.take(part == index) for index in range(len(cuts) + 1))

    def to_parquet(self, path: str | Path) -> None:
        """Write one Parquet file, a column a feature, that `from_parquet` reads back equal."""
        from hawker.features import table

        table.write(self, path)

    @staticmethod
    def from_parquet(path: str | Path) -> Examples:
        """What `to_parquet` wrote; raises `UnreadableFile` where it is anything else."""
        from hawker.features import table

        return table.read(path)

    def to_pandas(self) -> pandas.DataFrame:
        """The same table for pandas, codes as categories."""
        from hawker.features import table

        return table.frame(self)


def microseconds(date: str) -> int:
    """An ISO date or timestamp as microseconds since 1970; without a zone it is UTC.

    >>> microseconds("1970-01-02")
    86400000000
    """
    moment = datetime.fromisoformat(date)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)
