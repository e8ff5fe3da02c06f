"""One row of any feed becomes a `Product`, cleaned the same way whatever it came from."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

from hawker.errors import BadRecord
from hawker.ingest.feeds.price import CURRENCIES, Price, price
from hawker.ingest.feeds.rows import Broken, Row
from hawker.records.catalogue import LEVELS, PRODUCT_COLUMNS, Availability, Product
from hawker.records.ids import identifier
from hawker.records.markup import clean

LONGEST_TITLE = 150
FIELDS = tuple(name for name in PRODUCT_COLUMNS if name != "attributes")
"""The fields a column can be mapped to, beside `attributes.NAME`."""

_PLAIN = tuple(name for name in FIELDS if name not in {
    "id", "title", "description", "category", "price", "sale_price", "currency", "availability", "stock",
    "link", "image", "language", "condition",
})  # fmt: skip
_WORDS: dict[Availability, str] = {
    Availability.IN_STOCK: "in_stock instock yes y true available limitedavailability limited_availability "
    "onlineonly instoreonly in_store auf_lager lieferbar en_stock disponible disponibile 有货 现货 在售 上架 "
    "有库存 有 是 正常 已上架 库存充足",
    Availability.PREORDER: "preorder pre_order presale pre_sale vorbestellbar 预售 预定 预订",
    Availability.BACKORDER: "backorder back_order onbackorder backordered notify 补货 补货中 可预约 缺货可订",
    Availability.OUT_OF_STOCK: "out_of_stock outofstock no n false unavailable soldout sold_out discontinued "
    "reserved nicht_auf_lager ausverkauft rupture_de_stock épuisé agotado esaurito 缺货 无货 售罄 下架 "
    "已下架 断货 无 否 停售",
}
AVAILABILITY = {word: state for state, words in _WORDS.items() for word in words.split()}
"""The words feeds use for availability, folded: lower case, blanks and hyphens as '_'."""

_SEPARATORS = (re.compile(r"\s*(?:>|›|»|→|＞)\s*"), re.compile(r"\s*[|｜]\s*"), re.compile(r"\s*/\s*"))
_URLS = re.compile(r"[|\s]+|[,;](?=\s*(?:https?:)?//)")


class Defaults(NamedTuple):
    """What holds where a feed is silent."""

    currency: str = ""
    language: str = "en"


Notes = list[tuple[str, str]]


def product(row: Row, defaults: Defaults) -> tuple[Product | Broken, Notes]:
    """The product of a row with the notes on it, or the reason why it is set aside."""
    notes: Notes = list(row.notes)
    fields = row.fields
    title = clean(fields.get("title", ""))
    try:
        key = identifier(fields.get("id", ""), what="product id")
    except BadRecord as error:
        return Broken(row.line, "bad_id", str(error), row.raw), notes
    if not title:
        return Broken(row.line, "missing_title", f"product '{key}' has no title.", row.raw), notes
    if len(title) > LONGEST_TITLE:
        notes.append(("long_title", f"the title of '{key}' has {len(title)} characters."))
    full, sale, currency = _prices(fields, defaults, notes)
    availability, stock = _availability(fields, notes)
    brand = clean(fields.get("brand", ""))
    plain = {name: clean(fields[name]) for name in _PLAIN if fields.get(name)}
    values: dict[str, Any] = {
        **plain,
        "id": key,
        "title": title,
        "description": clean(fields.get("description", "")),
        "category": category(fields.get("category", "")),
        "brand": brand,
        "price": full,
        "sale_price": sale,
        "currency": currency,
        "availability": availability,
        "stock": stock,
        "link": _link(fields.get("link", "")),
        "image": _link(fields.get("image", "")),
        "condition": _word(fields.get("condition", "")).removesuffix("condition"),
        "language": fields.get("language", "").strip()
        or language(f"{title} {brand}", default=defaults.language),
        "attributes": {name: clean(text) for name, text in row.attributes.items() if text.strip()},
    }
    return Product(**values), notes


def category(text: str) -> str:
    """A category path joined by ' > ', whichever of `> › » |` or, failing these, `/` parted it.

    >>> category("Toys &amp; Games | Crafts"), category("女装/连衣裙"), category("Audio/Video > Hi-Fi")
    ('Toys & Games > Crafts', '女装 > 连衣裙', 'Audio/Video > Hi-Fi')
    """
    plain = clean(text)
    for separator in _SEPARATORS:
        parts = [part for part in separator.split(plain) if part]
        if len(parts) > 1:
            return LEVELS.join(parts)
    return plain.strip(" >|/")


def language(text: str, *, default: str) -> str:
    """The language a title is written in, told by its script; `default` where the script does not tell.

    >>> language("红色连衣裙 Zara", default="en"), language("red dress", default="zh")
    ('zh', 'en')
    """
    letters = [char for char in text if char.isalpha()]
    if any("\u3041" <= char <= "\u30ff" for char in letters):
        return "ja"
    if any("\uac00" <= char <= "\ud7a3" for char in letters):
        return "ko"
    han = sum("\u4e00" <= char <= "\u9fff" for char in letters)
    if han * 5 >= max(1, len(letters)):
        return "zh"
    return "en" if default == "zh" and letters else default


def _word(text: str) -> str:
    bare = re.sub(r"^https?://schema\.org/", "", text.strip(), flags=re.IGNORECASE)
    return re.sub(r"[\s-]+", "_", bare.casefold())


def _link(text: str) -> str:
    first = next((part for part in _URLS.split(text.strip()) if part), "")
    return first.replace("&amp;", "&")


def _prices(fields: dict[str, str], defaults: Defaults, notes: Notes) -> tuple[int, int, str]:
    """Price, sale price and currency; the lower of two prices is the sale price."""
    named = fields.get("currency", "").strip().upper().replace("RMB", "CNY")
    home = named or defaults.currency
    full, sale = (price(fields.get(name, ""), home=home) for name in ("price", "sale_price"))
    notes.extend((found.reason, found.message) for found in (full, sale) if found.reason)
    if not full.amount:
        full, sale = sale, Price()
    if not full.amount and not fields.get("price", "").strip():
        notes.append(("missing_price", f"'{fields['id']}' has no price."))
    if named and named not in CURRENCIES:
        notes.append(("unknown_currency", f"'{named[:20]}' is no currency code known here."))
        full = sale = Price()
        named = ""
    if sale.amount and sale.currency and full.currency and sale.currency != full.currency:
        notes.append(("mixed_currency", f"'{fields['id']}' has its two prices in different currencies."))
        sale = Price()
    low, high = sorted((sale.amount, full.amount))
    return high, low if low < high else 0, full.currency or sale.currency or named or defaults.currency


def _availability(fields: dict[str, str], notes: Notes) -> tuple[Availability, int | None]:
    """Whether it can be bought and how many there are; a count of zero without a word means it cannot."""
    stock = _count(fields.get("stock", ""))
    word = _word(fields.get("availability", ""))
    number = _count(word)
    if number is not None:
        stock = number if stock is None and number > 1 else stock
        return (Availability.IN_STOCK if number else Availability.OUT_OF_STOCK), stock
    if word in AVAILABILITY:
        return AVAILABILITY[word], stock
    if word:
        message = f"'{word[:40]}' is no availability known here; write in_stock or out_of_stock."
        notes.append(("bad_availability", message))
    return (Availability.OUT_OF_STOCK if stock == 0 else Availability.IN_STOCK), stock


def _count(text: str) -> int | None:
    found = re.fullmatch(
        r"([-+]?\d+)(?:[.,]0+)?", unicodedata.normalize("NFKC", text).strip().replace(",", "")
    )
    return max(0, int(found.group(1))) if found else None
