"""What became of one event of a batch: each item gets its own answer."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Status(StrEnum):
    """Accepted events are on disk; a duplicate was already there; a rejected one says why."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class Verdict(Struct, frozen=True, omit_defaults=True):
    """The answer to one event: its id, what became of it, and the reason where it was refused."""

    id: str
    status: Status
    reason: str = ""
