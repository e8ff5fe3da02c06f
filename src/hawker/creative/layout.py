"""Which parts each kind of copy has, how many lines of each, and how wide a line may be."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from hawker.records.draft import Kind

WIDE = frozenset("WF")


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


def width(text: str) -> int:
    """How wide a text is on the screen and in the limits of ad platforms: full-width characters count two.

    >>> width("Rye bread"), width("黑麦面包")
    (9, 8)
    """
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in WIDE else 1 for char in text)
