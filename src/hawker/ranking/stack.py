"""Estimators made of estimators: `Stack` weighs different ones, `Bag` averages many of one kind.

Both are fitted, tuned and calibrated like any other, and make a `Blend`: a weighted sum of scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hawker.errors import BadSetting
from hawker.features.examples import Examples
from hawker.features.table import stacked
from hawker.ranking.blend import Blend, fused
from hawker.ranking.folds import folds
from hawker.ranking.position import settled
from hawker.ranking.ranker import Estimator, Model, Progress, fits, possible
from hawker.ranking.train import check, recipe


@dataclass(frozen=True)
class Stack:
    """Logistic regression on the scores of `estimators`, out of fold, none counting backwards (Wolpert 1992).

    Each row's scores come from models that did not see it: of earlier rows (`by="time"`, as in service,
    where what is scored is always later), or of other shoppers (`by="shopper"`, which is fairer to models
    that know nobody by name). The models that serve are then fitted on all rows.
    """

    estimators: tuple[Estimator, ...]
    folds: int = 4
    by: Literal["time", "shopper"] = "time"

    def __post_init__(self) -> None:
        if not self.estimators:
            raise BadSetting("Stack: there is no estimator to weigh.")
        possible(self, folds=2)

    def fit(
        self, examples: Examples, *, valid: Examples | None = None, seed: int = 0, progress: Progress = None
    ) -> Blend:
        """Fit each estimator once a fold and once on all rows."""
        pairs = list(folds(examples, self.folds, by=self.by, seed=seed))
        scores = []
        for number, (train, judged) in enumerate(pairs):
            check(train, where=f"fold {number + 1}")
            models = self._fitted(train, valid, seed, _part(progress, number, len(pairs) + 1))
            scores.append(np.column_stack([model.score(fits(model.names, judged).x) for model in models]))
        models = self._fitted(examples, valid, seed, _part(progress, len(pairs), len(pairs) + 1))
        return fused(models, np.concatenate(scores), stacked([judged for _, judged in pairs]))

    def _fitted(self, rows: Examples, valid: Examples | None, seed: int, progress: Progress) -> list[Model]:
        several = len(self.estimators)
        return [
            fitted(one, rows, valid=valid, seed=seed, progress=_part(progress, number, several))
            for number, one in enumerate(self.estimators)
        ]


@dataclass(frozen=True)
class Bag:
    """The mean score of `models` fits of one estimator, each on a `share` of the shoppers drawn anew.

    With a share of 1 they differ by their seeds alone.
    """

    estimator: Estimator
    models: int = 5
    share: float = 0.8

    def __post_init__(self) -> None:
        possible(self, models=1, share=1e-9)
        if self.share > 1:
            raise BadSetting(f"Bag: 'share' must be at most 1, not {self.share}.")

    def fit(
        self, examples: Examples, *, valid: Examples | None = None, seed: int = 0, progress: Progress = None
    ) -> Blend:
        """Fit the estimator as often as there are models."""
        shoppers = np.unique(examples.cluster)
        made: list[Model] = []
        for number in range(self.models):
            rows = examples
            if self.share < 1:
                drawn = np.random.default_rng((seed, number)).random(len(shoppers)) < self.share
                rows = examples.take(drawn[np.searchsorted(shoppers, examples.cluster)])
                check(rows, where=f"draw {number + 1} of the bag")
            part = _part(progress, number, self.models)
            made.append(fitted(self.estimator, rows, valid=valid, seed=seed + number, progress=part))
        mean = Blend(tuple(made), np.full(len(made), 1 / len(made)), 0.0)
        mean.recipe = {"of": [model.recipe for model in made]}
        return mean


def fitted(
    estimator: Estimator,
    examples: Examples,
    *,
    valid: Examples | None,
    seed: int,
    progress: Progress = None,
) -> Model:
    """One model within another, as it is served, with its own recipe."""
    model = settled(estimator.fit(examples, valid=valid, seed=seed, progress=progress), examples)
    model.recipe = {**model.recipe, **recipe(estimator, examples, seed=seed)}
    return model


def _part(progress: Progress, number: int, of: int) -> Progress:
    """The progress of one of several equal parts, told as that of the whole."""
    if progress is None:
        return None
    return lambda stage, share: progress(stage, (number + share) / of)
