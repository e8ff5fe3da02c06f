"""Ads that a changed catalogue has made untrue come down by themselves, in a process beside the requests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from hawker.creative import proofing
from hawker.delivery import Engine
from hawker.server.apart import apart
from hawker.storage.shop import Shop

SECONDS = 5.0
_log = structlog.get_logger("hawker.server")


async def keep(engine: Engine) -> None:
    """Look at approved copy again whenever the catalogue has changed, until cancelled."""
    seen = None
    while True:
        await asyncio.sleep(SECONDS)
        try:
            there = await asyncio.to_thread(proofing.catalogue, engine.shop)
            if there == seen:
                continue
            taken = []
            if await asyncio.to_thread(proofing.due, engine.shop):
                taken = await apart(_alone, str(engine.shop.folder), name="proofing")
            if taken:
                _log.info("taken_down", drafts=taken)
            seen = there
        except Exception as error:
            _log.error("proofing", error=repr(error))


def _alone(folder: str) -> list[str]:
    return [one.id for one in proofing.proofread(Shop(Path(folder)))]
