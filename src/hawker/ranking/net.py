"""The deep ranker: prepares columns, trains a `network` in mini-batches, keeps its weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hawker.errors import extra
from hawker.features.examples import Examples
from hawker.ranking.metrics import log_loss
from hawker.ranking.network import network
from hawker.ranking.ranker import Floats, Model, Progress, Rows, arrays, base_rate, possible, sigmoid
from hawker.ranking.train import descend

STATE = "network.pt"
_BATCH = 8192


@dataclass(frozen=True)
class Net:
    """`hidden` layers beside `crosses` cross layers (0 leaves them out), `embedding` values a code.

    `decay` is the L2 penalty (AdamW), `norm` batch normalisation; `seen` rows make a code known.
    Deep rankers overfit after the first pass: `epochs` are few, and stop on the validation slice.
    """

    hidden: tuple[int, ...] = (128, 64)
    embedding: int = 8
    crosses: int = 0
    dropout: float = 0.1
    norm: bool = True
    rate: float = 1e-3
    decay: float = 1e-4
    batch: int = 256
    epochs: int = 5
    patience: int = 1
    seen: int = 5
    threads: int = 1

    def __post_init__(self) -> None:
        possible(self, embedding=1, crosses=0, dropout=0, rate=1e-9, decay=0, batch=2, epochs=1, threads=1)

    def fit(
        self, examples: Examples, *, valid: Examples | None = None, seed: int = 0, progress: Progress = None
    ) -> NetModel:
        """AdamW on shuffled batches; the same seed, threads and machine make the same network."""
        torch = extra("torch", "deep")
        with _threads(torch, self.threads), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            columns = Columns.of(examples, seen=self.seen)
            model = NetModel(examples.names, self, columns, _network(self, columns))
            torch.nn.init.constant_(model.network.score.bias, base_rate(examples))
            run = _Run(model, examples, valid, np.random.default_rng(seed))
            watched = valid is not None
            course = descend(
                run, epochs=self.epochs, patience=self.patience, watched=watched, progress=progress
            )
        model.network.eval()
        model.recipe["course"] = {"losses": list(course.losses), "best": course.best}
        return model


@dataclass(frozen=True)
class Columns:
    """How rows enter the network: which columns are codes, their vocabularies, the scale of the others.

    Quantities are sign(x) · log(1 + |x|), standardised; the unknown become 0 with a flag. Code 0 of
    each vocabulary stands for the rare, the new and the unknown.
    """

    codes: tuple[int, ...]
    quantities: tuple[int, ...]
    vocabularies: tuple[NDArray[np.float32], ...]
    centre: NDArray[np.float32]
    spread: NDArray[np.float32]

    @classmethod
    def of(cls, examples: Examples, *, seen: int) -> Columns:
        """Learn vocabularies and scales from examples."""
        codes = tuple(i for i, name in enumerate(examples.names) if name in examples.categorical)
        rest = tuple(i for i in range(len(examples.names)) if i not in codes)
        known = tuple(_vocabulary(examples.x[:, i], seen) for i in codes)
        logs = np.ma.masked_invalid(_logs(examples.x[:, rest]))
        centre = logs.mean(axis=0).filled(0).astype(np.float32)
        spread = logs.std(axis=0).filled(0).astype(np.float32)
        return cls(codes, rest, known, centre, np.where(spread > 0, spread, np.float32(1)))

    def __call__(self, x: Rows) -> tuple[NDArray[np.int64], Rows, Rows]:
        """Codes (B, C), standardised quantities (B, Q), unknown flags (B, Q)."""
        coded = [_codes(x[:, i], known) for i, known in zip(self.codes, self.vocabularies, strict=True)]
        codes = np.stack(coded, axis=1) if coded else np.zeros((len(x), 0), np.int64)
        logs = (_logs(x[:, self.quantities]) - self.centre) / self.spread
        unknown = np.isnan(logs)
        return codes, np.where(unknown, 0, logs).astype(np.float32), unknown.astype(np.float32)


@dataclass
class NetModel(Model):
    """A trained network with its columns; evaluated by torch."""

    names: tuple[str, ...]
    parameters: Net
    columns: Columns
    network: Any
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "net"

    def scored(self, x: Rows) -> Floats:
        torch = extra("torch", "deep")
        self.network.eval()
        with _threads(torch, self.parameters.threads), torch.no_grad():
            parts = [self._forward(x[start : start + _BATCH]) for start in range(0, len(x), _BATCH)]
        return np.concatenate([part.numpy() for part in parts] or [np.zeros(0)]).astype(np.float64)

    def _forward(self, x: Rows) -> Any:
        torch = extra("torch", "deep")
        return self.network(*(torch.from_numpy(part) for part in self.columns(x)))

    def write(self, folder: Path) -> dict[str, Any]:
        extra("torch", "deep").save(self.network.state_dict(), folder / STATE)
        columns = self.columns
        np.savez(folder / "columns.npz", *columns.vocabularies, centre=columns.centre, spread=columns.spread)
        return {
            "parameters": asdict(self.parameters),
            "codes": columns.codes,
            "quantities": columns.quantities,
        }

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> NetModel:
        torch = extra("torch", "deep")
        settings = head["parameters"]
        parameters = Net(**{**settings, "hidden": tuple(settings["hidden"])})
        codes, quantities = tuple(head["codes"]), tuple(head["quantities"])
        stored = arrays(folder / "columns.npz")
        known = tuple(stored[f"arr_{i}"] for i in range(len(codes)))
        columns = Columns(codes, quantities, known, stored["centre"], stored["spread"])
        network = _network(parameters, columns)
        network.load_state_dict(torch.load(folder / STATE, weights_only=True))
        return cls(tuple(head["names"]), parameters, columns, network)


@dataclass
class _Run:
    """One training run, as the epoch loop sees it."""

    model: NetModel
    examples: Examples
    valid: Examples | None
    rng: np.random.Generator
    best: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.torch = extra("torch", "deep")
        settings = self.model.parameters
        self.optimiser = self.torch.optim.AdamW(
            self.model.network.parameters(), lr=settings.rate, weight_decay=settings.decay
        )
        self.weight = (self.examples.weight / self.examples.weight.mean()).astype(np.float32)

    def step(self, epoch: int) -> None:  # noqa: ARG002
        self.model.network.train()
        size = self.model.parameters.batch
        order = self.rng.permutation(len(self.examples))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            if len(rows) > 1 or not self.model.parameters.norm:  # a batch of one has no variance
                self._descend(rows)

    def _descend(self, rows: NDArray[np.int64]) -> None:
        torch = self.torch
        score = self.model._forward(self.examples.x[rows])
        y, w = torch.from_numpy(self.examples.y[rows]), torch.from_numpy(self.weight[rows])
        lost = torch.nn.functional.binary_cross_entropy_with_logits(score, y, weight=w)
        self.optimiser.zero_grad(set_to_none=True)
        lost.backward()
        self.optimiser.step()

    def loss(self) -> float:
        assert self.valid is not None
        return log_loss(sigmoid(self.model.scored(self.valid.x)), self.valid)

    def keep(self) -> None:
        self.best = {name: value.clone() for name, value in self.model.network.state_dict().items()}

    def restore(self) -> None:
        self.model.network.load_state_dict(self.best)


@contextmanager
def _threads(torch: Any, count: int) -> Iterator[None]:
    """Torch's threads for a while: more than one wait on each other, which costs small rows dearly."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _network(parameters: Net, columns: Columns) -> Any:
    return network(
        [len(known) + 1 for known in columns.vocabularies],
        quantities=len(columns.quantities),
        embedding=parameters.embedding,
        hidden=parameters.hidden,
        crosses=parameters.crosses,
        dropout=parameters.dropout,
        norm=parameters.norm,
    )


def _logs(x: Rows) -> Rows:
    return np.sign(x) * np.log1p(np.abs(x))


def _vocabulary(column: Rows, seen: int) -> Rows:
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    return values[counts >= seen]


def _codes(column: Rows, known: Rows) -> NDArray[np.int64]:
    if not len(known):
        return np.zeros(len(column), np.int64)
    place = np.minimum(np.searchsorted(known, column), len(known) - 1)
    return np.where(known[place] == column, place + 1, 0).astype(np.int64)
