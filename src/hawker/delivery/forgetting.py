"""A running engine lets go of a shopper, and the stores on disk after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hawker.features.protect import forget as forgotten
from hawker.privacy import erasure
from hawker.privacy.erasure import Journal
from hawker.privacy.receipt import Receipt

if TYPE_CHECKING:
    from hawker.delivery.engine import Engine


def forget(engine: Engine, shopper: str) -> Receipt | None:
    """Forget a shopper everywhere; None where another server of the shop has yet to let go.

    Takes seconds on a large log. Safe to repeat: what was cut short is done again.
    """
    journal = erasure.begin(engine.shop, shopper)
    let_go(engine, journal)
    return erasure.complete(engine.shop, journal)


def let_go(engine: Engine, journal: Journal) -> None:
    """Take a shopper out of the engine's memory, in milliseconds, and say so."""
    names, sessions = frozenset(journal.names), frozenset(journal.sessions)
    engine.drop(names, sessions)
    forgotten(engine.world.state, journal.names, sessions=journal.sessions)
    world = engine.world
    for held in (world.members.audiences, world.members.segments):
        for name in names:
            held.pop(name, None)
    engine.world = replace(world, opted_out=world.opted_out - names, minors=world.minors - names)
    for name in names:
        engine.wishes.held.pop(name, None)
    engine.decision_log.close()  # sealed, so that it can be rewritten
    erasure.attend(engine.shop, journal, engine.name)


def catch_up(engine: Engine, *, first: Callable[[], object] = bool) -> list[Journal]:
    """Let go of whom another process has begun to forget; returns the erasures that are not finished.

    `first` is called before there is anybody to let go of: to hear what would bring them back.
    """
    journals = erasure.pending(engine.shop)
    for journal in journals:
        if not erasure.attended(engine.shop, journal, engine.name):
            first()
            let_go(engine, journal)
    return journals
