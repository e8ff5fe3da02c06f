"""A decision executed again from its record alone: scores, slots, prices, odds, words, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker import auction, ranking
from hawker.delivery.build import RANKER, UNLEARNED
from hawker.delivery.engine import Engine
from hawker.delivery.fill import Beside, Filled, fill, named, paid, rules
from hawker.delivery.looks import Remembered, whole
from hawker.delivery.record import features, kept_apart, sheet
from hawker.delivery.wording import redrawn
from hawker.errors import NotFound
from hawker.features.program import Sheet
from hawker.ranking import Calibrated, Cascade, Model
from hawker.records.campaign import Pricing
from hawker.records.decision import Decision
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

__all__ = ["Again", "Executed", "again", "execute", "features", "model_of", "models_of"]
_RULE = "rule:"
_PAYS = {Pricing.CPM: 0, Pricing.CPC: 1, Pricing.CPA: 2}


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
    """What the second execution found, for those who explain it.

    `fallen` marks the candidates that a model in stages scored by its light model only.
    """

    model: Model
    x: NDArray[np.float32]
    probabilities: NDArray[np.float64]
    values: NDArray[np.float64]
    filled: Filled | None
    fallen: NDArray[np.bool_]

    def stage(self, row: int) -> tuple[Model, NDArray[np.float32], int]:
        """The model that scored a candidate, the rows that it scored, and the place of this one's."""
        same = self.fallen == self.fallen[row]
        place = int(np.count_nonzero(same[:row]))
        if not self.fallen[row]:
            return self.model, self.x[same], place
        light = _light(self.model)
        columns = [self.model.names.index(name) for name in light.names]
        return light, np.ascontiguousarray(self.x[same][:, columns]), place


def _light(model: Model) -> Model:
    """The model that scored what fell out of a cascade."""
    if isinstance(model, Calibrated):
        return _light(model.model)
    return _light(model.light) if isinstance(model, Cascade) else model


def models_of(decision: Decision, source: Shop | Engine) -> dict[str, Model]:
    """The models of all outcomes that a decision was made with; raises `NotFound` as `model_of` does."""
    found = {decision.outcome: model_of(decision, source)}
    for outcome in decision.candidates.others:
        version = decision.versions.get(f"model-{outcome}", "")
        if isinstance(source, Engine) and source.world.versions.get(f"model-{outcome}") == version:
            found[outcome] = source.world.models[outcome]
        else:
            shop = source.shop if isinstance(source, Engine) else source
            found[outcome] = ranking.load(ModelStore(shop.models).path(f"{RANKER}-{outcome}", version))
    return found


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


def execute(decision: Decision, models: Mapping[str, Model]) -> tuple[Executed, list[str]]:
    """Score, fill and price a decision's candidates again; what came of it, and every difference."""
    found, rng = decision.candidates, np.random.default_rng(decision.seed)
    differences = [] if named(decision.time, rng) == decision.id else ["id"]
    model = models[decision.outcome]
    if not found.ads:
        empty = np.zeros(0)
        blank = np.zeros((0, 0), np.float32)
        return Executed(model, blank, empty, empty, None, np.zeros(0, np.bool_)), differences
    seen = sheet(found)
    known = seen.look.names if isinstance(seen.look, Remembered) else frozenset()
    for one in models.values():
        if not known.union(seen.names).issuperset(one.names):
            raise NotFound("The model of that version has other features than the record.")
    chances = {outcome: one.serve(seen) for outcome, one in models.items()}
    bids = np.array(found.bids, dtype=np.int64)
    rates = paid(np.array([_PAYS[Pricing(kind)] for kind in found.pricing], dtype=np.int8), chances)
    quality = np.array(found.quality) if found.quality else 1.0
    values = auction.values(bids, rates, quality=quality)
    codes: dict[str, int] = {"": -1}
    advertisers = np.array([codes.setdefault(name, len(codes) - 1) for name in found.advertisers], np.int64)
    beside = Beside(
        products=np.array(found.products, dtype=np.int64) if found.products else None,
        apart=kept_apart(found.apart, found.advertisers, advertisers),
        guaranteed=found.guaranteed,
    )
    filled = fill(
        bids, rates, values=values, advertisers=advertisers, rules=rules(decision), rng=rng, beside=beside
    )
    x, fallen = whole(seen, model.names), _fallen(model, seen)
    executed = Executed(model, x, chances[decision.outcome], values, filled, fallen)
    differences += [
        f"probabilities: {outcome}"
        for outcome, before in found.others.items()
        if tuple(chances[outcome].tolist()) != before
    ]
    differences += _differences(decision, executed, filled)
    differences += redrawn(decision, rng)
    return executed, differences


def _fallen(model: Model, seen: Sheet) -> NDArray[np.bool_]:
    """The candidates of which a model was told less than it can take in."""
    further = set(model.names).difference(seen.names)
    out = np.zeros(len(seen), np.bool_)
    if further and isinstance(seen.look, Remembered):
        out[:] = True
        for rows, found in seen.look.taken:
            if further.issubset(found.names):
                out[rows] = False
    return out


def again(decision: Decision, source: Shop | Engine) -> tuple[Again, Executed | None]:
    """Execute a decision again and say whether the record and the execution agree, bit for bit."""
    try:
        executed, differences = execute(decision, models_of(decision, source))
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
    rivals = [found.ads[rival] if rival >= 0 else "" for rival in filled.rivals]
    order = list(filled.order)
    columns = {
        "price": list(filled.prices),
        "propensity": list(filled.odds),
        "explored": list(filled.by_chance),
        "probability": executed.probabilities[order].tolist(),
        "value": executed.values[order].tolist(),
        "runner_up": rivals,
    }
    for name, column in columns.items():
        if column != [getattr(slot, name) for slot in decision.slots]:
            yield name
    last = filled.runner_up
    if (found.ads[last] if last >= 0 else "") != decision.runner_up:
        yield "best of the others"
    for reason, count in filled.reasons.items():
        if decision.excluded.get(reason) != count:
            yield f"excluded: {reason}"
