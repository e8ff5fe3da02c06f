"""How often is enough: caps are asked before a decision, reserved with its money, confirmed by what was seen.

Counted is a shopper where the profile may be used, else the session, else nobody: a stranger without
a session cannot be told from another. Counters of a session live in memory alone.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hawker.delivery.commit import reservation
from hawker.delivery.observe import Dues
from hawker.delivery.world import World
from hawker.records.advertiser import Advertiser
from hawker.records.bid import NoBidReason
from hawker.records.campaign import Campaign, Cap
from hawker.records.consent import ConsentPath
from hawker.records.creative import Creative
from hawker.records.decision import Decision, Request, Slot
from hawker.records.events import Event, EventKind
from hawker.records.traffic import marked
from hawker.retrieval.index import AdIndex
from hawker.retrieval.targeting import Capped, Eligible
from hawker.storage.hot import HOLD, MINUTE, SAVED, SESSION, Hot, InProcess

_SAVE_EVERY = 5 * MINUTE
_RECENT = 50_000
_KINDS = ("advertiser", "campaign", "creative")


def caps(
    advertisers: Iterable[Advertiser], campaigns: Iterable[Campaign], creatives: Iterable[Creative]
) -> dict[str, tuple[Cap, ...]]:
    """The caps of everything that has any, by entity ('campaign:c-1')."""
    held = (
        *(("advertiser", one.id, one.caps) for one in advertisers),
        *(("campaign", one.id, one.caps) for one in campaigns),
        *(("creative", one.id, one.caps) for one in creatives),
    )
    return {f"{kind}:{id}": caps for kind, id, caps in held if caps}


def entities(advertiser: str, campaign: str, creative: str) -> tuple[str, ...]:
    """What an impression counts for.

    >>> entities("acme", "c-1", "")
    ('advertiser:acme', 'campaign:c-1')
    """
    named = zip(_KINDS, (advertiser, campaign, creative), strict=True)
    return tuple(f"{kind}:{id}" for kind, id in named if id)


def shown(decision: Decision) -> list[tuple[str, ...]]:
    """The entities of each slot of a decision."""
    ads = [slot.ad for slot in decision.slots]
    return [entities(ad.advertiser, ad.campaign, ad.creative) for ad in ads]


@dataclass
class Visit:
    """One request's caps: what is capped now, and what a refused reserve still spares of an entity."""

    hot: Hot
    subject: str
    capped: Capped | None = None
    spared: dict[str, frozenset[str]] = field(default_factory=dict)
    _of: tuple[Slot, ...] = ()
    _named: list[tuple[str, ...]] = field(default_factory=list)

    def shown(self, decision: Decision) -> list[tuple[str, ...]]:
        """The entities of each slot of a decision; those of the latest are kept at hand."""
        if self._of is not decision.slots:
            self._of, self._named = decision.slots, shown(decision)
        return self._named

    def reserve(self, decision: Decision, *, now: int) -> list[int]:
        """Reserve the caps of every slot; the places of slots that were refused.

        What refused is left out of the next try, but for the ads that had got their place here.
        """
        if not self.subject:
            return []
        slots, refused = self.shown(decision), list[int]()
        for place, named in enumerate(slots):
            full = self.hot.reserve(self.subject, named, id=reservation(decision.id, place), now=now)
            if full:
                kept = [n for n in range(place) if n not in refused and full in slots[n]]
                self.spared[full] = frozenset(decision.slots[n].ad.id for n in kept)
                refused.append(place)
        return refused

    def release(self, decision: Decision) -> None:
        """Take back what was reserved for a decision that does not stand."""
        if self.subject:
            for place, named in enumerate(self.shown(decision)):
                self.hot.release(self.subject, named, id=reservation(decision.id, place))


class Frequency:
    """The caps of one running engine."""

    def __init__(self, hot: Hot, dues: Dues) -> None:
        self.hot = hot
        self._dues = dues
        self._caps: Mapping[str, Sequence[Cap]] = {}
        self._recent: OrderedDict[str, tuple[str, list[tuple[str, ...]]]] = OrderedDict()
        self._unknown: deque[tuple[Event, int]] = deque(maxlen=_RECENT)
        self._saved = 0

    def rule(self, world: World) -> None:
        """Go by the caps of this world from now on."""
        if world.caps is not self._caps:
            self._caps = world.caps
            self.hot.rule(world.caps)

    def visit(self, request: Request, path: ConsentPath, *, now: int) -> Visit:
        """What is capped for whoever asks."""
        subject = _subject(request, path) if self._caps else ""
        full = self.hot.capped(subject, now=now) if subject else frozenset()
        return Visit(self.hot, subject, _sorted(full) if full else None)

    def remember(self, decision: Decision, visit: Visit) -> None:
        """Keep at hand for whom a decision's impressions count."""
        if visit.subject and decision.slots:
            self._recent[decision.id] = (visit.subject, visit.shown(decision))
            if len(self._recent) > _RECENT:
                self._recent.popitem(last=False)

    def withdraw(self, decision: str, place: int) -> None:
        """Take back what was reserved for a slot that will not be shown after all."""
        subject, slots = self._recent.get(decision, ("", []))
        if subject and place < len(slots):
            self.hot.release(subject, slots[place], id=reservation(decision, place))

    def confirm(self, events: Iterable[Event], *, now: int) -> None:
        """Count the impressions among events; invalid traffic is nobody's."""
        for event in events if self._caps else ():
            if event.kind is not EventKind.AD_IMPRESSION or not event.decision or marked(event.reason):
                continue
            found = self._counted(event)
            if found is None:
                self._unknown.append((event, now))
            else:
                name = reservation(event.decision, event.slot)
                self.hot.confirm(*found, id=name, now=now)

    def forget(self, names: frozenset[str], sessions: frozenset[str]) -> None:
        """Drop the counters of shoppers and sessions."""
        gone = {*names, *(f"{SESSION}{session}" for session in sessions)}
        for subject in gone:
            self.hot.forget(subject)
        self._recent = OrderedDict((id, held) for id, held in self._recent.items() if held[0] not in gone)

    def tend(self, folder: Path, *, now: int) -> None:
        """Let go what is over and keep the rest in a file, every few minutes. Call it more often.

        Impressions of a decision that another process had not written down yet are counted now.
        """
        waiting, self._unknown = self._unknown, deque(maxlen=_RECENT)
        for event, since in waiting:
            if since + HOLD > now:
                self.confirm([event], now=since)
        if now - self._saved >= _SAVE_EVERY:
            self._saved = now
            self.hot.tidy(now=now)
            self.keep(folder, now=now)

    def keep(self, folder: Path, *, now: int) -> None:
        """Keep the counters in a file, where they live in this process."""
        if isinstance(self.hot, InProcess) and self._caps:
            self.hot.save(folder / SAVED, now=now)

    def restore(self, impressions: Iterable[Event], decisions: Iterable[Decision], *, now: int) -> None:
        """Count what happened since the counters were kept: reservations that still hold, impressions.

        Both may be given from before; nothing is counted twice.
        """
        if not isinstance(self.hot, InProcess):
            return
        for decision in decisions:
            subject = _subject(decision.request, decision.path)
            for place, named in enumerate(shown(decision)):
                id = reservation(decision.id, place)
                self.hot.hold(subject, named, id=id, since=decision.time, now=now)
        for event in impressions:
            self.confirm([event], now=event.received or event.time)

    def _counted(self, event: Event) -> tuple[str, tuple[str, ...]] | None:
        """For whom and for what an impression counts: as remembered, else by the record, if it is there."""
        held = self._recent.get(event.decision)
        if held is not None:
            return (held[0], held[1][event.slot]) if 0 <= event.slot < len(held[1]) else ("", ())
        sold = self._dues.slot(event.decision, event.slot)
        if sold is None:
            return None
        return sold.shopper, entities(sold.advertiser, sold.campaign, sold.creative)


def thinned(found: Eligible, index: AdIndex, spared: Mapping[str, frozenset[str]]) -> Eligible:
    """The eligible ads less those of entities whose cap just refused, but for the ads that are spared."""
    if not spared:
        return found
    keep = np.ones(len(found.ads), dtype=np.bool_)
    for entity, ads in spared.items():
        kind, _, name = entity.partition(":")
        if kind == "creative":
            hit = np.isin(found.ads, np.array(index.showing(name), dtype=np.int32))
        else:
            owners = (
                np.array([index.rows.get(name, -1)])
                if kind == "campaign"
                else np.flatnonzero(index.sellers == name)
            )
            hit = np.isin(index.campaign[found.ads], owners)
        rows = np.flatnonzero(hit)
        keep[[row for row in rows.tolist() if index.ids[found.ads[row]] not in ads]] = False
    excluded, gone = dict(found.excluded), int((~keep).sum())
    if gone:
        excluded[NoBidReason.FREQUENCY] = excluded.get(NoBidReason.FREQUENCY, 0) + gone
    return Eligible(found.ads[keep], found.marks[keep], excluded)


def _subject(request: Request, path: ConsentPath) -> str:
    if path is ConsentPath.PERSONALISED and request.shopper:
        return request.shopper
    return f"{SESSION}{request.session}" if request.session and path is not ConsentPath.NONE else ""


def _sorted(full: frozenset[str]) -> Capped:
    """Entities as the three lists that eligibility asks for."""
    kinds: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for entity in full:
        kind, _, name = entity.partition(":")
        kinds[kind].add(name)
    return Capped(*(frozenset(kinds[kind]) for kind in _KINDS))
