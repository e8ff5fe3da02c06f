"""Events played back into a state, stopping at any moment: the past as it was known then."""

from __future__ import annotations

import time

from hawker.features.events import EventArrays
from hawker.features.state import State


class Replay:
    """Events in canonical order and the state they lead to; `to` moves forward, never back."""

    def __init__(self, events: EventArrays, state: State) -> None:
        self.events = events
        self.state = state
        self.position = 0
        self.seconds = 0.0

    @property
    def end(self) -> int:
        """The first moment at which everything has been released."""
        return int(self.events.time[-1]) + 1 if len(self.events) else 0

    @property
    def rate(self) -> float:
        """Events folded a second, so far."""
        return self.position / max(self.seconds, 1e-9)

    def to(self, moment: int) -> State:
        """The state as it was at a moment: all that was released strictly before it, nothing after."""
        stop = self.events.before(moment)
        if stop > self.position:
            started = time.perf_counter()
            self.state.fold(self.events, start=self.position, stop=stop)
            self.seconds += time.perf_counter() - started
            self.position = stop
        self.state.advance(moment)
        return self.state
