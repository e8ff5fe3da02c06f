"""Which parts each kind of copy has, how many lines of each, and how wide a line may be."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hawker.errors import BadInput, nearest
from hawker.records.draft import Kind

WIDE = frozenset("WF")
NARROWEST = 2
"""A limit below that has no room for a single full-width character."""


@dataclass(frozen=True)
class Part:
    """So many lines (`least` to `most`), each at most `width` wide; `short` more than zero: at least

    one of them no wider than that.
    """

    width: int
    least: int = 1
    most: int = 1
    short: int = 0


LAYOUTS: Mapping[Kind, Mapping[str, Part]] = {
    Kind.RESPONSIVE: {
        "headline": Part(30, least=3, most=15),
        "description": Part(90, least=2, most=4),
        "path": Part(15, least=0, most=2),
    },
    Kind.PERFORMANCE: {
        "headline": Part(30, least=3, most=15, short=15),
        "long_headline": Part(90, least=1, most=5),
        "description": Part(90, least=2, most=5, short=60),
        "business_name": Part(25, least=0),
    },
    Kind.NATIVE: {"title": Part(50), "description": Part(90), "call_to_action": Part(15)},
    Kind.BANNER: {"headline": Part(25), "line": Part(40, least=0), "call_to_action": Part(15)},
    Kind.PUSH: {"title": Part(40), "body": Part(110)},
    Kind.EMAIL: {"subject": Part(60), "preheader": Part(90, least=0)},
    Kind.SMS: {"body": Part(140)},
    Kind.DESCRIPTION: {"description": Part(1_000)},
    Kind.SOCIAL: {"post": Part(280), "hashtag": Part(30, least=0, most=5)},
    Kind.KEYWORDS: {"keyword": Part(80, most=30), "negative": Part(80, least=0, most=30)},
}
"""Responsive and performance sets as Google Ads limits them; push and SMS as phones show them whole."""


def parts(kind: Kind, limits: Mapping[str, int]) -> Mapping[str, Part]:
    """The parts of a kind, those that `limits` names no wider than it says; a limit never widens.

    Raises `BadInput` for a part that the kind does not have and for a limit that nothing fits into.

    >>> {name: part.width for name, part in parts(Kind.PUSH, {"title": 20, "body": 500}).items()}
    {'title': 20, 'body': 110}
    """
    layout = LAYOUTS[kind]
    if not limits:
        return layout
    for name, limit in limits.items():
        if name not in layout:
            raise BadInput(
                f"Copy of the kind '{kind.value}' has no part '{name[:40]}' to limit.",
                remedy=nearest(name, list(layout)),
            )
        if limit < NARROWEST:
            raise BadInput(
                f"The limit of '{name}' is {limit}.",
                remedy=f"Give at least {NARROWEST}: a full-width character counts two.",
            )
    return {name: _narrowed(part, limits.get(name, part.width)) for name, part in layout.items()}


def _narrowed(part: Part, limit: int) -> Part:
    return replace(part, width=min(part.width, limit), short=min(part.short, limit))


def width(text: str) -> int:
    """How wide a text is on the screen and in the limits of ad platforms: full-width characters count two.

    >>> width("Rye bread"), width("黑麦面包")
    (9, 8)
    """
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in WIDE else 1 for char in text)
