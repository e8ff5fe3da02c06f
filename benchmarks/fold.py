"""How fast the folds take in events: a replay of five million, and one live event at a time.

    python -m benchmarks.fold --json

`events_per_s` is a replay into 20 counters over shopper, shopper × product, product and category, on one
core; `live_update_us` is one event record through codes, counters, windows and sequences (the middle of a
thousand batches of twenty). The `standard_` figures are the same with every counter a shop starts with,
the `cpu_` figures count the processor's time instead of the clock's: the two agree on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence

import numpy as np

from benchmarks._answer import peak_mb
from hawker.features.counters import Counters
from hawker.features.events import EventArrays
from hawker.features.schema import KEYS, Column, Op, Table, plan
from hawker.features.standard import STANDARD
from hawker.features.state import State
from hawker.records.catalogue import Product
from hawker.records.events import DAY, KIND_CODE, Event, EventKind

K = EventKind
SHOPPERS, PRODUCTS, CATEGORIES, BRANDS, STORES = 200_000, 50_000, 800, 3_000, 100
START = 1_600_000_000_000_000
SEEN = (K.VIEW, K.CART)
ACTIVE = (K.VIEW, K.CART, K.PURCHASE)
TWENTY = (
    Table(
        "shopper",
        ("shopper",),
        (
            Column("visits", Op.VISITS, ACTIVE),
            Column("purchases", Op.SUM),
            Column("spend", Op.SUM, value="value"),
            Column("last", Op.LAST, ACTIVE),
            Column("purchases_30", Op.DECAYED, half_life=30.0),
            Column("views_7", Op.DECAYED, (K.VIEW,), half_life=7.0),
        ),
    ),
    Table(
        "shopper_product",
        ("shopper", "product"),
        (
            Column("count", Op.SUM),
            Column("last", Op.LAST),
            Column("last_visit", Op.LAST, value="visit"),
            Column("bought_20", Op.DECAYED, half_life=20.0),
            Column("interest_7", Op.DECAYED, SEEN, half_life=7.0),
        ),
        exposes=True,
    ),
    Table(
        "product",
        ("product",),
        (
            Column("count", Op.SUM),
            Column("repeats", Op.SUM, value="repeat"),
            Column("value", Op.SUM, value="value"),
            Column("bought_7", Op.DECAYED, half_life=7.0),
            Column("bought_28", Op.DECAYED, half_life=28.0),
            Column("interest_7", Op.DECAYED, SEEN, half_life=7.0),
        ),
    ),
    Table(
        "category",
        ("category",),
        (
            Column("count", Op.SUM),
            Column("bought_28", Op.DECAYED, half_life=28.0),
            Column("interest_7", Op.DECAYED, SEEN, half_life=7.0),
        ),
    ),
)


def history(count: int, *, seed: int = 7) -> EventArrays:
    """Half a year of invented events: Zipf shoppers and products, in visits of about ten events."""
    rng = np.random.default_rng(seed)
    visits = max(count // 10, 1)
    visit = np.sort(rng.integers(0, visits, count))
    shopper = zipf(rng, SHOPPERS, visits, slope=0.8)[visit]
    product = zipf(rng, PRODUCTS, count, slope=1.0)
    started = np.sort(rng.integers(0, 180 * DAY, visits)) + START
    moment = started[visit] + rng.integers(0, DAY // 48, count)
    order = np.argsort(moment, kind="stable")
    keys = np.zeros((count, len(KEYS)), dtype=np.int32)
    derived = {
        "shopper": shopper,
        "product": product,
        "category": product % CATEGORIES,
        "shelf": product % (CATEGORIES // 8),
        "department": product % 12,
        "brand": product % BRANDS,
        "line": product % (3 * BRANDS),
        "location": shopper % STORES,
        "placement": np.full(count, -1),
        "campaign": np.full(count, -1),
    }
    for name, codes in derived.items():
        keys[:, KEYS.index(name)] = codes
    kinds = np.array([KIND_CODE[kind] for kind in ACTIVE], dtype=np.int8)
    values = np.ones((count, 4))
    values[:, 2] = rng.gamma(2.0, 10.0, count)
    return EventArrays(
        time=moment[order],
        kind=rng.choice(kinds, count, p=[0.6, 0.1, 0.3]),
        session=visit[order],
        keys=np.ascontiguousarray(keys[order]),
        values=values,
    )


def zipf(rng: np.random.Generator, names: int, count: int, *, slope: float) -> np.ndarray:
    """Codes drawn with a chance that falls with their rank; the codes themselves are in no order."""
    chance = np.cumsum(1.0 / np.arange(1, names + 1) ** slope)
    rank = np.searchsorted(chance, rng.random(count) * chance[-1])
    return rng.permutation(names).astype(np.int32)[rank]


def replay(tables: tuple[Table, ...], events: EventArrays) -> dict[str, float]:
    """The rate of folding all events into fresh counters; compiling is done before the clock starts."""
    counters = Counters(plan(tables))
    Counters(plan(tables)).fold(events, stop=1)
    clock, cpu = time.perf_counter(), time.process_time()
    counters.fold(events)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    return {
        "events_per_s": round(len(events) / clock),
        "cpu_events_per_s": round(len(events) / cpu),
        "rows": len(counters),
        "counters": sum(len(table.columns) for table in tables),
        "state_mb": round(counters.nbytes / 1e6),
    }


def live(tables: tuple[Table, ...], *, count: int = 40_000, batch: int = 20) -> dict[str, float]:
    """Microseconds for one event through the public live path, the second half of `count` measured."""
    state = State(tables=tables)
    state.codes.learn_products(
        Product(id=f"p{i}", title="", category=f"d{i % 12} > s{i % 100} > c{i % 800}", brand=f"b{i % 300}")
        for i in range(5_000)
    )
    events = records(count)
    for event in events[: count // 2]:
        state.fold(state.codes.encode([event]))
    clocks, cpus = [], []
    for start in range(count // 2, count, batch):
        clock, cpu = time.perf_counter(), time.process_time()
        for event in events[start : start + batch]:
            state.fold(state.codes.encode([event]))
        clocks.append((time.perf_counter() - clock) / batch)
        cpus.append((time.process_time() - cpu) / batch)
    return {
        "live_update_us": round(statistics.median(clocks) * 1e6, 2),
        "cpu_live_update_us": round(statistics.fmean(cpus) * 1e6, 2),
    }


def records(count: int, *, seed: int = 7) -> Sequence[Event]:
    """Invented live events of ten thousand shoppers."""
    rng = np.random.default_rng(seed)
    shopper, product = rng.integers(0, 10_000, count), rng.integers(0, 5_000, count)
    kind = rng.choice(3, count, p=[0.6, 0.1, 0.3])
    return [
        Event(
            kind=ACTIVE[kind[i]],
            time=START + i * 1_000_000,
            id=f"e{i}",
            received=START + i * 1_000_000 + 1_000,
            shopper=f"u{shopper[i]}",
            session=f"s{i // 7}",
            product=f"p{product[i]}",
            value=4_990_000,
            placement="home",
            location="north",
        )
        for i in range(count)
    ]


def machine() -> str:
    """The machine in one line."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--json", action="store_true", help="accepted for uniformity: the answer is always JSON"
    )
    parser.add_argument("--events", type=int, default=5_000_000)
    given = parser.parse_args(arguments)
    print(f"making {given.events:,} events …", file=sys.stderr)
    events = history(given.events)
    found: dict[str, object] = {"events": given.events}
    print("replaying into 20 counters …", file=sys.stderr)
    found |= replay(TWENTY, events)
    print("updating live …", file=sys.stderr)
    found |= live(TWENTY)
    print("the standard counters …", file=sys.stderr)
    found |= {
        f"standard_{name}": value for name, value in (replay(STANDARD, events) | live(STANDARD)).items()
    }
    found["peak_rss_mb"] = peak_mb()
    found["machine"] = machine()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
