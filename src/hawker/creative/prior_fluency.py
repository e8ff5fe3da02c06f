"""How naturally headlines read to a language model of this machine, as a sign beside the click prior."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.language import writer_weights
from hawker.language.adapt.author import LENGTH, Author


def fluency(headlines: Sequence[str], model: str | Path | Author = "smollm2") -> NDArray[np.float64]:
    """The mean log-probability of a token of each headline; 0 for a blank one.

    `model` is the name of a fetched model, a GGUF file, or one that is open. Needs the extra `adapt`; a tenth
    of a CPU second a headline with the smallest, so it is for a handful that are to be compared.
    """
    if isinstance(model, Author):
        author = model
    else:
        known = isinstance(model, str) and model in writer_weights.KNOWN
        author = Author.open(writer_weights.path(str(model)) if known else model)
    texts = [text.strip() for text in headlines]
    rows = [
        author.row([author.end], author.answered(text)[: LENGTH - 1]) for text in dict.fromkeys(texts) if text
    ]
    sums = dict(zip(filter(None, dict.fromkeys(texts)), author.measured(rows), strict=True))
    return np.array([sums[text][0] / sums[text][1] if text else 0.0 for text in texts])
