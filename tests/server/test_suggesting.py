"""What was learned is told with how good it is, and a campaign is advised whom to aim at, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.audience import market
from tests.server.client import Client
from tests.server.test_audiences import Asker

from hawker.audience import members
from hawker.records.audience import Audience, Kind
from hawker.records.campaign import Ad, Campaign, Pricing
from hawker.records.key import Rates, Role
from hawker.server import app, gathering
from hawker.storage.control import Control
from hawker.storage.keys import Keys
from hawker.storage.shop import Shop

pytest.importorskip("lightgbm", reason="LightGBM is not installed (extra 'train')")
UNIT = market.UNIT
AUDIENCES = (
    Audience("cooks", Kind.LIST, name="Cooks", shared=True),
    Audience("runners", Kind.LIST),
    Audience("rivals", Kind.LIST, advertiser="Rival"),
    Audience("alike", Kind.LOOKALIKE, seed="runners", share=0.25, shared=True),
    Audience("few", Kind.LOOKALIKE, seed="handful", share=0.25, shared=True),
    Audience("handful", Kind.LIST),
)


@pytest.fixture(scope="module")
def askers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asker, Asker, Shop]]:
    """The shop, the advertiser Hare, and the market itself."""
    shop, _ = market.opened(tmp_path_factory.mktemp("market") / "shop", rates=Rates(guest=0))
    for name, (start, end) in {"cooks": (1, 300), "runners": (0, 183), "rivals": (0, 300)}.items():
        members.upload(shop, name, [market.shopper(number) for number in range(start, end, 3)])
    members.upload(shop, "handful", [market.shopper(number) for number in range(0, 90, 3)])
    terms = {"pricing": Pricing.CPM, "bid": 10 * UNIT, "total_budget": 2 * UNIT}
    control = Control(shop.control)
    control.put([Campaign("c-hare", advertiser="Hare", **terms), Campaign("c-rival", advertiser="Rival")])
    control.put([Campaign("c-empty", advertiser="Hare"), Ad("a-1", "c-hare", "shoe")])
    control.put(list(AUDIENCES))
    control.close()
    gathering.refreshed(shop, only=["alike", "few"])
    gathering.due(shop, now=time.time())  # the schedule has nothing to do while this runs
    keys, now = Keys(shop.control), time.time_ns() // 1000
    house = keys.create(Role.SHOP, now=now)[1]
    guest = keys.create(Role.ADVERTISER, now=now, advertiser="Hare")[1]
    keys.close()
    with Client(app(shop)) as client:
        yield Asker(client, house), Asker(client, guest), shop


def test_how_good_a_lookalike_is_is_told_in_figures_and_words(askers: tuple[Asker, Asker, Shop]) -> None:
    house, guest, _ = askers
    told = house("GET", "audiences/alike/size").json()
    figure = told["judged"]["figures"]["average_precision"]
    assert (told["judged"]["way"], told["judged"]["members"], told["judged"]["better"]) == (
        "held_out",
        61,
        True,
    )
    assert told["judged"]["base"] < figure["low"] < figure["value"] < figure["high"]
    assert "better than by chance" in told["judged_words"][0]
    chinese = house("GET", "audiences/alike/size?language=zh").json()["judged_words"]
    assert "能比随机更好" in chinese[0]
    rounded = guest("GET", "audiences/alike/size").json()["judged"]
    assert rounded["members"] == 60
    assert rounded["figures"]["average_precision"]["value"] == float(f"{figure['value']:.2g}")


def test_few_members_are_not_told_of(askers: tuple[Asker, Asker, Shop]) -> None:
    house, guest, _ = askers
    told = house("GET", "audiences/few/size").json()
    assert (told["judged"]["members"], told["judged"]["base"]) == (None, None)
    assert told["judged"]["figures"]["lift_10%"]["low"] > 0
    hidden = guest("GET", "audiences/few/size").json()
    assert (hidden["judged"], hidden["judged_words"]) == (None, [])


def test_a_campaign_is_advised_and_what_is_proposed_can_be_put(askers: tuple[Asker, Asker, Shop]) -> None:
    house, _, _ = askers
    found = house("POST", "audiences/suggest", {"campaign": "c-hare"}).json()
    best = found["choices"][0]
    assert best["audience"].startswith("buys-sport-running")
    assert best["lift"]["low"] > 0
    assert found["lead"]["low"] > 0
    assert found["advice"][0].startswith("Choose likeliest")
    weighed = {one["audience"] for one in found["choices"]} | {one["audience"] for one in found["unjudged"]}
    assert {"cooks", "alike"} <= weighed
    assert "rivals" not in weighed
    assert found["names"]["cooks"] == "Cooks"
    made = next(one for one in found["proposed"] if one["id"] == best["audience"])
    assert "advertiser" not in made
    assert house("PUT", f"audiences/{made['id']}", made).status_code == 201
    assert house("DELETE", f"audiences/{made['id']}").status_code == 204


def test_an_advertiser_is_advised_of_its_own_in_round_figures(askers: tuple[Asker, Asker, Shop]) -> None:
    _, guest, _ = askers
    for name in ("c-rival", "c-none"):
        told = guest("POST", "audiences/suggest", {"campaign": name})
        assert (told.status_code, "c-rival" in told.json()["remedy"]) == (404, False)
    found = guest("POST", "audiences/suggest", {"campaign": "c-hare", "language": "zh"}).json()
    weighed = {one["audience"] for one in found["choices"]} | {one["audience"] for one in found["unjudged"]}
    assert "cooks" in weighed
    assert not weighed & {"runners", "rivals", "handful"}
    assert set(found["names"]) == {"cooks", "alike", "few", *(one["id"] for one in found["proposed"])}
    for one in found["choices"]:
        assert one["members"] % 10 == 0
        for name in ("visits", "rate", "conversions", "net"):
            assert one[name]["value"] == float(f"{one[name]['value']:.2g}")
    assert found["advice"][0].startswith("建议选择")
    assert {one["advertiser"] for one in found["proposed"]} == {"Hare"}
    made = found["proposed"][0]
    assert guest("PUT", f"audiences/{made['id']}", made).status_code == 201


def test_a_campaign_without_products_is_answered_with_the_reason(askers: tuple[Asker, Asker, Shop]) -> None:
    found = askers[0]("POST", "audiences/suggest", {"campaign": "c-empty"}).json()
    assert (found["choices"], "none of its products" in found["reason"]) == ([], True)
    assert found["advice"] == [f"Nothing can be suggested: {found['reason']}."]


@pytest.mark.parametrize(
    "document", [{}, {"campaign": 3}, {"campaign": "c-hare", "language": "fr"}, {"x": ""}]
)
def test_what_is_no_question_is_refused(
    askers: tuple[Asker, Asker, Shop], document: dict[str, object]
) -> None:
    assert askers[0]("POST", "audiences/suggest", document).status_code == 400


def test_what_is_put_anew_is_not_told_by_what_it_was(askers: tuple[Asker, Asker, Shop]) -> None:
    house, _, _ = askers
    document = {"id": "few", "kind": "lookalike", "seed": "runners", "share": 0.2}
    assert house("PUT", "audiences/few", document).status_code == 200
    told = house("GET", "audiences/few/size").json()
    assert (told["judged"], told["computed"], told["reason"]) == (None, 0, "it is not computed yet")
