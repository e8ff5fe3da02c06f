"""Profile and story over HTTP: told in both languages, to the shop alone, and not of who refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import shops
from tests.server.client import Client

from hawker.server import app, portraits
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
