"""Why a score is what it is: each feature's part, gathered into reasons that a shopper understands."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.errors import extra
from hawker.ranking import Blend, Calibrated, Cascade, Model
from hawker.ranking.trees import TreesModel

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]

EXACT, SHAPLEY, ABLATION = "exact", "tree_shapley", "ablation"
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
    ("calibration", ("(calibration)",)),
)
"""Which feature belongs to which reason: the first whose prefix fits; what fits none is 'other'."""


class Part(Struct, frozen=True):
    """What one reason adds to the score, in the units of the model, against the other ads considered."""

    reason: str
    weight: float


class Why(Struct, frozen=True):
    """The parts of one ad's score, heaviest first.

    With an additive `method` (exact, tree_shapley) `score` = `baseline` + the sum of the parts; with
    `ablation` a part is what the score would lose if the reason's features were those of a typical
    other ad, and parts need not add up. `baseline` is the mean score of the other ads compared.
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

    Exact for linear models and rules; Shapley values for trees where LightGBM is there to give them;
    else by ablation, one reason after the other.
    """
    others = _others(model, x, row)
    scores = model.score(x[[row, *others]])
    baseline = float(scores[1:].mean()) if len(others) else float(scores[0])
    parts = additive(model, x[[row, *others]])
    if parts is None:
        return Why(ABLATION, float(scores[0]), baseline, _ablated(model, x, row, others))
    method, columns = parts
    gaps = {
        name: float(values[0] - values[1:].mean()) if len(others) else 0.0 for name, values in columns.items()
    }
    return Why(method, float(scores[0]), baseline, _gathered(gaps))


def additive(model: Model, x: Rows) -> tuple[str, dict[str, Floats]] | None:
    """For each feature its part of each row's score, which is their sum; None where no exact answer is."""
    if isinstance(model, Calibrated):
        inner = additive(model.model, x)
        if inner is None:
            return None
        raw = np.sum(list(inner[1].values()), axis=0)
        return inner[0], {**inner[1], "(calibration)": model.bend(raw) - raw}
    if isinstance(model, Cascade):
        return additive(model.heavy, model.heavily(x))
    if isinstance(model, Blend):
        return _blended(model, x)
    if isinstance(model, TreesModel):
        return _shapley(model, x)
    rows = [model.explain(one) for one in x]
    if not rows or not rows[0]:
        return None
    return EXACT, {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _blended(model: Blend, x: Rows) -> tuple[str, dict[str, Floats]] | None:
    total: dict[str, Floats] = {"(base)": np.full(len(x), model.base)}
    method = EXACT
    for inner, weight in zip(model.models, model.weights, strict=True):
        if not weight:
            continue
        found = additive(inner, x)
        if found is None:
            return None
        method = found[0] if found[0] != EXACT else method
        for name, values in found[1].items():
            total[name] = total.get(name, np.zeros(len(x))) + weight * values
    return method, total


def _shapley(model: TreesModel, x: Rows) -> tuple[str, dict[str, Floats]] | None:
    """LightGBM's TreeSHAP (Lundberg et al. 2020): exact Shapley values of the trees' paths."""
    if find_spec("lightgbm") is None:
        return None
    booster = extra("lightgbm", "train").Booster(model_str=model.text)
    values = np.asarray(booster.predict(x, pred_contrib=True, num_threads=1), dtype=np.float64)
    return SHAPLEY, {name: values[:, place] for place, name in enumerate((*model.names, "(base)"))}


def _ablated(model: Model, x: Rows, row: int, others: list[int]) -> tuple[Part, ...]:
    """What the score loses when one reason's features take the typical value of the other ads."""
    if not others:
        return ()
    typical = _typical(x[others])
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(model.names):
        groups.setdefault(reason(name), []).append(place)
    changed = np.repeat(x[row : row + 1], len(groups) + 1, axis=0)
    for number, places in enumerate(groups.values(), 1):
        changed[number, places] = typical[places]
    scores = model.score(changed)
    return _sorted({name: float(scores[0] - scores[n]) for n, name in enumerate(groups, 1)})


def _typical(rows: Rows) -> Rows:
    """The median of each column over its known values; unknown where none is known."""
    out = np.full(rows.shape[1], np.nan, dtype=np.float32)
    known = ~np.isnan(rows).all(axis=0)
    out[known] = np.nanmedian(rows[:, known], axis=0)
    return out


def _others(model: Model, x: Rows, row: int) -> list[int]:
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
