"""What comes back from the page: each event is judged, kept, and charged where it is due."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from hawker.delivery.commit import reservation
from hawker.errors import HawkerError, NotFound
from hawker.records.campaign import Pricing
from hawker.records.charge import Charge
from hawker.records.consent import ConsentPath
from hawker.records.decision import Decision
from hawker.records.events import DAY, EARLIEST, SECOND, Event, EventKind
from hawker.records.ids import LONGEST, derived, stamp
from hawker.records.traffic import marked
from hawker.storage.decision_log import DecisionLog

DUE = {
    EventKind.AD_IMPRESSION: Pricing.CPM,
    EventKind.AD_CLICK: Pricing.CPC,
    EventKind.CONVERSION: Pricing.CPA,
}
"""Which kind of event makes which pricing payable."""
CLEARED = "cleared"
"""The reason of an impression that an exchange sold: its value is the price per thousand it cleared at."""
_NEEDED = {
    **dict.fromkeys(
        (
            *(EventKind.VIEW, EventKind.CLICK, EventKind.CART, EventKind.WISH, EventKind.LIKE),
            *(EventKind.PURCHASE, EventKind.RETURN, EventKind.REVIEW, EventKind.SHARE),
        ),
        ("product",),
    ),
    EventKind.SEARCH: ("query",),
    **dict.fromkeys((EventKind.AD_IMPRESSION, EventKind.AD_CLICK, EventKind.AD_VIEWABLE), ("ad", "decision")),
    **dict.fromkeys((EventKind.AD_HIDE, EventKind.AD_FEEDBACK), ("ad", "product", "decision")),
    EventKind.CONVERSION: ("campaign", "ad", "decision", "product"),
    **dict.fromkeys((EventKind.OPT_OUT, EventKind.ATTRIBUTES), ("shopper",)),
}
"""What an event of each kind has to say: one of these at least."""
_NAMES = ("id", "shopper", "session", "product", "placement", "location", "campaign", "ad", "decision")
_NUMBERS = ("time", "value", "dwell_ms", "slot")
_LARGEST = 2**63 - 1
_RECENT = 50_000
_JUST = 2 * SECOND
_TRIES, _PAUSE_SECONDS = 5, 0.01
_LOOKS = 12  # how often a decision that is not on record is looked for again


def stamped(event: Event, *, now: int) -> Event:
    """The event as it goes on record: with its time of receipt, and an id if it came without one."""
    name = event.id or derived(
        event.kind,
        event.time,
        event.shopper,
        event.session,
        event.product,
        event.query,
        event.decision,
        event.slot,
    )
    return msgspec.structs.replace(event, id=name, received=now)


def refusing(events: Iterable[Event]) -> frozenset[str]:
    """The shoppers who refuse personalised ads by these events."""
    return frozenset(event.shopper for event in events if event.kind is EventKind.OPT_OUT)


def fault(event: Event, *, now: int) -> str:
    """Why an event cannot be kept; empty where it can."""
    for name in _NAMES:
        value = getattr(event, name)
        if len(value) > LONGEST or not value.isprintable():
            return f"'{name}' must be at most {LONGEST} printable characters"
    if event.time < EARLIEST:
        return "'time' is before the year 2000: give microseconds since 1970, UTC"
    if event.time > now + DAY:
        return "'time' is more than a day in the future: give microseconds since 1970, UTC"
    needed = _NEEDED[event.kind]
    if not marked(event.reason) and not any(getattr(event, name) for name in needed):
        return f"'{event.kind}' needs '{needed[0]}'"
    if event.decision and event.slot < 0 and event.kind in DUE:
        return f"'{event.kind}' of a 'decision' needs its 'slot', counted from 0"
    return _bad_value(event)


def _bad_value(event: Event) -> str:
    for name in _NUMBERS:
        if not -1 <= getattr(event, name) <= _LARGEST:
            return f"'{name}' must be between 0 and {_LARGEST}"
    if any("\0" in text for text in (event.query, event.text, event.reason, event.device, event.currency)):
        return "a text holds a NUL character"
    if any("\0" in key or "\0" in value for key, value in event.attributes.items()):
        return "an attribute holds a NUL character"
    if event.quantity <= 0 or event.quantity != event.quantity or event.quantity > 1e9:
        return "'quantity' must be above 0"
    if event.value < 0:
        return "'value' must not be negative: send a 'return'"
    return ""


class Sold(NamedTuple):
    """One slot as it was sold, and to whose request: what an event of it is completed from."""

    campaign: str
    price: int
    pricing: str
    ad: str
    product: str
    link: str
    shopper: str
    session: str
    placement: str
    location: str
    device: str
    advertiser: str = ""
    creative: str = ""
    segment: str = ""


class Dues:
    """What each shown slot costs, for the decisions just made and, from the record, for older ones."""

    def __init__(self, decisions: DecisionLog) -> None:
        self._decisions = decisions
        self._recent: OrderedDict[str, tuple[Sold, ...]] = OrderedDict()
        self._waiting: list[tuple[Event, int]] = []

    def remember(self, decision: Decision) -> None:
        """Keep what a decision sold at hand."""
        self._recent[decision.id] = sold(decision)
        if len(self._recent) > _RECENT:
            self._recent.popitem(last=False)

    def forget(self, names: frozenset[str], sessions: frozenset[str]) -> None:
        """Let go of whose requests they were."""
        for decision, slots in self._recent.items():
            if any(one.shopper in names or (not one.shopper and one.session in sessions) for one in slots):
                self._recent[decision] = tuple(one._replace(shopper="", session="") for one in slots)

    def slot(self, decision: str, slot: int) -> Sold | None:
        """What was sold in one slot of a decision; None where nothing was."""
        if decision not in self._recent:
            try:
                self.remember(self._found(decision))
            except HawkerError:
                return None
        slots = self._recent[decision]
        return slots[slot] if 0 <= slot < len(slots) else None

    def _found(self, decision: str) -> Decision:
        """A decision on record; one that another process has just made is waited for, a moment."""
        for _ in range(_TRIES):
            try:
                return self._decisions.read(decision)
            except NotFound:
                if time.time_ns() // 1000 - stamp(decision) > _JUST:
                    raise
                time.sleep(_PAUSE_SECONDS)
        return self._decisions.read(decision)

    def charges(self, events: Iterable[Event]) -> list[Charge]:
        """The charges that events make due: those of decisions on record, priced by what happened.

        What is marked as invalid traffic is free. An event whose decision another process has yet to
        write down is looked at again by `overdue`.
        """
        due = [event for event in events if event.kind in DUE and event.decision and not marked(event.reason)]
        return self._charges([(event, 0) for event in due])

    def told_elsewhere(self, events: Iterable[Event]) -> list[str]:
        """The impressions decided here that another process, which was told, has charged."""
        due = [event for event in events if event.kind in DUE and not marked(event.reason)]
        found = [self._charge(event) for event in due if event.decision in self._recent]
        return [charge.impression for charge in found if charge is not None]

    def overdue(self) -> list[Charge]:
        """The charges of events whose decision was not on record before. Call it every few seconds."""
        waiting, self._waiting = self._waiting, []
        return self._charges(waiting)

    def _charges(self, due: Iterable[tuple[Event, int]]) -> list[Charge]:
        made = []
        for event, tries in due:
            charge = self._charge(event)
            if charge is not None:
                made.append(charge)
            elif event.decision not in self._recent and tries < _LOOKS and len(self._waiting) < _RECENT:
                self._waiting.append((event, tries + 1))
        return made

    def _charge(self, event: Event) -> Charge | None:
        found = self.slot(event.decision, event.slot)
        if found is None or found.pricing != DUE[event.kind]:
            return None
        return Charge(
            impression=reservation(event.decision, event.slot),
            campaign=found.campaign,
            price=min(found.price, event.value) if event.reason == CLEARED else found.price,
            pricing=Pricing(found.pricing),
            time=event.received or event.time,
        )


def sold(decision: Decision) -> tuple[Sold, ...]:
    """The slots of a decision. A shopper is named only where the decision was made for one."""
    asked = decision.request
    known = decision.path == ConsentPath.PERSONALISED
    return tuple(
        Sold(
            slot.ad.campaign,
            slot.price,
            str(slot.pricing),
            slot.ad.id,
            slot.ad.product,
            slot.ad.link,
            asked.shopper if known else "",
            asked.session,
            asked.placement,
            asked.location,
            asked.device,
            slot.ad.advertiser,
            slot.ad.creative,
            slot.wording.segment if slot.wording is not None else "",
        )
        for slot in decision.slots
    )
