"""Boosted trees for one request: up to 64 candidates go down a tree together, as the bits of one word.

What a test says of each candidate is found once for all trees: a feature's thresholds are sorted, a
candidate goes right at those below its value, so that one binary search a candidate sets the words of all
tests on that feature; where all candidates share a value, one search sets them. Then a set of candidates
walks down each tree, splits where its members differ and dies where it is empty: what a request has in
common prunes the trees by itself. Leaves are added tree after tree, so that scores equal
`Forest`'s, and LightGBM's, to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.features.program import Sheet
from hawker.ranking.forest import _BRUIJN, _PLACE, _SHIFT, Forest
from hawker.ranking.ranker import Floats

_ONE, _NONE = np.uint64(1), np.uint64(0)
_WORD = 64
_WIDEST = 1024


@dataclass(frozen=True)
class ServedForest:
    """The tests of a forest by feature, and its trees as walks over them.

    `bounds` (features + 1,) cuts the numeric tests, whose `cuts` ascend within a feature;
    `unknown_right` says where the unknown goes. Categorical tests stand behind them: `coded` (tests, 3)
    is feature, first word, words. `walk` (nodes, 3) is test, left and right, counted as in `Forest`;
    `places` remembers where the features stand in sheets seen before.
    """

    names: tuple[str, ...]
    forest: Forest
    bounds: NDArray[np.int64]
    cuts: NDArray[np.float32]
    unknown_right: NDArray[np.bool_]
    coded: NDArray[np.int64]
    walk: NDArray[np.int64]
    places: dict[tuple[str, ...], NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def of(cls, forest: Forest, names: tuple[str, ...]) -> ServedForest:
        """The same trees in this form."""
        numeric = forest.first < 0
        keys = np.column_stack([forest.feature, forest.threshold, forest.unknown_right])[numeric]
        tests, which = np.unique(keys, axis=0, return_inverse=True)
        test = np.empty(len(forest.feature), dtype=np.int64)
        test[numeric] = which.ravel()
        test[~numeric] = len(tests) + np.arange(np.count_nonzero(~numeric))
        return cls(
            names=names,
            forest=forest,
            bounds=np.searchsorted(tests[:, 0], np.arange(len(names) + 1)).astype(np.int64),
            cuts=tests[:, 1].astype(np.float32),
            unknown_right=tests[:, 2] > 0,
            coded=np.column_stack([forest.feature, forest.first, forest.count])[~numeric],
            walk=np.column_stack([test, forest.left, forest.right]),
        )

    def __call__(self, sheet: Sheet) -> Floats:
        """Raw scores of a request's candidates; more than a word holds go node by node, or in several words.

        Which is faster hangs on whether nodes test codes: those are cheap here and dear there.
        """
        places = self.places.get(sheet.names)
        if places is None:
            places = self.places[sheet.names] = np.array(sheet.places(self.names), dtype=np.int64)
        common, rows = sheet.common[places], sheet.rows[places]
        if len(sheet) > _WORD and 8 * len(self.coded) < len(self.walk):
            return self.forest.across(_spread(common, rows, sheet.own))
        scores = np.zeros(len(sheet))
        tests = (self.bounds, self.cuts, self.unknown_right, self.coded, self.forest.words)
        for first in range(0, len(sheet), _WORD):
            own = np.ascontiguousarray(sheet.own[:, first : first + _WORD])
            some = scores[first : first + _WORD]
            _serve((common, rows, own), tests, self.walk, self.forest.roots, self.forest.leaves, some)
        return scores


def _spread(
    common: NDArray[np.float32], rows: NDArray[np.int64], own: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The candidates in full, feature by feature: float32 (features, rows)."""
    out = np.empty((len(common), own.shape[1]), dtype=np.float32)
    out[:] = common[:, None]
    differ = np.flatnonzero(rows >= 0)
    out[differ] = own[rows[differ]]
    return out


@njit(cache=True)
def _serve(given, tests, walk, roots, leaves, scores):  # type: ignore[no-untyped-def]
    right = np.empty(len(tests[1]) + len(tests[3]), np.uint64)
    nodes, sets = np.empty(_WORD, np.int64), np.empty(_WORD, np.uint64)
    whole = ~_NONE >> np.uint64(_WORD - len(scores)) if len(scores) else _NONE
    _ask(given, tests, whole, right)
    for tree in range(len(roots)):
        nodes[0], sets[0] = roots[tree], whole
        waiting = 1
        while waiting:
            waiting -= 1
            node, rows = nodes[waiting], sets[waiting]
            while node >= 0:
                over = rows & right[walk[node, 0]]
                rows ^= over
                if rows == _NONE:
                    node, rows = walk[node, 2], over
                    continue
                if over != _NONE:
                    nodes[waiting], sets[waiting] = walk[node, 2], over
                    waiting += 1
                node = walk[node, 1]
            value = leaves[~node]
            while rows:
                lowest = rows & (~rows + _ONE)
                scores[_PLACE[(lowest * _BRUIJN) >> _SHIFT]] += value
                rows ^= lowest


@njit(cache=True)
def _ask(given, tests, whole, right):  # type: ignore[no-untyped-def]
    """The candidates that go right at each test, as the bits of a word."""
    common, rows, own = given
    bounds, cuts, unknown_right, coded, words = tests
    below, one = np.empty(_WORD, np.uint64), np.empty(1, np.float32)
    for f in range(len(bounds) - 1):
        first, last = bounds[f], bounds[f + 1]
        if first == last:
            continue
        if rows[f] < 0:
            one[0] = common[f]
            unknown = _sort(one, cuts[first:last], below, right[first:last])
            for t in range(first, last):
                right[t] = whole if right[t] else _NONE
            unknown = whole if unknown else _NONE
        else:
            unknown = _sort(own[rows[f]], cuts[first:last], below, right[first:last])
        if unknown:
            for t in range(first, last):
                right[t] |= unknown if unknown_right[t] else _NONE
    widest = 0
    for c in range(len(coded)):
        widest = max(widest, 32 * coded[c, 2])
    having = np.zeros((len(rows), widest if widest <= _WIDEST else 0), np.uint64)
    gathered = np.zeros(len(rows), np.bool_)
    for c in range(len(coded)):
        f = coded[c, 0]
        listed = words[coded[c, 1] : coded[c, 1] + coded[c, 2]]
        if rows[f] < 0:
            right[len(cuts) + c] = _NONE if _member(common[f], listed) else whole
        elif widest <= _WIDEST:
            if not gathered[f]:
                _gather(own[rows[f]], having[f])
                gathered[f] = True
            right[len(cuts) + c] = whole & ~_listed(listed, having[f])
        else:
            found = _NONE
            for i in range(own.shape[1]):
                if not _member(own[rows[f], i], listed):
                    found |= _ONE << np.uint64(i)
            right[len(cuts) + c] = found


@njit(cache=True)
def _sort(column, cuts, below, right):  # type: ignore[no-untyped-def]
    """Which values exceed each threshold, as bits; and, returned, which are unknown and exceed none.

    All values are searched side by side: `below` counts the thresholds under each, halving what is left.
    """
    rows, left = len(column), np.uint64(len(cuts))
    for i in range(rows):
        below[i] = _NONE
    while left > _ONE:
        half = left >> _ONE
        for i in range(rows):
            below[i] += half if cuts[below[i] + half - _ONE] < column[i] else _NONE
        left -= half
    for i in range(rows):
        below[i] += _ONE if cuts[below[i]] < column[i] else _NONE
    for t in range(len(cuts)):
        right[t] = _NONE
    unknown, bit = _NONE, _ONE
    for i in range(rows):
        if below[i]:
            right[below[i] - _ONE] |= bit
        unknown |= bit if np.isnan(column[i]) else _NONE
        bit <<= _ONE
    for t in range(len(cuts) - 2, -1, -1):
        right[t] |= right[t + 1]
    return unknown


@njit(cache=True)
def _gather(column, having):  # type: ignore[no-untyped-def]
    """The candidates that have each code, as bits."""
    for i in range(len(column)):
        if column[i] > -1 and column[i] < len(having):
            having[np.int64(column[i])] |= _ONE << np.uint64(i)


@njit(cache=True)
def _listed(words, having):  # type: ignore[no-untyped-def]
    """The candidates that have any of the codes of a set."""
    found = _NONE
    for w in range(len(words)):
        left = np.uint64(words[w])
        while left:
            lowest = left & (~left + _ONE)
            found |= having[32 * w + _PLACE[(lowest * _BRUIJN) >> _SHIFT]]
            left ^= lowest
    return found


@njit(cache=True)
def _member(code, words):  # type: ignore[no-untyped-def]
    """Whether a code is listed: then it goes left; the unknown never is."""
    if not (code > -1 and code < 32 * len(words)):
        return False
    place = np.int64(code)
    return (words[place >> 5] >> np.uint32(place & 31)) & np.uint32(1) != 0
