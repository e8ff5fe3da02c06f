"""Who the advertisers are to an exchange: their domains, read again when the campaigns have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hawker.delivery import Engine
from hawker.records.advertiser import Advertiser
from hawker.records.catalogue import Product
from hawker.records.decision import Decision, ShownAd, Slot
from hawker.storage.control import Control


class Directory:
    """Advertisers by domain and domains by advertiser, as of the engine's campaigns."""

    def __init__(self) -> None:
        self._version = "unread"
        self._advertisers: dict[str, Advertiser] = {}
        self._domains: dict[str, str] = {}
        self._owners: dict[str, list[str]] = {}

    def owners(self, engine: Engine) -> Mapping[str, Sequence[str]]:
        """The advertisers of each domain."""
        self._read(engine)
        return self._owners

    def domain(self, engine: Engine, advertiser: str) -> str:
        """An advertiser's domain, or the shop's where it names none."""
        self._read(engine)
        return self._domains.get(advertiser) or engine.shop.settings.openrtb.domain

    def introduced(self, engine: Engine, decision: Decision) -> list[Slot]:
        """The slots of a decision, each saying on whose behalf it speaks and who pays."""
        self._read(engine)
        return [msgspec.structs.replace(slot, ad=self._introduced(slot.ad)) for slot in decision.slots]

    def _introduced(self, ad: ShownAd) -> ShownAd:
        owner = self._advertisers.get(ad.advertiser, Advertiser(ad.advertiser))
        return msgspec.structs.replace(ad, behalf=ad.behalf or owner.name, payer=ad.payer or owner.payer)

    def product(self, engine: Engine, name: str) -> Product:
        """A product, its prices in a currency that is named."""
        found = engine.world.catalogue.get(name) or Product(name, title="")
        return (
            found
            if found.currency
            else msgspec.structs.replace(found, currency=engine.shop.settings.currency)
        )

    def _read(self, engine: Engine) -> None:
        version = engine.world.versions.get("campaigns", "")
        if version == self._version:
            return
        control = Control(engine.shop.control)
        advertisers = control.advertisers()
        control.close()
        self._advertisers = {one.id: one for one in advertisers}
        self._domains = {one.id: one.domain.lower() for one in advertisers if one.domain}
        self._owners = {}
        shop = engine.shop.settings.openrtb.domain
        known = {campaign.advertiser for campaign in engine.world.index.campaigns}
        for advertiser in known | set(self._domains):
            if domain := self._domains.get(advertiser, shop):
                self._owners.setdefault(domain, []).append(advertiser)
        self._version = version
