"""Who looks on while a model is trained: told each validation loss, and free to end the training.

It hangs on the context, not on an argument, because between who looks on and the loop lie estimators
that hold other estimators, and none of them needs to know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Watch = Callable[[int, float], None]
_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """While this lasts `watch(step, loss)` is called after every pass (for trees: every few trees).

    What it raises ends the training and comes out of `train`.

    >>> heard = []
    >>> with watching(lambda step, loss: heard.append((step, loss))):
    ...     saw(0, 0.7)
    >>> saw(1, 0.6)
    >>> heard
    [(0, 0.7)]
    """
    token = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(token)


def saw(step: int, loss: float) -> None:
    """Tell whoever looks on, if anyone does."""
    if watch := _WATCH.get():
        watch(step, loss)
