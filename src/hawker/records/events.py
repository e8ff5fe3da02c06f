"""What shoppers do, one row each: the schema of the event log, version 1 (docs/events.md)."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

VERSION = 1
SECOND = 1_000_000
DAY = 86_400 * SECOND
EARLIEST = 946_684_800 * SECOND  # 2000-01-01: anything before is a clock that was never set


class EventKind(StrEnum):
    """The kinds of event, in the order of their codes (`KIND_CODE`); new kinds go to the end."""

    VIEW = "view"
    SEARCH = "search"
    CLICK = "click"
    CART = "cart"
    WISH = "wish"
    LIKE = "like"
    PURCHASE = "purchase"
    RETURN = "return"
    REVIEW = "review"
    SHARE = "share"
    AD_IMPRESSION = "ad_impression"
    AD_CLICK = "ad_click"
    AD_HIDE = "ad_hide"
    AD_FEEDBACK = "ad_feedback"
    OPT_OUT = "opt_out"
    CONVERSION = "conversion"
    ATTRIBUTES = "attributes"
    AD_VIEWABLE = "ad_viewable"


KIND_CODE: dict[str, int] = {kind.value: code for code, kind in enumerate(EventKind)}


class Event(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing that happened. Times are microseconds since 1970 UTC; values are micros.

    `received` is when Hawker got it (0 in imported history: equal to `time`). `shopper` is the
    shop's own pseudonymous key. `session` groups a visit. `location` is a store or region.
    `attributes` holds declared shopper attributes (age band, gender, region) and anything else
    the shop wants kept; none of it is used for minors. `synthetic` marks what was simulated.
    """

    kind: EventKind
    time: int
    id: str = ""
    received: int = 0
    shopper: str = ""
    session: str = ""
    product: str = ""
    query: str = ""
    quantity: float = 1.0
    value: int = 0
    currency: str = ""
    rating: float | None = None
    text: str = ""
    placement: str = ""
    location: str = ""
    device: str = ""
    dwell_ms: int = 0
    campaign: str = ""
    ad: str = ""
    decision: str = ""
    slot: int = -1
    reason: str = ""
    synthetic: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


EVENT_COLUMNS: dict[str, str] = {
    "id": "VARCHAR",
    "kind": "VARCHAR",
    "time": "BIGINT",
    "received": "BIGINT",
    "shopper": "VARCHAR",
    "session": "VARCHAR",
    "product": "VARCHAR",
    "query": "VARCHAR",
    "quantity": "DOUBLE",
    "value": "BIGINT",
    "currency": "VARCHAR",
    "rating": "DOUBLE",
    "text": "VARCHAR",
    "placement": "VARCHAR",
    "location": "VARCHAR",
    "device": "VARCHAR",
    "dwell_ms": "BIGINT",
    "campaign": "VARCHAR",
    "ad": "VARCHAR",
    "decision": "VARCHAR",
    "slot": "BIGINT",
    "reason": "VARCHAR",
    "synthetic": "BOOLEAN",
    "attributes": "VARCHAR",  # a JSON object
}
"""The Parquet columns of the event log and their DuckDB types. Missing text is '' (never NULL)."""


def released(time: int, received: int, *, tolerance: int = 0) -> int:
    """When an event enters the state: the later of its time and its receipt less the tolerance.

    Canonical order is (released, id); imported history has `received` 0, meaning `time`.

    >>> released(100, 0), released(100, 130, tolerance=10), released(100, 105, tolerance=10)
    (100, 120, 100)
    """
    return max(time, (received or time) - tolerance)
