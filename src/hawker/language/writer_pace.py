"""How soon a server may be asked again, when it allows so many requests and so many tokens a minute."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Lock

MINUTE = 60.0


class Pace:
    """A minute's window of what was asked. 0 sets no limit."""

    def __init__(
        self, *, requests: int = 0, tokens: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.requests, self.tokens, self.clock = requests, tokens, clock
        self._asked: deque[list[float]] = deque()  # [time, tokens]
        self._lock = Lock()

    def take(self, tokens: int, *, patience: float = 0.0) -> tuple[float, list[float]]:
        """Take a turn of about so many tokens: the seconds until it may begin, and the turn itself.

        Where that is longer than `patience`, no turn is taken, and the list is empty.
        """
        with self._lock:
            now = self.clock()
            while self._asked and self._asked[0][0] <= now - MINUTE:
                self._asked.popleft()
            begin = max(now, self._free(float(tokens)))
            wait = begin - now
            if wait > patience:
                return wait, []
            turn = [begin, float(tokens)]
            self._asked.append(turn)
            return wait, turn

    def spent(self, turn: list[float], tokens: int) -> None:
        """What a turn really took."""
        with self._lock:
            if turn:
                turn[1] = float(tokens)

    def _free(self, tokens: float) -> float:
        """When there is room for one more request and so many more tokens."""
        when = self._asked[-1][0] if self._asked else 0.0
        if self.requests and len(self._asked) >= self.requests:
            when = max(when, self._asked[-self.requests][0] + MINUTE)
        if not self.tokens:
            return when
        held = sum(turn[1] for turn in self._asked)
        for turn in self._asked:  # more than a minute's worth at once waits for an empty window
            if held + tokens <= self.tokens:
                break
            held -= turn[1]
            when = max(when, turn[0] + MINUTE)
        return when
