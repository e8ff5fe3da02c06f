"""A model's card: what it learned from, how well it does and for whom, what it must not be trusted with.

Figures only; `card_page` writes them down for people, in the shop's language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker import __version__
from hawker.features.examples import Examples
from hawker.ranking.calibrate import Calibrated, calibrate
from hawker.ranking.metrics import Evaluation, apart, judge, won
from hawker.ranking.ranker import Floats, Model, fits
from hawker.statistics import Estimate
from hawker.statistics.bootstrap import ratio

POINTS = 10
LEAST = 20
"""Shoppers below whom a segment or group is not told: figures of few are noise, and about someone."""
FEW = 200
RARE = 0.95
YEAR = 365 * 86_400_000_000
Texts = NDArray[np.str_]


class Slice(Struct, frozen=True):
    """Rows that a model was fitted on, or judged on."""

    start: str
    end: str
    days: float
    rows: int
    positives: int
    requests: int
    shoppers: int


class Column(Struct, frozen=True):
    """A feature: `kind` (quantity, category, sequence, vector) and the share of rows that do not know it."""

    name: str
    kind: str
    unknown: float


class Point(Struct, frozen=True):
    """Rows of like prediction: what was predicted in the mean, and what came true."""

    predicted: float
    observed: Estimate
    share: float


class Part(Struct, frozen=True):
    """How the model does on some of the rows."""

    name: str
    rows: int
    shoppers: int
    auc: Estimate
    log_loss: Estimate
    calibration: Estimate


class Gap(Struct, frozen=True):
    """How far a group is from all other shoppers: differences of AUC and of Σ predicted / Σ observed."""

    name: str
    rows: int
    shoppers: int
    auc: Estimate
    calibration: Estimate


class Limit(Struct, frozen=True):
    """Something the model must not be trusted with: a code, and what fills its words."""

    code: str
    values: dict[str, str] = {}


class Card(Struct, frozen=True):
    """Everything on the card. `shown` is Σ predicted / Σ observed of the `slots` best of each request."""

    model: str
    outcome: str
    made: str
    version: str
    fit: Slice
    judged: Slice
    features: tuple[Column, ...]
    figures: dict[str, Estimate]
    curve: tuple[Point, ...]
    slots: int
    shown: Estimate
    segments: dict[str, tuple[Part, ...]]
    groups: dict[str, tuple[Gap, ...]]
    limits: tuple[Limit, ...]
    recipe: dict[str, Any]


def card(
    model: Model,
    judged: Examples,
    *,
    fit: Examples,
    final: Model | None = None,
    outcome: str = "",
    slots: int = 1,
    segments: Mapping[str, Texts] | None = None,
    groups: Mapping[str, Texts] | None = None,
    seed: int = 0,
) -> Card:
    """The card of a model fitted on `fit`, by rows it was not fitted on.

    `segments` and `groups` give each judged row a label by dimension ("" for none): `groups` are those
    whom the model should serve alike (age bands, say), `segments` any others. If the model was calibrated
    on the judged rows, it is calibrated anew on half of the shoppers before it is judged on the others.
    `final` is the model that serves, where that was made of this one with the judged rows as well.
    """
    serving = final or model
    judged = fits(model.names, judged)
    p, score = _predicted(model, judged)
    whole = judge(p, judged, score=score, seed=seed)
    shown = won(p, judged, most=slots, score=score, seed=seed)
    by_segment = {
        name: tuple(_parts(p, score, judged, labels, seed)) for name, labels in (segments or {}).items()
    }
    by_group = {name: tuple(_gaps(p, score, judged, labels, seed)) for name, labels in (groups or {}).items()}
    columns = tuple(_columns(model, fit))
    sides = slice_of(fit), slice_of(judged)
    return Card(
        model=described(serving),
        outcome=outcome,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        fit=sides[0],
        judged=sides[1],
        features=columns,
        figures={name: getattr(whole, name) for name in _FIGURES},
        curve=tuple(_curve(p, judged, seed)),
        slots=slots,
        shown=shown,
        segments={name: parts for name, parts in by_segment.items() if len(parts) > 1},
        groups={name: gaps for name, gaps in by_group.items() if len(gaps) > 1},
        limits=(
            *([Limit("refitted")] if _changed(serving, model, judged) else []),
            *([Limit("elsewhere")] if serving.recipe.get("estimator") == "external" else []),
            *_limits(sides, columns, by_segment, by_group, shown),
        ),
        recipe=serving.recipe,
    )


_FIGURES = ("log_loss", "auc", "group_auc", "normalised_entropy", "calibration", "ece")


def described(model: Model) -> str:
    """A model's kinds from the outside in.

    >>> from hawker.ranking import Rule
    >>> described(Rule(("a",), {"a": 1.0}))
    'rule'
    """
    inner = getattr(model, "model", None) or getattr(model, "heavy", None)
    if inner is not None:
        return f"{model.kind} {described(inner)}"
    models: Sequence[Model] = getattr(model, "models", ())
    kinds = list(dict.fromkeys(described(one) for one in models))
    return f"{model.kind} of {len(models)} ({', '.join(kinds)})" if models else model.kind


def slice_of(rows: Examples) -> Slice:
    """When rows are from, and how many of what."""
    first, last = (int(rows.time.min()), int(rows.time.max())) if len(rows) else (0, 0)
    start, end = (datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="seconds") for at in (first, last))
    counts = (len(np.unique(column)) for column in (rows.group, rows.cluster))
    return Slice(start, end, (last - first) / 86_400_000_000, len(rows), int(rows.y.sum()), *counts)


def _changed(serving: Model, model: Model, rows: Examples) -> bool:
    """Whether what serves is another model than the one judged, not merely another form of it."""
    if hasattr(serving, "light") or "refit" in serving.recipe:
        return True
    few = rows.take(np.arange(min(len(rows), 200)))
    ours, theirs = (one.score(fits(one.names, few).x) for one in (serving, model))
    return not np.allclose(ours, theirs, atol=1e-3)


def _predicted(model: Model, rows: Examples) -> tuple[Floats, Floats]:
    """Probabilities and scores; a calibration fitted on such rows is fitted again, by halves of shoppers."""
    if not isinstance(model, Calibrated) or "calibration" not in model.recipe:
        score = model.score(rows.x)
        return model.link(score), score
    how = model.recipe["calibration"]
    method, by, most = how.get("method", "isotonic"), how.get("by", ""), how.get("won", 0)
    half = np.unique(rows.cluster, return_inverse=True)[1] % 2 == 0
    p, score = np.empty(len(rows)), np.empty(len(rows))
    for mask in (half, ~half):
        other = rows.take(~mask)
        if 0 < other.y.sum() < len(other):
            again = calibrate(model.model, other, method=method, by=by, won=most)
        else:
            again = model
        score[mask] = again.score(rows.x[mask])
        p[mask] = again.link(score[mask])
    return p, score


def _columns(model: Model, fit: Examples) -> list[Column]:
    kinds: dict[str, str] = {name: one.kind for one in fit.fields for name in one.columns}
    kinds |= dict.fromkeys(fit.categorical, "category")
    known = set(fit.names)
    return [
        Column(name, kinds.get(name, "quantity"), float(np.isnan(fit.x[:, fit.names.index(name)]).mean()))
        for name in model.names
        if name in known
    ]


def _curve(p: Floats, rows: Examples, seed: int) -> list[Point]:
    """Bins of about equal weight; what came true in each, drawn again by shoppers."""
    order = np.argsort(p, kind="stable")
    weight = np.cumsum(rows.weight[order])
    bins = np.minimum((weight - rows.weight[order] / 2) / weight[-1] * POINTS, POINTS - 1).astype(np.intp)
    points = []
    for number in np.unique(bins):
        own = order[bins == number]
        w = rows.weight[own]
        observed = ratio(rows.cluster[own], w * rows.y[own], denominator=w, seed=seed)
        points.append(Point(float(np.average(p[own], weights=w)), observed, float(w.sum() / weight[-1])))
    return points


def _parts(p: Floats, score: Floats, rows: Examples, labels: Texts, seed: int) -> list[Part]:
    """The figures of each segment with enough shoppers."""
    found = []
    for name, own in _labelled(rows, labels):
        part: Evaluation = judge(p[own], rows.take(own), score=score[own], resamples=400, seed=seed)
        figures = part.auc, part.log_loss, part.calibration
        found.append(Part(name, part.rows, part.clusters, *figures))
    return found


def _gaps(p: Floats, score: Floats, rows: Examples, labels: Texts, seed: int) -> list[Gap]:
    """How far each group with enough shoppers is from all others who are in some group."""
    stated = np.flatnonzero(labels != "")
    known, own_p, own_score = rows.take(stated), p[stated], score[stated]
    found = []
    for name, own in _labelled(known, labels[stated]):
        mask = np.zeros(len(known), dtype=np.bool_)
        mask[own] = True
        shoppers = len(np.unique(known.cluster[own]))
        gaps = apart(own_p, known, mask, score=own_score, seed=seed)
        found.append(Gap(name, len(own), shoppers, *gaps))
    return found


def _labelled(rows: Examples, labels: Texts) -> list[tuple[str, NDArray[np.intp]]]:
    """The rows of each label with enough shoppers, by name."""
    several = (
        (str(label), np.flatnonzero(labels == label)) for label in sorted(set(labels.tolist()), key=_natural)
    )
    return [(name, own) for name, own in several if name and len(np.unique(rows.cluster[own])) >= LEAST]


def _natural(label: str) -> tuple[float, str]:
    """Labels that begin with a number go by it: '3–43' before '128–617'."""
    digits = re.match(r"[\d,]+", label)
    return (float(digits[0].replace(",", "") or 0) if digits else float("inf"), label)


def _limits(
    sides: tuple[Slice, Slice],
    columns: Sequence[Column],
    segments: Mapping[str, Sequence[Part]],
    groups: Mapping[str, Sequence[Gap]],
    shown: Estimate,
) -> list[Limit]:
    """What the figures themselves warn of."""
    fit, judged = sides
    found = [Limit("offered")]
    if fit.days * 86_400_000_000 < YEAR:
        found.append(Limit("season", {"days": f"{fit.days:,.0f}"}))
    if min(fit.positives, judged.positives) < FEW:
        few = min(fit.positives, judged.positives)
        found.append(Limit("few", {"positives": f"{few:,}"}))
    if rare := [column.name for column in columns if column.unknown > RARE]:
        listed = ", ".join(rare[:5]) + (", …" if len(rare) > 5 else "")
        found.append(Limit("unknown", {"count": str(len(rare)), "names": listed}))
    if _excludes(shown, 1):
        found.append(Limit("shown", {"ratio": f"{shown:.3f}"}))
    for dimension, parts in segments.items():
        for part in parts:
            if _excludes(part.calibration, 1):
                values = {"dimension": dimension, "name": part.name, "ratio": f"{part.calibration:.3f}"}
                found.append(Limit("segment", values))
    for dimension, gaps in groups.items():
        for gap in gaps:
            for code, estimate in (("group_auc", gap.auc), ("group_calibration", gap.calibration)):
                if _excludes(estimate, 0):
                    values = {"dimension": dimension, "name": gap.name, "gap": f"{estimate:+.3f}"}
                    found.append(Limit(code, values))
    return found


def _excludes(estimate: Estimate, value: float) -> bool:
    """Whether an interval says that it is not this value."""
    low, high = estimate.low, estimate.high
    return low is not None and high is not None and not low <= value <= high
