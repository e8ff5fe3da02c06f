"""Rankers behind one interface: how likely is it that this shopper does that after this ad?

An estimator (`Linear`, `Trees`, `Net`) holds parameters; `train` makes a `Model` of it; `calibrate` and
`blend` wrap models; `evaluate` judges any. Estimators load when first named, their libraries when
first used, so that serving needs none of the training ones.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hawker.ranking.blend import Blend, blend
from hawker.ranking.calibrate import Calibrated, calibrate
from hawker.ranking.cascade import Cascade
from hawker.ranking.folds import folds
from hawker.ranking.leak import Leak, leaks
from hawker.ranking.metrics import Comparison, Evaluation, compare, evaluate
from hawker.ranking.ranker import Estimator, Model, load
from hawker.ranking.rules import Rule
from hawker.ranking.sampling import corrected, thinned
from hawker.ranking.train import train

if TYPE_CHECKING:
    from hawker.ranking.choice import best
    from hawker.ranking.esmm import ESMM, SharedBottom
    from hawker.ranking.exported import export
    from hawker.ranking.external import register
    from hawker.ranking.fm import Factorised
    from hawker.ranking.imitate import distil
    from hawker.ranking.linear import Linear
    from hawker.ranking.net import Net
    from hawker.ranking.oblivious import CatBoost
    from hawker.ranking.stack import Bag, Stack
    from hawker.ranking.trees import Trees

__all__ = [
    "ESMM",
    "Bag",
    "Blend",
    "Calibrated",
    "Cascade",
    "CatBoost",
    "Comparison",
    "Estimator",
    "Evaluation",
    "Factorised",
    "Leak",
    "Linear",
    "Model",
    "Net",
    "Rule",
    "SharedBottom",
    "Stack",
    "Trees",
    "best",
    "blend",
    "calibrate",
    "compare",
    "corrected",
    "distil",
    "evaluate",
    "export",
    "folds",
    "leaks",
    "load",
    "register",
    "thinned",
    "train",
]
_LATER = {
    "ESMM": "esmm",
    "Bag": "stack",
    "CatBoost": "oblivious",
    "Factorised": "fm",
    "Linear": "linear",
    "Net": "net",
    "SharedBottom": "esmm",
    "Stack": "stack",
    "Trees": "trees",
    "best": "choice",
    "distil": "imitate",
    "export": "exported",
    "register": "external",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"hawker.ranking has no '{name}'")
    return getattr(import_module(f"hawker.ranking.{_LATER[name]}"), name)
