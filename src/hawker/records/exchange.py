"""How a shop stands towards ad exchanges: where it is reached, and what its words mean there."""

from __future__ import annotations

from msgspec import Struct, field

from hawker.errors import BadSetting


class Exchange(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[openrtb]` of `shop.toml`.

    `address` is where exchanges and browsers reach this server from outside ('' is what the request
    names). `domain` is the shop's own, `seat` its name as a buyer. `categories` maps an exchange's
    category codes, of the taxonomy `cattax`, to category paths of the shop. `network_ms` is how much
    of a request's `tmax` the way there and back is taken to need.
    """

    address: str = ""
    domain: str = ""
    seat: str = ""
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cattax: int = 1
    network_ms: int = 10

    def __post_init__(self) -> None:
        if self.address and not self.address.startswith(("https://", "http://")):
            raise BadSetting(
                f"The openrtb address is '{self.address[:80]}'.",
                remedy="Write it as https://ads.shop.example.",
            )
        if self.network_ms < 0:
            raise BadSetting("The openrtb setting network_ms is negative.", remedy="Give 0 or more.")
