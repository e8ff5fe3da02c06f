"""Money, exactly: reserve in memory against a lease, settle once on the disk, never above a budget.

A process leases a share of a campaign's remaining budget in one transaction and reserves from it
in microseconds. Charges are checked against the budgets in the same transaction that writes them,
so whatever happens to a process (`kill -9`, a lost lease, a budget lowered), the worst case is a
refused charge. The leases of a dead process fall back when it starts again under its name, or
after `lease_seconds`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from hawker.errors import BadRecord, NotFound
from hawker.records.campaign import Campaign, Pricing, local_day
from hawker.records.charge import Balance, Charge, Credit, Line, Settlement, Statement, Terms, dearest
from hawker.records.ids import stamp
from hawker.storage import database
from hawker.storage.accounts import Accounts

SECOND = 1_000_000


@dataclass
class _Lease:
    """What this process has leased of one campaign's day: `open` is uncharged, `held` of it reserved."""

    open: int = 0
    held: int = 0
    used: bool = True


@dataclass(frozen=True)
class _Hold:
    key: tuple[str, int]
    amount: int
    expires: int


def _clock() -> int:
    return time.time_ns() // 1000


class Ledger:
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
        self._mutex = threading.RLock()
        self._terms: dict[str, Terms] = {}
        self._settling = 0
        self._enter()

    def _enter(self) -> None:
        """Begin with no leases: at the start, and where the old ones had fallen back."""
        self._owner = f"{self._process}/{secrets.token_hex(8)}"
        self._leases: dict[tuple[str, int], _Lease] = {}
        self._holds: dict[str, _Hold] = {}
        self._due: deque[tuple[int, str]] = deque()
        self._short: dict[tuple[str, int], tuple[int, int]] = {}
        now = self._clock()
        self._renewed = now
        self._accounts.enter(self._owner, process=self._process, now=now, until=now + self._ttl)
        self._terms = self._accounts.terms()

    def register(self, campaigns: Iterable[Campaign]) -> None:
        """Set the budgets of campaigns; call it again when one changes. What is spent stays spent."""
        with self._mutex:
            self._accounts.register(campaigns)
            self._terms = self._accounts.terms()
            self._short.clear()

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
                self._renew()
            key = (campaign, terms.day(now))
            lease = self._leases.get(key)
            if lease is None or lease.open - lease.held < amount:
                lease = self._refill(key, amount)
                if lease is None:
                    return False
            lease.held += amount
            lease.used = True
            self._holds[reservation_id] = _Hold(key, amount, now + self._hold)
            self._due.append((now + self._hold, reservation_id))
            return True

    def release(self, reservation_id: str) -> bool:
        """Give a reservation back; False where there is none (settled, expired, never made)."""
        with self._mutex:
            hold = self._holds.pop(reservation_id, None)
            if hold is not None:
                self._leases[hold.key].held -= hold.amount
            return hold is not None

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
            entries = [
                (charge, hold.key[1] if hold else self._day(charge.campaign, charge.time), hold is not None)
                for charge, hold in zip(charges, holds, strict=True)
            ]
            elsewhere = {
                charge.impression
                for charge, hold in zip(charges, holds, strict=True)
                if hold is None and self._recent(charge)
            }
            self._settling += 1
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
        """Keep the leases alive, let late reservations go, and give back what lies unused.

        Call it every few seconds. A process that neither does so nor reserves nor settles loses its
        leases after `lease_seconds`.
        """
        with self._mutex:
            if now is not None:
                self._expire(now)
            idle = {
                key: lease.open - lease.held
                for key, lease in self._leases.items()
                if not lease.used and lease.open > lease.held
            }
            for key, amount in idle.items():
                self._leases[key].open -= amount
            if self._renew(give_back=[(campaign, day, amount) for (campaign, day), amount in idle.items()]):
                if not self._settling:
                    kept = self._accounts.leased(self._owner)
                    for key, lease in self._leases.items():
                        lease.open = min(lease.open, kept.get(key, 0))
                self._leases = {
                    key: lease for key, lease in self._leases.items() if lease.open > 0 or lease.held > 0
                }
                for lease in self._leases.values():
                    lease.used = False
            self._terms = self._accounts.terms()

    def exhausted(self) -> frozenset[str]:
        """The campaigns found short of money within the last `retry_seconds`."""
        with self._mutex:
            moment = self._clock()
            return frozenset(key[0] for key, (_, until) in self._short.items() if until > moment)

    def remaining(self, campaign: str, *, now: int) -> int | None:
        """What can still be reserved here on this day (None: unlimited), from the database."""
        with self._mutex:
            account = self._accounts.account(campaign)
            if account is None:
                raise _unknown(campaign)
            day = account.terms.day(now)
            left = account.remaining(day)
            lease = self._leases.get((campaign, day), _Lease())
            return None if left is None else left + lease.open - lease.held

    def spent(self, campaign: str, day: int | None = None) -> int:
        """What a campaign has been charged, in all or on one of its local days."""
        return self._accounts.spent(campaign, day=day)

    def spends(self, days: Collection[int]) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
        """What every campaign has been charged: in all, and on each of some local days; one read for all."""
        return self._accounts.spends(days)

    def credit_many(self, credits: Sequence[Credit]) -> list[Settlement]:
        """Take charges back in one transaction, each at most once; the money returns to its own day.

        The answer is `credited`, `duplicate`, or `refused` where the impression was never charged.
        """
        with self._mutex:
            self._short.clear()
        return self._accounts.credit(credits) if credits else []

    def lines(self, start: int, end: int) -> list[Line]:
        """What each campaign was charged, and got back, with start ≤ time < end."""
        return self._accounts.lines(start, end)

    def statement(self, advertiser: str, *, start: int, end: int) -> Statement:
        """What one advertiser owes for a time; the statements of all sum to the ledger."""
        return self._accounts.statement(advertiser, start=start, end=end)

    def charges(self, start: int, end: int) -> list[tuple[str, str, int, int]]:
        """Every charge with start ≤ time < end, as a report wants it: impression, campaign, amount, time."""
        return self._accounts.charges(start, end)

    def credits(self, start: int, end: int) -> list[tuple[str, str, int, int]]:
        """Every credit with start ≤ time < end: impression, campaign, amount, time."""
        return self._accounts.credits(start, end)

    def balances(self, *, now: int, advertiser: str | None = None) -> list[Balance]:
        """Where every campaign (of one advertiser) stands on its local day at `now`."""
        return self._accounts.balances(lambda terms: terms.day(now), advertiser=advertiser)

    def close(self) -> None:
        """Give every lease back and close the database."""
        with self._mutex:
            self._accounts.leave(self._owner)
            self._accounts.close()

    def _term(self, campaign: str) -> Terms:
        terms = self._terms.get(campaign)
        if terms is None:
            self._terms = self._accounts.terms()
            terms = self._terms.get(campaign)
        if terms is None:
            raise _unknown(campaign)
        return terms

    def _day(self, campaign: str, time: int) -> int:
        terms = self._terms.get(campaign)
        return terms.day(time) if terms else local_day(time, 0)

    def _refill(self, key: tuple[str, int], amount: int) -> _Lease | None:
        """Lease more for a campaign's day; None where that is not to be had now."""
        moment = self._clock()
        asked, until = self._short.get(key, (0, 0))
        if moment < until and amount >= asked:
            return None
        self._give_back_other_days(key)
        granted = None
        while granted is None:
            lease = self._leases.get(key, _Lease())
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
            self._short[key] = (amount, moment + self._retry)
            return None
        lease.open += granted
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

    def _claim(self, charge: Charge) -> _Hold | None:
        """The reservation of a charge, or one made for it on the spot where the lease has room."""
        hold = self._holds.pop(charge.impression, None)
        if hold and hold.key[0] == charge.campaign:
            return hold
        if hold:
            self._leases[hold.key].held -= hold.amount
        key = (charge.campaign, self._day(charge.campaign, charge.time))
        amount, lease = dearest(charge.price, charge.pricing), self._leases.get(key)
        if lease is None or not 0 < amount <= lease.open - lease.held:
            return None
        lease.held += amount
        return _Hold(key, amount, 0)

    def _conclude(
        self,
        owner: str,
        charges: Sequence[Charge],
        holds: Sequence[_Hold | None],
        answers: Sequence[Settlement] | None,
    ) -> None:
        """Take what was settled out of the leases; without answers, put the reservations back."""
        with self._mutex:
            self._settling -= 1
            if owner != self._owner:
                return
            for place, hold in enumerate(holds):
                if hold is None:
                    continue
                if answers is None and hold.expires:
                    self._holds[charges[place].impression] = hold
                    continue
                lease = self._leases[hold.key]
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
        idle = []
        for (campaign, day), lease in list(self._leases.items()):
            if campaign == key[0] and day != key[1] and lease.open > lease.held:
                idle.append((campaign, day, lease.open - lease.held))
                lease.open = lease.held
        if idle:
            self._renew(idle)

    def _renew(self, give_back: Sequence[tuple[str, int, int]] = ()) -> bool:
        moment = self._clock()
        alive = self._accounts.renew(self._owner, until=moment + self._ttl, give_back=give_back)
        if not alive:
            self._enter_again(self._owner)
        self._renewed = moment
        return alive

    def _enter_again(self, owner: str) -> None:
        """That owner's leases had fallen back: begin anew, beside whoever may have our name by now."""
        with self._mutex:
            if owner == self._owner:
                self._process = f"{self._process.partition('+')[0]}+{secrets.token_hex(4)}"
                self._enter()


def _unknown(campaign: str) -> NotFound:
    return NotFound(f"The ledger knows no campaign '{campaign[:80]}'.", remedy="Register its budgets first.")
