"""One thing that a text says of a product and no field of it does: what a tracer finds."""

from __future__ import annotations

from dataclasses import dataclass

from hawker.records.finding import Severity


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed (`reason`), where in the reading, and how grave it is that nothing supports it."""

    reason: str
    start: int
    end: int
    severity: Severity = Severity.ERROR
