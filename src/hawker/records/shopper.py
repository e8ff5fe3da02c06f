"""What a shopper has declared, and who must never be profiled."""

from __future__ import annotations

from msgspec import Struct

MINORS = frozenset({"0-12", "13-17", "under-18", "minor", "child", "teen"})
SPECIAL = frozenset(
    {"religion", "health", "ethnicity", "politics", "orientation", "union", "genetics", "biometrics"}
)


class Shopper(Struct, frozen=True, omit_defaults=True):
    """Declared attributes of one shopper; empty text means undeclared."""

    id: str
    age_band: str = ""
    gender: str = ""
    location: str = ""
    opted_out: bool = False


def minor(age_band: str) -> bool:
    """Whether an age band (or what a shop writes instead) is that of a minor.

    >>> minor("13-17"), minor("19-24"), minor("")
    (True, False, False)
    """
    text = age_band.strip().lower()
    return (
        text in MINORS or (text[:2].isdigit() and int(text[:2]) < 18) or (text.isdigit() and int(text) < 18)
    )
