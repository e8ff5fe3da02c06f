"""The two demo shops: a real grocer's year, and an invented Chinese shop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hawker.cli import copying
from hawker.cli.call import Call, Progress

if TYPE_CHECKING:
    from hawker.ingest import BehaviourResult
    from hawker.learning.fitting import Course
    from hawker.learning.pipeline import Split
    from hawker.records.decision import Request
    from hawker.storage.shop import Shop

SHOPPERS = 6_000
"""Of the invented shop: 2,000 were too few to prove that a model beats a shopper's own history."""
QUICK, WHOLE = 1_800, 20_000
"""Store visits that a first look and the demo learn from: the 36,000 of the course take 9 GB of memory."""
VARIANTS = 3
"""Of copy for each advertised product of the invented shop; the grocer has one: it logs no clicks."""
SOLD = 4_000
"""Products of the grocer that copy is written for: those that sell most among what may be shown now."""
Built = tuple["Shop", "Split | None", "Course", "BehaviourResult"]


def grocer(asked: Call, target: Path, tell: Progress, *, quick: bool) -> Built:
    """Complete Journey: a year of a real grocer."""
    from hawker.features.examples import microseconds
    from hawker.ingest.datasets import complete_journey
    from hawker.learning import pipeline
    from hawker.storage.shop import Shop

    complete_journey.source()
    asked.say(asked.word("demo_en"))
    asked.say(f"{complete_journey.TERMS}\n", style="dim")
    shop = Shop.create(target, complete_journey.SETTINGS)
    counts = complete_journey.build(shop, progress=tell)
    asked.say(
        asked.word(
            "demo_read",
            products=counts.products,
            flights=counts.flights,
            campaigns=counts.campaigns,
            ads=counts.ads,
        )
    )
    most = SOLD // 10 if quick else SOLD
    copying.show(asked, shop, copying.make(asked, shop, n=1, most=most, tell=tell))
    course = replace(pipeline.course("purchase"), most=WHOLE)
    if quick:
        course = replace(course, most=QUICK, elsewhere=0, bags=1, share=1.0, refit=False)
    cuts = {name: microseconds(date) for name, date in complete_journey.SPLIT.items()}
    return shop, pipeline.Split(**cuts), course, counts.ingest


def invented(asked: Call, target: Path, tell: Progress, *, quick: bool) -> Built:
    """An invented Chinese shop; every event of it is marked synthetic."""
    from hawker import ingest
    from hawker.learning import pipeline
    from hawker.simulate import campaigns, raw
    from hawker.simulate.behaviour import behaviour
    from hawker.simulate.world import world
    from hawker.storage.control import Control
    from hawker.storage.shop import Shop

    truth = world("zh", shoppers=SHOPPERS // 3 if quick else SHOPPERS, seed=7)
    shop = Shop.create(target, campaigns.settings(truth))
    asked.__dict__.update(shop=shop)
    asked.__dict__.pop("language", None)
    asked.say(asked.word("demo_zh") + "\n")
    files = raw.record(truth, behaviour(truth, seed=7), target, progress=tell)
    orders, ads = campaigns.campaigns(truth)
    control = Control(shop.control)
    control.put_campaigns(orders, by="demo")
    control.put_ads(ads, by="demo")
    control.close()
    ingest.catalogue(shop, files.catalogue, columns=raw.PRODUCT_COLUMNS)
    logs = ingest.behaviour(shop, *files.logs, columns=raw.COLUMNS, progress=tell)
    bought = ingest.behaviour(
        shop, files.orders, columns=raw.ORDER_COLUMNS, kind="purchase", timezone=raw.ZONE, currency="CNY"
    )
    copying.show(asked, shop, copying.make(asked, shop, n=VARIANTS, tell=tell))
    said = {"products": files.products, "flights": 0, "campaigns": len(orders), "ads": len(ads)}
    asked.say(asked.word("demo_read", **said))
    return shop, None, pipeline.course("click"), logs + bought


def request(shop: Shop) -> Request:
    """A request that a page of this shop may send: from its most active shopper, where they usually are."""
    from hawker.records.decision import Request

    shopper = _commonest(shop, "shopper")
    return Request(placement="home", shopper=shopper, location=_commonest(shop, "location", shopper=shopper))


def _commonest(shop: Shop, column: str, *, shopper: str = "") -> str:
    """The value that most events have, of one shopper where one is named; '' where none has any."""
    from hawker.storage import tables
    from hawker.storage.event_log import EventLog

    with tables.connect() as connection:
        EventLog(shop.events).view(connection)
        query = (
            f"SELECT {column} FROM events WHERE {column} <> '' AND (shopper = $who OR $who = '') "
            f"GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT 1"
        )
        found = connection.execute(query, {"who": shopper}).fetchone()
    return str(found[0]) if found else ""
