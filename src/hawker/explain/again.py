"""A decision executed again from its record alone: scores, slots, prices and odds, compared bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker import auction, ranking
from hawker.delivery.build import RANKER, UNLEARNED
from hawker.delivery.engine import Engine
from hawker.delivery.fill import Filled, fill, named, rules
from hawker.errors import NotFound
from hawker.ranking import Model
from hawker.records.decision import Candidates, Decision
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

_RULE = "rule:"


class Again(Struct, frozen=True):
    """How a decision and its second execution compare.

    `reproduced` is None where it could not be executed, and `reason` says why. `differences` names
    what differed; empty where nothing did.
    """

    reproduced: bool | None
    reason: str = ""
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Executed:
    """What the second execution found, for those who explain it."""

    model: Model
    x: NDArray[np.float32]
    probabilities: NDArray[np.float64]
    values: NDArray[np.float64]
    filled: Filled | None


def features(found: Candidates) -> NDArray[np.float32]:
    """The feature rows of a record: float32 (ads, features)."""
    flat = np.frombuffer(found.features, dtype="<f4")
    return flat.reshape(len(found.ads), len(found.feature_names))


def model_of(decision: Decision, source: Shop | Engine) -> Model:
    """The model that a decision was made with; raises `NotFound` where it is no longer kept."""
    version = decision.versions.get("model", "")
    if isinstance(source, Engine) and source.world.versions.get("model") == version:
        return source.world.model
    if version.startswith(_RULE):
        return UNLEARNED.get(decision.outcome, UNLEARNED["purchase"])
    if not version:
        raise NotFound("The decision names no model.")
    shop = source.shop if isinstance(source, Engine) else source
    return ranking.load(ModelStore(shop.models).path(RANKER, version))


def execute(decision: Decision, model: Model) -> tuple[Executed, list[str]]:
    """Score, fill and price a decision's candidates again; what came of it, and every difference."""
    found, rng = decision.candidates, np.random.default_rng(decision.seed)
    differences = [] if named(decision.time, rng) == decision.id else ["id"]
    if not found.ads:
        empty = np.zeros(0)
        return Executed(model, np.zeros((0, 0), np.float32), empty, empty, None), differences
    if model.names != found.feature_names:
        raise NotFound("The model of that version has other features than the record.")
    x = features(found)
    probabilities = model.predict(x)
    rates = auction.rates(auction.per_thousand(found.pricing), probabilities)
    bids = np.array(found.bids, dtype=np.int64)
    values = auction.values(bids, rates, quality=np.array(found.quality))
    codes: dict[str, int] = {"": -1}
    advertisers = np.array([codes.setdefault(name, len(codes) - 1) for name in found.advertisers], np.int64)
    filled = fill(bids, rates, values=values, advertisers=advertisers, rules=rules(decision), rng=rng)
    executed = Executed(model, x, probabilities, values, filled)
    differences += _differences(decision, executed, filled)
    return executed, differences


def again(decision: Decision, source: Shop | Engine) -> tuple[Again, Executed | None]:
    """Execute a decision again and say whether the record and the execution agree, bit for bit."""
    try:
        executed, differences = execute(decision, model_of(decision, source))
    except NotFound as error:
        return Again(None, reason=error.message), None
    return Again(not differences, differences=tuple(differences)), executed


def _differences(decision: Decision, executed: Executed, filled: Filled) -> Iterator[str]:
    found = decision.candidates
    if tuple(executed.probabilities.tolist()) != found.probabilities:
        yield "probabilities"
    if tuple(found.ads[row] for row in filled.order) != tuple(slot.ad.id for slot in decision.slots):
        yield "slots"
        return
    rivals = [found.ads[rival] if rival >= 0 else "" for rival in filled.cleared.rivals.tolist()]
    columns = {
        "price": filled.cleared.prices.tolist(),
        "propensity": filled.odds.tolist(),
        "explored": filled.by_chance.tolist(),
        "probability": executed.probabilities[filled.order].tolist(),
        "value": executed.values[filled.order].tolist(),
        "runner_up": rivals,
    }
    for name, column in columns.items():
        if column != [getattr(slot, name) for slot in decision.slots]:
            yield name
    last = filled.cleared.runner_up
    if (found.ads[last] if last >= 0 else "") != decision.runner_up:
        yield "best of the others"
    for reason, count in filled.cleared.reasons.items():
        if decision.excluded.get(reason) != count:
            yield f"excluded: {reason}"
