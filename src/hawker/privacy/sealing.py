"""Identifiers encrypted at rest: AES-256-GCM under keys that rotate, each sealed text naming its own.

Sealed are the raw rows of the quarantine and the journal of an erasure, where the shop's settings ask for it
(`seal = true`) or where its ids are keyed pseudonyms, which raw rows would give away. A text that is not
sealed is read as it is, so a shop can begin at any time.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from hawker.errors import Corrupt
from hawker.storage import secrets
from hawker.storage.shop import Pseudonyms, Shop

SECRET = "sealing"
_MARK = b"sealed:"
_NONCE = 12


def wanted(shop: Shop) -> bool:
    """Whether a shop's raw texts are to be sealed."""
    return shop.settings.seal or shop.settings.pseudonyms is Pseudonyms.KEYED


def sealed(shop: Shop, text: bytes) -> bytes:
    """A text as it goes to disk: sealed where that is wanted, one line of letters."""
    return seal(text, secrets.secret(shop, SECRET)) if wanted(shop) else text


def opened(shop: Shop, text: bytes) -> bytes:
    """A text from disk, opened with the key that it names; raises `Corrupt` where that is not to be had."""
    return unseal(text, secrets.keys(shop, SECRET)) if text.startswith(_MARK) else text


def seal(text: bytes, key: bytes) -> bytes:
    """A text sealed under a key: the mark, the key's id, and base64 of nonce and cipher."""
    name = secrets.key_id(key).encode()
    nonce = os.urandom(_NONCE)
    cipher = _cipher(key).encrypt(nonce, text, name)
    return _MARK + name + b":" + urlsafe_b64encode(nonce + cipher)


def unseal(text: bytes, keys: tuple[bytes, ...]) -> bytes:
    """The text inside; raises `Corrupt` where no key fits or a bit has changed."""
    name, _, body = text.removeprefix(_MARK).partition(b":")
    key = next((one for one in keys if secrets.key_id(one).encode() == name), None)
    if key is None:
        lost = name.decode("ascii", "replace")[:8]
        raise Corrupt(
            f"A text was sealed with key '{lost}', which the shop does not have.",
            remedy="Put that key back into secrets/sealing.",
        )
    try:
        raw = urlsafe_b64decode(body)
        found: bytes = _cipher(key).decrypt(raw[:_NONCE], raw[_NONCE:], name)
    except Exception as error:
        raise Corrupt("A sealed text was changed or cut.", remedy="Restore its file from a copy.") from error
    return found


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key[:32])
