"""The parts of the API, each a file of its own: what they describe, and what they answer.

A part offers `ENDPOINTS`, its description, and either `routes(application)` (Starlette's routes, made
with `wire`'s replies by `pages.route`) or `hot(application)` (raw handlers by path, for what must be
fast; a path that ends with '/' answers everything below it, and finds the rest in `scope["rest"]`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from hawker.server import (
    advising,
    answering,
    asking,
    audiences,
    auditing,
    beacons,
    billing,
    choices,
    collecting,
    credits,
    drafting,
    lookup,
    manage,
    openrtb,
    pages,
    recommending,
    searching,
    shelves,
)
from hawker.server.endpoint import Endpoint
from hawker.server.wire import Handler

if TYPE_CHECKING:
    from hawker.server.application import Application

ENDPOINTS: tuple[Endpoint, ...] = (
    *asking.ENDPOINTS,
    *searching.ENDPOINTS,
    *recommending.ENDPOINTS,
    *answering.ENDPOINTS,
    *collecting.ENDPOINTS,
    *beacons.ENDPOINTS,
    *choices.ENDPOINTS,
    *audiences.ENDPOINTS,
    *advising.ENDPOINTS,
    *manage.ENDPOINTS,
    *drafting.ENDPOINTS,
    *auditing.ENDPOINTS,
    *billing.ENDPOINTS,
    *credits.ENDPOINTS,
    *openrtb.ENDPOINTS,
    *pages.ENDPOINTS,
)
_ROUTES: tuple[Callable[[Application], Sequence[BaseRoute]], ...] = (
    pages.routes,
    choices.routes,
    audiences.routes,
    advising.routes,
    manage.routes,
    drafting.routes,
    auditing.routes,
    billing.routes,
    credits.routes,
)
_HOT: tuple[Callable[[Application], Mapping[str, Handler]], ...] = (
    beacons.hot,
    lookup.hot,
    shelves.hot,
    answering.hot,
    openrtb.hot,
)


def routes(application: Application) -> list[BaseRoute]:
    """The routes of every part, in order."""
    return [route for part in _ROUTES for route in part(application)]


def hot(application: Application) -> dict[str, Handler]:
    """The raw handlers of every part, by path."""
    return {path: handler for part in _HOT for path, handler in part(application).items()}
