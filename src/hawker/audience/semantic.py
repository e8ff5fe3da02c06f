"""Whoever a text speaks of: how near each shopper's interests are to it, and what a threshold takes in.

The text becomes a vector by the encoder that made the products' vectors, in their space; that of an audience
is kept, what is only tried is not. A shopper is as near to it as the nearest of their long-term interest and
their several interests.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hawker.audience.moment import Moment, Scores
from hawker.errors import HawkerError
from hawker.features.interests import Interests
from hawker.language import annotate
from hawker.language.care import prepared
from hawker.language.encoder import FLOOR, Encoder, encoder
from hawker.privacy import threshold
from hawker.statistics import Estimate, proportion, unknown
from hawker.storage import vectors
from hawker.storage.shop import Shop
from hawker.storage.vectors import Kept, ProductVectors

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Thresholds are offered where they take in about these shares of the shoppers."""
LEAST_NEAR, NEAR = 5, 0.01
"""The products that stand for the text where members are checked: the nearest of these, at least so many."""
EXAMPLES = 5
_CHUNK = 20_000


class Level(Struct, frozen=True):
    """What a threshold takes in. `size` is None where there are too few to tell.

    `touched` is the share of them whose latest products hold one of those nearest to the text: a hint at
    how precise the threshold is, beside the same share of everybody (`Sizes.touched`).
    """

    threshold: float
    size: int | None
    share: float | None
    touched: Estimate


class Sizes(Struct, frozen=True):
    """A text's audience at every threshold, before one is chosen; none of it, with the `reason`, if unknown.

    `products` are the titles of those nearest to the text, by which a person sees what was understood.
    """

    text: str
    levels: tuple[Level, ...] = ()
    products: tuple[str, ...] = ()
    touched: Estimate = unknown("nothing is known")
    by: str = ""
    reason: str = ""


def vector(shop: Shop, text: str, *, keep: bool = True) -> tuple[Vectors, ProductVectors] | str:
    """A text in the products' space: (64,), and these products; or the reason why not."""
    held = vectors.products(shop)
    if held is None:
        return "no vectors of products are there yet: run hawker train"
    spec = FLOOR if held.about.encoder.startswith(f"{FLOOR}-") else held.about.asked
    try:
        by = _Lazy(shop, spec, held.about.encoder)
        found = _embedded(shop, by, prepared(text), keep=keep)
    except HawkerError as error:
        return str(error)
    turned = held.space.asked(found)[0]
    if not turned.any():
        return f"the encoder {held.about.encoder} knows nothing of '{text[:60]}'"
    return turned, held


def nearness(moment: Moment, text: str, *, keep: bool = True) -> tuple[Floats, str]:
    """How near the interests of each shopper code are to a text, NaN where none are known; or a reason."""
    found = vector(moment.shop, text, keep=keep)
    return (np.full(moment.count, np.nan), found) if isinstance(found, str) else _near(moment, *found)


def _near(moment: Moment, asked: Vectors, held: ProductVectors) -> tuple[Floats, str]:
    nobody = np.full(moment.count, np.nan)
    interests = moment.state.interests
    if interests is None or interests.space != held.name:
        return nobody, "the interests were made of other vectors: serve anew, or run hawker audience refresh"
    return _nearest(interests, asked, moment.count), ""


def scores(moment: Moment, text: str) -> Scores:
    """Everyone with interests, by how near these are to a text."""
    near, reason = nearness(moment, text)
    who = moment.shoppers[~np.isnan(near[moment.shoppers])]
    names = moment.state.codes["shopper"].names
    return Scores(tuple(names[code] for code in who), near[who].astype(np.float32), reason)


def sizes(
    moment: Moment,
    text: str,
    *,
    thresholds: Sequence[float] | None = None,
    rounded: bool = False,
) -> Sizes:
    """How many shoppers each threshold takes in, and how many of them touched what the text speaks of.

    Without `thresholds` they are laid where they take in about 1 % to 50 % of the shoppers.
    """
    found = vector(moment.shop, text, keep=False)
    if isinstance(found, str):
        return Sizes(text, reason=found)
    asked, held = found
    near, reason = _near(moment, asked, held)
    if reason:
        return Sizes(text, reason=reason)
    likeness = held.matrix @ asked
    best = np.argsort(-likeness, kind="stable")[: max(LEAST_NEAR, round(NEAR * len(likeness)))]
    touched = _touched(moment, [held.ids[row] for row in best])
    least = moment.shop.settings.audiences.least
    everyone = moment.shoppers
    levels = []
    for least_near in _laid(near[everyone]) if thresholds is None else thresholds:
        inside = everyone[near[everyone] >= least_near]
        size = threshold.told(len(inside), least=least, rounded=rounded)
        share = None if size is None else size / max(len(everyone), 1)
        hint = _share(touched, inside) if size is not None else unknown(f"fewer than {least} shoppers")
        levels.append(Level(float(least_near), size, share, hint))
    catalogue = moment.shop.catalogue
    titles = (catalogue[held.ids[row]].title for row in best if held.ids[row] in catalogue)
    shown = tuple(dict.fromkeys(titles))[:EXAMPLES]
    return Sizes(text, tuple(levels), shown, _share(touched, everyone), held.about.encoder)


def _laid(near: Floats) -> list[float]:
    """Thresholds of two digits that take in about certain shares, the widest first."""
    known = near[~np.isnan(near)]
    cuts = np.quantile(known, [1.0 - share for share in SHARES]) if len(known) else np.zeros(0)
    return sorted({round(float(cut), 2) for cut in cuts})


def _embedded(shop: Shop, by: Encoder, text: str, *, keep: bool) -> Vectors:
    """A text's vector as it is kept, or would be: (1, size)."""
    if keep:
        return annotate.embed(shop, by, [text], side="queries")[0]
    kept = Kept(shop, by.name, side="queries")
    known = not kept.missing([text])
    return kept.read([text]) if known else by.queries([text]).astype(np.float16).astype(np.float32)


class _Lazy:
    """An encoder that is opened only where a text was never embedded before."""

    def __init__(self, shop: Shop, spec: str, name: str) -> None:
        self._shop, self._spec, self.name = shop, spec, name
        self.size = 0

    def passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts as products have them."""
        return self._opened().passages(texts)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts as people ask them."""
        return self._opened().queries(texts)

    def _opened(self) -> Encoder:
        """The encoder, if it is still the one that made the products' vectors."""
        by = encoder(self._spec, shop=self._shop)
        if by.name != self.name:
            raise HawkerError(
                f"The products' vectors are by {self.name}, the encoder here is {by.name}.",
                remedy="Make them anew: hawker train",
            )
        return by


def _nearest(interests: Interests, asked: Vectors, count: int) -> Floats:
    """The cosine with the nearest of each shopper's interests, NaN where there are none."""
    sums = interests.arrays()["sums"]  # (shoppers, several, size)
    out = np.full(count, np.nan)
    for start in range(0, min(count, len(sums)), _CHUNK):
        part = sums[start : min(start + _CHUNK, count)]
        every = np.concatenate([part.sum(axis=1, keepdims=True), part], axis=1)
        length = np.sqrt(np.einsum("nkd,nkd->nk", every, every))
        cosine = np.full(length.shape, -np.inf)
        np.divide(every @ asked, length, out=cosine, where=length > 0)
        best = cosine.max(axis=1)
        out[start : start + len(part)] = np.where(np.isfinite(best), best, np.nan)
    return out


def _touched(moment: Moment, products: Sequence[str]) -> NDArray[np.bool_]:
    """By shopper code: whether one of these products is among the latest they touched."""
    codes = moment.state.codes["product"]
    meant = np.zeros(len(codes) + 1, dtype=bool)
    meant[[code for code in map(codes.find, products) if code >= 0]] = True
    items = moment.state.sequences.arrays()["items"][: moment.count]
    found = np.zeros(moment.count, dtype=bool)
    found[: len(items)] = meant[np.where(items < len(codes), items, -1)].any(axis=1)
    return found


def _share(touched: NDArray[np.bool_], among: NDArray[np.int32]) -> Estimate:
    return proportion(float(touched[among].sum()), float(len(among)))
