"""What the shopper allows, as signals that arrive with a request and the path they lead to."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class ConsentPath(StrEnum):
    """How a decision may be made: with the profile, from the page alone, or not at all."""

    PERSONALISED = "personalised"
    CONTEXTUAL = "contextual"
    NONE = "none"


class Consent(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Signals as they came. `gpc` is true only for the header value '1'.

    `tcf` is an IAB TCF v2 string, `gpp` an IAB GPP string with `gpp_sid`, the sections that apply;
    `gdpr` says that the TCF string is needed. `special` marks a page about health, belief or the like.
    """

    gpc: bool = False
    opted_out: bool = False
    no_ads: bool = False
    minor: bool = False
    special: bool = False
    gdpr: bool = False
    tcf: str = ""
    gpp: str = ""
    gpp_sid: tuple[int, ...] = ()
