"""Boosted trees as one ONNX node: the same thresholds to the bit, the same sides for the unknown."""

from __future__ import annotations

from typing import Any

import numpy as np

from hawker.errors import BadInput, extra
from hawker.ranking.exported import SCORE
from hawker.ranking.forest import Forest
from hawker.ranking.trees import TreesModel

_OPSET, _ML, _IR, _FLOAT = 17, 3, 9, 1
_MOST = 200_000
_LEAF = "LEAF"


def trees(model: TreesModel) -> bytes:
    """A graph from rows, float32 (rows, features), to log-odds.

    Values are summed in single precision, which costs up to 1e-5 of a log-odd. A test on codes becomes
    one test a code, each with its own copy of what lies left, as ONNX has no sets.
    """
    forest = Forest.parse(model.text)
    if forest is None:
        raise BadInput(
            "Trees of more than 64 leaves cannot be written as ONNX.", remedy="Train smaller ones."
        )
    nodes = _Nodes(forest)
    for tree, root in enumerate(forest.roots.tolist()):
        nodes.begin(tree)
        nodes.grow(root)
    helper = extra("onnx", "onnx").helper
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        [SCORE],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        **nodes.columns,
    )
    graph = helper.make_graph(
        [node],
        "trees",
        [helper.make_tensor_value_info("x", _FLOAT, ["rows", len(model.names)])],
        [helper.make_tensor_value_info(SCORE, _FLOAT, ["rows", 1])],
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _ML)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=_IR).SerializeToString())


class _Nodes:
    """The columns of the node under way."""

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        self.tree = self.next = self.whole = 0
        names = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")
        self.columns: dict[str, list[Any]] = {f"nodes_{name}": [] for name in names}
        self.columns["nodes_missing_value_tracks_true"] = []
        self.columns |= {f"target_{name}": [] for name in ("treeids", "nodeids", "ids", "weights")}

    def begin(self, tree: int) -> None:
        self.tree, self.next = tree, 0

    def grow(self, node: int) -> int:
        """Write what hangs below a node of the forest; returns its number in the tree."""
        if node < 0:
            place = self._add(0, 0.0, _LEAF, tracks=0)
            leaf = (self.tree, place, 0, float(self.forest.leaves[~node]))
            for name, value in zip(("treeids", "nodeids", "ids", "weights"), leaf, strict=True):
                self.columns[f"target_{name}"].append(value)
            return place
        feature, left, right = (
            int(column[node]) for column in (self.forest.feature, self.forest.left, self.forest.right)
        )
        if self.forest.first[node] < 0:
            cut, tracks = float(self.forest.threshold[node]), int(not self.forest.unknown_right[node])
            place = self._add(feature, cut, "BRANCH_LEQ", tracks=tracks)
            self._join(place, self.grow(left), self.grow(right))
            return place
        return self._codes(feature, self._listed(node), left, right)

    def _codes(self, feature: int, codes: list[int], left: int, right: int) -> int:
        """Tests on one code after the other."""
        if not codes:
            return self.grow(right)
        place = self._add(feature, float(codes[0]), "BRANCH_EQ", tracks=0)
        self._join(place, self.grow(left), self._codes(feature, codes[1:], left, right))
        return place

    def _listed(self, node: int) -> list[int]:
        """The codes that go left at a categorical node."""
        first, count = int(self.forest.first[node]), int(self.forest.count[node])
        words = self.forest.words[first : first + count].astype("<u4")
        return [int(code) for code in np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little"))]

    def _add(self, feature: int, value: float, mode: str, *, tracks: int) -> int:
        place, self.next, self.whole = self.next, self.next + 1, self.whole + 1
        if self.whole > _MOST:
            raise BadInput(
                f"The trees test so many codes that ONNX would need more than {_MOST:,} nodes.",
                remedy="Leave the widest categorical feature out.",
            )
        row = (self.tree, place, feature, value, mode, 0, 0, tracks)
        names = [name for name in self.columns if name.startswith("nodes_")]
        for name, given in zip(names, row, strict=True):
            self.columns[name].append(given)
        return place

    def _join(self, place: int, left: int, right: int) -> None:
        at = len(self.columns["nodes_nodeids"]) - (self.next - place)
        self.columns["nodes_truenodeids"][at] = left
        self.columns["nodes_falsenodeids"][at] = right
