"""The 64 dimensions in which a catalogue's texts differ most (principal components, evened out)."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from hawker.language.care import Vectors
from hawker.storage.vectors import SIZE, Space

_SAMPLE = 50_000  # texts that the components are found from
_WEAKENED = 0.5
"""Each component is divided by this power of its spread, or the few strongest would be all that counts."""


def fit(found: Vectors, *, asked: Vectors, encoder: str, size: int = SIZE, seed: int = 7) -> Space:
    """The space of distinct texts' vectors, `found` (texts, size) of passages, `asked` of some queries.

    Each component is turned so that its largest entry is positive; those that the texts have no rank for
    are zeros. Rows of zeros are left out.
    """
    known = found[found.any(axis=1)].astype(np.float64)
    if len(known) > _SAMPLE:
        known = known[np.sort(np.random.default_rng(seed).permutation(len(known))[:_SAMPLE])]
    mean, asked_mean = _mean(known), _mean(asked[asked.any(axis=1)].astype(np.float64))
    strength, turned = np.linalg.eigh((known - mean).T @ (known - mean))
    order = np.argsort(-strength, kind="stable")[:size]
    kept = [i for i in order if strength[i] > 1e-9 * max(float(strength[-1]), 1e-300)]
    leading = turned[:, kept]
    signs = np.sign(leading[np.abs(leading).argmax(axis=0), np.arange(len(kept))])
    spread = np.sqrt(strength[kept] / strength[-1]) if kept else np.zeros(0)
    basis = np.zeros((found.shape[1], size))
    basis[:, : len(kept)] = leading * signs * spread**-_WEAKENED
    made = mean.tobytes() + asked_mean.tobytes() + basis.tobytes()
    digest = hashlib.md5(made, usedforsecurity=False).hexdigest()[:8]
    return Space(f"{encoder}/{size}-{digest}", encoder, mean, asked_mean, basis)


def _mean(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of one text, or two, the mean is no centre: they stay where they are."""
    few = len(vectors) <= 2
    return np.zeros(vectors.shape[1]) if few else np.asarray(vectors.mean(axis=0), dtype=np.float64)
