"""Models around models as one ONNX graph: weighted sums, calibration, and what came from elsewhere.

What is around a graph is worked out in double precision, and told in single precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hawker.errors import BadInput, extra
from hawker.ranking.blend import Blend
from hawker.ranking.calibrate import Calibrated
from hawker.ranking.exported import SCORE
from hawker.ranking.external import NARROWEST, External
from hawker.ranking.ranker import Floats

_FLOAT, _DOUBLE = 1, 11  # onnx.TensorProto
_ML, _GAINED = "ai.onnx.ml", 4
_LARGEST = float(np.finfo(np.float32).max)


def external(model: External) -> bytes:
    """Probabilities from elsewhere as log-odds; what stands for the unknown is put in by the graph."""
    whole = _Whole()
    given = whole.node("Identity", ["x"])
    if model.unknown is not None:
        known = whole.node("Where", [whole.node("IsNaN", ["x"]), whole.single([model.unknown]), "x"])
        given = whole.node("Clip", [known, whole.single(-_LARGEST), whole.single(_LARGEST)])
    answered = whole.inner(model.data, given, model.output)
    p = whole.node("Gather", [whole.double(answered), whole.whole([model.column])], axis=-1)  # (rows, 1)
    p = whole.node("Reshape", [p, whole.whole([-1, 1])])
    p = whole.node("Clip", [p, whole.exact(NARROWEST), whole.exact(1 - NARROWEST)])
    against = whole.node("Sub", [whole.exact([1.0]), p])
    return whole.written(
        whole.node("Sub", [whole.node("Log", [p]), whole.node("Log", [against])]), len(model.names)
    )


def calibrated(model: Calibrated, inner: bytes) -> bytes:
    """The map of a calibration as a sum of hinges: (rows, 1) · ±1 − knots, cut at 0, times what they turn."""
    whole = _Whole()
    score = whole.double(whole.inner(inner, "x", SCORE))
    signs, shifts, turns, base = _hinges(model)
    apart = whole.node(
        "Add", [whole.node("MatMul", [score, whole.exact(signs[None])]), whole.exact(shifts)]
    )  # (rows, K)
    turned = whole.node("MatMul", [whole.node("Relu", [apart]), whole.exact(turns[:, None])])
    total = whole.node("Add", [turned, whole.exact([base])])
    if model.offsets:
        values, moves = np.array(list(model.offsets), np.float32), np.array(list(model.offsets.values()))
        place = model.names.index(model.field)
        column = whole.node("Gather", ["x", whole.whole([place])], axis=1)
        alike = whole.double(whole.node("Equal", [column, whole.single(values[None])]))  # (rows, V)
        total = whole.node("Add", [total, whole.node("MatMul", [alike, whole.exact(moves[:, None])])])
    return whole.written(total, len(model.names))


def blended(model: Blend, inner: Sequence[bytes]) -> bytes:
    """Σ weight × score + base."""
    whole = _Whole()
    total = whole.exact([[model.base]])
    for weight, data in zip(model.weights.tolist(), inner, strict=True):
        score = whole.double(whole.inner(data, "x", SCORE))
        total = whole.node("Add", [total, whole.node("Mul", [score, whole.exact([weight])])])
    return whole.written(total, len(model.names))


def around(model: Blend | Calibrated | External, write: Callable[[Any], bytes]) -> bytes:
    """One of these as a graph, what is inside written by `write`."""
    if isinstance(model, External):
        return external(model)
    if isinstance(model, Calibrated):
        return calibrated(model, write(model.model))
    return blended(model, [write(one) for one in model.models])


def _hinges(model: Calibrated) -> tuple[Floats, Floats, Floats, float]:
    """Signs, shifts and turns of the hinges, and the height they start from."""
    knots, heights, slope = model.knots, model.heights, model.slope
    rises = np.diff(heights) / np.diff(knots)
    steps = np.diff(np.concatenate([[0.0], rises, [0.0]])) if len(knots) > 1 else np.zeros(1)
    ends = np.array([knots[0], -knots[-1]])
    return (
        np.concatenate([np.ones(len(knots)), [-1.0, 1.0]]),
        np.concatenate([-knots, ends]),
        np.concatenate([steps, [-slope, slope]]),
        float(heights[0]),
    )


class _Whole:
    """A graph under way that takes others in, each by names of its own."""

    def __init__(self) -> None:
        self.onnx = extra("onnx", "onnx")
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.opsets: dict[str, int] = {}
        self.ir = 0
        self.parts = 0

    def inner(self, data: bytes, given: str, answer: str) -> str:
        """The nodes of a graph of one input; returns the name of its answer."""
        part = self.onnx.load_from_string(data)
        self._speaks(part)
        prefix = f"part_{self.parts}_"
        self.parts += 1
        part = self.onnx.compose.add_prefix(part, prefix)
        kind = part.graph.input[0].type.tensor_type.elem_type
        self.nodes.append(self.onnx.helper.make_node("Cast", [given], [part.graph.input[0].name], to=kind))
        self.nodes.extend(part.graph.node)
        self.constants.extend(part.graph.initializer)
        return prefix + answer

    def node(self, operation: str, inputs: Sequence[str], **attributes: Any) -> str:
        name = f"whole_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operation, list(inputs), [name], **attributes))
        return name

    def double(self, name: str) -> str:
        return self.node("Cast", [name], to=_DOUBLE)

    def exact(self, values: Any) -> str:
        return self._constant(np.asarray(values, np.float64))

    def single(self, values: Any) -> str:
        return self._constant(np.asarray(values, np.float32))

    def whole(self, values: Any) -> str:
        return self._constant(np.asarray(values, np.int64))

    def written(self, score: str, wide: int) -> bytes:
        """The graph from rows to the log-odds of that name."""
        helper = self.onnx.helper
        self.nodes.append(helper.make_node("Cast", [score], [SCORE], to=_FLOAT))
        graph = helper.make_graph(
            self.nodes,
            "whole",
            [helper.make_tensor_value_info("x", _FLOAT, ["rows", wide])],
            [helper.make_tensor_value_info(SCORE, _FLOAT, ["rows", 1])],
            self.constants,
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in self.opsets.items()]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=self.ir)
        self.onnx.checker.check_model(made)
        return bytes(made.SerializeToString())

    def _speaks(self, part: Any) -> None:
        """Take over the operations a part is written in; unlike versions do not go together.

        But for those of learned models, which up to the fourth version only gained.
        """
        self.ir = max(self.ir, part.ir_version)
        for one in part.opset_import:
            domain, version = "" if one.domain == "ai.onnx" else one.domain, one.version
            known = self.opsets.setdefault(domain, version)
            if known != version and (domain != _ML or max(known, version) > _GAINED):
                raise BadInput(
                    f"Two of the graphs inside are written in operations of versions {known} and {version}.",
                    remedy="Write the one from elsewhere again, in the other's opset.",
                )
            self.opsets[domain] = max(known, version)

    def _constant(self, values: Any) -> str:
        name = f"whole_constant_{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(values, name))
        return name
