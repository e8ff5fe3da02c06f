"""How often each creative was seen and clicked, by placement and segment: what its words are judged by.

What an event counts for is taken from the decision's record, live and after a restart alike. Nothing here
is about anybody: the counts know no shopper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from hawker.delivery.observe import Sold
from hawker.errors import Corrupt
from hawker.records.events import DAY, SECOND, Event, EventKind
from hawker.records.traffic import marked
from hawker.statistics.pooling import Cells
from hawker.storage import tables, wordings
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop
from hawker.storage.wordings import Tallied

Key = tuple[str, str, str]
"""A creative, a placement, a segment."""
HALF_LIFE = 60 * DAY
MARGIN = 30 * SECOND
"""What was received within this time is not kept in the file yet: another process may hear of it late."""
_KINDS = {EventKind.AD_IMPRESSION: 0, EventKind.AD_CLICK: 1}
_SAVE_EVERY = 300 * SECOND
_MOST, _TRIES = 50_000, 12


class Tally:
    """The counts of one engine.

    A count weighs 2^((its time − landmark) / half-life), so that any order will do.
    """

    def __init__(self, sold: Callable[[str, int], Sold | None]) -> None:
        """`sold` says what was sold in a slot of a decision; None where that is not on record (yet)."""
        self._sold = sold
        self._counts: dict[Key, list[float]] = {}
        self._landmark = 0
        self._fresh: dict[str, tuple[int, Key, int, float]] = {}
        self._unknown: list[tuple[Event, int]] = []
        self._saved = 0
        self.changes = 0
        """How many events have been counted: what is believed is worked out again where it grew."""

    def count(self, events: Iterable[Event]) -> None:
        """Count impressions and clicks of slots whose words were a creative's; invalid traffic is nothing."""
        self._take((event, 0) for event in events if event.kind in _KINDS and event.decision)

    def again(self) -> None:
        """Look again for the decisions that were not on record when their events came."""
        waiting, self._unknown = self._unknown, []
        self._take(waiting)

    def _take(self, events: Iterable[tuple[Event, int]]) -> None:
        for event, tries in events:
            if marked(event.reason) or event.id in self._fresh:
                continue
            sold = self._sold(event.decision, event.slot)
            if sold is None:
                if tries < _TRIES and len(self._unknown) < _MOST:
                    self._unknown.append((event, tries + 1))
            elif sold.creative:
                self._add(event, (sold.creative, sold.placement, sold.segment))

    def _add(self, event: Event, key: Key) -> None:
        received = event.received or event.time
        self._landmark = self._landmark or received
        weight = float(np.exp2((received - self._landmark) / HALF_LIFE))
        kind = _KINDS[event.kind]
        self._counts.setdefault(key, [0.0, 0.0])[kind] += weight
        if len(self._fresh) >= _MOST:
            self._fresh = {id: one for id, one in self._fresh.items() if one[0] >= received - MARGIN}
        self._fresh[event.id] = (received, key, kind, weight)
        self.changes += 1

    def cells(self, product: dict[str, str], *, now: int) -> tuple[Cells, tuple[Key, ...], tuple[str, ...]]:
        """The counts as of now of creatives whose `product` is known; the keys of the rows; the creatives.

        May be called in a thread: what is counted meanwhile may be in or not.
        """
        held = {key: tuple(row) for key, row in list(self._counts.items()) if key[0] in product}
        keys = tuple(sorted(held))
        names = tuple(sorted(product))
        codes = {name: code for code, name in enumerate(names)}
        faded = float(np.exp2((self._landmark - now) / HALF_LIFE)) if keys else 1.0
        counts = np.array([held[key] for key in keys], np.float64).reshape(len(keys), 2) * faded
        made = Cells(
            product=_coded([product[name] for name in names]),
            variant=np.array([codes[key[0]] for key in keys], np.int64),
            placement=_coded([key[1] for key in keys]),
            segment=_coded([key[2] for key in keys]),
            shown=counts[:, 0],
            clicked=counts[:, 1],
        )
        return made, keys, names

    def tend(self, shop: Shop, *, now: int) -> None:
        """Keep the counts in a file every few minutes; call it more often."""
        self.again()
        if now - self._saved >= _SAVE_EVERY:
            self.keep(shop, now=now)

    def keep(self, shop: Shop, *, now: int) -> None:
        """Keep the counts in a file, but for what was received just now."""
        self._saved, until = now, now - MARGIN
        self._fresh = {id: one for id, one in self._fresh.items() if one[0] >= until}
        if not self._counts:
            return
        counts = {key: list(held) for key, held in self._counts.items()}
        for _, key, kind, weight in self._fresh.values():
            counts[key][kind] -= weight
        rows = np.array(list(counts.values()), np.float64)
        wordings.keep_tally(shop, Tallied(tuple(counts), np.maximum(rows, 0.0), self._landmark, until))

    def restore(self, shop: Shop, *, now: int) -> None:
        """Take the file's counts, and count what was received since, or in the last three half-lives."""
        try:
            held = wordings.tally(shop)
        except Corrupt as error:
            import structlog  # only where there is something to say

            structlog.get_logger("hawker").error("tally_unusable", error=str(error))
            held = None
        if held is not None:
            self._counts = {key: row.tolist() for key, row in zip(held.keys, held.counts, strict=True)}
            self._landmark = held.landmark
        since = held.until if held is not None else now - 3 * HALF_LIFE
        self.count(_logged(shop, since=since))
        self._fresh = {id: one for id, one in self._fresh.items() if one[0] >= now - MARGIN}


def _coded(names: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    codes: dict[str, int] = {}
    return np.array([codes.setdefault(name, len(codes)) for name in names], np.int64)


def _logged(shop: Shop, *, since: int) -> Iterator[Event]:
    """The logged impressions and clicks of decisions received from a moment on."""
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    kinds = ", ".join(f"'{kind}'" for kind in _KINDS)
    rows = connection.execute(
        "SELECT id, kind, time, received, decision, slot, reason FROM events "
        f"WHERE decision <> '' AND kind IN ({kinds}) AND received >= {int(since)} ORDER BY received, id"
    )
    while held := rows.fetchmany(10_000):
        for id, kind, time, received, decision, slot, reason in held:
            yield Event(
                EventKind(kind), time, id=id, received=received, decision=decision, slot=slot, reason=reason
            )
