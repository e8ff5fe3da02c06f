"""Models as ONNX files: what other engines read, and what ONNX Runtime evaluates without torch."""

from __future__ import annotations

import copy
import io
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hawker.errors import BadInput, extra
from hawker.ranking.ranker import Floats, Model, Rows
from hawker.storage import files

if TYPE_CHECKING:
    from hawker.ranking.columns import Columns
    from hawker.ranking.net import NetModel

FILE = "model.onnx"
SCORE = "log_odds"
_OPSET, _ML, _IR = 17, 3, 9
_NARROW = 0.05  # a spread below which single precision would show
_FLOAT, _DOUBLE, _INT64 = 1, 11, 7  # onnx.TensorProto


@dataclass
class Exported(Model):
    """An ONNX graph from rows, float32 (rows, features), to log-odds, evaluated on one thread."""

    names: tuple[str, ...]
    data: bytes
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "onnx"

    def __post_init__(self) -> None:
        self._session = session(self.data)
        self._input = self._session.get_inputs()[0].name

    def scored(self, x: Rows) -> Floats:
        if not len(x):
            return np.zeros(0)
        (found,) = self._session.run([SCORE], {self._input: x})
        return np.asarray(found, dtype=np.float64).reshape(len(x))

    def write(self, folder: Path) -> dict[str, Any]:
        files.write(folder / FILE, self.data)
        return {}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Exported:
        return cls(tuple(head["names"]), (folder / FILE).read_bytes())


def exported(model: Model) -> Exported:
    """The same model as an ONNX graph: equal to it within 1e-5 of log-odds.

    Networks, trees and models from elsewhere, also calibrated and in weighted sums. Raises `BadInput`
    for kinds that have no such form.
    """
    return model if isinstance(model, Exported) else Exported(model.names, _graph(model), dict(model.recipe))


def _graph(model: Model) -> bytes:
    """From rows to log-odds, by the kind of the model."""
    from hawker.ranking.blend import Blend
    from hawker.ranking.calibrate import Calibrated
    from hawker.ranking.exported_trees import trees
    from hawker.ranking.exported_whole import around
    from hawker.ranking.external import External
    from hawker.ranking.net import NetModel
    from hawker.ranking.trees import TreesModel

    if isinstance(model, Exported):
        return model.data
    if isinstance(model, Blend | Calibrated | External):
        return around(model, _graph)
    if isinstance(model, TreesModel):
        return trees(model)
    if type(model) is NetModel:
        return network(model)
    raise BadInput(
        f"A model of kind '{model.kind}' cannot be written as ONNX.",
        remedy="Networks and boosted trees can, calibrated and blended too: ranking.Net, ranking.Trees.",
    )


def export(model: Model, path: Path) -> None:
    """Write a model as an ONNX file, for whatever reads such files."""
    files.write(path, exported(model).data)


def session(data: bytes) -> Any:
    """A session of ONNX Runtime on one thread, which says nothing."""
    runtime = extra("onnxruntime", "onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def network(model: NetModel) -> bytes:
    """A network with its columns: from x to log-odds in one graph."""
    onnx = extra("onnx", "onnx")
    core = _core(model, onnx)
    whole = onnx.compose.merge_models(
        _front(model.columns, len(model.names), onnx),
        core,
        io_map=[("codes", "codes"), ("numbers", "numbers")],
    )
    kept = {one.domain: one for one in whole.opset_import}  # merging names a set of operations twice
    del whole.opset_import[:]
    whole.opset_import.extend(kept.values())
    del whole.graph.value_info[:]  # shapes noted for a batch of two, which quantisation would believe
    onnx.checker.check_model(whole)
    return bytes(whole.SerializeToString())


def _core(model: NetModel, onnx: Any) -> Any:
    """What torch evaluates, as torch writes it."""
    torch = extra("torch", "deep")
    inputs = model.columns(np.zeros((2, len(model.names)), np.float32))
    given = (torch.from_numpy(inputs.codes.astype(np.int64)), torch.from_numpy(inputs.numbers))
    names, buffer = ["codes", "numbers"], io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # that this way of writing is the older one; the newer needs more
        torch.onnx.export(
            _folded(model.network, torch),
            given,
            buffer,
            input_names=names,
            output_names=[SCORE],
            dynamic_axes={name: {0: "rows"} for name in (*names, SCORE)},
            opset_version=_OPSET,
            dynamo=False,
        )
    core = onnx.load_from_string(buffer.getvalue())
    core.ir_version = _IR
    for given_name, kept in zip(names, list(core.graph.input), strict=False):
        if kept.name != given_name:
            raise BadInput(f"The network does not use its {given_name}.")
    return core


def _folded(network: Any, torch: Any) -> Any:
    """A copy in which each layer has taken in the normalisation behind it, which by now is a fixed scale."""
    whole = copy.deepcopy(network).eval()
    layers: list[Any] = []
    for layer in whole.tower.perceptron:
        if isinstance(layer, torch.nn.BatchNorm1d):
            layers[-1] = torch.nn.utils.fusion.fuse_linear_bn_eval(layers[-1], layer)
        elif not isinstance(layer, torch.nn.Dropout):
            layers.append(layer)
    whole.tower.perceptron = torch.nn.Sequential(*layers)
    return whole


def _front(columns: Columns, wide: int, onnx: Any) -> Any:
    """From x to the network's codes and numbers, as `Columns` makes them."""
    plan = columns.plan
    if plan.bins or plan.hashed:
        raise BadInput(
            "A network with bins or hashed codes cannot be written as ONNX.",
            remedy="Train it with bins=0 and hashed=0.",
        )
    graph = _Graph(onnx)
    codes = _codes(graph, columns)
    numbers = _numbers(graph, columns)
    graph.node("Identity", [codes], out="codes")
    graph.node("Identity", [numbers], out="numbers")
    return graph.model(wide, codes=len(columns.places), numbers=columns.centre.size + len(plan.doubtful))


def _codes(graph: _Graph, columns: Columns) -> str:
    """Every code by the row of the embedding table it owns; the unknown by the first of its column."""
    plan, found = columns.plan, []
    for k, owner in enumerate(columns._owners):
        value = graph.node("Gather", ["x", graph.whole([columns.places[k]])], axis=1)
        known, first = columns.vocabularies[owner], int(columns.first[owner])
        rows = graph.node(
            "LabelEncoder",
            [value],
            domain="ai.onnx.ml",
            keys_floats=known.tolist() or [-1.0],
            values_int64s=[first + 1 + place for place in range(len(known))] or [first],
            default_int64=first,
        )
        if k >= len(plan.codes):  # past the end of a sequence
            rows = graph.node("Where", [graph.node("IsNaN", [value]), graph.whole([0]), rows])
        found.append(rows)
    return graph.joined(found) if found else graph.node("Cast", [graph.none()], to=_INT64)


def _numbers(graph: _Graph, columns: Columns) -> str:
    """Quantities on their scale, flags of what is unknown, coordinates of vectors."""
    plan, found = columns.plan, []
    wide = len(plan.quantities)
    if wide:
        value = graph.node("Gather", ["x", graph.whole(plan.quantities)], axis=1)
        spread = columns.spread[:wide]
        if spread.min() < _NARROW:
            value = graph.node("Cast", [value], to=_DOUBLE)
        larger = graph.node("Add", [graph.node("Abs", [value]), graph.like(1.0, spread)])
        logs = graph.node("Mul", [graph.node("Sign", [value]), graph.node("Log", [larger])])
        found.append(_scaled(graph, logs, columns.centre[:wide], spread))
    if plan.doubtful:
        places = [plan.quantities[place] for place in plan.doubtful]
        value = graph.node("Gather", ["x", graph.whole(places)], axis=1)
        found.append(graph.node("Cast", [graph.node("IsNaN", [value])], to=_FLOAT))
    if plan.vectors:
        value, spread = graph.whole([p for one in plan.vectors for p in one]), columns.spread[wide:]
        value = graph.node("Gather", ["x", value], axis=1)
        if spread.min() < _NARROW:
            value = graph.node("Cast", [value], to=_DOUBLE)
        found.append(_scaled(graph, value, columns.centre[wide:], spread))
    return graph.joined(found) if found else graph.none()


def _scaled(graph: _Graph, value: str, centre: Rows, spread: Rows) -> str:
    """(value − centre) / spread, 0 where unknown."""
    moved = graph.node("Sub", [value, graph.like(centre, spread)])
    scaled = graph.node("Div", [moved, graph.like(spread, spread)])
    if spread.min() < _NARROW:
        scaled = graph.node("Cast", [scaled], to=_FLOAT)
    return graph.node("Where", [graph.node("IsNaN", [scaled]), graph.single([0.0]), scaled])


class _Graph:
    """Nodes and constants under way; every node's output has a name of its own."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, operation: str, inputs: list[str], *, out: str = "", **attributes: Any) -> str:
        name = out or f"front_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operation, inputs, [name], **attributes))
        return name

    def joined(self, parts: list[str]) -> str:
        return self.node("Concat", parts, axis=1)

    def none(self) -> str:
        """(rows, 0) numbers."""
        return self.node("Slice", ["x", self.whole([0]), self.whole([0]), self.whole([1])])

    def whole(self, values: Any) -> str:
        return self._constant(np.asarray(values, np.int64))

    def single(self, values: Any) -> str:
        return self._constant(np.asarray(values, np.float32))

    def like(self, values: Any, spread: Rows) -> str:
        """Constants in double precision where what they are divided by is small."""
        return self._constant(np.asarray(values, np.float64 if spread.min() < _NARROW else np.float32))

    def _constant(self, values: Any) -> str:
        name = f"front_constant_{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(values, name))
        return name

    def model(self, wide: int, *, codes: int, numbers: int) -> Any:
        helper = self.onnx.helper
        graph = helper.make_graph(
            self.nodes,
            "columns",
            [helper.make_tensor_value_info("x", _FLOAT, ["rows", wide])],
            [
                helper.make_tensor_value_info("codes", _INT64, ["rows", codes]),
                helper.make_tensor_value_info("numbers", _FLOAT, ["rows", numbers]),
            ],
            self.constants,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _ML)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR)
