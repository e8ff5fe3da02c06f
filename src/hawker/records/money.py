"""Money is exact: integer micros (a millionth of the currency unit), parsed from what shops write."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from hawker.errors import BadRecord

MICROS = 1_000_000
_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "元": "CNY", "円": "JPY"}
_NUMBER = re.compile(r"[-+]?\d[\d.,'\s\u00a0\u202f]*")
_CODE = re.compile(r"\b([A-Za-z]{3})\b")


def micros(amount: float | int | str | Decimal) -> int:
    """An amount in currency units as integer micros, rounded half to even.

    >>> micros("12.99"), micros(0.1) + micros(0.2) == micros(0.3)
    (12990000, True)
    """
    try:
        exact = Decimal(str(amount)) * MICROS
        return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise BadRecord(f"'{amount}' is not an amount of money.") from error


def units(amount: int) -> float:
    """Micros as a float of currency units, for display and for features; never for accounts."""
    return amount / MICROS


def display(amount: int, currency: str = "") -> str:
    """Micros as a person reads them.

    >>> display(1_234_500_000, "USD")
    '1,234.50 USD'
    """
    return f"{Decimal(amount) / MICROS:,.2f} {currency}".strip()


def parse(text: str, *, currency: str = "") -> tuple[int, str]:
    """Read a price as shops write it: `12,99 €`, `USD 1,299.00`, `￥59`, `15.00 USD`.

    Returns micros and the currency code (the given default where the text names none). Of `.` and
    `,` the later is the decimal mark; one that repeats, or a comma before three digits, marks
    thousands.

    >>> parse("12,99 €"), parse("1.299,00 EUR"), parse("1,299 USD")
    ((12990000, 'EUR'), (1299000000, 'EUR'), (1299000000, 'USD'))
    """
    found = _NUMBER.search(text)
    if not found:
        raise BadRecord(f"'{text[:40]}' holds no price.", remedy="Write a price such as '12.99 EUR'.")
    code = next((name for mark, name in _SYMBOLS.items() if mark in text), currency)
    named = _CODE.search(text)
    if named:
        code = named.group(1).upper()
    return micros(_decimal(found.group())), code


def _decimal(number: str) -> str:
    digits = re.sub(r"[\s'\u00a0\u202f]", "", number).rstrip(".,")
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        mark = "," if comma > point else "."
        return digits.replace("." if mark == "," else ",", "").replace(",", ".")
    mark = "," if comma >= 0 else "."
    head, _, tail = digits.rpartition(mark)
    if not head:
        return digits.replace(",", ".")
    thousands = mark in head or (mark == "," and len(tail) == 3)
    return (head + tail).replace(mark, "") if thousands else f"{head}.{tail}"
