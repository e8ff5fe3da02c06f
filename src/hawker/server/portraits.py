"""What is told of a shopper over HTTP: their profile with their interest in words, and their story."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct

from hawker.features import story
from hawker.features.interest_words import Background, Terms
from hawker.features.profile import Profile, profile
from hawker.features.story import Deed
from hawker.records.events import SECOND
from hawker.records.preferences import Preferences

if TYPE_CHECKING:
    from hawker.delivery import Engine

STALE = 600 * SECOND
"""How old what the shop at large does may be, when one shopper is set beside it."""
MOST = 500
"""Deeds that a story may have over HTTP."""


class ShopperStory(Struct, frozen=True, omit_defaults=True):
    """A shopper's story: in one line of text, and deed by deed; `reason` says why there is none."""

    shopper: str
    text: str
    deeds: tuple[Deed, ...] = ()
    earlier: int = 0
    reason: str = ""


_HELD: WeakKeyDictionary[Engine, list[tuple[int, int, Background]]] = WeakKeyDictionary()


def background(engine: Engine) -> Background:
    """What the shop at large turns to; made again when the catalogue changes, or ten minutes later.

    The first takes a second or two for 20,000 products: call it beside the loop, not in it.
    """
    shop, now = engine.shop, engine.tick()
    table = shop.table("catalogue")
    stand = table.stat().st_mtime_ns if table.is_file() else 0
    place = _HELD.setdefault(engine, [])  # another one by the end, if somebody is forgotten meanwhile
    held = place[0] if place else None
    if held is not None and held[0] == stand and now - held[1] < STALE:
        return held[2]
    same = held is not None and held[0] == stand
    terms = held[2].terms if held and same else Terms(shop.catalogue, language=shop.settings.language)
    made = Background(engine.world.state, terms, asked=story.asked(shop))
    place[:] = [(stand, now, made)]
    return made


def let_go(engine: Engine) -> None:
    """Drop what the shop at large turned to: it counts what a shopper searched who is being forgotten."""
    _HELD.pop(engine, None)


def profiled(engine: Engine, shopper: str, shop: Background) -> Profile:
    """A shopper's profile; in words only where their behaviour may be used."""
    name = engine.naming.of(shopper)
    return profile(
        engine.world.state, name, now=engine.tick(), background=None if _silent(engine, name) else shop
    )


def told(engine: Engine, shopper: str, *, language: str, most: int) -> ShopperStory:
    """A shopper's story from the event log: takes seconds where the log is large."""
    found = story.of(engine.shop, shopper, most=most)
    return ShopperStory(found.shopper, found.text(language), found.deeds, found.earlier, found.reason)


def _silent(engine: Engine, name: str) -> bool:
    world = engine.world
    return (
        name in world.opted_out
        or name in world.minors
        or not world.preferences.get(name, Preferences()).interests
    )
