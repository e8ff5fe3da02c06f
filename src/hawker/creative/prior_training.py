"""How the click prior is made: from tests in which chance decided who saw which headline of one news item.

Each headline's log-odds of being clicked are its test's, which drop out, plus what vectors, words and style
make of it, plus what they do not explain, plus sampling noise. That is a ridge regression on what differs
within each test, each row weighing as much as its clicks tell (every test counts, not only those that
were decided). Its size is put right, and what it leaves is measured, on the last quarter of the tests.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hawker.creative.prior import Head, Prior, Scores
from hawker.creative.prior_blend import within
from hawker.creative.prior_style import NAMES, style
from hawker.errors import BadInput, extra
from hawker.ingest.datasets.upworthy import ATTRIBUTION, Arms
from hawker.language.sentiment import terms
from hawker.statistics import Estimate, bootstrap

Floats = NDArray[np.float64]
Vectors = Mapping[str, NDArray[np.floating]]
HEADS = ((("e5", "minilm"), True), (("e5",), True), (("minilm",), True), ((), True), (("e5",), False))
"""Choices of encoders, with words and style or without; the richest come first."""
_VECTORS, _WORDS, _STYLE = 0.012, 0.02, 0.005
"""Variance that vectors of one encoder, words, and style bring into the log-odds before anything is known."""
_REST = 0.06  # variance that nothing explains, as it weighs rows
_SEEN = 3  # headlines that hold a word, or a pair of words, which is kept
_STEPS = 300
_LEAST = 40
"""Tests that there must be to learn from."""


@dataclass(frozen=True)
class Pairs:
    """Two headlines of one test each (rows of the arms); `z` above 0 where the first was clicked more."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    z: Floats

    def __len__(self) -> int:
        return len(self.z)

    def right(self, scores: Floats) -> Floats:
        """1 where the scores name the headline that won, 0 where the other, a half where neither."""
        told = np.sign(scores[self.first] - scores[self.second])
        won: Floats = 0.5 + 0.5 * told * np.sign(self.z)
        return won


def decided(arms: Arms, *, least: int = 200, beyond: float = 1.96) -> Pairs:
    """Pairs of one test with so many impressions each and so many standard errors between them."""
    rows = np.arange(len(arms))
    of = np.split(rows, np.flatnonzero(np.diff(arms.test)) + 1) if len(arms) else []
    pairs = np.array([pair for held in of for pair in itertools.combinations(held, 2)], dtype=np.int64)
    first, second = pairs.reshape(-1, 2).T
    pooled = (arms.clicked[first] + arms.clicked[second]) / (arms.shown[first] + arms.shown[second])
    rate = arms.clicked / arms.shown
    error = np.sqrt(pooled * (1 - pooled) * (1 / arms.shown[first] + 1 / arms.shown[second]))
    z = (rate[first] - rate[second]) / np.where(error > 0, error, np.inf)
    kept = (np.minimum(arms.shown[first], arms.shown[second]) >= least) & (np.abs(z) > beyond)
    return Pairs(first[kept], second[kept], z[kept])


def last_quarter(arms: Arms) -> int:
    """The week with which the last quarter of the decided pairs begins."""
    pairs = decided(arms)
    if not len(pairs):
        raise BadInput("No test was decided.", remedy="Give tests with more impressions.")
    return int(np.quantile(arms.week[pairs.first], 0.75))


def fit(arms: Arms, vectors: Vectors, *, names: Mapping[str, str]) -> Prior:
    """Learn the prior from tests. Needs the extra `train`; about 20 CPU seconds for 8,000 headlines.

    `vectors` are of each arm's headline, by encoder ("e5", "minilm": those that are there), `names` the
    encoders' versions. The same rows give the same prior.
    """
    if len(np.unique(arms.test)) < _LEAST:
        raise BadInput(
            f"There are {len(np.unique(arms.test))} tests.", remedy=f"Give {_LEAST} tests at least."
        )
    earlier = arms.week < last_quarter(arms)
    table = _Table.of(arms, vectors)
    heads = [(encoders, plain) for encoders, plain in HEADS if all(one in vectors for one in encoders)]
    made = []
    for encoders, plain in heads:
        design = table.design(encoders, plain)
        slope, sd = _put_right(arms, table, design=design, earlier=earlier)
        weights = slope * _solved(design, table.logit, noise=table.noise, test=arms.test)
        made.append(table.head(encoders, plain, weights, sd=sd, names=names))
    later = ~earlier
    logit, noise = table.logit[later], table.noise[later]
    spread = _left(np.zeros(len(logit)), logit, noise=noise, test=arms.test[later])
    weeks = f"weeks {arms.week.min()} to {arms.week.max()}"
    about = f"Weights of a click prior for headlines, learned from: {ATTRIBUTION}; {weeks}."
    return Prior(tuple(made), table.terms, table.rarity, table.centres, spread, about)


@dataclass(frozen=True)
class _Table:
    """Everything that is known of the arms: one row each, aligned with them."""

    terms: tuple[str, ...]
    rarity: Floats
    words: Any  # (rows, terms) sparse, rows of unit length
    styles: Floats  # (rows, features)
    vectors: Mapping[str, Floats]  # (rows, size), less their centre
    centres: Mapping[str, Floats]
    logit: Floats
    noise: Floats

    @classmethod
    def of(cls, arms: Arms, vectors: Vectors) -> _Table:
        text = extra("sklearn.feature_extraction.text", "train")
        reader = text.TfidfVectorizer(analyzer=terms, sublinear_tf=True, min_df=_SEEN)
        reader.fit(dict.fromkeys(arms.headline))
        whole = {one: np.asarray(held, dtype=np.float64) for one, held in vectors.items()}
        centres = {one: held.mean(axis=0) for one, held in whole.items()}
        logit, noise = _observed(arms)
        return cls(
            tuple(reader.get_feature_names_out().tolist()),
            np.asarray(reader.idf_, dtype=np.float64),
            reader.transform(arms.headline),
            style(arms.headline),
            {one: whole[one] - centre for one, centre in centres.items()},
            centres,
            logit,
            noise,
        )

    def design(self, encoders: tuple[str, ...], plain: bool) -> Any:
        """(rows, columns) sparse, each column as wide as its weight is expected to be large."""
        sparse = extra("scipy.sparse", "train")
        blocks = [sparse.csr_matrix(self.vectors[one] * self._wide(one)) for one in encoders]
        if plain:
            blocks += [self.words * _WORDS**0.5, sparse.csr_matrix(self.styles * self._wide_style())]
        return sparse.hstack(blocks).tocsr()

    def _wide(self, one: str) -> float:
        held = self.vectors[one]
        return float((_VECTORS / (held**2).sum(axis=1).mean()) ** 0.5)

    def _wide_style(self) -> Floats:
        spread = self.styles.std(axis=0)
        wide: Floats = (_STYLE / len(NAMES)) ** 0.5 / np.where(spread > 0, spread, np.inf)
        return wide

    def head(
        self,
        encoders: tuple[str, ...],
        plain: bool,
        weights: Floats,
        *,
        sd: float,
        names: Mapping[str, str],
    ) -> Head:
        """Weights of the design's columns, as weights of what a headline is; an average one gets 0."""
        ends = np.cumsum([self.vectors[one].shape[1] for one in encoders]).tolist()
        parts = np.split(weights, [*ends, *([len(weights) - len(NAMES)] if plain else [])])
        held = [part * self._wide(one) for part, one in zip(parts, encoders, strict=False)]
        words = parts[-2] * _WORDS**0.5 if plain else np.zeros(0)
        styled = parts[-1] * self._wide_style() if plain else np.zeros(0)
        shift = -float((self.words @ words + self.styles @ styled).mean()) if plain else 0.0
        return Head(encoders, tuple(names[one] for one in encoders), tuple(held), words, styled, shift, sd)


def _solved(design: Any, logit: Floats, *, noise: Floats, test: NDArray[np.int64]) -> Floats:
    """Ridge weights on what differs within each test, which is as if each test had a level of its own."""
    sparse, linalg = extra("scipy.sparse", "train"), extra("scipy.sparse.linalg", "train")
    _, test = np.unique(test, return_inverse=True)
    weight = 1.0 / (noise + _REST)
    rows = np.arange(len(test))
    member = sparse.csr_matrix((np.ones(len(test)), (rows, test)))
    means = sparse.csr_matrix((weight / np.bincount(test, weight)[test], (test, rows))) @ design
    left = sparse.diags(weight**0.5) @ (design - member @ means)
    wanted = within(logit[:, None], test, weight)[:, 0] * weight**0.5
    found: Floats = linalg.lsqr(left.tocsr(), wanted, damp=1.0, iter_lim=_STEPS, atol=1e-7, btol=1e-7)[0]
    return found


def _put_right(arms: Arms, table: _Table, *, design: Any, earlier: NDArray[np.bool_]) -> tuple[float, float]:
    """Learned from earlier tests: how large later differences are for one predicted, and what is left."""
    weights = _solved(
        design[earlier], table.logit[earlier], noise=table.noise[earlier], test=arms.test[earlier]
    )
    told, later = design[~earlier] @ weights, ~earlier
    logit, noise, test = table.logit[later], table.noise[later], arms.test[later]
    slope = _slope(told, logit, noise=noise, test=test)
    return slope, _left(slope * told, logit, noise=noise, test=test)


def calibration(arms: Arms, scores: Scores) -> dict[str, Estimate]:
    """Whether scores are as large, and as sure, as they say; both are 1 where they are right.

    `slope`: how large the differences within tests are for each that was predicted. `spread`: the variance
    about the scores, over what their standard deviations and sampling lead to expect.
    """
    logit, noise = _observed(arms)
    test, weight = arms.test, 1.0 / (noise + scores.sd**2)
    _, code = np.unique(test, return_inverse=True)
    told, seen = within(np.column_stack([scores.mean, logit]), code, weight).T
    rest = within((logit - scores.mean)[:, None], code, weight)[:, 0]
    free = 1.0 - weight / np.bincount(code, weight)[code]
    return {
        "slope": bootstrap.ratio(test, weight * told * seen, denominator=weight * told**2),
        "spread": bootstrap.ratio(test, rest**2, denominator=(noise + scores.sd**2) * free),
    }


def _observed(arms: Arms) -> tuple[Floats, Floats]:
    """Log-odds of each arm's clicks, and their sampling variance."""
    clicked, missed = arms.clicked + 0.5, arms.shown - arms.clicked + 0.5
    return np.log(clicked / missed), 1.0 / clicked + 1.0 / missed


def _slope(told: Floats, logit: Floats, *, noise: Floats, test: NDArray[np.int64]) -> float:
    _, test = np.unique(test, return_inverse=True)
    weight = 1.0 / (noise + _REST)
    both = within(np.column_stack([told, logit]), test, weight)
    return float((weight * both[:, 0] * both[:, 1]).sum() / (weight * both[:, 0] ** 2).sum())


def _left(told: Floats, logit: Floats, *, noise: Floats, test: NDArray[np.int64]) -> float:
    """The standard deviation within tests that neither what was told nor sampling explains."""
    _, test = np.unique(test, return_inverse=True)
    weight = 1.0 / (noise + _REST)
    rest = within((logit - told)[:, None], test, weight)[:, 0]
    free = 1.0 - weight / np.bincount(test, weight)[test]
    return float(max((rest**2 - noise * free).sum() / free.sum(), 1e-4) ** 0.5)
