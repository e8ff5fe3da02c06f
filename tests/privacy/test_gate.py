"""Which path consent allows: the strictest signal wins, and no signal is ever read as a permission."""

from __future__ import annotations

from itertools import product

import pytest

from hawker.privacy.gate import path
from hawker.records.consent import Consent, ConsentPath

STRICT = {ConsentPath.PERSONALISED: 0, ConsentPath.CONTEXTUAL: 1, ConsentPath.NONE: 2}
BOOLS = (False, True)


@pytest.mark.parametrize(
    ("consent", "opted_out", "known", "found"),
    [
        (Consent(), False, True, (ConsentPath.PERSONALISED, "allowed")),
        (Consent(), False, False, (ConsentPath.CONTEXTUAL, "no_shopper")),
        (Consent(), True, True, (ConsentPath.CONTEXTUAL, "opted_out")),
        (Consent(opted_out=True), False, True, (ConsentPath.CONTEXTUAL, "opted_out")),
        (Consent(gpc=True), False, True, (ConsentPath.CONTEXTUAL, "global_privacy_control")),
        (Consent(minor=True), False, True, (ConsentPath.CONTEXTUAL, "minor")),
        (Consent(minor=True, gpc=True), False, True, (ConsentPath.CONTEXTUAL, "minor")),
        (Consent(no_ads=True), False, True, (ConsentPath.NONE, "no_ads_allowed")),
        (Consent(True, True, True, True), True, False, (ConsentPath.NONE, "no_ads_allowed")),
    ],
)
def test_each_signal_leads_to_its_path(
    consent: Consent, opted_out: bool, known: bool, found: tuple[ConsentPath, str]
) -> None:
    assert path(consent, opted_out=opted_out, known=known) == found


def test_one_more_signal_never_allows_more() -> None:
    names = Consent.__struct_fields__
    for given in product(BOOLS, repeat=len(names)):
        for opted_out, known in product(BOOLS, BOOLS):
            before, _ = path(Consent(*given), opted_out=opted_out, known=known)
            for place, name in enumerate(names):
                more = Consent(*(value or n == place for n, value in enumerate(given)))
                after, _ = path(more, opted_out=opted_out, known=known)
                assert STRICT[after] >= STRICT[before], name
            assert STRICT[path(Consent(*given), opted_out=True, known=known)[0]] >= STRICT[before]
            assert STRICT[path(Consent(*given), opted_out=opted_out, known=False)[0]] >= STRICT[before]
