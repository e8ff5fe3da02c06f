"""How long one decision takes on one core, in process, with learned models and everything on record.

    python -m benchmarks.decide --ads 100000 --json

The world is `hawker.simulate.bazaar`: 5,000 campaigns that each aim by placement, category, audience,
location, hour and one exclusion, budgets and caps on, 100,000 shoppers with histories, Zipf traffic, three
slots; a click and a purchase model trained on simulated answers score the candidates. The figures are
about speed only. `--shop FOLDER` measures a shop's own promoted models on its own placements instead.

A decision is `Engine.decide`: folds brought up to date, consent, eligibility, candidates, features, both
models, bids, auction, caps and money reserved, the record packed and handed to its writer. Decisions of a
warm-up come first, as after a few minutes of service. Beside them the ledger's heartbeat runs every five
seconds on the same core, as in a server. `decisions_per_s` counts everything that happened meanwhile, the
writer's and the heartbeat's work included; `leases` is how often a decision waited for the disk to lease
money, `gc_pause_us` the longest that collecting garbage took.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._answer import peak_mb
from hawker import delivery
from hawker.delivery import Engine, pipeline
from hawker.records.decision import Decision, Request
from hawker.simulate import bazaar
from hawker.simulate.bazaar import Bazaar
from hawker.storage.accounts import Accounts
from hawker.storage.decision_log import DecisionLog
from hawker.storage.ledger import Ledger
from hawker.storage.shop import Shop

WARM, COUNTED, STAGED = 50_000, 10_000, 2_000
BEAT_SECONDS = 5.0
SCALES = (1_000, 10_000, 100_000, 1_000_000)
STAGES: tuple[tuple[str, Any, str], ...] = (
    ("eligible", pipeline, "eligible"),
    ("candidates", pipeline, "candidates"),
    ("features", pipeline, "rows"),
    ("score", pipeline, "predict"),
    ("bids", pipeline, "bids"),
    ("auction", pipeline, "fill"),
    ("record", pipeline, "record"),
    ("reserve", Ledger, "reserve"),
    ("log", DecisionLog, "append"),
)
"""The parts of a decision that are timed one by one, in a run of their own."""


class Clock:
    """The clock of the engine: it stands at the moment of the last request."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def one_core() -> None:
    """Keep this process, its threads included, on one core, the least busy one where that can be asked."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(
    engine: Engine, asked: Sequence[tuple[Request, int]], *, warm: int, clock: Clock
) -> dict[str, float]:
    """Percentiles and rate of the decisions after the warm-up."""
    decide = engine.decide
    for request, now in asked[:warm]:
        clock.now = now
        decide(request, now=now)
    engine.decision_log.flush()
    gc.collect()
    gc.freeze()
    taken = np.empty(len(asked) - warm, dtype=np.int64)
    seen: list[tuple[int, int, int]] = []
    with paused() as pauses, waits() as leased:
        begun, cpu = time.perf_counter(), time.process_time()
        for place, (request, now) in enumerate(asked[warm:]):
            clock.now = now
            started = time.perf_counter_ns()
            decision = decide(request, now=now)
            taken[place] = time.perf_counter_ns() - started
            seen.append(facts(decision))
        whole, cpu = time.perf_counter() - begun, time.process_time() - cpu
    gc.unfreeze()
    eligible, scored, filled = (np.array(column) for column in zip(*seen, strict=True))
    return {
        "eligible_median": float(np.median(eligible)),
        "filled": round(float(filled.mean()), 3),
        "candidates_scored": float(np.median(scored)),
        "p50_us": round(float(np.percentile(taken, 50)) / 1000, 1),
        "p99_us": round(float(np.percentile(taken, 99)) / 1000, 1),
        "decisions_per_s": round(len(taken) / whole),
        "cpu_us": round(cpu / len(taken) * 1e6, 1),
        "mean_us": round(float(taken.mean()) / 1000, 1),
        "leases": len(leased),
        "gc_pause_us": round(max(pauses, default=0) / 1000, 1),
    }


@contextmanager
def paused() -> Iterator[list[int]]:
    """How long each collection of garbage took, in nanoseconds."""
    found: list[int] = []
    begun = 0

    def heard(phase: str, _: dict[str, int]) -> None:
        nonlocal begun
        if phase == "start":
            begun = time.perf_counter_ns()
        else:
            found.append(time.perf_counter_ns() - begun)

    gc.callbacks.append(heard)
    try:
        yield found
    finally:
        gc.callbacks.remove(heard)


@contextmanager
def waits() -> Iterator[list[str]]:
    """The campaigns for which a lease was fetched while a decision waited."""
    found: list[str] = []
    fetch: Any = Accounts.lease

    def noted(accounts: Accounts, owner: str, *, campaign: str, **named: Any) -> Any:
        found.append(campaign)
        return fetch(accounts, owner, campaign=campaign, **named)

    setattr(Accounts, "lease", noted)  # noqa: B010
    try:
        yield found
    finally:
        setattr(Accounts, "lease", fetch)  # noqa: B010


@contextmanager
def tended(engine: Engine, clock: Clock) -> Iterator[None]:
    """Let the ledger's heart beat in a thread, as a server does."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_SECONDS):
            engine.ledger.heartbeat(now=clock())

    thread = threading.Thread(target=beat, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def facts(decision: Decision) -> tuple[int, int, int]:
    """What a decision had to do: ads eligible, candidates scored, slots filled."""
    return decision.eligible, len(decision.candidates.ads), len(decision.slots)


def staged(engine: Engine, asked: Sequence[tuple[Request, int]]) -> dict[str, float]:
    """The median microseconds of each stage of a decision, and of what lies between them."""
    found: dict[str, list[int]] = defaultdict(list)
    with timed() as spent:
        for request, now in asked:
            started = time.perf_counter_ns()
            engine.decide(request, now=now)
            whole = time.perf_counter_ns() - started
            found["rest"].append(whole - sum(spent.values()))
            for name, amount in spent.items():
                found[name].append(amount)
            spent.clear()
    return {name: round(float(np.median(amounts)) / 1000, 1) for name, amounts in found.items()}


@contextmanager
def timed() -> Iterator[dict[str, int]]:
    """Put clocks around the stages, and take them off again: where they are not wanted they cost nothing."""
    spent: dict[str, int] = defaultdict(int)

    def around(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(*given: Any, **named: Any) -> Any:
            started = time.perf_counter_ns()
            try:
                return inner(*given, **named)
            finally:
                spent[name] += time.perf_counter_ns() - started

        return outer

    before = [(holder, attribute, getattr(holder, attribute)) for _, holder, attribute in STAGES]
    for (name, holder, attribute), (_, _, inner) in zip(STAGES, before, strict=True):
        setattr(holder, attribute, around(name, inner))
    try:
        yield spent
    finally:
        for holder, attribute, inner in before:
            setattr(holder, attribute, inner)


def in_bazaar(
    folder: Path, ads: int, *, warm: int, counted: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The figures of a bazaar with so many ads, and its stages."""
    size = Bazaar(ads=ads)
    print(f"making a bazaar of {ads:,} ads …", file=sys.stderr)
    shop = bazaar.shop(folder, size)
    for kept in (shop.ledger, shop.decisions):
        clear(kept)
    total = warm + counted + STAGED
    print("building the engine …", file=sys.stderr)
    asked = list(zip(bazaar.requests(size, total), bazaar.moments(total).tolist(), strict=True))
    clock = Clock(asked[0][1])
    with delivery.build(shop, clock=clock, process="benchmark") as engine, tended(engine, clock):
        print(f"{total:,} decisions …", file=sys.stderr)
        found = measure(engine, asked[: warm + counted], warm=warm, clock=clock)
        return found, staged(engine, asked[warm + counted :])


def clear(path: Path) -> None:
    """Remove what an earlier run decided and reserved."""
    for one in [*path.parent.glob(f"{path.name}*")]:
        if one.is_dir():
            for inner in one.iterdir():
                inner.unlink()
        else:
            one.unlink()


def in_shop(folder: Path, *, warm: int, counted: int) -> tuple[dict[str, float], dict[str, float]]:
    """The figures of a shop as it is: its placements, shoppers and locations in turn."""
    clock = Clock(time.time_ns() // 1000)
    with delivery.build(Shop(folder), clock=clock, process="benchmark") as engine, tended(engine, clock):
        codes = engine.world.state.codes
        rng = np.random.default_rng(7)
        places = list(engine.world.placements)
        shoppers, locations = codes["shopper"].names, codes["location"].names or [""]
        begun = max(engine.tick(), engine.world.state.watermark)
        asked = [
            (
                Request(
                    placement=places[turn % len(places)],
                    shopper=shoppers[int(rng.integers(len(shoppers)))],
                    session=f"benchmark-{turn}",
                    location=locations[int(rng.integers(len(locations)))],
                ),
                begun + turn,
            )
            for turn in range(warm + counted + STAGED)
        ]
        found = measure(engine, asked[: warm + counted], warm=warm, clock=clock)
        return found, staged(engine, asked[warm + counted :])


def machine() -> str:
    """The machine in one line."""
    return f"{platform.machine()}, {os.cpu_count()} cores, one used, Python {platform.python_version()}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print one line of JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: always JSON")
    parser.add_argument("--ads", type=int, default=100_000)
    parser.add_argument("--scales", default=",".join(map(str, SCALES)), help="sizes to compare; '' for none")
    parser.add_argument("--shop", type=Path, help="measure this shop's promoted models instead")
    parser.add_argument("--folder", type=Path, help="where bazaars are kept between runs")
    parser.add_argument("--decisions", type=int, default=COUNTED)
    parser.add_argument("--warm", type=int, default=WARM)
    given = parser.parse_args(arguments)
    one_core()
    folder = given.folder or Path(tempfile.gettempdir()) / "hawker-bazaar"
    if given.shop:
        found, stages = in_shop(given.shop, warm=min(given.warm, 200), counted=given.decisions)
    else:
        found, stages = in_bazaar(folder, given.ads, warm=given.warm, counted=given.decisions)
    answer: dict[str, Any] = {"machine": machine(), "ads": given.ads, **found, "peak_rss_mb": peak_mb()}
    answer["by_stage_us"] = stages
    answer["scaling"] = []
    for ads in (int(text) for text in given.scales.split(",") if text and not given.shop):
        whole = found if ads == given.ads else scaled(folder, ads, warm=given.warm)
        answer["scaling"].append({"ads": ads, "p50_us": whole["p50_us"], "p99_us": whole["p99_us"]})
    print(json.dumps(answer))
    return 0


def scaled(folder: Path, ads: int, *, warm: int) -> dict[str, float]:
    """The figures of another size, from fewer decisions."""
    return in_bazaar(folder, ads, warm=warm, counted=COUNTED // 2)[0]


if __name__ == "__main__":
    sys.exit(main())
