"""What a shopper has declared, and who must never be profiled."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

MINORS = frozenset({"0-12", "13-17", "under-18", "minor", "child", "teen"})
ADULT = 18
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


def declared_minor(attributes: Mapping[str, str], *, year: int) -> bool:
    """Whether declared attributes are those of a minor: by age band, age, year of birth or plain words.

    Who may be 17 still is taken to be: the year of birth does not tell the day.

    >>> declared_minor({"birth_year": "2008"}, year=2026), declared_minor({"birth_year": "2007"}, year=2026)
    (True, False)
    """
    born = attributes.get("birth_year", "").strip()
    if born.isdigit() and 1900 <= int(born) <= year and year - int(born) <= ADULT:
        return True
    if attributes.get("minor", "").strip().lower() in {"1", "true", "yes"}:
        return True
    return any(minor(attributes.get(name, "")) for name in ("age_band", "age"))


def minor(age_band: str) -> bool:
    """Whether an age band (or what a shop writes instead) is that of a minor.

    >>> minor("13-17"), minor("19-24"), minor("")
    (True, False, False)
    """
    text = age_band.strip().lower()
    return (
        text in MINORS or (text[:2].isdigit() and int(text[:2]) < 18) or (text.isdigit() and int(text) < 18)
    )
