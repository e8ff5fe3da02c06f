"""Whom nothing may be learned of: by event, by declaration, by their own choice."""

from __future__ import annotations

from pathlib import Path

from hawker.privacy.people import on_record, unprofiled
from hawker.privacy.pseudonym import Naming
from hawker.records.events import Event, EventKind
from hawker.records.preferences import Preferences
from hawker.storage.event_log import EventLog
from hawker.storage.preferences import Choices
from hawker.storage.shop import Shop


def test_refusals_minors_and_switched_off_interests_are_found_under_their_names_in_the_log(tmp_path: Path):
    shop = Shop.create(tmp_path / "shop")
    assert unprofiled(shop) == frozenset()
    name = Naming(shop).of
    EventLog(shop.events).append(
        [
            Event(EventKind.OPT_OUT, 1, id="a", shopper=name("no")),
            Event(EventKind.ATTRIBUTES, 2, id="b", shopper=name("kid"), attributes={"age_band": "13-17"}),
            Event(EventKind.ATTRIBUTES, 3, id="c", shopper=name("old"), attributes={"age_band": "35-44"}),
            Event(EventKind.VIEW, 4, id="d", shopper=name("yes"), product="tea"),
        ]
    )
    choices = Choices(shop.control)
    choices.put(name("off"), Preferences(interests=False))
    choices.put(name("fewer"), Preferences(fewer=True))
    choices.close()
    assert on_record(shop).opted_out == {name("no")}
    assert on_record(shop).minors == {name("kid")}
    assert unprofiled(shop) == {name("no"), name("kid"), name("off")}
