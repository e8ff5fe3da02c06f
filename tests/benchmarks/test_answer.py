"""How a benchmark ends: one line of JSON, or the remedy and exit code 2; a named folder is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _answer
from hawker.errors import MissingData


def test_the_answer_is_one_line_or_readable(capsys: pytest.CaptureFixture[str]) -> None:
    found = {"value": 1.5, "words": "茶"}
    assert _answer.ended(lambda: found, line=True) == 0
    assert _answer.ended(lambda: found, line=False) == 0
    one, *rest = capsys.readouterr().out.splitlines()
    assert json.loads(one) == json.loads("\n".join(rest)) == found
    assert len(rest) > 1


def test_what_is_missing_is_said_beside(capsys: pytest.CaptureFixture[str]) -> None:
    def find() -> dict[str, Any]:
        raise MissingData("There is no tea.", remedy="Fetch some.")

    assert _answer.ended(find, line=True) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "There is no tea. Fetch some." in " ".join(said.err.split())


def test_only_a_folder_that_was_named_stays(tmp_path: Path) -> None:
    with _answer.kept(tmp_path) as named, _answer.kept(None) as passing:
        assert passing.is_dir()
    assert named == tmp_path
    assert named.is_dir()
    assert not passing.exists()


def test_memory_is_this_process_and_never_falls() -> None:
    """In a process of its own: this one may have held and freed more before."""
    code = (
        "from benchmarks import _answer\n"
        "before = _answer.peak_mb()\n"
        "held = b'x' * (200 * 2**20)\n"
        "during = _answer.peak_mb()\n"
        "del held\n"
        "print(before, during, _answer.peak_mb())\n"
    )
    root = Path(__file__).parents[2]
    told = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    before, during, after = map(int, told.stdout.split())
    assert during >= before + 150
    assert after >= before + 150
