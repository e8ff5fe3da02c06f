"""A server takes down what a changed catalogue has made untrue, and answers meanwhile."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests import shops
from tests.server.client import Client

from hawker.creative import proofing as looking
from hawker.creative import studio
from hawker.creative.desk import Desk
from hawker.creative.draft import Extractive
from hawker.records.creative import Creative
from hawker.records.draft import Brief
from hawker.server import app, proofing
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts
from hawker.storage.tables import write_products


def test_copy_comes_down_while_the_server_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofing, "SECONDS", 0.1)
    shop = shops.tiny(tmp_path / "shop")
    with closing(Control(shop.control)) as control, closing(Drafts(shop.control)) as drafts:
        sheet = studio.write(Extractive(), Brief(shops.PRODUCTS[0]), n=1)
        Desk(drafts, control, shop.catalogue).file([sheet], approver="ann")
    id, title = sheet.accepted[0].id, sheet.accepted[0].draft.parts["title"][0]
    with Client(app(shop)) as client, closing(Control(shop.control)) as control:
        assert words(client) == title
        tea, *others = shops.PRODUCTS
        write_products(shop.table("catalogue"), [replace(tea, title="Lentils", description=""), *others])
        until = time.monotonic() + 60
        while words(client) == title and time.monotonic() < until:
            time.sleep(0.1)
        assert words(client) == "Lentils"
        held = control.get("creative", id)
        assert isinstance(held, Creative)
        assert not held.approved
        assert looking.BY in {change.by for change in control.changes()}


def words(client: Client) -> str:
    """The headline that tea is shown with."""
    shown = client.post("/v1/decide", json={"placement": "home"}).json()["ads"]
    return str(next(one["headline"] for one in shown if one["product"] == "tea"))
