"""Trained models on disk: saved whole or not at all, checked when read, promoted and rolled back.

models/<name>/<version>/          the model's files, recipe.json, checksums.json
models/<name>/promoted.json       which version serves, which served before, and the log of both
models/<name>/.draft-<pid>-<n>/   a save under way; what a killed process left is swept by the next
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hawker.errors import BadInput, Corrupt, NotFound, StorageFull, nearest
from hawker.storage import files

RECIPE, CHECKSUMS, PROMOTED = "recipe.json", "checksums.json", "promoted.json"
_DRAFT = ".draft-"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SELF = secrets.token_hex(4)  # tells this process from an earlier one of the same number
_serial = count()


class Step(Struct, frozen=True):
    """One change of the serving version: when (microseconds), to which, and whether back."""

    time: int
    version: str
    back: bool = False


class Promoted(Struct, frozen=True):
    """The versions that serve or served, oldest first (a rollback removes the last), and all changes."""

    versions: tuple[str, ...] = ()
    log: tuple[Step, ...] = ()


class ModelStore:
    """The models of one shop: `ModelStore(shop.models)`.

    >>> import tempfile
    >>> store = ModelStore(Path(tempfile.mkdtemp()))
    >>> version = store.save("placement", lambda folder: files.write(folder / "w.txt", "1"), {"seed": 7})
    >>> store.promote("placement", version)
    >>> store.promoted("placement") == version and (store.path("placement") / "w.txt").read_text()
    '1'
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, name: str, writer: Callable[[Path], None], recipe: dict[str, Any]) -> str:
        """Let `writer` fill a new folder, then publish it in one rename; returns its version.

        A version is the UTC time and eight digits of the content's SHA-256, so versions sort by age.
        """
        home = self._home(name)
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home)
        draft = home / f"{_DRAFT}{os.getpid()}-{_SELF}-{next(_serial)}"
        draft.mkdir()
        try:
            writer(draft)
            files.write(draft / RECIPE, msgspec.json.format(msgspec.json.encode(recipe), indent=1))
            version = self._seal(draft)
            os.rename(draft, home / version)
            files.flush(home)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(
                    f"The disk filled while saving model '{name}'; nothing half-written was kept.",
                    remedy=f"Free space under '{self.folder}' and train again.",
                ) from error
            raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return version

    def versions(self, name: str) -> list[str]:
        """All saved versions, oldest first."""
        home = self._home(name)
        listed = home.iterdir() if home.is_dir() else iter(())
        return sorted(
            entry.name for entry in listed if (entry / CHECKSUMS).is_file() and _DRAFT not in entry.name
        )

    def promote(self, name: str, version: str) -> None:
        """Let a version serve from now on, after checking its files."""
        self.path(name, version)
        state = self._state(name)
        if state.versions[-1:] != (version,):
            self._turn(name, state, (*state.versions, version), back=False)

    def promoted(self, name: str) -> str | None:
        """The version that serves, or None."""
        versions = self._state(name).versions
        return versions[-1] if versions else None

    def line(self, name: str) -> tuple[str, ...]:
        """The version that serves and those it could be rolled back to, newest first."""
        return self._state(name).versions[::-1]

    def rollback(self, name: str) -> str:
        """Let the version before serve again; returns it. Raises `NotFound` where there is none."""
        state = self._state(name)
        if len(state.versions) < 2:
            raise NotFound(
                f"Model '{name}' has no earlier promoted version.",
                remedy="Promote one of the saved versions.",
            )
        self.path(name, state.versions[-2])
        self._turn(name, state, state.versions[:-1], back=True)
        return state.versions[-2]

    def history(self, name: str) -> tuple[Step, ...]:
        """Every promotion and rollback, oldest first."""
        return self._state(name).log

    def path(self, name: str, version: str | None = None) -> Path:
        """The folder of a version (by default the promoted one), its files checked.

        Raises `NotFound`, or `Corrupt` naming the file that is missing or changed.
        """
        chosen = version or self.promoted(name)
        if chosen is None:
            raise NotFound(
                f"No version of model '{name}' is promoted.", remedy="Promote one: hawker evaluate --promote"
            )
        versions = self.versions(name)
        if chosen not in versions:
            remedy = nearest(chosen, versions) if versions else "Train one with: hawker train"
            raise NotFound(f"Model '{name}' has no version '{chosen[:80]}'.", remedy=remedy)
        folder = self._home(name) / chosen
        _verify(folder)
        return folder

    def recipe(self, name: str, version: str | None = None) -> dict[str, Any]:
        """How a version came about, as it was saved."""
        read: dict[str, Any] = msgspec.json.decode((self.path(name, version) / RECIPE).read_bytes())
        return read

    def _home(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"'{name[:80]}' cannot name a model.", remedy="Use lower-case letters, digits, '-' and '_'."
            )
        return self.folder / name

    def _seal(self, draft: Path) -> str:
        sums = {path.relative_to(draft).as_posix(): _digest(path) for path in _files(draft)}
        content = msgspec.json.encode(sums, order="sorted")
        files.write(draft / CHECKSUMS, content)
        for path in draft.rglob("*"):
            files.flush(path)
        files.flush(draft)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        return f"{stamp}-{hashlib.sha256(content).hexdigest()[:8]}"

    def _state(self, name: str) -> Promoted:
        path = self._home(name) / PROMOTED
        if not path.is_file():
            return Promoted()
        try:
            return msgspec.json.decode(path.read_bytes(), type=Promoted)
        except msgspec.DecodeError as error:
            raise Corrupt(
                f"'{path}' cannot be read: {error}.", remedy="Promote a version again after removing it."
            ) from error

    def _turn(self, name: str, state: Promoted, versions: tuple[str, ...], *, back: bool) -> None:
        step = Step(time.time_ns() // 1000, versions[-1], back)
        content = msgspec.json.encode(Promoted(versions, (*state.log, step)))
        files.write(self._home(name) / PROMOTED, content)


def _verify(folder: Path) -> None:
    try:
        sums = msgspec.json.decode((folder / CHECKSUMS).read_bytes(), type=dict[str, str])
    except (msgspec.DecodeError, OSError) as error:
        raise _damaged(folder / CHECKSUMS, "cannot be read") from error
    for name, expected in sums.items():
        path = folder / name
        if not path.is_file():
            raise _damaged(path, "is missing")
        if _digest(path) != expected:
            raise _damaged(path, "has changed since it was saved")


def _damaged(path: Path, how: str) -> Corrupt:
    return Corrupt(f"The model file '{path}' {how}.", remedy="Roll back to an older version, or train again.")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sweep(home: Path) -> None:
    """Remove the drafts of processes that are no more."""
    for draft in home.glob(f"{_DRAFT}*"):
        process, _, rest = draft.name.removeprefix(_DRAFT).partition("-")
        if not (rest.startswith(_SELF) if int(process) == os.getpid() else _alive(int(process))):
            shutil.rmtree(draft, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
