"""Several processes on one shop: each folds what the others were told, and heeds what they heard."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import msgspec

from hawker.delivery import people
from hawker.features.arrival import Arrival
from hawker.records.events import SECOND, Event, released

if TYPE_CHECKING:
    from hawker.delivery.engine import Engine

MARGIN = 5 * SECOND
"""How long before its start a process still lets events wait: they may be on their way into the log."""


def admitted(arrival: Arrival, events: Iterable[Event], *, now: int) -> list[Event]:
    """Let others' events wait for their turn here.

    One whose turn has passed meanwhile takes its place as if it had been received now, so that nothing
    is folded into a past that decisions were made upon; with a tolerance of a second none is.
    """
    taken = []
    for event in events:
        late = released(event.time, event.received, tolerance=arrival.tolerance) < arrival.watermark
        heard = msgspec.structs.replace(event, received=arrival.received(now)) if late else event
        arrival.add(heard)
        taken.append(heard)
    return taken


def hear(engine: Engine, arrival: Arrival, *, but: Collection[str] = ()) -> list[Event]:
    """Take over what other processes have appended to the log; returns those events.

    `but` names events that are here already. Who received an event has charged it and counted it
    against its caps: neither is done again.
    """
    events = [event for event in engine.event_log.others() if event.id not in but]
    if events:
        admitted(arrival, events, now=engine.tick())
        engine.credits.remember(events)
        engine.world = people.heeded(engine.world, events, shop=engine.shop)
    engine.wishes.refresh()
    return events
