"""The packaged patterns and word lists of the gate, by section and name."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from hawker.creative.ground.reading import HAN, latin

Compiled = tuple[tuple[str, re.Pattern[str]], ...]


def pattern(section: str, name: str) -> re.Pattern[str]:
    """One pattern of a section, its alternatives joined.

    >>> bool(pattern("measured", "priced").search("now priced at "))
    True
    """
    return re.compile("|".join(_told("patterns")[section][name]))


def patterns(section: str, low: str) -> Compiled:
    """The patterns of a section that a lower-case text can meet at all, by name."""
    han, other = _sorted(section)
    if low.isascii():
        return other
    return han + other if latin(low) or "#" in low else han


def listed(name: str) -> frozenset[str]:
    """The words of a packaged list.

    >>> "easter" in listed("capitalised")
    True
    """
    return frozenset(word for line in _told("lists")["words"][name] for word in line.split())


@lru_cache(maxsize=8)
def _sorted(section: str) -> tuple[Compiled, Compiled]:
    """The patterns with ideographs in them, and the others."""
    both: list[Compiled] = []
    for wanted in (True, False):
        kept = {
            name: [one for one in each if _ideographic(one) is wanted]
            for name, each in _told("patterns")[section].items()
        }
        both.append(tuple((name, re.compile("|".join(each))) for name, each in kept.items() if each))
    return both[0], both[1]


def _ideographic(told: str) -> bool:
    return "\\u4e00" in told or re.search(f"[{HAN}]", told) is not None


@lru_cache(maxsize=4)
def _told(name: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("hawker.creative").joinpath("data", f"{name}.toml").read_text("utf-8"))
