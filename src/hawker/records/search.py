"""What a search may be narrowed to, and what a shop wants of its search, whatever the words say."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

Share = Annotated[float, Meta(ge=0, le=1)]
Factor = Annotated[float, Meta(gt=0, le=1_000)]


class Sort(StrEnum):
    """The order of results."""

    RELEVANCE = "relevance"
    CHEAPEST = "price"
    DEAREST = "-price"
    POPULAR = "popular"


class Filters(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What results must be: under `category` (a path, any level), of one of `brands`, within prices in micros

    (`most` 0: no most), with one of the values given for each attribute (`color`, `size`, or any name of the
    catalogue's).
    """

    category: str = ""
    brands: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    in_stock: bool = False
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Twice(StrEnum):
    """What becomes of a product that is both found and advertised on one page."""

    DROP = "drop"
    AVOID = "avoid"
    KEEP = "keep"


class Pin(Struct, frozen=True, forbid_unknown_fields=True):
    """For queries of these words, in whatever spelling: products put first in this order, and never shown."""

    query: str
    first: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class SearchRules(Struct, frozen=True, forbid_unknown_fields=True):
    """A shop's search. `placement` is where its ads stand ('' for none); `relevance` the least that an ad

    must be worth, as a share of the best result, unless it was booked by a keyword of the query; `twice`
    what becomes of results that are advertised on the page: left out (`drop`), not advertised (`avoid`), or
    shown twice (`keep`). `boost` multiplies scores by brand, category path or product id, below 1 buries.
    `synonyms` are lists of words that mean the same.
    """

    placement: str = "search"
    relevance: Share = 0.3
    twice: Twice = Twice.DROP
    hide_out_of_stock: bool = True
    boost: dict[str, Factor] = field(default_factory=dict)
    pins: tuple[Pin, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()
