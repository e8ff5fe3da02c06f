"""Runs the benchmarks one after another: `python dev/bench.py [name …]`.

Each `benchmarks/<name>.py` prints one JSON object on its last line; it is kept in
build/bench/<name>.json and printed here on one line. Exit 2 of a benchmark means that an extra or
data is missing: it is reported as skipped with its own words. A figure outside
benchmarks/thresholds.toml (`[name]` with `figure = {least = …}` or `{most = …}`, dotted for nested
figures) is a failure. Exit 1 where any benchmark failed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"
RESULTS = ROOT / "build" / "bench"
LONGEST = 900  # seconds; a benchmark alone takes at most 600


@dataclass(frozen=True)
class Outcome:
    """What became of one benchmark: its figures, or why there are none."""

    name: str
    seconds: float
    figures: dict[str, Any] = field(default_factory=dict)
    skipped: str = ""
    failures: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.skipped:
            return f"{self.name:<12} skipped: {self.skipped}"
        told = json.dumps(self.figures, ensure_ascii=False) if self.figures else ""
        return "\n".join([f"{self.name:<12} {self.seconds:6.1f} s  {told}", *self.failures])


def named(names: list[str]) -> list[str]:
    """The benchmarks asked for, or all that exist; an unknown name ends the program."""
    known = sorted(path.stem for path in BENCHMARKS.glob("*.py") if not path.stem.startswith("_"))
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"There is no benchmark '{min(unknown)}'. Known: {', '.join(known) or 'none yet'}.")
    return names or known


def run(name: str, *, thresholds: dict[str, Any]) -> Outcome:
    """Run one benchmark in a process of its own and keep its figures."""
    started = time.monotonic()
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=None, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return Outcome(name, LONGEST, failures=(f"{name}: not done within {LONGEST} s",))
    seconds = time.monotonic() - started
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if done.returncode == 2:
        return Outcome(name, seconds, skipped=last or "an extra or data is missing (its words are above)")
    if done.returncode:
        return Outcome(name, seconds, failures=(f"{name}: ended with exit code {done.returncode}",))
    try:
        figures = json.loads(last)
    except json.JSONDecodeError:
        return Outcome(name, seconds, failures=(f"{name}: its last line is not JSON: {last[:80]}",))
    return Outcome(name, seconds, figures, failures=tuple(outside(figures, thresholds, name=name)))


def outside(figures: dict[str, Any], thresholds: dict[str, Any], *, name: str) -> Iterator[str]:
    """Each figure that a threshold names and that misses it, or is not there at all."""
    for figure, bound in thresholds.items():
        value: Any = figures
        for part in figure.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if not isinstance(value, int | float):
            yield f"{name}: {figure} is not among the figures"
        elif value < bound.get("least", value):
            yield f"{name}: {figure} is {value:g}, at least {bound['least']:g} is wanted"
        elif value > bound.get("most", value):
            yield f"{name}: {figure} is {value:g}, at most {bound['most']:g} is wanted"


def main(names: list[str]) -> int:
    path = BENCHMARKS / "thresholds.toml"
    thresholds = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    RESULTS.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in named(names):
        outcome = run(name, thresholds=thresholds.get(name, {}))
        print(outcome, flush=True)
        failed += bool(outcome.failures)
        if outcome.figures:
            (RESULTS / f"{name}.json").write_text(json.dumps(outcome.figures, indent=2) + "\n", "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
