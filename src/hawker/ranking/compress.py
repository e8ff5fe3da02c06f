"""A network made smaller: eight-bit numbers, fewer units; what that costs in AUC and brings in speed."""

from __future__ import annotations

import copy
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from hawker.errors import BadInput, BadSetting, extra
from hawker.features.examples import Examples
from hawker.ranking.exported import Exported, exported
from hawker.ranking.metrics import compare
from hawker.ranking.net import NetModel
from hawker.ranking.network import Network
from hawker.ranking.ranker import Model, Rows, fits
from hawker.statistics import Estimate

_SAMPLE = 2_000
_RUNS = 100


class Form(Struct, frozen=True):
    """One form of a model: its bytes, CPU microseconds for one request's candidates, AUC against the whole.

    `auc` is that of this form less that of the network as it was trained, paired by shopper.
    """

    name: str
    model: Exported
    size: int
    microseconds: float
    auc: Estimate

    def __str__(self) -> str:
        lost = f"{self.auc:+.5f}" if self.auc else self.auc.reason
        return f"{self.name:<13} {self.size / 1000:8.1f} kB  {self.microseconds:8.1f} µs   AUC {lost}"


def compress(
    model: NetModel, learned: Examples, *, judge: Examples, keep: float = 0.75, candidates: int = 200
) -> tuple[Form, ...]:
    """The ONNX forms of a network: whole, eight-bit, pruned to a share `keep` of its units, and both.

    `learned` are rows it was trained on: they show how large its numbers get and which units matter.
    `judge` are rows it never saw: on them the AUC is compared. Each form is a model to save and serve.
    """
    smaller = pruned(model, learned, keep=keep)
    whole = exported(model)
    forms: dict[str, Exported] = {
        "whole": whole,
        "int8": int8(whole, learned),
        "pruned": exported(smaller),
        "pruned int8": int8(exported(smaller), learned),
    }
    batch = np.resize(fits(model.names, judge).x, (candidates, len(model.names)))
    return tuple(
        Form(name, form, len(form.data), _took(form, batch), compare(form, model, judge).auc)
        for name, form in forms.items()
    )


def pruned(model: NetModel, learned: Examples, *, keep: float) -> NetModel:
    """The network with a share of each hidden layer's units: those that move what follows most.

    A unit counts by the spread of its answer over `learned` times the size of the weights that read it.
    One that goes leaves its mean answer behind, in the bias of the next layer. Train it a little more to
    win back what is lost.
    """
    if not 0 < keep <= 1:
        raise BadSetting(f"'keep' is a share of the units, above 0 and at most 1, not {keep}.")
    if type(model) is not NetModel or not model.parameters.hidden:
        raise BadInput("Only a network with hidden layers can be pruned.", remedy="Train Net(hidden=(64,)).")
    torch = extra("torch", "deep")
    smaller = copy.deepcopy(model)
    tower = smaller.network.tower
    linear = [layer for layer in tower.perceptron if isinstance(layer, torch.nn.Linear)]
    norms = [layer for layer in tower.perceptron if isinstance(layer, torch.nn.BatchNorm1d)]
    beside = tower.score.in_features - linear[-1].out_features  # the crosses stand before the units
    sample = fits(model.names, learned).x[:_SAMPLE]
    with torch.no_grad():
        for place, layer in enumerate(linear):
            last = place + 1 == len(linear)
            after, offset = (tower.score, beside) if last else (linear[place + 1], 0)
            answers = _answers(smaller, sample, place)
            reads = after.weight[:, offset:].norm(dim=0)
            worth = answers.std(dim=0, correction=0) * reads
            kept = worth.argsort(descending=True)[: max(1, round(keep * len(worth)))].sort().values
            gone = torch.ones(len(worth), dtype=torch.bool)
            gone[kept] = False
            after.bias += after.weight[:, offset:][:, gone] @ answers.mean(dim=0)[gone]
            columns = torch.cat([torch.arange(offset), kept + offset])
            _narrow(after, columns=columns)
            _narrow(layer, rows=kept)
            if norms:
                for name in ("weight", "bias", "running_mean", "running_var"):
                    getattr(norms[place], name).data = getattr(norms[place], name).data[kept].clone()
                norms[place].num_features = len(kept)
    hidden = tuple(layer.out_features for layer in linear)
    smaller.parameters = replace(model.parameters, hidden=hidden)
    fresh = Network(smaller.parameters, smaller.columns, positions=smaller.network.positions)
    fresh.load_state_dict(smaller.network.state_dict())
    smaller.network = fresh.eval()
    smaller.recipe = {**model.recipe, "pruned": {"keep": keep, "hidden": list(hidden)}}
    return smaller


def int8(model: Exported, learned: Examples) -> Exported:
    """The same graph with layers and embeddings in eight bits (Jacob et al. 2018).

    Scales of what flows between layers are fixed beforehand, by rows it learned from: were they taken
    from each batch, as is common, the answer for one candidate would hang on the others.
    """
    quantization = extra("onnxruntime.quantization", "onnx")
    sample = fits(model.names, learned).x[:_SAMPLE]
    with tempfile.TemporaryDirectory() as folder, _quietly():
        paths = [Path(folder) / name for name in ("whole.onnx", "rows.onnx", "int8.onnx")]
        paths[0].write_bytes(model.data)
        quantization.quantize_dynamic(
            paths[0], paths[1], weight_type=quantization.QuantType.QInt8, op_types_to_quantize=["Gather"]
        )
        quantization.quantize_static(
            paths[1],
            paths[2],
            _reader(quantization, sample),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["Gemm", "MatMul"],
        )
        data = paths[2].read_bytes()
    return Exported(model.names, data, {**model.recipe, "int8": {"rows": len(sample)}})


def _answers(model: NetModel, x: Rows, place: int) -> Any:
    """What the units of one hidden layer answer to rows: (rows, units)."""
    torch = extra("torch", "deep")
    network, seen = model.network.eval(), []
    layers = list(network.tower.perceptron)
    hidden = [i for i, layer in enumerate(layers) if isinstance(layer, torch.nn.ReLU)]
    hook = layers[hidden[place]].register_forward_hook(lambda _layer, _given, out: seen.append(out))
    try:
        model.answers(x)
    finally:
        hook.remove()
    return torch.cat(seen)


def _narrow(layer: Any, *, rows: Any = None, columns: Any = None) -> None:
    """Keep some outputs or some inputs of a linear layer."""
    if rows is not None:
        layer.weight.data, layer.bias.data = layer.weight.data[rows].clone(), layer.bias.data[rows].clone()
        layer.out_features = len(rows)
    if columns is not None:
        layer.weight.data = layer.weight.data[:, columns].clone()
        layer.in_features = len(columns)


def _reader(quantization: Any, sample: Rows) -> Any:
    """The rows that fix the scales, a few hundred at a time."""

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.parts = iter([sample[start : start + 500] for start in range(0, len(sample), 500)])

        def get_next(self) -> Any:
            part = next(self.parts, None)
            return None if part is None else {"x": part}

    return Reader()


def _took(model: Model, batch: Rows) -> float:
    """CPU microseconds for one batch, the mean of many."""
    for _ in range(10):
        model.predict(batch)
    started = time.process_time_ns()
    for _ in range(_RUNS):
        model.predict(batch)
    return (time.process_time_ns() - started) / _RUNS / 1000


@contextmanager
def _quietly() -> Iterator[None]:
    """The quantiser speaks to the root logger; what it says is known here."""
    root, silent = logging.getLogger(), logging.NullHandler()
    before = root.manager.disable
    root.addHandler(silent)
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
        root.removeHandler(silent)
