"""Product recommendation: parts fitted on what shoppers took, blended as did best on what they took next.

fitted = recommend.fit(shop)                    # neighbours, EASE, vectors, a transformer, habits, sales
version = recommend.keep(shop, fitted)          # into the model store
shelf = recommend.load(shop)                    # the promoted version, None before the first
shelf.for_you(shelf.codes(["tea", "pot"]), 6)   # codes, scores, and which past item speaks for each
"""

from __future__ import annotations

from hawker.recommend.fitting import Course, Fitted, fit
from hawker.recommend.histories import Histories, Past, read
from hawker.recommend.kinds import Recommendations
from hawker.recommend.model import Ranked, Recommender
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

MODEL = "recommend"

__all__ = [
    "MODEL",
    "Course",
    "Fitted",
    "Histories",
    "Past",
    "Ranked",
    "Recommendations",
    "Recommender",
    "fit",
    "keep",
    "load",
    "read",
]


def keep(shop: Shop, fitted: Fitted, *, promote: bool = True) -> str:
    """Save what was fitted into the shop's model store, and let it serve; returns the version."""
    store = ModelStore(shop.models)
    version = store.save(MODEL, fitted.recommendations.save, fitted.recipe())
    if promote:
        store.promote(MODEL, version)
    return version


def load(shop: Shop, *, version: str | None = None) -> Recommendations | None:
    """The recommender that serves, or a version by name; None where none has been promoted."""
    store = ModelStore(shop.models)
    if version is None and store.promoted(MODEL) is None:
        return None
    return Recommendations.load(store.path(MODEL, version))
