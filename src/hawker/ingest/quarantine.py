"""What was set aside: each line with its file, its place, the reason and its words, until it is mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from hawker.errors import Corrupt
from hawker.storage import files
from hawker.storage.shop import Shop

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


def write(path: Path, entries: Iterable[SetAside]) -> int:
    """Write a quarantine file whole; an empty one is removed. Returns the number of lines."""
    count = 0
    with files.whole(path) as draft, draft.open("wb") as lines:
        for entry in entries:
            lines.write(_ENCODER.encode(entry) + b"\n")
            count += 1
    if not count:
        path.unlink(missing_ok=True)
    return count


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
