"""The sixty-four dimensions in which a catalogue's texts differ most (principal components)."""

from __future__ import annotations

import hashlib

import numpy as np

from hawker.language.care import Vectors
from hawker.storage.vectors import SIZE, Space

_SAMPLE = 50_000  # texts that the components are found from


def fit(vectors: Vectors, *, encoder: str, size: int = SIZE, seed: int = 7) -> Space:
    """Mean and leading components of the vectors of distinct texts, (texts, size) of unit length.

    Each component is turned so that its largest entry is positive; those that the texts have no rank for
    are zeros. Rows of zeros are left out.
    """
    known = vectors[vectors.any(axis=1)].astype(np.float64)
    if len(known) > _SAMPLE:
        known = known[np.sort(np.random.default_rng(seed).permutation(len(known))[:_SAMPLE])]
    width = vectors.shape[1]
    few = len(known) <= 2  # of one text, or two, the mean is no centre: leave them where they are
    mean = np.zeros(width) if few else known.mean(axis=0)
    strength, turned = np.linalg.eigh((known - mean).T @ (known - mean))
    order = np.argsort(-strength, kind="stable")[:size]
    kept = [i for i in order if strength[i] > 1e-9 * max(float(strength[-1]), 1e-300)]
    leading = turned[:, kept]
    signs = np.sign(leading[np.abs(leading).argmax(axis=0), np.arange(len(kept))])
    basis = np.zeros((width, size))
    basis[:, : len(kept)] = leading * signs
    digest = hashlib.md5(mean.tobytes() + basis.tobytes(), usedforsecurity=False).hexdigest()[:8]
    return Space(f"{encoder}/{size}-{digest}", encoder, mean, basis)
