"""How good a ranker is, each figure with an interval from resampled shoppers.

Sums are taken once per shopper, and the AUC through its influence values (DeLong 1988, clustered
as in Obuchowski 1997), so that a thousand resamples of a million rows cost about a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.ranking.ranker import Floats, Model, fits
from hawker.statistics import Estimate, unknown
from hawker.statistics.bootstrap import Statistic, Totals, quotient, ratio, together

BINS = 15
Asked = tuple[Sequence[Floats], Statistic]


class Evaluation(Struct, frozen=True):
    """A model's figures on one slice. `calibration` is Σ predicted / Σ observed; lower is better

    for `log_loss`, `normalised_entropy` (log loss over that of the base rate) and `ece`.
    """

    log_loss: Estimate
    auc: Estimate
    group_auc: Estimate
    normalised_entropy: Estimate
    calibration: Estimate
    ece: Estimate
    rows: int
    positives: int
    clusters: int

    def __str__(self) -> str:
        head = f"{self.rows:,} rows, {self.positives:,} positive, {self.clusters:,} shoppers"
        return _told(self, head, _FIGURES, form=".4f")

    def summary(self) -> dict[str, Any]:
        """Values and bounds by name, as JSON for a recipe; a missing figure keeps its reason."""
        figures = {name: getattr(self, name) for name in _FIGURES}
        return {name: [e.value, e.low, e.high] if e else e.reason for name, e in figures.items()} | {
            "rows": self.rows,
            "positives": self.positives,
            "clusters": self.clusters,
        }


class Comparison(Struct, frozen=True):
    """Figures of `a` less those of `b` on the same rows; the same shoppers are drawn for both.

    So what is hard for both cancels: an interval that leaves 0 out tells the two apart. `a` is better
    where `auc` and `group_auc` are above 0, and `log_loss` and `ece` below.
    """

    log_loss: Estimate
    auc: Estimate
    group_auc: Estimate
    ece: Estimate
    rows: int
    clusters: int

    def __str__(self) -> str:
        head = f"a − b on {self.rows:,} rows, {self.clusters:,} shoppers"
        return _told(self, head, _COMPARED, form="+.4f")


def _told(judged: Evaluation | Comparison, head: str, names: tuple[str, ...], *, form: str) -> str:
    """A line to begin with, then one a figure; what is missing says why."""
    figures = ((name.replace("_", " "), getattr(judged, name)) for name in names)
    lines = (f"  {name:<19} {format(found, form) if found else found}" for name, found in figures)
    return "\n".join([head, *lines])


_FIGURES = ("log_loss", "auc", "group_auc", "normalised_entropy", "calibration", "ece")
_COMPARED = ("log_loss", "auc", "group_auc", "ece")
_APART = ("auc", "calibration")


def evaluate(model: Model, examples: Examples, *, resamples: int = 1000, seed: int = 0) -> Evaluation:
    """All figures of a model on examples it has not seen."""
    score = model.score(fits(model.names, examples).x)
    return judge(model.link(score), examples, score=score, resamples=resamples, seed=seed)


def judge(
    p: Floats, examples: Examples, *, score: Floats | None = None, resamples: int = 1000, seed: int = 0
) -> Evaluation:
    """All figures of probabilities, whoever made them; `score` orders where probabilities saturate."""
    if not len(examples):
        return Evaluation(
            **dict.fromkeys(_FIGURES, unknown("there are no rows")), rows=0, positives=0, clusters=0
        )
    found = _answered(examples, _asked(p, p if score is None else score, examples), resamples, seed)
    shoppers = len(np.unique(examples.cluster))
    return Evaluation(**found, rows=len(p), positives=int(examples.y.sum()), clusters=shoppers)


def compare(
    a: Model | Floats, b: Model | Floats, examples: Examples, *, resamples: int = 1000, seed: int = 0
) -> Comparison:
    """How much better `a` is than `b` on the same rows: models, or probabilities made elsewhere.

    A paired bootstrap over shoppers (`examples.cluster`), from sums by shopper: a million rows take seconds.
    """
    if not len(examples):
        none = unknown("there are no rows")
        return Comparison(**dict.fromkeys(_COMPARED, none), rows=0, clusters=0)
    ours, theirs = (_asked(*_probabilities(one, examples), examples) for one in (a, b))
    both = {name: _less(ours[name], theirs[name]) for name in _COMPARED if name in ours}
    found = together(examples.cluster, both, resamples=resamples, seed=seed)
    found["ece"] = _two_sided(found["ece"], least=-1.0)
    missing = dict.fromkeys(_COMPARED, unknown(_missing(both), n=len(examples)))
    return Comparison(**{**missing, **found}, rows=len(examples), clusters=len(np.unique(examples.cluster)))


def by_segment(
    p: Floats,
    examples: Examples,
    segment: NDArray[Any],
    *,
    score: Floats | None = None,
    least: int = 1,
    resamples: int = 400,
    seed: int = 0,
) -> dict[str, Evaluation]:
    """The figures of each segment (a label a row, "" for none), the largest first, from `least` rows on."""
    if segment.shape != (len(examples),):
        raise BadInput(f"The segments are {segment.shape}, the examples have {len(examples)} rows.")
    labels, counts = np.unique(segment, return_counts=True)
    found = {}
    for label in labels[np.argsort(-counts, kind="stable")].tolist():
        rows = np.flatnonzero(segment == label)
        if label != "" and len(rows) >= least:
            own = None if score is None else score[rows]
            found[str(label)] = judge(p[rows], examples.take(rows), score=own, resamples=resamples, seed=seed)
    return found


def _probabilities(model: Model | Floats, examples: Examples) -> tuple[Floats, Floats]:
    """Probabilities, and the scores that order them."""
    if isinstance(model, Model):
        score = model.score(fits(model.names, examples).x)
        return model.link(score), score
    p = np.asarray(model, dtype=np.float64)
    if p.shape != (len(examples),) or not ((p >= 0) & (p <= 1)).all():
        raise BadInput(
            f"{len(examples)} rows need as many probabilities from 0 to 1, not an array {p.shape}."
        )
    edge = np.finfo(np.float64).eps
    return np.clip(p, edge, 1 - edge), p


def _asked(p: Floats, order: Floats, examples: Examples) -> dict[str, Asked]:
    """The columns and statistics of every figure that these labels allow."""
    y, w = examples.y.astype(np.float64), examples.weight
    wy, lost = w * y, w * losses(p, y)
    asked: dict[str, Asked] = {"log_loss": ([lost, w], quotient), "ece": _ece(p, examples)}
    if 0 < wy.sum() < w.sum():
        asked |= {"auc": _auc(order, examples), "normalised_entropy": ([lost, wy, w], _entropy)}
        asked |= {"calibration": ([w * p, wy], quotient)}
        won, stake = group_auc_parts(order, examples)
        if stake.any():
            asked["group_auc"] = ([won, stake], quotient)
    return asked


def _answered(examples: Examples, asked: dict[str, Asked], resamples: int, seed: int) -> dict[str, Estimate]:
    """Every figure from the same resamples, and the reason for each that there is none of."""
    found = together(examples.cluster, asked, resamples=resamples, seed=seed)
    found["ece"] = _two_sided(found["ece"])
    return {**dict.fromkeys(_FIGURES, unknown(_missing(asked), n=len(examples))), **found}


def _missing(asked: Mapping[str, Asked]) -> str:
    """Why a figure was not asked for."""
    return "no group holds both classes" if "auc" in asked else "only one class is present"


def _spread(asked: Asked, rows: NDArray[np.intp], count: int) -> Asked:
    """The columns of some rows among all, 0 elsewhere."""
    columns = []
    for column in asked[0]:
        whole = np.zeros(count)
        whole[rows] = column
        columns.append(whole)
    return columns, asked[1]


def _less(a: Asked, b: Asked) -> Asked:
    """One figure of `a` less that of `b`, from the sums of both."""
    (left, of_left), (right, of_right) = a, b
    cut = len(left)

    def statistic(sums: Totals) -> Floats:
        return of_left(sums[:, :cut]) - of_right(sums[:, cut:])

    return [*left, *right], statistic


def apart(
    p: Floats,
    examples: Examples,
    mask: NDArray[np.bool_],
    *,
    score: Floats | None = None,
    resamples: int = 400,
    seed: int = 0,
) -> tuple[Estimate, Estimate]:
    """How far a group of rows is from all others: differences of AUC and of Σ predicted / Σ observed."""
    order = p if score is None else score
    sides = []
    for rows in (np.flatnonzero(mask), np.flatnonzero(~mask)):
        own = _asked(p[rows], order[rows], examples.take(rows)) if len(rows) else {}
        sides.append({name: _spread(found, rows, len(examples)) for name, found in own.items()})
    both = {name: _less(sides[0][name], sides[1][name]) for name in _APART if all(name in s for s in sides)}
    found = together(examples.cluster, both, resamples=resamples, seed=seed)
    none = unknown("one of the two holds one class only", n=int(mask.sum()))
    return found.get("auc", none), found.get("calibration", none)


def winners(score: Floats, examples: Examples, *, most: int) -> NDArray[np.bool_]:
    """Which rows are among the `most` best of their group by score: what would have been shown.

    A row stands for as many as its weight says, so where negatives were sampled the places are expected
    ones; whole groups of equal weight give the truth. Of equals the first come first.
    """
    order = np.lexsort((np.arange(len(score)), -score, examples.group))
    group, weight = examples.group[order], examples.weight[order]
    above = np.concatenate(([0.0], np.cumsum(weight)[:-1]))
    first = np.concatenate(([True], group[1:] != group[:-1]))
    begin = above[np.flatnonzero(first)][np.cumsum(first) - 1]
    out = np.empty(len(score), dtype=np.bool_)
    out[order] = above - begin < most - 1e-9
    return out


def won(p: Floats, examples: Examples, *, most: int, score: Floats | None = None, seed: int = 0) -> Estimate:
    """Σ predicted / Σ observed over what would have been shown: the `most` best rows of each group.

    A model can come true on the whole and still promise too much where it chooses (arXiv 2205.09809).
    """
    kept = winners(p if score is None else score, examples, most=most)
    shown = examples.take(kept)
    if not (shown.weight * shown.y).any():
        return unknown("nothing that would have been shown came true", n=len(shown))
    return ratio(shown.cluster, shown.weight * p[kept], denominator=shown.weight * shown.y, seed=seed)


def losses(p: Floats, y: Floats) -> Floats:
    """The log loss of each row."""
    return np.asarray(-np.log(np.where(y > 0, p, 1 - p)), dtype=np.float64)


def log_loss(p: Floats, examples: Examples) -> float:
    """The weighted mean log loss, without an interval: what early stopping watches."""
    return float(np.average(losses(p, examples.y.astype(np.float64)), weights=examples.weight))


def beaten(score: Floats, against: Floats, *, group: NDArray[np.int64] | None = None) -> Floats:
    """For each row, the sum of `against` over rows of its group with a lower score; ties count half."""
    groups = np.zeros(len(score), dtype=np.int64) if group is None else group
    order = np.lexsort((score, groups))
    g, s, a = groups[order], score[order], against[order]
    new_group = np.concatenate(([True], g[1:] != g[:-1]))
    new_value = new_group | np.concatenate(([True], s[1:] != s[:-1]))
    below = np.concatenate(([0.0], np.cumsum(a)))  # below[i] = Σ against of rows before i
    first = np.flatnonzero(new_value)
    tie = np.cumsum(new_value) - 1
    start, end = below[first], below[np.append(first[1:], len(s))]
    floor = below[np.flatnonzero(new_group)][np.cumsum(new_group) - 1]
    result = np.empty(len(s))
    result[order] = (start[tie] + end[tie]) / 2 - floor
    return result


def group_auc_parts(order: Floats, examples: Examples) -> tuple[Floats, Floats]:
    """Per row: weighted wins of the positives over their group's negatives, and the weight at stake.

    Each positive counts with its weight, in groups that hold both classes; Σ first / Σ second is
    the group AUC.
    """
    y, w = examples.y > 0, examples.weight
    _, group = np.unique(examples.group, return_inverse=True)
    negatives = np.bincount(group, w * ~y)[group]
    stake = np.where(y & (negatives > 0), w, 0.0)
    wins = beaten(order, w * ~y, group=group)
    return np.divide(stake * wins, negatives, out=np.zeros(len(w)), where=negatives > 0), stake


def _auc(order: Floats, examples: Examples) -> Asked:
    y, w = examples.y > 0, examples.weight
    up, down = np.where(y, w, 0.0), np.where(y, 0.0, w)
    wins = np.where(y, beaten(order, down) / down.sum(), 1 - beaten(order, up) / up.sum())
    auc = float((up * wins).sum() / up.sum())

    def statistic(sums: Totals) -> Floats:  # columns: up·(wins−auc), up, down·(wins−auc), down
        return np.clip(auc + sums[:, 0] / sums[:, 1] + sums[:, 2] / sums[:, 3], 0, 1)

    return [up * (wins - auc), up, down * (wins - auc), down], statistic


def _entropy(sums: Totals) -> Floats:  # columns: loss, positives, weight
    base = sums[:, 1] / sums[:, 2]
    return np.asarray(sums[:, 0] / sums[:, 2] / -(base * np.log(base) + (1 - base) * np.log1p(-base)))


def _ece(p: Floats, examples: Examples) -> Asked:
    """Expected calibration error over bins of equal count."""
    w = examples.weight
    edges = np.quantile(p, np.arange(1, BINS) / BINS)
    bin_of = np.searchsorted(edges, p, side="right")
    gap = w * (p - examples.y)

    def statistic(sums: Totals) -> Floats:
        return np.asarray(np.abs(sums[:, :BINS]).sum(axis=1) / sums[:, BINS])

    return [*(np.where(bin_of == b, gap, 0.0) for b in range(BINS)), w], statistic


def _two_sided(ece: Estimate, *, least: float = 0.0) -> Estimate:
    """Noise only adds to an absolute value, so resamples lie above it: take their distance both ways."""
    if ece.value is None or ece.low is None or ece.high is None:
        return ece
    far = max(ece.high - ece.value, ece.value - ece.low)
    return structs.replace(ece, low=max(least, ece.value - far), high=ece.value + far)
