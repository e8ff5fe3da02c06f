"""`hawker serve` as a process: it says where it listens, answers, and ends in order on Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from shell import answer, process

import shops


def test_serve_answers_until_it_is_stopped_and_the_rest_is_on_record(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "tiny")
    program = Path(sys.executable).with_name("hawker")
    words = [str(program), "-C", "tiny", "serve", "--port", "0", "--json"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            address = json.loads(server.stdout.readline())["address"]
            with urlopen(f"{address}/v1/decide?placement=home&shopper=u-1", timeout=30) as page:
                told = json.load(page)
            event = {"kind": "view", "time": shops.NOW, "id": "seen", "shopper": "u-1", "product": "jam"}
            posted = Request(f"{address}/v1/events", json.dumps([event]).encode(), method="POST")
            with urlopen(posted, timeout=30) as taken:
                assert json.load(taken)["verdicts"][0]["status"] == "accepted"
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
        assert server.stdout.read() == b""
    assert [ad["id"] for ad in told["ads"]] == ["a-tea", "a-pot"]
    explained = answer("-C", shop.folder, "explain", told["decision"])
    assert explained["reproduced"] is True
    assert answer("-C", shop.folder, "replay")["reproduced"] == 1


def test_serve_refuses_a_host_that_others_could_reach(tmp_path: Path) -> None:
    shops.tiny(tmp_path / "tiny")
    done = process("-C", "tiny", "serve", "--host", "0.0.0.0", folder=tmp_path)
    assert done.returncode == 2
    assert "hawker key create" in done.stderr
