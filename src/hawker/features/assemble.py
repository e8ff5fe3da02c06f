"""From folded state to the numbers a model sees: the one place where a feature gets its formula.

Two steps, because a page may have thousands of eligible ads: `affinity` scores all of them with a
few look-ups, `assemble` (or `sheet`, which keeps what all rows share apart) gives the few hundred kept
their rows. The formulas below are recorded once (see `formula`) and run compiled, in training as in
serving; what a model does not name is neither read nor worked out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadInput, nearest
from hawker.features.affinity import rough
from hawker.features.formula import Columns, Tape, View, larger, ratio
from hawker.features.program import Moment, Program, Sheet, compose
from hawker.features.rates import rates
from hawker.features.state import State

__all__ = ["Moment", "Sheet", "affinity", "assemble", "sheet"]

Floats = NDArray[np.float64]
_NONE: dict[str, Floats] = {}


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
    context: dict[str, Floats] | None = None,
    names: tuple[str, ...] | None = None,
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Feature rows of some products: names, and float32 (products, features), NaN where unknown.

    `context` adds columns that come with the ad and not with the folds (its place in the store, …).
    `names` picks columns, in that order; without it all are given. Raises `BadInput` naming a
    column that does not exist.
    """
    made = sheet(state, moment, products, context=context, names=names)
    return made.names, made.matrix()


def sheet(
    state: State,
    moment: Moment,
    products: NDArray[np.int32],
    *,
    context: dict[str, Floats] | None = None,
    names: tuple[str, ...] | None = None,
) -> Sheet:
    """The same rows with what they have in common said once: the form in which models are served."""
    given = context or _NONE
    key = (tuple(given), names)
    program = state.programs.get(key)
    if not isinstance(program, Program):
        program = state.programs[key] = _program(state, *key)
    return program.run(state, moment, products, given)


def known(state: State, given: tuple[str, ...]) -> frozenset[str]:
    """The names of all features there are, with the columns that are given."""
    return frozenset(_columns(Tape(), state, given))


def _columns(tape: Tape, state: State, given: tuple[str, ...]) -> Columns:
    view = View(tape, state.plan.tables)
    columns: Columns = {name: view.context(name) for name in given}
    for group in _GROUPS:
        group(view, columns)
    return columns


def _program(state: State, given: tuple[str, ...], names: tuple[str, ...] | None) -> Program:
    """The steps behind the named features, over the tables of a plan and the columns that are given."""
    tape = Tape()
    columns = _columns(tape, state, given)
    missing = [name for name in names or () if name not in columns]
    if missing:
        raise BadInput(f"There is no feature '{missing[0]}'.", remedy=nearest(missing[0], list(columns)))
    return compose(tape, {name: columns[name] for name in names or columns}, state)


def _units(view: View, columns: Columns) -> None:
    columns["product_units_7"] = view.units(0)
    columns["product_units_28"] = view.units(1)


def _shopper(view: View, columns: Columns) -> None:
    own, here = view("shopper"), view("shopper_location")
    columns["shopper_visits"] = own["visits"]
    columns["shopper_purchases_per_visit"] = ratio(own["purchases"], own["visits"])
    columns["shopper_spend_per_purchase"] = ratio(own["spend"], own["purchases"])
    columns["shopper_purchases_1"] = own["purchases_1"]
    columns["shopper_purchases_4"] = own["purchases_4"]
    columns["shopper_purchases_30"] = own["purchases_30"]
    columns["shopper_days_since_visit"] = view.since(own["last"])
    columns["shopper_visits_per_day"] = ratio(own["visits"], view.since(own["first"]) + 1.0)
    columns["shopper_views_7"] = own["views_7"]
    columns["shopper_interest_30"] = own["interest_30"]
    columns["shopper_searches_7"] = own["searches_7"]
    columns["shopper_ad_click_rate"] = (own["ad_clicks"] + 0.5) / (own["ad_impressions"] + 20.0)
    columns["shopper_ad_impressions_7"] = own["ad_impressions_7"]
    columns["shopper_here_share"] = here["visits"] / (own["visits"] + 1.0)
    columns["shopper_here_days_since"] = view.since(here["last"])
    trial = view("shopper_trial")
    columns["shopper_new_share"] = (trial["count"] - trial["repeats"] + 1.0) / (trial["count"] + 2.0)


def _repeat(view: View, columns: Columns, name: str, table: str) -> None:
    """What a shopper's history with one thing says: how often per own visit, how long ago, how due."""
    own, visits = view(table), columns["shopper_visits"]
    since_first = visits - own["first_visit"] + 1.0
    since_last = visits - own["last_visit"]
    gap = ratio(own["last_visit"] - own["first_visit"], own["count"] - 1.0)
    gap_days = ratio(own["last"] - own["first"], own["count"] - 1.0)
    columns[f"{name}_count"] = own["count"]
    columns[f"{name}_per_visit"] = own["count"] / (visits + 1.0)
    columns[f"{name}_per_visit_since_first"] = own["count"] / (since_first + 1.0)
    columns[f"{name}_days_since"] = view.since(own["last"])
    columns[f"{name}_days_since_first"] = view.since(own["first"])
    columns[f"{name}_visits_since"] = since_last
    columns[f"{name}_visits_since_first"] = since_first
    columns[f"{name}_gap_visits"] = gap
    columns[f"{name}_gap_days"] = gap_days
    columns[f"{name}_due"] = ratio(since_last, gap)
    columns[f"{name}_due_days"] = ratio(columns[f"{name}_days_since"], gap_days)
    columns[f"{name}_bought_20"] = own["bought_20"]
    columns[f"{name}_bought_90"] = own["bought_90"]
    columns[f"{name}_interest_7"] = own["interest_7"]


def _own(view: View, columns: Columns) -> None:
    own = view("shopper_product")
    _repeat(view, columns, "own", "shopper_product")
    columns["own_bought_45"] = own["bought_45"]
    columns["own_quantity_each"] = ratio(own["quantity"], own["count"])
    columns["own_last_quantity"] = own["last_quantity"]
    again = own["count"] - 1.0
    columns["own_last_gap_days"] = ratio(again * own["last_gap"], again)  # unknown of what was bought once
    columns["own_price"] = ratio(own["spend"], own["quantity"])
    columns["own_ad_impressions_7"] = own["ad_impressions_7"]
    columns["own_ad_clicks"] = own["ad_clicks"]


def _category(view: View, columns: Columns) -> None:
    own = view("shopper_category")
    _repeat(view, columns, "category", "shopper_category")
    columns["category_bought_7"] = own["bought_7"]
    columns["category_price_habit"] = ratio(own["spend_90"], own["bought_90"])
    columns["category_ad_clicks_30"] = own["ad_clicks_30"]
    trial = view("category_trial")
    columns["category_tried"] = trial["count"] - trial["repeats"]
    columns["category_new_share"] = (columns["category_tried"] + 0.5) / (trial["count"] + 1.0)
    columns["own_share_of_category"] = ratio(columns["own_count"], own["count"])
    columns["own_share_of_category_90"] = ratio(columns["own_bought_90"], own["bought_90"])


def _kin(view: View, columns: Columns) -> None:
    """Wider circles of the shopper's interest: line, shelf, brand, department."""
    line, shelf = view("shopper_line"), view("shopper_shelf")
    brand, department = view("shopper_brand"), view("shopper_department")
    columns["line_count"] = line["count"]
    columns["line_days_since"] = view.since(line["last"])
    columns["line_visits_since"] = columns["shopper_visits"] - line["last_visit"]
    columns["line_visits_since_first"] = columns["shopper_visits"] - line["first_visit"]
    columns["line_gap_visits"] = ratio(line["last_visit"] - line["first_visit"], line["count"] - 1.0)
    columns["line_due"] = ratio(columns["line_visits_since"], columns["line_gap_visits"])
    columns["line_bought_20"] = line["bought_20"]
    columns["line_bought_60"] = line["bought_60"]
    columns["line_others"] = line["count"] - columns["own_count"]
    columns["own_share_of_line"] = ratio(columns["own_count"], line["count"])
    columns["shelf_count"] = shelf["count"]
    columns["shelf_days_since"] = view.since(shelf["last"])
    columns["shelf_bought_60"] = shelf["bought_60"]
    columns["shelf_interest_7"] = shelf["interest_7"]
    columns["brand_count"] = brand["count"]
    columns["brand_bought_60"] = brand["bought_60"]
    columns["brand_interest_30"] = brand["interest_30"]
    columns["department_days_since"] = view.since(department["last"])
    columns["department_bought_7"] = department["bought_7"]
    columns["department_bought_60"] = department["bought_60"]
    columns["shelf_interest_30"] = shelf["interest_30"]
    columns["department_interest_30"] = department["interest_30"]
    looked = columns["shopper_interest_30"]
    columns["department_interest_share"] = department["interest_30"] / (looked + 1.0)
    columns["shelf_interest_share"] = shelf["interest_30"] / (looked + 1.0)
    columns["department_ad_click_rate"] = (department["ad_clicks_30"] + 0.5) / (
        department["ad_impressions_30"] + 20.0
    )
    columns["department_share"] = department["bought_60"] / (columns["shopper_purchases_30"] + 1.0)


def _product(view: View, columns: Columns) -> None:
    product, here = view("product"), view("product_location")
    usual = ratio(product["value_60"], product["quantity_60"])
    columns["product_bought_today"] = product["bought_today"]
    columns["product_bought_1"] = product["bought_1"]
    columns["product_bought_2"] = product["bought_2"]
    columns["product_bought_7"] = product["bought_7"]
    columns["product_bought_28"] = product["bought_28"]
    columns["product_burst"] = ratio(14.0 * product["bought_2"], product["bought_28"])
    columns["product_trend"] = ratio(4.0 * product["bought_7"], product["bought_28"])
    for days in ("1", "2", "7", "28"):
        columns[f"product_new_buyers_{days}"] = product[f"bought_{days}"] - product[f"repeats_{days}"]
    columns["product_repeat_share"] = ratio(product["repeats"], product["count"])
    columns["product_gap_days"] = ratio(product["gap_days"], product["repeats"])
    columns["product_gap_visits"] = ratio(product["gap_visits"], product["repeats"])
    columns["product_age_days"] = view.since(product["first"])
    columns["product_new_rate"] = (product["count"] - product["repeats"]) / (
        columns["product_age_days"] + 14.0
    )
    columns["product_price"] = ratio(product["value"], product["count"])
    columns["product_price_now"] = ratio(ratio(product["value_2"], product["quantity_2"]), usual)
    columns["product_price_here"] = ratio(ratio(here["value_2"], here["quantity_2"]), usual)
    columns["price_to_habit"] = ratio(columns["product_price"], columns["category_price_habit"])
    columns["product_interest_7"] = product["interest_7"]
    columns["product_ad_click_rate"] = (product["ad_clicks"] + 0.5) / (product["ad_impressions"] + 20.0)
    columns["product_here_1"] = here["bought_1"]
    columns["product_here_2"] = here["bought_2"]
    columns["product_here_7"] = here["bought_7"]
    columns["product_here_28"] = here["bought_28"]
    columns["product_share_here"] = here["bought_28"] / (view("location")["bought_28"] + 1.0)
    columns["own_overdue"] = ratio(columns["own_days_since"], columns["product_gap_days"])


def _market(view: View, columns: Columns) -> None:
    """The product's share of what its category, line and brand sell, everywhere and here."""
    product, here = view("product"), view("product_location")
    category, line = view("category"), view("line")
    local, line_here = view("category_location"), view("line_location")
    share = ratio(product["bought_7"], category["bought_7"])
    columns["product_share_of_category"] = ratio(product["bought_28"], category["bought_28"])
    columns["product_share_of_category_7"] = share
    columns["product_here_share_of_category"] = (here["bought_7"] + 0.5 * larger(share, 0.0)) / (
        local["bought_7"] + 0.5
    )
    columns["product_share_of_line"] = ratio(product["bought_28"], line["bought_28"])
    columns["product_share_of_line_7"] = ratio(product["bought_7"], line["bought_7"])
    columns["product_here_share_of_line"] = ratio(here["bought_7"], line_here["bought_7"])
    columns["category_sold_28"] = category["bought_28"]
    columns["category_click_rate"] = (category["ad_clicks"] + 0.5) / (category["ad_impressions"] + 20.0)
    columns["category_trend"] = ratio(4.0 * category["bought_7"], category["bought_28"])
    columns["category_here_7"] = local["bought_7"]
    columns["category_repeat_share"] = ratio(category["repeats"], category["count"])
    columns["category_mean_gap_days"] = ratio(category["gap_days"], category["repeats"])
    columns["category_overdue"] = ratio(columns["category_days_since"], columns["category_mean_gap_days"])
    columns["brand_sold_28"] = view("brand")["bought_28"]
    columns["expected_new"] = columns["category_per_visit"] * columns["product_share_of_category"]
    columns["expected_in_line"] = columns["line_bought_60"] * columns["product_share_of_line"]


def _moment(view: View, columns: Columns) -> None:
    columns["hour"] = view.moment("hour")
    columns["weekday"] = view.moment("weekday")


_GROUPS = (_units, _shopper, _own, _category, _kin, _product, _market, rates, _moment)
"""In this order, because later groups use the columns of earlier ones."""
