"""What a server does by itself: lets go of who is to be forgotten, and of what has had its time."""

from __future__ import annotations

import asyncio
import time

import structlog

from hawker.delivery import Engine, forgetting
from hawker.privacy import erasure, retention
from hawker.privacy.erasure import Journal
from hawker.privacy.receipt import Receipt
from hawker.server import portraits
from hawker.storage.presence import Presence

SECONDS = 1.0
PATIENCE_SECONDS = 10.0
_DAY_SECONDS = 86_400
_log = structlog.get_logger("hawker.server")


async def keep(engine: Engine) -> None:
    """Say that this server is there, and look after the shop until cancelled."""
    with Presence(erasure.engines(engine.shop)) as here:
        engine.name = here.name
        due = time.monotonic()
        while True:
            try:
                for journal in forgetting.catch_up(engine, first=engine.hear):
                    portraits.let_go(engine)
                    await asyncio.to_thread(erasure.complete, engine.shop, journal)
                if time.monotonic() >= due:
                    due = time.monotonic() + _DAY_SECONDS
                    swept = await asyncio.to_thread(retention.enforce, engine.shop, now=engine.tick())
                    if any(one.removed for one in swept):
                        _log.info("retention", **{one.store: one.removed for one in swept})
            except Exception as error:
                _log.error("upkeep", error=repr(error))
            await asyncio.sleep(SECONDS)


async def forget(engine: Engine, shopper: str) -> Receipt | None:
    """Forget a shopper, the slow part beside the requests; None where another server has yet to let go."""
    journal = await asyncio.to_thread(erasure.begin, engine.shop, shopper)
    engine.hear()  # what others were told and is not known here yet would bring the shopper back
    forgetting.let_go(engine, journal)
    portraits.let_go(engine)
    return await _completed(engine, journal)


async def _completed(engine: Engine, journal: Journal) -> Receipt | None:
    """The receipt, as soon as every server has let go; each looks once a second."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        done = await asyncio.to_thread(erasure.complete, engine.shop, journal)
        if done is not None or time.monotonic() > until:
            return done
        await asyncio.sleep(SECONDS / 4)
