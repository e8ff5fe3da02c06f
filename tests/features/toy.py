"""A small shop's random events, and the counters written as plainly as they can be said."""

from __future__ import annotations

import math
import random
from collections import defaultdict

from hawker.features.schema import Column, Op, Table
from hawker.records.catalogue import LEVELS, Product, levels
from hawker.records.events import DAY, Event, EventKind, released

K = EventKind
EPOCH = 946_684_800_000_000
START = 1_600_000_000_000_000
TOLERANCE = 3_600_000_000
HALF_HOUR = 30 * 60_000_000

TABLES = (
    Table(
        "shopper",
        ("shopper",),
        (
            Column("visits", Op.VISITS, (K.VIEW, K.PURCHASE)),
            Column("spend", Op.SUM, value="value"),
            Column("first", Op.FIRST, (K.VIEW,)),
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
            Column("first_visit", Op.FIRST, value="visit"),
            Column("bought_20", Op.DECAYED, half_life=20.0),
            Column("interest_7", Op.DECAYED, (K.VIEW, K.CART), half_life=7.0),
        ),
        exposes=True,
    ),
    Table(
        "product",
        ("product",),
        (
            Column("count", Op.SUM),
            Column("repeats", Op.SUM, value="repeat"),
            Column("gap_days", Op.SUM, value="gap_days"),
            Column("gap_visits", Op.SUM, value="gap_visits"),
            Column("quantity_7", Op.DECAYED, value="quantity", half_life=7.0),
        ),
    ),
    Table("category", ("category",), (Column("count", Op.SUM),)),
    Table("everything", ("everything",), (Column("dwell", Op.SUM, (K.VIEW,), value="dwell"),)),
)


def products(count: int = 12) -> list[Product]:
    return [
        Product(
            id=f"p{i}",
            title=f"Thing {i}",
            category=f"Top{i % 2} > Middle{i % 3} > Leaf{i % 4}",
            brand=f"b{i % 3}" if i % 5 else "",
        )
        for i in range(count)
    ]


def events(count: int = 800, *, seed: int = 7, late: bool = False) -> list[Event]:
    """Events of a few shoppers over some weeks; `late` gives received times, some long after."""
    rng = random.Random(seed)
    found = []
    time = START
    for i in range(count):
        time += rng.choice([0, 0, 1, 5_000_000, HALF_HOUR + 1, rng.randrange(DAY // 4)])
        delay = rng.choice([0, 1, 1_000_000, TOLERANCE - 1, TOLERANCE, TOLERANCE + 1, 2 * DAY])
        shopper = rng.randrange(6)
        found.append(
            Event(
                kind=rng.choice([K.VIEW, K.VIEW, K.CART, K.PURCHASE, K.PURCHASE, K.AD_HIDE]),
                time=time,
                id=f"e{rng.randrange(10**9)}-{i}",
                received=time + delay if late else 0,
                shopper=f"u{shopper}" if shopper else "",
                session=rng.choice(["", f"s{shopper}-{i // 40}"]),
                product=rng.choice(["", *(f"p{n}" for n in range(14))]),  # two are in no catalogue
                quantity=rng.choice([1.0, 2.0, 0.5]),
                value=rng.randrange(1, 50_000_000),
                location=rng.choice(["", "north", "south"]),
                placement=rng.choice(["", "home"]),
                campaign=rng.choice(["", "c1"]),
                dwell_ms=rng.randrange(9000),
            )
        )
    return found


def canonical(found: list[Event], *, tolerance: int = 0) -> list[Event]:
    return sorted(found, key=lambda e: (released(e.time, e.received, tolerance=tolerance), e.id))


def names_of(event: Event, catalogue: dict[str, Product]) -> dict[str, str]:
    """What an event is filed under, '' where it has no such key."""
    product = catalogue.get(event.product)
    path = levels(product.category) if product else ()
    return {
        "shopper": event.shopper,
        "product": event.product,
        "category": LEVELS.join(path),
        "everything": "all",
    }


class Plain:
    """The counters of TABLES by definition: every event kept, every answer summed afresh."""

    def __init__(self, catalogue: list[Product]) -> None:
        self.catalogue = {product.id: product for product in catalogue}
        self.taken: dict[tuple[str, ...], list[tuple[int, Event, dict[str, float]]]] = defaultdict(list)
        self.visits: dict[str, int] = defaultdict(int)
        self.seen: dict[str, tuple[str, int]] = {}
        self.bought: dict[tuple[str, str], tuple[float, int]] = {}

    def fold(self, event: Event, *, moment: int | None = None) -> None:
        at = event.time if moment is None else moment
        days = (at - EPOCH) / DAY
        names = names_of(event, self.catalogue)
        who = event.shopper
        if who and event.kind in (K.VIEW, K.PURCHASE):
            session, before = self.seen.get(who, (None, 0))
            silent = event.session == "" and at - before > HALF_HOUR
            self.visits[who] += session != event.session or silent
            self.seen[who] = (event.session, at)
        values = {
            "one": 1.0,
            "quantity": event.quantity,
            "value": event.value / 1e6,
            "dwell": event.dwell_ms / 1e3,
            "visit": float(self.visits[who]) if event.kind in (K.VIEW, K.PURCHASE) else 0.0,
            "repeat": 0.0,
            "gap_days": 0.0,
            "gap_visits": 0.0,
        }
        if event.kind is K.PURCHASE and who and event.product:
            if (who, event.product) in self.bought:
                last, visit = self.bought[who, event.product]
                values |= {"repeat": 1.0, "gap_days": days - last, "gap_visits": self.visits[who] - visit}
            self.bought[who, event.product] = (days, self.visits[who])
        for table in TABLES:
            key = tuple(names[name] for name in table.key)
            if all(key):
                self.taken[table.name, *key].append((at, event, values))

    def read(self, table: Table, column: Column, key: tuple[str, ...], now: int) -> float:
        rows = [r for r in self.taken[table.name, *key] if r[1].kind in column.kinds]
        amounts = [values[column.value] for _, _, values in rows]
        if column.op is Op.VISITS:
            return float(self.visits[key[0]])
        if column.op is Op.SUM:
            return math.fsum(amounts)
        if column.op is Op.DECAYED:
            ages = [(now - time) / DAY for time, _, _ in rows]
            return math.fsum(v * 2.0 ** (-a / column.half_life) for v, a in zip(amounts, ages, strict=True))
        if not rows:
            return math.nan
        time, _, values = rows[0] if column.op is Op.FIRST else rows[-1]
        return values["visit"] if column.value == "visit" else (time - EPOCH) / DAY
