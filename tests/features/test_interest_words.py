"""Interest in words: what everybody buys leads nobody's list; every term has its interval; both languages."""

from __future__ import annotations

from collections import Counter
from itertools import count

import numpy as np
import pytest

from hawker.features.interest_words import Background, InWords, Terms, Touch, in_words, touches
from hawker.features.phrases import Phrases
from hawker.features.state import State
from hawker.records.catalogue import Product, levels
from hawker.records.events import DAY, Event, EventKind
from hawker.simulate.behaviour import behaviour
from hawker.simulate.world import world

START = 1_700_000_000_000_000
NOW = START + 30 * DAY
CATALOGUE = {
    product.id: product
    for product in (
        Product("milk", "Fresh milk", category="Food > Milk", brand="Farm"),
        Product("k1", "Dragon stunt kite", category="Toys > Kites", brand="Skye", color="Red"),
        Product("k2", "Shark stunt kite", category="Toys > Kites", brand="Skye", color="Blue"),
        Product("k3", "Stunt kite line", category="Toys > Kites", brand="Gust", color="Red"),
        Product("tent", "Dome tent", category="Outdoor > Tents", brand="Gust", color="Blue"),
        *(Product(f"o{n}", f"Other thing {n}", category=f"Shop > Aisle {n % 9}") for n in range(40)),
    )
}


@pytest.fixture(scope="module")
def state() -> State:
    """Eighty shoppers buy milk each week and something else; ann buys milk, too, and kites."""
    made, number, rng = State(), count(), np.random.default_rng(3)
    made.codes.learn_products(CATALOGUE.values())
    events = []

    def deed(who: str, product: str, day: float, kind: EventKind = EventKind.PURCHASE) -> None:
        events.append(
            Event(kind, START + round(day * DAY), id=f"e{next(number):05}", shopper=who, product=product)
        )

    for shopper in range(80):
        for week in range(4):
            deed(f"u{shopper}", "milk", 7 * week)
            deed(f"u{shopper}", f"o{rng.integers(40)}", 7 * week + 1)
    for week in range(4):
        deed("ann", "milk", 7 * week)
    for product, day in (("k1", 2), ("k2", 9), ("k3", 12), ("k1", 16)):
        deed("ann", product, day)
    deed("ann", "tent", 29, EventKind.CART)
    deed("ann", "tent", 29.01, EventKind.VIEW)
    deed("one", "k1", 3, EventKind.VIEW)
    made.fold(made.codes.encode(sorted(events, key=lambda event: (event.time, event.id))))
    return made


def told(state: State, who: str, **rest: object) -> InWords:
    found = touches(state, state.codes["shopper"].find(who), **rest)  # type: ignore[arg-type]
    return in_words(found, Background(state, Terms(CATALOGUE)), now=NOW)


def test_what_everybody_buys_leads_nobody(state: State):
    ann = told(state, "ann")
    names = {sort: [one.name for one in ann.of(sort)] for sort in ("category", "attribute", "phrase")}
    assert names["category"][0] == "Kites"
    assert {"Skye", "Red"} <= set(names["attribute"])
    assert "stunt kite" in names["phrase"]
    assert not {"Milk", "Food", "Farm", "milk", "fresh milk"} & {
        name for held in names.values() for name in held
    }
    kites = ann.lasting[0]
    assert kites.lift.n == 4
    assert 1 < kites.lift.low < kites.lift.value < kites.lift.high  # type: ignore[operator]
    assert 0 < kites.share < 1
    assert told(state, "u3").of("category") == ()


def test_what_is_recent_is_told_apart_from_what_lasts(state: State):
    ann = told(state, "ann")
    assert ann.of("category", recent=True)[0].name in {"Tents", "Outdoor"}
    assert ann.text() == "Over time: Kites, Outdoor, Red, stunt kite. Lately: Outdoor, Gust."
    assert ann.text("zh") == ("长期关注：Kites、Outdoor、Red、stunt kite。近期关注：Outdoor、Gust。")
    assert ann.text(say=str.upper).startswith("OVER TIME")


def test_searches_speak_in_the_shops_phrases_and_in_their_own(state: State):
    asked = [("stunt kites", NOW - DAY), ("power kite", NOW - DAY), ("Power kite ", NOW - DAY)]
    one = told(state, "one", searches=asked)
    assert [found.name for found in one.of("phrase", recent=True)][:2] == ["kite", "stunt"]
    assert {found.name: found.lift.n for found in one.of("phrase")}["stunt"] == 2  # a page, a search
    assert told(state, "nobody", searches=[("", NOW), ("\U0001fa81", NOW)]).of("category") == ()


def test_an_empty_or_old_history_says_nothing(state: State):
    assert told(state, "nobody") == InWords()
    assert told(state, "nobody").text() == "Nothing sets this shopper apart from others yet."
    shop = Background(state, Terms(CATALOGUE))
    old = [Touch("k1", "", 1.0, NOW - 900 * DAY)]
    assert in_words(old, shop, now=NOW) == InWords()
    gone = [Touch("no such product", "", 1.0, NOW)]
    assert in_words(gone, shop, now=NOW) == InWords()


def test_long_counts_of_purchases_reach_further_than_the_latest_touches(state: State):
    shop = Background(state, Terms(CATALOGUE))
    tents = in_words([Touch("milk", "", 1.0, NOW)], shop, now=NOW, bought={"tent": 3.0})
    assert tents.of("category")[0].name in {"Tents", "Outdoor"}
    assert tents.of("category", recent=True) == ()


def test_phrases_are_words_that_attract_each_other():
    titles = [f"trail running {thing}" for thing in ("shoes", "vest", "cap", "socks")]
    shop = Phrases.fit([*titles, "running late book", "vest for dogs", "shoes and socks", *titles])
    assert shop.of("Trail Running Shoes (2 pack)") == ["trail running", "trail", "running", "shoe"]
    assert shop.of("") == shop.of("12 34") == []
    chinese = Phrases.fit(
        ["真无线蓝牙耳机 黑色", "真无线蓝牙耳机 白色", "头戴无线蓝牙耳机", "有线耳机", "蓝牙键盘"]
    )
    assert any("蓝牙" in phrase for phrase in chinese.of("无线蓝牙耳机"))
    assert len(Phrases.fit([])) == 0


def test_in_an_invented_shop_it_names_what_shoppers_truly_care_for_better_than_counting_does():
    truth = world("zh", shoppers=200, days=60)
    made = State()
    made.codes.learn_products(truth.products)
    made.fold(made.codes.encode(behaviour(truth)))
    terms = Terms({product.id: product for product in truth.products}, language="zh")
    background, now = Background(made, terms), truth.start + 60 * DAY
    leaf = {product.id: levels(product.category)[-1] for product in truth.products}
    shelves, shelf = np.unique(list(leaf.values()), return_inverse=True)
    care = truth.people.interest[-1][:, truth.goods.family] @ np.eye(len(shelves))[shelf]
    cares = dict(zip(shelves.tolist(), (care / np.bincount(shelf)).T, strict=True))
    ours, counted = [], []
    for number, name in enumerate(truth.people.ids):
        done = touches(made, made.codes["shopper"].find(name))
        found = [one.name for one in in_words(done, background, now=now).of("category")]
        named = [one for one in found if one in cares]
        if named:
            most = Counter(leaf[touch.product] for touch in done).most_common(1)[0][0]
            ours.append(cares[named[0]][number])
            counted.append(cares[most][number])
    assert len(ours) > 80
    assert np.mean(ours) > np.mean(counted) > 0.3
