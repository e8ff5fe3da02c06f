"""Who says so: events of the shop's server are believed, those of a browser by the token they bring.

A browser can report what was decided and nothing else: a token names the decision and the slot,
and all the rest of the event is taken from the record. What it says without one, or with one that
was forged, used or outlived, is kept with the rule it breaks and never billed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from hawker.delivery.commit import reservation
from hawker.delivery.observe import CLEARED, Dues, Sold, stamped
from hawker.delivery.tokens import FORGED, KINDS, Act, Claim, Tokens
from hawker.delivery.traffic import Filter, ranges
from hawker.records.events import SECOND, Event, EventKind
from hawker.records.ids import derived, stamp
from hawker.records.traffic import MARK, Limits, Traffic, marked
from hawker.storage import secrets
from hawker.storage.shop import Shop

_K = EventKind
BROWSED = frozenset(
    {_K.VIEW, _K.SEARCH, _K.CLICK, _K.CART, _K.WISH, _K.LIKE, _K.SHARE, _K.OPT_OUT}
    | {_K.AD_IMPRESSION, _K.AD_VIEWABLE, _K.AD_CLICK, _K.AD_HIDE, _K.AD_FEEDBACK}
)
"""What a browser may report."""
SALES = frozenset({_K.PURCHASE, _K.RETURN, _K.CONVERSION})
_REPLIES = frozenset({_K.AD_HIDE, _K.AD_FEEDBACK})  # these may bring the token of any act
_PROVEN = _REPLIES | frozenset(KINDS.values())
_NAMES = {Act.IMPRESSION: "", Act.VIEWABLE: "/viewable", Act.CLICK: "/click"}
_FORGED_A_MINUTE = 1_000


class Told(Event, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An event as it is told: with a `token`, what that proves takes the place of what is claimed."""

    token: str = ""


class Admitted(NamedTuple):
    """Events in the order in which they were told, and marked copies of those told again."""

    events: list[Event]
    replays: list[Event]


class Door:
    """Lets events in. `held` says whether the log holds an event of that id."""

    def __init__(self, tokens: Tokens, filter: Filter, dues: Dues, *, held: Callable[[str], bool]) -> None:
        self.tokens, self.filter = tokens, filter
        self._dues, self._held = dues, held
        self._forged = (0, 0)
        self.broken: Counter[str] = Counter()
        """How often each rule was broken since the start, for those who watch."""

    @property
    def limits(self) -> Limits:
        """The limits that events are judged by."""
        return self.filter.limits

    def admit(self, events: Sequence[Event], senders: Sequence[Traffic], *, now: int) -> Admitted:
        """Events as they go on record: proven or marked, with an id and their time of receipt."""
        taken, replays = [], []
        for event, traffic in zip(events, senders, strict=True):
            if token := getattr(event, "token", ""):
                claim = self.tokens.read(token, now=now)
                found = self._proven(event, claim, token, now=now)
                if not claim.fault and self._held(found.id):
                    again = f"{found.id}/again"
                    replays.append(_marked(found, "replayed_token", id=again, now=now))
            elif traffic.browser and event.kind in _PROVEN:
                found = _marked(event, "no_token", now=now)
            else:
                found = event
            taken.append(stamped(found, now=now))
        judged = self.filter.judge(taken, senders, held=self._held)
        apart = [_apart(one, before, told) for one, before, told in zip(judged, taken, events, strict=True)]
        for event in (*apart, *replays):
            if marked(event.reason):
                self.broken[event.reason.removeprefix(MARK)] += 1
        return Admitted(apart, replays)

    def fault(self, event: Event, traffic: Traffic) -> str:
        """Why this sender may not report this event; empty where it may."""
        if traffic.browser and event.kind not in BROWSED:
            if event.kind not in SALES:
                return f"'{event.kind}' is not taken from a browser: send it from the shop's server"
            if not self.limits.browser_sales:
                return f"'{event.kind}' is taken from a browser only with browser_sales in shop.toml"
        if event.reason == f"{MARK}forged_token" and not self._room(event.received):
            return "too many forged tokens in this minute"
        return ""

    def link(self, claim: Claim) -> str | None:
        """Where a click leads: the recorded link of that ad alone. None where nothing was decided."""
        sold = self._dues.slot(claim.decision, claim.slot) if claim.decision else None
        return None if sold is None else sold.link

    def billed(self, claim: Claim, *, cleared: int | None, now: int) -> Event:
        """The impression that an exchange bills, with the price per thousand at which it cleared."""
        bound = {"reason": CLEARED, "value": cleared} if cleared is not None else {}
        made = Event(
            EventKind.AD_IMPRESSION,
            now,
            id=reservation(claim.decision, claim.slot),
            decision=claim.decision,
            slot=claim.slot,
            **bound,  # type: ignore[arg-type]
        )
        return _completed(made, self._dues.slot(claim.decision, claim.slot))

    def _proven(self, event: Event, claim: Claim, token: str, *, now: int) -> Event:
        """The event that a token proves; of the given one only what the record cannot know stays."""
        reply = event.kind in _REPLIES
        if claim == FORGED or not (reply or KINDS[claim.act] is event.kind):
            empty = Event(event.kind, now, id=derived("forged", token))
            return _marked(empty, "forged_token", now=now)
        begun = stamp(claim.decision)
        sold = self._dues.slot(claim.decision, claim.slot)
        name = event.id if reply else reservation(claim.decision, claim.slot) + _NAMES[claim.act]
        made = _completed(
            Event(
                event.kind,
                event.time if begun <= event.time <= now else now,
                id=name,
                decision=claim.decision,
                slot=claim.slot,
                text=event.text,
                reason=event.reason if reply else "",
            ),
            sold,
        )
        return _marked(made, claim.fault, id=f"{name}/late", now=now) if claim.fault else made

    def _room(self, now: int) -> bool:
        """Count a forged token; so many are kept a minute, lest they fill the disk."""
        minute, seen = self._forged
        seen = seen + 1 if now // (60 * SECOND) == minute else 1
        self._forged = (now // (60 * SECOND), seen)
        return seen <= _FORGED_A_MINUTE


def opened(shop: Shop, dues: Dues, *, held: Callable[[str], bool]) -> Door:
    """The door of a shop: its secret signs, its settings judge."""
    limits = shop.settings.traffic
    tokens = Tokens(lambda: secrets.keys(shop, "tokens"), lifetime=round(limits.beacon_hours * 3600 * SECOND))
    listed = ranges(shop.folder / limits.data_centres) if limits.data_centres else None
    return Door(tokens, Filter(limits, data_centres=listed), dues, held=held)


def _apart(event: Event, before: Event, told: Event) -> Event:
    """A token's event that was just marked, under an id of its own: a sound one may still come."""
    if event is before or not getattr(told, "token", ""):
        return event
    return msgspec.structs.replace(event, id=f"{event.id}/{event.reason.removeprefix(MARK)}")


def _completed(event: Event, sold: Sold | None) -> Event:
    if sold is None:
        return event
    return msgspec.structs.replace(
        event,
        shopper=sold.shopper,
        session=sold.session,
        product=sold.product,
        placement=sold.placement,
        location=sold.location,
        device=sold.device,
        campaign=sold.campaign,
        ad=sold.ad,
    )


def _marked(event: Event, rule: str, *, now: int, id: str = "") -> Event:
    """The event with the rule it breaks; one that is marked already stays as it is."""
    if marked(event.reason):
        return event
    return msgspec.structs.replace(event, reason=f"{MARK}{rule}", received=now, id=id or event.id)
