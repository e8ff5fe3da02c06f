"""A light model that says what a heavy one says, of few features: small trees fitted to its scores.

Hinton et al. 2015; the scores of a good model teach more than the labels that it was made of.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hawker.errors import BadInput, extra
from hawker.features.examples import Examples
from hawker.ranking.ranker import Model, fits
from hawker.ranking.trees import Trees, TreesModel

LIGHT = Trees("regression", trees=40, leaves=16, rate=0.15, least=100, columns=1.0, rows=1.0)


def distil(
    heavy: Model,
    examples: Examples,
    *,
    most: int = 12,
    names: tuple[str, ...] = (),
    how: Trees = LIGHT,
    seed: int = 0,
) -> TreesModel:
    """Trees that imitate `heavy` on these rows, by the `most` features that help most, or by `names`.

    Its scores are the heavy model's log-odds, so that both can stand in one `Cascade`. Labels and weights
    of the rows play no part; take rows like those it will be asked about, all candidates of requests.
    """
    if not len(examples):
        raise BadInput("There are no rows to distil from.", remedy="Take all candidates of some requests.")
    how = replace(how, objective="regression")
    told = fits(heavy.names, examples)
    taught = replace(told, y=heavy.scored(told.x).astype(np.float32), weight=np.ones(len(told)))
    if not names:
        names = _telling(taught, most, how=replace(how, trees=max(how.trees // 2, 1)), seed=seed)
    model = how.fit(taught.only(names), seed=seed)
    model.recipe = {"estimator": "distil", "of": heavy.recipe.get("estimator", heavy.kind), "rows": len(told)}
    return model


def _telling(taught: Examples, most: int, *, how: Trees, seed: int) -> tuple[str, ...]:
    """The features that explain most of the scores, in the order of the examples."""
    lightgbm = extra("lightgbm", "train")
    first = lightgbm.Booster(model_str=how.fit(taught, seed=seed).text)
    gain = np.asarray(first.feature_importance("gain"))
    kept = np.sort(np.argsort(-gain, kind="stable")[:most])
    return tuple(taught.names[place] for place in kept if gain[place] > 0) or taught.names[:1]
