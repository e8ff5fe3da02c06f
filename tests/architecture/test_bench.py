"""The benchmark runner keeps figures, tells a missing extra from a failure, and holds thresholds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from shutil import copy

import pytest

SCRIPT = Path(__file__).parents[2] / "dev" / "bench.py"
PROGRAMS = {
    "good": 'print(\'warming up\'); print(\'{"rate": 5, "lift": {"low": 0.1}}\')',
    "missing": "import sys; print('Install it with: pip install torch'); sys.exit(2)",
    "broken": "raise ValueError('no')",
    "wordy": "print('fast')",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A toy project that holds the real runner and four benchmarks."""
    for name in ("dev", "benchmarks"):
        (tmp_path / name).mkdir()
    copy(SCRIPT, tmp_path / "dev")
    (tmp_path / "benchmarks" / "__init__.py").touch()
    for name, program in PROGRAMS.items():
        (tmp_path / "benchmarks" / f"{name}.py").write_text(program)
    return tmp_path


def run(project: Path, *names: str) -> tuple[int, str]:
    command = [sys.executable, str(project / "dev" / "bench.py"), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_figures_are_kept_and_failures_counted(project: Path) -> None:
    code, text = run(project)
    assert code == 1
    assert json.loads((project / "build/bench/good.json").read_text())["rate"] == 5
    assert "missing      skipped: Install it with" in text
    assert "broken: ended with exit code 1" in text
    assert "wordy: its last line is not JSON: fast" in text
    assert not (project / "build/bench/wordy.json").exists()


def test_a_missing_extra_alone_is_no_failure(project: Path) -> None:
    assert run(project, "good", "missing")[0] == 0


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        ("rate = {least = 6}", "rate is 5, at least 6 is wanted"),
        ("rate = {most = 4}", "rate is 5, at most 4 is wanted"),
        ('"lift.low" = {least = 0.2}', "lift.low is 0.1, at least 0.2"),
        ("gone = {least = 1}", "gone is not among the figures"),
    ],
)
def test_a_missed_threshold_fails(project: Path, threshold: str, said: str) -> None:
    (project / "benchmarks" / "thresholds.toml").write_text(f"[good]\n{threshold}\n")
    code, text = run(project, "good")
    assert code == 1
    assert said in text


def test_kept_thresholds_pass(project: Path) -> None:
    (project / "benchmarks" / "thresholds.toml").write_text(
        '[good]\nrate = {least = 5, most = 5}\n"lift.low" = {least = 0}\n'
    )
    assert run(project, "good")[0] == 0


def test_an_unknown_name_lists_the_known(project: Path) -> None:
    code, text = run(project, "goood")
    assert code == 1
    assert "broken, good, missing, wordy" in text
