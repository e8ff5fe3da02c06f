"""One file ingested is one batch: known by its content, remembered when done, one ingest at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from hawker.errors import Conflict, NotFound
from hawker.ingest.columns import ColumnMap
from hawker.records.finding import Finding
from hawker.storage import files
from hawker.storage.shop import Shop

_NAME = 24


class Reading(Struct, frozen=True, omit_defaults=True):
    """How a file was asked to be read; `map` None lets Hawker propose one."""

    map: ColumnMap | None = None
    kind: str = ""
    timezone: str = "UTC"
    currency: str = ""
    defaults: dict[str, str] = {}


class Batch(Struct, frozen=True, omit_defaults=True):
    """What became of one file, kept in `events/batches/NAME.json` once its events are in the log.

    `map` is the map used; `header` and `delimiter` are those of a CSV file, so that mended lines
    can be read again.
    """

    name: str
    file: str
    form: str
    reading: Reading
    map: ColumnMap
    header: tuple[str, ...] = ()
    delimiter: str = ","
    events: int = 0
    duplicates: int = 0
    set_aside: int = 0
    findings: tuple[Finding, ...] = ()


def name(path: Path, reading: Reading) -> str:
    """The name of a batch: a digest of the file's bytes and of how they are to be read."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    digest.update(msgspec.json.encode(reading, order="sorted"))
    return digest.hexdigest()[:_NAME]


def finished(shop: Shop, name: str) -> Batch | None:
    """The batch of that name where it was ingested to the end and its events are still there."""
    record = _folder(shop) / f"{name}.json"
    if not record.is_file():
        return None
    batch = recorded(shop, name)
    kept = shop.events / "history" / f"{name}.parquet"
    return batch if not batch.events or kept.is_file() else None


def recorded(shop: Shop, name: str) -> Batch:
    """The batch of that name; raises `NotFound` where none is on record."""
    record = _folder(shop) / f"{name}.json"
    if not record.is_file():
        raise NotFound(
            f"No ingest '{name}' is on record.", remedy="Run the ingest of its file again, to the end."
        )
    return msgspec.json.decode(record.read_bytes(), type=Batch)


def finish(shop: Shop, batch: Batch) -> None:
    """Remember a batch as done."""
    files.write(_folder(shop) / f"{batch.name}.json", msgspec.json.format(msgspec.json.encode(batch)))


@contextmanager
def workshop(shop: Shop) -> Iterator[Path]:
    """A folder for work in progress, emptied before and after, held by one ingest at a time.

    Raises `Conflict` while another process ingests into the same shop.
    """
    folder = shop.events / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(shop.events / "incoming.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"Another ingest is writing to '{shop.folder}'.", remedy="Wait until it ends."
            ) from error
        _empty(folder)
        yield folder
        _empty(folder)
    finally:
        os.close(handle)


def _folder(shop: Shop) -> Path:
    return shop.events / "batches"


def _empty(folder: Path) -> None:
    for inner in folder.iterdir():
        if inner.is_dir():
            shutil.rmtree(inner, ignore_errors=True)
        else:
            inner.unlink(missing_ok=True)
