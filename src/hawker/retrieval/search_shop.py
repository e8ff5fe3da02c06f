"""The search of a shop, made of what lies in its folder: catalogue, rules, vectors, table of words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hawker.language import static
from hawker.records.catalogue import Product
from hawker.retrieval import search
from hawker.retrieval.search import Search
from hawker.retrieval.search_score import Meaning
from hawker.storage import vectors
from hawker.storage.shop import Shop

_COUNTED = "tfidf"
"""Vectors of encoders called so come from the words themselves: they add nothing to what words say."""


def build(
    shop: Shop,
    catalogue: Iterable[Product] | None = None,
    *,
    popular: Mapping[str, float] | None = None,
    before: Search | None = None,
) -> Search:
    """A shop's search. `catalogue` is the shop's unless given; see `search.build` for the others.

    Raises `Corrupt` where stored vectors cannot be read.
    """
    products = tuple(shop.catalogue.values() if catalogue is None else catalogue)
    return search.build(
        products,
        rules=shop.settings.search,
        meaning=meaning(shop, products),
        popular=popular,
        before=before,
    )


def meaning(shop: Shop, products: Iterable[Product]) -> Meaning | None:
    """The products' vectors, and the table that embeds a query among them; None where there are none."""
    held = vectors.products(shop)
    if held is None or held.about.encoder.startswith(_COUNTED):
        return None
    table = static.load(shop, held.name)
    if table is None:
        return None
    return Meaning(held.of([product.id for product in products]), table.vector)
