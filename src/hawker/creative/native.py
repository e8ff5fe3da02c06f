"""An ad as the assets of Native 1.2: its words, picture and prices, each by the number of its kind."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from hawker.records.catalogue import Product, on_sale
from hawker.records.decision import ShownAd
from hawker.records.money import display

VERSION = "1.2"
SPONSOR, DESCRIPTION, PRICE, SALE_PRICE, LONG, ADDRESS, CALL = 1, 2, 6, 7, 10, 11, 12
PRODUCT_ID = 13
EXACT = frozenset({PRICE, SALE_PRICE, PRODUCT_ID})
"""What is told whole or not at all: half a price or a product's id is none."""
CALLS = {"zh": "去看看", "en": "View"}
MAIN = 3


class Filled(Struct, omit_defaults=True):
    """One asset of the answer."""

    id: int
    required: int = 0
    title: dict[str, str] | None = None
    img: dict[str, Any] | None = None
    data: dict[str, Any] | None = None


class NativeAnswer(Struct, omit_defaults=True):
    """The native ad; `link` has to be there."""

    link: dict[str, str]
    assets: list[Filled]
    ver: str = ""
    eventtrackers: list[dict[str, Any]] = field(default_factory=list)


def facts(ad: ShownAd, product: Product, *, display_url: str = "", language: str = "") -> dict[int, str]:
    """What is known of an ad by the number of its data type; ratings, likes and the like are not."""
    price = display(product.price, product.currency) if product.price else ""
    lower = product.sale_price and product.sale_price < product.price
    return {
        SPONSOR: ad.behalf or ad.advertiser,
        DESCRIPTION: ad.description,
        PRICE: price,
        SALE_PRICE: display(on_sale(product), product.currency) if lower else "",
        LONG: product.description if product.description != ad.description else "",
        ADDRESS: display_url,
        CALL: ad.call_to_action or CALLS.get(language[:2].lower(), CALLS["en"]),
        PRODUCT_ID: ad.product,
    }


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters (0: any), cut at a word where one ends late enough.

    >>> shortened("Green tea from the mountains", 16), shortened("春茶绿茶礼盒", 4)
    ('Green tea from…', '春茶绿…')
    """
    if most <= 0 or len(text) <= most:
        return text
    kept = text[: most - 1]
    word = kept.rpartition(" ")[0]
    if not text[most - 1].isspace() and len(word) * 2 > most:
        kept = word
    return kept.rstrip(" ,.;:，。；：、") + "…" if most > 1 else text[:most]
