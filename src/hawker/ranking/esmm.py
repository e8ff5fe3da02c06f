"""Clicks, purchases and what they bring, from one network: ESMM, and a bottom that several outcomes share.

Both learn from `Examples.labels` "click", "purchase" and "value", over everything that was shown: a model of
purchases trained on clicked rows alone never learns what the rest would have done.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hawker.errors import BadInput, BadSetting, extra, nearest
from hawker.features.examples import Examples
from hawker.ranking.net import Net, NetModel, learning
from hawker.ranking.ranker import Floats, Model, Rows, load, logit

if TYPE_CHECKING:
    from hawker.ranking.descent import Run

CLICK, PURCHASE, VALUE = "click", "purchase", "value"
AFTER = "purchase | click"


@dataclass(frozen=True)
class ESMM(Net):
    """Entire-space multi-task model (Ma et al. 2018): P(purchase) = P(click) · P(purchase | click).

    Two towers with the arguments of `Net` over shared embeddings. The loss is on clicks and on clicks that
    ended in a purchase, both over all rows; P(purchase | click) is learned through the product alone.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        _alone(self)

    def learner(
        self, like: Examples, *, rows: Iterable[Examples], valid: Examples | None, seed: int
    ) -> AbstractContextManager[Run[Any]]:
        return learning(EsmmModel, self, like, rows=rows, valid=valid, seed=seed)


@dataclass(frozen=True)
class SharedBottom(Net):
    """One network whose last layer answers several `outcomes` (Caruana 1997), each over all rows.

    "click" and "purchase" are probabilities; "value" is what a sale brings, learned where there was one.
    """

    outcomes: tuple[str, ...] = (CLICK, PURCHASE, VALUE)

    def __post_init__(self) -> None:
        super().__post_init__()
        _alone(self)
        known = [CLICK, PURCHASE, VALUE]
        for name in self.outcomes:
            if name not in known:
                raise BadSetting(f"SharedBottom knows no outcome '{name}'.", remedy=nearest(name, known))
        if len(set(self.outcomes) - {VALUE}) < 1 or len(set(self.outcomes)) < max(2, len(self.outcomes)):
            raise BadSetting("SharedBottom: 'outcomes' must be two or three different ones.")

    def learner(
        self, like: Examples, *, rows: Iterable[Examples], valid: Examples | None, seed: int
    ) -> AbstractContextManager[Run[Any]]:
        return learning(SharedModel, self, like, rows=rows, valid=valid, seed=seed)


@dataclass
class Several(NetModel):
    """A network of several outcomes. As a model it is that of the last stage: `of` gives the others."""

    def of(self, outcome: str) -> Outcome:
        """The model of one outcome. Raises `BadInput` naming those there are."""
        if outcome not in self.outcomes():
            raise BadInput(
                f"The model has no outcome '{outcome}'.", remedy=nearest(outcome, list(self.outcomes()))
            )
        return Outcome(self, outcome)

    @abstractmethod
    def outcomes(self) -> tuple[str, ...]:
        """The names that `of` takes; the last is the model's own."""

    @abstractmethod
    def odds(self, x: Rows, outcome: str) -> Floats:
        """The log-odds of one outcome."""

    def scored(self, x: Rows) -> Floats:
        return self.odds(x, self.outcomes()[-1])


@dataclass
class EsmmModel(Several):
    """P(click), P(purchase | click) and, as a model, P(purchase)."""

    kind: ClassVar[str] = "esmm"
    estimator: ClassVar[type[Net]] = ESMM

    @classmethod
    def answering(cls, parameters: Net) -> dict[str, Any]:  # noqa: ARG003
        return {"outcomes": 2, "apart": True}

    def outcomes(self) -> tuple[str, ...]:
        return CLICK, AFTER, PURCHASE

    def targets(self, examples: Examples) -> Rows:
        click, bought = _labels(examples, CLICK), _labels(examples, PURCHASE)
        return np.stack([click, click * bought], axis=1)  # (rows, 2)

    def start(self, examples: Examples) -> None:
        click, both = np.average(self.targets(examples), axis=0, weights=examples.weight)
        init = extra("torch", "deep").nn.init
        for tower, share in zip(self.network.tower.towers, (click, both / max(click, 1e-9)), strict=True):
            init.constant_(tower.score.bias, _log_odds(share))

    def lost(self, answer: Any, targets: Any, weight: Any) -> Any:  # (B, 2), (B, 2), (B,)
        torch = extra("torch", "deep")
        clicked = torch.nn.functional.binary_cross_entropy_with_logits(
            answer[:, 0], targets[:, 0], weight=weight
        )
        both = torch.nn.functional.logsigmoid(answer).sum(dim=1)  # log P(click) P(purchase | click)
        neither = torch.log1p(-both.exp().clamp(max=1 - 1e-6))
        bought = -(targets[:, 1] * both + (1 - targets[:, 1]) * neither)
        return clicked + (weight * bought).mean()

    def said(self, answer: Any) -> Any:
        both = extra("torch", "deep").nn.functional.logsigmoid(answer).sum(dim=1).clamp(max=-1e-6)
        return both - (-both.expm1()).log()  # the log-odds of the product

    def odds(self, x: Rows, outcome: str) -> Floats:
        answer = self.answers(x).astype(np.float64)
        if outcome != PURCHASE:
            return np.asarray(answer[:, self.outcomes().index(outcome)])
        both = -np.logaddexp(0, -answer).sum(axis=1)
        return np.asarray(both - np.log(-np.expm1(np.minimum(both, -1e-12))))


@dataclass
class SharedModel(Several):
    """Several outcomes of one row; as a model it is that of a purchase."""

    kind: ClassVar[str] = "shared"
    estimator: ClassVar[type[Net]] = SharedBottom

    @classmethod
    def answering(cls, parameters: Net) -> dict[str, Any]:
        assert isinstance(parameters, SharedBottom)
        return {"outcomes": len(parameters.outcomes)}

    @property
    def columns_of(self) -> tuple[str, ...]:
        """The outcome that each column of the network's answer speaks of."""
        assert isinstance(self.parameters, SharedBottom)
        return self.parameters.outcomes

    def outcomes(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns_of if name != VALUE)

    def targets(self, examples: Examples) -> Rows:
        return np.stack([_labels(examples, name) for name in self.columns_of], axis=1)  # (rows, T)

    def start(self, examples: Examples) -> None:
        """Begin at the base rates; the value of a sale is told in units of the mean one."""
        targets, bias = self.targets(examples), self.network.tower.score.bias.data
        for place, name in enumerate(self.columns_of):
            if name == VALUE:
                sold = targets[:, place] > 0
                mean = np.average(targets[sold, place], weights=examples.weight[sold]) if sold.any() else 1.0
                self.network.unit.fill_(float(mean))
            bias[place] = (
                0
                if name == VALUE
                else _log_odds(float(np.average(targets[:, place], weights=examples.weight)))
            )

    def lost(self, answer: Any, targets: Any, weight: Any) -> Any:  # (B, T), (B, T), (B,)
        torch = extra("torch", "deep")
        total = 0
        for place, name in enumerate(self.columns_of):
            said, true = answer[:, place], targets[:, place]
            if name == VALUE:  # the deviance of a gamma variable, least at the mean: s + v e⁻ˢ
                each = torch.where(true > 0, said + true / self.network.unit * (-said).exp(), 0.0)
            else:
                each = torch.nn.functional.binary_cross_entropy_with_logits(said, true, reduction="none")
            total = total + (weight * each).mean()
        return total

    def said(self, answer: Any) -> Any:
        return answer[:, self.columns_of.index(self.outcomes()[-1])]

    def odds(self, x: Rows, outcome: str) -> Floats:
        return np.asarray(self.answers(x)[:, self.columns_of.index(outcome)].astype(np.float64))

    def value(self, x: Rows) -> Floats:
        """What a sale of each row would bring: its mean, in the unit of the label "value"."""
        if VALUE not in self.columns_of:
            raise BadInput("The model did not learn values.", remedy='Add "value" to its outcomes.')
        said = self.answers(x)[:, self.columns_of.index(VALUE)].astype(np.float64)
        return np.asarray(float(self.network.unit) * np.exp(said))


@dataclass
class Outcome(Model):
    """One outcome of a model of several, as a model of its own."""

    model: Several
    outcome: str
    recipe: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "outcome"

    def __post_init__(self) -> None:
        self.names = self.model.names
        self.recipe = self.recipe or self.model.recipe

    def scored(self, x: Rows) -> Floats:
        return self.model.odds(x, self.outcome)

    def write(self, folder: Path) -> dict[str, Any]:
        self.model.save(folder / "several")
        return {"outcome": self.outcome}

    @classmethod
    def read(cls, folder: Path, head: dict[str, Any]) -> Outcome:
        model = load(folder / "several")
        if not isinstance(model, Several):
            raise BadInput(f"The model in '{folder}' has no outcomes.")
        return model.of(head["outcome"])


def _alone(net: Net) -> None:
    if net.fm or net.wide:
        raise BadSetting(
            f"{type(net).__name__}: 'fm' and 'wide' add to one score, and here are several.",
            remedy="Use 'crosses' and 'hidden'.",
        )


def _labels(examples: Examples, name: str) -> Rows:
    if name not in examples.labels:
        raise BadInput(
            f"The examples have no label '{name}'.",
            remedy=f"Give Examples labels={{'{name}': …}}, or train a Net on y.",
        )
    column = examples.labels[name]
    if not np.isfinite(column).all() or (name != VALUE and not np.isin(column, (0, 1)).all()):
        raise BadInput(f"The label '{name}' must be {'finite' if name == VALUE else '0 or 1'} in every row.")
    return column.astype(np.float32)


def _log_odds(share: float) -> float:
    return float(logit(np.clip([share], 1e-6, 1 - 1e-6))[0])
