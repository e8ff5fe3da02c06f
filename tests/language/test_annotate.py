"""The products' vectors: each text once, what was done is kept, and the floor does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests import shops

from hawker.errors import BadReply, Corrupt, Unreachable
from hawker.language import annotate, encoder
from hawker.language.care import Vectors, careful
from hawker.records.catalogue import Product
from hawker.storage import vectors
from hawker.storage.shop import Shop
from hawker.storage.tables import write_products

MORE = (*shops.PRODUCTS, Product("cup", "Tea cup", category="Kitchen > Cups", brand="Leaf"))


class Counted:
    """Letters as numbers: 26 of them, counted; breaks after `lasts` texts; knows no Chinese."""

    size = 26

    def __init__(self, name: str = "letters-1", *, lasts: int = 1_000_000) -> None:
        self.name = name
        self.lasts = lasts
        self.asked: list[str] = []

    def passages(self, texts: Sequence[str]) -> Vectors:
        if len(self.asked) >= self.lasts:
            raise Unreachable("The letters ran out.")
        self.asked.extend(texts)
        return careful(texts, self._count, size=self.size)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return careful(texts, self._count, size=self.size)

    def _count(self, texts: list[str]) -> Vectors:
        return np.array([[text.lower().count(chr(97 + i)) for i in range(26)] for text in texts], np.float32)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shops.tiny(tmp_path / "shop", encoder="tfidf")


def test_products_get_vectors_in_the_shops_space(shop: Shop) -> None:
    assert vectors.products(shop) is None
    made = annotate.products(shop)
    held = vectors.products(shop)
    assert held is not None
    assert held.ids == tuple(product.id for product in shops.PRODUCTS)
    assert held.matrix.shape == (4, 64)
    assert np.linalg.norm(held.matrix, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert held.name == made.name
    assert held.name.startswith("tfidf-64-")
    assert (made.products, made.texts, made.embedded, made.findings) == (4, 4, 4, ())
    assert (held.of(["jam", "nothing"]) == [held.matrix[2], np.zeros(64)]).all()
    assert held.space.project(encoder("tfidf", shop=shop).passages(["Green tea"]))[0] @ held.matrix[0] > 0.5


def test_what_is_new_alone_is_embedded_and_the_space_stays(shop: Shop) -> None:
    by = Counted()
    before = annotate.products(shop, by)
    write_products(
        shop.table("catalogue"), [*MORE, Product("cup-2", "Tea cup", category="Kitchen > Cups", brand="Leaf")]
    )
    shop = Shop(shop.folder)
    by.asked.clear()
    after = annotate.products(shop, by)
    assert after.name == before.name
    assert (after.embedded, len(by.asked), after.products) == (1, 1, 6)
    held = vectors.products(shop)
    assert held is not None
    assert (held.matrix[4] == held.matrix[5]).all()
    assert annotate.products(shop, by, renew=True).name != before.name
    assert len(by.asked) == 1
    assert annotate.products(shop, Counted("letters-2")).name.startswith("letters-2/64-")


def test_a_killed_run_goes_on_where_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotate, "PART", 1)
    told: list[float] = []
    first = annotate.products(shop, Counted(lasts=2), progress=lambda _words, share: told.append(share))
    assert [one.reason for one in first.findings] == ["encoder_failed"]
    assert "The letters ran out" in first.findings[0].message
    assert first.encoder.startswith("tfidf-")
    again = Counted()
    second = annotate.products(shop, again)
    assert (len(again.asked), second.embedded, second.encoder) == (2, 2, "letters-1")
    assert told[:2] == [0.25, 0.5]
    assert told[-1] == 1.0


def test_an_encoder_that_knows_nothing_of_the_language_gives_way(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    write_products(
        shop.table("catalogue"), [Product("1", "红色跑鞋"), Product("2", "女士跑鞋"), Product("3", "tea")]
    )
    made = annotate.products(Shop(shop.folder), Counted())
    assert [one.reason for one in made.findings] == ["unknown_language"]
    held = vectors.products(shop)
    assert held is not None
    assert held.about.asked == "letters-1"
    assert held.about.findings == made.findings
    assert held.matrix.any(axis=1).all()


def test_a_shop_without_products_and_products_without_text(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", encoder="tfidf")
    write_products(shop.table("catalogue"), [Product("1", "<p></p>"), Product("2", "\x00")])
    assert annotate.products(Shop(shop.folder)).texts == 0
    held = vectors.products(shop)
    assert held is not None
    assert not held.matrix.any()
    write_products(shop.table("catalogue"), [])
    assert annotate.products(Shop(shop.folder)).products == 0
    held = vectors.products(shop)
    assert held is not None
    assert held.matrix.shape == (0, 64)
    assert held.ids == ()


def test_vectors_that_cannot_be_read_say_so_and_are_made_anew(shop: Shop) -> None:
    annotate.products(shop)
    vectors.place(shop).write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(Corrupt, match="hawker train"):
        vectors.products(shop)
    assert annotate.products(shop).embedded == 0
    assert vectors.products(shop) is not None


def test_vectors_of_two_sizes_do_not_mix(shop: Shop) -> None:
    annotate.embed(shop, Counted(), ["tea"])
    other = Counted()
    other.size = 27
    with pytest.raises(BadReply, match=r"26|27"):
        annotate.embed(shop, other, ["jam"])


def test_the_floor_is_fitted_anew_where_the_catalogue_is_another(shop: Shop) -> None:
    before = annotate.products(shop)
    write_products(shop.table("catalogue"), [Product("1", "Garden hose"), Product("2", "Rubber boots")])
    after = annotate.products(Shop(shop.folder))
    assert after.encoder != before.encoder
    held = vectors.products(shop)
    assert held is not None
    assert held.matrix.any(axis=1).all()


def test_a_catalogue_without_a_word_is_no_obstacle(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop", encoder="tfidf")
    write_products(shop.table("catalogue"), [Product("1", "😀"), Product("2", "🔥🔥")])
    assert annotate.products(Shop(shop.folder)).texts == 2
    held = vectors.products(shop)
    assert held is not None
    assert not held.matrix.any()
