"""A model from elsewhere joins a shop's own: calibrated, judged and saved, to be promoted like them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from hawker import ranking
from hawker.delivery.build import ranker
from hawker.delivery.pipeline import CONTEXT
from hawker.delivery.world import PRICED
from hawker.errors import BadInput, BadSetting, nearest
from hawker.features import assemble
from hawker.features.examples import Examples
from hawker.learning import pipeline
from hawker.learning.fitting import Course, Fitted, Slices
from hawker.learning.pipeline import Bench
from hawker.learning.trials import WINDOW
from hawker.ranking import Comparison, Evaluation, Model
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

Progress = Callable[[str, float], None]
Method = Literal["isotonic", "platt"]


@dataclass(frozen=True)
class Adopted:
    """A saved model from elsewhere, and how it did on the `rows` it was calibrated on.

    `evaluation` is of the calibrated model, `raw` of the model as it came. `against` is it less the model
    that `served` (None: none did); where that had been fitted on the same rows too, it is `flattered`.
    """

    version: str
    source: str
    outcome: str
    rows: int
    raw: Evaluation
    evaluation: Evaluation
    served: str | None = None
    against: Comparison | None = None
    flattered: bool = False


def adopt(
    shop: Shop,
    source: str | Path | Any,
    names: Sequence[str],
    *,
    outcome: str = "",
    unknown: float | None = None,
    method: Method = "isotonic",
    trust: Collection[str] = (),
    seed: int = 7,
    on: Bench | None = None,
    how: Course | None = None,
    progress: Progress | None = None,
) -> Adopted:
    """Register an ONNX file or a fitted classifier (`ranking.register`), calibrate, judge and save it.

    `names` are features of the shop, in the order of the model's inputs; `outcome` is what it predicts, else
    what the shop's ads are judged by. It is calibrated on the slice that the shop's own models are
    calibrated on, and does not serve before `pipeline.promote`. Nothing here can tell whether it was fitted
    on days that judge it. Raises `BadInput` for a file or a feature that does not fit, or one that knows the
    outcome, unless `trust` vouches for it.
    """
    wanted = outcome or shop.settings.outcome
    if wanted not in PRICED:
        raise BadSetting(f"Nothing is decided by '{wanted[:40]}'.", remedy=nearest(wanted, list(PRICED)))
    model = ranking.register(source, names, unknown=unknown)
    held = on or pipeline.bench(shop, progress=progress)
    _there(held, model.names)
    plan = replace(how or pipeline.course(shop.settings.outcome), elsewhere=0)
    rows = _rows(held, plan, wanted, seed=seed, progress=progress)
    pipeline.checked(held, rows.only(model.names), plan, trust=trust, seed=seed)
    slices = Slices(rows.take(rows.time < held.split.calibrate), rows.take(rows.time >= held.split.calibrate))
    if not 0 < slices.later.y.sum() < len(slices.later):
        raise BadInput(
            f"The days to calibrate on have {int(slices.later.y.sum()):,} times '{wanted}' in "
            f"{len(slices.later):,} rows.",
            remedy="Ingest more behaviour.",
        )
    found = ranking.calibrate(model, slices.later, method=method)
    judged = ranking.evaluate(found, slices.later)
    served, beside = _serving(shop, wanted)
    against = ranking.compare(found, beside, slices.later) if beside else None
    if wanted == shop.settings.outcome:
        made = Fitted(found, f"{model.recipe['source']}, calibrated", "external", {}, found)
        version = pipeline.keep(shop, made, held=held, slices=slices, judged=judged)
    else:
        version = pipeline.keep_beside(shop, found, outcome=wanted, judged=judged)
    return Adopted(
        version=version,
        source=model.recipe["source"],
        outcome=wanted,
        rows=len(slices.later),
        raw=ranking.evaluate(model, slices.later),
        evaluation=judged,
        served=served,
        against=against,
        flattered=beside is not None and "refit" in beside.recipe,
    )


def _there(held: Bench, names: Sequence[str]) -> None:
    """Refuse names that are no features of the shop."""
    there = assemble.known(held.world.state, CONTEXT)
    for name in names:
        if name not in there:
            raise BadInput(f"The shop has no feature '{name[:80]}'.", remedy=nearest(name, sorted(there)))


def _rows(
    held: Bench, plan: Course, outcome: str, *, seed: int, progress: Progress | None = None
) -> Examples:
    """What was on offer before the test slice, and whether this came of it."""
    found = pipeline.gathered(held, plan, seed=seed, progress=progress)
    if outcome == held.world.outcome:
        return found.offered
    if found.sold is None:
        raise BadInput(
            f"The shop's ads are judged by '{held.world.outcome}'; its log does not tell which of them came "
            f"to a {outcome}.",
            remedy=f"Give a model that predicts '{held.world.outcome}'.",
        )
    return found.sold.take(found.sold.time < held.split.test - WINDOW)


def _serving(shop: Shop, outcome: str) -> tuple[str | None, Model | None]:
    """The version that predicts an outcome now, and the model."""
    store, name = ModelStore(shop.models), ranker(shop, outcome)
    version = store.promoted(name)
    return version, ranking.load(store.path(name, version)) if version else None
