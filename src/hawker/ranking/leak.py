"""Features that know the answer: what was written down after the outcome must not predict it.

A model that learned from such a feature looks splendid on every slice of the past and is worthless live,
where the feature is not there yet. Each feature is looked at alone, by the rates within its bins, counted
on other shoppers than they are judged on, so that chance and many values do not pass for knowledge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.ranking.metrics import judge
from hawker.ranking.ranker import Floats, Rows, logit
from hawker.statistics import Estimate

ALONE = 0.98
"""The AUC of one feature, by the lower end of its interval, that no honest one is known to reach."""
STRONG, JUMP = 0.9, 0.1
"""A feature above the first is refused already where all others together are so far behind."""
PURE, ODDS = 0.9, 100.0
"""The share of a value's rows that came true, and its odds over those of all rows, no honest one has."""
ROWS, MANY = 20_000, 100_000
BINS = 32
LEAST = 40
"""Positives, and negatives, below which nothing can be said."""
_PRIOR = 20.0
_THREE = 3.0  # where none was seen, up to three are believable

Bins = NDArray[np.intp]


class Leak(Struct, frozen=True):
    """A feature that knows too much: how (`kind`), what gives it away, and its AUC where that is it.

    `label`: it is an outcome. `known`: that it is known tells the label. `alone`: it orders rows almost
    as the label does. `jump`: all others together are far behind it. `value`: almost all rows of one of
    its values came true. `step`: its change since the shopper's last request tells what came of this one.
    """

    feature: str
    kind: str
    said: str
    auc: Estimate = Estimate()

    def __str__(self) -> str:
        return f"'{self.feature}' {self.said}"


def leaks(examples: Examples, *, seed: int = 0) -> tuple[Leak, ...]:
    """Every feature that knows too much, on up to 20,000 rows drawn by the seed; none is good news.

    The position may know what it likes: it is not served with.
    """
    table = _Table.of(_drawn(examples, seed))
    if not table:
        return ()
    found: dict[str, Leak] = {}
    rest, strong = np.zeros(len(table.rows)), dict[str, Bins]()
    names = [name for name in examples.names if name != examples.position]
    for name in names:
        bins = table.bins(name)
        if table.auc(bins) > STRONG:
            strong[name] = bins
        else:
            rest += logit(table.rates(bins))
        for leak in _alone(table, name, bins):
            found.setdefault(name, leak)
    behind = judge(_chance(rest), table.rows, score=rest, resamples=20).auc.value or 0.5
    for name, bins in strong.items():
        auc = table.judged(bins)
        if auc.value and auc.low and auc.low > STRONG and auc.value > behind + JUMP:
            said = f"tells more than all others together: AUC {auc:.3f}, theirs {behind:.3f}"
            found.setdefault(name, Leak(name, "jump", said, auc))
    for leak in _stepping(examples, names, seed):
        found.setdefault(leak.feature, leak)
    return tuple(found.values())


def told_by(examples: Examples, names: Collection[str], *, seed: int = 0) -> dict[str, float]:
    """The AUC of each of some features alone; a half of those about which nothing can be said."""
    table = _Table.of(_drawn(examples, seed))
    return {name: table.auc(table.bins(name)) if table else 0.5 for name in names}


def refuse(examples: Examples, *, trust: Collection[str] = (), seed: int = 0) -> None:
    """Raise `BadInput` naming the features that know too much, but for those vouched for by name."""
    found = [leak for leak in leaks(examples, seed=seed) if leak.feature not in trust]
    if found:
        names = tuple(leak.feature for leak in found)
        raise BadInput(
            f"{'; '.join(map(str, found[:3]))}. What is known only afterwards cannot be served.",
            remedy=f"Leave {', '.join(map(repr, names))} out, or take its value as of the moment; if it is "
            f"honest, vouch for it: trust={list(names)}.",
        )


@dataclass(frozen=True)
class _Table:
    """Rows looked at, and which half of the shoppers each belongs to."""

    rows: Examples
    half: Bins

    @classmethod
    def of(cls, rows: Examples) -> _Table | None:
        """None where too little came of the rows, or of either half."""
        half = np.unique(rows.cluster, return_inverse=True)[1] % 2
        counts = np.bincount(2 * half + (rows.y > 0), minlength=4)
        return cls(rows, half) if counts.min() >= LEAST // 2 else None

    def bins(self, name: str) -> Bins:
        """A feature's values as small numbers; the unknown is 0."""
        column = self.rows.x[:, self.rows.names.index(name)]
        return _coded(column) if name in self.rows.categorical else _binned(column)

    def cells(self, bins: Bins) -> tuple[Floats, Floats, Floats]:
        """By half and bin: weights of positives, of negatives, and the rate by the other half."""
        count, y = int(bins.max()) + 1, self.rows.y > 0
        cell = self.half * count + bins
        weight = self.rows.weight / self.rows.weight.mean()
        up, down = (
            np.bincount(cell, weight * part, minlength=2 * count).astype(np.float64).reshape(2, count)
            for part in (y, ~y)
        )
        base = float(up.sum() / (up.sum() + down.sum()))
        rate: Floats = (up + _PRIOR * base) / (up + down + _PRIOR)
        return up, down, rate[::-1]

    def rates(self, bins: Bins) -> Floats:
        """Each row's rate, by the shoppers of the other half."""
        return np.asarray(self.cells(bins)[2][self.half, bins])

    def auc(self, bins: Bins) -> float:
        """The AUC of those rates, by cells."""
        up, down, rate = (part.ravel() for part in self.cells(bins))
        value, place = np.unique(rate, return_inverse=True)
        ups, downs = (np.bincount(place, part, minlength=len(value)) for part in (up, down))
        return float((ups * (np.cumsum(downs) - downs / 2)).sum() / (ups.sum() * downs.sum()))

    def judged(self, bins: Bins) -> Estimate:
        """The same AUC with its interval."""
        rates = self.rates(bins)
        return judge(rates, self.rows, resamples=200).auc

    def pure(self, bins: Bins) -> float:
        """The highest share of positives among the rows of a value, at the least; 0 where none stands out."""
        y, weight = self.rows.y > 0, self.rows.weight
        count = np.bincount(bins, y)
        up, missed = np.bincount(bins, weight * y), np.bincount(bins, ~y) + _THREE
        share = up / (up + missed * weight[~y].mean())
        best = float(np.where(count >= LEAST, share, 0.0).max())
        base = float(np.average(y, weights=weight))
        return best if best > PURE and best / (1 - best) > ODDS * base / (1 - base) else 0.0


def _alone(table: _Table, name: str, bins: Bins) -> Iterator[Leak]:
    """What a feature gives away by itself, the plainest first."""
    column = table.rows.x[:, table.rows.names.index(name)]
    outcomes = {"the label": table.rows.y, **{f"'{key}'": label for key, label in table.rows.labels.items()}}
    for outcome, values in outcomes.items():
        if (column == values).all() and values.min() < values.max():
            yield Leak(name, "label", f"is an outcome: it equals {outcome} in every row")
    if table.auc(bins) > ALONE and _above((auc := table.judged(bins)).low, ALONE):
        known = table.auc((bins > 0).astype(np.intp)) > ALONE
        how = "tells the label by being known at all" if known else "alone tells the label"
        yield Leak(name, "known" if known else "alone", f"{how}: AUC {auc:.3f}", auc)
    usual = np.bincount(bins).argmax()
    if share := max(map(table.pure, (bins, (bins > 0).astype(np.intp), (bins != usual).astype(np.intp)))):
        yield Leak(name, "value", f"has values at which {share:.0%} of the rows or more came true")


def _stepping(examples: Examples, names: list[str], seed: int) -> Iterator[Leak]:
    """Features of a request as a whole that move with its own outcome, as if they had counted it."""
    if len(examples) > MANY:  # whole histories of some shoppers
        shoppers, which = np.unique(examples.cluster, return_inverse=True)
        examples = examples.take(which < len(shoppers) * MANY / len(examples))
    first, outcome, last = _requests(examples)
    if len(first) < LEAST:
        return
    rng = np.random.default_rng(seed)
    kept = np.sort(rng.permutation(len(first))[:ROWS])
    table = _Table.of(replace(examples.take(first[kept]), y=outcome[kept]))
    if not table:
        return
    order = np.argsort(examples.group, kind="stable")
    together = examples.group[order][1:] == examples.group[order][:-1]
    for name in names:
        column = examples.x[:, examples.names.index(name)]
        if name in examples.categorical or not _shared(column[order], together):
            continue
        before = np.where(last[kept] < 0, np.float32(np.nan), column[last[kept]])
        bins = _binned(column[first[kept]] - before)
        if table.auc(bins) > STRONG and _above((auc := table.judged(bins)).low, STRONG):
            said = f"changes with an outcome that it should not know yet: AUC {auc:.3f} of its last change"
            yield Leak(name, "step", said, auc)


def _requests(examples: Examples) -> tuple[Bins, NDArray[np.float32], Bins]:
    """By request: its first row, whether anything came of it, and the first row of its shopper's last one."""
    _, first, which = np.unique(examples.group, return_index=True, return_inverse=True)
    outcome = np.zeros(len(first), dtype=np.float32)
    np.maximum.at(outcome, which, examples.y)
    order = np.lexsort((examples.time[first], examples.cluster[first]))
    own = examples.cluster[first][order]
    last = np.full(len(first), -1, dtype=np.intp)
    last[order[1:]] = np.where(own[1:] == own[:-1], first[order[:-1]], -1)
    return first, outcome, last


def _shared(column: Rows, together: NDArray[np.bool_]) -> bool:
    """Whether all rows of a request have the same value, as what is known of its shopper has."""
    before, after = column[:-1][together], column[1:][together]
    return bool(((after == before) | (np.isnan(after) & np.isnan(before))).all())


def _drawn(examples: Examples, seed: int) -> Examples:
    """Up to 20,000 rows, a third of them positive where there are so many; weights keep the rates true."""
    examples = examples.take(examples.weight > 0) if (examples.weight <= 0).any() else examples
    if len(examples) <= ROWS:
        return examples
    rng = np.random.default_rng(seed)
    ups, downs = np.flatnonzero(examples.y > 0), np.flatnonzero(examples.y == 0)
    most = max(ROWS // 3, ROWS - len(downs))
    ups_kept = rng.permutation(ups)[:most]
    downs_kept = rng.permutation(downs)[: ROWS - len(ups_kept)]
    rows = examples.take(np.sort(np.concatenate([ups_kept, downs_kept])))
    scale = np.where(rows.y > 0, len(ups) / max(len(ups_kept), 1), len(downs) / max(len(downs_kept), 1))
    return replace(rows, weight=rows.weight * scale)


def _binned(column: Rows) -> Bins:
    """Bins of about equal count; a value that fills one has it for itself; the unknown is 0."""
    known = ~np.isnan(column)
    bins = np.zeros(len(column), dtype=np.intp)
    if known.any():
        cuts = np.unique(np.quantile(column[known], np.arange(1, BINS) / BINS, method="lower"))
        bins[known] = 1 + np.searchsorted(cuts, column[known], side="left")
    return bins


def _coded(column: Rows) -> Bins:
    """Codes as they are, numbered from 1; the unknown is 0."""
    known = ~np.isnan(column)
    bins = np.zeros(len(column), dtype=np.intp)
    bins[known] = 1 + np.unique(column[known], return_inverse=True)[1]
    return bins


def _chance(score: Floats) -> Floats:
    """Any score as a probability, for figures that want one."""
    return np.asarray(np.clip(1 / (1 + np.exp(-np.clip(score, -30, 30))), 1e-9, 1 - 1e-9))


def _above(low: float | None, bound: float) -> bool:
    return low is not None and low > bound
