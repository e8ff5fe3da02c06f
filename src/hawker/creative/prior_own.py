"""The click prior as one shop has it: the packaged one, or with the weights that its own clicks taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from hawker.creative import prior
from hawker.creative.prior import Prior
from hawker.creative.prior_blend import SIGNS, Blend, Learned
from hawker.errors import Corrupt
from hawker.storage import files
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

NAME = "headlines"
"""Under which name the weights stand among a shop's models."""
_FILE = "blend.json"


class _Kept(Struct, frozen=True):
    weights: list[float]
    doubt: list[list[float]]
    rest: float | None


def load(shop: Shop, over: Prior | None = None, *, encoders: Sequence[str] | None = None) -> Prior:
    """The click prior (`over`, None: the packaged one) with a shop's own weights, where it has learned any.

    `encoders` as for `prior.load`.
    """
    held, own = over or prior.load(encoders=encoders), blend(shop)
    return held if own is None else replace(held, blend=own)


def blend(shop: Shop) -> Blend | None:
    """The weights that serve; None before the first. Raises `Corrupt` where they cannot be read."""
    store = ModelStore(shop.models)
    if store.promoted(NAME) is None:
        return None
    path = store.path(NAME) / _FILE
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        weights, doubt = np.array(kept.weights), np.array(kept.doubt)
    except (msgspec.DecodeError, ValueError) as error:
        raise Corrupt(f"'{path}' holds no weights: {error}.", remedy="Run: hawker train") from error
    if weights.shape != (len(SIGNS),) or doubt.shape != (len(SIGNS), len(SIGNS)):
        raise Corrupt(f"'{path}' holds weights of other signs.", remedy="Run: hawker train")
    return Blend(weights, doubt, kept.rest)


def keep(shop: Shop, learned: Learned) -> str:
    """Let these weights serve; returns their version, the one that serves already where nothing changed."""
    store, made = ModelStore(shop.models), learned.blend
    kept = _Kept(made.weights.tolist(), made.doubt.tolist(), made.rest)
    text = msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n"
    before = store.promoted(NAME)
    if before is not None and (store.path(NAME) / _FILE).read_bytes() == text:
        return before
    told = {sign: [one.value, one.low, one.high] for sign, one in learned.weights.items()}

    def write(folder: Path) -> None:
        files.write(folder / _FILE, text)

    version = store.save(NAME, write, {"groups": learned.groups, "rows": learned.rows, "weights": told})
    store.promote(NAME, version)
    return version
