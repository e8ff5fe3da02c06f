"""Money, exactly: reserve in memory against a lease, settle once on the disk, never above a budget.

A process leases a share of a campaign's remaining budget in one transaction and reserves from it
in microseconds; for campaigns that stand by it leases some before it is asked. Charges are checked
against the budgets in the same transaction that writes them, so whatever happens to a process
(`kill -9`, a lost lease, a budget lowered), the worst case is a refused charge. The leases of a dead
process fall back when it starts again under its name, or after `lease_seconds`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from hawker.errors import BadRecord
from hawker.records.campaign import Campaign, Pricing, local_day
from hawker.records.charge import Charge, Credit, Settlement, Terms, dearest
from hawker.records.ids import stamp
from hawker.storage import database
from hawker.storage.accounts import Accounts
from hawker.storage.leases import AHEAD, REVIEWS, Elsewhere, Hold, Key, Lease, Shortages, Standby, agreed
from hawker.storage.readings import Readings, unknown

SECOND = 1_000_000


def _clock() -> int:
    return time.time_ns() // 1000


class Ledger(Readings):
    """The ledger of one database, used by one process under a name of its own; threads may share it.

    `hold_seconds` is how long a reservation waits for its outcome; a later one is charged only if
    the budget still allows it. `share` is how much of the remaining budget one lease takes at
    most. A campaign found short is not asked for again before `retry_seconds`. Leases live by
    `clock` (microseconds); a campaign's day and the holds go by the `now` of the calls.
    """

    def __init__(
        self,
        target: database.Target,
        *,
        process: str = "",
        hold_seconds: float = 1800.0,
        lease_seconds: float = 60.0,
        share: float = 0.2,
        retry_seconds: float = 1.0,
        clock: Callable[[], int] = _clock,
    ) -> None:
        self._accounts = Accounts(target)
        self._process = process or f"process-{secrets.token_hex(4)}"
        self._hold, self._ttl = round(hold_seconds * SECOND), round(lease_seconds * SECOND)
        self._retry, self._share, self._clock = round(retry_seconds * SECOND), share, clock
        self._mutex = threading.RLock()  # for moments: held to plan and to apply
        self._turn = threading.Lock()  # taken before the mutex: one heartbeat or registration at a time
        self._terms: dict[str, Terms] = {}
        self._standby, self._beats, self._closed = Standby(), 0, False
        self._enter()

    def _enter(self) -> None:
        """Begin with no leases: at the start, and where the old ones had fallen back."""
        self._owner = f"{self._process}/{secrets.token_hex(8)}"
        self._leases: dict[Key, Lease] = {}
        self._holds: dict[str, Hold] = {}
        self._due: deque[tuple[int, str]] = deque()
        self._short, self._elsewhere = Shortages(), Elsewhere()
        now = self._clock()
        self._renewed = now
        self._accounts.enter(self._owner, process=self._process, now=now, until=now + self._ttl)
        self._terms = self._accounts.terms()

    def register(self, campaigns: Iterable[Campaign]) -> None:
        """Set the budgets of campaigns; call it again when one changes. What is spent stays spent."""
        with self._turn:
            self._accounts.register(campaigns)
            terms = self._accounts.terms()
            with self._mutex:
                self._terms = terms
                self._short.forget()

    def stand_by(self, campaigns: Iterable[Campaign], *, now: int | None = None) -> None:
        """From now on these campaigns, and no others, have money leased before they are asked for it.

        With `now` some is leased at once, without it at the next heartbeat. It is a small part of what
        remains, so that other processes find theirs.
        """
        self._standby.put(campaigns)
        if now is not None:
            with self._turn:
                self._lease_ahead(now)

    def reserve(self, campaign: str, amount: int, *, reservation_id: str, now: int) -> bool:
        """Set an amount aside, or say that the budget does not allow it; microseconds as a rule.

        Raises `NotFound` for a campaign that was never registered.
        """
        with self._mutex:
            self._expire(now)
            terms = self._term(campaign)
            if amount <= 0 or terms.unlimited or self._held(reservation_id, campaign):
                return True
            if self._clock() - self._renewed > self._ttl // 2:
                self._renew({})
            key = (campaign, terms.day(now))
            lease = self._leases.get(key)
            if lease is None or lease.open - lease.held < amount:
                lease = self._refill(key, amount)
                if lease is None:
                    return False
            lease.held += amount
            lease.taken += amount
            lease.used = True
            self._holds[reservation_id] = Hold(key, amount, now + self._hold)
            self._due.append((now + self._hold, reservation_id))
            return True

    def release(self, reservation_id: str) -> bool:
        """Give a reservation back; False where there is none (settled, expired, never made)."""
        with self._mutex:
            hold = self._holds.pop(reservation_id, None)
            if hold is not None:
                self._leases[hold.key].held -= hold.amount
            return hold is not None

    def told_elsewhere(self, reservations: Iterable[str]) -> None:
        """Other processes were told these outcomes and charge them: let the reservations go, in a while."""
        with self._mutex:
            self._elsewhere.put(name for name in reservations if name in self._holds)

    def settle(
        self, reservation_id: str, *, campaign: str, price: int, pricing: Pricing, now: int
    ) -> Settlement:
        """Charge one outcome of a reserved (or no longer reserved) impression, durable on return."""
        return self.settle_many([Charge(reservation_id, campaign, price, pricing, now)])[0]

    def settle_many(self, charges: Sequence[Charge]) -> list[Settlement]:
        """Charge a batch in one transaction; an impression is charged at most once, whoever asks.

        A charge counts on the day of its reservation, or on the day of its time where it has none.
        """
        if not charges:
            return []
        with self._mutex:
            owner, moment = self._owner, self._clock()
            holds = [self._claim(charge) for charge in charges]
            pairs = list(zip(charges, holds, strict=True))
            entries = [
                (charge, hold.key[1] if hold else self._day(charge.campaign, charge.time), hold is not None)
                for charge, hold in pairs
            ]
            elsewhere = {one.impression for one, hold in pairs if hold is None and self._recent(one)}
        try:  # without the mutex: reservations go on while the disk works
            alive, answers = self._accounts.settle(
                owner, entries, until=moment + self._ttl, elsewhere=elsewhere
            )
        except BaseException:
            self._conclude(owner, charges, holds, None)
            raise
        self._conclude(owner, charges, holds, answers)
        if not alive:
            self._enter_again(owner)
        return answers

    def heartbeat(self, *, now: int | None = None) -> None:
        """Keep the leases alive, let late reservations go, give back what lies unused, and lease ahead.

        Call it every few seconds, from any thread: reservations go on while the disk works. A process
        that neither does so nor reserves nor settles loses its leases after `lease_seconds`. Leasing
        ahead (`stand_by`) needs to know `now`.
        """
        with self._turn:
            if self._closed:
                return
            with self._mutex:
                if now is not None:
                    self._expire(now)
                owner, moment = self._owner, self._clock()
                idle = self._standby.idle(self._leases, terms=self._terms, now=now)
                for key, amount in idle.items():
                    self._leases[key].open -= amount
                moves = {key: lease.moves for key, lease in self._leases.items() if not lease.settling}
            try:
                kept = self._accounts.renew(owner, until=moment + self._ttl, give_back=idle)
            except BaseException:
                self._restore(owner, idle)
                raise
            if kept is None:
                self._enter_again(owner)
            else:
                self._renewed = max(self._renewed, moment)
                self._agree(owner, kept, moves=moves, given_back=idle)
            self._terms = self._accounts.terms()
            self._beats += 1
            if now is not None:
                self._lease_ahead(now)

    def exhausted(self) -> frozenset[str]:
        """The campaigns found short of money within the last `retry_seconds`."""
        with self._mutex:
            return self._short.names(self._clock())

    def remaining(self, campaign: str, *, now: int) -> int | None:
        """What can still be reserved here on this day (None: unlimited), from the database."""
        with self._mutex:
            account = self._accounts.account(campaign)
            if account is None:
                raise unknown(campaign)
            day = account.terms.day(now)
            left = account.remaining(day)
            lease = self._leases.get((campaign, day), Lease())
            return None if left is None else left + lease.open - lease.held

    def credit_many(self, credits: Sequence[Credit]) -> list[Settlement]:
        """Take charges back in one transaction, each at most once; the money returns to its own day.

        The answer is `credited`, `duplicate`, or `refused` where the impression was never charged.
        """
        with self._mutex:
            self._short.forget()
        return self._accounts.credit(credits) if credits else []

    def close(self) -> None:
        """Give every lease back and close the database."""
        with self._turn, self._mutex:
            self._closed = True
            self._accounts.leave(self._owner)
            self._accounts.close()

    def _agree(
        self, owner: str, kept: dict[Key, int], *, moves: dict[Key, int], given_back: Collection[Key]
    ) -> None:
        """Believe the disk about leases that nothing moved here meanwhile: others may have taken of them."""
        with self._mutex:
            if owner != self._owner:
                return
            self._leases = agreed(self._leases, kept, moves=moves, given_back=given_back)
            for name in self._elsewhere.beat():
                self.release(name)
            self._short.forget(self._renewed - self._ttl)

    def _restore(self, owner: str, given_back: dict[Key, int]) -> None:
        """What could not be given back is still here."""
        with self._mutex:
            if owner == self._owner:
                for key, amount in given_back.items():
                    self._leases[key].open += amount

    def _lease_ahead(self, now: int) -> None:
        """Lease for the campaigns that stand by and run low, part by part, in as few transactions."""
        for place, names in enumerate(self._standby.groups()):
            review = place % REVIEWS == self._beats % REVIEWS
            with self._mutex:
                owner, moment = self._owner, self._clock()
                wishes = self._standby.wishes(names, self._leases, terms=self._terms, now=now, review=review)
            if not wishes:
                continue
            found = self._accounts.lease_many(owner, wishes, ahead=AHEAD, share=self._share, now=moment)
            if found is None:
                self._enter_again(owner)
                return
            with self._mutex:
                for key, (granted, left) in found.items() if owner == self._owner else ():
                    self._granted(key, granted, left=left, until=moment + self._ttl // 6)

    def _granted(self, key: Key, granted: int, *, left: int, until: int) -> None:
        """Take in what was leased ahead; a campaign found short is left alone while nothing is free."""
        lease = self._leases.get(key) or Lease(used=False)
        lease.grow(granted, fair=int((left + lease.free) * AHEAD))
        if granted:
            self._leases[key] = lease
        self._short.learn(key, lease.free + left - granted, until=until)

    def _term(self, campaign: str) -> Terms:
        if campaign not in self._terms:
            self._terms = self._accounts.terms()
        terms = self._terms.get(campaign)
        if terms is None:
            raise unknown(campaign)
        return terms

    def _day(self, campaign: str, time: int) -> int:
        terms = self._terms.get(campaign)
        return terms.day(time) if terms else local_day(time, 0)

    def _refill(self, key: tuple[str, int], amount: int) -> Lease | None:
        """Lease more for a campaign's day; None where that is not to be had now."""
        moment = self._clock()
        if self._short.known(key, amount, moment=moment):
            return None
        self._give_back_other_days(key)
        granted = None
        while granted is None:
            lease = self._leases.get(key, Lease())
            granted = self._accounts.lease(
                self._owner,
                campaign=key[0],
                day=key[1],
                need=amount - (lease.open - lease.held),
                share=self._share,
                now=moment,
                until=moment + self._ttl,
            )
            if granted is None:
                self._enter_again(self._owner)
        self._renewed = moment
        if not granted:
            self._short.note(key, amount, until=moment + self._retry)
            return None
        lease.grow(granted, fair=max(lease.fair, int(granted * AHEAD / self._share)))
        self._leases[key] = lease
        return lease

    def _expire(self, now: int) -> None:
        while self._due and self._due[0][0] <= now:
            _, reservation_id = self._due.popleft()
            hold = self._holds.get(reservation_id)
            if hold is not None and hold.expires <= now:
                self.release(reservation_id)

    def _recent(self, charge: Charge) -> bool:
        """Whether a process may still hold the reservation: its decision is younger than a hold."""
        try:
            return charge.time - stamp(charge.impression.partition("/")[0]) < self._hold
        except BadRecord:
            return False

    def _claim(self, charge: Charge) -> Hold | None:
        """The reservation of a charge, or one made for it on the spot where the lease has room."""
        hold = self._holds.pop(charge.impression, None)
        if hold and hold.key[0] == charge.campaign:
            self._leases[hold.key].settling += 1
            return hold
        if hold:
            self._leases[hold.key].held -= hold.amount
        key = (charge.campaign, self._day(charge.campaign, charge.time))
        amount, lease = dearest(charge.price, charge.pricing), self._leases.get(key)
        if lease is None or not 0 < amount <= lease.open - lease.held:
            return None
        lease.held += amount
        lease.settling += 1
        return Hold(key, amount, 0)

    def _conclude(
        self,
        owner: str,
        charges: Sequence[Charge],
        holds: Sequence[Hold | None],
        answers: Sequence[Settlement] | None,
    ) -> None:
        """Take what was settled out of the leases; without answers, put the reservations back."""
        with self._mutex:
            if owner != self._owner:
                return
            for place, hold in enumerate(holds):
                if hold is None:
                    continue
                lease = self._leases[hold.key]
                lease.settling -= 1
                lease.moves += 1
                if answers is None and hold.expires:
                    self._holds[charges[place].impression] = hold
                    continue
                lease.held -= hold.amount
                if answers is not None and answers[place].leased:
                    lease.open -= answers[place].amount

    def _held(self, reservation_id: str, campaign: str) -> bool:
        hold = self._holds.get(reservation_id)
        if hold and hold.key[0] != campaign:
            self.release(reservation_id)
        return hold is not None and hold.key[0] == campaign

    def _give_back_other_days(self, key: tuple[str, int]) -> None:
        """When a campaign's day turns, what earlier days did not use is free again."""
        idle = {}
        for (campaign, day), lease in list(self._leases.items()):
            if campaign == key[0] and day < key[1] and lease.free > 0:
                idle[campaign, day] = lease.free
                lease.open = lease.held
                lease.moves += 1
        if idle:
            self._renew(idle)

    def _renew(self, give_back: Mapping[Key, int]) -> None:
        moment = self._clock()
        if self._accounts.renew(self._owner, until=moment + self._ttl, give_back=give_back) is None:
            self._enter_again(self._owner)
        self._renewed = moment

    def _enter_again(self, owner: str) -> None:
        """That owner's leases had fallen back: begin anew, beside whoever may have our name by now."""
        with self._mutex:
            if owner == self._owner:
                self._process = f"{self._process.partition('+')[0]}+{secrets.token_hex(4)}"
                self._enter()
