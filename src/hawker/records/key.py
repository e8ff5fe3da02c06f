"""Who calls the API: the roles a key may have, and what one key says about its holder."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """What a key is for: the shop itself, one advertiser, looking on, or the pages of the shop.

    A `page` key is publishable: it stands in the source of a page, so it can ask for ads and report
    events, and nothing else.
    """

    SHOP = "shop"
    ADVERTISER = "advertiser"
    READER = "reader"
    PAGE = "page"


class Key(Struct, frozen=True, omit_defaults=True):
    """One key as it is kept: everything about it but the secret.

    `shown` is the beginning of the secret, enough to recognise it by. `advertiser` is whose things an
    advertiser's key sees; `origins` are the pages that may use a publishable one. Times are
    microseconds, 0 where there is none.
    """

    id: str
    role: Role
    shown: str
    name: str = ""
    advertiser: str = ""
    origins: tuple[str, ...] = ()
    created: int = 0
    expires: int = 0
    revoked: int = 0
    used: int = 0


class Rates(Struct, frozen=True, forbid_unknown_fields=True):
    """Requests a second, twice as many at once; 0 has no limit. `shop` is for each key of the shop's,

    `guest` for each key of an advertiser or reader, and for each address that sends a publishable key
    or none.
    """

    shop: int = 0
    guest: int = 100
