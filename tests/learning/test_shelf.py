"""The recommender as a step of training: judged on later baskets, promoted unless it is worse, or why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hawker import Shop, recommend
from hawker.learning import shelf
from hawker.recommend.fitting import Course
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind
from hawker.statistics import Estimate
from hawker.storage.event_log import EventLog
from hawker.storage.models import ModelStore
from hawker.storage.shop import Settings
from hawker.storage.tables import write_products

pytest.importorskip("scipy")
PLAIN = Course(sequence=None)


def sold(shop: Shop, *, visits: range, shoppers: int = 60, step: int = 1) -> None:
    """At each visit a shopper takes what follows, on a ring of eight, what they took before; and a test."""
    dice = np.random.default_rng(visits.start)
    events = []
    for who in range(shoppers):
        for visit in visits:
            then = (19_000 + 7 * visit) * DAY + int(dice.integers(DAY))
            for item in (f"p-{(who + step * visit) % 8}", "test"):
                name = f"{visit}-{who}-{item}"
                events.append(Event(EventKind.PURCHASE, then, id=name, shopper=f"s-{who}", product=item))
    EventLog(shop.events).append(events)


def shop_of(folder: Path, **settings: Any) -> Shop:
    shop = Shop.create(folder, Settings(name="Ring", **settings))
    products = [Product(f"p-{n}", f"Number {n}", category="Shop > Ring") for n in range(8)]
    write_products(shop.table("catalogue"), [*products, Product("test", "A test", category="Health > Tests")])
    return shop


def test_it_is_judged_on_later_baskets_and_then_serves(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / "shop", special_categories=("Health",))
    sold(shop, visits=range(4))
    steps: list[tuple[str, float]] = []
    made = shelf.stock(shop, how=PLAIN, progress=lambda step, share: steps.append((step, share)))
    assert made.judged is not None
    assert made.judged.baskets >= shelf.LEAST
    assert made.judged.ndcg["recommender"].value == pytest.approx(1.0, abs=0.01), "the ring is easily learned"
    assert made.judged.ndcg["trending"].high < made.judged.ndcg["recommender"].low  # type: ignore[operator]
    assert made.judged.over["own"].low > 0  # type: ignore[operator]
    assert (made.promoted, made.reason) == (True, "")
    assert ModelStore(shop.models).promoted(recommend.MODEL) == made.version
    assert [share for _, share in steps] == sorted(share for _, share in steps)
    model = recommend.load(shop)
    assert model is not None
    assert model.with_it.of(model.code("test"))[0].size == 0, "nothing is learned of special categories"


def test_one_that_serves_is_compared_on_what_neither_has_seen(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / "shop")
    sold(shop, visits=range(3))
    first = shelf.stock(shop, how=PLAIN)
    again = shelf.stock(shop, how=PLAIN)
    assert again.judged is not None
    assert not again.judged.over["served"], "it has seen all of them"
    assert "all but 0" in again.judged.over["served"].reason
    sold(shop, visits=range(3, 12), step=3)  # tastes have changed
    later = shelf.stock(shop, how=PLAIN)
    assert later.judged is not None
    assert later.judged.over["served"].low > 0  # type: ignore[operator]
    assert later.promoted
    assert ModelStore(shop.models).line(recommend.MODEL) == (later.version, again.version, first.version)


def test_what_foretells_less_does_not_serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    worse = Estimate(-0.2, -0.3, -0.1)
    assert shelf._worse({"trending": worse}) == "below_trending"
    assert shelf._worse({"trending": Estimate(-0.1, -0.2, 0.1), "served": worse}) == "below_served"
    assert shelf._worse({"own": worse}) == ""
    shop = shop_of(tmp_path / "shop")
    sold(shop, visits=range(3))
    monkeypatch.setattr(shelf, "_worse", lambda _over: "below_served")
    made = shelf.stock(shop, how=PLAIN)
    assert (made.promoted, made.reason) == (False, "below_served")
    assert ModelStore(shop.models).promoted(recommend.MODEL) is None
    assert ModelStore(shop.models).versions(recommend.MODEL) == [made.version]


def test_too_little_to_learn_from_says_so(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / "shop")
    assert shelf.stock(shop).reason == "few_baskets"
    sold(shop, visits=range(1))
    assert shelf.stock(shop).reason == "few_baskets"
    assert set(shelf.REASONS) == {"few_baskets", "below_trending", "below_served"}


def test_many_products_go_without_what_compares_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    histories = recommend.Histories.of([[0, 1], [1, 2]], ("a", "b", "c"))
    assert shelf.course(histories).nearby is not None
    monkeypatch.setattr(shelf, "MANY", 2)
    assert (shelf.course(histories).nearby, shelf.course(histories).ease) == (None, None)
