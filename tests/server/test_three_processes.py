"""What docs/tour/three-processes.md promises, on a real PostgreSQL and a real Redis."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from tests import servers, shops

from hawker import Shop
from hawker.records.campaign import Ad, Campaign, Cap
from hawker.storage.control import Control
from hawker.storage.ledger import Ledger

PAGE = Path(__file__).parents[2] / "docs" / "tour" / "three-processes.md"
MOST = 5
BUDGET = 40_000


def command() -> list[str]:
    """The command of the page that starts the processes."""
    text = PAGE.read_text("utf-8")
    found = re.search(r"^\$ hawker -C \S+ (serve .*)$", text, re.MULTILINE)
    assert found
    return shlex.split(found[1])


@contextmanager
def served(shop: Shop, database: str, state: str) -> Iterator[str]:
    """The page's server on the given servers; its address."""
    options = dict(zip(command()[1::2], command()[2::2], strict=True))
    assert options["--workers"] == "3"
    options |= {"--database": database, "--state": state, "--port": "0"}
    program = Path(sys.executable).with_name("hawker")
    words = [
        str(program),
        "-C",
        str(shop.folder),
        "serve",
        "--json",
        *(w for pair in options.items() for w in pair),
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            told = server.stdout.readline()
            assert told, server.stderr.read() if server.stderr else ""
            yield json.loads(told)["address"]
            server.terminate()
            assert server.wait(40) == 0
        finally:
            server.kill()


def ask(address: str, path: str, body: Any) -> Any:
    asked = Request(f"{address}{path}", json.dumps(body).encode(), method="POST")
    with urlopen(asked, timeout=60) as told:
        return json.load(told)


def test_caps_and_budgets_hold_over_three_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database, state = servers.database(), servers.state()
    shop = shops.tiny(tmp_path / "shop", clock="")
    monkeypatch.setenv("HAWKER_DATABASE", database)
    control = Control(shop.control)
    control.put_campaigns(
        [Campaign("c", advertiser="Leaf", bid=4_000_000, total_budget=BUDGET, caps=(Cap(MOST),))]
    )
    control.put_ads([Ad("a", "c", "tea")])
    control.close()
    with served(shop, database, state) as address:
        shown: Counter[str] = Counter()
        for number in range(60):
            shopper = f"u-{number % 4}"
            told = ask(address, "/v1/decide", {"placement": "home", "shopper": shopper})
            shown[shopper] += len(told["ads"])
            reports = [
                {
                    "id": f"{told['decision']}/{ad['slot']}",
                    "kind": "ad_impression",
                    "time": time.time_ns() // 1000,
                    "ad": ad["id"],
                    "decision": told["decision"],
                    "slot": ad["slot"],
                    "shopper": shopper,
                }
                for ad in told["ads"]
            ]
            if reports:
                verdicts = ask(address, "/v1/events", reports)["verdicts"]
                assert {verdict["status"] for verdict in verdicts} == {"accepted"}
    assert set(shown.values()) == {MOST}
    ledger = Ledger(shop.ledger, process="judge")
    assert len(ledger.charges(0, 2**62)) == 4 * MOST
    assert ledger.spent("c") <= BUDGET
    ledger.close()
