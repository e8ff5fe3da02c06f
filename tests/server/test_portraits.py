"""Profile and story over HTTP: told in both languages, to the shop alone, and not of who refuses."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import shops
from tests.server.client import Client

from hawker.features import story
from hawker.privacy import erasure
from hawker.records.events import Event, EventKind
from hawker.server import app, portraits
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shops.tiny(tmp_path / "shop")


@pytest.fixture
def client(shop: Shop) -> Iterator[Client]:
    with Client(app(shop)) as made:
        yield made


def test_a_story_is_told_as_text_and_deed_by_deed(client: Client):
    found = client.get("/v1/shoppers/u-1/story").json()
    assert found["text"] == "bought Green tea; bought Green tea; bought Green tea"
    assert [deed["kind"] for deed in found["deeds"]] == ["purchase"] * 3
    assert client.get("/v1/shoppers/u-1/story?language=zh&most=1").json() == {
        "shopper": "u-1",
        "text": "购买Green tea",
        "deeds": found["deeds"][-1:],
        "earlier": 2,
    }
    assert client.get("/v1/shoppers/nobody/story").json()["reason"] == "no_history"
    assert client.get("/v1/shoppers/u-1/story?language=fr").status_code == 400
    for most in ("0", "x", str(portraits.MOST + 1)):
        assert client.get(f"/v1/shoppers/u-1/story?most={most}").status_code == 400


def test_interest_in_words_comes_with_the_profile(client: Client):
    words = client.get("/v1/shoppers/u-1/profile").json()["interest"]["words"]
    assert words == {"lasting": [], "recent": []}  # the only shopper of a shop differs from nobody
    engine = client.application.engine
    assert engine is not None
    assert portraits.background(engine) is portraits.background(engine)


def test_of_who_refuses_there_is_no_story(client: Client):
    client.request("PUT", "/v1/shoppers/u-1/preferences", json={"interests": False})
    found = client.get("/v1/shoppers/u-1/story").json()
    assert found == {"shopper": "u-1", "text": "", "reason": "refused"}
    assert client.get("/v1/shoppers/u-1/profile").status_code == 200


def searched(shop: Shop, *, shopper: str, words: str) -> None:
    """One search more in the log, before the shop is served."""
    event = Event(EventKind.SEARCH, shops.NOW - 1, id=f"s-{shopper}", shopper=shopper, query=words)
    EventLog(shop.events).append([event])


def test_what_a_forgotten_shopper_searched_is_dropped_at_once(shop: Shop):
    searched(shop, shopper="u-1", words="purple bagpipes")
    searched(shop, shopper="u-2", words="tea pot")
    with Client(app(shop)) as client:
        engine = client.application.engine
        assert engine is not None
        held = weakref.ref(portraits.background(engine))
        assert any("purple" in words for _, words in held().count)
        assert client.request("DELETE", "/v1/shoppers/u-1").status_code == 200
        gc.collect()
        assert held() is None
        after = {words for _, words in portraits.background(engine).count}
        assert "tea" in after
        assert not any("purple" in words for words in after)


def test_of_whom_is_being_forgotten_no_search_is_counted(shop: Shop):
    searched(shop, shopper="u-1", words="purple bagpipes")
    searched(shop, shopper="u-2", words="tea pot")
    assert story.asked(shop) == {"purple bagpipes": 1, "tea pot": 1}
    erasure.begin(shop, "u-1")
    assert story.asked(shop) == {"tea pot": 1}
