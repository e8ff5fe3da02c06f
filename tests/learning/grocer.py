"""A corner shop whose regulars buy what they bought before, so that a reader knows which rule must win.

Forty shoppers come every fourth day for 80 days to one of two stores. Each has a staple that is
bought on every visit (two shoppers share one); everyone buys bread on every second visit. All 27
products are promoted in both stores in every week, more than the ten slots there are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hawker import Shop
from hawker.records.campaign import Ad, Campaign, Pricing
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind
from hawker.records.placement import Page, Placement
from hawker.storage import tables
from hawker.storage.control import Control
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings

MONDAY = 1_704_067_200_000_000  # 2024-01-01
HOUR = DAY // 24
DAYS = 80
STAPLES = tuple(f"staple-{number:02d}" for number in range(20))
REST = ("soap", "salt", "oil", "figs", "corn", "nuts")
PRODUCTS = ("bread", *STAPLES, *REST)


def events() -> list[Event]:
    """The whole log: a line a product bought, one session a visit."""
    made = []
    for shopper in range(40):
        for visit in range(DAYS // 4):
            moment = MONDAY + (visit * 4 + shopper % 4) * DAY + (8 + shopper % 9) * HOUR + shopper
            bought = [STAPLES[shopper % 20]] + (["bread"] if (visit + shopper) % 2 else [])
            made += [
                Event(
                    EventKind.PURCHASE,
                    moment,
                    id=f"{shopper}-{visit}-{product}",
                    shopper=f"u{shopper}",
                    session=f"s{shopper}-{visit}",
                    product=product,
                    location=f"store-{shopper % 2}",
                    value=2_000_000,
                    currency="USD",
                )
                for product in bought
            ]
    return made


def grocer(folder: Path, log: list[Event] | None = None) -> Shop:
    """The shop in a folder, its log (or another one), its flights and one campaign."""
    store = Placement(name="store", page=Page.OFFSITE, slots=1)
    shop = Shop.create(folder, Settings(name="Corner", placements=(store,)))
    goods = [Product(name, name.title(), category=f"Food > {name}", brand="Own") for name in PRODUCTS]
    tables.write_products(shop.table("catalogue"), goods)
    EventLog(shop.events).append(events() if log is None else log)
    control = Control(shop.control)
    control.put_campaigns([Campaign("promotions", pricing=Pricing.CPA, bid=1_000_000, synthetic=True)])
    control.put_ads([Ad(f"promo-{name}", "promotions", name, flighted=True) for name in PRODUCTS])
    control.close()
    rows = [
        (f"promo-{name}", f"store-{store}", MONDAY + 7 * week * DAY, MONDAY + 7 * (week + 1) * DAY)
        for name in PRODUCTS
        for store in (0, 1)
        for week in range(DAYS // 7 + 1)
    ]
    columns = [np.array(column, dtype=object) for column in zip(*rows, strict=True)]
    connection = tables.connect()
    connection.register("given", dict(zip(("ad", "location", "first", "last"), columns, strict=True)))
    query = (
        "SELECT CAST(ad AS VARCHAR) AS ad, CAST(location AS VARCHAR) AS location, "
        "CAST(first AS BIGINT) AS start, CAST(last AS BIGINT) AS \"end\", 'front' AS display, '' AS mailer "
        "FROM given"
    )
    tables.replace(connection, query, shop.table("flights"))
    return shop
