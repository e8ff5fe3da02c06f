"""The event log played back into a state, stopping at any moment: the past as it was known then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.delivery import restore
from hawker.features.encode import Codes
from hawker.features.events import EventArrays
from hawker.features.schema import KEYS
from hawker.features.state import State
from hawker.records.events import KIND_CODE, EventKind
from hawker.storage.shop import Shop

_SHOPPER, _PRODUCT, _LOCATION = KEYS.index("shopper"), KEYS.index("product"), KEYS.index("location")


class Replay:
    """Events in canonical order and the state they lead to; `to` moves forward, never back."""

    def __init__(self, events: EventArrays, state: State) -> None:
        self.events = events
        self.state = state
        self.position = 0

    def to(self, moment: int) -> State:
        """The state as it was at a moment: all that was released strictly before it, nothing after."""
        stop = self.events.before(moment)
        if stop > self.position:
            self.state.fold(self.events, start=self.position, stop=stop)
            self.position = stop
        self.state.advance(moment)
        return self.state


def load(shop: Shop) -> Replay:
    """The whole log of a shop, ready to be replayed from the beginning."""
    codes = Codes()
    codes.learn_products(shop.catalogue.values())
    return Replay(restore.log(shop, codes), State(codes))


@dataclass(frozen=True)
class Visits:
    """Store visits: sessions with a purchase, in order of time; one entry each.

    `rows` lists the events of all visits, visit after visit; `starts` says where each begins.
    """

    time: NDArray[np.int64]
    shopper: NDArray[np.int32]
    location: NDArray[np.int32]
    session: NDArray[np.int64]
    rows: NDArray[np.intp]
    starts: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.time)

    def products(self, events: EventArrays, visit: int) -> NDArray[np.int32]:
        """The products bought in a visit, each once."""
        own = self.rows[self.starts[visit] : self.starts[visit + 1]]
        return np.unique(events.keys[own, _PRODUCT])


def visits(events: EventArrays) -> Visits:
    """Group purchases by session; a visit's time is that of its first purchase."""
    bought = np.flatnonzero((events.kind == KIND_CODE[EventKind.PURCHASE]) & (events.session >= 0))
    order = bought[np.argsort(events.session[bought], kind="stable")]
    session = events.session[order]
    starts = np.flatnonzero(np.r_[True, session[1:] != session[:-1]]) if len(order) else np.zeros(0, np.intp)
    ends = np.append(starts[1:], len(order)).astype(np.intp)
    first = order[starts]
    by_time = np.lexsort((events.session[first], events.time[first]))
    pieces = [order[starts[visit] : ends[visit]] for visit in by_time]
    first = first[by_time]
    return Visits(
        time=events.time[first],
        shopper=events.keys[first, _SHOPPER],
        location=events.keys[first, _LOCATION],
        session=events.session[first],
        rows=np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.intp),
        starts=np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(np.intp),
    )
