"""What each feature adds to the score of boosted trees: their Shapley values, exactly.

A path's Shapley values are those of a product game: leaf ℓ is reached by the share Π zⱼ of rows whose
features on the path are unknown, and by the row itself or not, oⱼ ∈ {0, 1}. The value of feature i is

    φᵢ = Σ_ℓ value(ℓ) (oᵢ − zᵢ) ∫₀¹ Π_{j ≠ i} (zⱼ (1 − t) + oⱼ t) dt

where the integral takes the place of the sum over subsets: features off the path have the factor 1. The
integrand is a polynomial, so a handful of Gauss-Legendre points give it exactly, every factor lies between
0 and 1, and a tree costs one walk down (products) and one up (sums of leaves), points side by side. It is
the path-dependent TreeSHAP of Lundberg et al. 2020 at the cost of Yu et al. 2022, without their division
of polynomials.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.errors import Corrupt
from hawker.ranking.forest import _CATEGORICAL, _ZERO, _floor32, _ints, _starts, _unknown_right
from hawker.ranking.ranker import Floats, Rows

_POINTS = 4  # a multiple of what the processor takes side by side
_TOOK, _LEFT, _BEFORE = 0, 1, 2
_Split = tuple[int, float, bool, int, int]  # feature, threshold, unknown right, first word, words


@dataclass(frozen=True)
class Shapley:
    """The edges of all trees, parents before children; a tree's first edge leads to its root.

    Below an edge hangs a split (`feature` ≥ 0, going on at `left` and `right`) or a leaf (`value`).
    `parent` is the edge above, `same` the nearest edge above that came of the same feature (a tree's
    first: none). `ratio` and `gain` are (edges, ways, points): what the product is multiplied by, and
    what a sum of leaves earns the feature, where the row took this edge (0), left the path here (1),
    or, ratio alone, had left it at `same` already (2).
    """

    starts: NDArray[np.int64]
    splits: tuple[NDArray[Any], ...]
    words: NDArray[np.uint32]
    left: NDArray[np.int64]
    parent: NDArray[np.int64]
    same: NDArray[np.int64]
    value: Floats
    ratio: Floats
    gain: Floats
    base: float
    width: int

    def __call__(self, x: Rows) -> Floats:
        """Parts of float32 (rows, features): float64 (rows, features + 1), the last what none adds."""
        parts = np.zeros((len(x), self.width + 1))
        parts[:, -1] = self.base
        rows = np.ascontiguousarray(x, dtype=np.float32)
        tree = (self.starts, self.left, self.parent, self.same, self.value)
        _attribute(rows, *self.splits, self.words, *tree, self.ratio, self.gain, parts)
        return parts

    @classmethod
    def parse(cls, text: str, *, width: int) -> Shapley | None:
        """Read LightGBM's model text of so many features; None where a tree takes zero for unknown."""
        try:
            text, _ = text.split("\nend of trees", 1)
            trees = [_read(section) for section in text.split("\nTree=")[1:]]
        except (KeyError, ValueError, IndexError) as error:
            raise Corrupt(
                f"The trees cannot be read: {error!r}.", remedy="Roll back to an older model."
            ) from error
        found = [tree for tree in trees if tree is not None]
        return _joined(found, width) if len(found) == len(trees) else None


@dataclass
class _Tree:
    """One tree's edges while it is read; `shares` are z: of the rows that ask a feature, how many go here."""

    words: list[int]
    splits: list[_Split] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    same: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    mean: float = 0.0
    deep: int = 1

    def edge(self, split: _Split, value: float, *, parent: int, same: int, share: float) -> int:
        """Add an edge; returns its place."""
        self.splits.append(split)
        self.left.append(0)
        self.parent.append(parent)
        self.same.append(same)
        self.value.append(value)
        self.shares.append(share)
        return len(self.splits) - 1


def _read(section: str) -> _Tree | None:
    """One tree from its part of the text; None where zero is taken for unknown."""
    fields = dict(line.split("=", 1) for line in section.split("\n\n")[0].splitlines() if "=" in line)
    values = [float(value) for value in fields["leaf_value"].split()]
    if len(values) == 1:
        tree = _Tree([], mean=values[0])
        tree.edge((-1, 0.0, False, -1, 0), values[0], parent=0, same=0, share=1.0)
        return tree
    if any(kind >> 2 == _ZERO for kind in _ints(fields, "decision_type")):
        return None
    tree = _Tree(_ints(fields, "cat_threshold") if fields["num_cat"] != "0" else [])
    leaves, nodes = _ints(fields, "leaf_count"), _ints(fields, "internal_count")
    tree.mean = sum(value * count for value, count in zip(values, leaves, strict=True)) / nodes[0]
    splits, below = _splits(fields), (_ints(fields, "left_child"), _ints(fields, "right_child"))

    def grow(node: int, parent: int, same: int, share: float, asked: dict[int, int]) -> int:
        if node < 0:
            tree.deep = max(tree.deep, len(asked))
            return tree.edge((-1, 0.0, False, -1, 0), values[~node], parent=parent, same=same, share=share)
        here = tree.edge(splits[node], 0.0, parent=parent, same=same, share=share)
        feature = splits[node][0]
        last = asked.get(feature, 0)
        for side, child in enumerate((below[0][node], below[1][node])):
            rows = leaves[~child] if child < 0 else nodes[child]
            part = rows / max(nodes[node], 1) * (tree.shares[last] if last else 1.0)
            place = grow(child, here, last, part, {**asked, feature: len(tree.splits)})
            if not side:
                tree.left[here] = place
        return here

    grow(0, 0, 0, 1.0, {})
    return tree


def _splits(fields: dict[str, str]) -> list[_Split]:
    """The question of each node."""
    kinds = _ints(fields, "decision_type")
    thresholds = [float(value) for value in fields["threshold"].split()]
    bounds = _ints(fields, "cat_boundaries") if fields["num_cat"] != "0" else []
    found = []
    for feature, kind, threshold in zip(_ints(fields, "split_feature"), kinds, thresholds, strict=True):
        coded, place = bool(kind & _CATEGORICAL), int(threshold) if kind & _CATEGORICAL else 0
        first, count = (bounds[place], bounds[place + 1] - bounds[place]) if coded else (-1, 0)
        found.append((feature, threshold, _unknown_right(kind, threshold), first, count))
    return found


def _joined(trees: list[_Tree], width: int) -> Shapley:
    """All trees one after another, with what each edge does to the points of the integral."""
    sizes = [len(tree.splits) for tree in trees]
    feature, threshold, unknown_right, first, count = zip(
        *(s for tree in trees for s in tree.splits), strict=True
    )
    words = np.repeat(_starts([len(tree.words) for tree in trees])[:-1], sizes)
    start = np.array(first, dtype=np.int64)
    points = -(-max(tree.deep for tree in trees) // 2 // _POINTS) * _POINTS or _POINTS
    shares = np.array([share for tree in trees for share in tree.shares])
    same = np.array([place for tree in trees for place in tree.same], dtype=np.int64)
    ratio, gain = _factors(shares, same, np.repeat(_starts(sizes)[:-1], sizes), points)
    return Shapley(
        starts=_starts(sizes),
        splits=(
            np.array(feature, dtype=np.int64),
            _floor32(np.array(threshold, dtype=np.float64)),
            np.array(unknown_right, dtype=np.bool_),
            np.where(start < 0, -1, start + words),
            np.array(count, dtype=np.int64),
        ),
        words=np.array([word for tree in trees for word in tree.words], dtype=np.uint32),
        left=np.array([place for tree in trees for place in tree.left], dtype=np.int64),
        parent=np.array([place for tree in trees for place in tree.parent], dtype=np.int64),
        same=same,
        value=np.array([value for tree in trees for value in tree.value]),
        ratio=ratio,
        gain=gain,
        base=sum(tree.mean for tree in trees),
        width=width,
    )


def _factors(
    z: Floats, same: NDArray[np.int64], begin: NDArray[np.int64], points: int
) -> tuple[Floats, Floats]:
    """`ratio` (edges, 3, points) and `gain` (edges, 2, points), from the shares and the points' weights."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    t, w = (nodes + 1) / 2, weights / 2
    took = z[:, None] * (1 - t) + t  # (edges, points): z (1 − t) + o t with o = 1
    left = z[:, None] * (1 - t)  # and with o = 0
    repeated = (same > 0)[:, None]
    above = begin + same  # places in the whole
    took_above = np.where(repeated, took[above], 1.0)
    part = np.divide(z, z[above], out=np.zeros_like(z), where=(same > 0) & (z[above] > 0))
    ratio = np.stack(
        [took / took_above, left / took_above, np.broadcast_to(part[:, None], took.shape)], axis=1
    )
    before = np.where(repeated, (1 - z[above])[:, None] / took_above, 0.0)
    earned = (1 - z)[:, None] / took
    gain = np.stack([w * (earned - before), w * (-1 / (1 - t) - before)], axis=1)
    return np.ascontiguousarray(ratio), np.ascontiguousarray(gain)


@njit(cache=True)
def _goes_left(value, threshold, unknown_right, first, count, words):  # type: ignore[no-untyped-def]
    """A row's answer at a split; NaN compares false either way round."""
    if first < 0:
        return value <= threshold if unknown_right else not value > threshold
    if value > -1 and value < 32 * count:
        code = np.int64(value)
        return (words[first + (code >> 5)] >> np.uint32(code & 31)) & np.uint32(1) != 0
    return False


@njit(cache=True)
def _attribute(  # type: ignore[no-untyped-def]
    x,
    feature,
    threshold,
    unknown_right,
    first,
    count,
    words,
    starts,
    left,
    parent,
    same,
    value,
    ratio,
    gain,
    parts,
):
    """Tree by tree, so that what is known of its edges stays near: each row down it and up again."""
    most = 1
    for tree in range(len(starts) - 1):
        most = max(most, starts[tree + 1] - starts[tree])
    ways, goes = np.zeros(most, np.int8), np.zeros(most, np.bool_)
    products, sums = np.ones((most, ratio.shape[2])), np.empty((most, ratio.shape[2]))
    for tree in range(len(starts) - 1):
        part = slice(starts[tree], starts[tree + 1])
        edges = (left[part], parent[part], same[part], value[part])
        asked, scale, earns = feature[part], ratio[part], gain[part]
        for r in range(len(x)):
            for e in range(len(asked)):
                f, at = asked[e], starts[tree] + e
                if f >= 0:
                    goes[e] = _goes_left(
                        x[r, f], threshold[at], unknown_right[at], first[at], count[at], words
                    )
            _down(goes, ways, products, sums, edges, asked, scale)
            _up(ways, sums, edges[1], asked, earns, parts[r])


@njit(cache=True)
def _down(goes, ways, products, sums, edges, asked, scale):  # type: ignore[no-untyped-def]
    """Products of the factors on each path; at its end, times the leaf."""
    left, parent, same, value = edges
    points = products.shape[1]
    for e in range(len(asked)):
        if e:
            up = parent[e]
            stays = same[e] == 0 or ways[same[e]] == _TOOK
            took = goes[up] == (left[up] == e)
            way = (_TOOK if took else _LEFT) if stays else _BEFORE
            ways[e] = way
            for q in range(points):
                products[e, q] = products[up, q] * scale[e, way, q]
        for q in range(points):
            sums[e, q] = products[e, q] * value[e] if asked[e] < 0 else 0.0


@njit(cache=True)
def _up(ways, sums, parent, asked, earns, part):  # type: ignore[no-untyped-def]
    """Sums of the leaves below each edge, and what they earn the feature that the edge came of."""
    points = sums.shape[1]
    for e in range(len(asked) - 1, 0, -1):
        up = parent[e]
        if ways[e] != _BEFORE:
            earned = 0.0
            for q in range(points):
                earned += earns[e, ways[e], q] * sums[e, q]
            part[asked[up]] += earned
        for q in range(points):
            sums[up, q] += sums[e, q]
