"""What every encoder does before and after it reads: plain text in, vectors of unit length out."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hawker.errors import BadReply
from hawker.records.markup import clean

Vectors = NDArray[np.float32]
LONGEST = 1_000
"""Characters of a text that are read; what a product is stands in fewer."""
_RAW = 20 * LONGEST  # of a text with markup


def prepared(text: str) -> str:
    """A text as encoders read it: no markup, no control characters, at most `LONGEST` characters.

    >>> prepared("<p>Oat\\x00 milk &amp; honey</p>")
    'Oat milk & honey'
    """
    plain = clean(text[:_RAW])
    plain = "".join(letter for letter in plain[: 2 * LONGEST] if unicodedata.category(letter) not in _UNREAD)
    if len(plain) <= LONGEST:
        return plain.strip()
    cut = plain[:LONGEST]
    whole, blank, _ = cut.rpartition(" ")
    return whole if blank and len(whole) > LONGEST - 100 else cut


_UNREAD = frozenset({"Cc", "Cs", "Co", "Cn"})  # control, broken halves of pairs, private, unassigned


def careful(
    texts: Sequence[str], embed: Callable[[list[str]], NDArray[np.floating]], *, size: int
) -> Vectors:
    """Embed each distinct text once, the short ones first; (texts, size) of unit length.

    A text with nothing in it gets zeros, and so does one that `embed` knows nothing of (a row of zeros).
    Raises `BadReply` where `embed` answers with another shape, or with what is no number.
    """
    plain = [prepared(text) for text in texts]
    distinct = sorted({text for text in plain if text}, key=lambda text: (len(text), text))
    out = np.zeros((len(plain), size), dtype=np.float32)
    if not distinct:
        return out
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused below
        made = np.asarray(embed(distinct), dtype=np.float32)
    if made.shape != (len(distinct), size):
        raise BadReply(
            f"The encoder answered {len(distinct)} texts with vectors of shape {made.shape}, "
            f"not ({len(distinct)}, {size}).",
            remedy="Name an encoder that keeps to one size.",
        )
    if not np.isfinite(made).all():
        raise BadReply("The encoder answered with what is no number.", remedy="Name another encoder.")
    place = {text: row for row, text in enumerate(distinct)}
    held = [row for row, text in enumerate(plain) if text]
    out[held] = unit(made)[[place[plain[row]] for row in held]]
    return out


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Rows of unit length; rows of zeros stay."""
    length = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    turned: Vectors = (vectors / np.where(length > 0, length, 1.0)).astype(np.float32)
    return turned
