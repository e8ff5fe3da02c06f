"""How a shop speaks in its ads, what it never says, whose law it keeps, and who lets copy be shown."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Jurisdiction(StrEnum):
    """Whose advertising law the gate applies; the usual one is CN for Chinese, US for English."""

    USUAL = ""
    CN = "CN"
    EU = "EU"
    UK = "UK"
    US = "US"


class Brand(Struct, frozen=True, forbid_unknown_fields=True):
    """What every brief of a shop says besides its product.

    `tone` is a word or two, `voice` lines in the shop's own tone, `must` words that have to appear,
    `avoid` words that may not, competitors' names among them. With `auto_approve` the shop's own copy
    is shown as soon as the gate lets it pass without a word; for advertisers theirs decides. `evidence`
    are the rules of advertising law for which the shop holds proof: of its own copy, not of advertisers'.
    """

    tone: str = ""
    voice: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    jurisdiction: Jurisdiction = Jurisdiction.USUAL
    auto_approve: bool = False
    evidence: tuple[str, ...] = ()
