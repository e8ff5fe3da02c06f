"""Product text as numbers without any model: words weighed by how rare they are, and 64 numbers a text.

English (and any language with spaces) is cut into lowercase words and numbers, Chinese and Japanese into
pairs of neighbouring characters, which need no dictionary and find most two-character words. The dense
vectors are the truncated singular value decomposition of the TF-IDF matrix (latent semantic analysis).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.language.care import careful
from hawker.language.sparse import Rows
from hawker.storage import snapshot

Floats = NDArray[np.float64]
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_IDEOGRAPHS}]+|\d+(?:[.,]\d+)+|[^\W_{_IDEOGRAPHS}]+")
_OVERSAMPLE, _POWERS = 10, 3
_SAMPLE = 20_000  # texts that the basis is made from; weights of words come from all


def tokens(text: str) -> list[str]:
    """The words of a text: lowercase words and numbers; of ideographs, each neighbouring pair.

    >>> tokens("Oat Milk 1.5l 全脂牛奶")
    ['oat', 'milk', '1.5', 'l', '全脂', '脂牛', '牛奶']
    """
    found: list[str] = []
    for part in _TOKEN.findall(unicodedata.normalize("NFKC", text).lower()):
        if len(part) > 2 and part[0] > "\u303f" and _ideographic(part[0]):
            found.extend(part[i : i + 2] for i in range(len(part) - 1))
        else:
            found.append(part)
    return found


class Tfidf:
    """Weights of words, and a basis that turns them into `size` numbers. Made by `fit`, kept by `save`.

    `name` carries a digest of all that it was made from, so vectors of two fits never mix.
    """

    def __init__(self, words: Sequence[str], rarity: Floats, basis: Floats, *, name: str) -> None:
        self.words = tuple(words)
        self.rarity = rarity  # (words,)
        self.size = basis.shape[1]
        self.basis = basis  # (words, size)
        self.name = name
        self._codes = {word: code for code, word in enumerate(self.words)}

    @classmethod
    def fit(cls, texts: Iterable[str], *, size: int = 64, seed: int = 7, most: int = 50_000) -> Tfidf:
        """Learn from a catalogue's texts. Of more than `most` different words the commonest are kept.

        Words that stand in one text only are left out of catalogues of 200 texts and more.
        """
        bags = [Counter(tokens(text)) for text in texts]
        common = Counter(word for bag in bags for word in bag)
        least = 2 if len(bags) >= 200 else 1
        ranked = sorted((word for word in common if common[word] >= least), key=lambda w: (-common[w], w))
        words = ranked[:most]
        held = np.array([common[word] for word in words], dtype=np.float64)
        rarity: Floats = np.log((1.0 + len(bags)) / (1.0 + held)) + 1.0
        digest = hashlib.md5(repr((size, seed, len(bags))).encode(), usedforsecurity=False)
        digest.update("\x1f".join(words).encode() + held.tobytes())
        model = cls(
            words, rarity, np.zeros((len(words), size)), name=f"tfidf-{size}-{digest.hexdigest()[:8]}"
        )
        drawn = np.sort(np.random.default_rng(seed).permutation(len(bags))[:_SAMPLE])
        rows = model._rows([bags[i] for i in drawn])
        model.basis = _basis(rows, words=len(words), size=size, seed=seed)
        return model

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector of unit length a text, as every encoder gives them (`language.Encoder`)."""
        return careful(texts, self.vectors, size=self.size)

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same: words are words, whoever says them."""
        return self.passages(texts)

    def vectors(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """One vector of unit length a text: (texts, size); zeros where no word is known."""
        rows = self._rows([Counter(tokens(text)) for text in texts])
        dense = rows.times(self.basis)
        length = np.sqrt((dense * dense).sum(axis=1, keepdims=True))
        unit: NDArray[np.float32] = (dense / np.where(length > 0, length, 1.0)).astype(np.float32)
        return unit

    def weights(self, text: str) -> dict[str, float]:
        """The known words of a text with their TF-IDF weights, of unit length together."""
        rows = self._rows([Counter(tokens(text))])
        return {self.words[code]: float(value) for code, value in zip(rows.codes, rows.values, strict=True)}

    def top_words(self, text: str, n: int = 10) -> tuple[str, ...]:
        """The words that set a text apart, the weightiest first."""
        weighed = self.weights(text)
        return tuple(sorted(weighed, key=lambda word: (-weighed[word], word))[:n])

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        about = np.frombuffer("\x1f".join((self.name, *self.words)).encode(), dtype=np.uint8)
        snapshot.save(path, {"about": about, "rarity": self.rarity, "basis": self.basis})

    @classmethod
    def load(cls, path: Path) -> Tfidf:
        """Read what `save` wrote; raises `Corrupt` where it cannot be read."""
        held = snapshot.load(path, remedy="Delete it and fit the text again.")
        name, *words = held["about"].tobytes().decode().split("\x1f")
        return cls(words, held["rarity"], held["basis"], name=name)

    def _rows(self, bags: Sequence[Counter[str]]) -> Rows:
        """Rows of unit length: word codes and their weights."""
        starts = np.zeros(len(bags) + 1, dtype=np.int64)
        codes: list[int] = []
        counts: list[int] = []
        for i, bag in enumerate(bags):
            known = [(self._codes[word], count) for word, count in bag.items() if word in self._codes]
            codes.extend(code for code, _ in known)
            counts.extend(count for _, count in known)
            starts[i + 1] = len(codes)
        picked = np.array(codes, dtype=np.int32)
        values = (1.0 + np.log(np.array(counts, dtype=np.float64))) * self.rarity[picked]
        row = np.repeat(np.arange(len(bags)), np.diff(starts))
        length = np.sqrt(np.bincount(row, values * values, minlength=len(bags)))
        return Rows(starts, picked, values / length[row])


def _ideographic(character: str) -> bool:
    return re.match(f"[{_IDEOGRAPHS}]", character) is not None


def _basis(rows: Rows, *, words: int, size: int, seed: int) -> Floats:
    """The leading right singular vectors of sparse rows, by random projection and power iterations.

    Halko, Martinsson and Tropp (2011), 'Finding structure with randomness', algorithms 4.4 and 5.1.
    Each is turned so that its largest entry is positive; what the rows have no rank for stays 0.
    """
    basis = np.zeros((words, size))
    rank = min(size + _OVERSAMPLE, len(rows.starts) - 1, words)
    if rank < 1:
        return basis
    right = np.random.default_rng(seed).normal(size=(words, rank))
    for _ in range(_POWERS):
        left, _ = np.linalg.qr(rows.times(right))
        right, _ = np.linalg.qr(rows.turned(left, words=words))
    _, strength, turn = np.linalg.svd(rows.times(right), full_matrices=False)
    kept = min(size, int((strength > 1e-9 * strength[0]).sum())) if strength[0] > 0 else 0
    leading = (right @ turn.T)[:, :kept]
    signs = np.sign(leading[np.abs(leading).argmax(axis=0), np.arange(kept)])
    basis[:, :kept] = leading * signs
    return basis
