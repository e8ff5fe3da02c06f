"""Interests are there wherever products have vectors: served as replayed, folded anew by other vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests import shops

from hawker import Shop, delivery
from hawker.delivery import restore
from hawker.delivery.forgetting import forget, let_go
from hawker.delivery.record import features
from hawker.delivery.renew import Renewal, learn
from hawker.errors import Corrupt
from hawker.features.interests import Interests
from hawker.features.match import MADE_OF, MATCH, made_of
from hawker.language import annotate
from hawker.learning import load
from hawker.privacy import erasure
from hawker.ranking import Rule
from hawker.records.catalogue import Product
from hawker.records.decision import Request
from hawker.records.events import DAY, Event, EventKind
from hawker.storage import vectors
from hawker.storage.models import ModelStore
from hawker.storage.tables import write_products
from hawker.storage.vectors import About, ProductVectors, Space

IDS = tuple(product.id for product in shops.PRODUCTS)


def give(shop: Shop, *, encoder: str = "toy-1", seed: int = 1) -> ProductVectors:
    """Vectors of all four products, serving from now on."""
    drawn = np.random.default_rng(seed).normal(size=(len(IDS), 64))
    matrix = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return put(shop, matrix, encoder=encoder)


def put(
    shop: Shop, matrix: NDArray[np.float32], *, encoder: str = "toy-1", ids: tuple[str, ...] = IDS
) -> ProductVectors:
    """Let these vectors serve."""
    space = Space(f"{encoder}-64", encoder, np.zeros(64), np.zeros(64), np.eye(64))
    made = ProductVectors(ids, matrix, space, About(space.name, encoder))
    vectors.switch(shop, made)
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shops.tiny(tmp_path / "shop")


def interests(shop: Shop) -> Interests:
    with delivery.build(shop) as engine:
        held = engine.world.state.interests
        assert held is not None
        return held


def test_without_vectors_there_are_none(shop: Shop) -> None:
    with delivery.build(shop) as engine:
        assert engine.world.state.interests is None


def test_what_is_served_is_what_is_replayed_bit_for_bit(shop: Shop) -> None:
    made = give(shop)
    with delivery.build(shop) as engine:
        looked = [
            Event(EventKind.VIEW, shops.NOW + place, id=f"v-{place}", shopper="u-1", product=product)
            for place, product in enumerate(("jam", "sock", "pot", "jam", "tea", "unheard-of"))
        ]
        engine.observe(looked)
        state = engine.world.state
        state.catch_up(engine._arrival, shops.NOW + DAY)
        held = state.interests
        assert held is not None
        assert held.name.startswith(made.name)
        code = state.codes["shopper"].find("u-1")
        served = held.readings(code), held.several(code)[1]
    replay = load(shop)
    replay.to(replay.end)
    again = replay.state.interests
    assert again is not None
    assert again.name == held.name
    code = replay.state.codes["shopper"].find("u-1")
    assert served[0].any()
    assert again.readings(code).tobytes() == served[0].tobytes()
    assert again.several(code)[1].tobytes() == served[1].tobytes()


def test_a_snapshot_serves_until_the_vectors_are_others(shop: Shop) -> None:
    first = give(shop)
    held, waiting = restore.state(shop)
    held.fold(waiting)
    held.advance(shops.NOW)
    restore.keep(shop, held)
    kept, waiting = restore.state(shop)
    assert (kept.watermark, len(waiting)) == (shops.NOW, 0)
    tea = first.of(["tea"])[0]
    assert kept.interests is not None
    assert kept.interests.read(kept.codes["shopper"].find("u-1")) == pytest.approx(tea, abs=1e-6)
    second = give(shop, encoder="toy-2", seed=2)
    anew, waiting = restore.state(shop)
    assert (anew.watermark, len(waiting)) == (0, len(shops.BOUGHT))
    found = interests(shop)
    tea = second.of(["tea"])[0]
    assert found.read(0) == pytest.approx(tea, abs=1e-6)
    assert found.name != kept.interests.name


def test_vectors_that_cannot_be_read_stop_nobody(shop: Shop) -> None:
    give(shop)
    vectors.place(shop).write_bytes(b"half a file")
    with delivery.build(shop) as engine:
        assert engine.world.state.interests is None
        assert engine.decide(Request("home", shopper="u-1"), seed=1).slots
    with pytest.raises(Corrupt, match="cannot be read"):
        load(shop)


def test_a_forgotten_shopper_has_no_interest(shop: Shop) -> None:
    give(shop)
    with delivery.build(shop) as engine:
        held = engine.world.state.interests
        assert held is not None
        assert held.read(0).any()
        forget(engine, "u-1")
        assert not any(array[0].any() for array in held.arrays().values())
    assert not interests(shop).matrix().any()


def looked(engine: delivery.Engine, product: str, *, after: int, shopper: str = "u-1") -> None:
    """A view, taken in and folded."""
    moment = engine.tick() + after
    engine.observe(
        [Event(EventKind.VIEW, moment, id=f"w-{product}-{after}", shopper=shopper, product=product)]
    )
    engine.world.state.catch_up(engine._arrival, moment + DAY)


def test_a_server_changes_over_to_other_vectors_at_once(shop: Shop) -> None:
    give(shop)
    with delivery.build(shop) as engine:
        renewal = Renewal(engine)
        looked(engine, "jam", after=1)
        second = give(shop, encoder="toy-2", seed=2)
        found = renewal.seen()
        assert found != dict(engine.world.versions)
        made = renewal.renewed(found, now=engine.tick())
        before = engine.world.state.interests
        looked(engine, "pot", after=2)  # while the log was folded
        looked(engine, "sock", after=3, shopper="u-2")
        assert engine.world.state.interests is before
        renewal.take_over(made)
        assert renewal.seen() == dict(engine.world.versions)
        held, codes = engine.world.interests, engine.world.state.codes["shopper"]
        assert held is not None
        assert held.name.startswith(second.name)
        looked(engine, "tea", after=4)
        renewal.close()
        replay = load(shop)
        replay.to(engine.world.state.watermark)
    again = replay.state.interests
    assert again is not None
    assert again.name == held.name
    for name in ("u-1", "u-2"):
        served = held.readings(codes.find(name))
        assert served.any()
        assert again.readings(replay.state.codes["shopper"].find(name)).tobytes() == served.tobytes()


def test_whoever_is_forgotten_while_the_log_is_folded_does_not_come_back(shop: Shop) -> None:
    give(shop)
    with delivery.build(shop) as engine:
        renewal = Renewal(engine)
        give(shop, encoder="toy-2", seed=2)
        made = renewal.renewed(renewal.seen(), now=engine.tick())
        forget(engine, "u-1")
        renewal.take_over(made)
        renewal.close()
        assert engine.world.interests is not None
        assert not engine.world.interests.matrix().any()


def test_whoever_is_being_forgotten_is_not_read_from_the_log_again(shop: Shop) -> None:
    """The server has let go of a shopper whom the log still holds, for another has yet to let go."""
    give(shop)
    with delivery.build(shop) as engine:
        renewal = Renewal(engine)
        looked(engine, "jam", after=1)
        give(shop, encoder="toy-2", seed=2)
        made = renewal.renewed(renewal.seen(), now=engine.tick())
        looked(engine, "pot", after=2)  # released since the log was folded
        let_go(engine, erasure.begin(shop, "u-1"))
        renewal.take_over(made)
        renewal.close()
        assert engine.world.state.codes["shopper"].find("u-1") == -1
        assert engine.world.interests is not None
        assert not engine.world.interests.matrix().any()


def test_the_setting_gives_candidates_to_the_match(tmp_path: Path) -> None:
    """Two candidates of four products: tea and pot, which bids more; tea and jam with one by the match."""
    shop = shops.tiny(tmp_path / "shop", candidates=2, nearest=1)
    matrix = np.zeros((len(IDS), 64), dtype=np.float32)
    matrix[[IDS.index("tea"), IDS.index("jam")], 0] = 1.0
    matrix[[IDS.index("pot"), IDS.index("sock")], 1] = 1.0
    put(shop, matrix)
    asked = Request("home", shopper="u-1")
    with delivery.build(shop) as engine:
        assert engine.world.nearest == 1
        assert set(engine.decide(asked, seed=1).candidates.ads) == {"a-tea", "a-jam"}
        engine.world = replace(engine.world, nearest=0)
        assert set(engine.decide(asked, seed=1).candidates.ads) == {"a-tea", "a-pot"}


def test_a_query_is_read_by_the_table_of_the_vectors_that_serve(shop: Shop) -> None:
    """The table and the vectors are really made, by the floor; the page is about what the query says."""
    assert annotate.products(shop, "tfidf").products == len(IDS)
    asked = Request("home", query="plum jam")
    with delivery.build(shop) as engine:
        assert engine.world.reading is not None
        engine.world = replace(engine.world, model=Rule(MATCH, {"page_match": 1.0}), models={})
        decision = engine.decide(asked, seed=1)
        place = decision.candidates.feature_names.index("page_match")
        found = dict(zip(decision.candidates.ads, features(decision.candidates)[:, place], strict=True))
    assert max(found, key=lambda ad: found[ad]) == "a-jam"
    assert found["a-jam"] > found["a-pot"] + 0.2
    (shop.vectors / next(path.name for path in shop.vectors.glob("static*"))).write_bytes(b"torn")
    with delivery.build(shop) as engine:
        assert engine.world.reading is None
        assert engine.decide(asked, seed=1).slots


HONEY = Product("honey", "Lime honey", description="Of May.", category="Grocery > Honey", brand="Hill")


class Counted:
    """Another encoder: each text by its letters."""

    name, size = "letters-1", 26

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[text.lower().count(chr(97 + place)) for place in range(26)] for text in texts])
        return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)

    queries = passages


def promote(shop: Shop, recipe: dict[str, str]) -> None:
    """Let a model that looks at the match serve from now on."""
    model, store = Rule(MATCH, {"interest_long": 1.0}, recipe=recipe), ModelStore(shop.models)
    store.promote("ranker", store.save("ranker", model.save, model.recipe))


def follow(engine: delivery.Engine, renewal: Renewal) -> None:
    """Take over what changed in the folder, as a server does."""
    found = renewal.seen()
    assert found != dict(engine.world.versions)
    learn(engine.world.state.codes, renewal.products(found))
    renewal.take_over(renewal.renewed(found, now=engine.tick()))


def long(engine: delivery.Engine) -> dict[str, float]:
    """What the served model reads of u-1's long-term interest, by ad."""
    decision = engine.decide(Request("home", shopper="u-1"), seed=1)
    place = decision.candidates.feature_names.index("interest_long")
    return dict(zip(decision.candidates.ads, features(decision.candidates)[:, place].tolist(), strict=True))


def test_a_new_product_leaves_the_match_to_the_served_model_and_a_new_encoder_takes_it(shop: Shop) -> None:
    space = annotate.products(shop, "tfidf").name
    made = interests(shop)
    promote(shop, made_of(made, MATCH))
    with delivery.build(shop) as engine:
        renewal = Renewal(engine)
        before = long(engine)
        assert np.isfinite(list(before.values())).all()
        write_products(shop.table("catalogue"), [*shops.PRODUCTS, HONEY])
        again = Shop(shop.folder)
        assert annotate.products(again, "tfidf").name == space
        follow(engine, renewal)
        held = engine.world.interests
        assert held is not None
        assert held.name != made.name
        assert held.of_products(engine.world.state.codes["product"].codes(["honey"])).any()
        assert long(engine) == before
        with delivery.build(again) as started:
            assert long(started) == before
        assert annotate.products(again, Counted()).name != space
        follow(engine, renewal)
        assert engine.world.state.interests is not None
        assert np.isnan(list(long(engine).values())).all()
        renewal.close()


def test_a_recipe_with_the_digest_of_its_time_means_the_space(shop: Shop) -> None:
    give(shop)
    made = interests(shop)
    promote(shop, {MADE_OF: made.name})
    matrix = np.vstack([made.vectors, made.vectors[:1]])
    put(shop, matrix, ids=(*IDS, "honey"))
    with delivery.build(shop) as engine:
        assert engine.world.interests is not None
        assert engine.world.interests.name != made.name
        assert np.isfinite(long(engine)["a-tea"])
    put(shop, matrix, ids=(*IDS, "honey"), encoder="toy-10")
    with delivery.build(shop) as engine:
        assert np.isnan(long(engine)["a-tea"])
