"""A file is there whole or not at all: write beside, flush to disk, rename. And one process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hawker.errors import StorageFull

PARTIAL = ".partial"


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to; renamed over it when the block ends well, else removed.

    Raises `StorageFull` when the disk fills: the old `target` is untouched.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}{PARTIAL}")
    try:
        yield draft
        flush(draft)
        os.replace(draft, target)
        flush(target.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"The disk filled while writing '{target.name}'; nothing half-written was kept.",
                remedy=f"Free space under '{target.parent}' and run the same command again.",
            ) from error
        raise
    finally:
        draft.unlink(missing_ok=True)


def write(target: Path, content: bytes | str) -> None:
    """Replace a file's content in one step."""
    with whole(target) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def alone(lock: Path, *, shared: bool = False) -> Iterator[None]:
    """While the block runs nobody else is in one with the same file, in whatever process; others wait.

    `shared` ones may be in together, but with nobody alone. A process that dies leaves the file free.
    """
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def flush(path: Path) -> None:
    """Force a file's content, or a folder's list of names, onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> list[Path]:
    """Remove what a killed process left half-written; returns what was removed."""
    left = sorted(folder.rglob(f"*{PARTIAL}")) if folder.is_dir() else []
    for path in left:
        path.unlink(missing_ok=True)
    return left
