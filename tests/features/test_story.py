"""Behaviour as text: order, merging, both languages, bounds, what is masked, who has none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hawker.features import story
from hawker.privacy.pseudonym import Naming
from hawker.records.catalogue import Product
from hawker.records.events import SECOND, Event, EventKind
from hawker.records.preferences import Preferences
from hawker.simulate.behaviour import behaviour
from hawker.simulate.world import world
from hawker.storage.event_log import EventLog
from hawker.storage.preferences import Choices
from hawker.storage.shop import Pseudonyms, Settings, Shop
from hawker.storage.tables import write_products

NOW = 1_709_294_400 * SECOND
PRODUCTS = (
    Product("shoe", "Trail shoe 42", category="Sport > Running"),
    Product("test", "Early test", category="Health > Tests"),
    Product("tea", "<b>Green</b> tea; 🍵 loose", category="Grocery > Tea"),
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    settings = Settings(special_categories=("Health",), pseudonyms=Pseudonyms.KEYED)
    made = Shop.create(tmp_path / "shop", settings)
    write_products(made.table("catalogue"), PRODUCTS)
    return made


def live(shop: Shop, shopper: str, *deeds: tuple[EventKind, dict[str, Any]], gap: int = 120) -> None:
    """Deeds, `gap` seconds apart."""
    name = Naming(shop).of(shopper)
    EventLog(shop.events).append(
        [
            Event(kind, NOW + place * gap * SECOND, id=f"{shopper}-{place}", shopper=name, **rest)
            for place, (kind, rest) in enumerate(deeds)
        ]
    )


def test_a_history_is_told_in_order_and_in_both_languages(shop: Shop):
    live(
        shop,
        "u-1",
        (EventKind.SEARCH, {"query": "跑鞋"}),
        (EventKind.VIEW, {"product": "shoe"}),
        (EventKind.PURCHASE, {"product": "shoe", "quantity": 2.0}),
        (EventKind.AD_IMPRESSION, {"product": "tea"}),
        (EventKind.REVIEW, {"product": "shoe", "rating": 5.0, "text": "fits"}),
    )
    told = story.of(shop, "u-1")
    assert told.text() == (
        "searched 跑鞋; viewed Trail shoe 42; bought Trail shoe 42 ×2; reviewed Trail shoe 42: liked"
    )
    assert told.text("zh") == ("搜索跑鞋；浏览Trail shoe 42；购买Trail shoe 42×2；评价Trail shoe 42：满意")
    assert told.lines("en", offset=480)[0] == "2024-03-01 20:00  searched 跑鞋"
    assert told.shopper == Naming(shop).of("u-1") != "u-1"
    assert story.searches(shop, "u-1") == [("跑鞋", NOW)]
    assert story.asked(shop) == {"跑鞋": 1}
    assert told.text(longest=40) == "reviewed Trail shoe 42: liked"
    until = story.of(shop, "u-1", until=NOW + 200 * SECOND)
    assert [deed.kind for deed in until.deeds] == [EventKind.SEARCH, EventKind.VIEW]


def test_a_page_opened_and_read_again_is_one_deed(shop: Shop):
    opened = [(EventKind.CLICK, {"product": "shoe"}), (EventKind.VIEW, {"product": "shoe"})]
    live(shop, "u-1", *opened, (EventKind.VIEW, {"product": "shoe"}), gap=2)
    assert story.of(shop, "u-1").text() == "viewed Trail shoe 42 (2 times)"
    assert story.of(shop, "u-1").text("zh") == "浏览Trail shoe 42（2次）"


def test_markup_controls_and_personal_data_do_not_come_through(shop: Shop):
    live(
        shop,
        "u-1",
        (EventKind.VIEW, {"product": "tea"}),
        (EventKind.SEARCH, {"query": "<script>x</script> mail jane.doe@example.com\u0007"}),
        (EventKind.SEARCH, {"query": "<br>"}),
        (EventKind.SEARCH, {"query": "tea " * 50_000}),
        (EventKind.VIEW, {"product": "gone"}),
    )
    deeds = [deed.what for deed in story.of(shop, "u-1").deeds]
    assert deeds[:2] == ["Green tea, 🍵 loose", "mail j…@example.com"]
    assert deeds[2].endswith("tea…")
    assert len(deeds[2]) <= story.LONGEST
    assert deeds[3] == "gone"


def test_who_refuses_is_a_minor_or_wants_no_interests_has_no_story(shop: Shop):
    seen = (EventKind.VIEW, {"product": "tea"})
    live(shop, "no", seen, (EventKind.OPT_OUT, {}))
    live(shop, "kid", seen, (EventKind.ATTRIBUTES, {"attributes": {"age_band": "13-17"}}))
    live(shop, "off", seen)
    live(shop, "yes", seen, (EventKind.VIEW, {"product": "test"}))
    choices = Choices(shop.control)
    choices.put(Naming(shop).of("off"), Preferences(interests=False))
    choices.close()
    for shopper in ("no", "kid", "off"):
        told = story.of(shop, shopper)
        assert (told.deeds, told.reason, told.text()) == ((), "refused", "")
        assert "no story" in str(told)
    assert story.of(shop, "nobody").lines("zh") == ["没有该顾客的行为记录。"]
    assert [one.text() for one in story.all(shop)] == ["viewed Green tea, 🍵 loose"]  # and no pregnancy test


def test_long_histories_are_cut_at_the_old_end(shop: Shop):
    live(shop, "u-1", *((EventKind.VIEW, {"product": ("shoe", "tea")[n % 2]}) for n in range(7)))
    told = story.of(shop, "u-1", most=3)
    assert (len(told.deeds), told.earlier) == (3, 4)
    assert told.lines()[0] == "4 earlier"
    assert told.deeds[-1].time == NOW + 6 * 120 * SECOND
    assert list(story.all(shop, least=4, most=3)) == []


def test_reviews_without_stars_are_read_where_somebody_can(shop: Shop):
    def feeling(texts: Sequence[str]) -> list[float]:
        return [0.9 if "good" in text else 0.1 if "bad" in text else 0.5 for text in texts]

    words = ("good", "bad", "hm", "")
    live(shop, "u-1", *((EventKind.REVIEW, {"product": "tea", "text": text}) for text in words))
    felt = [deed.feeling for deed in story.of(shop, "u-1", feeling=feeling).deeds]
    assert felt == ["liked", "disliked", "mixed", ""]
    assert [deed.feeling for deed in story.of(shop, "u-1").deeds] == [""] * 4


def test_an_invented_shop_is_told_shopper_by_shopper(tmp_path: Path):
    made, truth = Shop.create(tmp_path / "shop"), world("zh", shoppers=30, days=20)
    write_products(made.table("catalogue"), truth.products)
    events = behaviour(truth)
    EventLog(made.events).append(events)
    told = list(story.all(made))
    assert len(told) > 15
    assert [one.shopper for one in told] == sorted(one.shopper for one in told)
    for one in told:
        times = [deed.time for deed in one.deeds]
        assert times == sorted(times)
    assert "搜索" in "".join(one.text("zh") for one in told)
