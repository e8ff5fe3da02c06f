"""One training run of a network: batches, the loss, the step over layers and touched embeddings."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from hawker.errors import BadInput
from hawker.features.examples import Examples
from hawker.ranking.columns import Columns, Inputs
from hawker.ranking.embedding import Table
from hawker.ranking.net import Net, NetModel
from hawker.ranking.ranker import Rows

_M = TypeVar("_M", bound=NetModel)


@dataclass
class Run(Generic[_M]):
    """What the loop over epochs sees (`train.Learner`): rows prepared once, then passes in random order.

    `scale` multiplies the rate of every optimiser: a schedule sets it. `told` is the mean training loss of
    the last pass.
    """

    model: _M
    inputs: Inputs
    targets: Rows
    weight: Rows
    positions: NDArray[np.int64] | None
    valid: tuple[Rows, Rows, Rows] | None
    rng: np.random.Generator
    scale: float = 1.0
    told: float = float("nan")
    best: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(
        cls, kind: type[_M], net: Net, examples: Examples, *, valid: Examples | None, seed: int
    ) -> Run[_M]:
        """A fresh model and its run. Where rows were shown is learned beside, and no column of the model."""
        names = tuple(name for name in examples.names if name != examples.position)
        inner = examples.only(names)
        columns = Columns.of(inner, seen=net.seen, hashed=net.hashed, bins=net.bins)
        shown = _positions(examples)
        model = kind.fresh(net, names, columns, positions=0 if shown is None else int(shown.max()) + 1)
        weight = (examples.weight / examples.weight.mean()).astype(np.float32)
        if shown is not None:
            model.network.centre(torch.from_numpy(np.bincount(shown, weights=weight) / weight.sum()))
        model.start(examples)
        watched = None
        if valid is not None:
            watched = valid.only(names).x, model.targets(valid), valid.weight.astype(np.float32)
        return cls(
            model,
            columns(inner.x),
            model.targets(examples),
            weight,
            shown,
            watched,
            np.random.default_rng(seed),
        )

    def __post_init__(self) -> None:
        net, network = self.model.parameters, self.model.network
        layers = [weights for weights in network.parameters() if weights.requires_grad]
        self.optimiser = torch.optim.AdamW(layers, lr=net.rate, weight_decay=net.decay, fused=True)
        groups = self.model.columns.groups
        self.table = Table(network.table.data, groups, net.rate, net.l2)
        self.linear = None
        if network.linear is not None:
            plain = [[k for k in group if k < network.codes] for group in groups]
            self.linear = Table(network.linear.data, plain, net.rate, net.l2)

    def step(self, epoch: int) -> None:
        """One pass over the rows."""
        net = self.model.parameters
        if net.renew and epoch:
            self._renew()
        self.model.network.train()
        order = self.rng.permutation(len(self.targets))
        total = 0.0
        for start in range(0, len(order), net.batch):
            rows = order[start : start + net.batch]
            if len(rows) > 1 or not net.norm:  # a batch of one has no variance
                total += self.learn(rows) * len(rows)
        self.told = total / len(order)

    def learn(self, rows: NDArray[np.int64]) -> float:
        """One step on a batch; its loss."""
        network, codes = self.model.network, self.inputs.codes[rows]
        embedded = torch.from_numpy(self.table.take(codes)).requires_grad_()
        linear = None
        if self.linear is not None:
            linear = torch.from_numpy(self.linear.take(codes[:, : network.codes])).requires_grad_()
        numbers = torch.from_numpy(self.inputs.numbers[rows])
        answer = network.interact(torch.from_numpy(codes), embedded, linear, numbers)
        if self.positions is not None:
            answer = answer + network.position_effect(torch.from_numpy(self.positions[rows]))
        targets, weight = torch.from_numpy(self.targets[rows]), torch.from_numpy(self.weight[rows])
        lost = self.model.lost(answer, targets, weight)
        self.optimiser.zero_grad(set_to_none=True)
        lost.backward()
        self._move(codes, embedded, linear)
        return self._checked(float(lost.detach()))

    def _move(self, codes: Any, embedded: Any, linear: Any) -> None:
        net = self.model.parameters
        for group in self.optimiser.param_groups:
            group["lr"] = net.rate * self.scale
        self.optimiser.step()
        self.table.learn(codes, embedded.grad.numpy(), scale=self.scale)
        if self.linear is not None:
            self.linear.learn(codes, linear.grad.numpy(), scale=self.scale)

    def _checked(self, lost: float) -> float:
        if isfinite(lost):
            return lost
        raise BadInput(
            f"Training diverged: the loss is {lost} after {self.table.steps:,} steps; nothing was saved.",
            remedy=f"Train with a smaller rate than {self.model.parameters.rate:g}.",
        )

    def _renew(self) -> None:
        self.model.network.start()
        self.table.forget()
        if self.linear is not None:
            self.linear.forget()

    def loss(self) -> float:
        """The loss on the validation slice, as it is served: without positions."""
        assert self.valid is not None
        x, targets, weight = self.valid
        answer = torch.from_numpy(self.model.answers(x))
        lost = self.model.lost(answer, torch.from_numpy(targets), torch.from_numpy(weight))
        return self._checked(float(lost) / float(weight.mean()))

    def keep(self) -> None:
        """Remember the present weights."""
        self.best = {name: value.clone() for name, value in self.model.network.state_dict().items()}

    def restore(self) -> None:
        """Go back to the weights kept last."""
        self.model.network.load_state_dict(self.best)


def _positions(examples: Examples) -> NDArray[np.int64] | None:
    """Where each row was shown, from 1 in the order of the column's values; 0 is unknown."""
    if not examples.position:
        return None
    column = examples.x[:, examples.names.index(examples.position)]
    known = np.unique(column[~np.isnan(column)])
    return np.where(np.isnan(column), 0, np.searchsorted(known, column) + 1)
