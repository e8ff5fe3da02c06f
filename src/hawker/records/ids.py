"""Identifiers: what one may be made of, how an event without one gets it, how new ones are drawn."""

from __future__ import annotations

import hashlib

from hawker.errors import BadRecord

LONGEST = 128
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: sorts like the number
_PAIRS = tuple(one + other for one in _DIGITS for other in _DIGITS)
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}


def identifier(value: str, *, what: str) -> str:
    """A usable identifier, stripped; raises `BadRecord` naming `what` where it is not one."""
    text = value.strip()
    if not text or len(text) > LONGEST or not text.isprintable():
        raise BadRecord(
            f"'{text[:40]}' is not a usable {what}.",
            remedy=f"Use 1 to {LONGEST} printable characters.",
        )
    return text


def derived(*parts: object) -> str:
    """The id of an event that came without one: a digest of its content, so twice gives the same.

    >>> derived("view", "u1", "p1", 5) == derived("view", "u1", "p1", 5)
    True
    """
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def stamped(prefix: str, now: int, random: int) -> str:
    """An id that sorts by time: prefix, microseconds and 40 random bits in base 32.

    >>> stamped("d", 0, 0)
    'd-000000000000-00000000'
    """
    return f"{prefix}-{_base32(now, 12)}-{_base32(random, 8)}"


def stamp(name: str) -> int:
    """The microseconds inside a stamped id; raises `BadRecord` where there are none."""
    parts = name.split("-")
    if len(parts) != 3 or len(parts[1]) != 12:
        raise _foreign(name)
    return _number(parts[1], name)


def unstamped(name: str) -> tuple[int, int]:
    """The microseconds and the random bits of a stamped id; raises `BadRecord` for any other.

    >>> unstamped(stamped("d", 1_509_526_800_000_000, 77))
    (1509526800000000, 77)
    """
    parts = name.split("-")
    if len(parts) != 3 or len(parts[1]) != 12 or len(parts[2]) != 8:
        raise _foreign(name)
    return _number(parts[1], name), _number(parts[2], name)


def _number(digits: str, name: str) -> int:
    value = 0
    for digit in digits:
        if digit not in _VALUES:
            raise _foreign(name)
        value = value * 32 + _VALUES[digit]
    return value


def _foreign(name: str) -> BadRecord:
    return BadRecord(f"'{name[:40]}' is not an id of this shop's making.")


def _base32(number: int, length: int) -> str:
    pairs = ""
    for _ in range(0, length, 2):
        pairs = _PAIRS[number & 1023] + pairs
        number >>= 10
    return pairs[-length:]
