"""Events come in any order and leave in one: the waiting room before the folds.

An event is *released* at the later of its time and its receipt less the tolerance. At wall time `now`
everything released before `now` less the tolerance is known to be here, because whatever is still to come
is received at `now` or later; so it can be handed out, in canonical order, and no later event can fall in
between. Live state is therefore a replay of the log, always; an event that comes after the tolerance
is not lost but released later.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator

import duckdb

from hawker.errors import BadInput
from hawker.records.events import EVENT_COLUMNS, Event, EventKind, released

_BATCH = 10_000


class Arrival:
    """Holds events back until their turn. `tolerance` is in microseconds.

    `watermark` is the moment up to which events have been handed out: all those released strictly
    before it, and none after. One microsecond may have many events; as the bound is strict they
    leave together, ordered by id.
    """

    def __init__(self, tolerance: int = 0, *, watermark: int = 0) -> None:
        self.tolerance = tolerance
        self.watermark = watermark
        self._heap: list[tuple[int, str, int, Event]] = []
        self._count = 0

    @property
    def waiting(self) -> int:
        """How many events have not had their turn."""
        return len(self._heap)

    def received(self, now: int) -> int:
        """The receipt to write on an event that comes at wall time `now`.

        It is `now`, unless the clock was set back: then it is the earliest receipt that still keeps
        the order of what has already been handed out.
        """
        return max(now, self.watermark + self.tolerance)

    def add(self, event: Event) -> int:
        """Let an event wait for its turn; returns its release.

        Raises `BadInput` for one released before the watermark: it belongs to a past that later
        decisions have already been made upon. Imported history is folded before serving begins.
        """
        moment = released(event.time, event.received, tolerance=self.tolerance)
        if moment < self.watermark:
            raise BadInput(
                f"Event '{event.id}' is released at {moment}, before the watermark {self.watermark}.",
                remedy="Write the moment of its receipt on it, or fold the log again from its beginning.",
            )
        heapq.heappush(self._heap, (moment, event.id, self._count, event))
        self._count += 1
        return moment

    def drop(self, gone: Callable[[Event], bool]) -> int:
        """Let go of waiting events; returns how many there were."""
        left = [entry for entry in self._heap if not gone(entry[3])]
        dropped = len(self._heap) - len(left)
        heapq.heapify(left)
        self._heap = left
        return dropped

    def ready(self, now: int) -> list[Event]:
        """The events whose turn has come by wall time `now`, in canonical order."""
        self.watermark = max(self.watermark, now - self.tolerance)
        out = []
        while self._heap and self._heap[0][0] < self.watermark:
            out.append(heapq.heappop(self._heap)[3])
        return out


def unfolded(
    connection: duckdb.DuckDBPyConnection, *, watermark: int, tolerance: int = 0, view: str = "events"
) -> Iterator[Event]:
    """The log's events released at or after a watermark: what a restart adds to a snapshot's state.

    They come in canonical order; those whose turn has come may go straight to the folds.
    """
    names = list(EVENT_COLUMNS)
    listed = ", ".join(f'"{name}"' for name in names)
    cursor = connection.execute(
        f"SELECT * FROM (SELECT {listed}, {release(tolerance)} AS released FROM {view}) "
        f"WHERE released >= {int(watermark)} ORDER BY released, id"
    )
    while rows := cursor.fetchmany(_BATCH):
        for row in rows:
            fields = dict(zip(names, row, strict=False))
            fields["kind"] = EventKind(fields["kind"])
            fields["attributes"] = json.loads(fields["attributes"] or "{}")
            yield Event(**fields)


def release(tolerance: int) -> str:
    """The release of an event as SQL over the log's columns: `records.events.released`."""
    return f"greatest(time, CASE WHEN received = 0 THEN time ELSE received END - {int(tolerance)})"
