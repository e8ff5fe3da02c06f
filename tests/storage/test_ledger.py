"""The SQLite ledger: the behaviour of every ledger, any interleaving, and real processes killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import hypothesis.strategies as st
import pytest
import sqlalchemy as sql
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import servers

from behaviour.ledgers import DAY, NOON, SECOND, Clock, LedgerBehaviour
from hawker.errors import Corrupt, StorageFull
from hawker.records.campaign import Campaign, Pricing
from hawker.records.charge import Charge, Status, dearest
from hawker.storage import accounts
from hawker.storage.ledger import Ledger


def opened(folder: Path, *, process: str, clock: Clock, hold_seconds: float = 600.0) -> Ledger:
    return Ledger(folder / "ledger.db", process=process, clock=clock, hold_seconds=hold_seconds)


class TestSqlite(LedgerBehaviour):
    opened = staticmethod(opened)  # type: ignore[assignment]


class TestPostgres(LedgerBehaviour):
    @pytest.fixture(autouse=True)
    def _database(self) -> None:
        self.url = servers.database()

    def opened(self, _: Path, *, process: str, clock: Clock, hold_seconds: float = 600.0) -> Ledger:
        return Ledger(self.url, process=process, clock=clock, hold_seconds=hold_seconds)


CAMPAIGNS = {
    "total": Campaign(id="total", total_budget=1_000, pricing=Pricing.CPC),
    "daily": Campaign(id="daily", daily_budget=300, total_budget=700, utc_offset_minutes=-300),
    "free": Campaign(id="free"),
}
PRICES = {"total": 70, "daily": 45_678, "free": 1_001}
NAMES = st.sampled_from(sorted(CAMPAIGNS))
WHO = st.integers(0, 2)


class Interleavings(RuleBasedStateMachine):
    """Three processes reserve, settle, release, die and come back; the accounts stay true."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock, self.time, self.drawn = Clock(), NOON, 0
        self.ledgers = [self.open(f"p{n}") for n in range(3)]
        self.ledgers[0].register(CAMPAIGNS.values())
        self.ledgers[0].stand_by(CAMPAIGNS.values())
        self.reserved: dict[str, str] = {}
        self.paid: dict[str, int] = {}
        self.dead: list[Ledger] = []

    def open(self, name: str) -> Ledger:
        return opened(Path(self.folder.name), process=name, clock=self.clock, hold_seconds=300)

    @rule(who=WHO, campaign=NAMES, times=st.integers(1, 4))
    def reserve(self, who: int, campaign: str, times: int) -> None:
        for _ in range(times):
            self.drawn += 1
            id, terms = f"r{self.drawn}", CAMPAIGNS[campaign]
            amount = dearest(PRICES[campaign], terms.pricing)
            if self.ledgers[who].reserve(campaign, amount, reservation_id=id, now=self.time):
                self.reserved[id] = campaign

    @precondition(lambda self: self.reserved)
    @rule(who=WHO, data=st.data())
    def settle(self, who: int, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.reserved)), min_size=1, max_size=4))
        campaigns = [CAMPAIGNS[self.reserved[id]] for id in ids]
        batch = [
            Charge(id, one.id, PRICES[one.id], one.pricing, self.time)
            for id, one in zip(ids, campaigns, strict=True)
        ]
        for answer in self.ledgers[who].settle_many(batch):
            if answer.status is Status.CHARGED:
                assert answer.impression not in self.paid
                self.paid[answer.impression] = answer.amount
            elif answer.status is Status.DUPLICATE:
                assert self.paid[answer.impression] == answer.amount
            else:
                assert answer.impression not in self.paid

    @precondition(lambda self: self.reserved)
    @rule(who=WHO, data=st.data())
    def release(self, who: int, data: st.DataObject) -> None:
        self.ledgers[who].release(data.draw(st.sampled_from(sorted(self.reserved))))

    @rule(who=WHO, same_name=st.booleans())
    def crash(self, who: int, same_name: bool) -> None:
        self.drawn += 1
        self.dead.append(self.ledgers[who])
        self.ledgers[who] = self.open(f"p{who}" if same_name else f"other-{self.drawn}")

    @rule(seconds=st.sampled_from([1, 20, 70]), turn=st.booleans(), who=WHO)
    def wait(self, seconds: int, turn: bool, who: int) -> None:
        self.clock.now += seconds * SECOND
        if turn:
            self.ledgers[who].stand_by(CAMPAIGNS.values(), now=self.time)
        self.time += DAY if turn else seconds * SECOND
        self.ledgers[who].heartbeat(now=self.time)

    @invariant()
    def never_overspent(self) -> None:
        for balance in self.ledgers[0].balances(now=self.time):
            paid = [amount for id, amount in self.paid.items() if self.reserved[id] == balance.campaign]
            assert balance.spent == sum(paid)
            assert balance.total is None or balance.spent + balance.leased <= balance.total
            assert balance.daily is None or balance.spent_today <= balance.daily
            if CAMPAIGNS[balance.campaign].pricing is Pricing.CPM:
                assert balance.spent == len(paid) * PRICES[balance.campaign] // 1000

    def teardown(self) -> None:
        if not hasattr(self, "ledgers"):
            return
        for ledger in [*self.dead, *self.ledgers]:
            ledger.close()
        fresh = self.open("auditor")
        spent = {balance.campaign: balance.spent for balance in fresh.balances(now=self.time)}
        assert fresh.remaining("total", now=self.time) == 1_000 - spent["total"]
        assert fresh.remaining("daily", now=self.time + 9 * DAY) == min(300, 700 - spent["daily"])
        lines = fresh.lines(0, self.time + 1)
        assert {line.campaign: line.amount for line in lines} == {c: s for c, s in spent.items() if s} | {
            line.campaign: 0 for line in lines if not line.amount
        }
        fresh.close()
        self.folder.cleanup()


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_a_full_disk_leaves_reservations_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(tmp_path, process="p", clock=Clock())
    ledger.register([Campaign(id="c", total_budget=100)])
    assert ledger.reserve("c", 60, reservation_id="r", now=NOON)
    batch = [Charge(id, "c", 20, Pricing.CPC, NOON) for id in ("r", "unreserved")]
    with monkeypatch.context() as patched:
        patched.setattr(accounts, "store", _full)
        with pytest.raises(StorageFull, match="Free space"):
            ledger.settle_many(batch)
    assert (ledger.spent("c"), ledger.remaining("c", now=NOON)) == (0, 40)
    assert [answer.status for answer in ledger.settle_many(batch)] == [Status.CHARGED] * 2
    assert (ledger.spent("c"), ledger.remaining("c", now=NOON)) == (40, 60)
    ledger.close()


def _full(connection: sql.Connection, *_: object) -> None:
    connection.exec_driver_sql("PRAGMA max_page_count = 1")
    try:
        connection.exec_driver_sql("CREATE TABLE filler AS SELECT zeroblob(1000000) AS hole")
    finally:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


def test_reservations_go_on_while_a_heartbeat_waits_for_the_disk(tmp_path: Path) -> None:
    campaign = Campaign(id="c", total_budget=10_000)
    ledger = opened(tmp_path, process="p", clock=Clock())
    ledger.register([campaign])
    ledger.stand_by([campaign], now=NOON)
    writer = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    beat = threading.Thread(target=ledger.heartbeat, kwargs={"now": NOON})
    beat.start()
    made = [ledger.reserve("c", 10, reservation_id=f"r{n}", now=NOON) for n in range(50)]
    assert all(made)
    assert beat.is_alive()
    writer.execute("ROLLBACK")
    writer.close()
    beat.join()
    assert ledger.remaining("c", now=NOON) == 9_500
    ledger.close()
    ledger.heartbeat(now=NOON)
    auditor = opened(tmp_path, process="auditor", clock=Clock())
    assert auditor.remaining("c", now=NOON) == 10_000
    auditor.close()


def test_what_could_not_be_given_back_or_leased_ahead_is_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = Campaign(id="c", total_budget=10_000)
    ledger = opened(tmp_path, process="p", clock=Clock())
    ledger.register([campaign])
    assert ledger.reserve("c", 10, reservation_id="a", now=NOON)
    ledger.heartbeat(now=NOON)
    with monkeypatch.context() as patched:
        patched.setattr(accounts, "_extend", lambda connection, *_: _full(connection))
        with pytest.raises(StorageFull, match="Free space"):
            ledger.heartbeat(now=NOON)
    (balance,) = ledger.balances(now=NOON)
    assert balance.leased == sum(lease.open for lease in ledger._leases.values()) == 2_000
    ledger.heartbeat(now=NOON)
    (balance,) = ledger.balances(now=NOON)
    assert balance.leased == 10
    ledger.close()


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"a letter to a friend, not a database at all" * 50)
    with pytest.raises(Corrupt, match=r"ledger\.db"):
        opened(tmp_path, process="p", clock=Clock())


SPENDER = """
import sys
from pathlib import Path
from hawker.records.campaign import Campaign, Pricing
from hawker.storage.ledger import Ledger
path, name, start = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ledger = Ledger(path, process=name, retry_seconds=0)
if name == "two":
    ledger.stand_by([Campaign("c", total_budget=6_000)], now=1_000_000)
number, misses = start, 0
while misses < 8:
    number += 1
    id = f"{name}-{number}"
    if not ledger.reserve("c", 50, reservation_id=id, now=1_000_000):
        misses += 1
        ledger.heartbeat(now=1_000_000)
        continue
    if number % 7 == 0:
        continue
    answer = ledger.settle(id, campaign="c", price=50, pricing=Pricing.CPC, now=1_000_000)
    sys.stdout.write(f"{id} {answer.status} {answer.amount}\\n"); sys.stdout.flush()
"""


def test_two_processes_killed_at_any_moment_never_overspend(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    auditor = Ledger(path, process="auditor")
    auditor.register([Campaign(id="c", total_budget=6_000)])
    told: dict[str, int] = {}
    for life in range(2):
        writers = [_spender(path, name, life * 10_000) for name in ("one", "two")]
        for writer, lines in zip(writers, (4 + 3 * life, 9), strict=True):
            assert writer.stdout is not None
            read = [writer.stdout.readline() for _ in range(lines)]
            writer.send_signal(signal.SIGKILL)
            told.update(_charged([*read, *writer.stdout.read().splitlines()]))
            writer.wait()
            writer.stdout.close()
        assert sum(told.values()) <= auditor.spent("c") <= 6_000
    last = [_spender(path, name, 90_000) for name in ("one", "two")]
    for writer in last:
        assert writer.stdout is not None
        told.update(_charged(writer.stdout.read().splitlines()))
        assert writer.wait() == 0
        writer.stdout.close()
    assert sum(told.values()) <= auditor.spent("c") <= 6_000
    assert auditor.spent("c") == sum(line.amount for line in auditor.lines(0, 2_000_000))
    for name in ("one", "two"):
        Ledger(path, process=name).close()
    assert auditor.remaining("c", now=1_000_000) == 6_000 - auditor.spent("c")
    auditor.close()


def _spender(path: Path, name: str, start: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SPENDER, str(path), name, str(start)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _charged(lines: list[str]) -> dict[str, int]:
    rows = [line.split() for line in lines if line.count(" ") == 2]
    return {id: int(amount) for id, status, amount in rows if status == "charged"}
