"""From rows to the model of a course: estimators compete, the best is averaged, calibrated and staged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from hawker import ranking
from hawker.errors import BadSetting
from hawker.features.examples import Examples
from hawker.ranking import Blend, Calibrated, Cascade, Estimator, Evaluation, Model
from hawker.ranking.averaged import averaged
from hawker.ranking.exported import exported
from hawker.ranking.net import NetModel

if TYPE_CHECKING:
    from hawker.ranking import Trees

Progress = Callable[[str, float], None]
Search = Callable[[Estimator, Examples], Estimator]
BLEND = "blend"
GLANCE = (
    "affinity",
    "own_rate",
    "own_per_visit",
    "own_45_per_visit",
    "product_bought_2",
    "product_burst",
    "product_units_7",
)
"""What the light stage looks at: enough to know which candidates cannot be among the best, of two tables."""

GLANCED = 0.3
"""The share of the trials that teach it: trees so small need no more."""


@dataclass(frozen=True)
class Course:
    """How to train: which estimators compete, on how many trials, with how many not taken of each.

    Each estimator is fitted once to compete; where they work `together`, so does their blend, weighed on
    the calibration slice. The best is fitted `bags` times, each time on another `share` of the trials, and
    averaged. `elsewhere` adds to the rows what else sold then, and so many products not taken of it:
    trials of what was not on offer. `refit` fits on the calibration slice too, once the calibration is
    known. `student` is fitted to the scores of what came of all that, and serves in its stead; `light`
    too, by the features `GLANCE`: it looks at all candidates, the other at the best `keep` of them.
    """

    estimators: tuple[Estimator, ...]
    most: int = 18_000
    negatives: int = 25
    bags: int = 1
    share: float = 1.0
    elsewhere: int = 0
    together: bool = False
    refit: bool = False
    student: Trees | None = None
    light: Trees | None = None
    keep: int = 40

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise BadSetting(f"Course: 'share' is a share of the trials, not {self.share}.")


@dataclass(frozen=True)
class Slices:
    """Rows of what was on offer, to fit and, later, to calibrate; and of what sold elsewhere, to fit."""

    fit: Examples
    later: Examples
    elsewhere: Examples | None = None

    @property
    def known(self) -> Examples:
        """All that may be fitted before the calibration is known, each row weighing as much.

        The weights that make rates true would only add noise to the order; calibration, which uses
        them, sets the rates right.
        """
        return _even(self.fit, self._elsewhere(self.fit))

    @property
    def all(self) -> Examples:
        """The same with the calibration slice."""
        return _even(self.fit, self.later, self.elsewhere)

    def _elsewhere(self, until: Examples) -> Examples | None:
        if self.elsewhere is None:
            return None
        return self.elsewhere.take(self.elsewhere.time <= until.time.max())


@dataclass(frozen=True)
class Fitted:
    """The model of a course and its name, and how each estimator did on the calibration slice.

    `unseen` is the same model before it was fitted on that slice too, or put behind a light one: what the
    slice can judge.
    """

    model: Model
    name: str
    best: str
    judged: dict[str, Evaluation]
    unseen: Model


def fit(
    slices: Slices, plan: Course, *, seed: int, search: Search | None = None, progress: Progress | None = None
) -> Fitted:
    """Let the estimators compete on the calibration slice, and make the most of the best.

    What counts is the order within each request (AUC by group): that is what is served; rates are set right
    by calibration, whoever wins.
    `search` may change each estimator first, given the rows it will be fitted on.
    """
    tell = progress or (lambda _words, _share: None)
    rows = slices.known
    chosen: dict[str, Estimator] = {}
    models: dict[str, Model] = {}
    for number, given in enumerate(plan.estimators):
        name = type(given).__name__.lower()
        chosen[name] = search(given, rows) if search else given
        tell(f"training {name}", number / (2 * len(plan.estimators)))
        some = drawn(rows, plan.share, seed=seed)
        models[name] = ranking.train(chosen[name], some, seed=seed, trust=rows.names)
    if plan.together and len(models) > 1:
        models[BLEND] = ranking.blend(list(models.values()), slices.later)
    judged = {
        name: ranking.evaluate(ranking.calibrate(model, slices.later), slices.later)
        for name, model in models.items()
    }
    best = max(judged, key=lambda name: _order(judged[name]))
    tell(f"averaging {best}", 0.5)
    model, unseen = _grown(best, models, chosen, slices=slices, plan=plan, seed=seed)
    if best != BLEND and not plan.refit:
        judged[best] = ranking.evaluate(unseen, slices.later)
    name = f"{best} × {plan.bags}, calibrated"
    if plan.student is not None:
        tell("distilling", 0.8)
        model = ranking.distil(model, slices.all, names=model.names, how=plan.student, seed=seed)
        name = f"{name}, distilled"
    model = lean(model)
    if plan.light is not None:
        model = staged(model, slices, plan, seed=seed)
        name = f"{name}, for the best {plan.keep}"
    return Fitted(model, name, best, judged, unseen)


def _grown(
    best: str,
    models: dict[str, Model],
    chosen: dict[str, Estimator],
    *,
    slices: Slices,
    plan: Course,
    seed: int,
) -> tuple[Model, Model]:
    """The best of the competition, averaged and calibrated; and how it was before it knew the later slice.

    With `refit` the single fits of the competition are what is calibrated, and the mean of fits to all rows
    is bent by that: the map rises, so the order is the mean's.
    """
    rows = slices.all if plan.refit else slices.known

    def more(name: str) -> Model:
        first = None if plan.refit else models[name]
        return bagged(chosen[name], rows, plan=plan, seed=seed, first=first)

    one = models[best]
    if isinstance(one, Blend) and best == BLEND:
        members = [
            more(name) if weight else models[name] for name, weight in zip(chosen, one.weights, strict=True)
        ]
        full: Model = Blend(tuple(members), one.weights, one.base)
        full.recipe = {**one.recipe, "bags": plan.bags, "share": plan.share, "rows": len(rows)}
    else:
        full = more(best)
    known = ranking.calibrate(one if plan.refit else full, slices.later)
    if not plan.refit:
        return known, known
    again = replace(known, model=full)
    again.recipe = {**known.recipe, "refit": {"rows": len(rows), "to": int(rows.time.max())}}
    return again, known


def bagged(
    estimator: Estimator, rows: Examples, *, plan: Course, seed: int, first: Model | None = None
) -> Model:
    """The mean of an estimator's log-odds, fitted `bags` times; `first` is one of them."""
    models = [] if first is None else [first]
    for bag in range(len(models), plan.bags):
        some = drawn(rows, plan.share, seed=seed + bag)
        models.append(ranking.train(estimator, some, seed=seed + bag, trust=rows.names))
    if len(models) == 1:
        return models[0]
    mean = Blend(tuple(models), np.full(len(models), 1.0 / len(models)), 0.0)
    mean.recipe = {**models[0].recipe, "bags": len(models), "share": plan.share, "rows": len(rows)}
    return mean


def drawn(rows: Examples, share: float, *, seed: int) -> Examples:
    """A share of the trials with all their rows, drawn by the seed."""
    if share >= 1:
        return rows
    groups = np.unique(rows.group)
    kept = np.random.default_rng(seed).random(len(groups)) < share
    return rows.take(kept[np.searchsorted(groups, rows.group)])


def lean(model: Model) -> Model:
    """The same model with its networks in forms that are served without torch: as matrices, or as graphs."""
    if isinstance(model, Calibrated):
        return replace(model, model=lean(model.model))
    members = model.models if isinstance(model, Blend) else (model,)
    even = not isinstance(model, Blend) or (len(set(model.weights * len(members))) == 1 and not model.base)
    nets = [member for member in members if isinstance(member, NetModel)]
    if even and len(nets) == len(members):
        whole = averaged(nets)
        if whole is not None:
            whole.recipe = model.recipe
            return whole
    if isinstance(model, Blend):
        return replace(model, models=tuple(lean(member) for member in members))
    graphs = find_spec("onnx") is not None and find_spec("onnxruntime") is not None
    return exported(model) if model.kind == "net" and graphs else model


def staged(heavy: Model, slices: Slices, plan: Course, *, seed: int) -> Cascade:
    """The model behind a light one that imitates it by a few features of what was on offer."""
    assert plan.light is not None
    names = tuple(name for name in GLANCE if name in heavy.names)
    offered = drawn(_even(slices.fit, slices.later), GLANCED, seed=seed)
    light = ranking.distil(heavy, offered, names=names, how=plan.light, seed=seed)
    made = Cascade(light, heavy, plan.keep)
    made.recipe = {**heavy.recipe, "light": light.recipe, "keep": plan.keep}
    return made


def _even(*parts: Examples | None) -> Examples:
    """Some rows together, in order of time, each of weight one."""
    given = [part for part in parts if part is not None and len(part)]
    if len(given) == 1:
        return replace(given[0], weight=np.ones(len(given[0])))
    order = np.argsort(np.concatenate([part.time for part in given]), kind="stable")
    x = np.concatenate([part.x for part in given])
    return replace(
        given[0],
        x=x[order],
        y=np.concatenate([part.y for part in given])[order],
        time=np.concatenate([part.time for part in given])[order],
        group=np.concatenate([part.group for part in given])[order],
        cluster=np.concatenate([part.cluster for part in given])[order],
        weight=np.ones(len(order)),
    )


def _order(judged: Evaluation) -> tuple[float, float]:
    """How well requests are ordered; of equals, who predicts better."""
    loss = judged.log_loss.value
    return judged.group_auc.value or 0.0, -(float("inf") if loss is None else loss)
