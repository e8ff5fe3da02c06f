"""Names become codes: vocabularies that only grow, and the event log as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from hawker.features.arrival import release
from hawker.features.compiled import compiled
from hawker.features.events import EventArrays
from hawker.features.protect import Protection
from hawker.features.schema import KEYS
from hawker.records.catalogue import LEVELS, Product, levels
from hawker.records.events import KIND_CODE, Event, released
from hawker.records.traffic import MARK, marked
from hawker.storage import tables

_PLAIN = ("shopper", "product", "location", "placement", "campaign")  # keys an event names itself
_FROM_PRODUCT = ("category", "shelf", "department", "brand", "line")
_FIRST = KEYS.index(_FROM_PRODUCT[0])
_LATER = (-1,) * len(_FROM_PRODUCT)
_UNITS = 1_000_000.0
_SECONDS = 1000.0


class Vocabulary:
    """Names in order of first sight; the empty name is -1, and codes never change."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: list[str] = list(names)
        self._codes = {name: code for code, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: str) -> int:
        """The code of a name, given to it now if it is new; -1 for the empty name."""
        if not name:
            return -1
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
        return code

    def find(self, name: str) -> int:
        """The code of a known name, else -1."""
        return self._codes.get(name, -1)

    def forget(self, name: str) -> None:
        """Let go of a name; its code stays taken, by nobody."""
        code = self._codes.pop(name, -1)
        if code >= 0:
            self.names[code] = f"\x1f{code}"  # not printable: no shop can send it
            self._codes[self.names[code]] = code

    def codes(self, names: Iterable[str]) -> NDArray[np.int32]:
        """Codes of many names, new ones included."""
        return np.array([self.code(name) for name in names], dtype=np.int32)


@dataclass
class Codes:
    """All vocabularies of a shop, and for each product code the codes of its categories and brand."""

    vocabularies: dict[str, Vocabulary] = field(
        default_factory=lambda: {name: Vocabulary() for name in (*_PLAIN, *_FROM_PRODUCT, "session")}
    )
    product_keys: NDArray[np.int32] = field(
        default_factory=lambda: np.full((1, len(_FROM_PRODUCT)), -1, dtype=np.int32)
    )
    """One row a product code, then at least one row of -1: so code -1 finds nothing known."""
    protection: Protection = field(default_factory=Protection)

    def __getitem__(self, name: str) -> Vocabulary:
        return self.vocabularies[name]

    def learn_products(self, products: Iterable[Product]) -> None:
        """Give codes to a catalogue's products, categories and brands."""
        rows = []
        for product in products:
            code = self["product"].code(product.id)
            path = levels(product.category)
            names = (
                LEVELS.join(path),
                LEVELS.join(path[:2]),
                path[0] if path else "",
                product.brand,
                f"{LEVELS.join(path)}|{product.brand}" if path or product.brand else "",
            )
            rows.append(
                (code, *(self[key].code(name) for key, name in zip(_FROM_PRODUCT, names, strict=True)))
            )
        self._fit_products()
        if rows:
            table = np.array(rows, dtype=np.int32)
            self.product_keys[table[:, 0]] = table[:, 1:]

    def of_products(self, key: str, products: NDArray[np.int32]) -> NDArray[np.int32]:
        """The category, shelf, department, brand or line codes of products; -1 where unknown."""
        self._fit_products()
        found: NDArray[np.int32] = self.product_keys[products, _FROM_PRODUCT.index(key)]
        return found

    def product_table(self) -> NDArray[np.int32]:
        """By product code: its category, shelf, department, brand and line; -1 where unknown."""
        self._fit_products()
        return self.product_keys

    def _fit_products(self) -> None:
        missing = len(self["product"]) + 1 - len(self.product_keys)
        if missing > 0:
            more = max(missing, len(self.product_keys))
            unknown = np.full((more, len(_FROM_PRODUCT)), -1, dtype=np.int32)
            self.product_keys = np.concatenate([self.product_keys, unknown])

    def encode(self, events: Sequence[Event], *, tolerance: int = 0) -> EventArrays:
        """Live events as arrays, in canonical order, without what is marked as invalid traffic.

        `tolerance` is in microseconds.
        """
        events = [event for event in events if not marked(event.reason)]
        moments = [released(event.time, event.received, tolerance=tolerance) for event in events]
        if len(events) > 1:
            order = sorted(range(len(events)), key=lambda i: (moments[i], events[i].id))
            events, moments = [events[i] for i in order], [moments[i] for i in order]
        session = self.vocabularies["session"].code
        return self._arrays(
            moments,
            kind=[KIND_CODE[event.kind] for event in events],
            session=[session(event.session) for event in events],
            keys=np.array([self._row(event) for event in events], dtype=np.int32).reshape(-1, len(KEYS)),
            values=np.array(
                [(1.0, event.quantity, event.value, event.dwell_ms) for event in events], dtype=np.float64
            ).reshape(-1, 4),
        )

    def _row(self, event: Event) -> tuple[int, ...]:
        """The keys an event names itself, at their places among KEYS; the rest is filled in later."""
        of = self.vocabularies
        return (
            of["shopper"].code(event.shopper),
            of["product"].code(event.product),
            *_LATER,
            of["location"].code(event.location),
            of["placement"].code(event.placement),
            of["campaign"].code(event.campaign),
            0,
        )

    def load(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        view: str = "events",
        where: str = "TRUE",
        tolerance: int = 0,
    ) -> EventArrays:
        """The event log (a view with the log's columns) as arrays: what `encode` gives of its events."""
        where = f"({where}) AND NOT starts_with(reason, '{MARK}')"
        for name in (*_PLAIN, "session"):
            self._extend(connection, name, f"SELECT DISTINCT {name} FROM {view} WHERE {where}")
        kinds = {"kind": np.array(list(KIND_CODE)), "code": np.array(list(KIND_CODE.values()))}
        connection.register("kind_codes", kinds)
        named = (*_PLAIN, "session")
        codes = ", ".join(f"coalesce(v_{name}.code, -1) AS {name}" for name in named)
        joins = " ".join(f"LEFT JOIN codes_{name} AS v_{name} ON e.{name} = v_{name}.name" for name in named)
        found = tables.columns(
            connection,
            f"SELECT e.released AS released, k.code AS kind, "
            f"e.quantity AS quantity, e.value AS value, e.dwell_ms AS dwell_ms, {codes} "
            f"FROM (SELECT *, {release(tolerance)} AS released FROM {view} WHERE {where}) AS e "
            f"JOIN kind_codes AS k ON e.kind = k.kind {joins} ORDER BY released, e.id",
        )
        count = len(found["released"])
        keys = np.zeros((count, len(KEYS)), dtype=np.int32)
        for name in _PLAIN:
            keys[:, KEYS.index(name)] = found[name]
        values = np.ones((count, 4), dtype=np.float64)
        for place, name in enumerate(("quantity", "value", "dwell_ms"), start=1):
            values[:, place] = found[name]
        return self._arrays(
            found["released"], kind=found["kind"], session=found["session"], keys=keys, values=values
        )

    def _arrays(
        self, time: Any, *, kind: Any, session: Any, keys: NDArray[np.int32], values: NDArray[np.float64]
    ) -> EventArrays:
        """Add what the catalogue knows of each event's product, and bring values to their units."""
        self._fit_products()
        _complete(keys, values, self.product_keys)
        self.protection.apply(keys, self["category"].names)
        return EventArrays(
            time=np.asarray(time, dtype=np.int64),
            kind=np.asarray(kind, dtype=np.int8),
            session=np.asarray(session, dtype=np.int64),
            keys=keys,
            values=values,
        )

    def _extend(self, connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
        vocabulary = self[name]
        for row in sorted(str(found[0]) for found in connection.execute(query).fetchall()):
            vocabulary.code(row)
        names = np.array(vocabulary.names, dtype=object)
        held = {"name": names, "code": np.arange(len(names), dtype=np.int32)}
        connection.register(f"given_{name}", held)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE codes_{name} AS "
            f"SELECT CAST(name AS VARCHAR) AS name, code FROM given_{name}"
        )
        connection.unregister(f"given_{name}")


@compiled
def _complete(keys: NDArray[np.int32], values: NDArray[np.float64], product_keys: NDArray[np.int32]) -> None:
    for e in range(len(keys)):
        for c in range(product_keys.shape[1]):
            keys[e, _FIRST + c] = product_keys[keys[e, 1], c] if keys[e, 1] >= 0 else -1
        values[e, 2] /= _UNITS
        values[e, 3] /= _SECONDS
