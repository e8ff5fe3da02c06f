"""From folded state to the numbers a model sees: the one place where a feature gets its formula.

Two steps, because a page may have thousands of eligible ads: `affinity` scores all of them with a
few look-ups, `assemble` gives the full row to the few hundred kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, nearest
from hawker.features.affinity import rough
from hawker.features.counters import DAY, EPOCH
from hawker.features.state import State

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """Who looks, where and when: codes (-1 unknown), `now` in microseconds, local time offset in minutes."""

    now: int
    shopper: int = -1
    location: int = -1
    placement: int = -1
    utc_offset_minutes: int = 0


def affinity(state: State, moment: Moment, products: NDArray[np.int32]) -> Floats:
    """A rough chance that each product is bought in this visit: bought again, or new within a category.

    Two chances are joined: the shopper's own rate of the product per visit since the first purchase, and
    the rate of the category times the product's share of what the category sold in four weeks.
    """
    return rough(state, products, shopper=moment.shopper, now=moment.now)


def assemble(
    state: State,
    moment: Moment,
    products: NDArray[np.int32],
    *,
    context: dict[str, NDArray[np.float64]] | None = None,
    names: tuple[str, ...] | None = None,
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Feature rows of some products: names, and float32 (products, features), NaN where unknown.

    `context` adds columns that come with the ad and not with the folds (its place in the store, …).
    `names` picks columns, in that order; without it all are given. Raises `BadInput` naming a
    column that does not exist.
    """
    columns: dict[str, Floats] = dict(context or {})
    for group in _GROUPS:
        if names and all(name in columns for name in names):
            break
        group(state, moment, products, columns)
    names = names or tuple(columns)
    missing = [name for name in names if name not in columns]
    if missing:
        raise BadInput(f"There is no feature '{missing[0]}'.", remedy=nearest(missing[0], list(columns)))
    out = np.empty((len(products), len(names)), dtype=np.float32)
    for place, name in enumerate(names):
        out[:, place] = columns[name]
    return names, out


def _since(days: Floats, now: int) -> Floats:
    elapsed: Floats = (now - EPOCH) / DAY - days
    return elapsed


def _ratio(above: Floats, below: Floats) -> Floats:
    out: Floats = np.full(len(above), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _units(state: State, moment: Moment, products: NDArray[np.int32], columns: dict[str, Floats]) -> None:
    units = state.windows.read(products)
    columns["product_units_7"] = units[:, 0]
    columns["product_units_28"] = units[:, 1]


def _shopper(state: State, moment: Moment, products: NDArray[np.int32], columns: dict[str, Floats]) -> None:
    count = len(products)
    who = np.full(1, moment.shopper, dtype=np.int32)
    own = state.read("shopper", who, now=moment.now)
    facts = {
        "shopper_visits": own["visits"],
        "shopper_purchases_per_visit": _ratio(own["purchases"], own["visits"]),
        "shopper_spend_per_purchase": _ratio(own["spend"], own["purchases"]),
        "shopper_purchases_30": own["purchases_30"],
        "shopper_days_since_visit": _since(own["last"], moment.now),
        "shopper_visits_per_day": _ratio(own["visits"], _since(own["first"], moment.now) + 1.0),
        "shopper_views_7": own["views_7"],
        "shopper_searches_7": own["searches_7"],
        "shopper_ad_click_rate": (own["ad_clicks"] + 0.5) / (own["ad_impressions"] + 20.0),
        "shopper_ad_impressions_7": own["ad_impressions_7"],
    }
    for name, value in facts.items():
        columns[name] = np.full(count, value[0])


def _repeat_features(
    prefix: str, own: dict[str, Floats], visits: Floats, now: int, columns: dict[str, Floats]
) -> None:
    """What a shopper's history with one thing says: how often per own visit, how long ago, how due."""
    since_first = visits - own["first_visit"] + 1.0
    since_last = visits - own["last_visit"]
    gap = _ratio(own["last_visit"] - own["first_visit"], own["count"] - 1.0)
    columns[f"{prefix}_count"] = own["count"]
    columns[f"{prefix}_per_visit"] = own["count"] / (visits + 1.0)
    columns[f"{prefix}_per_visit_since_first"] = own["count"] / (since_first + 1.0)
    columns[f"{prefix}_days_since"] = _since(own["last"], now)
    columns[f"{prefix}_visits_since"] = since_last
    columns[f"{prefix}_visits_since_first"] = since_first
    columns[f"{prefix}_gap_visits"] = gap
    columns[f"{prefix}_due"] = _ratio(since_last, gap)
    columns[f"{prefix}_bought_20"] = own["bought_20"]
    columns[f"{prefix}_bought_90"] = own["bought_90"]
    columns[f"{prefix}_interest_7"] = own["interest_7"]


def _own(state: State, moment: Moment, products: NDArray[np.int32], columns: dict[str, Floats]) -> None:
    who = np.full(len(products), moment.shopper, dtype=np.int32)
    own = state.read("shopper_product", who, products, now=moment.now)
    visits = columns["shopper_visits"]
    _repeat_features("own", own, visits, moment.now, columns)
    columns["own_quantity_each"] = _ratio(own["quantity"], own["count"])
    columns["own_ad_impressions_7"] = own["ad_impressions_7"]
    columns["own_ad_clicks"] = own["ad_clicks"]


def _category(state: State, moment: Moment, products: NDArray[np.int32], columns: dict[str, Floats]) -> None:
    who = np.full(len(products), moment.shopper, dtype=np.int32)
    category = state.codes.of_products("category", products)
    own = state.read("shopper_category", who, category, now=moment.now)
    _repeat_features("category", own, columns["shopper_visits"], moment.now, columns)
    columns["category_price_habit"] = _ratio(own["spend_90"], own["bought_90"])
    columns["category_ad_clicks_30"] = own["ad_clicks_30"]
    columns["own_share_of_category"] = _ratio(columns["own_count"], own["count"])
    columns["own_share_of_category_90"] = _ratio(columns["own_bought_90"], own["bought_90"])


def _kin(state: State, moment: Moment, products: NDArray[np.int32], columns: dict[str, Floats]) -> None:
    """Wider circles of the shopper's interest: shelf, brand, department."""
    who = np.full(len(products), moment.shopper, dtype=np.int32)
    line = state.read("shopper_line", who, state.codes.of_products("line", products), now=moment.now)
    columns["line_count"] = line["count"]
    columns["line_days_since"] = _since(line["last"], moment.now)
    columns["line_visits_since"] = columns["shopper_visits"] - line["last_visit"]
    columns["line_bought_60"] = line["bought_60"]
    columns["line_others"] = line["count"] - columns["own_count"]
    columns["own_share_of_line"] = _ratio(columns["own_count"], line["count"])
    shelf = state.read("shopper_shelf", who, state.codes.of_products("shelf", products), now=moment.now)
    columns["shelf_count"] = shelf["count"]
    columns["shelf_days_since"] = _since(shelf["last"], moment.now)
    columns["shelf_bought_60"] = shelf["bought_60"]
    columns["shelf_interest_7"] = shelf["interest_7"]
    brand = state.read("shopper_brand", who, state.codes.of_products("brand", products), now=moment.now)
    columns["brand_count"] = brand["count"]
    columns["brand_bought_60"] = brand["bought_60"]
    columns["brand_interest_30"] = brand["interest_30"]
    department = state.read(
        "shopper_department", who, state.codes.of_products("department", products), now=moment.now
    )
    columns["department_bought_60"] = department["bought_60"]


def _product(state: State, moment: Moment, products: NDArray[np.int32], columns: dict[str, Floats]) -> None:
    now = moment.now
    all_of_it = state.read("product", products, now=now)
    here = np.full(len(products), moment.location, dtype=np.int32)
    local = state.read("product_location", products, here, now=now)
    category = state.read("category", state.codes.of_products("category", products), now=now)
    brand = state.read("brand", state.codes.of_products("brand", products), now=now)
    place = state.read("location", here[:1], now=now)["bought_28"]
    columns["product_bought_7"] = all_of_it["bought_7"]
    columns["product_bought_28"] = all_of_it["bought_28"]
    columns["product_bought_2"] = all_of_it["bought_2"]
    columns["product_burst"] = _ratio(14.0 * all_of_it["bought_2"], all_of_it["bought_28"])
    columns["product_new_buyers_28"] = all_of_it["bought_28"] - all_of_it["repeats_28"]
    columns["product_here_2"] = local["bought_2"]
    usual = _ratio(all_of_it["value_60"], all_of_it["quantity_60"])
    columns["product_price_now"] = _ratio(_ratio(all_of_it["value_2"], all_of_it["quantity_2"]), usual)
    columns["product_price_here"] = _ratio(_ratio(local["value_2"], local["quantity_2"]), usual)
    line = state.read("line", state.codes.of_products("line", products), now=now)
    columns["product_share_of_line"] = _ratio(all_of_it["bought_28"], line["bought_28"])
    columns["expected_in_line"] = columns["line_bought_60"] * columns["product_share_of_line"]
    columns["price_to_habit"] = _ratio(
        _ratio(all_of_it["value"], all_of_it["count"]), columns["category_price_habit"]
    )
    columns["product_trend"] = _ratio(4.0 * all_of_it["bought_7"], all_of_it["bought_28"])
    columns["product_repeat_share"] = _ratio(all_of_it["repeats"], all_of_it["count"])
    columns["product_gap_days"] = _ratio(all_of_it["gap_days"], all_of_it["repeats"])
    columns["product_gap_visits"] = _ratio(all_of_it["gap_visits"], all_of_it["repeats"])
    columns["product_age_days"] = _since(all_of_it["first"], now)
    columns["product_price"] = _ratio(all_of_it["value"], all_of_it["count"])
    columns["product_interest_7"] = all_of_it["interest_7"]
    columns["product_ad_click_rate"] = (all_of_it["ad_clicks"] + 0.5) / (all_of_it["ad_impressions"] + 20.0)
    columns["product_here_7"] = local["bought_7"]
    columns["product_here_28"] = local["bought_28"]
    columns["product_share_here"] = local["bought_28"] / (place + 1.0)
    columns["product_share_of_category"] = _ratio(all_of_it["bought_28"], category["bought_28"])
    columns["category_sold_28"] = category["bought_28"]
    columns["category_repeat_share"] = _ratio(category["repeats"], category["count"])
    columns["category_mean_gap_days"] = _ratio(category["gap_days"], category["repeats"])
    columns["brand_sold_28"] = brand["bought_28"]
    columns["own_overdue"] = _ratio(columns["own_days_since"], columns["product_gap_days"])
    columns["category_overdue"] = _ratio(columns["category_days_since"], columns["category_mean_gap_days"])
    columns["expected_new"] = columns["category_per_visit"] * columns["product_share_of_category"]


def _moment(state: State, moment: Moment, products: NDArray[np.int32], columns: dict[str, Floats]) -> None:
    count = len(products)
    local = (moment.now + moment.utc_offset_minutes * 60_000_000) / DAY
    columns["hour"] = np.full(count, (local % 1.0) * 24.0)
    columns["weekday"] = np.full(count, float(int(local + 3.0) % 7))


_GROUPS = (_units, _shopper, _own, _category, _kin, _product, _moment)
"""In this order, because later groups use the columns of earlier ones; a model that needs few stops early."""
