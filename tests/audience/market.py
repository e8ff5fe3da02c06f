"""A market of 300 shoppers of three kinds, whose habits a reader knows.

Runners (`r-…`) come every five days or so for shoes or socks, mostly with a coupon. Cooks (`c-…`) come every
nine days for pans and tea, without. Wanderers (`w-…`) bought a bit of all until the sixtieth of 120 days.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hawker import Shop
from hawker.audience.moment import Moment
from hawker.features.encode import Codes
from hawker.features.replay import Replay
from hawker.features.state import State
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings
from hawker.storage.tables import write_products

UNIT = 1_000_000
START = 1_704_067_200 * UNIT  # 2024-01-01
DAYS = 120
END = START + DAYS * DAY
CLOCK = "2024-04-30T00:00:00"
PRODUCTS = (
    Product("shoe", "Trail shoes", category="Sport > Running > Shoes", brand="Hare", price=80 * UNIT),
    Product("sock", "Wool socks", category="Sport > Running > Socks", brand="Hare", price=10 * UNIT),
    Product("pan", "Iron pan", category="Kitchen > Pans", brand="Forge", price=40 * UNIT),
    Product("tea", "Green tea", category="Kitchen > Tea", brand="Leaf", price=6 * UNIT),
)
KINDS = ("r", "c", "w")
GAPS = (5.0, 9.0, 7.0)
BASKETS = ((0.6, 0.4, 0.0, 0.0), (0.0, 0.0, 0.3, 0.7), (0.25, 0.25, 0.25, 0.25))


def shopper(number: int) -> str:
    """The name of a shopper, which says the kind."""
    return f"{KINDS[number % 3]}-{number:03}"


def history(*, shoppers: int = 300, seed: int = 5) -> list[Event]:
    """All purchases, in order of time."""
    rng = np.random.default_rng(seed)
    events = []
    for number in range(shoppers):
        kind, day = number % 3, rng.random() * 5
        until = DAYS if kind < 2 else DAYS / 2
        while day < until:
            product = PRODUCTS[rng.choice(4, p=BASKETS[kind])]
            coupon = "1.50" if rng.random() < (0.7, 0.0, 0.05)[kind] else "0.0"
            events.append(
                Event(
                    EventKind.PURCHASE,
                    START + int(day * DAY),
                    id=f"e-{number:03}-{len(events):05}",
                    shopper=shopper(number),
                    session=f"s-{number}-{len(events)}",
                    product=product.id,
                    value=product.price,
                    attributes={"coupon": coupon},
                )
            )
            day += rng.gamma(9.0, GAPS[kind] / 9.0)
    return sorted(events, key=lambda event: (event.time, event.id))


def opened(folder: Path, events: list[Event] | None = None, **settings: Any) -> tuple[Shop, Replay]:
    """The market as a shop, and its log ready to be replayed."""
    shop = Shop.create(folder, Settings(name="Market", placements=(), clock=CLOCK, **settings))
    write_products(shop.table("catalogue"), PRODUCTS)
    told = history() if events is None else events
    EventLog(shop.events).append(told)
    codes = Codes()
    codes.learn_products(PRODUCTS)
    return shop, Replay(codes.encode(told), State(codes))


def moment(folder: Path, *, now: int = END, without: frozenset[str] = frozenset()) -> Moment:
    """The market as of a moment."""
    shop, replay = opened(folder)
    return Moment(shop, replay.to(now), now, without=without)
