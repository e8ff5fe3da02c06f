"""The Makefile tells its targets, names the remedy for a missing Python, and never removes .venv by clean."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from shutil import copy, copytree

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The real Makefile and installer in a folder with a space, with nothing installed."""
    root = tmp_path / "my shop"
    copytree(ROOT / "dev", root / "dev")
    (root / "src" / "hawker").mkdir(parents=True)
    copy(ROOT / "Makefile", root)
    copy(ROOT / "pyproject.toml", root)
    return root


def make(folder: Path, *arguments: str) -> tuple[int, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_make_alone_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    code, text = make(ROOT)
    assert code == 0
    assert phony
    assert {name for name in phony[1].split() if f"make {name} " not in text} == set()


def test_check_runs_each_tool() -> None:
    code, text = make(ROOT, "--dry-run", "check")
    assert code == 0
    for tool in ("ruff format --check", "ruff check", "mypy", "lint-imports", "dev/budget.py"):
        assert tool in text


def test_torch_is_left_out_on_demand() -> None:
    assert "install.py dev demo deep" in make(ROOT, "--dry-run", "test")[1]
    assert "deep" not in make(ROOT, "--dry-run", "test", "DEEP=")[1]


def test_a_missing_python_is_named_with_the_remedy(project: Path) -> None:
    code, text = make(project, "demo", "PYTHON=python3.nothing")
    assert code == 2
    assert "There is no 'python3.nothing' here" in text
    assert "make PYTHON=" in text


def test_clean_keeps_the_environment_and_distclean_removes_it(project: Path) -> None:
    for name in (".venv/bin", "build/bench", "src/hawker/__pycache__"):
        (project / name).mkdir(parents=True)
    assert make(project, "clean")[0] == 0
    assert (project / ".venv" / "bin").is_dir()
    assert not (project / "build").exists()
    assert not (project / "src/hawker/__pycache__").exists()
    assert make(project, "distclean")[0] == 0
    assert not (project / ".venv").exists()
