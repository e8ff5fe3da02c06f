"""The engine of one shop: decides, keeps the record, takes in events, and never forgets what it promised."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from types import TracebackType

import msgspec
import numpy as np

from hawker.delivery import credit, door, hearsay, observe, people, pipeline
from hawker.delivery.commit import commit, reservation
from hawker.delivery.credit import Credits
from hawker.delivery.frequency import Frequency
from hawker.delivery.observe import Dues
from hawker.delivery.pacing import Pacer, Setting
from hawker.delivery.tally import Tally
from hawker.delivery.wishes import Wishes
from hawker.delivery.wording import Beliefs, believed
from hawker.delivery.world import World
from hawker.features.arrival import Arrival
from hawker.features.examples import microseconds
from hawker.privacy.pseudonym import Naming
from hawker.records.charge import Charge
from hawker.records.decision import Decision, Request
from hawker.records.events import Event
from hawker.records.traffic import SERVER, Traffic, marked
from hawker.records.verdict import Status, Verdict
from hawker.storage.decision_log import DecisionLog
from hawker.storage.event_log import EventLog
from hawker.storage.hot import Hot, InProcess
from hawker.storage.ledger import Ledger
from hawker.storage.shop import Shop


class Engine:
    """One shop, ready to answer. Made by `delivery.build`; close it, or use it in a `with` block.

    Not for several threads at once: a server calls it from its one event loop.
    """

    def __init__(
        self,
        shop: Shop,
        world: World,
        *,
        ledger: Ledger,
        event_log: EventLog,
        decision_log: DecisionLog,
        clock: Callable[[], int],
        hot: Hot | None = None,
    ) -> None:
        self.shop = shop
        self.name = secrets.token_hex(8)
        self.naming = Naming(shop)
        self.wishes = Wishes(shop)
        self.world = replace(world, preferences=self.wishes.held)
        self.ledger = ledger
        self.pacer = Pacer(shop, ledger)
        self.event_log = event_log
        self.decision_log = decision_log
        self._clock = clock
        self._chance = random.Random(secrets.randbits(256))
        self._last = world.state.watermark
        self._arrival = Arrival(shop.settings.tolerance_ms * 1000, watermark=world.state.watermark)
        self._dues = Dues(decision_log)
        self._owed: list[Charge] = []
        self.hot = hot or InProcess()
        self.frequency = Frequency(self.hot, self._dues)
        self.frequency.rule(world)
        self.door = door.opened(shop, self._dues, held=event_log.known)
        self.tally = Tally(self._dues.slot)
        self._basis, self._beliefs = (-1, world.index.creatives, world.words.prior), Beliefs()
        self.credits = Credits(self._dues, shop.settings.attribution)
        self.credits.products = credit.per_conversion(world.index)

    def decide(
        self, request: Request, *, now: int | None = None, seed: int | None = None, mechanism: str = ""
    ) -> Decision:
        """Answer a request: decide, reserve the money, put it on record.

        `now` (microseconds) and `seed` are the clock's and chance's unless given, `mechanism` the
        world's. Raises `NotFound` for a placement that the shop does not have; everything else is an
        answer.
        """
        request = self.naming.renamed(request)
        moment = self.tick() if now is None else now
        dice = self._chance.getrandbits(63) if seed is None else seed
        self.world.state.catch_up(self._arrival, moment)
        if (spent := self.ledger.exhausted()) != self.world.out_of_budget:
            self.world = replace(self.world, out_of_budget=spent)
        world = replace(self.world, mechanism=mechanism) if mechanism else self.world
        visit = self.frequency.visit(request, pipeline.path_of(request, world)[0], now=moment)
        decision = commit(
            lambda asked, without: pipeline.decide(
                asked,
                world,
                moment,
                np.random.default_rng(dice),
                seed=dice,
                without=without,
                capped=visit.capped,
                spared=visit.spared,
            ),
            request,
            ledger=self.ledger,
            now=moment,
            fallback=lambda asked, _: pipeline.refused(
                asked, world, moment, np.random.default_rng(dice), seed=dice
            ),
            caps=visit,
        )
        self.frequency.remember(decision, visit)
        self._dues.remember(decision)
        self.pacer.decided(decision, world=world)
        self.decision_log.append(decision)
        return decision

    def decide_page(self, requests: Sequence[Request]) -> list[Decision]:
        """Answer several places of one page, in order: a product that an ad shows in one is in no later one.

        Each is a decision of its own, with its own record, money and caps. Raises `NotFound` before any
        is made where the shop has no placement of one of the names.
        """
        for request in requests:
            self.world.placement(request.placement)
        made: list[Decision] = []
        placed: tuple[str, ...] = ()
        for request in requests:
            made.append(self.decide(msgspec.structs.replace(request, shown=(*request.shown, *placed))))
            placed += tuple(slot.ad.product for slot in made[-1].slots)
        return made

    def observe(
        self, events: Sequence[Event], *, traffic: Traffic | Sequence[Traffic] = SERVER
    ) -> list[Verdict]:
        """Take in a batch, item by item: what is accepted is on disk when this returns, and charged.

        `traffic` is who sent it, or who sent each: a browser is believed by its tokens alone (`door`).
        """
        senders = [traffic] * len(events) if isinstance(traffic, Traffic) else traffic
        now = self._arrival.received(self.tick())
        named = [self.naming.renamed(event) for event in events]
        taken, further = self.door.admit(named, senders, now=now)
        faults = [
            observe.fault(event, now=now) or self.door.fault(event, sender)
            for event, sender in zip(taken, senders, strict=True)
        ]
        sound = [event for event, fault in zip(taken, faults, strict=True) if not fault]
        self.credits.remember(sound)
        further += self.credits.conversions(sound, held=self.event_log.known)
        fresh = iter(self.event_log.append([*sound, *further])) if sound else iter(())
        verdicts, new = [], []
        for event, fault in zip(taken, faults, strict=True):
            if fault:
                verdicts.append(Verdict(event.id, Status.REJECTED, fault))
            elif next(fresh):
                verdicts.append(Verdict(event.id, Status.ACCEPTED))
                new.append(event)
            else:
                verdicts.append(Verdict(event.id, Status.DUPLICATE))
        new += [event for event in further if next(fresh, False)]
        for event in new:
            self._arrival.add(event)
        self.world = people.heeded(self.world, new, shop=self.shop)
        self.wishes.hide([event for event in new if not marked(event.reason)], self.world.index)
        self.frequency.confirm(new, now=now)
        self.tally.count(new)
        self.settle(new)
        return verdicts

    def settle(self, events: Sequence[Event]) -> int:
        """Charge what events made due; safe to repeat. What the ledger could not take is tried again

        with the next; without events, what waited for its decision to be on record is. The decisions
        charged for are on disk before the charges are.
        """
        self._owed += self._dues.charges(events) if events else self._dues.overdue()
        if not self._owed:
            return 0
        self.decision_log.flush()
        settled = len(self.ledger.settle_many(self._owed))
        self._owed.clear()
        return settled

    def drop(self, names: frozenset[str], sessions: frozenset[str]) -> None:
        """Let go of what waits, and of what is at hand, of shoppers and the visits that were theirs."""
        self._arrival.drop(
            lambda event: event.shopper in names or (not event.shopper and event.session in sessions)
        )
        self._dues.forget(names, sessions)
        self.credits.forget(names, sessions)
        self.frequency.forget(names, sessions)

    def withdraw(self, decision: str, place: int) -> bool:
        """Free the money and the caps of a slot that will not be shown; whether money was set aside."""
        self.frequency.withdraw(decision, place)
        return self.ledger.release(reservation(decision, place))

    def hear(self, *, but: Collection[str] = ()) -> int:
        """Take over what other processes were told since the last time; `but` names what is here already."""
        events = hearsay.hear(self, self._arrival, but=but)
        self.tally.count(events)
        self.ledger.told_elsewhere(self._dues.told_elsewhere(events))
        return len(events)

    def await_turn(self, events: Iterable[Event]) -> None:
        """Let logged events that are not released yet wait for their turn."""
        for event in events:
            self._arrival.add(event)

    def tick(self) -> int:
        """The time, in microseconds, never the same twice."""
        self._last = max(self._clock(), self._last + 1)
        return self._last

    def fresh(self) -> int:
        """Fold all whose turn has come; returns the time."""
        now = self.tick()
        self.world.state.catch_up(self._arrival, now)
        return now

    def refresh(self, world: World, *, registered: bool = False) -> None:
        """Put a new world in place of the old one (other ads, another model); the state goes on.

        `registered` says that the ledger knows its campaigns already.
        """
        if not registered:
            self.ledger.register(world.index.campaigns)
            self.ledger.stand_by(world.index.campaigns)
        if world.caps is not self.world.caps:
            self.frequency.rule(world)
        self.credits.products = credit.per_conversion(world.index)
        fresh = replace(
            world,
            state=self.world.state,
            opted_out=world.opted_out | self.world.opted_out,
            minors=world.minors | self.world.minors,
            preferences=self.world.preferences,
            words=replace(world.words, beliefs=self.world.words.beliefs),
        )
        self.world = fresh if self.pacer.fits(fresh) else self.pacer.fitted(fresh, now=self.tick())

    def paced(self, setting: Setting) -> None:
        """Bid at these paces from now on (`pacer.advance` finds them); those of other ads are left."""
        if setting.campaigns is self.world.index.campaigns:
            self.world = replace(self.world, pace=setting.pace)

    def beliefs(self) -> Beliefs:
        """What is believed of creatives now: where anything changed some milliseconds' work, for a thread."""
        world, seen = self.world, self.tally.changes
        basis = (seen, world.index.creatives, world.words.prior)
        if seen != self._basis[0] or basis[1] is not self._basis[1] or basis[2] is not self._basis[2]:
            held = believed(self.tally, world.index.creatives, world.words.prior, now=self.tick())
            self._basis, self._beliefs = basis, held
        return self._beliefs

    def believe(self, beliefs: Beliefs) -> None:
        """Choose words by these beliefs from now on."""
        self.world = replace(self.world, words=replace(self.world.words, beliefs=beliefs))

    def close(self) -> None:
        """Write down what waits, and give the leases back."""
        self.settle(())
        self.tally.keep(self.shop, now=self.tick())
        self.decision_log.close()
        self.frequency.keep(self.shop.state, now=self.tick())
        self.hot.close()
        self.wishes.close()
        self.pacer.keep()
        self.ledger.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def clock(start: str = "", *, after: int = 0) -> Callable[[], int]:
    """The wall clock in microseconds, or one that starts now at an ISO time (a demo shop's).

    `after` is the last moment that was already lived: such a clock goes on from there.

    >>> clock("2017-12-31")() // 1_000_000
    1514678400
    """
    if not start:
        return lambda: time.time_ns() // 1000
    begun, base = time.monotonic_ns(), max(microseconds(start), after + 1)
    return lambda: base + (time.monotonic_ns() - begun) // 1000
