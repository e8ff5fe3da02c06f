"""Simulated events on their way: columns gathered piece by piece, then turned into records."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.records.events import Event, EventKind
from hawker.simulate.shops.compose import CURRENCY
from hawker.simulate.world import World

_DEFAULTS: dict[str, Any] = {
    "shopper": -1,
    "session": -1,
    "product": -1,
    "ad": -1,
    "quantity": 1,
    "value": 0,
    "dwell_ms": 0,
    "slot": -1,
    "rating": 0,
    "query": "",
    "text": "",
    "placement": "",
    "location": "",
    "reason": "",
    "attributes": None,
}
_TEXTS = ("query", "text", "placement", "location", "reason", "attributes")


class Rows:
    """Columns of equal length. `shopper`, `product` and `ad` hold numbers, -1 where there is none."""

    def __init__(self) -> None:
        self._kinds: list[EventKind] = []
        self._times: list[NDArray[np.int64]] = []
        self._columns: dict[str, list[NDArray[Any]]] = {name: [] for name in _DEFAULTS}

    def add(self, kind: EventKind, time: NDArray[np.int64], **columns: Any) -> None:
        """Add one event for each time; a column may be an array of that length or one value."""
        self._kinds.append(kind)
        self._times.append(np.asarray(time, dtype=np.int64))
        for name, default in _DEFAULTS.items():
            kept = np.asarray(columns.pop(name, default), dtype=object if name in _TEXTS else np.int64)
            self._columns[name].append(np.broadcast_to(kept, len(time)))
        if columns:
            raise TypeError(f"no such columns: {', '.join(columns)}")

    def events(self, world: World, ads: list[tuple[str, str]]) -> list[Event]:
        """Records in time order, within the world's days; `ads` are (ad, campaign) by number."""
        times = np.concatenate(self._times)
        order = np.argsort(times, kind="stable")
        order = order[times[order] < world.start + world.days * 86_400_000_000]
        kinds = np.repeat(np.arange(len(self._kinds)), [len(part) for part in self._times])[order].tolist()
        columns = [np.concatenate(parts)[order].tolist() for parts in self._columns.values()]
        names = [*_DEFAULTS]
        made = []
        for number, (time, kind, *cells) in enumerate(
            zip(times[order].tolist(), kinds, *columns, strict=True)
        ):
            cell = dict(zip(names, cells, strict=True))
            made.append(_event(world, ads, cell, number=number, time=time, kind=self._kinds[kind]))
        return made


def _event(
    world: World,
    ads: list[tuple[str, str]],
    cell: dict[str, Any],
    *,
    number: int,
    time: int,
    kind: EventKind,
) -> Event:
    who, shown = cell["shopper"], ads[cell["ad"]] if cell["ad"] >= 0 else ("", "")
    return Event(
        kind=kind,
        time=time,
        id=f"{world.shop}{world.seed}-{number:07d}",
        shopper=world.people.ids[who] if who >= 0 else "",
        session=f"s{cell['session']:06d}" if cell["session"] >= 0 else "",
        product=world.items[cell["product"]].product.id if cell["product"] >= 0 else "",
        query=cell["query"],
        quantity=float(cell["quantity"]),
        value=cell["value"],
        currency=CURRENCY if cell["value"] else "",
        rating=float(cell["rating"]) if cell["rating"] else None,
        text=cell["text"],
        placement=cell["placement"],
        location=cell["location"] or str(world.people.region[who]),
        device=str(world.people.device[who]) if not cell["location"] else "store",
        dwell_ms=cell["dwell_ms"],
        campaign=shown[1],
        ad=shown[0],
        slot=cell["slot"],
        reason=cell["reason"],
        synthetic=True,
        attributes=cell["attributes"] or {},
    )
