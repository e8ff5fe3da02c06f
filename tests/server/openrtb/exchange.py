"""A shop that sells on an exchange, and an exchange to play with: three ads at 1.00, 0.90 and 0.80.

Tea of Leaf bids 1.00 a thousand, jam of Orchard 0.90, a pot of Leaf 0.80. Leaf and Orchard name their
domains and themselves; Hill's socks (by the click) cannot be priced here. One placement is off-site.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from tests import shops
from tests.shops import UNIT

from hawker import Shop
from hawker.records.advertiser import Advertiser
from hawker.records.campaign import Ad, Campaign
from hawker.records.catalogue import Product
from hawker.records.creative import Creative
from hawker.records.exchange import Exchange
from hawker.records.placement import Page, Placement
from hawker.server.openrtb.macros import in_address
from hawker.storage.control import Control
from hawker.storage.tables import write_products

PICTURE = "https://img.shop.example/tea.jpg"
PRODUCTS = (
    Product(
        "tea",
        "Green tea",
        description="Leaves of spring.",
        category="Grocery > Tea",
        price=12_500_000,
        sale_price=9_900_000,
        image=PICTURE,
        link="https://shop.example/tea",
    ),
    Product("pot", "Tea pot", category="Kitchen > Pots", link="https://shop.example/pot"),
    Product(
        "jam", 'Plum "jam" <b>', category="Grocery > Jam", price=3_000_000, image="http://img.example/jam.png"
    ),
)
CAMPAIGNS = (
    Campaign("c-leaf", advertiser="leaf", bid=1_000_000, total_budget=UNIT),
    Campaign("c-orchard", advertiser="orchard", bid=900_000),
    Campaign("c-pot", advertiser="leaf", bid=800_000),
)
ADS = (
    Ad("a-tea", "c-leaf", "tea", creative="cr-tea"),
    Ad("a-jam", "c-orchard", "jam"),
    Ad("a-pot", "c-pot", "pot"),
)
ADVERTISERS = (
    Advertiser("leaf", name="Leaf & Sons", payer="Leaf Holding", domain="leaf.example"),
    Advertiser("orchard", domain="orchard.example"),
)
CREATIVES = (
    Creative(
        "cr-tea", "tea", "Green tea from the mountains", description="First flush.", call_to_action="Try it"
    ),
)
PLACEMENTS = (
    Placement(name="home", page=Page.HOME, slots=2),
    Placement(name="away", page=Page.OFFSITE, slots=1),
)
SETTINGS = Exchange(
    address="https://ads.shop.example",
    domain="shop.example",
    categories={"IAB8": ("Grocery",), "IAB8-5": ("Grocery > Tea",), "IAB10": ("Kitchen",)},
)


def shop(folder: Path, **settings: Any) -> Shop:
    """The shop described above."""
    given: dict[str, Any] = {"placements": PLACEMENTS, "openrtb": SETTINGS, **settings}
    made = shops.tiny(folder, campaigns=(), **given)
    write_products(made.table("catalogue"), PRODUCTS)
    control = Control(made.control)
    control.remove("ad", [ad.id for ad in shops.ADS])
    control.put_advertisers(ADVERTISERS)
    control.put_campaigns(CAMPAIGNS)
    control.put_creatives(CREATIVES)
    control.put_ads(ADS)
    control.close()
    return made


def asks(**changes: Any) -> dict[str, Any]:
    """A request for one banner, with fields of its impression (`imp__…`) or of its own replaced."""
    imp: dict[str, Any] = {"id": "1", "banner": {"format": [{"w": 300, "h": 250}]}}
    whole: dict[str, Any] = {"id": "req-1", "imp": [imp], "site": {"domain": "news.example"}, "at": 1}
    for name, value in changes.items():
        place, key = (imp, name[5:]) if name.startswith("imp__") else (whole, name)
        if value is None:
            place.pop(key, None)
        else:
            place[key] = value
    return whole


def native(*assets: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """An `imp.native` that asks for assets, numbered from 1."""
    numbered = [{"id": place, **asset} for place, asset in enumerate(assets, 1)]
    return {"request": json.dumps({"ver": "1.2", "assets": numbered, **rest}), "ver": "1.2"}


def noticed(address: str, **values: str) -> str:
    """The path of a notice, its macros filled as an exchange would."""
    whole = in_address(address, {f"AUCTION_{name.upper()}": value for name, value in values.items()})
    return whole.removeprefix(SETTINGS.address)


def masked(answer: Any) -> Any:
    """An answer without what is new each time: ids of decisions and tokens."""
    text = json.dumps(answer, ensure_ascii=False)
    text = re.sub(r"d-[0-9a-z]{12}-[0-9a-z]{8}", "d-…", text)
    return json.loads(re.sub(r"(/v1/(?:openrtb2/)?\w+)/[\w-]{52}", r"\1/…", text))


def bids(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The bids of an answer."""
    return [bid for seat in answer["seatbid"] for bid in seat["bid"]]


def decoded(bid: dict[str, Any]) -> dict[str, Any]:
    """The native ad of a bid, its assets by id."""
    ad = msgspec.json.decode(bid["adm"])
    return {**ad, "assets": {asset["id"]: asset for asset in ad["assets"]}}
