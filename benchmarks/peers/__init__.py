"""Peers run in an environment of their own and in a process of their own, on the rows that we had.

A script of a peer is called as `python script.py ROWS` with its settings as JSON on standard input, and
prints one JSON object as its last line. It may use one thread. It imports nothing of Hawker.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hawker.errors import HawkerError, MissingExtra
from hawker.features.examples import Examples

FOLDER = Path(__file__).parents[2] / "build" / "peers"
REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "boosted": ("lightgbm==4.7.0", "catboost==1.2.10", "numpy", "scikit-learn", "pandas<3"),
    "deepctr": ("deepctr-torch==0.3.0", "requests", "torch>=2.6,<2.14", "numpy", "pandas<3"),
    "fuxictr": ("fuxictr==2.3.10", "torch>=2.6,<2.14", "numpy", "pandas<3"),
    "implicit": ("implicit==0.7.2", "numpy<2", "scipy<1.13"),
    "recbole": (
        "recbole==1.2.1",
        "torch>=2.6,<2.14",
        "numpy<2",
        "scipy<1.12",
        "pandas<2.2",
        "setuptools<81",
    ),
    "rechub": ("torch-rechub==0.9.0", "torch>=2.6,<2.14", "numpy", "pandas<3"),
}
_ONE_THREAD = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB", "NUMBA")
_MADE = "made.txt"
_WATCHED = """
import atexit, pathlib, runpy, sys
peak, status = sys.argv.pop(1), pathlib.Path("/proc/self/status")
if status.exists():
    atexit.register(lambda: pathlib.Path(peak).write_text(status.read_text().split("VmHWM:")[1].split()[0]))
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script and leaves its peak memory in a file: the system's own count begins with the parent's."""


class PeerFailed(HawkerError):
    """A peer's process ended without an answer: the message holds the last lines it wrote."""


def environment(name: str, requirements: Sequence[str] = ()) -> Path:
    """The Python of the environment build/peers/NAME with these requirements, made at the first call.

    Without any it is one of `REQUIREMENTS`. It is made anew when the requirements change. Raises
    `MissingExtra` where they cannot be installed.
    """
    requirements = requirements or REQUIREMENTS[name]
    folder = FOLDER / name
    python = folder / "bin" / "python"
    asked = "\n".join([sys.version.split()[0], *requirements])
    made = folder / _MADE
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another benchmark may be making it just now
        if python.exists() and made.exists() and made.read_text("utf-8") == asked:
            return python
        shutil.rmtree(folder, ignore_errors=True)
        _ran([sys.executable, "-m", "venv", str(folder)], name)
        _ran([str(python), "-m", "pip", "install", "--quiet", "--prefer-binary", *requirements], name)
        made.write_text(asked, "utf-8")
    return python


def run(
    python: Path, script: Path, rows: Path, settings: Mapping[str, Any], *, budget: float | None = None
) -> dict[str, Any]:
    """What a peer's script answers of these rows, with its `cpu_seconds` and `rss_mb` (peak) added.

    Both are the child's own, as the system counts them, start-up and reading included; where the script
    reports its own `cpu_seconds` or `rss_mb`, those stand. `budget` ends it after so many CPU seconds.
    Raises `PeerFailed`.
    """
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as told,
        tempfile.TemporaryFile() as wrong,
        tempfile.NamedTemporaryFile() as peak,
    ):
        command = [str(python), "-c", _WATCHED, peak.name, str(script), str(rows)]
        if budget is not None:
            command = ["/bin/sh", "-c", f'ulimit -t {max(1, round(budget))} && exec "$@"', "sh", *command]
        given.write(json.dumps(dict(settings)).encode())
        given.seek(0)
        child = subprocess.Popen(
            command, stdin=given, stdout=told, stderr=wrong, env=_surroundings(), cwd=script.parent
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        wrong.seek(0)
        lines, errors = told.read().decode().strip().splitlines(), wrong.read().decode(errors="replace")
        highest = int(Path(peak.name).read_text() or 0)  # kB
    if child.returncode or not lines:
        last = "\n".join(errors.strip().splitlines()[-8:])
        raise PeerFailed(f"The peer '{script.name}' ended with {child.returncode}:\n{last}")
    counted = {
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "rss_mb": round((highest or used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)) / 1024, 1),
    }
    return {**counted, **json.loads(lines[-1])}


def hand_over(path: Path, **parts: Examples) -> Path:
    """Write named slices of examples as one .npz: NAME_x, NAME_y, NAME_cluster; `names`, `categorical`.

    `columns` are those that are no vector's coordinates nor a sequence's codes; a peer that knows no
    fields takes these.
    """
    first = next(iter(parts.values()))
    held: dict[str, Any] = {"names": np.array(first.names), "categorical": np.array(first.categorical, "U")}
    fielded = {name for field in first.fields for name in field.columns}
    held["columns"] = np.array([name for name in first.names if name not in fielded])
    for name, rows in parts.items():
        held |= {f"{name}_x": rows.x, f"{name}_y": rows.y, f"{name}_cluster": rows.cluster}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        np.savez(stream, **held)
    return path


def _surroundings() -> dict[str, str]:
    """The environment of a child: one thread, no accelerator, nothing of ours on its path."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    threads = {f"{library}_NUM_THREADS": "1" for library in _ONE_THREAD}
    return {
        **kept,
        **threads,
        "OMP_WAIT_POLICY": "passive",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONHASHSEED": "0",
    }


def _ran(command: Sequence[str], name: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-4:])
        raise MissingExtra(
            f"The environment of the peer '{name}' cannot be made:\n{last}",
            remedy="See that the package index is reached, or leave out --peers.",
        )
