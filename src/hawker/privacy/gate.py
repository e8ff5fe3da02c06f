"""Consent decides the path, not the answer's shape: the strictest signal wins."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from hawker.errors import BadRecord
from hawker.privacy import gpp, tcf
from hawker.privacy.gpp import Gpp, UsPrivacy
from hawker.privacy.tcf import Tcf
from hawker.records.consent import Consent, ConsentPath

PATH_REASONS: dict[str, str] = {
    "no_ads_allowed": "The shopper refused ads: none are shown.",
    "tcf_no_ads": "The TCF string gives no ground for ads at all (purpose 2): none are shown.",
    "minor": "The shopper is known to be a minor: no profile is read.",
    "special_category": "The page or its product is about a special category of data: no profile is read.",
    "global_privacy_control": "The browser sent Sec-GPC: 1: no profile is read.",
    "opted_out": "The shopper refused personalised ads: no profile is read.",
    "interests_off": "The shopper's preferences switch interests off: no profile is read.",
    "tcf_missing": "European law applies and no TCF string came: no profile is read.",
    "tcf_unreadable": "The TCF string cannot be read: no profile is read.",
    "tcf_refused": "The TCF string does not allow storage (1) and personalised ads (4): no profile is read.",
    "gpp_unreadable": "The GPP string cannot be read: no profile is read.",
    "gpp_section_unknown": "A GPP section applies that is absent or cannot be read: no profile is read.",
    "gpp_opted_out": "A US section of the GPP string refuses: no profile is read.",
    "no_shopper": "The page did not say who is looking: there is no profile.",
    "allowed": "No signal speaks against it: the profile is read.",
}
"""Every reason of a path, the strictest first; the first that holds is the one on record."""
_SILENCED = frozenset({"no_ads_allowed", "tcf_no_ads"})
_KEPT = 4_096


def path(
    consent: Consent,
    *,
    opted_out: bool = False,
    minor: bool = False,
    special: bool = False,
    interests: bool = True,
    known: bool = True,
) -> tuple[ConsentPath, str]:
    """The path a request may take, and why.

    `opted_out`, `minor` and `interests` are what the shop has on record for this shopper, `special`
    says that the page's category or product is sensitive, `known` that there is a shopper at all.

    >>> path(Consent(gpc=True))
    (<ConsentPath.CONTEXTUAL: 'contextual'>, 'global_privacy_control')
    """
    found = {"no_ads_allowed"} if consent.no_ads else set()
    signals = (
        ("minor", consent.minor or minor),
        ("special_category", consent.special or special),
        ("global_privacy_control", consent.gpc),
        ("opted_out", consent.opted_out or opted_out),
        ("interests_off", not interests),
        ("no_shopper", not known),
    )
    found |= {reason for reason, holds in signals if holds}
    if consent.gdpr or consent.tcf or consent.gpp or consent.gpp_sid:
        found |= set(_strings(consent))
    if not found:
        return ConsentPath.PERSONALISED, "allowed"
    reason = next(reason for reason in PATH_REASONS if reason in found)
    return (ConsentPath.NONE if reason in _SILENCED else ConsentPath.CONTEXTUAL), reason


def _strings(consent: Consent) -> Iterator[str]:
    """What the consent strings say against a profile, or against ads."""
    held = _gpp(consent.gpp) if consent.gpp else None
    applying = {section for section in consent.gpp_sid if section > 0}
    if (consent.gpp and held is None) or (applying and not consent.gpp):
        yield "gpp_unreadable"
    if held is not None:
        sections = applying if consent.gpp_sid else set(held.sections)
        yield from _sections(held, sections)
    europe = held.europe if held and (not consent.gpp_sid or gpp.TCF_EU in applying) else None
    if europe is not None:
        yield from _purposes(europe)
    if consent.tcf:
        read = _tcf(consent.tcf)
        yield from _purposes(read) if read else ("tcf_unreadable",)
    elif consent.gdpr and europe is None:
        yield "tcf_missing"


def _sections(held: Gpp, sections: set[int]) -> Iterator[str]:
    if not sections <= (set(held.sections) - held.unread):
        yield "gpp_section_unknown"
    us: list[UsPrivacy] = [said for section, said in held.us.items() if section in sections]
    if any(said.known_child for said in us):
        yield "minor"
    if any(said.refused for said in us):
        yield "gpp_opted_out"


def _purposes(read: Tcf) -> Iterator[str]:
    if not read.allows(tcf.BASIC_ADS):
        yield "tcf_no_ads"
    if not (read.allows(tcf.STORAGE) and read.allows(tcf.PERSONALISED_ADS)):
        yield "tcf_refused"


@lru_cache(maxsize=_KEPT)
def _tcf(text: str) -> Tcf | None:
    """A TCF string read, or None; the same string comes with every request of a visit."""
    try:
        return tcf.decode(text)
    except BadRecord:
        return None


@lru_cache(maxsize=_KEPT)
def _gpp(text: str) -> Gpp | None:
    try:
        return gpp.decode(text)
    except BadRecord:
        return None
