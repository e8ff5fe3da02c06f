"""One process at a time."""

from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path

from hawker.storage import files

CODE = """
import sys
from pathlib import Path
from hawker.storage import files
print("there", flush=True)
with files.alone(Path(sys.argv[1]), shared=sys.argv[2] == "shared"):
    print("in", flush=True)
"""


def _other(lock: Path, way: str) -> subprocess.Popen[str]:
    """Another process that asks for the lock; it has said that it is there."""
    command = [sys.executable, "-c", CODE, str(lock), way]
    made = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None
    assert made.stdout.readline() == "there\n"
    return made


def test_whoever_is_alone_is_waited_for(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    for way in ("alone", "shared"):
        with files.alone(lock):
            waiting = _other(lock, way)
            assert select.select([waiting.stdout], [], [], 0.3)[0] == []
        assert waiting.communicate(timeout=60)[0] == "in\n"


def test_those_who_share_are_in_together(tmp_path: Path) -> None:
    with files.alone(tmp_path / "lock", shared=True):
        assert _other(tmp_path / "lock", "shared").communicate(timeout=60)[0] == "in\n"
