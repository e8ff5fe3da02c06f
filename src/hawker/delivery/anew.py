"""Interests by other vectors: folded from the log beside those that serve, then put in their place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hawker.delivery import restore
from hawker.features import interests
from hawker.features.encode import Codes, Vocabulary
from hawker.features.interests import Interests
from hawker.features.protect import Protection, forget
from hawker.features.schema import KEYS
from hawker.features.state import State
from hawker.privacy import erasure
from hawker.storage.shop import Shop

_SHOPPER = KEYS.index("shopper")


@dataclass(frozen=True)
class Anew:
    """Interests (None where products have no vectors any more) with all that was released before `until`."""

    interests: Interests | None
    until: int


def folded(shop: Shop, state: State) -> Anew:
    """Fold the whole log by the vectors that lie in the folder now; for a thread of its own.

    The state goes on meanwhile, so names are read from a copy; who had none in it yet comes with `switch`.
    """
    made, until = interests.of(shop), state.watermark
    if made is not None:
        codes = _copied(state.codes)
        known = len(codes["shopper"])
        made.align(codes)
        events = restore.log(shop, codes)
        events.keys[events.keys[:, _SHOPPER] >= known, _SHOPPER] = -1
        made.fold(events, stop=events.before(until))
    return Anew(made, until)


def switch(shop: Shop, state: State, anew: Anew) -> None:
    """Fold what was released since, and let these serve; only where nothing else reads the state."""
    made = anew.interests
    if made is not None:
        rest = restore.log(shop, state.codes, since=anew.until)
        made.align(state.codes)
        made.fold(rest, stop=rest.before(state.watermark))
        for journal in erasure.pending(shop):  # the log still holds whoever is being forgotten
            forget(state, journal.names, sessions=journal.sessions)
        _let_go(made, state.codes)
    state.interests = made


def _copied(codes: Codes) -> Codes:
    names = {key: Vocabulary(list(held.names)) for key, held in codes.vocabularies.items()}
    guard = Protection(codes.protection.special, set(codes.protection.minors))
    return Codes(names, codes.product_keys.copy(), guard)


def _let_go(made: Interests, codes: Codes) -> None:
    """Nothing stays of whoever was forgotten, or found to be a minor, while the log was folded."""
    gone = [code for code, name in enumerate(codes["shopper"].names) if name == f"\x1f{code}"]
    rows = np.array([code for code in (*gone, *codes.protection.minors) if code < len(made)], dtype=np.int64)
    for array in made.arrays().values():
        array[rows] = 0
