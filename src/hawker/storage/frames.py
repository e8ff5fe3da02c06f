"""Records on a disk that may stop at any moment: each carries its length and checksum.

A segment file is `MAGIC`, then frames of 4 bytes length, 4 bytes CRC-32 (both little-endian) and
the payload. What follows the last good frame was never acknowledged and counts as not written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hawker.errors import Corrupt, StorageFull

MAGIC = b"HAWKER1\n"
_HEAD = struct.Struct("<II")


def framed(payload: bytes) -> bytes:
    """A payload with its length and checksum in front; an empty payload has no frame."""
    if not payload:
        raise ValueError("An empty frame cannot be told from a hole in the file.")
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def read(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """The whole frames from an offset (0: the beginning) on, each with the offset after it.

    Stops at the first torn frame. Raises `Corrupt` where the file is not a segment at all.
    """
    with path.open("rb") as handle:
        size = os.fstat(handle.fileno()).st_size
        if size < len(MAGIC):
            return
        if handle.read(len(MAGIC)) != MAGIC:
            raise Corrupt(f"'{path}' is not a Hawker log segment.", remedy="Move it out of the log's folder.")
        position = max(start, len(MAGIC))
        handle.seek(position)
        while payload := _next(handle, size - position):
            position += _HEAD.size + len(payload)
            yield position, payload


def at(path: Path, offset: int) -> bytes:
    """The payload of the frame that begins at an offset; raises `Corrupt` where none does."""
    for _, payload in read(path, offset):
        return payload
    raise Corrupt(f"'{path}' holds no whole record at byte {offset}.")


def append(handle: int, block: bytes, *, end: int) -> int:
    """Write a block at `end`, in full or not at all; returns the new end (not yet flushed).

    Raises `StorageFull`, with the file cut back to `end`, when the disk fills.
    """
    try:
        view = memoryview(block)
        done = 0
        while done < len(view):
            done += os.pwrite(handle, view[done:], end + done)
    except OSError as error:
        os.ftruncate(handle, end)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull(
                "The disk filled while appending to a log; this batch was not kept.",
                remedy="Free space in the shop's folder and send the batch again.",
            ) from error
        raise
    return end + len(block)


def fingerprint(id: str) -> int:
    """64 bits of an id's MD5, the same as DuckDB's `md5_number_lower`.

    >>> fingerprint("abc")
    8250560606382298838
    """
    return int.from_bytes(hashlib.md5(id.encode(), usedforsecurity=False).digest()[8:], "little")


def _next(handle: BinaryIO, left: int) -> bytes:
    if left < _HEAD.size:
        return b""
    length, checksum = _HEAD.unpack(handle.read(_HEAD.size))
    if not 0 < length <= left - _HEAD.size:
        return b""
    payload = handle.read(length)
    return payload if zlib.crc32(payload) == checksum else b""
