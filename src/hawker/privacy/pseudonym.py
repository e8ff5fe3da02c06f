"""Who a shopper is to the records: the shop's own id, or a keyed digest of it that only the shop can make.

A digest is the first half of HMAC-SHA-256 over the id, under the secret `pseudonyms`. The same id gives
the same digest in Python, where requests and live events arrive, and in SQL, where logs are ingested.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache
from hashlib import sha256
from typing import TypeVar

import msgspec

from hawker.records.decision import Request
from hawker.records.events import Event
from hawker.storage import secrets
from hawker.storage.shop import Pseudonyms, Shop

SECRET = "pseudonyms"
_PREFIX = "sp_"
_DIGITS = 32
_MADE = re.compile(rf"{_PREFIX}[0-9a-f]{{{_DIGITS}}}")
_BLOCK = 64
Record = TypeVar("Record", Request, Event)


class Naming:
    """How one shop names its shoppers. Under `given` every name stays as it is.

    A name that is a digest already is left alone, so that people can copy one out of a report.
    """

    def __init__(self, shop: Shop) -> None:
        self.keyed = shop.settings.pseudonyms is Pseudonyms.KEYED
        self._keys = secrets.keys(shop, SECRET) if self.keyed else ()

    def of(self, shopper: str) -> str:
        """The name of a shopper in the records; '' stays ''."""
        return digest(shopper, self._keys[0]) if self._keys else shopper

    def renamed(self, record: Record) -> Record:
        """A request or an event under the name that the records use."""
        if not self.keyed or not record.shopper:
            return record
        return msgspec.structs.replace(record, shopper=self.of(record.shopper))

    def ever(self, shopper: str) -> tuple[str, ...]:
        """Every name that a shopper may have in the records, from before a rotation too."""
        return tuple(dict.fromkeys(digest(shopper, key) for key in self._keys)) or (shopper,)

    def sql(self, column: str) -> str:
        """The same as `of`, as SQL over a text column."""
        return _sql(column, self._keys[0]) if self._keys else column


@lru_cache(maxsize=65_536)
def digest(shopper: str, key: bytes) -> str:
    """The pseudonym of an id under a key; '' and what is a pseudonym already stay.

    >>> digest("u-42", bytes(32))
    'sp_e4764c48bd22850f68f92dee162c995a'
    >>> digest(digest("u-42", bytes(32)), bytes(32)) == digest("u-42", bytes(32))
    True
    """
    if not shopper or _MADE.fullmatch(shopper):
        return shopper
    return _PREFIX + hmac.new(key, shopper.encode(), sha256).hexdigest()[:_DIGITS]


def _sql(column: str, key: bytes) -> str:
    """HMAC as its definition: a digest over a digest, each after the key mixed with a constant."""
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = bytes(byte ^ 0x36 for byte in block).hex()
    outer = bytes(byte ^ 0x5C for byte in block).hex()
    first = f"unhex(sha256(unhex('{inner}') || encode({column})))"
    made = f"'{_PREFIX}' || substr(sha256(unhex('{outer}') || {first}), 1, {_DIGITS})"
    left = f"{column} = '' OR regexp_full_match({column}, '{_MADE.pattern}')"
    return f"CASE WHEN {column} IS NULL OR {left} THEN {column} ELSE {made} END"
