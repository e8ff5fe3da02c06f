"""Why a score is what it is: each feature's part, gathered into reasons that a shopper understands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from hawker.explain.parts import ABLATION, EXACT, GRADIENTS, SHAPLEY, Rows, level, parts, typical
from hawker.ranking import Model

__all__ = ["ABLATION", "EXACT", "GRADIENTS", "SHAPLEY", "Part", "Why", "contributions", "reason"]
MOST_OTHERS = 15
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
    ("timing", ("hour", "weekday", "day_", "season_")),
    ("activity", ("shopper_",)),
)
"""Which feature belongs to which reason: the first whose prefix fits; what fits none is 'other'."""


class Part(Struct, frozen=True):
    """What one reason adds to the score, in the units of the model, against the other ads considered."""

    reason: str
    weight: float


class Why(Struct, frozen=True):
    """The parts of one ad's score, heaviest first.

    `score` = `baseline` + the sum of the parts, and `baseline` is what the other ads compared score in the
    mean (before calibration bends it), or for nets one of their typical features. With `ablation` a part is
    what the score would lose if the reason's features were those of a typical other ad, and parts need not
    add up.
    """

    method: str
    score: float
    baseline: float
    parts: tuple[Part, ...]


def reason(feature: str) -> str:
    """The reason that a feature belongs to.

    >>> reason("own_count"), reason("own_ad_clicks"), reason("product_here_7"), reason("colour")
    ('own', 'ads', 'store', 'other')
    """
    for name, prefixes in REASONS_BY_PREFIX:
        if feature.startswith(prefixes):
            return name
    return "other"


def contributions(model: Model, x: Rows, *, row: int) -> Why:
    """Why `x[row]` has its score, compared with up to `MOST_OTHERS` other rows spread over the ranking.

    By parts that add up where the model has such (see `parts`); else by ablation, one reason after the
    other.
    """
    others = spread_out(model, x, row)
    score = float(model.score(x[[row]])[0])
    found = parts(model, x[[row]], against=x[others or [row]])
    baseline = level(model, x[others]) if others else score
    if not others:
        return Why(found[0] if found else ABLATION, score, baseline, ())
    if found is None:
        return Why(ABLATION, score, baseline, _ablated(model, x, row, others))
    return Why(
        found[0], score, baseline, _gathered({name: float(part[0]) for name, part in found[1].items()})
    )


def _ablated(model: Model, x: Rows, row: int, others: list[int]) -> tuple[Part, ...]:
    """What the score loses when one reason's features take the typical value of the other ads."""
    if not others:
        return ()
    usual = typical(x[others])
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(model.names):
        groups.setdefault(reason(name), []).append(place)
    changed = np.repeat(x[row : row + 1], len(groups) + 1, axis=0)
    for number, places in enumerate(groups.values(), 1):
        changed[number, places] = usual[places]
    scores = model.score(changed)
    return _sorted({name: float(scores[0] - scores[n]) for n, name in enumerate(groups, 1)})


def spread_out(model: Model, x: Rows, row: int) -> list[int]:
    """Rows to compare with: evenly spread from the best score to the worst."""
    ranking = np.argsort(-model.score(x), kind="stable")
    ranking = ranking[ranking != row]
    if len(ranking) <= MOST_OTHERS:
        return [int(place) for place in ranking]
    picked = np.linspace(0, len(ranking) - 1, MOST_OTHERS).round().astype(np.intp)
    return [int(place) for place in ranking[picked]]


def _gathered(gaps: Mapping[str, float]) -> tuple[Part, ...]:
    total: dict[str, float] = {}
    for name, gap in gaps.items():
        total[reason(name)] = total.get(reason(name), 0.0) + gap
    return _sorted(total)


def _sorted(total: Mapping[str, float]) -> tuple[Part, ...]:
    """Heaviest first, in either direction; a part of nothing is left out."""
    ranked = sorted(total.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    return tuple(Part(name, weight) for name, weight in ranked if weight)
