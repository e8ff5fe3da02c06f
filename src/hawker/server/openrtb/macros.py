"""The macros of OpenRTB: what an exchange writes into notices and markup once its auction is over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

KNOWN = (
    *("AUCTION_ID", "AUCTION_BID_ID", "AUCTION_IMP_ID", "AUCTION_SEAT_ID", "AUCTION_AD_ID"),
    *("AUCTION_PRICE", "AUCTION_CURRENCY", "AUCTION_MBR", "AUCTION_LOSS", "AUCTION_MIN_TO_WIN"),
    *("AUCTION_MULTIPLIER", "AUCTION_IMP_TS"),
)
_MACRO = re.compile(r"\$\{(AUCTION_[A-Z_]{1,40})(?::[A-Z0-9]{1,16})?\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its macros replaced, as an exchange does it; a value that is unknown becomes ''.

    >>> filled("?p=${AUCTION_PRICE}&c=${AUCTION_CURRENCY}", {"AUCTION_PRICE": "0.91"})
    '?p=0.91&c='
    """
    return _MACRO.sub(lambda found: values.get(found[1], ""), text)


def in_address(text: str, values: Mapping[str, str]) -> str:
    """The same in an address: the values are quoted."""
    return filled(text, {name: quote(value, safe="") for name, value in values.items()})


def disarmed(text: str) -> str:
    """Words of an advertiser's in which no exchange finds a macro (HTML).

    >>> disarmed("${AUCTION_PRICE}")
    '$&#123;AUCTION_PRICE}'
    """
    return text.replace("${", "$&#123;")
