"""A tiny shop whose answers a reader can work out by hand, for every test that needs a whole one.

Four products, three advertisers. On the home page (two slots, no floor, no exploration) tea and pot
of Leaf win: they bid 4.00 and 3.50 a thousand. Leaf never raises its own price, so jam of Orchard,
the best of another advertiser at 3.00, sets the price of both and is the runner-up. Socks pay by the
click, which no model of this shop predicts. `u-1` buys tea; nobody has opted out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hawker import Shop
from hawker.records.campaign import Ad, Campaign, Pricing
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind
from hawker.records.placement import Page, Placement
from hawker.storage.control import Control
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings
from hawker.storage.tables import write_products

UNIT = 1_000_000
CLOCK = "2024-03-01T12:00:00"
NOW = 1_709_294_400 * UNIT
PRODUCTS = (
    Product("tea", "Green tea", description="Leaves of spring.", category="Grocery > Tea", brand="Leaf"),
    Product("pot", "Tea pot", category="Kitchen > Pots", brand="Leaf", link="https://shop.example/pot"),
    Product("jam", "Plum jam", category="Grocery > Jam", brand="Orchard"),
    Product("sock", "Wool socks", category="Clothing > Socks", brand="Hill"),
)
CAMPAIGNS = (
    Campaign("c-leaf", advertiser="Leaf", bid=4 * UNIT),
    Campaign("c-orchard", advertiser="Orchard", bid=3 * UNIT),
    Campaign("c-hill", advertiser="Hill", pricing=Pricing.CPC, bid=UNIT),
)
ADS = (
    Ad("a-tea", "c-leaf", "tea"),
    Ad("a-pot", "c-leaf", "pot", bid=3_500_000),
    Ad("a-jam", "c-orchard", "jam"),
    Ad("a-sock", "c-hill", "sock"),
)
PLACEMENTS = (
    Placement(name="home", page=Page.HOME, slots=2),
    Placement(name="search", page=Page.SEARCH, slots=1, floor=3_800_000),
)
BOUGHT = tuple(
    Event(EventKind.PURCHASE, NOW - day * DAY, id=f"e-{day}", shopper="u-1", product="tea", value=3 * UNIT)
    for day in (3, 10, 17)
)


def tiny(folder: Path, *, campaigns: tuple[Campaign, ...] = CAMPAIGNS, **settings: Any) -> Shop:
    """The shop described above, in a new folder; its clock starts at `NOW` whenever it is opened."""
    given = {"name": "Tiny", "exploration": 0.0, "clock": CLOCK, "placements": PLACEMENTS, **settings}
    shop = Shop.create(folder, Settings(**given))
    write_products(shop.table("catalogue"), PRODUCTS)
    control = Control(shop.control)
    control.put_campaigns(campaigns)
    control.put_ads(ADS)
    control.close()
    EventLog(shop.events).append(BOUGHT)
    return shop
