"""The counters every shop starts with: activity, purchases, interest, popularity, repetition."""

from __future__ import annotations

from hawker.features.schema import Column, Op, Table
from hawker.records.events import EventKind as K

_INTEREST = (K.VIEW, K.CLICK, K.CART, K.WISH, K.LIKE)
_ACTIVE = (K.VIEW, K.SEARCH, K.CLICK, K.CART, K.PURCHASE)


def _decayed(
    name: str, half_life: float, *, value: str = "one", kinds: tuple[K, ...] = (K.PURCHASE,)
) -> Column:
    return Column(name, Op.DECAYED, kinds, value, half_life)


def _again() -> tuple[Column, ...]:
    """What a pair must begin with to expose repeats and gaps, and when it began."""
    return (
        Column("count", Op.SUM),
        Column("last", Op.LAST),
        Column("last_visit", Op.LAST, value="visit"),
        Column("first_visit", Op.FIRST, value="visit"),
    )


def _repetition() -> tuple[Column, ...]:
    """How often, and after how long, it is bought again."""
    return (
        Column("count", Op.SUM),
        Column("repeats", Op.SUM, value="repeat"),
        Column("gap_days", Op.SUM, value="gap_days"),
        Column("gap_visits", Op.SUM, value="gap_visits"),
    )


def _trial() -> tuple[Column, ...]:
    """How much is bought, and how much of it not for the first time; after a table that exposes repeats."""
    return (Column("count", Op.SUM), Column("repeats", Op.SUM, value="repeat"))


STANDARD: tuple[Table, ...] = (
    Table(
        "shopper",
        ("shopper",),
        (
            Column("visits", Op.VISITS, _ACTIVE),
            Column("purchases", Op.SUM),
            Column("spend", Op.SUM, value="value"),
            Column("last", Op.LAST, _ACTIVE),
            Column("first", Op.FIRST, _ACTIVE),
            _decayed("purchases_1", 1.0),
            _decayed("purchases_4", 4.0),
            _decayed("purchases_30", 30.0),
            _decayed("spend_30", 30.0, value="value"),
            _decayed("views_7", 7.0, kinds=(K.VIEW,)),
            _decayed("interest_30", 30.0, kinds=_INTEREST),
            _decayed("searches_7", 7.0, kinds=(K.SEARCH,)),
            _decayed("ad_impressions_7", 7.0, kinds=(K.AD_IMPRESSION,)),
            _decayed("ad_clicks_7", 7.0, kinds=(K.AD_CLICK,)),
            Column("ad_impressions", Op.SUM, (K.AD_IMPRESSION,)),
            Column("ad_clicks", Op.SUM, (K.AD_CLICK,)),
            Column("dwell", Op.SUM, _ACTIVE, value="dwell"),
        ),
    ),
    Table(
        "shopper_product",
        ("shopper", "product"),
        (
            *_again(),
            Column("first", Op.FIRST),
            Column("quantity", Op.SUM, value="quantity"),
            Column("spend", Op.SUM, value="value"),
            Column("last_quantity", Op.LAST, value="quantity"),
            Column("last_gap", Op.LAST, value="gap_days"),
            _decayed("bought_20", 20.0),
            _decayed("bought_45", 45.0),
            _decayed("bought_90", 90.0),
            _decayed("interest_7", 7.0, kinds=_INTEREST),
            _decayed("ad_impressions_7", 7.0, kinds=(K.AD_IMPRESSION,)),
            Column("ad_clicks", Op.SUM, (K.AD_CLICK,)),
        ),
        exposes=True,
    ),
    Table("shopper_trial", ("shopper",), _trial()),
    Table("category_trial", ("shopper", "category"), _trial()),
    Table(
        "product",
        ("product",),
        (
            *_repetition(),
            _decayed("bought_today", 0.4),
            _decayed("bought_1", 1.0),
            _decayed("bought_2", 2.0),
            _decayed("bought_7", 7.0),
            _decayed("bought_28", 28.0),
            _decayed("repeats_1", 1.0, value="repeat"),
            _decayed("repeats_2", 2.0, value="repeat"),
            _decayed("repeats_7", 7.0, value="repeat"),
            _decayed("value_2", 2.0, value="value"),
            _decayed("quantity_2", 2.0, value="quantity"),
            _decayed("value_60", 60.0, value="value"),
            _decayed("quantity_60", 60.0, value="quantity"),
            _decayed("repeats_28", 28.0, value="repeat"),
            _decayed("interest_7", 7.0, kinds=_INTEREST),
            Column("first", Op.FIRST),
            Column("ad_impressions", Op.SUM, (K.AD_IMPRESSION,)),
            Column("ad_clicks", Op.SUM, (K.AD_CLICK,)),
            Column("value", Op.SUM, value="value"),
        ),
    ),
    Table(
        "product_location",
        ("product", "location"),
        (
            _decayed("bought_1", 1.0),
            _decayed("bought_2", 2.0),
            _decayed("bought_7", 7.0),
            _decayed("bought_28", 28.0),
            _decayed("value_2", 2.0, value="value"),
            _decayed("quantity_2", 2.0, value="quantity"),
        ),
    ),
    Table(
        "shopper_category",
        ("shopper", "category"),
        (
            *_again(),
            Column("first", Op.FIRST),
            _decayed("bought_7", 7.0),
            _decayed("bought_20", 20.0),
            _decayed("bought_90", 90.0),
            _decayed("spend_90", 90.0, value="value"),
            _decayed("interest_7", 7.0, kinds=_INTEREST),
            _decayed("ad_clicks_30", 30.0, kinds=(K.AD_CLICK,)),
        ),
        exposes=True,
    ),
    Table(
        "category",
        ("category",),
        (
            *_repetition(),
            _decayed("bought_7", 7.0),
            _decayed("bought_28", 28.0),
            _decayed("interest_7", 7.0, kinds=_INTEREST),
            Column("ad_impressions", Op.SUM, (K.AD_IMPRESSION,)),
            Column("ad_clicks", Op.SUM, (K.AD_CLICK,)),
        ),
    ),
    Table("category_location", ("category", "location"), (_decayed("bought_7", 7.0),)),
    Table(
        "shopper_line",
        ("shopper", "line"),
        (*_again(), _decayed("bought_20", 20.0), _decayed("bought_60", 60.0)),
        exposes=True,
    ),
    Table("line", ("line",), (*_repetition(), _decayed("bought_7", 7.0), _decayed("bought_28", 28.0))),
    Table("line_location", ("line", "location"), (_decayed("bought_7", 7.0),)),
    Table(
        "shopper_shelf",
        ("shopper", "shelf"),
        (
            Column("count", Op.SUM),
            Column("last", Op.LAST),
            _decayed("bought_60", 60.0),
            _decayed("interest_7", 7.0, kinds=_INTEREST),
            _decayed("interest_30", 30.0, kinds=_INTEREST),
        ),
    ),
    Table("shelf", ("shelf",), (_decayed("bought_28", 28.0),)),
    Table(
        "shopper_brand",
        ("shopper", "brand"),
        (
            Column("count", Op.SUM),
            _decayed("bought_60", 60.0),
            _decayed("interest_30", 30.0, kinds=_INTEREST),
        ),
    ),
    Table("brand", ("brand",), (Column("count", Op.SUM), _decayed("bought_28", 28.0))),
    Table(
        "shopper_department",
        ("shopper", "department"),
        (
            Column("last", Op.LAST),
            _decayed("bought_7", 7.0),
            _decayed("bought_60", 60.0),
            _decayed("interest_30", 30.0, kinds=_INTEREST),
            _decayed("ad_impressions_30", 30.0, kinds=(K.AD_IMPRESSION,)),
            _decayed("ad_clicks_30", 30.0, kinds=(K.AD_CLICK,)),
        ),
    ),
    Table(
        "shopper_location",
        ("shopper", "location"),
        (Column("visits", Op.VISITS, _ACTIVE), Column("last", Op.LAST, _ACTIVE)),
    ),
    Table("location", ("location",), (_decayed("bought_7", 7.0), _decayed("bought_28", 28.0))),
    Table(
        "placement",
        ("placement",),
        (Column("ad_impressions", Op.SUM, (K.AD_IMPRESSION,)), Column("ad_clicks", Op.SUM, (K.AD_CLICK,))),
    ),
    Table(
        "campaign",
        ("campaign",),
        (Column("ad_impressions", Op.SUM, (K.AD_IMPRESSION,)), Column("ad_clicks", Op.SUM, (K.AD_CLICK,))),
    ),
    Table(
        "everything",
        ("everything",),
        (Column("count", Op.SUM), _decayed("bought_7", 7.0), _decayed("bought_28", 28.0)),
    ),
)
