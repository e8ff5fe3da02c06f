"""How well a product suits who looks and what the page is about: cosines of the products' vectors.

One definition for training and serving. Where there is nothing to compare (a shopper nobody knows or may
know, a product without text, a page about nothing in particular) the number is unknown (NaN), not 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from hawker.features.interests import Interests, Vectors, _dot
from hawker.features.state import State
from hawker.features.windows import THOUSANDTHS

Floats = NDArray[np.float64]
MATCH = ("interest_long", "interest_recent", "interest_best", "interest_second", "page_match")
"""By column: cosine with the long-term interest, the recent one, the nearest and the next of the several,

and with what the page is about: its query, else its product.
"""
MADE_OF = "interests"
"""Where a model's recipe says in which space of vectors it learned the match."""


def made_of(interests: Interests | None, names: Collection[str]) -> dict[str, str]:
    """What a recipe has to say of a model with these features."""
    return {} if interests is None or set(MATCH).isdisjoint(names) else {MADE_OF: interests.space}


def speaks(interests: Interests, recipe: Mapping[str, Any]) -> bool:
    """Whether a model of that recipe understands a match in the space of these interests.

    Recipes of earlier versions hold a digest of all products' vectors behind the space's name.
    """
    learned = str(recipe.get(MADE_OF, interests.space))
    return interests.space in {learned, learned.rpartition("/")[0]}


def match(
    interests: Interests | None,
    products: NDArray[np.int32],
    *,
    shopper: int = -1,
    page: Vectors | None = None,
) -> dict[str, Floats]:
    """The columns of `MATCH` for some products by code, each float64 (products,).

    `shopper` -1 is nobody's: only the page counts then. `page` is (d,), of unit length.
    Without interests all is unknown.
    """
    out = np.full((len(MATCH), len(products)), np.nan)
    if interests is not None:
        wanted = np.zeros(interests.size, dtype=np.float32) if page is None else page
        _cosines(interests.readings(shopper), wanted, interests.vectors, interests.rows, products, out)
    return dict(zip(MATCH, out, strict=True))


def nearness(
    state: State, products: NDArray[np.int32], *, shopper: int = -1, page: Vectors | None = None
) -> Floats | None:
    """How near what sells is to a shopper's long-term interest, or to the page: for choosing candidates.

    The square of the larger cosine times the root of the units of four weeks, so that a product nobody buys
    does not stand before one that suits almost as well: (products,). None where neither is known.
    """
    interests = state.interests
    if interests is None:
        return None
    own = interests.read(shopper)
    asked = np.zeros_like(own) if page is None else page
    if not (own.any() or asked.any()):
        return None
    out = np.empty(len(products))
    _near(own, asked, interests.vectors, interests.rows, products, state.windows.sums[1], out)
    return out


@njit(cache=True)
def _near(own, page, vectors, rows, products, sold, out):  # type: ignore[no-untyped-def]
    for i in range(len(products)):
        out[i] = 0.0
        if 0 <= products[i] < len(rows) and rows[products[i]] >= 0:
            vector = vectors[rows[products[i]]]
            cosine = np.float64(max(_dot(vector, own), _dot(vector, page), np.float32(0.0)))
            units = sold[products[i]] / THOUSANDTHS if products[i] < len(sold) else 0.0
            out[i] = cosine * cosine * np.sqrt(units + 1.0)


@njit(cache=True)
def _cosines(own, page, vectors, rows, products, out):  # type: ignore[no-untyped-def]
    """Of each product with all readings; a reading of nothing tells nothing."""
    says = np.zeros(len(own), np.bool_)
    for r in range(len(own)):
        says[r] = own[r].any()
    asked = page.any()
    for i in range(len(products)):
        if not 0 <= products[i] < len(rows) or rows[products[i]] < 0:
            continue
        vector = vectors[rows[products[i]]]
        if asked:
            out[4, i] = _dot(vector, page)
        for r in range(2):
            if says[r]:
                out[r, i] = _dot(vector, own[r])
        for r in range(2, len(own)):
            if says[r]:
                near = np.float64(_dot(vector, own[r]))
                if not near <= out[2, i]:
                    out[3, i] = out[2, i]
                    out[2, i] = near
                elif not near <= out[3, i]:
                    out[3, i] = near
