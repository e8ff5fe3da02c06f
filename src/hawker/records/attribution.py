"""How far back a sale looks for the ad it is credited to: the table `[attribution]` of `shop.toml`."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from hawker.errors import BadSetting

DAY = 86_400_000_000


class Model(StrEnum):
    """Who wins among the ads that qualify.

    Last touch: the advertised product itself before its brand or category, a click before a view,
    then the latest. Last click: any click before any view, then the same.
    """

    LAST_TOUCH = "last_touch"
    LAST_CLICK = "last_click"


class Windows(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a conversion looks back, in days; a window of 0 switches that kind of touch off.

    `halo` credits sales of the advertised product's brand and top category as well. A sale is new
    to its brand where the log holds no purchase of it by the shopper in `new_to_brand_days`.
    """

    click_days: float = 30
    view_days: float = 1
    halo: bool = True
    new_to_brand_days: float = 365
    model: Model = Model.LAST_TOUCH

    def __post_init__(self) -> None:
        for name in ("click_days", "view_days", "new_to_brand_days"):
            days = getattr(self, name)
            if not 0 <= days <= 3650:
                raise BadSetting(f"The attribution window {name} is {days}.", remedy="Give 0 to 3650 days.")

    @property
    def longest(self) -> int:
        """The longer of the click and the view window, in microseconds."""
        return round(max(self.click_days, self.view_days) * DAY)
