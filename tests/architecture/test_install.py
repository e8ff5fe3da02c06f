"""Each extra is installed once: a stamp that fits asks nothing, one that does not calls pip."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copy

import pytest

SCRIPT = Path(__file__).parents[2] / "dev" / "install.py"
PIP = """#!/bin/sh
echo "$@" >> "{root}/calls"
echo "Collecting numpy"
echo "  Downloading numpy-2.0.0-cp311.whl (9.9 MB)"
exit $(cat "{root}/exit")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A toy project in a path with spaces, whose .venv notes what pip was asked."""
    root = tmp_path / "a shop"
    (root / "dev").mkdir(parents=True)
    (root / ".venv" / "bin").mkdir(parents=True)
    copy(SCRIPT, root / "dev")
    (root / "pyproject.toml").write_text('[project]\nname = "toy"\ndependencies = []\n')
    (root / "exit").write_text("0")
    python = root / ".venv" / "bin" / "python"
    python.write_text(PIP.format(root=root))
    python.chmod(0o755)
    return root


def install(project: Path, *extras: str) -> tuple[int, str]:
    command = [sys.executable, str(project / "dev" / "install.py"), *extras]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=os.sep)
    return done.returncode, done.stdout + done.stderr


def calls(project: Path) -> list[str]:
    path = project / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_the_second_time_pip_is_not_asked(project: Path) -> None:
    code, text = install(project, "dev", "demo")
    assert code == 0
    assert "numpy 2.0.0 (9.9 MB)" in text
    assert install(project, "demo") == (0, "")
    assert len(calls(project)) == 1
    assert calls(project)[0].endswith(f"{project}[dev,demo]")


def test_only_what_is_missing_is_installed(project: Path) -> None:
    install(project, "dev")
    install(project, "dev", "deep")
    assert calls(project)[1].endswith("[deep]")


def test_new_dependencies_install_again_and_new_lint_rules_do_not(project: Path) -> None:
    install(project, "dev")
    path = project / "pyproject.toml"
    path.write_text(path.read_text() + "[tool.ruff]\nline-length = 100\n")
    assert install(project, "dev") == (0, "")
    path.write_text(path.read_text().replace("[]", '["numpy"]'))
    install(project, "dev")
    assert len(calls(project)) == 2


def test_a_moved_project_installs_again(project: Path) -> None:
    install(project, "dev")
    moved = project.rename(project.with_name("moved"))
    install(moved, "dev")
    assert len(list(moved.glob(".venv/stamps/dev-*"))) == 2


def test_a_failed_pip_leaves_no_stamp_and_shows_its_words(project: Path) -> None:
    (project / "exit").write_text("1")
    code, text = install(project, "dev")
    assert code == 1
    assert "Downloading numpy-2.0.0" in text
    assert "run make again" in text
    (project / "exit").write_text("0")
    assert install(project, "dev")[0] == 0
    assert len(calls(project)) == 2
