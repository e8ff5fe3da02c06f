"""What a product says of itself: all of it, and the part that carries meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hawker.records.catalogue import LEVELS, Product, levels
from hawker.records.markup import clean

_DESCRIBED = 400  # characters of a description that say what a product is
_CODED = re.compile(r"\D*\d+")


def product_text(product: Product) -> str:
    """What a product says of itself: title, brand, category and description."""
    path = product.category.replace(LEVELS.strip(), " ")
    return " ".join(part for part in (product.title, product.brand, path, product.description) if part)


def meanings(products: Iterable[Product]) -> list[str]:
    """One text a product, of what an encoder can understand, so that products alike in it share a vector.

    Title without the package's size, brand (unless most brands of the catalogue are but numbers),
    the category from its narrowest level, what describes it. Words all in capitals are lowered.

    >>> meanings([Product("1", "Apple sauce, 50 oz", category="GROCERY > FRUIT", size="50 OZ")])
    ['Apple sauce, fruit, grocery']
    """
    listed = list(products)
    brands = {product.brand for product in listed if product.brand}
    coded = 2 * sum(_CODED.fullmatch(brand) is not None for brand in brands) > len(brands)
    return [_meaning(product, branded=not coded) for product in listed]


def _meaning(product: Product, *, branded: bool) -> str:
    title = product.title
    if product.size:
        size = re.compile(rf"(?<!\w){re.escape(product.size)}(?!\w)", re.IGNORECASE)
        title = size.sub("", title).strip(" ,;-–—/|·")
    said: list[str] = []
    parts = (title or product.title, product.brand if branded else "", *reversed(levels(product.category)))
    for part in (*parts, clean(product.description[: 20 * _DESCRIBED])[:_DESCRIBED]):
        quiet = part.lower() if part.isupper() else part
        if quiet and quiet.lower() not in (one.lower() for one in said):
            said.append(quiet)
    return ", ".join(said)
