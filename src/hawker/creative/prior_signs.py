"""What a shop's drafts are put in order by: the click prior, fit to the audience, fluency under its model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hawker.creative import prior, prior_own
from hawker.creative.studio import Scored, Scorer
from hawker.errors import HawkerError
from hawker.language import annotate, writer_weights
from hawker.language.care import prepared
from hawker.language.encoder import FLOOR, encoder
from hawker.storage import vectors
from hawker.storage.shop import Shop

if TYPE_CHECKING:
    from hawker.language.adapt.author import Author

Vectors = NDArray[np.float32]
Sign = Callable[[Sequence[str], str], Sequence[float] | None]
"""Numbers of headlines in a language; None where nothing can be said of them."""
FEW = 100
"""Headlines that are embedded, and read by a model, while somebody waits."""
_LOCAL = "local:"
_PACKAGES = ("torch", "transformers", "gguf")


def scorer(
    shop: Shop,
    headlines: int,
    *,
    interest: Vectors | None = None,
    model: str = "",
    fluent: Sign | None = None,
) -> Scorer:
    """What orders a shop's drafts: with the shop's own weights, where its clicks have taught it any.

    `headlines` is how many there will be: beyond `FEW` words and style alone count. `interest` is where the
    audience's interests point, in the products' space; `model` the writer, asked for fluency where it is a
    local one and the extra 'adapt' is there (`fluent` stands for it).
    """
    if headlines > FEW:
        held = prior_own.load(shop, encoders=())
        return lambda texts, language: _scored(held.score(texts, language=language))
    held = prior_own.load(shop, encoders=tuple(one for one in ("e5",) if prior.installed(one)))
    flows = fluent or reads(model)

    def score(texts: Sequence[str], language: str) -> Sequence[Scored]:
        near = fit(shop, texts, interest) if interest is not None else None
        flow = flows(texts, language) if flows is not None else None
        found = held.score(texts, language=language, fit=near, fluency=flow)
        return _scored(found, near, flow)

    return score


def fit(shop: Shop, headlines: Sequence[str], interest: Vectors) -> list[float] | None:
    """The cosine of each headline with an interest; None where the shop's encoder cannot be asked now.

    Their vectors are made by the encoder of the products' and kept with the shop.
    """
    try:
        serving = vectors.products(shop)
        if serving is None or not len(headlines):
            return None
        floor = serving.space.encoder.startswith(f"{FLOOR}-")
        by = encoder(FLOOR if floor else serving.about.asked or shop.settings.encoder, shop=shop)
        if by.name != serving.space.encoder:
            return None
        found, _ = annotate.embed(shop, by, [prepared(text) for text in headlines])
    except HawkerError:
        return None
    near: list[float] = (serving.space.project(found) @ interest).astype(np.float64).tolist()
    return near


def reads(model: str) -> Sign | None:
    """How naturally headlines read to a writer's model; None unless it is a local one that can be asked."""
    if not model.startswith(_LOCAL) or any(find_spec(package) is None for package in _PACKAGES):
        return None
    name = model.removeprefix(_LOCAL)
    known = writer_weights.KNOWN.get(name)

    def read(texts: Sequence[str], language: str) -> Sequence[float] | None:
        if known is not None and language.partition("-")[0] not in known.reads:
            return None
        from hawker.creative.prior_fluency import fluency

        try:
            return [float(value) for value in fluency(texts, _author(name))]
        except HawkerError:
            return None

    return read


@cache
def _author(name: str) -> Author:
    from hawker.language.adapt.author import Author

    return Author.open(writer_weights.path(name) if name in writer_weights.KNOWN else Path(name))


def _scored(
    found: prior.Scores, fit: Sequence[float] | None = None, fluency: Sequence[float] | None = None
) -> list[Scored]:
    """Each headline's score with the signs that went into it; none where nothing tells them apart."""
    if found.by == prior.NOTHING and fit is None and fluency is None:
        return []
    blank = [None] * len(found)
    return [
        Scored(mean, sd, near, flow)
        for (mean, sd), near, flow in zip(found.pairs(), fit or blank, fluency or blank, strict=True)
    ]
