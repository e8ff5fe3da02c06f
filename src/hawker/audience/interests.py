"""What an audience looks at, in words: only what so many of its members turn to that it tells of no one."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from hawker.audience.moment import Moment
from hawker.audience.refresh import listed
from hawker.features.interest_words import Background, Term, Terms, in_words, touches

ASKED = 2_000
"""At most so many members are asked, evenly drawn."""
SORTS = ("category", "phrase", "attribute")


def interests(moment: Moment, name: str, *, language: str = "en", most: int = 5) -> tuple[str, ...]:
    """The terms that set an audience apart from the shop's shoppers, the surest first; () where it is small.

    A term is told only where at least as many members have touched it as the shop tells numbers of
    (`audiences.least`): nothing a single shopper did is among them. Searches are left out.
    """
    least = moment.shop.settings.audiences.least
    codes = listed(moment, name)
    codes = codes[moment.allowed[codes]]
    if len(codes) < least:
        return ()
    asked = codes[np.linspace(0, len(codes) - 1, min(len(codes), ASKED)).astype(np.intp)]
    terms = Terms(moment.shop.catalogue, language=language)
    behind: dict[Term, set[int]] = defaultdict(set)
    done = []
    for code in asked.tolist():
        own = touches(moment.state, code)
        done += own
        for term in {term for touch in own for term in terms.of(touch.product)}:
            behind[term].add(code)
    found = in_words(done, Background(moment.state, terms), now=moment.now, most=2 * most)
    told = [
        one.name for sort in SORTS for one in found.of(sort) if len(behind.get((sort, one.name), ())) >= least
    ]
    return tuple(dict.fromkeys(told))[:most]


def direction(moment: Moment, name: str) -> NDArray[np.float32] | None:
    """Where an audience's interests point on average, in the products' space: (d,), of unit length.

    None where fewer members than the shop tells numbers of (`audiences.least`) have any.
    """
    held, least = moment.state.interests, moment.shop.settings.audiences.least
    codes = listed(moment, name)
    codes = codes[moment.allowed[codes]]
    if held is None or len(codes) < least:
        return None
    asked = codes[np.linspace(0, len(codes) - 1, min(len(codes), ASKED)).astype(np.intp)]
    found = np.array([held.read(code) for code in asked.tolist()])
    mean = found.sum(axis=0)
    length = float(np.sqrt(mean @ mean))
    if int(found.any(axis=1).sum()) < least or length <= 0.0:
        return None
    unit: NDArray[np.float32] = (mean / length).astype(np.float32)
    return unit
