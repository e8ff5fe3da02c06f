"""What the shop sells: one product (or one variant of it) a row."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct, field

LEVELS = " > "


class Availability(StrEnum):
    """Whether it can be bought now; only the first two may be advertised."""

    IN_STOCK = "in_stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"
    OUT_OF_STOCK = "out_of_stock"


class Product(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A product as the shop describes it. `category` is a path joined by ' > '; prices in micros.

    `group` joins the variants of one product. `label` is a shelf mark beside the brand (own label,
    national brand). A price of 0 means that the feed names none.
    """

    id: str
    title: str
    description: str = ""
    category: str = ""
    brand: str = ""
    label: str = ""
    price: int = 0
    sale_price: int = 0
    currency: str = ""
    availability: Availability = Availability.IN_STOCK
    stock: int | None = None
    link: str = ""
    image: str = ""
    gtin: str = ""
    mpn: str = ""
    group: str = ""
    color: str = ""
    size: str = ""
    material: str = ""
    gender: str = ""
    age_group: str = ""
    condition: str = ""
    language: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


PRODUCT_COLUMNS: dict[str, str] = {
    **dict.fromkeys(Product.__struct_fields__, "VARCHAR"),
    "price": "BIGINT",
    "sale_price": "BIGINT",
    "stock": "BIGINT",
}
"""The Parquet columns of the catalogue; `attributes` is a JSON object, missing text is ''."""


def levels(category: str) -> tuple[str, ...]:
    """The path of a category, top first.

    >>> levels("Grocery > Bread > Rye")
    ('Grocery', 'Bread', 'Rye')
    """
    return tuple(part.strip() for part in category.split(LEVELS.strip()) if part.strip())


def within(category: str, paths: Iterable[str]) -> bool:
    """Whether a category is one of these paths or lies below one, whatever the case of its letters.

    >>> within("Health > Tests > Pregnancy", ["health > tests"]), within("Healthy snacks", ["Health"])
    (True, False)
    """
    path = levels(category.casefold())
    return any(path[: len(top)] == top for top in map(levels, (name.casefold() for name in paths)) if top)


def on_sale(product: Product) -> int:
    """The price a shopper pays now, in micros."""
    return product.sale_price or product.price


def advertisable(product: Product) -> bool:
    """Whether an ad for it may be shown: it can be ordered, and stock is not known to be zero."""
    return product.availability is not Availability.OUT_OF_STOCK and product.stock != 0
