"""The budget script sees each breach on toy trees, and names its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "dev" / "budget.py"
LONG_ENOUGH = "\n".join(f"    total += weights[{n}] * values[{n}]" for n in range(7))


def run(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def function(name: str, *, lines: int) -> str:
    body = "\n".join(f"    total += {n}" for n in range(lines - 3))
    return f"def {name}():\n    total = 0\n{body}\n    return total\n\n\n"


def test_a_small_tree_keeps_the_budget(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(function("short", lines=5))
    code, text = run(tmp_path)
    assert code == 0
    assert "longest 5 lines (at most 60)" in text


def test_a_long_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("x = 1\n" * 401)
    (tmp_path / "just.py").write_text("x = 1\n" * 400)
    code, text = run(tmp_path)
    assert code == 1
    assert "long.py: 401 lines" in text
    assert "just.py:" not in text


def test_a_long_function_is_named_with_its_line(tmp_path: Path) -> None:
    short = "".join(function(f"short{n}", lines=4) for n in range(3))
    (tmp_path / "a.py").write_text(short + function("just", lines=60) + function("endless", lines=61))
    code, text = run(tmp_path)
    assert code == 1
    assert "endless: 61 lines" in text
    assert "just: 60" not in text


def test_the_median_must_be_under_twelve(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(function("one", lines=11) + function("two", lines=13))
    code, text = run(tmp_path)
    assert code == 1
    assert "median function has 12 lines" in text


def test_twins_are_found_under_other_names_and_docstrings(tmp_path: Path) -> None:
    body = f"    total = 0.0\n{LONG_ENOUGH}\n    return total\n"
    (tmp_path / "a.py").write_text(f'def mean(values, weights):\n    """One."""\n{body}')
    (tmp_path / "b.py").write_text(f"@cache\ndef average(values, weights):  # again\n{body}")
    code, text = run(tmp_path)
    assert code == 1
    assert "a.py:1 mean" in text
    assert "b.py:2 average" in text


def test_like_functions_that_differ_or_are_short_are_not_twins(tmp_path: Path) -> None:
    body = f"    total = 0.0\n{LONG_ENOUGH}\n    return total\n"
    (tmp_path / "a.py").write_text(f"def mean(values, weights):\n{body}")
    (tmp_path / "b.py").write_text(f"def mean(values, weights):\n{body.replace('+=', '-=')}")
    (tmp_path / "c.py").write_text("def short():\n    return 1\n")
    (tmp_path / "d.py").write_text("def short():\n    return 1\n")
    code, text = run(tmp_path)
    assert code == 0, text


def test_a_folder_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    code, text = run(tmp_path / "nothing")
    assert code == 2
    assert "is not a folder" in text
