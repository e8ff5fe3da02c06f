"""Which ad a purchase is credited to, at the moment it is reported: what a campaign pays per conversion.

A credit is an event of its own (`conversion`, reason `credited`), written in the same step as the
purchase and named after it, so that it is decided once, whatever crashes or is sent again. Only the
advertised product itself counts: a click within the click window before any view, then the latest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from hawker.delivery.observe import Dues
from hawker.records.attribution import DAY, Windows
from hawker.records.campaign import Pricing
from hawker.records.events import Event, EventKind
from hawker.records.ids import derived
from hawker.records.traffic import CREDITED, MARK, marked
from hawker.retrieval.index import AdIndex
from hawker.storage import tables
from hawker.storage.event_log import EventLog

_TOUCHES = {EventKind.AD_CLICK: True, EventKind.AD_IMPRESSION: False}
_MOST = 16  # touches kept of one person and product


class Touch(NamedTuple):
    """An ad seen or clicked: ordered by what wins a credit, least first."""

    clicked: bool
    time: int
    decision: str
    slot: int


class Credits:
    """Remembers who met ads for products that are sold per conversion, and credits purchases to them."""

    def __init__(self, dues: Dues, windows: Windows) -> None:
        self._dues = dues
        self._spans = {True: round(windows.click_days * DAY), False: round(windows.view_days * DAY)}
        self._touches: dict[tuple[str, str], list[Touch]] = {}
        self.products: frozenset[str] = frozenset()

    def remember(self, events: Iterable[Event]) -> None:
        """Take in ads seen and clicked; those of no decision, and invalid traffic, credit nothing."""
        for event in events:
            if event.kind not in _TOUCHES or not event.decision or marked(event.reason) or not self.products:
                continue
            sold = self._dues.slot(event.decision, event.slot)
            person = _person(event.shopper, event.session)
            if sold is not None and person and sold.product in self.products:
                touch = Touch(_TOUCHES[event.kind], event.time, event.decision, event.slot)
                held = self._touches.setdefault((person, sold.product), [])
                if touch not in held:
                    held.append(touch)
                if len(held) > _MOST:
                    held.remove(min(held))

    def conversions(self, events: Sequence[Event], *, held: Callable[[str], bool]) -> list[Event]:
        """The credits of purchases that are not in the log yet (`held`), as events to be logged with them."""
        found = []
        for event in events:
            if event.kind is not EventKind.PURCHASE or event.product not in self.products:
                continue
            touch = None if marked(event.reason) else self._best(event)
            if touch is not None and not held(event.id):
                found.append(self._conversion(event, touch))
        return found

    def forget(self, names: frozenset[str], sessions: frozenset[str]) -> None:
        """Let go of what these shoppers, and the visits that were theirs, have met."""
        people = {*(_person(name, "") for name in names), *(_person("", visit) for visit in sessions)}
        self._touches = {key: held for key, held in self._touches.items() if key[0] not in people}

    def _best(self, event: Event) -> Touch | None:
        held = self._touches.get((_person(event.shopper, event.session), event.product), ())
        within = [t for t in held if 0 <= event.time - t.time <= self._spans[t.clicked]]
        return max(within, default=None)

    def _conversion(self, event: Event, touch: Touch) -> Event:
        sold = self._dues.slot(touch.decision, touch.slot)
        assert sold is not None  # it was there when the touch was remembered
        return Event(
            EventKind.CONVERSION,
            event.time,
            id=derived("credit", event.id),
            received=event.received,
            shopper=event.shopper,
            session=event.session,
            product=event.product,
            campaign=sold.campaign,
            ad=sold.ad,
            decision=touch.decision,
            slot=touch.slot,
            reason=CREDITED,
            synthetic=event.synthetic,
        )


def per_conversion(index: AdIndex) -> frozenset[str]:
    """The products of ads whose campaign pays per conversion."""
    paying = [row for row, campaign in enumerate(index.campaigns) if campaign.pricing is Pricing.CPA]
    if not paying:
        return frozenset()
    items = np.unique(index.item[np.isin(index.campaign, paying)]).tolist()
    return frozenset(index.items.names[item] for item in items)


def past(log: EventLog, windows: Windows, *, now: int) -> list[Event]:
    """The logged touches that a purchase may still be credited to."""
    connection = tables.connect()
    log.view(connection)
    rows = connection.execute(
        f"SELECT kind, time, shopper, session, decision, slot FROM events WHERE decision <> '' "
        f"AND NOT starts_with(reason, '{MARK}') AND ("
        f"(kind = 'ad_click' AND time >= {now - round(windows.click_days * DAY)}) OR "
        f"(kind = 'ad_impression' AND time >= {now - round(windows.view_days * DAY)})) ORDER BY time, id"
    ).fetchall()
    return [
        Event(EventKind(kind), time, shopper=shopper, session=session, decision=decision, slot=slot)
        for kind, time, shopper, session, decision, slot in rows
    ]


def _person(shopper: str, session: str) -> str:
    return f"u{shopper}" if shopper else f"s{session}" if session else ""
