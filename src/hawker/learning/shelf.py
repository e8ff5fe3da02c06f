"""The recommender as a step of training: fitted, judged on the last baskets, promoted unless it is worse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker import recommend
from hawker.errors import HawkerError
from hawker.recommend import fitting, judge
from hawker.recommend.fitting import Course
from hawker.recommend.habits import Habits
from hawker.recommend.histories import Histories
from hawker.recommend.judge import Basket
from hawker.recommend.kinds import NEXT, Recommendations
from hawker.recommend.model import Recommender
from hawker.statistics import Estimate, bootstrap, unknown
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

Progress = Callable[[str, float], None]
Floats = NDArray[np.float64]
K, LEAST, MOST, MANY = 10, 50, 1000, 30_000
BEFORE = (0.9, 0.8, 0.7)
"""The share of purchases that comes before those that judge: the first that leaves enough of these."""
REASONS: dict[str, str] = {
    "few_baskets": "Fewer than 50 baskets follow an earlier one of the same shopper: nothing can be learned.",
    "below_trending": "It foretells less than what sells to everyone.",
    "below_served": "It foretells less than the recommender that serves.",
}
"""Why there is no new recommender, or why it does not serve."""


@dataclass(frozen=True)
class Judged:
    """How well baskets were foretold that nothing had been fitted on: recall@10 and nDCG@10 by name

    (`recommender`, `own`: what the shopper took most often, `trending`), and the paired differences of
    nDCG@10 to the others, to what `served` too where that had not seen the baskets either.
    """

    baskets: int
    recall: dict[str, Estimate]
    ndcg: dict[str, Estimate]
    over: dict[str, Estimate]


@dataclass(frozen=True)
class Stocked:
    """The new version, whether it serves, how it was judged; `reason` where there is none or it does not."""

    version: str = ""
    promoted: bool = False
    judged: Judged | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    reason: str = ""


def stock(
    shop: Shop, *, how: Course | None = None, seed: int = 7, progress: Progress | None = None
) -> Stocked:
    """Fit on what came before the last purchases and judge on the baskets there; then fit on all, with the

    weights found before.

    Products of special categories are left out, so that nothing is ever recommended because of them.
    """
    tell = progress or (lambda _words, _share: None)
    histories = recommend.read(shop)
    end = int(histories.time.max(initial=0)) + 1
    for share in BEFORE if len(histories.time) else ():
        moment = int(np.quantile(histories.time, share))
        wanted = judge.baskets(histories, start=moment, end=end, most=MOST, seed=seed)
        known = histories.until(moment)
        if len(wanted) >= LEAST and len(known.items):
            break
    else:
        return Stocked(reason="few_baskets")
    how = how or course(histories)
    vectors = None if how.nearby is None else fitting.described(shop, histories.names)
    tell("recommendations", 0.0)
    trial = recommend.fit(known, vectors=vectors, how=how, seed=seed)
    tell("judging recommendations", 0.6)
    judged = _judged(trial.recommendations, histories, known=known, wanted=wanted, served=_served(shop))
    tell("recommendations", 0.8)
    fitted = recommend.fit(histories, vectors=vectors, how=how, weighed=trial.weighed, seed=seed)
    reason = _worse(judged.over)
    version = _keep(shop, fitted, judged=judged, until=end, promote=not reason)
    tell("", 1.0)
    return Stocked(version, not reason, judged, fitted.left_out, reason)


def course(histories: Histories) -> Course:
    """How a shop's recommender is fitted: above 30,000 products without the parts that compare all pairs."""
    if len(histories.names) > MANY:
        return Course(ease=None, nearby=None, sequence=None)
    return Course()


def _served(shop: Shop) -> tuple[Recommendations, int] | None:
    """What serves, and the moment before which it has seen everything; None where nothing usable does."""
    version = ModelStore(shop.models).promoted(recommend.MODEL)
    if version is None:
        return None
    try:
        model = recommend.load(shop, version=version)
        until = ModelStore(shop.models).recipe(recommend.MODEL, version).get("until")
    except HawkerError:
        return None
    return (model, int(until)) if model is not None and until else None


def _judged(
    trial: Recommendations,
    histories: Histories,
    *,
    known: Histories,
    wanted: Sequence[Basket],
    served: tuple[Recommendations, int] | None,
) -> Judged:
    who = np.array([basket.row for basket in wanted])
    rivals: dict[str, Recommender] = {
        "recommender": trial.blends[NEXT],
        "own": Habits(fade=1.0, early=1.0).fit(known),
        "trending": trial.trend,
    }
    scored = {name: _scored(one, histories, wanted) for name, one in rivals.items()}
    recall = {name: bootstrap.mean(who, found[0]) for name, found in scored.items()}
    ndcg = {name: bootstrap.mean(who, found[1]) for name, found in scored.items()}
    ours = scored["recommender"][1]
    over = {
        name: bootstrap.difference(who, ours, b=found[1])
        for name, found in scored.items()
        if name != "recommender"
    }
    if served is not None:
        over["served"] = _over_served(served, histories, wanted=wanted, who=who, ours=ours)
    return Judged(len(wanted), recall, ndcg, over)


def _over_served(
    served: tuple[Recommendations, int],
    histories: Histories,
    *,
    wanted: Sequence[Basket],
    who: NDArray[np.int64],
    ours: Floats,
) -> Estimate:
    """The gain over what serves, on baskets that came after all it has seen."""
    model, until = served
    new = np.array([basket.moment >= until for basket in wanted])
    if new.sum() < LEAST:
        return unknown(f"it has seen all but {int(new.sum())} of the baskets", n=int(new.sum()))
    codes = model.codes(histories.names)
    theirs = _scored(model.blends[NEXT], histories, [one for one in wanted if one.moment >= until], codes)[1]
    return bootstrap.difference(who[new], ours[new], b=theirs)


def _scored(
    recommender: Recommender,
    histories: Histories,
    wanted: Sequence[Basket],
    codes: NDArray[np.int32] | None = None,
) -> tuple[Floats, Floats]:
    """Recall@10 and nDCG@10 of each basket; `codes` turn those of the histories into the recommender's."""
    recall, ndcg = np.zeros(len(wanted)), np.zeros(len(wanted))
    gains = 1.0 / np.log2(np.arange(2, K + 2))
    for place, basket in enumerate(wanted):
        past = histories.past(basket.row, now=basket.moment).before(basket.moment)
        items = basket.items
        if codes is not None:
            past, items = past._replace(items=codes[past.items]), codes[items]
        hit = np.isin(recommender.rank(past, K, again=True).codes, items[items >= 0])
        recall[place] = hit.sum() / len(items)
        ndcg[place] = gains[: len(hit)][hit].sum() / gains[: len(items)].sum()
    return recall, ndcg


def _worse(over: dict[str, Estimate]) -> str:
    """The reason not to let it serve: the whole interval of a difference is below 0."""
    for name, reason in (("trending", "below_trending"), ("served", "below_served")):
        found = over.get(name)
        if found is not None and found.high is not None and found.high < 0:
            return reason
    return ""


def _keep(shop: Shop, fitted: recommend.Fitted, *, judged: Judged, until: int, promote: bool) -> str:
    store = ModelStore(shop.models)
    recipe: dict[str, Any] = {
        **fitted.recipe(),
        "until": until,
        "baskets": judged.baskets,
        "recall": {name: str(found) for name, found in judged.recall.items()},
        "ndcg": {name: str(found) for name, found in judged.ndcg.items()},
    }
    version = store.save(recommend.MODEL, fitted.recommendations.save, recipe)
    if promote:
        store.promote(recommend.MODEL, version)
    return version
