"""The search of a server: the catalogue, indexed at the first search and again when it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from hawker.delivery import Engine, sponsored
from hawker.records.search import Twice
from hawker.retrieval import search_shop
from hawker.retrieval.search import Found, Search
from hawker.server import searching
from hawker.server.asking import PageAnswer, answer
from hawker.server.kept import Kept
from hawker.server.pages import serving
from hawker.server.searching import SearchRequest
from hawker.server.wire import Handler, Receive, Reply, Scope, body, wrong_method

if TYPE_CHECKING:
    from hawker.server.application import Application

_SEARCHES: WeakKeyDictionary[Application, Kept[Search]] = WeakKeyDictionary()
_MONTH = 1  # the place of 28 days among the windows


def hot(application: Application) -> Mapping[str, Handler]:
    """The handler of searches."""
    held = searched(application)

    async def handle(scope: Scope, receive: Receive) -> Reply:
        engine = serving(application)
        if scope["method"] == "POST":
            asked = searching.posted(await body(scope, receive, most=application.limit), scope)
        elif scope["method"] == "GET":
            asked = searching.in_query(scope)
        else:
            return wrong_method(("GET", "POST"), scope["method"])
        made = await held.current(engine)
        found = await asyncio.to_thread(_find, made, asked)
        ads = _ads(application, asked, found, made=made, scope=scope)
        return Reply(200, searching.answered(asked, found, ads, once=made.rules.twice is Twice.DROP))

    return {"/v1/search": handle}


def searched(application: Application) -> Kept[Search]:
    """The search of a server, one for whoever needs it."""
    if application not in _SEARCHES:
        _SEARCHES[application] = Kept("search", _version, _made)
    return _SEARCHES[application]


async def _made(engine: Engine, before: Search | None) -> Search:
    catalogue, sold = engine.world.catalogue, popular(engine)
    return await asyncio.to_thread(
        lambda: search_shop.build(engine.shop, catalogue.values(), popular=sold, before=before)
    )


def popular(engine: Engine) -> dict[str, float]:
    """How many of each product were bought in the last four weeks, of those that were."""
    state = engine.world.state
    names = state.codes["product"].names
    units = state.windows.read(np.arange(len(names), dtype=np.int32))[:, _MONTH]
    return {names[code]: float(units[code]) for code in np.flatnonzero(units > 0).tolist()}


def _version(engine: Engine) -> tuple[str, ...]:
    """What a search is made of, by its versions."""
    return tuple(engine.world.versions.get(name, "") for name in ("catalogue", "vectors"))


def _find(made: Search, asked: SearchRequest) -> Found:
    return made.find(
        asked.query,
        filters=asked.filters,
        sort=asked.sort,
        start=(asked.page - 1) * asked.size,
        size=asked.size,
        facets=asked.facets,
    )


def _ads(
    application: Application, asked: SearchRequest, found: Found, *, made: Search, scope: Scope
) -> PageAnswer | None:
    """The ads beside results: one decision, on record like any other; None where there is no place for any.

    Raises `NotFound` for a placement that was named and is not there.
    """
    engine = serving(application)
    request = searching.request(asked, placement=made.rules.placement, scope=scope)
    if not asked.placement and request.placement not in engine.world.placements:
        return None
    since = perf_counter()
    decision = engine.decide(sponsored.beside(request, found, search=made, world=engine.world))
    application.metrics.decided(decision, since=since)
    return answer(decision, language=engine.shop.settings.language, tokens=engine.door.tokens)
