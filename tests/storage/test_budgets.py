"""No budget is ever exceeded: random lives of one account, of several ledgers, of processes on servers."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given, settings

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import servers

from behaviour.ledgers import DAY, NOON, SECOND, Clock
from hawker.records.campaign import Campaign, Cap, Per, Pricing
from hawker.records.charge import Charge, Credit, Status, Terms
from hawker.storage.books import Account
from hawker.storage.hot_redis import InRedis
from hawker.storage.ledger import Ledger

HOLD_SECONDS = 300


@settings(max_examples=10_000, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 2**40))
def test_an_account_never_exceeds_its_budgets(seed: int) -> None:
    """Leases, charges with and without one, credits, lost leases, budgets raised and lowered, days."""
    dice = random.Random(seed)
    account = Account(_terms(dice), charged=0, carry=0)
    lowered, paid = False, list[tuple[int, int]]()
    for step in range(20):
        day, owner, act = dice.randint(0, 2), dice.choice("ab"), dice.random()
        if act < 0.3:
            left = account.remaining(day)
            if left is None or left > 0:
                granted = dice.randint(1, 100 if left is None else left)
                account.leases[day, owner] = account.leases.get((day, owner), 0) + granted
        elif act < 0.75:
            pricing = dice.choice(list(Pricing))
            price = dice.randint(0, 60_000 if pricing is Pricing.CPM else 60)
            before = (account.charged, account.days.get(day, 0))
            lease = (day, owner) if dice.random() < 0.7 else None
            answer = account.charge(Charge(f"i{step}", "c", price, pricing, 0), day=day, lease=lease)
            assert (account.charged, account.days.get(day, 0)) == (
                before[0] + answer.amount,
                before[1] + answer.amount,
            )
            if answer.status is Status.CHARGED:
                paid.append((day, answer.amount))
                assert account.terms.total is None or account.charged <= account.terms.total
                assert account.terms.daily is None or account.days[day] <= account.terms.daily
        elif act < 0.85 and paid:
            when, amount = paid.pop(dice.randrange(len(paid)))
            account.credit(amount, day=when)
        elif act < 0.95:
            account.leases = {key: open for key, open in account.leases.items() if key[1] != owner}
        else:
            lowered, account.terms = True, _terms(dice)
        assert account.charged == sum(account.days.values()) == sum(amount for _, amount in paid) >= 0
        if not lowered and account.terms.total is not None:
            assert account.charged + sum(account.leases.values()) <= account.terms.total
        if not lowered and account.terms.daily is not None:
            for one in range(3):
                leased = sum(open for (other, _), open in account.leases.items() if other == one)
                assert account.days.get(one, 0) + leased <= account.terms.daily


def _terms(dice: random.Random) -> Terms:
    return Terms(*(dice.choice((None, dice.randint(0, 200))) for _ in range(2)), 0)


@dataclass
class Life:
    """Three ledgers on one database, and all that they were told."""

    open: Callable[[str, Clock], Ledger]
    seed: int
    time: int = NOON
    clock: Clock = field(default_factory=Clock)
    held: dict[str, tuple[int, str, int, int]] = field(default_factory=dict)
    paid: dict[str, tuple[str, int]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.lives = [0, 0, 0]
        self.ledgers = [self.open(f"p{n}", self.clock) for n in range(3)]
        self.dead: list[Ledger] = []
        self.budgets = {
            "total": Campaign("total", total_budget=3_000, pricing=Pricing.CPC),
            "daily": Campaign("daily", daily_budget=900, total_budget=5_000, pricing=Pricing.CPC),
            "thousand": Campaign("thousand", daily_budget=400),
        }
        self.ledgers[0].register(self.budgets.values())
        for ledger in self.ledgers[: self.seed % 4]:
            ledger.stand_by(self.budgets.values(), now=self.time)

    def live(self, steps: int) -> None:
        acts = (self.reserve, self.settle, self.release, self.wait, self.crash, self.change, self.credit)
        for step in range(steps):
            act = self.dice.choices(acts, (50, 30, 5, 6, 1, 1, 2))[0]
            act(step)
        for ledger in [*self.ledgers, *self.dead]:
            ledger.close()

    def reserve(self, step: int) -> None:
        who, name = self.dice.randrange(3), self.dice.choice(sorted(self.budgets))
        price = self.dice.randint(1, 90_000 if name == "thousand" else 90)
        amount = -(-price // 1000) if name == "thousand" else price
        if self.ledgers[who].reserve(name, amount, reservation_id=f"r{step}", now=self.time):
            self.held[f"r{step}"] = (who, name, price, self.time)

    def settle(self, _: int) -> None:
        """Every promise is kept: what was reserved is charged, unless a budget was lowered under it."""
        for id in self.dice.sample(sorted(self.held), min(4, len(self.held))):
            who, name, price, since = self.held.pop(id)
            ledger = self.ledgers[who if self.dice.random() < 0.8 else self.dice.randrange(3)]
            kept = ledger is self.ledgers[who] and since + HOLD_SECONDS * SECOND > self.time
            answer = ledger.settle(
                id, campaign=name, price=price, pricing=self.budgets[name].pricing, now=self.time
            )
            if answer.status is Status.CHARGED:
                self.paid[id] = (name, answer.amount)
            assert answer.status is not Status.DUPLICATE
            assert answer.status is Status.CHARGED or not kept or name in self.touched, id
        if self.dice.random() < 0.2:
            self.check()

    def release(self, _: int) -> None:
        if self.held:
            id = self.dice.choice(sorted(self.held))
            self.ledgers[self.held.pop(id)[0]].release(id)

    def wait(self, _: int) -> None:
        seconds = self.dice.choice((1, 5, 70, 400, 40_000))
        self.time += seconds * SECOND
        for _ in range(min(seconds // 20, 3) + 1):
            self.clock.now += min(seconds, 20) * SECOND
            for ledger in self.ledgers:
                ledger.heartbeat(now=self.time)

    def crash(self, _: int) -> None:
        """A process dies without a word and comes back under its name."""
        who = self.dice.randrange(3)
        self.dead.append(self.ledgers[who])
        self.ledgers[who] = self.open(f"p{who}", self.clock)
        self.held = {id: held for id, held in self.held.items() if held[0] != who}
        self.dead.pop()._accounts.close()
        if who < self.seed % 4:
            self.ledgers[who].stand_by(self.budgets.values(), now=self.time)

    def change(self, _: int) -> None:
        name = self.dice.choice(("total", "daily"))
        old = self.budgets[name]
        self.budgets[name] = Campaign(
            name,
            pricing=Pricing.CPC,
            total_budget=max(0, (old.total_budget or 0) + self.dice.choice((-700, 900, 1_500))),
            daily_budget=old.daily_budget,
        )
        self.touched.add(name)
        self.ledgers[0].register([self.budgets[name]])

    def credit(self, _: int) -> None:
        if self.paid:
            id = self.dice.choice(sorted(self.paid))
            (answer,) = self.ledgers[0].credit_many([Credit(id, "robot", self.time)])
            assert (answer.status, answer.amount) == (Status.CREDITED, self.paid.pop(id)[1])

    def check(self) -> None:
        auditor = self.ledgers[self.dice.randrange(3)]
        for name, campaign in self.budgets.items():
            spent = auditor.spent(name)
            assert spent == sum(amount for whose, amount in self.paid.values() if whose == name)
            if name not in self.touched:
                assert campaign.total_budget is None or spent <= campaign.total_budget
            day = self.time // DAY
            assert campaign.daily_budget is None or auditor.spent(name, day) <= campaign.daily_budget


def test_three_ledgers_on_one_file_keep_every_promise() -> None:
    for seed in range(4):
        with tempfile.TemporaryDirectory(dir=_memory()) as folder:
            place = Path(folder) / "ledger.db"
            Life(lambda name, clock, place=place: _opened(place, name, clock), seed).live(1_000)  # type: ignore[misc]


def test_three_ledgers_on_postgres_keep_every_promise() -> None:
    url = servers.database()
    Life(lambda name, clock: _opened(url, name, clock), 102).live(500)


def _opened(target: Path | str, name: str, clock: Clock) -> Ledger:
    return Ledger(target, process=name, clock=clock, hold_seconds=HOLD_SECONDS, retry_seconds=0.5)


def _memory() -> str | None:
    """A folder in memory, where a write to the disk costs nothing: the promises are the same."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


HAMMER = """
import sys, time
from hawker.records.campaign import Cap, Per, Pricing
from hawker.storage.hot_redis import InRedis
from hawker.storage.ledger import Ledger
database, state, name = sys.argv[1:]
ledger, hot = Ledger(database, process=name, retry_seconds=0), InRedis(state)
hot.rule({"campaign:c": (Cap(4, Per.MINUTE),)})
until = time.monotonic() + 20
misses = number = 0
while misses < 25 and time.monotonic() < until:
    number += 1
    id, now = f"{name}-{number}", time.time_ns() // 1000
    subject = "u" if number % 2 else f"v-{name}-{number}"
    if hot.reserve(subject, ["campaign:c"], id=id, now=now):
        continue
    if not ledger.reserve("c", 70, reservation_id=id, now=now):
        misses += 1
        hot.release(subject, ["campaign:c"], id=id)
        ledger.heartbeat()
        continue
    answer = ledger.settle(id, campaign="c", price=70, pricing=Pricing.CPC, now=now)
    hot.confirm(subject, ["campaign:c"], id=id, now=time.time_ns() // 1000)
    print(answer.status, answer.amount, subject, time.time_ns() // 1000, flush=True)
ledger.close()
"""


def test_three_processes_on_postgres_and_redis_overspend_nothing_and_exceed_no_cap() -> None:
    url, state = servers.database(), servers.state()
    auditor = Ledger(url, process="auditor")
    auditor.register([Campaign("c", pricing=Pricing.CPC, total_budget=12_000)])
    command = [sys.executable, "-c", HAMMER, url, state]
    running = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True)
        for name in ("one", "two", "three")
    ]
    lines = [line.split() for process in running for line in process.communicate(timeout=60)[0].splitlines()]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert {line[0] for line in lines} == {"charged"}
    assert sum(int(line[1]) for line in lines) == auditor.spent("c") <= 12_000
    assert 12_000 - auditor.spent("c") < 70
    shown = sorted(int(line[3]) for line in lines if line[2] == "u")
    assert len(shown) >= 4
    for end in shown:
        assert sum(end - 60 * SECOND < moment <= end for moment in shown) <= 4
    hot = InRedis(state)
    hot.rule({"campaign:c": (Cap(4, Per.MINUTE),)})
    assert hot.capped("u", now=shown[3]) == {"campaign:c"}
    hot.close()
    auditor.close()
