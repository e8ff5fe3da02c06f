"""What text says of a film that few have rated: how like the liked ones it reads, and how its like fared.

As `ratings`, in one pass, each rating seeing only those of earlier seconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hawker.features.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NAMES = ("text_leaning", "text_sum", "text_excess", "text_company")
_NEAR = 0.3


def resemblance(
    time: Ints, person: Ints, film: Ints, *, residual: Floats, gap: Floats, vectors: Floats
) -> dict[str, Floats]:
    """Columns of ratings by name, from `vectors` of unit length, one a film.

    `residual` is what a rating told beyond the expected, `gap` what it told of the film net of the person.
    `text_leaning` is the product of the film's vector with the person's interest, the mean vector of what
    they rated, each times its residual; `text_sum` the same undivided; `text_excess` the mean gap of
    films that read alike (cosine above .3, squared), drawn to zero; `text_company` how many such there are.
    """
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, 0.0)
    weights = np.where(alike > _NEAR, alike, 0.0) ** 2
    told = _told(time, person, film, residual, gap, vectors, weights)
    return dict(zip(NAMES, told.T, strict=True))


@compiled
def _told(
    time: Ints, person: Ints, film: Ints, residual: Floats, gap: Floats, vectors: Floats, alike: Floats
) -> Floats:
    out = np.zeros((len(time), 4))
    interest = np.zeros((person.max() + 1, vectors.shape[1]))
    rated, count, total = np.zeros(len(interest)), np.zeros(len(vectors)), np.zeros(len(vectors))
    start = 0
    while start < len(time):
        end = start
        while end < len(time) and time[end] == time[start]:
            end += 1
        for r in range(start, end):
            match = (interest[person[r]] * vectors[film[r]]).sum()
            out[r, 0] = match / (rated[person[r]] + 5.0)
            out[r, 1] = match / np.sqrt(rated[person[r]] + 5.0)
            company = alike[film[r]] / (count + 5.0)
            out[r, 2] = (company * total).sum() / ((company * count).sum() + 1.0)
            out[r, 3] = (company * count).sum()
        for r in range(start, end):
            interest[person[r]] += residual[r] * vectors[film[r]]
            rated[person[r]] += 1.0
            count[film[r]] += 1.0
            total[film[r]] += gap[r]
        start = end
    return out
