"""What every benchmark does alike: its shop's folder, its memory, its figures, and how it ends."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hawker.errors import HawkerError
from hawker.statistics import Estimate

MISSING = 2


def ended(find: Callable[[], Mapping[str, Any]], *, line: bool) -> int:
    """Print what a benchmark finds, on one `line` or for a person; returns the exit code.

    Where data or an extra is missing, its words and its remedy go to stderr and the code is 2.
    """
    try:
        found = find()
    except HawkerError as error:
        print(error, file=sys.stderr)
        return MISSING
    print(json.dumps(found, ensure_ascii=False, indent=None if line else 2))
    return 0


@contextmanager
def kept(folder: Path | None) -> Iterator[Path]:
    """The folder of a shop: the one that is named, or one that is gone afterwards."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def estimate(found: Estimate, *, digits: int = 4) -> dict[str, Any]:
    """A figure with its interval and of how many it is; None where there is none."""
    bounds = (found.value, found.low, found.high)
    value, low, high = (None if bound is None else round(bound, digits) for bound in bounds)
    return {"value": value, "low": low, "high": high, "n": found.n}


def peak_mb() -> int:
    """The most memory this process has held, in megabytes; 0 where the system does not say.

    `getrusage` would also count what the parent held before it started this one.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0
    said = next(line for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM"))
    return int(said.split()[1]) // 1024
