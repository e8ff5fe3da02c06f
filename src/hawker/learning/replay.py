"""The event log played back into a state, stopping at any moment: the past as it was known then."""

from __future__ import annotations

from hawker.delivery import restore
from hawker.features.encode import Codes
from hawker.features.events import EventArrays
from hawker.features.state import State
from hawker.storage.shop import Shop


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
