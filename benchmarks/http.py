"""How many decisions a second one worker answers over HTTP, and how fast when they come at random.

    python -m benchmarks.http --json

The shop is that of `benchmarks.decide`, served by one process bound to one core; what asks is bound to
the other. `decisions_per_s` is what wrk gets out of it over 16 connections. `p50_ms_at_500` and
`p99_ms_at_500` come from an open loop: requests are due at random moments, 500 a second on average, whether
or not earlier ones were answered, and each is timed from the moment it was due. Beside it, in the same run
and on the same core, `constant_per_s` is the same framework answering a constant, and
`fastapi_lightgbm_per_s` a plain FastAPI service that scores the same number of candidates with LightGBM and
decides nothing else.
`--shop FOLDER` measures a shop with its own models instead.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from hawker import Shop
from hawker.records.decision import Request
from hawker.simulate import bazaar
from hawker.storage import tables
from hawker.storage.event_log import EventLog

ADS, CAMPAIGNS = 100_000, 5_000
CANDIDATES, FEATURES = 200, 32
CONNECTIONS, OPEN_CONNECTIONS = 16, 64
ASKED = 20_000
RATE = 500
PATIENCE_SECONDS = 240.0
HAWKER = """
import sys
from hawker import Shop, server
server.run(Shop(sys.argv[1]), port=int(sys.argv[2]), started=lambda _: print("ready", flush=True))
"""
CONSTANT = """
import sys, uvicorn
from hawker.server.wire import Reply, body, send_reply
REPLY = Reply(200, b'{"decision":"d-000000000000-00000000","ads":[]}')
async def answer(scope, receive, send):
    await body(scope, receive, most=1_000_000)
    await send_reply(REPLY, send)
print("ready", flush=True)
uvicorn.run(answer, port=int(sys.argv[2]), lifespan="off", access_log=False, log_level="critical")
"""
FASTAPI = f"""
import sys
import lightgbm, numpy as np, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
rng = np.random.default_rng(7)
x = rng.random((20_000, {FEATURES}), dtype=np.float32)
y = (x[:, 0] * x[:, 1] + rng.random(20_000) * 0.3 > 0.6).astype(int)
settings = {{"objective": "binary", "num_threads": 1, "verbose": -1, "num_leaves": 31}}
model = lightgbm.train(settings, lightgbm.Dataset(x, y), 100)
candidates = rng.random(({CANDIDATES}, {FEATURES}))
class Asked(BaseModel):
    placement: str
    shopper: str = ""
    session: str = ""
    category: str = ""
    location: str = ""
app = FastAPI()
@app.post("/v1/decide")
async def decide(asked: Asked) -> dict[str, list[int]]:
    scores = model.predict(candidates, num_threads=1)
    return {{"ads": [int(one) for one in np.argsort(-scores)[:3]]}}
print("ready", flush=True)
uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="critical")
"""
LUA = """
local lines = {}
for line in io.lines("%s") do lines[#lines + 1] = line end
local at = 0
request = function()
  at = at %% #lines + 1
  return wrk.format("POST", "/v1/decide", {["Content-Type"] = "application/json"}, lines[at])
end
"""


@contextmanager
def serving(code: str, argument: str, *, core: int, port: int) -> Iterator[None]:
    """A server of its own on one core; ended when the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, argument, str(port)], stdout=subprocess.PIPE, text=True
    )
    os.sched_setaffinity(process.pid, {core})
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            sys.exit("A server did not start; what it said stands above.")
        asyncio.run(_awaited(port))
        yield
    finally:
        process.terminate()
        process.wait(60)


async def _awaited(port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.05)
    sys.exit("A server does not answer.")


def throughput(bodies: Sequence[bytes], *, port: int, core: int, seconds: int, folder: Path) -> float:
    """Answers a second under wrk; anything but 200 ends the run."""
    lines, script = folder / "asked.jsonl", folder / "ask.lua"
    lines.write_bytes(b"\n".join(bodies) + b"\n")
    script.write_text(LUA % lines)
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}",
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(f"Not every request was answered:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        sys.exit(f"wrk said something else:\n{done.stdout}")
    return float(found[1])


async def open_loop(bodies: Sequence[bytes], *, port: int, seconds: float, seed: int) -> list[float]:
    """Times in seconds, from the moment each request was due; due moments are a Poisson process."""
    dice = random.Random(seed)
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(OPEN_CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    times: list[float] = []

    async def ask(body: bytes, due: float) -> None:
        reader, writer = await free.get()
        head = f"POST /v1/decide HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        told = await reader.readuntil(b"\r\n\r\n")
        if not told.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(told.decode("latin-1"))
        length = re.search(rb"content-length: (\d+)", told)
        await reader.readexactly(int(length[1]) if length else 0)
        times.append(time.perf_counter() - due)
        free.put_nowait((reader, writer))

    begun = time.perf_counter() + 0.1
    due, number = begun, 0
    async with asyncio.TaskGroup() as tasks:
        while due < begun + seconds:
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            tasks.create_task(ask(bodies[number % len(bodies)], due))
            due += dice.expovariate(RATE)
            number += 1
    return sorted(times)


def asked(requests: Iterator[Request]) -> list[bytes]:
    """Requests as a page sends them."""
    return [msgspec.json.encode(request) for request in requests]


def of_shop(shop: Shop) -> Iterator[Request]:
    """Requests of a shop's own shoppers, at each of its placements in turn."""
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    query = (
        f"SELECT shopper FROM events WHERE shopper <> '' GROUP BY shopper ORDER BY md5(shopper) LIMIT {ASKED}"
    )
    places = shop.settings.placements
    for number, (shopper,) in enumerate(connection.execute(query).fetchall()):
        yield Request(placement=places[number % len(places)].name, shopper=shopper)


def measured(folder: Path, shop: Path, bodies: Sequence[bytes], *, seconds: int, ads: int) -> dict[str, Any]:
    """Every figure, one server after the other on one core, the asking on another."""
    cores = sorted(os.sched_getaffinity(0))
    here, there = cores[0], cores[-1]
    port = 18_000 + os.getpid() % 10_000
    common = {"port": port, "core": there, "folder": folder}
    found: dict[str, Any] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "ads": ads}
    with serving(HAWKER, str(shop), core=here, port=port):
        throughput(bodies, seconds=2, **common)
        found["decisions_per_s"] = round(throughput(bodies, seconds=seconds, **common))
        os.sched_setaffinity(0, {there})
        times = asyncio.run(open_loop(bodies, port=port, seconds=seconds, seed=7))
        os.sched_setaffinity(0, set(cores))
        found["p50_ms_at_500"] = round(1e3 * times[len(times) // 2], 2)
        found["p99_ms_at_500"] = round(1e3 * times[int(len(times) * 0.99)], 2)
        found["open_loop_requests"] = len(times)
    with serving(CONSTANT, "", core=here, port=port + 1):
        found["constant_per_s"] = round(throughput(bodies, seconds=seconds, **{**common, "port": port + 1}))
    with serving(FASTAPI, "", core=here, port=port + 2):
        found["fastapi_lightgbm_per_s"] = round(
            throughput(bodies, seconds=seconds, **{**common, "port": port + 2})
        )
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print one line of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ads", type=int, default=ADS)
    parser.add_argument("--seconds", type=int, default=20, help="for each figure")
    parser.add_argument("--cache", type=Path, default=Path("build/bazaar"), help="where bazaars are kept")
    parser.add_argument("--shop", type=Path, help="a shop of your own; it is copied and left as it is")
    parser.add_argument("--json", action="store_true", help="as ever: the last line is JSON")
    given = parser.parse_args(arguments)
    for name, needed in (
        ("wrk", shutil.which("wrk")),
        ("fastapi", _there("fastapi")),
        ("lightgbm", _there("lightgbm")),
    ):
        if not needed:
            print(f"This needs {name}.", file=sys.stderr)
            raise SystemExit(2)
    size = bazaar.Bazaar(ads=given.ads, campaigns=max(given.ads // 20, 1))
    source = given.shop or bazaar.shop(given.cache, size).folder
    with tempfile.TemporaryDirectory(prefix="hawker-http-") as folder:
        shop = Path(folder) / "shop"
        shutil.copytree(source, shop)
        bodies = asked(of_shop(Shop(shop)) if given.shop else bazaar.requests(size, ASKED))
        print(json.dumps(measured(Path(folder), shop, bodies, seconds=given.seconds, ads=given.ads)))


def _there(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


if __name__ == "__main__":
    main()
