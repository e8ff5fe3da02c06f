"""The import map holds on the house, and each of its rules breaks on a toy house that breaks it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copy

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")
FOLDERS = ("auction", "cli", "delivery", "measurement", "records", "server", "statistics", "storage")


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [str(LINT), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house of empty rooms under the real map."""
    copy(ROOT / ".importlinter", tmp_path)
    package = tmp_path / "src" / "hawker"
    for name in FOLDERS:
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
        (package / name / "room.py").touch()
    (package / "__init__.py").touch()
    (package / "errors.py").touch()
    return tmp_path


def test_the_house_keeps_its_own_map() -> None:
    code, text = lint(ROOT)
    assert code == 0, text
    assert "0 broken" in text


def test_an_empty_house_and_web_in_the_server_pass(house: Path) -> None:
    (house / "src/hawker/server/room.py").write_text("import starlette\n")
    (house / "src/hawker/cli/room.py").write_text("from hawker.server import room\nimport uvicorn\n")
    code, text = lint(house)
    assert code == 0, text


@pytest.mark.parametrize(
    ("room", "line", "broken"),
    [
        ("storage", "from hawker.delivery import room", "Imports flow down BROKEN"),
        ("records", "from hawker.statistics import room", "Imports flow down BROKEN"),
        ("auction", "from hawker.measurement import room", "Imports flow down BROKEN"),
        ("measurement", "from hawker.auction.room import price", "does not know the player BROKEN"),
        ("measurement", "from hawker.auction import price", "Imports flow down BROKEN"),
        ("delivery", "def f():\n    import starlette.responses", "Web frameworks stay"),
    ],
)
def test_a_forbidden_import_is_seen(house: Path, room: str, line: str, broken: str) -> None:
    (house / f"src/hawker/{room}/room.py").write_text(f"{line}\n")
    code, text = lint(house)
    assert code == 1
    assert broken in text
    assert f"hawker.{room}.room ->" in text


def test_a_folder_that_is_not_on_the_map_is_seen(house: Path) -> None:
    (house / "src/hawker/misc").mkdir()
    (house / "src/hawker/misc/__init__.py").touch()
    code, text = lint(house)
    assert code == 1
    assert "hawker.misc" in text
