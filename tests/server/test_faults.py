"""A real server on a real port: stopped in order, and killed in the middle of everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import shops

from hawker import Shop, delivery
from hawker.errors import BadSetting, Conflict
from hawker.explain import explain
from hawker.records.campaign import Campaign
from hawker.records.key import Role
from hawker.server import run
from hawker.server.serving import listen
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.files import PARTIAL
from hawker.storage.keys import Keys

SERVE = """
import sys
from hawker import Shop, server
server.run(Shop(sys.argv[1]), port=0, started=lambda address: print(address, flush=True))
"""
BUDGET = 600_000  # 200 impressions at 3,000 micros
CAMPAIGNS = (
    Campaign("c-leaf", advertiser="Leaf", bid=4 * shops.UNIT, total_budget=BUDGET),
    *shops.CAMPAIGNS[1:],
)


@contextmanager
def serving(shop: Shop) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process of its own; ended at the latest when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(shop.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.stderr.read() if process.stderr else ""
        yield process, address
    finally:
        process.kill()
        process.communicate(timeout=10)


class Page(threading.Thread):
    """A page that shows ads and reports what it showed, as fast as it can, and notes what was promised."""

    def __init__(self, address: str, name: str) -> None:
        super().__init__()
        self.address, self.tag = address, name
        self.sent: list[str] = []
        self.accepted: list[str] = []
        self.seen: dict[str, str] = {}

    def run(self) -> None:
        try:
            with httpx.Client(base_url=self.address, timeout=10) as client:
                for number in range(100_000):
                    self._visit(client, number)
        except httpx.TransportError:
            return  # the server is gone: that is what the test is about

    def _visit(self, client: httpx.Client, number: int) -> None:
        shown = client.get(f"/v1/decide?placement=home&shopper={self.tag}-{number % 7}").json()
        batch: list[dict[str, Any]] = [
            {
                "id": f"{self.tag}-{number}-{ad['slot']}",
                "kind": "ad_impression",
                "time": shops.NOW,
                "ad": ad["id"],
                "campaign": ad["campaign"],
                "decision": shown["decision"],
                "slot": ad["slot"],
            }
            for ad in shown["ads"]
        ]
        batch += [
            {"id": f"{self.tag}-{number}-v{n}", "kind": "view", "time": shops.NOW, "product": "tea"}
            for n in range(20)
        ]
        self.sent += [event["id"] for event in batch]
        self.seen |= {event["id"]: shown["decision"] for event in batch if "decision" in event}
        told = client.post("/v1/events", json=batch).json()["verdicts"]
        self.accepted += [verdict["id"] for verdict in told if verdict["status"] == "accepted"]


def test_killed_while_serving_everything_acknowledged_is_there_once(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", campaigns=CAMPAIGNS)
    with serving(shop) as (process, address):
        pages = [Page(address, name) for name in ("a", "b")]
        for page in pages:
            page.start()
        while sum(len(page.accepted) for page in pages) < 600:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        for page in pages:
            page.join()
    accepted = [name for page in pages for name in page.accepted]
    sent = {name for page in pages for name in page.sent}
    with delivery.build(Shop(shop.folder)) as engine:
        held = events(shop)
        assert len(held) == len(set(held))
        assert set(accepted) <= set(held)
        assert {name for name in held if not name.startswith("e-")} <= sent
        charges = engine.ledger.charges(0, 2**62)
        charged = {impression: amount for impression, _, amount, _ in charges}
        assert len(charged) == len(charges)
        spent = engine.ledger.spent("c-leaf")
        assert spent == sum(amount for _, campaign, amount, _ in charges if campaign == "c-leaf") <= BUDGET
        decisions = {page_seen for page in pages for page_seen in page.seen.values()}
        assert {name.partition("/")[0] for name in charged} <= decisions
        for name in accepted:
            seen = next((page.seen[name] for page in pages if name in page.seen), None)
            if seen:  # an acknowledged impression: its decision is on record, its charge exact
                slot = int(name.rpartition("-")[2])
                decision = engine.decision_log.read(seen)
                expected = decision.slots[slot].price // 1000
                refused = decision.slots[slot].ad.campaign == "c-leaf" and spent + expected > BUDGET
                assert charged.get(f"{seen}/{slot}", 0) == expected or refused
        acknowledged = [pages[0].seen[name] for name in pages[0].accepted if name in pages[0].seen]
        last = engine.decision_log.read(acknowledged[-1])
        assert explain(engine, last).reproduced is True
        assert engine.decide(last.request).slots
    assert not list(shop.folder.rglob(f"*{PARTIAL}"))


def test_stopped_in_order_it_answers_what_is_in_flight_and_keeps_the_record(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    with serving(shop) as (process, address):
        told: list[httpx.Response] = []

        def slow() -> Iterator[bytes]:
            yield b'[{"id": "late", "kind": "view", "time": %d, ' % shops.NOW
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            yield b'"product": "tea"}]'

        shown = httpx.get(f"{address}/v1/decide?placement=home").json()
        told.append(httpx.post(f"{address}/v1/events", content=slow()))
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        journal = [json.loads(line) for line in process.stderr.read().splitlines()]
    assert told[0].json()["verdicts"][0]["status"] == "accepted"
    assert [entry["event"] for entry in journal] == ["ready", "closed"]
    assert "late" in events(shop)
    assert list(shop.decisions.glob("*.index"))  # the segment was sealed, not torn
    assert explain(shop, shown["decision"]).reproduced is True


def events(shop: Shop) -> list[str]:
    """The ids in the shop's log, as a reader finds them."""
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    return [row[0] for row in connection.execute("SELECT id FROM events").fetchall()]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "shop.example"])
def test_it_serves_this_machine_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(BadSetting, match=r"no keys yet.*hawker key create"):
        run(shops.tiny(tmp_path / "shop"), host=host)


def test_with_keys_it_serves_other_machines_too(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    keys = Keys(shop.control)
    keys.create(Role.SHOP, now=1)
    keys.close()
    with listen("0.0.0.0", 0) as taken, pytest.raises(Conflict, match=r"of 0\.0\.0\.0 cannot be had"):
        run(shop, host="0.0.0.0", port=taken.getsockname()[1])  # past the question of keys


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=rf"Port {port}.*--port"):
            run(shops.tiny(tmp_path / "shop"), port=port)


def test_a_shop_that_cannot_be_opened_is_told_calmly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop.create(tmp_path / "shop")
    (shop.folder / "shop.toml").write_text("exploraton = 0.1\n")
    with pytest.raises(BadSetting, match="Did you mean 'exploration'"):
        run(shop, port=0)
    assert "Traceback" not in "".join(capsys.readouterr())
