"""A small shop's recommender: fitted from its log, kept, loaded, asked for every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hawker import Shop, recommend
from hawker.errors import BadInput, Corrupt
from hawker.recommend.fitting import Course
from hawker.recommend.kinds import Recommendations
from hawker.recommend.sequence import Sequence
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind
from hawker.records.preferences import Preferences
from hawker.storage.event_log import EventLog
from hawker.storage.preferences import Choices
from hawker.storage.shop import Settings
from hawker.storage.tables import write_products

pytest.importorskip("scipy")
SHELVES = ("tea", "pan", "sock")
PLAIN = Course(sequence=None)


def grocer(folder: Path, *, shoppers: int = 120) -> Shop:
    """Shoppers of three shelves: each visit takes two neighbours of a ring of five; then one more, again.

    `new-tea` has never sold. `s-0` has opted out; `s-1` has bought nothing but socks.
    """
    shop = Shop.create(folder, Settings(name="Grocer"))
    items = [(f"{shelf}-{n}", shelf) for shelf in SHELVES for n in range(5)] + [("new-tea", "tea")]
    products = [Product(name, f"{shelf} number {name}", category=f"Shop > {shelf}") for name, shelf in items]
    write_products(shop.table("catalogue"), products)
    rng = np.random.default_rng(0)
    events = []
    for shopper in range(shoppers):
        shelf, first = SHELVES[(shopper + 1) % 3], int(rng.integers(5))
        for visit in range(3):
            time = (19_000 + 7 * visit + int(rng.integers(3))) * DAY
            for n in (first + visit, first + visit + 1):
                events.append(
                    Event(
                        EventKind.PURCHASE,
                        time,
                        id=f"{shopper}-{visit}-{n}",
                        shopper=f"s-{shopper}",
                        product=f"{shelf}-{n % 5}",
                        session=f"{shopper}-{visit}",
                    )
                )
    events.append(Event(EventKind.OPT_OUT, 19_030 * DAY, id="out", shopper="s-0"))
    EventLog(shop.events).append(events)
    return shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return grocer(tmp_path_factory.mktemp("grocer"))


@pytest.fixture(scope="module")
def shelf(shop: Shop) -> Recommendations:
    recommend.keep(shop, recommend.fit(shop, how=PLAIN))
    found = recommend.load(shop)
    assert found is not None
    return found


def named(shelf: Recommendations, codes: np.ndarray) -> list[str]:
    return [shelf.names[code] for code in codes]


def test_histories_of_a_shop(shop: Shop) -> None:
    histories = recommend.read(shop)
    assert "s-0" not in histories.shoppers
    assert len(histories) == 119
    assert set(histories.sizes.tolist()) == {6}
    past = histories.past(histories.shoppers.index("s-1"))
    assert past.step.tolist() == [0, 0, 1, 1, 2, 2]
    assert all(histories.names[code].startswith("sock") for code in past.items)
    assert recommend.read(shop, without=["s-1"]).shoppers.count("s-1") == 0


def test_nothing_is_read_of_what_is_nobodys_business(tmp_path: Path) -> None:
    shop = grocer(tmp_path, shoppers=12)
    choices = Choices(shop.control)
    choices.put("s-2", Preferences(interests=False))
    choices.close()
    (shop.folder / "shop.toml").write_text('name = "Grocer"\nspecial_categories = ["shop > tea"]\n')
    shop = Shop(shop.folder)
    histories = recommend.read(shop)
    assert not {"s-0", "s-2"} & set(histories.shoppers)
    assert "s-1" in histories.shoppers
    taken = {histories.names[code] for code in histories.items.tolist()}
    assert {name.partition("-")[0] for name in taken} == {"pan", "sock"}


def test_for_you_stays_on_the_shelf_and_is_new(shelf: Recommendations) -> None:
    ranked = shelf.for_you(shelf.codes(["pan-0", "pan-1"]), 3)
    assert set(named(shelf, ranked.codes)) == {"pan-2", "pan-3", "pan-4"}
    assert set(named(shelf, ranked.sources)) <= {"pan-0", "pan-1"}


def test_nobody_is_left_without(shelf: Recommendations) -> None:
    ranked = shelf.for_you([], 4)
    assert len(ranked.codes) == 4
    assert set(ranked.sources.tolist()) == {-1}
    assert len(shelf.for_you(shelf.codes(["nothing"]), 4).codes) == 4


def test_the_next_purchase_may_be_an_old_one(shelf: Recommendations) -> None:
    past = shelf.codes(["tea-0", "tea-1"])
    again = shelf.next_purchase(past, 5)
    assert set(named(shelf, again.codes)) & {"tea-0", "tea-1"}
    assert not set(named(shelf, shelf.for_you(past, 5).codes)) & {"tea-0", "tea-1"}


def test_what_is_similar_may_never_have_sold(shelf: Recommendations) -> None:
    assert "new-tea" in named(shelf, shelf.similar(shelf.code("tea-2"), 5).codes)
    assert {name[:3] for name in named(shelf, shelf.similar(shelf.code("new-tea"), 3).codes)} == {"tea"}


def test_together_means_one_basket(shelf: Recommendations) -> None:
    assert set(named(shelf, shelf.together(shelf.code("sock-2"), 5).codes)) == {"sock-1", "sock-3"}
    whole = shelf.complete(shelf.codes(["sock-1", "sock-2"]), 5)
    assert set(named(shelf, whole.codes)) == {"sock-0", "sock-3"}
    assert named(shelf, whole.sources)[named(shelf, whole.codes).index("sock-3")] == "sock-2"


def test_what_trends_and_what_is_allowed(shelf: Recommendations) -> None:
    among = np.zeros(len(shelf.names), dtype=bool)
    among[shelf.codes(["tea-3", "sock-4"])] = True
    for ranked in (shelf.trending(5, among=among), shelf.for_you([0], 5, among=among)):
        assert set(named(shelf, ranked.codes)) == {"tea-3", "sock-4"}


def test_how_it_came_about_is_on_record(shop: Shop) -> None:
    fitted = recommend.fit(shop, how=PLAIN)
    recipe = fitted.recipe()
    assert recipe["blends"]["new"]["on"] > 50
    assert recipe["blends"]["new"]["ndcg"] >= max(recipe["blends"]["new"]["alone"].values())
    assert 0.5 < recipe["blends"]["new"]["ndcg"] <= 1.0


def test_a_network_takes_part_where_it_can_be_had(shop: Shop) -> None:
    tight = recommend.fit(shop, how=Course(most_seconds=1e-9))
    assert "are allowed" in tight.left_out["sequence"] or "torch" in tight.left_out["sequence"]
    pytest.importorskip("torch", reason="the transformer is trained with torch")
    histories = recommend.read(shop)
    fitted = recommend.fit(histories, how=Course(sequence=Sequence(size=8, blocks=1, epochs=2)))
    assert "sequence" in fitted.weighed["new"].alone
    assert fitted.left_out.keys() == {"nearby"}


def test_a_shop_without_sales_says_so(tmp_path: Path) -> None:
    empty = Shop.create(tmp_path)
    write_products(empty.table("catalogue"), [Product("a", "A")])
    with pytest.raises(BadInput, match=r"no purchase.*Ingest"):
        recommend.fit(empty)
    assert recommend.load(empty) is None


def test_few_shoppers_get_weights_untried(tmp_path: Path) -> None:
    fitted = recommend.fit(grocer(tmp_path, shoppers=6), how=PLAIN)
    assert fitted.weighed["new"].histories == 0
    assert len(fitted.recommendations.for_you([0], 3).codes) == 3


def test_a_torn_part_is_named(shop: Shop, shelf: Recommendations, tmp_path: Path) -> None:  # noqa: ARG001
    shelf.save(tmp_path)
    (tmp_path / "with_it.npz").unlink()
    with pytest.raises(Corrupt, match=r"lacks with_it"):
        Recommendations.load(tmp_path)
