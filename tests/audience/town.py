"""A shop of 120 shoppers whose audiences a reader can count: half drink tea, a third look at shoes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hawker import Shop
from hawker.audience import Moment, at
from hawker.delivery import restore
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings
from hawker.storage.tables import write_products

K = EventKind
NOW = 1_709_294_400_000_000
SHOPPERS = 120
PRODUCTS = (
    *(
        Product(f"tea-{n}", f"Green tea of the mountains, leaf {n}", category="Grocery > Tea")
        for n in range(5)
    ),
    *(Product(f"shoe-{n}", f"Trail running shoes, grip {n}", category="Sport > Shoes") for n in range(5)),
    *(Product(f"pot-{n}", f"Cast iron kitchen pot, size {n}", category="Kitchen > Pots") for n in range(5)),
)


def shop(folder: Path, **given: Any) -> Shop:
    """u0 … u119: the even ones bought tea 5 days ago; every third looked at shoes 40 days ago, all at pots.

    Of the tea drinkers each saw ten ads and every second of them clicked one, which u0 … u47 turned into
    a sale. u2 has opted out; u4 is a minor.
    """
    made = Shop.create(folder, Settings(clock="2024-03-01T12:00:00", encoder="tfidf", **given))
    write_products(made.table("catalogue"), PRODUCTS)
    events = []
    for n in range(SHOPPERS):
        told = [(K.VIEW, f"pot-{n % 5}", 50)]
        if n % 2 == 0:
            told += [(K.PURCHASE, f"tea-{n % 5}", 5), *[(K.AD_IMPRESSION, "tea-0", 3)] * 10]
            told += [(K.AD_CLICK, "tea-0", 3)] * (n % 4 == 0) + [(K.CONVERSION, "tea-0", 3)] * (n < 48)
        if n % 3 == 0:
            told += [(K.VIEW, f"shoe-{n % 5}", 40)]
        events += [
            Event(
                kind,
                NOW - day * DAY - place,
                id=f"e{n}-{place}",
                shopper=f"u{n}",
                session=f"s{n}-{day}",
                product=product,
                value=2_000_000,
                ad="a" if kind.startswith("ad_") else "",
            )
            for place, (kind, product, day) in enumerate(told)
        ]
    events.append(Event(K.OPT_OUT, NOW - DAY, id="out", shopper="u2"))
    events.append(Event(K.ATTRIBUTES, NOW - DAY, id="young", shopper="u4", attributes={"age_band": "13-17"}))
    EventLog(made.events).append(events)
    return made


def moment(made: Shop) -> Moment:
    """The town at `NOW`."""
    state, waiting = restore.state(made)
    state.fold(waiting)
    state.advance(NOW)
    return at(made, state, now=NOW)
