"""What the shopper reads: the words and picture of one ad."""

from __future__ import annotations

from msgspec import Struct

from hawker.records.campaign import Cap


class Creative(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One variant of copy for one product. `origin` says who wrote it ('catalogue', a writer, a person).

    `caps` hold for this creative alone. It belongs to its `advertiser`, or to the shop where that is ''.
    `placements` says where it may be chosen (empty: everywhere). With a reason in `retired` it
    no longer competes with others of its product; an ad that names it still shows it.
    """

    id: str
    product: str
    headline: str
    description: str = ""
    image: str = ""
    call_to_action: str = ""
    language: str = ""
    origin: str = "catalogue"
    approved: bool = True
    caps: tuple[Cap, ...] = ()
    advertiser: str = ""
    placements: tuple[str, ...] = ()
    retired: str = ""
