"""The IAB's TCF v2 consent string: its core, which says to which purposes a person in Europe agreed."""

from __future__ import annotations

from msgspec import Struct

from hawker.privacy.bits import Bits

STORAGE = 1
BASIC_ADS = 2
PROFILE = 3
PERSONALISED_ADS = 4
_CORE = 36
"""Characters that hold the 213 bits of the core which are read here; what follows is vendors."""
_BY_CONSENT_ALONE = frozenset({1, 3, 4, 5, 6})
"""Purposes for which a legitimate interest never counts (storage; profiles, since TCF 2.2)."""


class Tcf(Struct, frozen=True):
    """What a core string says. Purposes are numbered from 1; times are tenths of a second since 1970."""

    created: int
    updated: int
    cmp: int
    cmp_version: int
    screen: int
    language: str
    vendor_list: int
    policy: int
    special_features: frozenset[int]
    consented: frozenset[int]
    legitimate: frozenset[int]
    purpose_one_treated: bool
    country: str

    def allows(self, purpose: int) -> bool:
        """Whether a purpose has a ground: consent, or a legitimate interest where one may count."""
        return purpose in self.consented or (purpose in self.legitimate and purpose not in _BY_CONSENT_ALONE)


def decode(text: str) -> Tcf:
    """Read a string. Raises `BadRecord` where it is malformed, of another version, or not for one site.

    The disclosed vendors and the publisher's own segments, which follow a dot, are not looked at.
    """
    bits = Bits(text.partition(".")[0][:_CORE], what="TCF")
    version = bits.number(6)
    if version != 2:
        raise bits.wrong(f"is of version {version}, not 2")
    created, updated = bits.numbers(36, 2)
    cmp, cmp_version = bits.numbers(12, 2)
    screen, language = bits.number(6), _letters(bits)
    vendor_list, policy = bits.number(12), bits.number(6)
    if not bits.flag():
        raise bits.wrong("is not specific to one site: such strings count no more")
    bits.flag()  # whether texts of one's own were used
    return Tcf(
        created=created,
        updated=updated,
        cmp=cmp,
        cmp_version=cmp_version,
        screen=screen,
        language=language,
        vendor_list=vendor_list,
        policy=policy,
        special_features=bits.flags(12),
        consented=bits.flags(24),
        legitimate=bits.flags(24),
        purpose_one_treated=bits.flag(),
        country=_letters(bits),
    )


def _letters(bits: Bits) -> str:
    return "".join(chr(ord("A") + number) for number in bits.numbers(6, 2))
