"""What a check found: a place, a reason, and how often; a finding is a value and never raises."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct


class Severity(IntEnum):
    """How bad: the exit code of `hawker check` is the worst one found."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


class Finding(Struct, frozen=True, omit_defaults=True):
    """`place` names file and line ('logs/02.jsonl:881') or table and column; `reason` is a short code

    (in snake_case, listed in the docs); `message` says it in words with the remedy; `count` is how
    many rows share place-independent cause where findings are grouped.
    """

    place: str
    reason: str
    message: str
    severity: Severity = Severity.WARNING
    count: int = 1

    def __str__(self) -> str:
        times = f" (×{self.count:,})" if self.count > 1 else ""
        return f"{self.place}  {self.message}{times}"
