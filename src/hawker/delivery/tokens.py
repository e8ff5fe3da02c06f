"""Beacon tokens: short, signed, expiring proof that a slot of a decision was given to a page.

39 bytes in base64url, 52 characters: which key signed (4), the act (1), the slot (1), expiry in
seconds (4), the decision's moment (8) and chance (5), and 16 bytes of HMAC-SHA256 over all of them.
Nothing in a token is secret, and nothing in it speaks of the shopper.
"""

from __future__ import annotations

import hmac
import struct
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from hawker.records.events import SECOND, EventKind
from hawker.records.ids import stamped, unstamped

LENGTH = 52
MOST_SLOTS = 256
_BODY = struct.Struct(">4sBBIQ5s")
_MAC = 16
_RELOAD = 1.0


class Act(StrEnum):
    """What a token may report; new acts go to the end."""

    IMPRESSION = "impression"
    VIEWABLE = "viewable"
    CLICK = "click"


ACTS = tuple(Act)
KINDS = {
    Act.IMPRESSION: EventKind.AD_IMPRESSION,
    Act.VIEWABLE: EventKind.AD_VIEWABLE,
    Act.CLICK: EventKind.AD_CLICK,
}
"""Which event each act becomes."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token proves. `fault` is '' or the rule it breaks: a forged one proves nothing else."""

    act: Act = Act.IMPRESSION
    decision: str = ""
    slot: int = -1
    fault: str = ""


FORGED = Claim(fault="forged_token")


class Tokens:
    """Makes tokens with a shop's newest key and understands those of the keys before it.

    `keys` gives the keys, newest first; it is asked again, at most once a second, when a token names
    a key that is not known, so that a rotation reaches every process.
    """

    def __init__(self, keys: Callable[[], Sequence[bytes]], *, lifetime: int) -> None:
        self._keys, self._lifetime = keys, lifetime
        self._read = 0.0
        self._load()

    def mint(self, decision: str, slot: int) -> tuple[str, ...]:
        """The tokens of one slot, one for each act, in the order of `ACTS`.

        They expire a lifetime after the decision. Raises `BadRecord` for an id that is none of a decision's.
        """
        moment, chance = unstamped(decision)
        expires = min((moment + self._lifetime) // SECOND, 2**32 - 1)
        made = []
        for act in range(len(ACTS)):
            body = _BODY.pack(self._name, act, slot, expires, moment, chance.to_bytes(5, "big"))
            mac = hmac.digest(self._key, body, "sha256")[:_MAC]
            made.append(urlsafe_b64encode(body + mac).decode("ascii"))
        return tuple(made)

    def read(self, token: str, *, now: int) -> Claim:
        """What a token proves at `now` (microseconds); compared in constant time."""
        raw = _decoded(token)
        if raw is None:
            return FORGED
        key = self._known.get(raw[:4]) or self._reloaded(raw[:4])
        body, mac = raw[: _BODY.size], raw[_BODY.size :]
        if key is None or not hmac.compare_digest(mac, hmac.digest(key, body, "sha256")[:_MAC]):
            return FORGED
        _, act, slot, expires, moment, chance = _BODY.unpack(body)
        if act >= len(ACTS):
            return FORGED
        decision = stamped("d", moment, int.from_bytes(chance, "big"))
        fault = "expired_token" if now > expires * SECOND else ""
        return Claim(ACTS[act], decision, slot, fault)

    def _load(self) -> None:
        held = self._keys()
        self._known = {_name(key): key for key in held}
        self._key, self._name = held[0], _name(held[0])

    def _reloaded(self, name: bytes) -> bytes | None:
        if time.monotonic() - self._read < _RELOAD:
            return None
        self._read = time.monotonic()
        self._load()
        return self._known.get(name)


def _name(key: bytes) -> bytes:
    return sha256(key).digest()[:4]


def _decoded(token: str) -> bytes | None:
    """The bytes of a token of the right length and alphabet, else None."""
    if len(token) != LENGTH or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token)
    except ValueError:
        return None
    return raw if len(raw) == _BODY.size + _MAC else None
