"""Audiences kept up to date: on a schedule in a process of its own, and at once where one is put.

state/audiences.tried    when it was last begun; every server of the shop looks here, so that one does it
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

import structlog

from hawker import audience
from hawker.audience import Moment, Refreshed, members
from hawker.audience.refresh import LEARNED
from hawker.delivery import Engine, restore
from hawker.delivery.engine import clock
from hawker.errors import Conflict
from hawker.records.audience import Kind
from hawker.server.apart import apart
from hawker.storage import files
from hawker.storage.control import Control
from hawker.storage.shop import Shop

SECONDS = 5.0
_log = structlog.get_logger("hawker.server")


async def keep(engine: Engine) -> None:
    """Compute audiences anew as often as the shop says, until cancelled."""
    while True:
        await asyncio.sleep(SECONDS)
        try:
            if await asyncio.to_thread(due, engine.shop, now=time.time()):
                await apart(_alone, str(engine.shop.folder), name="audiences")
        except Exception as error:
            _log.error("audiences", error=repr(error))


def due(shop: Shop, *, now: float) -> bool:
    """Whether audiences are to be computed anew by now, in seconds, and nobody else does; claims it."""
    stamp, minutes = shop.state / "audiences.tried", shop.settings.audiences.refresh_minutes
    shop.state.mkdir(parents=True, exist_ok=True)
    with files.alone(shop.state / "audiences.turn"):
        if stamp.is_file() and (not minutes or now - stamp.stat().st_mtime < 60 * minutes):
            return False
        files.write(stamp, b"")
        os.utime(stamp, (now, now))
    return anything(shop)


def soon(shop: Shop) -> None:
    """Let audiences be computed anew by whichever server looks next."""
    (shop.state / "audiences.tried").unlink(missing_ok=True)


def anything(shop: Shop) -> bool:
    """Whether there is an audience to be computed, or a list that is no audience yet."""
    with closing(Control(shop.control)) as control:
        held = control.audiences()
    known = {one.id for one in held}
    return any(one.kind is not Kind.LIST for one in held) or not known.issuperset(members.sizes(shop))


def refreshed(
    shop: Shop,
    *,
    only: Collection[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Refreshed:
    """Compute a shop's audiences anew (all, or `only` some) from its folder.

    Once more where somebody was forgotten meanwhile; raises `Conflict` where that happens again.
    """
    try:
        return _refreshed(shop, only, progress)
    except Conflict:
        return _refreshed(shop, only, progress)


def _refreshed(
    shop: Shop, only: Collection[str] | None, progress: Callable[[str, float], None] | None
) -> Refreshed:
    erased = members.erasures(shop)
    found = moment(shop, progress=progress)
    with closing(Control(shop.control)) as control:
        audience.adopt(shop, control)
        held = control.audiences()
        return audience.refresh(found, held, only=only, erased=erased, current=control.audiences)


def moment(shop: Shop, *, progress: Callable[[str, float], None] | None = None) -> Moment:
    """A shop as it stands now, its folds restored from its folder."""
    if progress is not None:
        progress("the event log", 0.0)
    state, waiting = restore.state(shop)
    state.fold(waiting)
    last = max(state.watermark, int(waiting.time[-1]) + 1 if len(waiting) else 0)
    now = max(clock(shop.settings.clock, after=last)(), last)
    state.advance(now)
    return audience.at(shop, state, now=now, progress=progress)


def present(engine: Engine) -> Moment:
    """A shop as its engine sees it now."""
    world = engine.world
    quiet = {shopper for shopper, wishes in world.preferences.items() if not wishes.interests}
    without = world.opted_out | world.minors | quiet
    return Moment(engine.shop, world.state, engine.tick(), without, members.Lists(engine.shop))


def put(engine: Engine, control: Control, ids: Collection[str]) -> None:
    """Compute audiences that were just put; those that learn a model are left to the schedule.

    Safe beside other requests: what is changed or removed meanwhile is left to whoever does so.
    """
    held = control.audiences()
    at_once = [one.id for one in held if one.id in ids and one.kind not in LEARNED]
    if at_once:
        audience.refresh(present(engine), held, only=at_once, current=control.audiences)
    if len(at_once) < len(set(ids)):
        later = [name for name in ids if name not in at_once]
        audience.unsettle(engine.shop, later)
        soon(engine.shop)


def _alone(folder: str) -> None:
    refreshed(Shop(Path(folder)))
