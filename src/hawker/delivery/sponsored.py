"""Which ads may stand beside the results of a search: those for products that answer it, and those booked."""

from __future__ import annotations

from typing import Any

import msgspec

from hawker.delivery.world import World
from hawker.records.decision import Request
from hawker.records.search import Twice
from hawker.retrieval.index import AdIndex
from hawker.retrieval.search import Found, Search

MOST = 200
"""Products that one request lets in; the record holds them."""
NOTHING = ("",)
"""No product is called so: a request that lets in nothing else lets in nothing."""


def beside(request: Request, found: Found, *, search: Search, world: World) -> Request:
    """The request for the ads beside results: for nothing but what answers the query, or was booked by it.

    A product answers where it is worth a share of the best result (`SearchRules.relevance`), or where an
    advertiser booked it by a keyword that the query holds: whoever books words knows what they sell.
    """
    shown: dict[str, Any] = {"query": request.query or found.question.text}
    if search.rules.twice is Twice.AVOID:
        shown["organic"] = (*request.organic, *(hit.product.id for hit in found.hits))
    if found.question.slots or not found.question.blank:
        advertised = search.rows(world.index.items.names)
        fit = found.relevant(advertised, search.rules.relevance)[:MOST]
        names = [search.index.products[row].id for row in fit.tolist()]
        shown["allowed_products"] = (*names, *_booked(world.index, request.query)) or NOTHING
    elif found.filters.category:
        shown["allowed_categories"] = (found.filters.category,)
    return msgspec.structs.replace(request, **shown)


def _booked(index: AdIndex, query: str) -> list[str]:
    """The products of ads whose campaign or group wants a keyword that the query holds."""
    aims = index.units.aims
    if "keyword" not in aims.asked:
        return []
    units = aims.wanting("keyword", aims.glossary.found(query))
    items = [item for unit in units for item in index.item[index.bounds[unit, 0] : index.bounds[unit, 2]]]
    return [index.items.names[item] for item in dict.fromkeys(items)][:MOST]
