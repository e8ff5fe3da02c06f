"""The script of docs/browser.md in a real browser: ads appear, and what became of them is charged once."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn
from tests import shops

from hawker.records.key import Role
from hawker.server import app
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.keys import Keys

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", f"--user-agent={AGENT}"),
)
PAGE = Path(__file__).parents[2] / "docs" / "browser.md"
DOCUMENT = """<!doctype html><meta charset="utf-8"><title>shop</title><div id="sponsored"></div>
<script type="module">const shopper = "u-1", session = "s-1";{script}
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
await wait(2500);
document.title = String(document.querySelectorAll("article").length);
const close = document.querySelector("article button"); if (close) close.click();
await wait(500); fetch("/finished").catch(() => 0);</script>"""


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """The shop's own pages, on a port of their own."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def answering(application: object, bound: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(application, lifespan="on", access_log=False, log_level="critical")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_the_example_shows_ads_and_reports_them(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", clock="")
    pages, profile = tmp_path / "pages", tmp_path / "profile"
    pages.mkdir()
    with serving(pages) as port, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(64)
        keys = Keys(shop.control)
        _, secret = keys.create(Role.PAGE, now=1, origins=[f"http://127.0.0.1:{port}"])
        keys.close()
        api = f"http://127.0.0.1:{bound.getsockname()[1]}"
        (script,) = re.findall(r"```js\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        script = script.replace("https://ads.shop.example", api).replace("hp_…", secret)
        (pages / "index.html").write_text(DOCUMENT.replace("{script}", script), "utf-8")
        with answering(app(shop), bound):
            told = subprocess.run(
                [
                    *(str(CHROMIUM), *OPTIONS, f"--user-data-dir={profile}", "--virtual-time-budget=6000"),
                    *("--dump-dom", f"http://127.0.0.1:{port}/index.html"),
                ],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
    assert "Tea pot" in told.stdout  # the other has been closed
    assert ">Green tea<" not in told.stdout
    assert "Sponsored" in told.stdout
    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    found = connection.execute(
        "SELECT kind, reason, count(*) FROM events WHERE starts_with(kind, 'ad_') GROUP BY ALL ORDER BY kind"
    ).fetchall()
    assert ("ad_impression", "", 2) in found
    assert ("ad_viewable", "", 2) in found
    assert ("ad_hide", "", 1) in found
