"""What a model goes by as a whole: how much each reason and feature moved the scores of the ads it showed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from msgspec import Struct

from hawker.delivery.engine import Engine
from hawker.errors import NotFound
from hawker.explain.again import execute, models_of
from hawker.explain.parts import EXACT, parts
from hawker.explain.reasons import reason
from hawker.explain.score import spread_out
from hawker.explain.words import spoken, word
from hawker.ranking import Model
from hawker.records.campaign import Pricing
from hawker.records.decision import Decision
from hawker.statistics import Estimate
from hawker.statistics.bootstrap import quotient, together
from hawker.storage.shop import Shop


class Weight(Struct, frozen=True):
    """How far a reason or feature moves a score in the mean, either way, in the units of the model."""

    name: str
    text: str
    size: Estimate


class Overall(Struct, frozen=True):
    """What a version goes by, over the ads that it showed; heaviest first. `method` as in `Why`."""

    version: str
    method: str
    decisions: int
    ads: int
    shoppers: int
    reasons: tuple[Weight, ...]
    features: tuple[Weight, ...]


def overall(source: Shop | Engine, decisions: Iterable[Decision], *, language: str = "en") -> Overall:
    """Mean absolute parts of the scores of shown ads, each against the other ads considered beside it.

    Only decisions of the first one's model count. Intervals are from resampled shoppers. Raises
    `NotFound` where none of the decisions can be executed again, or none had two ads to choose from.
    """
    chosen = spoken(language)
    version, models, method = "", dict[str, Model](), EXACT
    shoppers: list[str] = []
    rows: list[dict[str, float]] = []
    counted = 0
    for decision in decisions:
        own = decision.versions.get("model", "")
        if not decision.slots or (version and own != version):
            continue
        version, models = own, models or models_of(decision, source)
        found = _of(decision, models)
        if found:
            counted += 1
            method = found[0]
            rows += found[1]
            shoppers += [decision.request.shopper or decision.id] * len(found[1])
    if not rows:
        raise NotFound(
            "There is no decision in which scores decided between ads.",
            remedy="Train a model, let it decide, and ask again.",
        )
    cluster = np.unique(shoppers, return_inverse=True)[1]
    names = list(dict.fromkeys(name for row in rows for name in row))
    groups = list(dict.fromkeys(reason(name) for name in names))
    table = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    grouped = np.stack([table[:, [reason(n) == g for n in names]].sum(axis=1) for g in groups], axis=1)
    return Overall(
        version=version,
        method=method,
        decisions=counted,
        ads=len(rows),
        shoppers=int(cluster.max()) + 1,
        reasons=_weights(groups, grouped, cluster, {name: word(name, chosen) for name in groups}),
        features=_weights(names, table, cluster, {}),
    )


def _of(decision: Decision, models: Mapping[str, Model]) -> tuple[str, list[dict[str, float]]] | None:
    """The parts of each shown ad that the model had a say in; None where there are no such."""
    try:
        executed, _ = execute(decision, models)
    except NotFound:
        return None
    found, method = [], EXACT
    for slot in decision.slots:
        if slot.pricing == Pricing.CPM:
            continue
        model, x, row = executed.stage(decision.candidates.ads.index(slot.ad.id))
        if others := spread_out(model, x, row):
            method, told = parts(model, x[[row]], against=x[others])
            found.append({name: float(values[0]) for name, values in told.items()})
    return (method, found) if found else None


def _weights(
    names: list[str], table: np.ndarray, cluster: np.ndarray, texts: Mapping[str, str]
) -> tuple[Weight, ...]:
    """Means of absolute columns with their intervals, the largest first."""
    ones = np.ones(len(table))
    columns = {name: ([np.abs(table[:, place]), ones], quotient) for place, name in enumerate(names)}
    sizes = together(cluster, columns)
    order = np.argsort(-np.abs(table).mean(axis=0), kind="stable")
    return tuple(Weight(names[i], texts.get(names[i], names[i]), sizes[names[i]]) for i in order)
