"""The recommendations of a server: the promoted recommender beside the catalogue, renewed with either."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import structlog

from hawker import recommend
from hawker.delivery import Engine, pipeline
from hawker.delivery.world import World
from hawker.errors import HawkerError
from hawker.recommend.kinds import Recommendations
from hawker.recommend.shelf import Shelf
from hawker.records.consent import ConsentPath
from hawker.records.decision import Request
from hawker.server import recommending
from hawker.server.kept import Kept
from hawker.server.pages import serving
from hawker.server.recommending import RecommendRequest
from hawker.server.wire import Handler, Receive, Reply, Scope, body, wrong_method
from hawker.storage.models import ModelStore

if TYPE_CHECKING:
    from hawker.server.application import Application

_log = structlog.get_logger("hawker.server")
Stocked = tuple[Shelf, str]
"""The shelf, and the version of its recommender, '' where none serves."""


def hot(application: Application) -> Mapping[str, Handler]:
    """The handler of recommendations."""
    held = Kept("recommend", _version, _made)

    async def handle(scope: Scope, receive: Receive) -> Reply:
        engine = serving(application)
        if scope["method"] == "POST":
            asked = recommending.posted(await body(scope, receive, most=application.limit), scope)
        elif scope["method"] == "GET":
            asked = recommending.in_query(scope)
        else:
            return wrong_method(("GET", "POST"), scope["method"])
        return Reply(200, _answer(engine, await held.current(engine), asked, scope))

    return {"/v1/recommend": handle}


def _answer(engine: Engine, stocked: Stocked, asked: RecommendRequest, scope: Scope) -> bytes:
    """The answer: consent decides, as for an ad, whether the shopper's folds are read."""
    shelf, version = stocked
    now = engine.fresh()
    request = engine.naming.renamed(recommending.request(asked, scope))
    path, reason = _path(request, engine.world)
    state = engine.world.state
    shopper = state.codes["shopper"].find(request.shopper)
    question = recommending.ask(asked, shopper=shopper, path=path, reason=reason)
    return recommending.answered(
        asked,
        shelf.offer(question, state, now=now),
        path=path,
        reason=reason,
        version=version,
        language=engine.shop.settings.language,
    )


def _path(request: Request, world: World) -> tuple[ConsentPath, str]:
    """The path of a request, by the category that it names and by that of the page's product."""
    found = pipeline.path_of(request, world)
    if found[0] is ConsentPath.PERSONALISED and request.category:
        return pipeline.path_of(msgspec.structs.replace(request, category=""), world)
    return found


def _version(engine: Engine) -> tuple[str, ...]:
    """What a shelf is made of, by its versions."""
    promoted = ModelStore(engine.shop.models).promoted(recommend.MODEL) or ""
    return engine.world.versions.get("catalogue", ""), promoted


async def _made(engine: Engine, _: Stocked | None) -> Stocked:
    settings, world = engine.shop.settings, engine.world

    def make() -> Stocked:
        model, version = _usable(engine)
        shelf = Shelf.of(
            world.catalogue, world.state, model=model, rules=settings.recommend, special=world.special
        )
        return shelf, version

    return await asyncio.to_thread(make)


def _usable(engine: Engine) -> tuple[Recommendations | None, str]:
    """The recommender that serves; where its files cannot be read, the last that served before."""
    for version in ModelStore(engine.shop.models).line(recommend.MODEL):
        try:
            return recommend.load(engine.shop, version=version), version
        except HawkerError as error:
            _log.error("model_unusable", name=recommend.MODEL, version=version, error=str(error))
    return None, ""
