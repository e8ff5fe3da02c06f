"""Boosted trees evaluated in a fraction of a millisecond (QuickScorer, Lucchese et al. 2015).

Number a tree's leaves from left to right and give each a bit. A node that sends a row to the right
strikes out the leaves on its left; after all nodes, in any order, the lowest bit left is the row's
leaf. So a tree is a list of (feature, threshold, mask), one comparison and one AND for each row,
which the processor does for eight rows at once, without a single branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.errors import Corrupt
from hawker.ranking.ranker import Floats, Rows

MOST_LEAVES = 64
_BLOCK = 512
_TINY = np.float32(1e-35)
_CATEGORICAL, _DEFAULT_LEFT, _NAN, _ZERO = 1, 2, 2, 1
_FIVE, _LOW, _BIT = np.uint32(5), np.uint32(31), np.uint32(1)
_NO_CODES, _BEYOND = np.uint32(0), np.uint32(2**32 - 1)
_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_SHIFT = np.uint64(58)
_PLACE = np.zeros(64, np.int64)
for _bit in range(64):
    _PLACE[(int(_BRUIJN) << _bit) % 2**64 >> 58] = _bit


@dataclass(frozen=True)
class Forest:
    """Nodes of all trees, tree after tree: `starts` (trees + 1,) cuts them, `masks` say what survives.

    A node with `first` ≥ 0 is categorical: codes in `words[first : first + count]` go left. `left` and
    `right` are nodes, counted over all trees, or ~leaf where the branch ends; `roots` one such a tree.
    """

    starts: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    unknown_right: NDArray[np.bool_]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    words: NDArray[np.uint32]
    masks: NDArray[Any]  # uint32 or uint64 (nodes,)
    leaf_starts: NDArray[np.int64]
    leaves: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    roots: NDArray[np.int64]

    def __call__(self, x: Rows) -> Floats:
        """Raw scores of float32 (rows, features): float64 (rows,), equal to LightGBM's to the bit."""
        return self.across(np.ascontiguousarray(x.T))

    def across(self, columns: NDArray[np.float32]) -> Floats:
        """The same from float32 (features, rows)."""
        scores = np.zeros(columns.shape[1])
        nodes = (self.feature, self.threshold, self.unknown_right, self.masks)
        codes = (self.first, self.count, self.words, self._coded)
        _evaluate(columns, self.starts, *nodes, *codes, self.leaf_starts, self.leaves, scores)
        return scores

    @cached_property
    def _coded(self) -> NDArray[np.int64]:
        """The features that hold codes."""
        return np.unique(self.feature[self.first >= 0])

    @classmethod
    def parse(cls, text: str) -> Forest | None:
        """Read LightGBM's model text; None where a tree is too large or treats zero as unknown."""
        try:
            text, _ = text.split("\nend of trees", 1)
            trees = [_tree(section) for section in text.split("\nTree=")[1:]]
        except (KeyError, ValueError, IndexError) as error:
            raise Corrupt(
                f"The trees cannot be read: {error!r}.", remedy="Roll back to an older model."
            ) from error
        if any(tree is None for tree in trees):
            return None
        return _joined([tree for tree in trees if tree is not None])


@dataclass
class _Tree:
    nodes: list[
        tuple[int, float, bool, int, int, int]
    ]  # feature, threshold, unknown right, first, count, mask
    words: list[int]
    leaves: list[float]
    left: list[int]
    right: list[int]


def _tree(section: str) -> _Tree | None:
    fields = dict(line.split("=", 1) for line in section.split("\n\n")[0].splitlines() if "=" in line)
    leaves = [float(value) for value in fields["leaf_value"].split()]
    if len(leaves) > MOST_LEAVES:
        return None
    if len(leaves) == 1:
        return _Tree([], [], leaves, [], [])
    kinds = _ints(fields, "decision_type")
    if any(kind >> 2 == _ZERO for kind in kinds):
        return None
    left, right = _ints(fields, "left_child"), _ints(fields, "right_child")
    order: list[int] = []
    struck = _struck(left, right, order)
    words = _ints(fields, "cat_threshold") if fields["num_cat"] != "0" else []
    bounds = _ints(fields, "cat_boundaries") if words else []
    thresholds = [float(value) for value in fields["threshold"].split()]
    nodes = []
    for node, feature in enumerate(_ints(fields, "split_feature")):
        kind, threshold = kinds[node], thresholds[node]
        first, count = -1, 0
        if kind & _CATEGORICAL:
            first, count = bounds[int(threshold)], bounds[int(threshold) + 1] - bounds[int(threshold)]
        nodes.append((feature, threshold, _unknown_right(kind, threshold), first, count, ~struck[node]))
    place = {~leaf: ~position for position, leaf in enumerate(order)}
    children = ([place.get(child, child) for child in side] for side in (left, right))
    return _Tree(nodes, words, [leaves[leaf] for leaf in order], *children)


def _struck(left: list[int], right: list[int], order: list[int]) -> list[int]:
    """The leaves below each node's left child, as bits by position; fills `order` from left to right."""
    struck = [0] * len(left)

    def walk(node: int) -> int:
        if node < 0:
            order.append(~node)
            return 1 << (len(order) - 1)
        struck[node] = walk(left[node])
        return struck[node] | walk(right[node])

    walk(0)
    return struck


def _unknown_right(kind: int, threshold: float) -> bool:
    """Where an unknown value goes: the learned side, or the side of zero where none was learned."""
    if kind >> 2 == _NAN:
        return not kind & _DEFAULT_LEFT
    return not threshold >= 0


def _joined(trees: list[_Tree]) -> Forest:
    nodes = [node for tree in trees for node in tree.nodes]
    feature, threshold, unknown_right, first, count, mask = zip(*nodes, strict=True) if nodes else [()] * 6
    offsets = np.repeat(_starts([len(t.words) for t in trees])[:-1], [len(t.nodes) for t in trees])
    small = max((len(tree.leaves) for tree in trees), default=1) <= 32
    kind, bits = (np.uint32, 32) if small else (np.uint64, 64)
    start = np.array(first, dtype=np.int64)
    starts, leaf_starts = _starts([len(t.nodes) for t in trees]), _starts([len(t.leaves) for t in trees])
    return Forest(
        starts=starts,
        feature=np.array(feature, dtype=np.int64),
        threshold=_floor32(np.array(threshold, dtype=np.float64)),
        unknown_right=np.array(unknown_right, dtype=np.bool_),
        first=np.where(start < 0, -1, start + offsets),
        count=np.array(count, dtype=np.int64),
        words=np.array([word for tree in trees for word in tree.words], dtype=np.uint32),
        masks=np.array([value % 2**bits for value in mask], dtype=kind),
        leaf_starts=leaf_starts,
        leaves=np.array([value for tree in trees for value in tree.leaves]),
        left=_placed([tree.left for tree in trees], starts, leaf_starts),
        right=_placed([tree.right for tree in trees], starts, leaf_starts),
        roots=np.where(np.diff(starts) > 0, starts[:-1], ~leaf_starts[:-1]),
    )


def _placed(
    children: list[list[int]], starts: NDArray[np.int64], leaf_starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Children counted over all trees: nodes from the tree's first, leaves downwards from its first."""
    every = np.array([child for tree in children for child in tree], dtype=np.int64)
    sizes = np.diff(starts)
    nodes, leaves = np.repeat(starts[:-1], sizes), np.repeat(leaf_starts[:-1], sizes)
    return np.where(every >= 0, every + nodes, every - leaves)


def _floor32(thresholds: Floats) -> NDArray[np.float32]:
    """The largest float32 not above each threshold: `x <= t` then says the same for every float32 x.

    LightGBM reads values within 1e-35 of zero as zero, so thresholds in there move to its edge.
    """
    with np.errstate(over="ignore"):
        single = thresholds.astype(np.float32)
    below = np.nextafter(single, np.float32(-np.inf))
    floor = np.where(single.astype(np.float64) > thresholds, below, single)
    floor = np.where((floor < 0) & (floor >= -_TINY), np.nextafter(-_TINY, np.float32(-np.inf)), floor)
    return np.where((floor >= 0) & (floor < _TINY), _TINY, floor)


def _starts(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _ints(fields: dict[str, str], name: str) -> list[int]:
    return [int(value) for value in fields[name].split()]


@njit(cache=True)
def _strike(alive, column, threshold, unknown_right, mask, all_):  # type: ignore[no-untyped-def]
    """One numeric node over one block of rows; NaN compares false either way round."""
    if unknown_right:
        for r in range(len(column)):
            alive[r] &= all_ if column[r] <= threshold else mask
    else:
        for r in range(len(column)):
            alive[r] &= mask if column[r] > threshold else all_


@njit(cache=True)
def _strike_codes(alive, codes, words, listed, mask, all_):  # type: ignore[no-untyped-def]
    """One categorical node over one block of rows: codes not in the set go right, as the unknown does.

    `listed` takes the set with an empty word behind it, where all larger codes are looked for.
    """
    for w in range(len(words)):
        listed[w] = words[w]
    listed[len(words)] = _NO_CODES
    beyond = np.uint32(32 * len(words))
    for r in range(len(codes)):
        code = min(codes[r], beyond)
        found = (listed[code >> _FIVE] >> (code & _LOW)) & _BIT
        alive[r] &= all_ if found != _NO_CODES else mask


@njit(cache=True)
def _whole(column, codes):  # type: ignore[no-untyped-def]
    """Codes as whole numbers; the unknown, and what cannot be a code, beyond all of them."""
    for r in range(len(column)):
        known = column[r] > -1 and column[r] < 2**31
        codes[r] = np.uint32(np.int64(column[r])) if known else _BEYOND


@njit(cache=True)
def _evaluate(  # type: ignore[no-untyped-def]
    xt,
    starts,
    feature,
    threshold,
    unknown_right,
    masks,
    first,
    count,
    words,
    coded,
    leaf_starts,
    leaves,
    scores,
):
    all_ = ~(masks[0] & ~masks[0]) if len(masks) else masks.dtype.type(0)
    block, listed = np.empty(_BLOCK, masks.dtype), np.empty(len(words) + 1, np.uint32)
    codes, place = np.empty((len(coded), _BLOCK), np.uint32), np.zeros(xt.shape[0], np.int64)
    for c in range(len(coded)):
        place[coded[c]] = c
    for begin in range(0, xt.shape[1], _BLOCK):
        end = min(begin + _BLOCK, xt.shape[1])
        alive = block[: end - begin]
        for c in range(len(coded)):
            _whole(xt[coded[c], begin:end], codes[c])
        for tree in range(len(starts) - 1):
            alive[:] = all_
            for node in range(starts[tree], starts[tree + 1]):
                column = xt[feature[node], begin:end]
                if first[node] < 0:
                    _strike(alive, column, threshold[node], unknown_right[node], masks[node], all_)
                else:
                    some = words[first[node] : first[node] + count[node]]
                    _strike_codes(
                        alive, codes[place[feature[node]], : len(alive)], some, listed, masks[node], all_
                    )
            values = leaves[leaf_starts[tree] : leaf_starts[tree + 1]]
            for r in range(len(alive)):
                lowest = np.uint64(alive[r])
                lowest &= ~lowest + np.uint64(1)
                scores[begin + r] += values[_PLACE[(lowest * _BRUIJN) >> _SHIFT]]
