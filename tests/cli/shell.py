"""Typing commands: in this process for most tests, in a real one where that is the point."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from hawker.cli.main import app

CATALOGUE = """id,title,category,brand,price,description
tea,Green tea,Grocery > Tea,Leaf,"4,50 €",Leaves of spring.
pot,Tea pot,Kitchen > Pots,Leaf,29.90 EUR,A pot of cast iron.
jam,Plum jam,Grocery > Jam,Orchard,3.20 EUR,
,No id,Grocery,Orchard,3.20 EUR,
"""
LOG = """{"event":"view","timestamp":"2024-03-01T10:00:00Z","user_id":"u-1","item_id":"tea"}
{"event":"purchase","timestamp":"2024-03-01T10:05:00Z","user_id":"u-1","item_id":"tea","value":4.5}
{"event":"view","timestamp":"2999-03-01T10:00:00Z","user_id":"u-1","item_id":"jam"}
{"event":"view","timestamp":"2024-03-02T10:00:00Z","user_id":"u-2","item_id":"pot"}
"""
CAMPAIGNS = """[[campaigns]]
id = "spring"
name = "Spring tea"
advertiser = "Leaf"
bid = "4.00 EUR"
daily_budget = "20 EUR"
start = 2024-03-01

[[ads]]
id = "ad-tea"
campaign = "spring"
product = "tea"
"""


def hawker(*words: str | Path, given: str | None = None) -> Result:
    """One command, in this process."""
    return CliRunner().invoke(app, [str(word) for word in words], input=given)


def answer(*words: str | Path) -> Any:
    """The one JSON object that a command with --json prints on stdout, and its exit code is 0."""
    done = hawker(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def process(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """One command as a process of its own."""
    program = Path(sys.executable).with_name("hawker")
    return subprocess.run(
        [str(program), *map(str, words)],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


def files(folder: Path) -> Path:
    """The raw files of a tiny shop, in a folder."""
    (folder / "catalogue.csv").write_text(CATALOGUE, "utf-8")
    (folder / "log.jsonl").write_text(LOG, "utf-8")
    (folder / "campaigns.toml").write_text(CAMPAIGNS, "utf-8")
    return folder


def terminal(*words: str | Path, folder: Path, typed: str = "") -> tuple[int, str]:
    """One command at a real terminal of 100 columns, with what is typed there: exit code and screen."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    os.write(ours, typed.encode())
    run = subprocess.Popen(
        [str(Path(sys.executable).with_name("hawker")), *map(str, words)],
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # Linux: the other side is gone
            break
        if not read:
            break
        screen += read
    os.close(ours)
    return run.wait(), screen.decode()
