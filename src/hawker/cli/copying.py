"""The ads of a demo shop, written from the products' own words through the gate; the demo approves them."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from hawker.cli import written
from hawker.cli.call import Call, Progress, indented

if TYPE_CHECKING:
    from hawker.creative.studio_run import Run
    from hawker.records.catalogue import Product
    from hawker.storage.control import Control
    from hawker.storage.shop import Shop

DEMO = "demo"
"""By whom the demo's copy is approved: a person does it in a shop of yours."""


def make(asked: Call, shop: Shop, *, n: int, most: int | None = None, tell: Progress) -> Run:
    """Write `n` variants for the products whose ads may be shown now, of `most` that sold most."""
    from hawker.creative import prior, studio_run
    from hawker.creative.writers import drafter
    from hawker.server import briefing
    from hawker.server.briefing import Wanted
    from hawker.storage.control import Control
    from hawker.storage.drafts import Drafts

    tell(asked.word("demo_writing"), 0.0)
    with closing(Control(shop.control)) as control, closing(Drafts(shop.control)) as drafts:
        products = _products(shop, control, most)
        order = studio_run.Order(
            n=n,
            time=time.time_ns() // 1000,
            by=DEMO,
            reader=shop.settings.language,
            approver=DEMO,
            reason=asked.word("demo_approves"),
            progress=lambda step, share: tell(f"{asked.word('demo_writing')}: {step}", share),
        )
        briefs = briefing.briefs(shop, control, products, Wanted(n=n))
        order.score = prior.scorer(len(briefs) * n) if n > 1 else None
        return studio_run.run(
            drafter("extractive"), briefs, briefing.desk(shop, control, drafts), order=order
        )


def show(asked: Call, shop: Shop, done: Run) -> None:
    """What was written, and one of it."""
    from hawker.storage.control import Control

    with closing(Control(shop.control)) as control:
        first = control.page("creative", limit=1)
    figures = {"products": done.written - done.without, "approved": done.approved, "fallen": done.fallen}
    asked.say(asked.word("demo_written", **figures))
    for one in first:
        told: Any = one
        asked.say(indented(f"{told.headline}\n{told.description}"))
    asked.say("")


def document(done: Run) -> dict[str, Any]:
    """The same for JSON."""
    return written.document(done)


def _products(shop: Shop, control: Control, most: int | None) -> list[Product]:
    """What may be shown at the shop's present moment, those that sold most first, the rest by id."""
    from hawker.delivery.engine import clock
    from hawker.records.catalogue import advertisable
    from hawker.storage import tables
    from hawker.storage.event_log import EventLog

    with tables.connect() as connection:
        EventLog(shop.events).view(connection)
        bought = "SELECT product, count(*) FROM events WHERE kind = 'purchase' GROUP BY product"
        sold = dict(connection.execute(bought).fetchall())
        last = connection.execute("SELECT coalesce(max(time), 0) FROM events").fetchone()
        now = clock(shop.settings.clock, after=int(last[0]) if last else 0)()
        flights = set[str]()
        if (table := shop.table("flights")).is_file():
            rows = f'SELECT DISTINCT ad FROM {tables.quoted(table)} WHERE start <= {now} AND "end" > {now}'
            flights = {str(row[0]) for row in connection.execute(rows).fetchall()}
    running = {campaign.id for campaign in control.campaigns() if not 0 < campaign.end <= now}
    named = {
        ad.product for ad in control.ads() if ad.campaign in running and (not ad.flighted or ad.id in flights)
    }
    ranked = sorted(named, key=lambda name: (-sold.get(name, 0), name))
    found = (shop.catalogue.get(name) for name in ranked)
    return [product for product in found if product is not None and advertisable(product)][:most]
