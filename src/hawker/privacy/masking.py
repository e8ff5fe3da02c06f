"""Personal data in what people read by the way: logs and exports show enough to recognise, not to know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NAMED = frozenset({"shopper", "session", "given", "names", "sessions"})
_PATH = re.compile(r"(/shoppers/)([^/?#\s\"']+)")
_FIELD = re.compile(r"""(\b(?:shopper|session|given)(?:=|["']\s*[:=]\s*)["']?)([^"'&\s,;)}\]]+)""")
_MAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
_PHONE = re.compile(
    r"""(?<![A-Za-z0-9_.])(?:\+\d[\d\ ()./-]{6,16}\d    # with its country
        |0\d{1,4}[\ /-]\d[\d\ -]{4,10}\d        # with an area code set apart
        |1[3-9]\d{9})(?![A-Za-z0-9_])                  # a Chinese mobile""",
    re.VERBOSE,
)
_SHORT = 8


def identifier(name: str) -> str:
    """An id of which two ends are left, and nothing of a short one but its first letter.

    >>> identifier("shopper-991234"), identifier("u-42"), identifier("")
    ('sh…1234', 'u…', '')
    """
    if not name or "…" in name:
        return name
    return f"{name[:2]}…{name[-4:]}" if len(name) > _SHORT else f"{name[0]}…"


def text(words: str) -> str:
    """A text in which mail addresses, telephone numbers and shoppers' ids are masked.

    >>> text("jane.doe@example.com rang from +49 170 1234567 about /v1/shoppers/shopper-991234")
    'j…@example.com rang from +49…67 about /v1/shoppers/sh…1234'
    """
    found = _PATH.sub(_second, words)
    found = _FIELD.sub(_second, found)
    found = _MAIL.sub(lambda match: f"{match[0][0]}…@{match[1]}", found)
    return _PHONE.sub(lambda match: f"{match[0][:3]}…{match[0][-2:]}", found)


def personal(words: str) -> list[tuple[int, int]]:
    """Where mail addresses and telephone numbers stand in a text.

    >>> personal("call 13912345678")
    [(5, 16)]
    """
    return sorted(match.span() for pattern in (_MAIL, _PHONE) for match in pattern.finditer(words))


def masked(value: Any, *, name: str = "") -> Any:
    """Any value of a log line, masked all the way down; `name` is the key that it stands under."""
    if isinstance(value, str):
        return identifier(value) if name in _NAMED else text(value)
    if isinstance(value, Mapping):
        return {key: masked(inner, name=str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(inner, name=name) for inner in value]
    return value


def _second(match: re.Match[str]) -> str:
    return f"{match[1]}{identifier(match[2])}"
