"""Puts the extras a make target needs into .venv, once: `python dev/install.py dev demo`.

One stamp per extra, named after the dependencies in pyproject.toml and the folder itself: while it
is there nothing is run and no network is asked. Nothing that is installed is ever removed.
"""

import os
import sys

try:
    import tomllib  # new in 3.11: an older Python stops here, before anything it could not read
except ImportError:
    sys.exit(
        f"Hawker needs Python 3.11 or newer; '{sys.executable}' is {sys.version.split()[0]}.\n"
        "Install a newer one and name it, for example: make PYTHON=python3.12 demo\n"
        "Where it is .venv itself that is old, remove it first: make distclean"
    )

import hashlib
import shutil
import subprocess
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMPS = VENV / "stamps"
STEPS = ("Obtaining", "Collecting", "Downloading", "Building", "Installing", "Preparing")


def main(extras: list[str]) -> None:
    if not PYTHON.exists():  # also where the interpreter behind it was removed
        create()
    missing = [extra for extra in extras if not stamp(extra).is_file()]
    if not missing:
        return
    install(missing)
    STAMPS.mkdir(exist_ok=True)
    for extra in missing:
        stamp(extra).touch()


def stamp(extra: str) -> Path:
    """The file that says: this extra, as pyproject.toml now defines it, is installed from here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    parts = {name: project.get(name, {}) for name in ("build-system", "project")}
    parts["setuptools"] = project.get("tool", {}).get("setuptools", {})
    digest = hashlib.sha256(f"{ROOT}\n{parts!r}".encode()).hexdigest()[:12]
    return STAMPS / f"{extra}-{digest}"


def create() -> None:
    print(f"Making {VENV} with Python {sys.version.split()[0]}", file=sys.stderr)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            "Python could not make a virtual environment.\nOn Debian and Ubuntu: apt install python3-venv"
        )


def install(extras: list[str]) -> None:
    wanted = f"{ROOT}[{','.join(extras)}]"
    print(f"Installing hawker[{','.join(extras)}] into .venv (once)", file=sys.stderr)
    command = [str(PYTHON), "-m", "pip", "install", "--progress-bar=off", "--editable", wanted]
    tail: deque[str] = deque(maxlen=30)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        for line in pip.stdout or ():
            tail.append(line.rstrip())
            show(line.strip())
    show("")
    if pip.returncode:
        print(*tail, sep="\n", file=sys.stderr)
        sys.exit("pip could not install this (its last lines are above).\nMend the cause and run make again.")


def show(line: str) -> None:
    """One line of progress that overwrites itself; where there is no terminal, a line a download."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        if not line or line.startswith(STEPS):
            print(f"\r\x1b[K{line[:width]}", end="", file=sys.stderr, flush=True)
    elif line.startswith("Downloading"):
        wheel, _, size = line.removeprefix("Downloading ").partition(" ")
        print(f"  {' '.join(wheel.split('-')[:2])} {size}", file=sys.stderr, flush=True)
    elif line.startswith("Installing collected"):
        print(f"  Installing {line.count(',') + 1} packages", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run make again to go on: what pip has downloaded it keeps.")
