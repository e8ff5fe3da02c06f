"""Several processes behind one port: all answer, one that dies comes back, caps are kept or refused."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import psutil
import pytest
from tests import shops

from hawker.errors import BadSetting
from hawker.records.campaign import Campaign, Cap
from hawker.server import workers
from hawker.storage import tables
from hawker.storage.event_log import EventLog

CAPPED = (Campaign("c-leaf", advertiser="Leaf", bid=shops.UNIT, caps=(Cap(3),)), *shops.CAMPAIGNS[1:])


def test_caps_need_one_process_or_a_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capped = shops.tiny(tmp_path / "capped", campaigns=CAPPED)
    workers.check(capped, 1)
    with pytest.raises(BadSetting, match=r"--state redis://"):
        workers.check(capped, 2)
    workers.check(shops.tiny(tmp_path / "free"), 2)
    monkeypatch.setenv("HAWKER_STATE", "redis://localhost:6379/0")
    workers.check(capped, 2)


@pytest.mark.parametrize("count", [0, -1, 65])
def test_a_number_of_workers_that_cannot_be_is_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(BadSetting, match="workers"):
        workers.check(shops.tiny(tmp_path / "shop"), count)


def post(address: str, name: str) -> str:
    event = {"kind": "view", "time": shops.NOW, "id": name, "product": "jam", "shopper": "u-9"}
    asked = Request(f"{address}/v1/events", json.dumps([event]).encode(), method="POST")
    with urlopen(asked, timeout=30) as told:
        return str(json.load(told)["verdicts"][0]["status"])


def test_two_processes_serve_one_shop_and_a_killed_one_comes_back(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "tiny")
    program = Path(sys.executable).with_name("hawker")
    words = [str(program), "-C", str(shop.folder), "serve", "--port", "0", "--json", "--workers", "2"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            told = server.stdout.readline()
            assert told, server.stderr.read() if server.stderr else ""
            address = json.loads(told)["address"]
            assert {post(address, f"a-{n}") for n in range(30)} == {"accepted"}
            team = serving(server.pid)
            assert len(team) == 2
            os.kill(team[0], signal.SIGKILL)
            until = time.monotonic() + 30
            while len(set(serving(server.pid)) - {team[0]}) < 2:
                assert time.monotonic() < until
                time.sleep(0.1)
            assert {post(address, f"b-{n}") for n in range(30)} == {"accepted"}
            assert post(address, "a-7") == "duplicate"
            server.terminate()
            assert server.wait(30) == 0
        finally:
            server.kill()
    assert not [pid for pid in team if psutil.pid_exists(pid)]
    connection = tables.connect()
    EventLog(shop.events).view(connection)
    [(held, once)] = connection.execute(
        "SELECT count(*), count(DISTINCT id) FROM events WHERE product = 'jam'"
    ).fetchall()
    assert held == once == 60


def serving(parent: int) -> list[int]:
    """The processes that serve: children, but for the one that Python keeps for its semaphores."""
    children = psutil.Process(parent).children()
    found = []
    for child in children:
        with contextlib.suppress(psutil.Error):  # it ended while we looked
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child.pid)
    return found
