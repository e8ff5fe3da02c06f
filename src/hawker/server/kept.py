"""What a server makes of a shop at its first use, and again beside what answers when the shop has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from hawker.delivery import Engine

_log = structlog.get_logger("hawker.server")
Made = TypeVar("Made")


class Kept(Generic[Made]):
    """One thing made of an engine's world: `make` is given the engine and the last one made, if any.

    It is made anew when `version` differs. Where that fails the last one goes on answering.
    """

    def __init__(
        self,
        name: str,
        version: Callable[[Engine], tuple[str, ...]],
        make: Callable[[Engine, Made | None], Awaitable[Made]],
    ) -> None:
        self._name, self._version, self._make = name, version, make
        self._made: Made | None = None
        self._of: tuple[str, ...] = ()
        self._making = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def current(self, engine: Engine) -> Made:
        """What there is; the first is waited for, later the last answers until the next is made."""
        if self._made is None:
            async with self._making:
                if self._made is None:
                    await self._anew(engine)
        elif self._of != self._version(engine) and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._renew(engine))
        assert self._made is not None
        return self._made

    async def _anew(self, engine: Engine) -> None:
        version = self._version(engine)  # first: what changes from here on is noticed
        self._made = await self._make(engine, self._made)
        self._of = version

    async def _renew(self, engine: Engine) -> None:
        try:
            await self._anew(engine)
        except Exception as error:
            _log.error(self._name, error=repr(error))
