"""Who is likely to buy in a category soon, and who is likely to stay away.

Learned from the shop's own past: at the end of every earlier window each shopper is read as they were, and
what they did in the next is the label. A logistic regression and small trees learn on the earlier windows,
are blended so that they come true on those just before the last, and are judged on the last, beside the
simple rule that did best just before. What is judged is what scores: nothing is fitted on what judged it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hawker import ranking
from hawker.audience import past
from hawker.audience.moment import Moment, Scores
from hawker.audience.past import Asked
from hawker.audience.verdict import Verdict, Way
from hawker.features.counters import DAY
from hawker.features.examples import Examples
from hawker.features.replay import Replay
from hawker.ranking.metrics import Comparison, Evaluation, compare, evaluate, judge
from hawker.records.audience import Audience, Outcome

Progress = Callable[[str, float], None]
WINDOWS = 14
"""Windows that are looked back on at most; three at least: to learn, to calibrate, to judge."""
MANY = 6  # windows from which on two calibrate: the level moves from week to week
LEAST = 50
"""Of both, those who did and those who did not, so many are needed among the rows to learn from."""
RULE_DAYS = 28.0


@dataclass(frozen=True)
class Forecast:
    """A model of what was `asked`, and how it did on the last window; or the `reason` why there is none.

    `beside` is its figures less those of the best simple rule, `against`: bought there within 28 days, how
    lately or how often; days since the last visit, alone or against the shopper's own mean gap, or that gap.
    """

    asked: Asked
    model: ranking.Model | None = None
    judged: Evaluation | None = None
    beside: Comparison | None = None
    rule: Evaluation | None = None
    against: str = ""
    rows: int = 0
    windows: int = 0
    reason: str = ""

    def scores(self, moment: Moment) -> Scores:
        """The chance of everyone who may be profiled, as of a moment."""
        if self.model is None:
            return Scores(reason=self.reason)
        there = past.present(moment.state, self.asked, now=moment.now)
        shoppers = there[np.isin(there, moment.shoppers)]
        if not len(shoppers):
            return Scores(reason="nobody has been seen of whom this could be foretold")
        p = self.model.predict(past.rows(moment.state, shoppers, self.asked, now=moment.now))
        names = moment.state.codes["shopper"].names
        return Scores(tuple(names[code] for code in shoppers), p.astype(np.float32), judged=self.verdict)

    @property
    def verdict(self) -> Verdict | None:
        """How it did on the last window, in the form that is kept."""
        judged, beside, rule = self.judged, self.beside, self.rule
        if judged is None or beside is None or rule is None:
            return None
        return Verdict(
            Way.LAST_DAYS,
            (beside.auc.low or 0.0) > 0,
            {
                "auc": judged.auc,
                "auc_of_rule": rule.auc,
                "auc_beyond_rule": beside.auc,
                "calibration": judged.calibration,
            },
            judged.positives,
            judged.rows,
            judged.positives / max(judged.rows, 1),
            against=self.against,
            days=self.asked.days,
            windows=self.windows,
        )

    def __str__(self) -> str:
        if self.judged is None or self.beside is None:
            return self.reason
        return (
            f"{_told(self.asked)}: learned from {self.rows} rows of {self.windows} windows\n"
            f"  AUC {self.judged.auc:.3f}, over '{self.against}' {self.beside.auc:+.3f}, "
            f"predicted over observed {self.judged.calibration:.2f}"
        )


def forecast(
    held: Replay,
    asked: Asked,
    *,
    now: int,
    without: frozenset[str] = frozenset(),
    seed: int = 7,
    progress: Progress | None = None,
) -> Forecast:
    """Learn to foretell what is asked from all that came before `now`. Needs LightGBM and scikit-learn.

    The replay must not have gone beyond the first window; it is moved to `now`'s last.
    """
    moments = _moments(held, asked, now)
    if len(moments) < 3:
        days = (now - _first(held)) / DAY if len(held.events) else 0.0
        return Forecast(asked, reason=f"{days:.0f} days of history hold no four windows of {asked.days} days")
    examples = past.examples(held, asked, moments, without=without, seed=seed, progress=progress)
    bounds = (moments[-3 if len(moments) >= MANY else -2], moments[-1])
    which = np.searchsorted(bounds, examples.time, side="right")
    train, hold, test = (examples.take(which == part) for part in range(3))
    for part, name in ((train, "to learn from"), (hold, "to calibrate on"), (test, "to judge by")):
        few = int(min(part.y.sum(), len(part) - part.y.sum()))
        if few < LEAST:
            return Forecast(asked, reason=f"{few} of the rarer outcome {name}; at least {LEAST} are needed")
    model = ranking.blend([ranking.train(part, train, seed=seed) for part in _parts()], hold)
    against = max(known := rules(hold, asked), key=lambda name: _auc(known[name], hold))
    simple = rules(test, asked)[against]
    return Forecast(
        asked,
        model,
        evaluate(model, test, seed=seed),
        compare(model, simple, test, seed=seed),
        judge(np.clip(simple, 1e-6, 1 - 1e-6), test, seed=seed),
        against,
        len(train),
        len(np.unique(train.time)),
    )


def rules(examples: Examples, asked: Asked) -> dict[str, NDArray[np.float64]]:
    """What anyone would try first, each from 0 to 1: orders, no rates; the unknown are least likely."""
    if asked.outcome is Outcome.BUYS:
        since = _column(examples, "category_since_last", unknown=np.inf)
        bought = {"bought within 28 days": np.where(since <= RULE_DAYS, 0.75, 0.25)}
        often = _column(examples, "category_count", unknown=0.0)
        return bought | {"bought lately": 1 / (1 + since), "bought often": often / (1 + often)}
    named = {"days against own gap": "due", "days since last visit": "since_last", "own gap": "gap"}
    held = {name: _column(examples, column, unknown=0.0) for name, column in named.items()}
    return {name: values / (1 + values) for name, values in held.items()}


def predicted(moment: Moment, audience: Audience) -> Forecast:
    """The forecast of an audience from the whole log; to stay away takes as long as is unusual here."""
    asked = Asked(audience.outcome, audience.category, audience.days)
    if asked.outcome is Outcome.LAPSES:
        usual = past.usual_silence(moment.state, now=moment.now)
        asked = replace(asked, category="", days=max(asked.days, usual))
    moment.tell("reading the log", 0.0)
    held = past.replay(moment.shop, moment.state)
    return forecast(held, asked, now=moment.now, without=moment.without, progress=moment.progress)


def _parts() -> tuple[ranking.Estimator, ...]:
    """A straight line of logarithms, and small trees for what bends."""
    return (
        ranking.Linear(quantities="values", epochs=20, rate=0.2, l1=0.0),
        ranking.Trees(trees=120, leaves=4, rate=0.08, least=80, columns=0.5, rows=0.7, threads=1),
    )


def _moments(held: Replay, asked: Asked, now: int) -> list[int]:
    """The starts of the windows before `now`, ascending, from a window after the first event on."""
    if not len(held.events):
        return []
    starts = [now - (k + 1) * asked.length for k in range(WINDOWS)]
    return sorted(start for start in starts if start >= _first(held) + asked.length)


def _column(examples: Examples, name: str, *, unknown: float) -> NDArray[np.float64]:
    values = examples.x[:, examples.names.index(name)].astype(np.float64)
    return np.where(np.isnan(values), unknown, np.maximum(values, 0.0))


def _auc(order: NDArray[np.float64], examples: Examples) -> float:
    return judge(np.clip(order, 1e-6, 1 - 1e-6), examples, resamples=1).auc.value or 0.0


def _first(held: Replay) -> int:
    return int(held.events.time[0])


def _told(asked: Asked) -> str:
    if asked.outcome is Outcome.BUYS:
        return f"buys in {asked.category or 'the shop'} within {asked.days} days"
    return f"stays away for {asked.days} days"
