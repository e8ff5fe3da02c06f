"""Proof of an erasure: what was removed from each store, signed by the shop."""

from __future__ import annotations

import hmac
from hashlib import sha256

import msgspec
from msgspec import Struct

from hawker.storage import secrets
from hawker.storage.shop import Shop

SECRET = "receipts"


class Erased(Struct, frozen=True):
    """One store: rows `removed`, and rows `kept` without the shopper (money, and what it was paid for)."""

    store: str
    removed: int = 0
    kept: int = 0


class Retiring(Struct, frozen=True):
    """A model that learned from the shopper among others, and the day after which it may not serve."""

    model: str
    version: str
    until: str
    serving: bool = False


class Receipt(Struct, frozen=True, omit_defaults=True):
    """An erasure. `shopper` is a keyed digest: it matches the id that was given and tells nothing else.

    Times are microseconds. `key` names the key of the signature, an HMAC-SHA-256 over all the rest.
    """

    id: str
    asked: int
    done: int
    shopper: str
    stores: tuple[Erased, ...]
    models: tuple[Retiring, ...] = ()
    key: str = ""
    signature: str = ""


def mark(shop: Shop, shopper: str) -> str:
    """The digest of an id as receipts show it."""
    return hmac.new(secrets.secret(shop, SECRET), b"shopper " + shopper.encode(), sha256).hexdigest()[:32]


def sign(shop: Shop, receipt: Receipt) -> Receipt:
    """The receipt with the shop's signature."""
    key = secrets.secret(shop, SECRET)
    named = msgspec.structs.replace(receipt, key=secrets.key_id(key), signature="")
    return msgspec.structs.replace(named, signature=_signature(named, key))


def genuine(shop: Shop, receipt: Receipt) -> bool:
    """Whether this shop signed the receipt, and nothing in it was changed since."""
    bare = msgspec.structs.replace(receipt, signature="")
    return any(
        secrets.key_id(key) == receipt.key and hmac.compare_digest(_signature(bare, key), receipt.signature)
        for key in secrets.keys(shop, SECRET)
    )


def _signature(receipt: Receipt, key: bytes) -> str:
    return hmac.new(key, msgspec.json.encode(receipt, order="sorted"), sha256).hexdigest()
