"""Every ad says whom it speaks for, who pays, what it was chosen by, and where that can be changed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests import shops
from tests.server.client import Client

from hawker.records.advertiser import Advertiser
from hawker.server import app
from hawker.storage.control import Control


@pytest.mark.parametrize(
    ("language", "profile", "pays"),
    [
        ("en", "what you have viewed and bought in this shop", "It is paid for by"),
        ("zh", "您在本店的浏览与购买", "费用由"),
    ],
)
def test_each_ad_carries_what_the_digital_services_act_asks(
    tmp_path: Path, language: str, profile: str, pays: str
) -> None:
    shop = shops.tiny(tmp_path / "shop", language=language)
    control = Control(shop.control)
    control.put_advertisers([Advertiser("Leaf", name="Leaf & Sons Ltd", payer="Leaf Holding")])
    control.close()
    with Client(app(shop)) as client:
        told = client.get("/v1/decide?placement=home&shopper=u-1").json()
        (ad, *_) = told["ads"]
        assert (ad["behalf"], ad["payer"]) == ("Leaf & Sons Ltd", "Leaf Holding")
        assert profile in ad["parameters"]
        why = client.get(ad["why"]).json()
        assert why["ads"][0]["on_behalf_of"] == "Leaf & Sons Ltd"
        assert why["ads"][0]["paid_by"] == "Leaf Holding"
        assert pays in why["ads"][0]["statement"]
        assert any("/preferences" in choice for choice in why["choices"])
        plain = client.get("/v1/decide?placement=home&shopper=u-1", headers={"Sec-GPC": "1"}).json()
        assert plain["path"] == "contextual"
        assert all(profile not in one["parameters"] for one in plain["ads"])


def test_an_advertiser_nobody_has_described_is_named_by_its_id(client: Client) -> None:
    for ad in client.get("/v1/decide?placement=home").json()["ads"]:
        assert ad["behalf"] == ad["advertiser"]
        assert "payer" not in ad
    assert msgspec.json.decode(client.get("/.well-known/gpc.json").content)["gpc"] is True
