"""Follow a shop's folder while serving: what changed is taken over beside the world that answers.

A few changed orders are worked into the index there is, changed lists change who is on them; another
model, catalogue or flight makes a new world. Everything here may run in a thread of its own, but `learn`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from hawker.delivery.anew import Anew, folded, switch
from hawker.delivery.build import advertising, membership, unsellable, versions
from hawker.delivery.build import world as built
from hawker.delivery.engine import Engine
from hawker.delivery.world import World
from hawker.features.encode import Codes
from hawker.records.campaign import Campaign
from hawker.records.catalogue import Product
from hawker.records.creative import Creative
from hawker.retrieval.update import MOST_ADS, Changes, updated
from hawker.storage.control import Control, Document
from hawker.storage.shop import Shop

_FIELDS = {
    "advertiser": "advertisers",
    "campaign": "campaigns",
    "group": "groups",
    "ad": "ads",
    "creative": "creatives",
}


_LISTS = {"audiences", "segments"}
"""What changes who belongs where, and nothing else of a world."""


@dataclass(frozen=True)
class Renewed:
    """A world with what changed, and the campaigns whose terms the ledger has to be told.

    `anew` are interests by other vectors than those that serve, where there are such.
    """

    world: World
    campaigns: tuple[Campaign, ...]
    anew: Anew | None = None


class Renewal:
    """Watches for one engine. Close it after the last use."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._control = Control(engine.shop.control)
        self._barred: tuple[Mapping[str, Product], frozenset[str]] | None = None

    def seen(self) -> dict[str, str]:
        """The versions of what lies in the folder now; as in the engine's world if nothing changed."""
        return versions(self._engine.shop, self._control)

    def products(self, found: Mapping[str, str]) -> list[Product]:
        """The products that a changed catalogue brings and the engine has no codes for."""
        world = self._engine.world
        if found.get("catalogue") == world.versions.get("catalogue"):
            return []
        known = world.state.codes["product"]
        return [one for one in Shop(self._engine.shop.folder).catalogue.values() if known.find(one.id) < 0]

    def renewed(self, found: Mapping[str, str], *, now: int) -> Renewed:
        """The world of those versions."""
        world = self._engine.world
        differ = {name for name in {*found, *world.versions} if found.get(name) != world.versions.get(name)}
        made = self._worked_in(world) if differ == {"campaigns"} else None
        if differ <= _LISTS:
            made = Renewed(replace(world, members=membership(self._engine.shop), versions=found), ())
        if made is None:
            with _unhindered():
                fresh = built(Shop(self._engine.shop.folder), world.state, since=now)
            other = found.get("vectors") != world.versions.get("vectors")
            interests = folded(self._engine.shop, world.state) if other else None
            made = Renewed(fresh, fresh.index.campaigns, interests)
        self._engine.ledger.register(made.campaigns)
        self._engine.ledger.stand_by(made.world.index.campaigns)
        return replace(made, world=self._engine.pacer.fitted(made.world, now=now))

    def take_over(self, made: Renewed) -> None:
        """Let that world answer from now on; between two requests, for the state may change with it."""
        if made.anew is not None:
            switch(self._engine.shop, self._engine.world.state, made.anew)
        self._engine.refresh(made.world, registered=True)

    def close(self) -> None:
        """Let go of the database."""
        self._control.close()

    def _worked_in(self, world: World) -> Renewed | None:
        """The world with the orders changed since; None where it has to be made anew."""
        since, last = int(world.versions["campaigns"]), self._control.version()
        named: dict[str, set[str]] = {}
        for change in self._control.changes(after=since):
            named.setdefault(change.kind, set()).update(change.ids)
            last = max(last, change.version)
        if last <= since or len(named.get("ad", ())) > MOST_ADS:
            return None
        found: dict[str, Any] = {
            field: self._documents(kind, named[kind]) for kind, field in _FIELDS.items() if kind in named
        }
        changes = Changes(**found)
        index = updated(
            world.index, changes, codes=world.state.codes, unsellable=self._unsellable(world.catalogue)
        )
        if index is None:
            return None
        stand = {**world.versions, "campaigns": str(last)}
        campaigns = tuple(one for one in changes.campaigns.values() if one is not None)
        return Renewed(advertising(world, index, versions=stand), campaigns)

    def _documents(self, kind: str, ids: Iterable[str]) -> dict[str, Document | None]:
        """What the named documents are now; None for those removed, and for creatives not approved."""
        found: dict[str, Document | None] = dict.fromkeys(ids)
        for document in self._control.among(kind, list(found)):
            hidden = isinstance(document, Creative) and not document.approved
            found[document.id] = None if hidden else document
        return found

    def _unsellable(self, catalogue: Mapping[str, Product]) -> frozenset[str]:
        if self._barred is None or self._barred[0] is not catalogue:
            self._barred = (catalogue, unsellable(catalogue))
        return self._barred[1]


@contextmanager
def _unhindered() -> Iterator[None]:
    """Make many objects that will stay, without the collector stopping every thread to look through them."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if on:
            gc.enable()


def learn(codes: Codes, products: Iterable[Product]) -> None:
    """Give codes to new products; only where nothing else reads or gives codes meanwhile."""
    codes.learn_products(products)
