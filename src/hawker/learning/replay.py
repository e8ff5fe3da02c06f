"""The whole event log of a shop, ready to be replayed."""

from __future__ import annotations

from hawker.delivery import people, restore
from hawker.features import interests
from hawker.features.encode import Codes
from hawker.features.replay import Replay
from hawker.features.state import State
from hawker.storage.shop import Shop

__all__ = ["Replay", "load"]


def load(shop: Shop) -> Replay:
    """The whole log of a shop, ready to be replayed from the beginning."""
    state = State(Codes())
    state.codes.learn_products(shop.catalogue.values())
    state.adopt(interests.of(shop))
    people.guard(state, shop, people.on_record(shop).minors)
    return Replay(restore.log(shop, state.codes), state)
