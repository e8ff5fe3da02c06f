"""How often a shopper comes back to a product, smoothed by how often people come back to it at all.

A few purchases say little of a rate, and most pairs have few. So each personal rate starts from the
population's: so many visits of it are added to the shopper's own (a gamma prior on a Poisson rate).
"""

from __future__ import annotations

from hawker.features.formula import Columns, Term, View, larger, ratio, where

PRIOR = 16.0
"""Visits' worth of the population's rate that each personal rate begins with."""
_OPEN = 6.0  # visits counted for a buyer who has not come back yet: their gap is still open
_SPAN = 1.4427  # a decaying count sums over so many half-lives: 1 / ln 2


def rates(view: View, columns: Columns) -> None:
    """Smoothed rates per visit of product, category and line, and what they let one expect."""
    visits = columns["shopper_visits"]
    for name, table in (("own", "product"), ("category", "category"), ("line", "line")):
        own, everyone = view(f"shopper_{table}"), view(table)
        usual = _usual(everyone)
        columns[f"{name}_usual_rate"] = usual
        span = larger(visits - own["first_visit"], 0.0)
        again = larger(own["count"] - 1.0, 0.0)
        rate = where(own["count"], (again + PRIOR * usual) / (span + PRIOR))
        columns[f"{name}_rate"] = rate
        columns[f"{name}_rate_due"] = (visits - own["last_visit"]) * rate
    _lately(view, columns)
    columns["expected_new_here"] = columns["category_rate"] * columns["product_here_share_of_category"]
    columns["expected_new_lately"] = (
        columns["category_20_per_visit"] * columns["product_here_share_of_category"]
    )
    columns["expected_in_line_rate"] = columns["line_rate"] * larger(columns["product_share_of_line_7"], 0.0)


def _usual(everyone: Columns) -> Term:
    """The population's chance, per visit, that a buyer buys again."""
    buyers = everyone["count"] - everyone["repeats"]
    return (everyone["repeats"] + 0.1) / (everyone["gap_visits"] + _OPEN * buyers + 20.0)


def _lately(view: View, columns: Columns) -> None:
    """Rates of the last weeks: decaying counts over the visits made in the same time."""
    shopper, own, category = view("shopper"), view("shopper_product"), view("shopper_category")
    daily = ratio(shopper["visits"], view.since(shopper["first"]) + 7.0)
    columns["own_20_per_visit"] = own["bought_20"] / (daily * 20.0 * _SPAN + 1.0)
    columns["own_45_per_visit"] = own["bought_45"] / (daily * 45.0 * _SPAN + 1.0)
    columns["category_20_per_visit"] = category["bought_20"] / (daily * 20.0 * _SPAN + 1.0)
    columns["own_share_of_line_lately"] = ratio(own["bought_45"], view("shopper_line")["bought_60"])
