"""Which path consent allows: the strictest signal wins, and no signal is ever read as a permission."""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.privacy import strings

from hawker.explain.words import signal
from hawker.privacy.gate import PATH_REASONS, path
from hawker.privacy.gpp import UsPrivacy
from hawker.records.consent import Consent, ConsentPath

STRICT = {ConsentPath.PERSONALISED: 0, ConsentPath.CONTEXTUAL: 1, ConsentPath.NONE: 2}
ALL = strings.tcf((1, 2, 3, 4))
NO_PROFILE = strings.tcf((1, 2))
NO_STORAGE = strings.tcf((2, 4))
BASIC = strings.tcf((), (2,))
NOTHING = strings.tcf(())
NATIONAL = UsPrivacy(sensitive=(0,) * 12, child=(0, 0))


def national(**said: Any) -> str:
    return strings.gpp({7: strings.us(7, msgspec.structs.replace(NATIONAL, **said))})


BOTH = strings.gpp({2: ALL, 7: strings.us(7, msgspec.structs.replace(NATIONAL, sale=1))})
CASES: list[tuple[dict[str, Any], dict[str, bool], str]] = [
    ({}, {}, "allowed"),
    ({}, {"known": False}, "no_shopper"),
    ({}, {"opted_out": True}, "opted_out"),
    ({}, {"interests": False}, "interests_off"),
    ({}, {"minor": True}, "minor"),
    ({}, {"special": True}, "special_category"),
    ({"opted_out": True}, {}, "opted_out"),
    ({"gpc": True}, {}, "global_privacy_control"),
    ({"minor": True}, {}, "minor"),
    ({"minor": True, "gpc": True}, {}, "minor"),
    ({"special": True}, {}, "special_category"),
    ({"no_ads": True}, {}, "no_ads_allowed"),
    ({"no_ads": True, "minor": True, "gpc": True, "opted_out": True}, {"known": False}, "no_ads_allowed"),
    ({"gdpr": True}, {}, "tcf_missing"),
    ({"gdpr": True, "tcf": ALL}, {}, "allowed"),
    ({"gdpr": True, "tcf": "rubbish"}, {}, "tcf_unreadable"),
    ({"tcf": strings.tcf((1, 2, 4), specific=False)}, {}, "tcf_unreadable"),
    ({"gdpr": True, "tcf": NO_PROFILE}, {}, "tcf_refused"),
    ({"gdpr": True, "tcf": NO_STORAGE}, {}, "tcf_refused"),
    ({"gdpr": True, "tcf": BASIC}, {}, "tcf_refused"),
    ({"gdpr": True, "tcf": NOTHING}, {}, "tcf_no_ads"),
    ({"tcf": NO_PROFILE}, {}, "tcf_refused"),
    ({"tcf": ALL, "gpc": True}, {}, "global_privacy_control"),
    ({"gpp": national(targeted=2, sale=2)}, {}, "allowed"),
    ({"gpp": national(targeted=1)}, {}, "gpp_opted_out"),
    ({"gpp": national(sharing=1)}, {}, "gpp_opted_out"),
    ({"gpp": national(sale=1)}, {}, "gpp_opted_out"),
    ({"gpp": national(gpc=True)}, {}, "gpp_opted_out"),
    ({"gpp": national(child=(0, 2))}, {}, "minor"),
    ({"gpp": "rubbish"}, {}, "gpp_unreadable"),
    ({"gpp_sid": (7,)}, {}, "gpp_unreadable"),
    ({"gpp_sid": (-1,)}, {}, "allowed"),
    ({"gpp": national(), "gpp_sid": (8,)}, {}, "gpp_section_unknown"),
    ({"gpp": strings.gpp({5: "CAAA"})}, {}, "gpp_section_unknown"),
    ({"gpp": BOTH, "gpp_sid": (7,)}, {}, "gpp_opted_out"),
    ({"gpp": BOTH, "gpp_sid": (2,), "gdpr": True}, {}, "allowed"),
    ({"gpp": BOTH, "gpp_sid": (2,), "gdpr": True, "tcf": NOTHING}, {}, "tcf_no_ads"),
    ({"gpp": strings.gpp({2: NO_PROFILE}), "tcf": ALL}, {}, "tcf_refused"),
]
TEXTS = st.sampled_from(["", ALL, NO_PROFILE, NOTHING, "rubbish"])
CONSENTS = st.builds(
    Consent,
    gpc=st.booleans(),
    opted_out=st.booleans(),
    no_ads=st.booleans(),
    minor=st.booleans(),
    special=st.booleans(),
    gdpr=st.booleans(),
    tcf=TEXTS,
    gpp=st.sampled_from(["", national(), national(sale=1), BOTH, "rubbish"]),
    gpp_sid=st.sampled_from([(), (2,), (7,), (2, 7), (-1,)]),
)
REFUSALS = ("gpc", "opted_out", "no_ads", "minor", "special", "gdpr")
RECORDED = ({"opted_out": True}, {"minor": True}, {"special": True}, {"interests": False}, {"known": False})


@pytest.mark.parametrize(("consent", "recorded", "reason"), CASES)
def test_each_signal_leads_to_its_path(
    consent: dict[str, Any], recorded: dict[str, bool], reason: str
) -> None:
    found, why = path(Consent(**consent), **recorded)
    assert why == reason
    none = {"no_ads_allowed": ConsentPath.NONE, "tcf_no_ads": ConsentPath.NONE}
    assert found == {"allowed": ConsentPath.PERSONALISED, **none}.get(reason, ConsentPath.CONTEXTUAL)


def test_every_reason_is_tried_and_has_words_in_both_languages() -> None:
    assert {reason for _, _, reason in CASES} == set(PATH_REASONS)
    for reason, language in product(PATH_REASONS, ("en", "zh")):
        assert signal(reason, language) != reason


@given(CONSENTS)
def test_one_more_refusal_never_allows_more(consent: Consent) -> None:
    before = STRICT[path(consent)[0]]
    for name in REFUSALS:
        more = msgspec.structs.replace(consent, **{name: True})
        assert STRICT[path(more)[0]] >= before, name
    for recorded in RECORDED:
        assert STRICT[path(consent, **recorded)[0]] >= before, recorded


@given(CONSENTS)
def test_a_string_lifts_no_refusal(consent: Consent) -> None:
    """Consent strings permit nothing by themselves: without them the path is no stricter."""
    without = msgspec.structs.replace(consent, tcf="", gpp="", gpp_sid=(), gdpr=False)
    assert STRICT[path(consent)[0]] >= STRICT[path(without)[0]]
