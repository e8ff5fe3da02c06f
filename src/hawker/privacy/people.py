"""Whom nothing may be learned of: who refused, is a minor, switched interests off; and of which goods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hawker.privacy.pseudonym import Naming
from hawker.records.catalogue import within
from hawker.records.events import EventKind
from hawker.records.shopper import declared_minor, minor

if TYPE_CHECKING:
    from hawker.storage.shop import Shop


@dataclass(frozen=True)
class OnRecord:
    """Shoppers who refuse personalised ads, and shoppers who are known to be minors."""

    opted_out: frozenset[str] = frozenset()
    minors: frozenset[str] = frozenset()


def on_record(shop: Shop) -> OnRecord:
    """By the table of shoppers, or by an event; once declared a minor, a minor for all their events."""
    from hawker.storage import tables
    from hawker.storage.event_log import EventLog

    connection = tables.connect(threads=1)
    EventLog(shop.events).view(connection)
    kinds = f"('{EventKind.OPT_OUT}', '{EventKind.ATTRIBUTES}')"
    said = f"SELECT DISTINCT shopper, kind, attributes FROM events WHERE kind IN {kinds} AND shopper <> ''"
    refused, young = set(), set()
    year = datetime.now(UTC).year
    for shopper, kind, attributes in connection.execute(said).fetchall():
        if kind == EventKind.OPT_OUT:
            refused.add(shopper)
        elif declared_minor(_texts(attributes), year=year):
            young.add(shopper)
    if shop.table("shoppers").is_file():
        query = f"SELECT id, opted_out, age_band FROM {tables.quoted(shop.table('shoppers'))}"
        naming = Naming(shop)
        for given, opted_out, age_band in connection.execute(query).fetchall():
            shopper = naming.of(given)
            refused |= {shopper} if opted_out else set()
            young |= {shopper} if minor(age_band or "") else set()
    return OnRecord(frozenset(refused), frozenset(young))


def unprofiled(shop: Shop) -> frozenset[str]:
    """The names, as the log has them, of all shoppers whose behaviour may be put to no use."""
    known = on_record(shop)
    return known.opted_out | known.minors | _without_interests(shop)


def sensitive(shop: Shop) -> frozenset[str]:
    """The products of the shop's special categories: nothing is learned from who met them."""
    special = shop.settings.special_categories
    if not special:
        return frozenset()
    return frozenset(one.id for one in shop.catalogue.values() if within(one.category, special))


def _without_interests(shop: Shop) -> frozenset[str]:
    from hawker.storage.preferences import Choices

    if isinstance(shop.control, Path) and not shop.control.is_file():
        return frozenset()
    choices = Choices(shop.control)
    try:
        return frozenset(name for name, wishes in choices.all().items() if not wishes.interests)
    finally:
        choices.close()


def _texts(document: str) -> Mapping[str, str]:
    found = json.loads(document or "{}")
    return {str(name): str(value) for name, value in found.items()}
