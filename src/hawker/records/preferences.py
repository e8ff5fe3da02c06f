"""What a shopper asked for: the answer to 'why this ad?' ends in a switch that works."""

from __future__ import annotations

from msgspec import Struct


class Preferences(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One shopper's choices. Without `interests` nothing they did is used to choose their ads.

    `not_categories`, `not_advertisers` and `not_products` are never advertised to them;
    `fewer` leaves every second page without ads.
    """

    interests: bool = True
    fewer: bool = False
    not_categories: tuple[str, ...] = ()
    not_advertisers: tuple[str, ...] = ()
    not_products: tuple[str, ...] = ()
