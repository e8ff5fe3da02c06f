"""Models from elsewhere: any ONNX file, and any fitted scikit-learn classifier, as a `Model`.

Nothing that is pickled is ever loaded: a scikit-learn object is taken from the memory of the process that
fitted it, and kept as ONNX. ONNX Runtime evaluates, on one thread, with the session made beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hawker.errors import BadInput, HawkerError, NotFound, extra
from hawker.ranking.exported import FILE, session
from hawker.ranking.ranker import Floats, Model, Rows, logit
from hawker.storage import files

NARROWEST = 1e-9
_KINDS = {"tensor(float)": np.float32, "tensor(double)": np.float64}
_PROBES = 64


@dataclass
class External(Model):
    """An ONNX graph from rows to probabilities: `output` names them, `column` is the positive class's.

    The unknown is given as it is, or as `unknown` where that is a number. What is known of it is its
    score alone, so `explain` tells no parts here; `hawker explain` gives Shapley values of whole reasons.
    """

    names: tuple[str, ...]
    data: bytes
    output: str
    column: int = 0
    unknown: float | None = None
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "external"

    def __post_init__(self) -> None:
        self._session = session(self.data)
        given = self._session.get_inputs()[0]
        self._input, self._type = given.name, _KINDS[given.type]

    def probabilities(self, x: Rows) -> Floats:
        """What the graph says of rows, as it says it."""
        given = x if self.unknown is None else np.nan_to_num(x, nan=self.unknown, posinf=None, neginf=None)
        (found,) = self._session.run([self.output], {self._input: given.astype(self._type, copy=False)})
        return np.asarray(found, dtype=np.float64).reshape(len(x), -1)[:, self.column]

    def scored(self, x: Rows) -> Floats:
        if not len(x):
            return np.zeros(0)
        return logit(np.clip(self.probabilities(x), NARROWEST, 1 - NARROWEST))

    def write(self, folder: Path) -> dict[str, Any]:
        files.write(folder / FILE, self.data)
        return {"output": self.output, "column": self.column, "unknown": self.unknown}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> External:
        data = (folder / FILE).read_bytes()
        return cls(tuple(head["names"]), data, head["output"], head["column"], head["unknown"])


def register(source: str | Path | Any, names: Sequence[str], *, unknown: float | None = None) -> External:
    """An ONNX file by its path, or a fitted classifier with `predict_proba`, as a model of named features.

    `names` are its inputs in order; `unknown` is what stands for a value that is not known, where the
    model cannot take NaN. Calibrate it, evaluate it and save it like any other. Raises `BadInput` saying what
    does not fit: the width, the inputs, an output that is no probability.
    """
    told = tuple(names)
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_file():
            raise NotFound(f"There is no file '{path}'.", remedy="Give the path of an ONNX file.")
        data, where = path.read_bytes(), f"'{path.name}'"
    else:
        data, where = _converted(source, len(told)), f"The {type(source).__name__}"
    graph = _opened(data, where)
    _fit(graph, told, where)
    model = _answering(graph, data, told, unknown=unknown, where=where)
    model.recipe = {
        "estimator": "external",
        "source": Path(source).name if isinstance(source, str | Path) else type(source).__name__,
        "features": list(told),
    }
    return model


def _converted(classifier: Any, width: int) -> bytes:
    """A scikit-learn object as ONNX, probabilities as one array."""
    if not hasattr(classifier, "predict_proba"):
        raise BadInput(
            f"A {type(classifier).__name__} has no predict_proba.",
            remedy="Give a fitted classifier, or the path of an ONNX file.",
        )
    types = extra("skl2onnx.common.data_types", "onnx")
    try:
        graph = extra("skl2onnx", "onnx").convert_sklearn(
            classifier,
            initial_types=[("x", types.FloatTensorType([None, width]))],
            options={"zipmap": False},
            target_opset={"": 17, "ai.onnx.ml": 3},
        )
    except Exception as error:  # the converter has no error of its own for what it does not know
        reason = str(error).strip().partition("\n")[0][:200]
        raise BadInput(
            f"The {type(classifier).__name__} cannot be converted to ONNX: {reason}",
            remedy="Fit it first. If it is fitted, write an ONNX file with its own library and give that.",
        ) from error
    return bytes(graph.SerializeToString())


def _opened(data: bytes, where: str) -> Any:
    try:
        return session(data)
    except HawkerError:
        raise
    except Exception as error:  # ONNX Runtime's errors have no class of their own in common
        reason = str(error).strip().partition("\n")[0][:200]
        raise BadInput(
            f"{where} is no whole ONNX file: {reason}", remedy="Write it again, and copy it whole."
        ) from error


def _fit(graph: Any, names: tuple[str, ...], where: str) -> None:
    """One input, of numbers, of as many columns as there are names, and of any number of rows."""
    inputs = graph.get_inputs()
    if len(inputs) != 1 or inputs[0].type not in _KINDS or len(inputs[0].shape) != 2:
        told = [f"{one.name}: {one.type} {one.shape}" for one in inputs]
        raise BadInput(
            f"{where} does not take one matrix of numbers, but {told}.",
            remedy="Join its inputs to one float matrix of shape (rows, features).",
        )
    rows, width = inputs[0].shape
    if isinstance(rows, int) and rows > 0:
        raise BadInput(
            f"{where} takes {rows} rows at a time only.", remedy="Write it with a free first dimension."
        )
    if isinstance(width, int) and width > 0 and width != len(names):
        raise BadInput(
            f"{where} takes {width} features, {len(names)} are named.", remedy="Name its inputs, in order."
        )


def _answering(
    graph: Any, data: bytes, names: tuple[str, ...], *, unknown: float | None, where: str
) -> External:
    """The output that holds probabilities, tried on rows of several sizes."""
    outputs = [one for one in graph.get_outputs() if one.type in _KINDS]
    if not outputs:
        told = [f"{one.name}: {one.type}" for one in graph.get_outputs()]
        raise BadInput(f"{where} answers no numbers, but {told}.", remedy="Convert it with zipmap=False.")
    rng = np.random.default_rng(0)
    probes = (rng.normal(size=(_PROBES, len(names))) * 10.0 ** rng.integers(-2, 4, (_PROBES, 1))).astype(
        np.float32
    )
    reasons = []
    for one in outputs:
        try:
            (found,) = graph.run(
                [one.name], {graph.get_inputs()[0].name: probes.astype(_KINDS[_type(graph)])}
            )
        except Exception as error:
            reason = str(error).strip().partition("\n")[0][:200]
            raise BadInput(f"{where} fails on {len(names)} features: {reason}") from error
        wide = np.asarray(found).size // _PROBES
        values = np.asarray(found, dtype=np.float64).reshape(_PROBES, -1) if wide else np.zeros((0, 0))
        if wide not in (1, 2):
            reasons.append(f"'{one.name}' has {wide} columns")
        elif not (np.isfinite(values) & (values >= 0) & (values <= 1)).all():
            reasons.append(f"'{one.name}' goes from {np.nanmin(values):.3g} to {np.nanmax(values):.3g}")
        elif wide == 2 and np.abs(values.sum(axis=1) - 1).max() > 1e-3:
            reasons.append(f"'{one.name}' has two columns that do not come to one")
        else:
            return _complete(External(names, data, one.name, wide - 1, unknown), where)
    raise BadInput(
        f"{where} answers no probability: {'; '.join(reasons)}.",
        remedy="Let it end in a sigmoid, of the positive class.",
    )


def _type(graph: Any) -> str:
    return str(graph.get_inputs()[0].type)


def _complete(model: External, where: str) -> External:
    """Refuse a model that has no answer where a value is unknown: at serving, some always is."""
    blank = np.full((2, len(model.names)), np.nan, dtype=np.float32)
    if not np.isfinite(model.probabilities(blank)).all():
        raise BadInput(
            f"{where} has no answer where a value is unknown (NaN).",
            remedy="Say what stands for the unknown: unknown=0.",
        )
    return model
