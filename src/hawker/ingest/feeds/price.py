"""A price as shops write it becomes micros and a currency, with a note where it had to be interpreted."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from hawker.errors import BadRecord
from hawker.records import money

HIGHEST = 10**9
"""Units of currency above which a price is a slip of the keyboard."""

_CODES = (
    "AED ARS AUD BDT BGN BHD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP GEL HKD HUF IDR ILS INR ISK JOD "
    "JPY KES KRW KWD KZT LKR MAD MOP MXN MYR NGN NOK NZD OMR PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD "
    "THB TND TRY TWD UAH UGX USD UYU VND ZAR"
)
CURRENCIES = frozenset(_CODES.split())
_MARKS = {
    "US$": "USD", "HK$": "HKD", "NT$": "TWD", "R$": "BRL", "A$": "AUD", "C$": "CAD", "S$": "SGD",
    "RMB": "CNY", "CN¥": "CNY", "JP¥": "JPY", "人民币": "CNY", "港币": "HKD", "美元": "USD", "欧元": "EUR",
    "日元": "JPY", "英镑": "GBP", "元": "CNY", "円": "JPY", "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW",
    "₽": "RUB", "₺": "TRY", "₫": "VND", "฿": "THB", "zł": "PLN", "Kč": "CZK", "¥": "CNY", "$": "USD",
}  # fmt: skip
_DOLLARS = "USD CAD AUD NZD SGD HKD TWD MXN CLP COP ARS"
_SHARED = {"$": frozenset(_DOLLARS.split()), "¥": frozenset({"CNY", "JPY"})}
_AMOUNT = re.compile(r"\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d[\d.,]*")
_CODE = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])")
_RANGE = re.compile(r"[^\d]*?(?:-|–|—|~|〜|至|到|\bto\b|\bbis\b|\bà\b|\ba\b)[^\d]*")
_FREE = re.compile(r"^(free|gratis|kostenlos|gratuit|免费|赠品)$", re.IGNORECASE)


class Price(NamedTuple):
    """Micros (0: none), the currency ('' where the text names none), and what there is to note."""

    amount: int = 0
    currency: str = ""
    reason: str = ""
    message: str = ""


def price(text: str, *, home: str = "") -> Price:
    """Read a price; never raises. Of a range the low end counts, since an ad may say 'from'.

    `home` is the shop's currency: it decides what a bare '$' or '¥' means.

    >>> price("12,99 €")[:2], price("￥１２９．００")[:2], price("$5.99 - $7.99")[:3]
    ((12990000, 'EUR'), (129000000, 'CNY'), (5990000, 'USD', 'price_range'))
    """
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()
    if not plain or _FREE.match(plain):
        return Price()
    currency, fault = _currency(plain, home)
    if fault:
        return Price(0, "", "unknown_currency", f"'{fault}' is no currency code known here: {text[:40]!r}.")
    found = list(_AMOUNT.finditer(plain))
    if not found:
        return _bad(text, "holds no number")
    if re.search(r"[-−]\s?[^\d\s]{0,3}$", plain[: found[0].start()]):
        return _bad(text, "is below zero")
    amounts = [_amount(plain, match) for match in found]
    if None in amounts or not 0 <= (amounts[0] or 0) <= HIGHEST * money.MICROS:
        return _bad(text, "is not an amount")
    first = amounts[0] or 0
    if len(found) == 1:
        return Price(first, currency)
    between = plain[found[0].end() : found[1].start()]
    if len(found) == 2 and _RANGE.fullmatch(between):
        low = min((amount for amount in amounts if amount), default=0)
        return Price(low, currency, "price_range", f"{text[:40]!r} is a range: its low end was taken.")
    if re.search(r"[.,]\d\d$", found[0].group()):
        return Price(first, currency, "price_unclear", f"{text[:40]!r} holds several: the first was taken.")
    return _bad(text, "holds several numbers")


def _bad(text: str, why: str) -> Price:
    return Price(0, "", "bad_price", f"the price {text[:40]!r} {why}: write it such as '12.99 EUR'.")


def _currency(text: str, home: str) -> tuple[str, str]:
    """The code a price names, and the code where it is not known."""
    for mark, code in _MARKS.items():
        if mark in text:
            named = _CODE.search(text)
            if named and named.group(1) in CURRENCIES:
                return named.group(1), ""
            return (home if home in _SHARED.get(mark, ()) else code), ""
    codes: list[str] = _CODE.findall(text)
    known = next((code for code in codes if code in CURRENCIES), "")
    return known, "" if known or not codes else codes[0]


def _amount(text: str, match: re.Match[str]) -> int | None:
    try:
        amount, _ = money.parse(match.group())
    except BadRecord:
        return None
    return amount * 10_000 if text[match.end() : match.end() + 2].strip().startswith("万") else amount
