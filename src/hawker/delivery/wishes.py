"""Shoppers' own choices at hand for every decision, and on disk before they are acknowledged."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hawker.records.events import Event, EventKind
from hawker.records.preferences import Preferences
from hawker.retrieval.index import AdIndex
from hawker.storage.preferences import Choices
from hawker.storage.shop import Shop

MOST_HIDDEN = 1_000
"""Products a shopper may hide; with one more the oldest shows again."""


class Wishes:
    """The preferences of a shop's shoppers: `held` is what decisions read, and is edited in place."""

    def __init__(self, shop: Shop) -> None:
        self._choices = Choices(shop.control)
        self.held: dict[str, Preferences] = {}
        self._stand = (-1, -1)
        self.refresh()

    def of(self, shopper: str) -> Preferences:
        """What a shopper chose, or the defaults."""
        return self.held.get(shopper, Preferences())

    def put(self, shopper: str, wishes: Preferences) -> None:
        """Keep a choice; it holds from the next decision on."""
        self._choices.put(shopper, wishes)
        if wishes == Preferences():
            self.held.pop(shopper, None)
        else:
            self.held[shopper] = wishes

    def hide(self, events: Iterable[Event], index: AdIndex) -> None:
        """Never show again what shoppers hid; a hide that names an ad alone hides that ad's product."""
        for event in events:
            product = event.product or _product(event.ad, index)
            if event.kind is not EventKind.AD_HIDE or not event.shopper or not product:
                continue
            wishes = self.of(event.shopper)
            if product not in wishes.not_products:
                hidden = (*wishes.not_products, product)[-MOST_HIDDEN:]
                self.put(event.shopper, msgspec.structs.replace(wishes, not_products=hidden))

    def forget(self, shopper: str) -> bool:
        """Let go of a shopper's choices; says whether there were any."""
        self.held.pop(shopper, None)
        return self._choices.remove(shopper)

    def refresh(self) -> None:
        """Take over what other processes were told."""
        stand = self._choices.stand()
        if stand != self._stand:
            found = self._choices.all()
            self.held.clear()
            self.held.update(found)
            self._stand = stand

    def close(self) -> None:
        """Close the database."""
        self._choices.close()


def _product(ad: str, index: AdIndex) -> str:
    """The product of an ad; '' where the ad is gone."""
    found = next((place for place, name in enumerate(index.ids) if name == ad), -1) if ad else -1
    return str(index.product_names[found]) if found >= 0 else ""
