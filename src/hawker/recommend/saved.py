"""Recommenders on disk, as named arrays without pickle, and the kinds they may be of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hawker.errors import Corrupt
from hawker.recommend.blend import Blend
from hawker.recommend.habits import Regular
from hawker.recommend.links import Links
from hawker.recommend.model import Arrays, Recommender
from hawker.recommend.popular import Seller
from hawker.recommend.sequence_served import Network
from hawker.storage import snapshot

KINDS: dict[str, type[Recommender]] = {one.kind: one for one in (Blend, Links, Network, Regular, Seller)}
REMEDY = "Roll back to an older version, or fit it again."


def save(recommender: Recommender, path: Path) -> None:
    """Write one recommender, whole or not at all."""
    snapshot.save(path, {**recommender.arrays(), "recommender": np.array([recommender.kind])})


def load(path: Path) -> Recommender:
    """What `save` wrote; raises `Corrupt` where it is not that."""
    held = snapshot.load(path, remedy=REMEDY)
    try:
        return restored(str(held.pop("recommender")[0]), held)
    except (KeyError, ValueError, IndexError) as error:
        raise Corrupt(f"'{path.name}' holds no recommender: {error!r}.", remedy=REMEDY) from error


def restored(kind: str, arrays: Arrays) -> Recommender:
    """The recommender of a kind from its arrays."""
    return KINDS[kind].restore(arrays)
