"""The deep ranker: one family of networks whose parts are arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import numpy as np

from hawker.errors import BadInput, BadSetting, extra, nearest
from hawker.features.examples import Examples
from hawker.ranking.columns import Columns, Plan
from hawker.ranking.course import Iterative
from hawker.ranking.course import Plan as Pace
from hawker.ranking.hardware import PRECISIONS
from hawker.ranking.ranker import Floats, Model, Rows, arrays, base_rate, possible
from hawker.ranking.spread import joined

if TYPE_CHECKING:
    from hawker.features.program import Sheet
    from hawker.ranking.descent import Run

STATE = "network.pt"
FORM = 2
_BATCH = 8192
ENCODERS = ("mean", "gru", "lstm", "convolution", "attention", "transformer")
Sequence = Literal["mean", "gru", "lstm", "convolution", "attention", "transformer"]
_Self = TypeVar("_Self", bound="NetModel")


@dataclass(frozen=True)
class Net(Iterative):
    """Embeddings of `embedding` values a code, then the interactions chosen, side by side.

    `hidden` is the perceptron (Net() is a plain deep network), `wide` first-order weights (Wide &
    Deep), `fm` a factorisation machine (with `wide`: DeepFM), `crosses` cross layers (DCN v2).
    `sequence` encodes behaviour: "attention" is DIN, "transformer" BST. Codes seen in fewer than
    `seen` rows share one embedding; with `hashed` buckets there is no vocabulary; with `bins` a
    doubling quantities are embedded by logarithmic bin as well. `decay` is the L2 penalty of the layers
    (AdamW), `l2` that of the embeddings, `norm` batch normalisation. Deep rankers overfit after the first
    pass: `epochs` are few, and stop on the validation slice; `renew` starts every epoch with fresh
    embeddings (MEDA, arXiv 2305.19531). In training `crop` cuts up to that share of the oldest steps off
    sequences, `mask` hides that share of all. `precision` "bf16" or "fp16" computes products in half
    precision where `device` can. `schedule` and `warm` say how the rate goes (`course.Plan`). The same
    seed, threads and machine make the same network.
    """

    hidden: tuple[int, ...] = (128, 64)
    embedding: int = 8
    crosses: int = 0
    fm: bool = False
    wide: bool = False
    sequence: Sequence = "mean"
    dropout: float = 0.1
    norm: bool = True
    rate: float = 1e-3
    decay: float = 1e-4
    l2: float = 0.0
    batch: int = 256
    epochs: int = 5
    patience: int = 1
    renew: bool = False
    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    warm: float = 0.0
    seen: int = 5
    hashed: int = 0
    bins: int = 0
    crop: float = 0.0
    mask: float = 0.0
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        possible(self, embedding=1, crosses=0, dropout=0, rate=1e-9, decay=0, l2=0, batch=2, epochs=1)
        possible(self, patience=1, seen=1, hashed=0, bins=0, crop=0, mask=0, threads=1)
        for name in ("dropout", "crop", "mask"):
            if getattr(self, name) >= 1:
                raise BadSetting(f"{type(self).__name__}: '{name}' is a share below 1.")
        if self.precision not in PRECISIONS:
            raise BadSetting(
                f"There is no precision '{self.precision}'.", remedy=nearest(self.precision, [*PRECISIONS])
            )
        if self.sequence not in ENCODERS:
            raise BadSetting(
                f"Net knows no sequence '{self.sequence}'.", remedy=nearest(self.sequence, [*ENCODERS])
            )
        _ = self.pace

    @property
    def pace(self) -> Pace:
        """How long and how fast it learns."""
        return Pace(self.epochs, self.patience, self.batch, self.schedule, self.warm)

    def learner(
        self, like: Examples, *, rows: Iterable[Examples], valid: Examples | None, seed: int
    ) -> AbstractContextManager[Run[NetModel]]:
        return learning(NetModel, self, like, rows=rows, valid=valid, seed=seed)


@dataclass
class NetModel(Model):
    """A trained network with its columns; evaluated by torch."""

    names: tuple[str, ...]
    parameters: Net
    columns: Columns
    network: Any
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "net"
    estimator: ClassVar[type[Net]] = Net

    @classmethod
    def fresh(
        cls: type[_Self], parameters: Net, names: tuple[str, ...], columns: Columns, *, positions: int = 0
    ) -> _Self:
        """An untrained model."""
        extra("torch", "deep")
        from hawker.ranking.network import Network

        network = Network(parameters, columns, positions=positions, **cls.answering(parameters))
        return cls(names, parameters, columns, network)

    @classmethod
    def answering(cls, parameters: Net) -> dict[str, Any]:  # noqa: ARG003
        """How many outcomes the network answers, and whether from towers apart (`Network`)."""
        return {}

    def start(self, examples: Examples) -> None:
        """Begin at the base rate."""
        extra("torch", "deep").nn.init.constant_(self.network.tower.score.bias, base_rate(examples))

    def targets(self, examples: Examples) -> Rows:
        """What the network is to answer: (rows,)."""
        return examples.y

    def lost(self, answer: Any, targets: Any, weight: Any) -> Any:
        """The loss of a batch: weighted cross entropy."""
        binary = extra("torch", "deep").nn.functional.binary_cross_entropy_with_logits
        return binary(answer, targets, weight=weight)

    def said(self, answer: Any) -> Any:
        """The score in what the network answers, as a tensor: (B,)."""
        return answer

    def attribute(self, row: Rows, *, baseline: Rows | None = None, steps: int = 64) -> dict[str, float]:
        """What each column adds to a row's score, by integrated gradients (see `gradients.integrated`)."""
        torch = extra("torch", "deep")
        from hawker.ranking.gradients import integrated

        with threads(torch, self.parameters.threads):
            return integrated(self, row, baseline, steps)

    def scored(self, x: Rows) -> Floats:
        return self.answers(x).astype(np.float64)

    def served(self, sheet: Sheet) -> Floats:
        from hawker.ranking.net_served import form

        split = form(self) if type(self) is NetModel else None
        return super().served(sheet) if split is None else split(sheet)

    def answers(self, x: Rows) -> Rows:
        """What the network says of rows."""
        torch = extra("torch", "deep")
        self.network.eval()
        with threads(torch, self.parameters.threads), torch.no_grad():
            parts = [self._forward(x[start : start + _BATCH]) for start in range(0, max(len(x), 1), _BATCH)]
        return np.concatenate(parts)

    def _forward(self, x: Rows) -> Rows:
        torch = extra("torch", "deep")
        answer = self.network(*(torch.from_numpy(part) for part in self.columns(x)))
        return np.asarray(answer.cpu().numpy())

    def onward(self: _Self, examples: Examples, *, seed: int = 0) -> _Self:
        """One pass over these rows from where the weights stand; what an embedding has not seen stays."""
        torch = extra("torch", "deep")
        from hawker.ranking.descent import continued

        with threads(torch, self.parameters.threads), torch.random.fork_rng(devices=[]):
            return continued(self, examples, seed=seed)

    def write(self, folder: Path) -> dict[str, Any]:
        extra("torch", "deep").save(self.network.state_dict(), folder / STATE)
        columns = self.columns
        np.savez(folder / "columns.npz", *columns.vocabularies, centre=columns.centre, spread=columns.spread)
        return {
            "form": FORM,
            "parameters": asdict(self.parameters),
            "plan": asdict(columns.plan),
            "positions": self.network.positions,
        }

    @classmethod
    def read(cls: type[_Self], folder: Path, head: dict[str, Any]) -> _Self:
        torch = extra("torch", "deep")
        if head.get("form") != FORM:
            raise BadInput(
                f"The network in '{folder}' was saved by another version of Hawker.", remedy="Train it again."
            )
        lists = {name: tuple(v) for name, v in head["parameters"].items() if isinstance(v, list)}
        parameters = cls.estimator(**head["parameters"] | lists)
        plan, stored = Plan.read(head["plan"]), arrays(folder / "columns.npz")
        known = tuple(stored[f"arr_{i}"] for i in range(len(plan.codes)))
        columns = Columns(plan, known, stored["centre"], stored["spread"])
        model = cls.fresh(parameters, tuple(head["names"]), columns, positions=head["positions"])
        model.network.load_state_dict(torch.load(folder / STATE, weights_only=True))
        return model


@contextmanager
def learning(
    kind: type[_Self],
    parameters: Net,
    like: Examples,
    *,
    rows: Iterable[Examples],
    valid: Examples | None,
    seed: int,
) -> Iterator[Run[_Self]]:
    """The run of a model of some kind for the one course; torch's threads and dice are put back after it."""
    torch = extra("torch", "deep")
    from hawker.ranking.descent import Run

    with threads(torch, parameters.threads), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        run = Run.begin(kind, parameters, like, rows=rows, valid=valid, seed=seed, spread=joined())
        yield run
        run.model.network.settle("cpu").eval()


@contextmanager
def threads(torch: Any, count: int) -> Iterator[None]:
    """Torch's threads for a while: more than one wait on each other, which costs small rows dearly."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
