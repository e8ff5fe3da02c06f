"""Three server processes on one PostgreSQL and one Redis: one budget, one cap, whichever of them answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from tests import servers, shops

from hawker.records.campaign import Campaign, Cap, Per
from hawker.storage.accounts import Accounts

MOST, BUDGET = 5, 60_000  # 20 impressions of 3 a thousand
PRICE, ENOUGH = 3_000, 45_000
OURS = {"a-tea", "a-pot"}


def asked(address: str, shopper: str) -> list[str]:
    """One page of one shopper: ask, and tell that every ad was seen. The campaigns seen."""
    with urlopen(f"{address}/v1/decide?placement=home&shopper={shopper}", timeout=30) as page:
        told = json.load(page)
    seen = [
        {
            "kind": "ad_impression",
            "time": time.time_ns() // 1000,
            "id": f"{told['decision']}-{place}",
            "decision": told["decision"],
            "slot": place,
            "ad": ad["id"],
        }
        for place, ad in enumerate(told["ads"])
    ]
    if seen:
        posted = Request(f"{address}/v1/events", json.dumps(seen).encode(), method="POST")
        with urlopen(posted, timeout=30) as taken:
            verdicts = [one["status"] for one in json.load(taken)["verdicts"]]
        assert set(verdicts) == {"accepted"}, verdicts
    return [ad["id"] for ad in told["ads"]]


@pytest.mark.slow
def test_three_servers_keep_one_cap_and_one_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, state = servers.database(), servers.state()
    monkeypatch.setenv("HAWKER_DATABASE", url)
    leaf = Campaign(
        "c-leaf",
        advertiser="Leaf",
        bid=4 * shops.UNIT,
        total_budget=BUDGET,
        caps=(Cap(MOST, Per.LIFETIME),),
    )
    shops.tiny(tmp_path / "tiny", campaigns=(leaf, *shops.CAMPAIGNS[1:]), pacing=False, clock="")
    program = Path(sys.executable).with_name("hawker")
    words = [str(program), "-C", "tiny", "serve", "--port", "0", "--workers", "3", "--json"]
    words += ["--database", url, "--state", state]
    command: dict[str, Any] = {"cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, env=dict(os.environ), **command) as server:
        try:
            assert server.stdout is not None
            address = json.loads(server.stdout.readline())["address"]
            with ThreadPoolExecutor(8) as pool:
                same = list(pool.map(lambda _: asked(address, "u-1"), range(24)))
                others = list(pool.map(lambda n: asked(address, f"v-{n}"), range(40)))
                for turn in range(
                    12
                ):  # what one process promised and another charged is free two heartbeats on
                    if PRICE * sum(ad in OURS for page in (*same, *others) for ad in page) >= ENOUGH:
                        break
                    time.sleep(3)
                    others += pool.map(lambda n: asked(address, f"w-{n}"), range(12 * turn, 12 * turn + 12))
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    once = Counter(ad in OURS for page in same for ad in page)
    assert once[True] == MOST
    accounts = Accounts(url)
    spent = accounts.spent("c-leaf")
    charges = [charge for charge in accounts.charges(0, 2**62) if charge[1] == "c-leaf"]
    accounts.close()
    shown = once[True] + sum(ad in OURS for page in others for ad in page)
    # near the end of a budget a charge may be refused: the impression is then free, never charged twice
    assert 0 <= shown - len(charges) <= 2
    assert len(charges) == len({charge[0] for charge in charges})
    assert spent == sum(charge[2] for charge in charges) <= BUDGET
    assert spent >= ENOUGH
