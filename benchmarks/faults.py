"""Whether anything is lost, charged twice or overspent when servers are killed at random moments.

    python -m benchmarks.faults --kills 200 --json

Two server processes share one shop. Clients ask for ads, report impressions and clicks, send what was
not answered again to the other server, and some of what was answered too. Meanwhile one server after
the other is ended by `kill -9` at random moments and started again. Afterwards what was acknowledged is
held against the event log, the charges against events, decisions and budgets. `recovery_s_max` is the
longest time from a kill until that server answered again, its start included.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from hawker import Shop, delivery
from hawker.records.campaign import Ad, Campaign, Pricing
from hawker.records.catalogue import Product
from hawker.records.placement import Page, Placement
from hawker.storage import tables
from hawker.storage.control import Control
from hawker.storage.decision_log import DecisionLog
from hawker.storage.event_log import EventLog
from hawker.storage.ledger import Ledger
from hawker.storage.shop import Settings
from hawker.storage.tables import write_products

SERVE = """
import sys
from hawker import Shop, server
server.run(Shop(sys.argv[1]), port=int(sys.argv[2]), started=lambda _: print("ready", flush=True))
"""
EVER = 2**62
CLIENTS, PRODUCTS = 4, 40
PATIENCE_SECONDS = 60.0
AGAIN = 0.1
"""The share of acknowledged reports that are sent once more, to the other server."""
KINDS = {Pricing.CPM: "ad_impression", Pricing.CPC: "ad_click"}


def market(folder: Path) -> Shop:
    """A shop whose budgets run out one after the other, by impressions and by clicks."""
    home = Placement(name="home", page=Page.HOME, slots=3)
    shop = Shop.create(folder, Settings(name="faults", exploration=0.3, outcome="click", placements=(home,)))
    names = [f"p-{number}" for number in range(PRODUCTS)]
    write_products(shop.table("catalogue"), [Product(name, name) for name in names])
    campaigns, ads = [], []
    for number, name in enumerate(names):
        clicks = number % 3 == 0
        campaigns.append(
            Campaign(
                f"c-{number}",
                advertiser=f"a-{number}",
                pricing=Pricing.CPC if clicks else Pricing.CPM,
                bid=(30_000 if clicks else 3_000_000) + 7 * number,
                total_budget=40_000 * (number + 1) if number % 2 else None,
                daily_budget=90_000 * (number + 1),
            )
        )
        ads.append(Ad(f"ad-{number}", f"c-{number}", name))
    control = Control(shop.control)
    control.put_campaigns(campaigns)
    control.put_ads(ads)
    control.close()
    return shop


@dataclass
class Server:
    """One server process on a port of its own, killed and started again."""

    shop: Shop
    port: int
    process: subprocess.Popen[str] | None = None
    recoveries: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(self.shop.folder), str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        if not self.process.stdout.readline():
            sys.exit("A server did not start: serve the shop by hand to see why.")

    def kill(self) -> None:
        """End it as a power cut would, and start it again; the time that takes is noted."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        since = time.perf_counter()
        self.start()
        self.recoveries.append(time.perf_counter() - since)

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=PATIENCE_SECONDS)


class Client(threading.Thread):
    """A page: asks for ads, reports what became of them until it is told, and notes what it was told."""

    def __init__(self, ports: Sequence[int], name: str, *, seed: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.ports, self.tag, self.stop = ports, name, stop
        self.dice = random.Random(f"{seed}/{name}")
        self.lines: dict[int, HTTPConnection] = {}
        self.accepted: dict[str, dict[str, Any]] = {}
        self.decisions = self.tries = 0
        self.broken: str = ""

    def run(self) -> None:
        """Visit until stopped; what no server should ever answer ends the run."""
        try:
            while not self.stop.is_set():
                self._visit()
        except Exception as error:
            self.broken = repr(error)
        finally:
            for line in self.lines.values():
                line.close()

    def _visit(self) -> None:
        port = self.dice.choice(self.ports)
        body = {"placement": "home", "shopper": f"{self.tag}-{self.dice.randrange(50)}"}
        shown = self._ask(port, "/v1/decide", body)
        if shown is None:
            return
        self.decisions += 1
        events = []
        for ad in shown["ads"]:
            about = {"ad": ad["id"], "decision": shown["decision"], "slot": ad["slot"]}
            about["time"] = time.time_ns() // 1000
            kinds = ["ad_impression", *(["ad_click"] if self.dice.random() < 0.5 else [])]
            events += [
                {"id": f"{shown['decision']}/{ad['slot']}/{kind}", "kind": kind, **about} for kind in kinds
            ]
        if events:
            self._report(events, first=self.dice.choice(self.ports))
            if self.dice.random() < AGAIN:
                self._report(events, first=self.dice.choice(self.ports))

    def _report(self, events: list[dict[str, Any]], *, first: int) -> None:
        """Send until one server answers, to one and the other in turn."""
        ports = [first, *(port for port in self.ports if port != first)]
        while not self.stop.is_set():
            for port in ports:
                self.tries += 1
                told = self._ask(port, "/v1/events", events)
                if told is None:
                    continue
                for event, verdict in zip(events, told["verdicts"], strict=True):
                    if verdict["status"] not in {"accepted", "duplicate"}:
                        raise RuntimeError(f"refused: {verdict}")
                    self.accepted[event["id"]] = event
                return

    def _ask(self, port: int, path: str, body: Any) -> Any:
        """What a server answers, or None where it is not there, or was killed before it had answered."""
        line = self.lines.get(port) or HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self.lines[port] = line
        try:
            line.request("POST", path, json.dumps(body))
            answer = line.getresponse()
            found = answer.read()
        except (OSError, HTTPException):
            line.close()
            self.lines.pop(port)
            time.sleep(0.01)
            return None
        if answer.status == 503:
            return None
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {found[:300]!r}")
        return json.loads(found)


def measured(folder: Path, *, kills: int, seed: int) -> dict[str, Any]:
    """Kill so many times under load, and hold what was acknowledged to what is there."""
    shop = market(folder)
    stop, dice = threading.Event(), random.Random(seed)
    servers = [Server(shop, port) for port in _ports(2)]
    clients = [
        Client([server.port for server in servers], f"u{number}", seed=seed, stop=stop)
        for number in range(CLIENTS)
    ]
    try:
        for server in servers:
            server.start()
        for client in clients:
            client.start()
        for number in range(kills):
            time.sleep(dice.random() * 0.2)
            servers[dice.randrange(2)].kill()
            if broken := [client.broken for client in clients if client.broken]:
                sys.exit(f"A client was told something it should not be: {broken[0]}")
            if number % 20 == 19:
                print(f"{number + 1} kills, {_told(clients):,} reports acknowledged", file=sys.stderr)
    finally:
        stop.set()
        for client in clients:
            client.join(PATIENCE_SECONDS)
        for server in servers:
            server.stop()
    accepted = {name: event for client in clients for name, event in client.accepted.items()}
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "kills": kills,
        "decisions": sum(client.decisions for client in clients),
        "acknowledged": len(accepted),
        **judged(shop, accepted),
        "recovery_s_max": round(
            max((one for server in servers for one in server.recoveries), default=0.0), 2
        ),
    }


def judged(shop: Shop, accepted: dict[str, dict[str, Any]]) -> dict[str, int]:
    """What is wrong with a shop after the kills: all noughts where nothing is."""
    with delivery.build(shop):  # a start settles what the last kill left unsettled
        pass
    logged = _logged(shop)
    ledger = Ledger(shop.ledger, process="judge")
    charged = {name: (campaign, amount) for name, campaign, amount, _ in ledger.charges(0, EVER)}
    rows = len(ledger.charges(0, EVER))
    sums: dict[str, int] = {}
    for campaign, amount in charged.values():
        sums[campaign] = sums.get(campaign, 0) + amount
    balances = {balance.campaign: balance for balance in ledger.balances(now=time.time_ns() // 1000)}
    ledger.close()
    more = sum(max(0, balance.spent - sums.get(name, 0)) for name, balance in balances.items())
    over = 0
    for balance in balances.values():
        over += max(0, balance.spent - (balance.total if balance.total is not None else EVER))
        over += max(0, balance.spent_today - (balance.daily if balance.daily is not None else EVER))
    return {
        "charges": len(charged),
        "acknowledged_lost": sum(1 for name in accepted if logged.get(name, 0) == 0),
        "logged_twice": sum(1 for times in logged.values() if times > 1),
        **_unpaid(shop, accepted, charged, balances),
        "charged_twice": rows - len(charged) + more,
        "charged_without_event": sum(1 for name in charged if not _happened(name, logged)),
        "overspend_micros": over,
    }


def _unpaid(
    shop: Shop, accepted: dict[str, Any], charged: dict[str, Any], balances: dict[str, Any]
) -> dict[str, int]:
    """Reports that were due and not charged although the budget had room; and those of decisions that a

    kill took before they were on record (a decision is written a moment after it is answered): they are free.
    """
    log = DecisionLog(shop.decisions)
    sold = {
        f"{decision.id}/{place}": slot for decision in log.scan() for place, slot in enumerate(decision.slots)
    }
    lost = gone = 0
    for event in accepted.values():
        name = f"{event['decision']}/{event['slot']}"
        slot = sold.get(name)
        if slot is None:
            gone += 1
        elif event["kind"] == KINDS[Pricing(slot.pricing)] and name not in charged:
            left = balances[slot.ad.campaign].remaining
            lost += left is None or left > 2 * slot.charge
    return {"charges_lost": lost, "of_lost_decisions": gone}


def _happened(name: str, logged: dict[str, int]) -> bool:
    return f"{name}/ad_impression" in logged or f"{name}/ad_click" in logged


def _logged(shop: Shop) -> dict[str, int]:
    """How often each event is in the log."""
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    return dict(connection.execute("SELECT id, count(*) FROM events GROUP BY id").fetchall())


def _told(clients: Sequence[Client]) -> int:
    return sum(len(client.accepted) for client in clients)


def _ports(count: int) -> list[int]:
    """Ports that are free now."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    found = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print one line of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="as ever: the last line is JSON")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="hawker-faults-") as folder:
        found = measured(Path(folder) / "shop", kills=asked.kills, seed=asked.seed)
    print(json.dumps(found))


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main()
