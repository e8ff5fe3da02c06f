"""What the shop said no to stays down, whoever would like to see it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from tests import shops
from tests.server.client import Client
from tests.server.test_drafts import Asker, wrote

from hawker.records.creative import Creative
from hawker.records.key import Rates, Role
from hawker.server import app
from hawker.storage.control import Control
from hawker.storage.keys import Keys
from hawker.storage.shop import Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shops.tiny(tmp_path_factory.mktemp("refused") / "shop", rates=Rates(guest=0))


@pytest.fixture(scope="module")
def askers(shop: Shop) -> Iterator[dict[str, Asker]]:
    keys, now = Keys(shop.control), time.time_ns() // 1000
    secrets = {
        "shop": keys.create(Role.SHOP, now=now)[1],
        "Leaf": keys.create(Role.ADVERTISER, now=now, advertiser="Leaf")[1],
    }
    keys.close()
    with Client(app(shop)) as client:
        yield {name: Asker(client, secret) for name, secret in secrets.items()}


def standing(asker: Asker, name: str, *, verb: str, **said: Any) -> Any:
    return asker("POST", f"/v1/drafts/{name}/{verb}", said or None)


def test_an_advertiser_does_not_overrule_the_shops_refusal(askers: dict[str, Asker]) -> None:
    leaf, house = askers["Leaf"], askers["shop"]
    name = wrote(leaf, seed=50)[0]["id"]
    assert standing(house, name, verb="refuse", reason="not in our tone").status_code == 200
    assert standing(leaf, name, verb="approve").status_code == 403
    assert standing(house, name, verb="approve").json()["standing"] == "approved"
    assert standing(leaf, name, verb="refuse", reason="later").status_code == 200
    assert (
        standing(leaf, name, verb="approve").json()["standing"] == "approved"
    )  # its own word it may take back


def test_nor_brings_back_a_creative_that_the_shop_took_down(askers: dict[str, Asker], shop: Shop) -> None:
    leaf = askers["Leaf"]
    name = wrote(leaf, seed=51)[0]["id"]
    assert standing(leaf, name, verb="approve").status_code == 200
    control = Control(shop.control)
    held = control.get("creative", name)
    assert isinstance(held, Creative)
    control.put_creatives([replace(held, approved=False)], by="staff")
    assert standing(leaf, name, verb="approve").status_code == 403
    after = control.get("creative", name)
    control.close()
    assert isinstance(after, Creative)
    assert not after.approved


@pytest.mark.parametrize("seed", [-1, 1 << 60])
def test_a_seed_is_a_whole_number_from_nought(askers: dict[str, Asker], seed: int) -> None:
    told = askers["Leaf"]("POST", "/v1/drafts", {"product": "tea", "seed": seed})
    assert told.status_code == 400
    assert "seed" in told.text
