"""Consent decides the path, not the answer's shape."""

from __future__ import annotations

from hawker.records.consent import Consent, ConsentPath


def path(consent: Consent, *, opted_out: bool = False, known: bool = True) -> tuple[ConsentPath, str]:
    """The path a request may take, and why.

    `opted_out` is what the shop has on record for this shopper, `known` whether there is a shopper
    at all. The strictest signal wins: no ads, then no profile.

    >>> path(Consent(gpc=True))
    (<ConsentPath.CONTEXTUAL: 'contextual'>, 'global_privacy_control')
    """
    if consent.no_ads:
        return ConsentPath.NONE, "no_ads_allowed"
    if consent.minor:
        return ConsentPath.CONTEXTUAL, "minor"
    if consent.gpc:
        return ConsentPath.CONTEXTUAL, "global_privacy_control"
    if consent.opted_out or opted_out:
        return ConsentPath.CONTEXTUAL, "opted_out"
    if not known:
        return ConsentPath.CONTEXTUAL, "no_shopper"
    return ConsentPath.PERSONALISED, "allowed"
