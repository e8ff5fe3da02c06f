"""What counts as traffic nobody should pay for: the limits a shop sets, and how events are marked."""

from __future__ import annotations

from msgspec import Struct

from hawker.errors import BadSetting

MARK = "invalid: "
"""The reason of a marked event begins so; the rule it breaks follows."""
CREDITED = "credited"
"""The reason of a conversion that stands for a purchase: reports count the purchase alone."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[traffic]` of `shop.toml`; a limit of 0 switches its rule off.

    Rates are ad events of one shopper (or session) in one minute; an address may have
    `address_factor` times as many, for a household or an office shares it. `data_centres` names a
    CSV of address ranges. `beacon_hours` is how long a token lives. With `browser_sales` purchases
    and returns are taken from browsers too.
    """

    impressions_per_minute: int = 120
    clicks_per_minute: int = 20
    address_factor: int = 10
    soonest_click_ms: int = 200
    data_centres: str = ""
    beacon_hours: float = 24.0
    browser_sales: bool = False

    def __post_init__(self) -> None:
        for name in ("impressions_per_minute", "clicks_per_minute", "address_factor", "soonest_click_ms"):
            if getattr(self, name) < 0:
                raise BadSetting(f"The traffic limit {name} is negative.", remedy="Give 0 to switch it off.")
        if not 0 < self.beacon_hours <= 24 * 365:
            raise BadSetting(f"beacon_hours is {self.beacon_hours}.", remedy="Give up to 8760 hours.")


class Traffic(Struct, frozen=True):
    """What a request tells of its sender. It is judged and forgotten; no store ever holds it.

    `browser` marks what came from a page itself, by a beacon or a publishable key; without it the
    shop's own server speaks, and is believed.
    """

    agent: str = ""
    address: str = ""
    prefetch: bool = False
    browser: bool = False


SERVER = Traffic()
"""The shop's own server."""


def marked(reason: str) -> bool:
    """Whether an event's reason says that it is invalid traffic.

    >>> marked("invalid: rate"), marked("too big")
    (True, False)
    """
    return reason.startswith(MARK)
