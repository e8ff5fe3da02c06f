"""Who pays for ads, and on whose behalf they speak."""

from __future__ import annotations

from msgspec import Struct

from hawker.records.campaign import Cap


class Advertiser(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One advertiser of the shop. `name` is whom its ads speak for, `payer` who pays if another does.

    `caps` hold over all its campaigns together. `not_with` names advertisers whose ads may not
    stand on a page together with its own. Without `active` none of its campaigns runs. With `auto_approve`
    what the gate lets pass without a word is shown at once; otherwise a person approves it first.
    `evidence` are the rules of advertising law for which the shop was shown proof.
    """

    id: str
    name: str = ""
    payer: str = ""
    domain: str = ""
    caps: tuple[Cap, ...] = ()
    not_with: tuple[str, ...] = ()
    active: bool = True
    auto_approve: bool = False
    evidence: tuple[str, ...] = ()
