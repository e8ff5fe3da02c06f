"""What is known of creatives before anybody saw them, and how often each was seen and clicked since.

Both are one file, written whole by whoever makes them: `prior.npz` when the shop trains, `tally.npz` by
the servers. There is nothing of any shopper in either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hawker.errors import Corrupt
from hawker.storage import snapshot
from hawker.storage.shop import Shop

Floats = NDArray[np.float64]
_AGAIN = "Delete it; it is made again by: hawker train"
_COUNTED = "Delete it; what is counted begins anew."


@dataclass(frozen=True)
class Prior:
    """By creative: the prior score (standardised, 0: says nothing) and the vector of its text.

    `vectors` are float32 (creatives, d) of unit length in the space of that name, zeros where there is none.
    `weight` is what one unit of nearness to the shopper's interest adds to the logarithm of the click rate.
    """

    ids: tuple[str, ...] = ()
    scores: Floats = field(default_factory=lambda: np.zeros(0))
    vectors: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    space: str = ""
    weight: float = 0.0


@dataclass(frozen=True)
class Tallied:
    """Rows of (creative, placement, segment) with weighted counts; a weight was 1 at `landmark`.

    All that was received before `until` is in, nothing received later.
    """

    keys: tuple[tuple[str, str, str], ...]
    counts: Floats
    landmark: int
    until: int


def prior_file(shop: Shop) -> Path:
    """Where the prior lies (it may not exist yet)."""
    return shop.state / "wordings-prior.npz"


def tally_file(shop: Shop) -> Path:
    """Where the tally lies (it may not exist yet)."""
    return shop.state / "wordings-tally.npz"


def keep_prior(shop: Shop, prior: Prior) -> None:
    """Put this prior in the place of the one before."""
    snapshot.save(
        prior_file(shop),
        {
            "ids": _packed(prior.ids),
            "scores": prior.scores,
            "vectors": prior.vectors,
            "space": _packed((prior.space,)),
            "weight": np.array([prior.weight]),
        },
    )


def prior(shop: Shop) -> Prior:
    """The prior made last; an empty one where none was made. Raises `Corrupt` where it cannot be read."""
    if not prior_file(shop).is_file():
        return Prior()
    held = snapshot.load(prior_file(shop), remedy=_AGAIN)
    try:
        (space,) = _listed(held["space"]) or ("",)
        return Prior(_listed(held["ids"]), held["scores"], held["vectors"], space, float(held["weight"][0]))
    except (KeyError, ValueError, IndexError) as error:
        raise Corrupt(f"'{prior_file(shop).name}' is no prior: {error}.", remedy=_AGAIN) from error


def keep_tally(shop: Shop, tallied: Tallied) -> None:
    """Put these counts in the place of those before."""
    snapshot.save(
        tally_file(shop),
        {
            **{name: _packed([key[at] for key in tallied.keys]) for at, name in enumerate(_KEY)},
            "counts": tallied.counts,
            "times": np.array([tallied.landmark, tallied.until], np.int64),
        },
    )


_KEY = ("creative", "placement", "segment")


def tally(shop: Shop) -> Tallied | None:
    """The counts kept last; None where none were. Raises `Corrupt` where they cannot be read."""
    if not tally_file(shop).is_file():
        return None
    held = snapshot.load(tally_file(shop), remedy=_COUNTED)
    try:
        keys = tuple(zip(*(_listed(held[name]) for name in _KEY), strict=True))
        landmark, until = (int(one) for one in held["times"])
        counts = held["counts"].reshape(len(keys), 2)
    except (KeyError, ValueError) as error:
        raise Corrupt(f"'{tally_file(shop).name}' is no tally: {error}.", remedy=_COUNTED) from error
    return Tallied(keys, counts, landmark, until)


def _packed(names: tuple[str, ...] | list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(("", *names)).encode(), dtype=np.uint8)


def _listed(packed: NDArray[np.uint8]) -> tuple[str, ...]:
    """The names again; each is preceded by a line's end, so that no name and one empty name differ."""
    return tuple(packed.tobytes().decode().split("\n")[1:])
