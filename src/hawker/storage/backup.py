"""A shop as one file, copied while servers run, and back again; every part checked by its digest.

The order makes the copy consistent: the ledger first, the events after it, the decisions last. What was
charged has its event and its decision in the copy; an event that was not charged yet is charged when
the copy is first served. Logs are copied to the end of their last whole record.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

import msgspec
from msgspec import Struct

from hawker.errors import BadInput, Conflict, Corrupt
from hawker.storage import files, frames
from hawker.storage.event_log import EventLog
from hawker.storage.shop import SETTINGS, Shop

FORMAT = 1
MANIFEST = "manifest.json"
_LOGS = {".events", ".decisions"}
_LEFT_OUT = (files.PARTIAL, ".lock", "-wal", "-shm", "-journal")
_LAST = ("events", "decisions")
_PIECE = 1 << 20


class Digest(Protocol):
    """What takes in bytes."""

    def update(self, data: bytes, /) -> None: ...


class Part(Struct, frozen=True):
    """One file of a copy."""

    name: str
    bytes: int
    sha256: str


class Manifest(Struct, frozen=True):
    """What a copy holds. `elsewhere` names parts that lie in a database server of their own."""

    format: int
    version: str
    made: str
    shop: str
    parts: tuple[Part, ...]
    elsewhere: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """The size of all parts."""
        return sum(part.bytes for part in self.parts)


def backup(shop: Shop, target: Path, *, version: str) -> Manifest:
    """Copy a shop into one file, which is there whole or not at all, readable by its owner alone.

    Raises `Conflict` where the file is there already.
    """
    if target.exists():
        raise Conflict(f"'{target}' is there already.", remedy="Name another file, or remove it.")
    if target.resolve().is_relative_to(shop.folder.resolve()):
        raise BadInput("A copy cannot lie in the shop's own folder.", remedy="Name a file elsewhere.")
    parts: list[Part] = []
    with files.whole(target) as draft, tempfile.TemporaryDirectory(dir=draft.parent) as folder:
        os.close(os.open(draft, os.O_CREAT | os.O_WRONLY, 0o600))
        spare = Path(folder) / "part"
        with tarfile.open(draft, "w") as archive:
            for path in _ordered(shop.folder):
                _take(parts, archive, path, shop.folder, spare)
            with EventLog(shop.events).still():
                for path in _held(shop.events):
                    _take(parts, archive, path, shop.folder, spare)
            for path in _held(shop.decisions):
                _take(parts, archive, path, shop.folder, spare)
            manifest = Manifest(
                FORMAT,
                version,
                datetime.now(UTC).isoformat(),
                shop.settings.name,
                tuple(parts),
                _elsewhere(shop),
            )
            _add(archive, MANIFEST, msgspec.json.encode(manifest))
    return manifest


def restore(source: Path, folder: Path) -> Manifest:
    """Lay a copy out in a new folder, which is there whole or not at all.

    Raises `Conflict` where the folder holds something, `Corrupt` where the copy is not as it was made.
    """
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"'{folder}' is not empty.", remedy="Name a new folder with -C.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}{files.PARTIAL}")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        manifest = _unpacked(source, draft)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
        files.flush(folder.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _ordered(folder: Path) -> Iterator[Path]:
    """The files of a shop that are no logs, the databases first."""
    rest = (path for path in _held(folder) if path.relative_to(folder).parts[0] not in _LAST)
    yield from sorted(rest, key=lambda path: (path.suffix != ".db", path))


def _take(parts: list[Part], archive: tarfile.TarFile, path: Path, folder: Path, spare: Path) -> None:
    with suppress(FileNotFoundError):  # replaced or sealed a moment ago: what took its place is taken
        parts.append(_copied(archive, path, folder, spare))


def _held(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in found if not path.name.endswith(_LEFT_OUT))


def _copied(archive: tarfile.TarFile, path: Path, folder: Path, spare: Path) -> Part:
    """Put one file of a shop into an archive, as it is at one moment."""
    if path.suffix == ".db":
        _database(path, spare)
        path, source, end = spare, path, spare.stat().st_size
    else:
        source, end = path, _end(path)
    name = source.relative_to(folder).as_posix()
    digest = sha256()
    with path.open("rb") as handle:
        head = tarfile.TarInfo(name)
        head.size, head.mode, head.mtime = end, source.stat().st_mode & 0o777, int(source.stat().st_mtime)
        archive.addfile(head, _Watched(handle, digest))
    return Part(name, end, digest.hexdigest())


class _Watched(io.RawIOBase):
    """A file that adds what is read of it to a digest."""

    def __init__(self, handle: IO[bytes], digest: Digest) -> None:
        self._handle, self._digest = handle, digest

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._handle.read(size)
        self._digest.update(piece)
        return piece


def _database(path: Path, spare: Path) -> None:
    """A database as it is after one transaction, whatever is being written beside it."""
    spare.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(spare)) as target,
    ):
        source.backup(target)


def _end(path: Path) -> int:
    """How much of a file to copy: of a log, up to the end of its last whole record."""
    if path.suffix not in _LOGS:
        return path.stat().st_size
    return max((end for end, _ in frames.read(path)), default=0)


def _elsewhere(shop: Shop) -> tuple[str, ...]:
    return ("orders", "ledger") if str(shop.ledger).startswith("postgres") else ()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    head = tarfile.TarInfo(name)
    head.size, head.mode = len(content), 0o600
    archive.addfile(head, io.BytesIO(content))


def _unpacked(source: Path, draft: Path) -> Manifest:
    """Unpack an archive and hold every part to the manifest at its end."""
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(source, "r:") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is None or not _inside(member.name):
                    raise _wrong(source, f"holds '{member.name[:80]}', which no copy of ours does")
                if member.name == MANIFEST:
                    manifest = msgspec.json.decode(stream.read(), type=Manifest)
                else:
                    found[member.name] = _laid(stream, draft / member.name, mode=member.mode)
    except (tarfile.TarError, msgspec.MsgspecError, EOFError) as error:
        raise _wrong(source, f"cannot be read: {error}") from error
    if manifest is None:
        raise _wrong(source, "is cut short: its manifest is missing")
    if manifest.format > FORMAT:
        raise BadInput(
            f"'{source}' was made by a newer Hawker ({manifest.version}).", remedy="Update this one."
        )
    if found != {part.name: part.sha256 for part in manifest.parts} or SETTINGS not in found:
        raise _wrong(source, "does not hold what its manifest says")
    return manifest


def _inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not PurePosixPath(name).is_absolute() and ".." not in parts


def _laid(stream: IO[bytes], target: Path, *, mode: int) -> str:
    """Write one part and flush it; returns its digest."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if mode & 0o077 == 0 else 0o755)
    digest = sha256()
    with target.open("wb") as handle:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            handle.write(piece)
        os.fchmod(handle.fileno(), mode & 0o777)
        handle.flush()
        os.fsync(handle.fileno())
    return digest.hexdigest()


def _wrong(source: Path, how: str) -> Corrupt:
    return Corrupt(f"'{source}' {how}.", remedy="Use another copy.")
