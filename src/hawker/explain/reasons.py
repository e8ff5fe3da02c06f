"""Which feature belongs to which reason that a person understands."""

from __future__ import annotations

REASONS_BY_PREFIX = (
    ("ads", ("own_ad_", "category_ad_", "product_ad_", "shopper_ad_", "campaign_", "placement_ad_")),
    ("price", ("product_price", "price_to_habit", "category_price_habit")),
    ("store", ("product_here_", "product_share_here", "location_")),
    ("placement", ("display", "mailer", "placement_", "slot")),
    ("brand", ("brand_", "line_", "own_share_of_line", "expected_in_line", "product_share_of_line")),
    (
        "popularity",
        ("product_", "category_sold_", "category_repeat_share", "category_mean_gap_days", "text_popularity"),
    ),
    ("own", ("own_", "affinity", "repeat_")),
    ("category", ("category_", "shelf_", "department_", "expected_new", "interest_")),
    ("page", ("page_",)),
    ("timing", ("hour", "weekday", "day_", "season_")),
    ("activity", ("shopper_",)),
)
"""Which feature belongs to which reason: the first whose prefix fits; what fits none is 'other'."""


def reason(feature: str) -> str:
    """The reason that a feature belongs to.

    >>> reason("own_count"), reason("own_ad_clicks"), reason("product_here_7"), reason("colour")
    ('own', 'ads', 'store', 'other')
    """
    if feature.startswith("("):  # a reason as a whole
        return feature[1:-1]
    for name, prefixes in REASONS_BY_PREFIX:
        if feature.startswith(prefixes):
            return name
    return "other"
