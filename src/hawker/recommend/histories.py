"""What shoppers took, one after another: the rows that recommenders learn from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput
from hawker.privacy.people import sensitive, unprofiled
from hawker.records.events import EventKind
from hawker.records.traffic import MARK
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
TAKEN = (EventKind.PURCHASE,)


class Past(NamedTuple):
    """One history, oldest first: codes, the basket of each (`step`, rising), and when, against `now`.

    Times are in microseconds; where they are 0, only the order is known.
    """

    items: Codes
    step: Ints
    time: Ints
    now: int = 0

    @classmethod
    def of(cls, given: Past | Codes | Sequence[int]) -> Past:
        """A past as it is; plain codes as baskets of one."""
        if isinstance(given, Past):
            return given
        items = np.asarray(given, dtype=np.int32)
        return cls(items, np.arange(len(items)), np.zeros(len(items), dtype=np.int64))

    def before(self, moment: int) -> Past:
        """What of it was taken strictly before a moment, which becomes its `now`."""
        kept = self.time < moment
        return Past(self.items[kept], self.step[kept], self.time[kept], moment)

    def known(self, size: int, *, last: int = 0) -> Past:
        """Without codes that a recommender of `size` items does not know; the `last` so many (0: all)."""
        kept = np.flatnonzero((self.items >= 0) & (self.items < size))[-last:]
        return Past(self.items[kept], self.step[kept], self.time[kept], self.now)


@dataclass(frozen=True)
class Histories:
    """Histories of n shoppers: `items[start[i]:start[i + 1]]`, oldest first, are codes of `names`.

    What was taken together has the same `step`, which counts a shopper's baskets from 0. `time` is in
    microseconds, 0 where it is not known.
    """

    start: Ints
    items: Codes
    step: Ints
    time: Ints
    names: tuple[str, ...]
    shoppers: tuple[str, ...] = ()

    @classmethod
    def of(cls, sequences: Iterable[Sequence[int] | Codes], names: Sequence[str]) -> Histories:
        """Plain sequences of codes: every item is a basket of its own, and times are not known.

        >>> Histories.of([[0, 1], [1, 1, 2]], ("tea", "pot", "jam"))[1].tolist()
        [1, 1, 2]
        """
        rows = [np.asarray(sequence, dtype=np.int32) for sequence in sequences]
        start = np.cumsum([0, *map(len, rows)]).astype(np.int64)
        items = np.concatenate(rows) if rows else np.empty(0, np.int32)
        if len(items) and not 0 <= items.min() <= items.max() < len(names):
            raise BadInput(
                f"A history holds the code {items.max() if items.min() >= 0 else items.min()}.",
                remedy=f"Codes are 0 to {len(names) - 1}.",
            )
        step = np.arange(len(items)) - np.repeat(start[:-1], np.diff(start))
        return cls(start, items, step, np.zeros(len(items), np.int64), tuple(names))

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, shopper: int) -> Codes:
        return self.items[self.start[shopper] : self.start[shopper + 1]]

    @property
    def sizes(self) -> Ints:
        """How much each shopper took: (n,)."""
        return np.diff(self.start)

    @cached_property
    def counts(self) -> Ints:
        """How often each item was taken: (items,)."""
        return np.bincount(self.items, minlength=len(self.names))

    def past(self, shopper: int, *, now: int = 0) -> Past:
        """The history of one shopper, as it is at a moment."""
        part = slice(self.start[shopper], self.start[shopper + 1])
        return Past(self.items[part], self.step[part], self.time[part], now)

    def rows(self, chosen: Iterable[int]) -> Histories:
        """The histories of some shoppers, in the order given."""
        picked = np.asarray(list(chosen), dtype=np.int64)
        at = [np.arange(self.start[row], self.start[row + 1]) for row in picked]
        shoppers = tuple(self.shoppers[row] for row in picked) if self.shoppers else ()
        return self._at(np.concatenate(at) if at else picked, self.sizes[picked], shoppers)

    def before_last(self, count: int = 1) -> Histories:
        """The same shoppers without the last `count` things each took."""
        keep = np.maximum(self.sizes - count, 0)
        place = np.arange(len(self.items)) - np.repeat(self.start[:-1], self.sizes)
        return self._at(np.flatnonzero(place < np.repeat(keep, self.sizes)), keep, self.shoppers)

    def last(self) -> Codes:
        """The last thing each took; -1 where nothing was."""
        found = np.full(len(self), -1, dtype=np.int32)
        some = self.sizes > 0
        found[some] = self.items[self.start[1:][some] - 1]
        return found

    def until(self, moment: int) -> Histories:
        """What was taken strictly before a moment."""
        return self.only(self.time < moment)

    def only(self, kept: NDArray[np.bool_]) -> Histories:
        """The same shoppers with some of what they took: one truth value for each thing."""
        who = np.repeat(np.arange(len(self)), self.sizes)
        return self._at(np.flatnonzero(kept), np.bincount(who[kept], minlength=len(self)), self.shoppers)

    def _at(self, at: Ints, sizes: Ints, shoppers: tuple[str, ...]) -> Histories:
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return replace(
            self,
            start=start,
            items=self.items[at],
            step=self.step[at],
            time=self.time[at],
            shoppers=shoppers,
        )


def read(shop: Shop, *, kinds: Sequence[EventKind] = TAKEN, without: Collection[str] = ()) -> Histories:
    """The histories in a shop's log, by shopper; products of the catalogue come first among the names.

    Nothing is read of those who may not be profiled, of those named in `without`, and of products of special
    categories. What has no session is a basket by its moment.
    """
    connection = tables.connect()
    EventLog(shop.events).view(connection)
    known = list(shop.catalogue)
    left = sorted({*without, *unprofiled(shop)})
    private = sorted(sensitive(shop))
    connection.register("left_out", {"shopper": np.array(left or [""], dtype=object)})
    connection.register("private", {"product": np.array(private or [""], dtype=object)})
    wanted = ", ".join(f"'{kind}'" for kind in kinds)
    found = tables.columns(
        connection,
        f"SELECT CAST(shopper AS VARCHAR) AS shopper, CAST(product AS VARCHAR) AS product, time, "
        f"coalesce(nullif(session, ''), CAST(time AS VARCHAR)) AS session FROM events "
        f"WHERE kind IN ({wanted}) AND shopper <> '' AND product <> '' "
        f"AND NOT starts_with(reason, '{MARK}') "
        f"AND shopper NOT IN (SELECT CAST(shopper AS VARCHAR) FROM left_out) "
        f"AND product NOT IN (SELECT CAST(product AS VARCHAR) FROM private) ORDER BY shopper, time, id",
    )
    places = {name: code for code, name in enumerate(known)}
    for name in sorted(set(found["product"]) - places.keys()):
        places[name] = len(places)
    items = np.array([places[name] for name in found["product"]], dtype=np.int32)
    shoppers, first = _runs(found["shopper"])
    session = found["session"]
    new = np.zeros(len(items), dtype=bool)
    new[1:] = session[1:] != session[:-1]
    new[first[:-1]] = False
    running = np.cumsum(new)
    step = running - np.repeat(running[first[:-1]], np.diff(first)) if len(items) else running
    return Histories(
        first, items, step.astype(np.int64), found["time"].astype(np.int64), tuple(places), shoppers
    )


def _runs(names: NDArray[np.object_]) -> tuple[tuple[str, ...], Ints]:
    """The distinct names of a sorted column, and where each begins, with the end."""
    if not len(names):
        return (), np.zeros(1, dtype=np.int64)
    begins = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    return tuple(str(name) for name in names[begins]), np.append(begins, len(names)).astype(np.int64)
