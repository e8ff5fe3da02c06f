"""One training run of a network: batches, the loss, the step over layers and touched embeddings."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from hawker.features.examples import Examples
from hawker.ranking.columns import PADDING, Codes, Columns
from hawker.ranking.course import Arrays, Plan, Whole, descend
from hawker.ranking.embedding import Table
from hawker.ranking.hardware import device, mixed
from hawker.ranking.net import Net, NetModel
from hawker.ranking.ranker import Rows
from hawker.ranking.spread import Spread

_M = TypeVar("_M", bound=NetModel)
_LOUD = 1024.0
_CALM = 0.3  # of the rate, for learning on


@dataclass
class Run(Generic[_M]):
    """The course's `Learner`: rows prepared once, then steps over layers and the embeddings they touch.

    `typical` is the mean weight of a row, `shown` where rows can have been shown (see `_positions`).
    """

    model: _M
    plan: Plan
    seed: int
    typical: float
    shown: Rows | None
    valid: tuple[Rows, Rows, Rows] | None
    spread: Spread = field(default_factory=Spread)

    @property
    def share(self) -> tuple[int, int]:
        """Which process this is, of how many."""
        return self.spread.share

    @classmethod
    def begin(
        cls,
        kind: type[_M],
        net: Net,
        like: Examples,
        *,
        rows: Iterable[Examples],
        valid: Examples | None,
        seed: int,
        spread: Spread,
    ) -> Run[_M]:
        """A fresh model and its run. Where rows were shown is learned beside, and no column of the model."""
        names = tuple(name for name in like.names if name != like.position)
        parts = (part.only(names).x for part in rows)
        columns = Columns.of(like.only(names), seen=net.seen, hashed=net.hashed, bins=net.bins, parts=parts)
        shown = _known(like)
        model = kind.fresh(net, names, columns, positions=0 if shown is None else len(shown) + 1)
        typical = float(like.weight.mean())
        if shown is not None:
            shares = np.bincount(_positions(like, shown), weights=like.weight, minlength=len(shown) + 1)
            model.network.centre(torch.from_numpy(shares / like.weight.sum()))
        model.start(like)
        watched = None
        if valid is not None:
            watched = valid.only(names).x, model.targets(valid), valid.weight.astype(np.float32)
        return cls(model, net.pace, seed, typical, shown, watched, spread)

    def __post_init__(self) -> None:
        net, network = self.model.parameters, self.model.network
        self.device = device(net.device)
        mixed(net.precision, self.device)  # refused here rather than in the midst of a batch
        network.settle(self.device)
        self.layers = [weights for weights in network.parameters() if weights.requires_grad]
        self.means = [buffer for name, buffer in network.named_buffers() if ".running_" in name]
        self.optimiser = torch.optim.AdamW(self.layers, lr=net.rate, weight_decay=net.decay, fused=True)
        groups = self.model.columns.groups
        self.table = Table(network.table.data, net.embedding, groups, net.rate, net.l2)

    def take(self, examples: Examples) -> None:
        """Prepare rows: codes as places in the table, numbers on one scale."""
        self.inputs = self.model.columns(examples.only(self.model.names).x)
        self.targets = self.model.targets(examples)
        self.weight = (examples.weight / self.typical).astype(np.float32)
        self.positions = None if self.shown is None else _positions(examples, self.shown)

    def turn(self, epoch: int) -> None:
        """A pass begins: with `renew` from fresh embeddings."""
        if self.model.parameters.renew and epoch:
            torch.manual_seed(_dice(self.seed, -epoch, 0))  # alike in all processes
            self._renew()

    def step(self, rows: NDArray[np.int64], *, number: int, pace: float) -> float:
        """One step on a batch; its loss."""
        if len(rows) < 2 * self.share[1] and (self.model.parameters.norm or self.share[1] > 1):
            return 0.0  # one row has no variance
        torch.manual_seed(_dice(self.seed, number, self.share[0]))
        self.model.network.train()
        self.scale = pace
        return self.learn(rows)

    def learn(self, rows: NDArray[np.int64]) -> float:
        """One step on a batch; the loss of this process's part."""
        own, network = self.spread.rows(rows), self.model.network
        codes = self._augmented(self.inputs.codes[own])
        embedded, linear = (self._tensor(part).requires_grad_() for part in self.table.take(codes))
        numbers, targets, weight = (
            self._tensor(part[own]) for part in (self.inputs.numbers, self.targets, self.weight)
        )
        with mixed(self.model.parameters.precision, self.device):
            answer = network.interact(self._tensor(codes), embedded, linear, numbers).float()
        if self.positions is not None:
            answer = network.shown(answer, self._tensor(self.positions[own]))
        lost = self.model.lost(answer, targets, weight)
        self.optimiser.zero_grad(set_to_none=True)
        (lost * self._magnified).backward()
        self._move(codes, embedded, linear, batch=len(rows))
        return float(lost.detach())

    def _tensor(self, array: NDArray[Any]) -> Any:
        return torch.from_numpy(array).to(self.device)

    @property
    def _magnified(self) -> float:
        """By how much gradients are larger than they are, lest fp16 lose the small ones."""
        return _LOUD if self.model.parameters.precision == "fp16" else 1.0

    def _augmented(self, codes: Codes) -> Codes:
        """Sequences with the oldest steps cut off, and steps hidden, as the dice of this step have it."""
        net, network = self.model.parameters, self.model.network
        start = network.codes
        for length in network.lengths if net.crop or net.mask else ():
            past = codes[:, start : start + length]
            known = (past != PADDING).sum(axis=1, keepdims=True)
            kept = np.ceil(known * (1 - net.crop * torch.rand(len(codes), 1).numpy()))
            gone = (np.arange(length) >= kept) | (torch.rand(past.shape).numpy() < net.mask)
            past[gone] = PADDING
            start += length
        return codes

    def _move(self, codes: Any, embedded: Any, linear: Any, *, batch: int) -> None:
        """Move the layers, and the rows of the table that anyone's part of the batch touched."""
        net, spread = self.model.parameters, self.spread
        part = len(codes) / batch
        slopes = [weights.grad for weights in self.layers if weights.grad is not None]
        if self._magnified > 1:
            taken = [part.grad for part in (embedded, linear) if part.grad is not None]
            if not all(slope.isfinite().all() for slope in [*slopes, *taken]):
                return  # fp16 ran over: this batch says nothing
            torch._foreach_div_([*slopes, *taken], self._magnified)
        spread.averaged([*slopes, *self.means], part)
        codes = spread.gathered(codes, batch)
        for group in self.optimiser.param_groups:
            group["lr"] = net.rate * self.scale
        self.optimiser.step()
        moves = [spread.gathered(_slope(taken), batch, part=part) for taken in (embedded, linear)]
        self.table.learn(codes, *moves, scale=self.scale)

    def _renew(self) -> None:
        self.model.network.start()
        self.table.forget()

    def loss(self) -> float:
        """The loss on the validation slice, as it is served: without positions."""
        assert self.valid is not None
        x, targets, weight = self.valid
        answer = torch.from_numpy(self.model.answers(x))
        lost = self.model.lost(answer, torch.from_numpy(targets), torch.from_numpy(weight))
        return float(lost) / float(weight.mean())

    def weights(self) -> Arrays:
        """The network's state, live."""
        return {name: value.cpu().numpy() for name, value in self.model.network.state_dict().items()}

    def memory(self) -> Arrays:
        """Adam's moments: of the layers, and of the table."""
        held: Arrays = {}
        for place, state in self.optimiser.state_dict()["state"].items():
            held |= {f"layers/{place}/{name}": value.cpu().numpy() for name, value in state.items()}
        return held | {"table/moments": self.table.moments, "table/steps": np.array(self.table.steps)}

    def resume(self, weights: Arrays, memory: Arrays) -> None:
        """Take up copies of both."""
        state = {name: torch.from_numpy(value.copy()) for name, value in weights.items()}
        self.model.network.load_state_dict(state)
        if not memory:
            return
        layers: dict[int, dict[str, Any]] = {}
        for name, value in memory.items():
            group, _, rest = name.partition("/")
            if group == "layers":
                place, _, own = rest.partition("/")
                layers.setdefault(int(place), {})[own] = torch.from_numpy(value.copy())
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": layers, "param_groups": groups})
        self.table.moments[:], self.table.steps = memory["table/moments"], int(memory["table/steps"])

    def made(self) -> _M:
        return self.model


def continued(model: _M, examples: Examples, *, seed: int) -> _M:
    """A copy of the model after one more pass, over these rows, with fresh moments, at a calmer rate."""
    again = replace(model, network=deepcopy(model.network), recipe=dict(model.recipe))
    pace = Plan(epochs=1, batch=model.parameters.batch, schedule="cosine")
    calm = replace(again, parameters=replace(model.parameters, rate=_CALM * model.parameters.rate))
    run = Run(calm, pace, seed, float(examples.weight.mean()), shown=None, valid=None)
    descend(run, Whole(examples), seed=seed, watched=False)
    again.network.eval()
    return again


def _slope(taken: Any) -> Rows:
    """The gradient of what was taken; of nothing there is none."""
    return np.asarray((taken.detach() if taken.grad is None else taken.grad).cpu().numpy())


def _dice(seed: int, number: int, share: int) -> int:
    """The seed of what is drawn in one step by one process."""
    return hash((seed, number, share)) & (2**63 - 1)


def _known(like: Examples) -> Rows | None:
    """The places where rows were shown; None where no column says it."""
    if not like.position:
        return None
    column = like.x[:, like.names.index(like.position)]
    return np.unique(column[~np.isnan(column)])


def _positions(examples: Examples, known: Rows) -> NDArray[np.int64]:
    """Where each row was shown, from 1 in the order of the known places; 0 is any other."""
    column = examples.x[:, examples.names.index(examples.position)]
    place = np.minimum(np.searchsorted(known, column), max(len(known) - 1, 0))
    return np.where(known[place] == column, place + 1, 0) if len(known) else np.zeros(len(column), np.int64)
