"""The trained transformer in numpy: a millisecond a shopper, and no torch where it serves."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hawker.recommend.histories import Codes, Histories, Ints, Past
from hawker.recommend.model import NOBODY, Arrays, Recommender, Scores

Weights = dict[str, NDArray[np.float32]]
_EPSILON = 1e-5
_ASKED = 12


@dataclass(frozen=True)
class Network(Recommender):
    """`weights` by their names in training; scores are probabilities of what comes next."""

    kind: ClassVar[str] = "sequence"
    weights: Weights
    heads: int
    length: int

    @property
    def size(self) -> int:  # type: ignore[override]
        """How many items it knows."""
        return len(self.weights["items"])

    def scores(self, past: Past) -> Scores:
        """The softmax over all items; zeros for an empty history."""
        taken = past.known(self.size, last=self.length).items
        if not len(taken):
            return np.zeros(self.size, dtype=np.float32)
        found: Scores = _softmax(self._logits(self.states(taken)[-1:]))[0]
        return found

    def batch(self, histories: Histories, *, now: int = 0) -> Scores:  # noqa: ARG002
        """The same for many, a matrix product for the items of 256 histories at once."""
        found = np.zeros((len(histories), self.size), dtype=np.float32)
        last = np.zeros((len(histories), self.weights["items"].shape[1]), dtype=np.float32)
        some = np.flatnonzero(histories.sizes > 0)
        for row in some.tolist():
            last[row] = self.states(histories.past(row).known(self.size, last=self.length).items)[-1]
        for start in range(0, len(some), 256):
            rows = some[start : start + 256]
            found[rows] = _softmax(self._logits(last[rows]))
        return found

    def sources(self, past: Past, codes: Codes) -> Codes:
        """The past item after which, were it the only one, each would be the likeliest; of the last few."""
        taken = np.unique(past.known(self.size, last=_ASKED).items)
        if not len(taken) or not len(codes):
            return np.full(len(codes), NOBODY, dtype=np.int32)
        alone = np.concatenate([self.states(taken[i : i + 1]) for i in range(len(taken))])
        chances = _softmax(self._logits(alone))[:, codes]
        found: Codes = taken[chances.argmax(axis=0)]
        return found

    def states(self, taken: Codes) -> Scores:
        """What the network makes of each place of a history (L, D)."""
        w, size = self.weights, self.weights["items"].shape[1]
        x = _norm(w["items"][taken] * np.float32(sqrt(size)), w, "before")
        apart = np.arange(len(taken))[:, None] - np.arange(len(taken))
        count = sum(name.startswith("blocks.") and name.endswith("distance") for name in w)
        for block in range(count):
            x = self._block(x, f"blocks.{block}.", apart)
        return _norm(x, w, "after")

    def _block(self, x: Scores, name: str, apart: Ints) -> Scores:
        w, (length, size) = self.weights, x.shape
        mixed = _linear(_norm(x, w, f"{name}first"), w, f"{name}mix")
        query, key, value = mixed.reshape(length, 3, self.heads, -1).transpose(1, 2, 0, 3)
        bias = np.where(apart < 0, -np.inf, w[f"{name}distance"][:, np.maximum(apart, 0)])
        weight = _softmax(query @ key.transpose(0, 2, 1) / sqrt(size / self.heads) + bias)
        joined = (weight.astype(np.float32) @ value).transpose(1, 0, 2).reshape(length, size)
        x = x + _linear(joined, w, f"{name}join")
        fed = _gelu(_linear(_norm(x, w, f"{name}second"), w, f"{name}widen"))
        return x + _linear(fed, w, f"{name}narrow")

    def _logits(self, states: Scores) -> Scores:
        found: Scores = states @ self.weights["items"].T + self.weights["shift"]
        return found

    def arrays(self) -> Arrays:
        """The weights by name, and the two settings that have none."""
        return {**self.weights, "settings": np.array([self.heads, self.length])}

    @classmethod
    def restore(cls, arrays: Arrays) -> Network:
        """The same network."""
        heads, length = arrays["settings"].tolist()
        weights = {name: array for name, array in arrays.items() if name != "settings"}
        return cls(weights, int(heads), int(length))


def _linear(x: Scores, weights: Weights, name: str) -> Scores:
    return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"], dtype=np.float32)


def _norm(x: Scores, weights: Weights, name: str) -> Scores:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
    return np.asarray(centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"], np.float32)


def _gelu(x: Scores) -> Scores:
    """x · Φ(x), with Φ by the error function's approximation of Abramowitz and Stegun 7.1.26."""
    z = np.abs(x) / np.float32(sqrt(2))
    t = 1 / (1 + np.float32(0.3275911) * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - poly * np.exp(-z * z))
    return np.asarray(x * (1 + erf) / 2, dtype=np.float32)


def _softmax(x: NDArray[np.floating]) -> Scores:
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float32)
