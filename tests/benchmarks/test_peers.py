"""A peer runs in its own environment and process: what it is given, what is counted, how it fails."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers
from hawker.errors import MissingExtra
from hawker.features.examples import Examples, Field

ECHO = """
import json, os, sys
import numpy as np
settings = json.load(sys.stdin)
rows = np.load(sys.argv[1])
block = np.ones(settings["megabytes"] << 17)
print("a library that talks")
print(json.dumps({"rows": len(rows["train_y"]), "columns": rows["columns"].tolist(), "sum": block.sum(),
                  "threads": os.environ["OMP_NUM_THREADS"], "path": os.environ.get("PYTHONPATH")}))
"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Three rows of a quantity, a code and a vector of two."""
    index = np.arange(3, dtype=np.int64)
    x, y = np.ones((3, 4), np.float32), np.array([0, 1, 0], np.float32)
    fields = (Field("text", "vector", ("text 0", "text 1")),)
    names = ("a", "b", "text 0", "text 1")
    given = Examples(names, x, y, index, index, index, np.ones(3), categorical=("b",), fields=fields)
    return peers.hand_over(tmp_path / "rows.npz", train=given, test=given.take(index[:1]))


def script(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "peer.py"
    path.write_text(text)
    return path


def test_it_gets_the_rows_and_one_thread_and_its_own_use_is_counted(tmp_path: Path, rows: Path) -> None:
    python, echo = Path(sys.executable), script(tmp_path, ECHO)
    small = peers.run(python, echo, rows, {"megabytes": 1})
    large = peers.run(python, echo, rows, {"megabytes": 200})
    again = peers.run(python, echo, rows, {"megabytes": 1})
    assert small["rows"] == 3
    assert small["columns"] == ["a", "b"]
    assert (small["threads"], small["path"]) == ("1", None)
    assert large["rss_mb"] > small["rss_mb"] + 150
    assert again["rss_mb"] < small["rss_mb"] + 50
    assert 0 < small["cpu_seconds"] < 20


def test_what_it_reports_itself_stands(tmp_path: Path, rows: Path) -> None:
    told = script(tmp_path, "print('{\"cpu_seconds\": 123.0}')")
    assert peers.run(Path(sys.executable), told, rows, {})["cpu_seconds"] == 123.0


def test_a_failure_shows_its_last_words(tmp_path: Path, rows: Path) -> None:
    with pytest.raises(peers.PeerFailed, match=r"ended with 1:(?s:.*)no such model"):
        peers.run(Path(sys.executable), script(tmp_path, "raise ValueError('no such model')"), rows, {})


def test_the_budget_ends_it(tmp_path: Path, rows: Path) -> None:
    with pytest.raises(peers.PeerFailed, match="ended with -"):
        peers.run(Path(sys.executable), script(tmp_path, "while True: pass"), rows, {}, budget=1)


def test_an_environment_that_cannot_be_made_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "FOLDER", tmp_path)
    with pytest.raises(MissingExtra, match="leave out --peers"):
        peers.environment("none", ["--no-index", "no-such-distribution"])
    assert not (tmp_path / "none" / "made.txt").exists()
