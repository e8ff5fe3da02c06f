"""What was set aside: each line with its file, its place, the reason and its words, until it is mended."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hawker.errors import Corrupt, NotFound, nearest
from hawker.ingest.batches import Batch
from hawker.ingest.sources import Source
from hawker.privacy import sealing
from hawker.storage import files
from hawker.storage.shop import Shop

if TYPE_CHECKING:
    from hawker.ingest.behaviour import BehaviourResult

_ENCODER = msgspec.json.Encoder()


class SetAside(Struct, frozen=True):
    """One line of a quarantine file. A person mends `raw`; the rest says where it came from and why."""

    file: str
    line: int
    reason: str
    message: str
    raw: str


_DECODER = msgspec.json.Decoder(SetAside)


class Quarantine(Struct, frozen=True):
    """One quarantine file, counted."""

    path: Path
    lines: int
    reasons: dict[str, int]

    def __str__(self) -> str:
        told = ", ".join(f"{count:,} {reason}" for reason, count in self.reasons.items())
        return f"{self.path.name}: {self.lines:,} lines ({told})"


def sealed(shop: Shop, entry: SetAside) -> SetAside:
    """An entry as it goes to disk: its raw row sealed where the shop asks for that."""
    raw = sealing.sealed(shop, entry.raw.encode()).decode() if sealing.wanted(shop) else entry.raw
    return msgspec.structs.replace(entry, raw=raw)


def opened(shop: Shop, entry: SetAside) -> SetAside:
    """An entry with its raw row in plain; one that a person has mended is plain already."""
    return msgspec.structs.replace(entry, raw=sealing.opened(shop, entry.raw.encode()).decode())


def write(path: Path, entries: Iterable[SetAside]) -> int:
    """Write a quarantine file whole; an empty one is removed. Returns the number of lines."""
    count = 0
    with files.whole(path) as draft, draft.open("wb") as stream:
        for entry in entries:
            stream.write(_ENCODER.encode(entry) + b"\n")
            count += 1
    if not count:
        path.unlink(missing_ok=True)
    return count


def place(draft: Path, home: Path) -> None:
    """Move a quarantine file to its place; no draft means that nothing is left there."""
    if not draft.is_file():
        home.unlink(missing_ok=True)
        return
    home.parent.mkdir(parents=True, exist_ok=True)
    os.replace(draft, home)
    files.flush(home.parent)


def found(shop: Shop, file: str | Path) -> Path:
    """A quarantine file of behaviour by path or by name; raises `NotFound` naming the ones there are."""
    home = shop.quarantine / "behaviour"
    for path in (Path(file), home / str(file), home / f"{file}.jsonl"):
        if path.is_file() and path.resolve().parent == home.resolve():
            return path
    known = [path.name for path in sorted(home.glob("*.jsonl"))]
    raise NotFound(
        f"There is no quarantine file '{file}'.",
        remedy=nearest(str(file), known) if known else "None is left.",
    )


def again(entries: list[SetAside], batch: Batch, target: Path) -> tuple[Source, dict[int, int]]:
    """The lines as a small file of the batch's own form, and which entry each of its lines begins.

    Rows of Parquet files and JSON arrays come back as JSON lines.
    """
    form = "csv" if batch.form == "csv" else "jsonl"
    target = target.with_suffix(f".{form}")
    line_of: dict[int, int] = {}
    with target.open("w", encoding="utf-8", newline="") as stream:
        line = 1
        if form == "csv":
            csv.writer(stream, delimiter=batch.delimiter, lineterminator="\n").writerow(batch.header)
            line += 1 + sum(name.count("\n") for name in batch.header)
        for index, entry in enumerate(entries):
            stream.write(entry.raw + "\n")
            for _ in range(entry.raw.count("\n") + 1):
                line_of[line] = index
                line += 1
    source = Source(target, target, form, batch.delimiter, dict.fromkeys(batch.header, "VARCHAR"))
    return source, line_of


def read(path: Path) -> Iterator[SetAside]:
    """The lines of a quarantine file; raises `Corrupt` naming one that a hand has broken."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _DECODER.decode(line)
            except msgspec.MsgspecError as error:
                raise Corrupt(
                    f"{path.name}:{number} is no longer a quarantine line ({error}).",
                    remedy="Keep one JSON object a line and edit only 'raw'.",
                ) from error


def listed(shop: Shop) -> list[Quarantine]:
    """Every quarantine file of the shop, with its lines counted by reason, most frequent first."""
    found = []
    for path in sorted(shop.quarantine.rglob("*.jsonl")):
        reasons: dict[str, int] = {}
        for entry in read(path):
            reasons[entry.reason] = reasons.get(entry.reason, 0) + 1
        ordered = dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])))
        found.append(Quarantine(path, sum(reasons.values()), ordered))
    return found


def unseal(shop: Shop, path: Path) -> int:
    """Lay a quarantine file open so that it can be mended; what is left after `restore` is sealed again.

    Returns the number of lines. Raises `Corrupt` for a text whose key is lost.
    """
    entries = [opened(shop, entry) for entry in read(path)]
    return write(path, entries)


def restore(shop: Shop, file: str | Path) -> BehaviourResult:
    """Put mended lines back into the log; see `behaviour.restore`."""
    from hawker.ingest.behaviour import restore as put_back

    return put_back(shop, file)
