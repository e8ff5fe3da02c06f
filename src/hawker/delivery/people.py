"""What is on record of shoppers that binds every decision: refusals, minors, and their own choices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hawker.features.protect import clear, within
from hawker.features.state import State
from hawker.privacy import gate
from hawker.privacy.people import OnRecord, on_record
from hawker.records.consent import ConsentPath
from hawker.records.decision import Request
from hawker.records.events import Event, EventKind
from hawker.records.shopper import declared_minor
from hawker.storage.shop import Shop

if TYPE_CHECKING:
    from hawker.delivery.world import World

__all__ = ["OnRecord", "allowed", "guard", "heeded", "left_alone", "on_record"]


def guard(state: State, shop: Shop, minors: Iterable[str]) -> None:
    """Let a state fold nothing of minors and special categories; what it holds of minors is removed."""
    names = [name for name in minors if name]
    clear(state, names)
    state.codes.protection.special = shop.settings.special_categories
    state.codes.protection.minors |= {state.codes["shopper"].code(name) for name in names}


def heeded(world: World, events: Iterable[Event], *, shop: Shop) -> World:
    """The world after these events' refusals and declarations: they hold from the next decision on."""
    year = datetime.now(UTC).year
    refused, young = set(), set()
    for event in events:
        if event.kind is EventKind.OPT_OUT:
            refused.add(event.shopper)
        elif event.kind is EventKind.ATTRIBUTES and declared_minor(event.attributes, year=year):
            young.add(event.shopper)
    if young - world.minors:
        guard(world.state, shop, young - world.minors)
        world = replace(world, minors=world.minors | young)
    if refused - world.opted_out:
        world = replace(world, opted_out=world.opted_out | refused)
    return world


def allowed(request: Request, world: World, *, page_category: str = "") -> tuple[ConsentPath, str]:
    """The path of a request and its reason, by its signals and all that is on record of the shopper."""
    wishes = world.preferences.get(request.shopper)
    return gate.path(
        request.consent,
        opted_out=request.shopper in world.opted_out,
        minor=request.shopper in world.minors,
        special=bool(world.special) and within(page_category, world.special),
        interests=wishes is None or wishes.interests,
        known=bool(request.shopper),
    )


def left_alone(request: Request, world: World, *, seed: int) -> bool:
    """Whether this is one of the pages that a shopper who wants fewer ads sees without any.

    Every second one, by the dice of the decision: so it comes out the same when executed again.
    """
    wishes = world.preferences.get(request.shopper)
    return wishes is not None and wishes.fewer and seed % 2 == 1
