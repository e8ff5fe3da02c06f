"""The table for queries never seen: near to the encoder on words it knows, of help on those it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests import shops

from hawker.errors import Corrupt
from hawker.language import annotate, encoder, static
from hawker.language.care import unit
from hawker.language.terms import joined, pieces, vocabulary, words
from hawker.records.catalogue import Product
from hawker.storage import vectors
from hawker.storage.shop import Shop
from hawker.storage.tables import write_products

KINDS = ("running shoes", "tea pots", "plum jam", "desk lamps", "越野跑鞋", "陶瓷茶壶")
COLOURS = ("red", "green", "dark blue", "红色", "绿色")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = shops.tiny(tmp_path / "shop", encoder="tfidf")
    listed = [
        Product(f"{i}-{j}", joined([colour, kind]))
        for i, colour in enumerate(COLOURS)
        for j, kind in enumerate(KINDS)
    ]
    write_products(made.table("catalogue"), listed)
    return Shop(made.folder)


def test_words_of_both_languages_and_what_they_are_made_of() -> None:
    assert words("iPhone15 手机壳, SIZE 1.5") == ["iphone", "15", "手机", "壳", "size", "1.5"]
    assert words("") == words("!? 😀") == []
    assert len(words("word " * 1000)) <= 24
    assert pieces("茶") == ["茶"]
    assert joined(["红色", "跑鞋", "nike", "air"]) == "红色跑鞋 nike air"


def test_the_vocabulary_is_drawn_from_the_texts_and_bounded() -> None:
    texts = [f"{colour} {kind}" for colour in COLOURS for kind in KINDS]
    drawn = vocabulary(texts, most=40)
    assert len(drawn) == len(set(drawn)) <= 40
    assert {"red", "shoes", "pots"} <= set(drawn)
    assert any(len(words(text)) > 1 for text in drawn)
    assert drawn == vocabulary(texts, most=40) != vocabulary(texts, most=40, seed=8)
    assert set("".join(vocabulary(texts, most=1000))) <= set("".join(texts))
    assert vocabulary([], most=10) == []
    assert vocabulary(["tea"], most=10) == ["tea"]


def test_the_table_comes_near_to_what_it_was_made_of() -> None:
    """Where a text is the sum of its words the table finds the words."""
    chance = np.random.default_rng(3)
    names = ("oat", "milk", "rye", "bread", "tea", "pot", "plum", "jam")
    own = {word: chance.normal(size=8) for word in names}
    asked = list({f"{one} {two}" for one in own for two in own if one != two} | set(own))
    found = unit(np.array([sum(own[word] for word in text.split()) for text in sorted(asked)]))
    table = static.distil(sorted(asked), found, space="s")
    assert table.near.value is not None
    assert table.near.value > 0.9
    assert table.vector("plum milk tea") @ unit(np.array([own["plum"] + own["milk"] + own["tea"]]))[0] > 0.9
    assert np.linalg.norm(table.vectors(["oat", "milks"]), axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert table.vector("milks") @ table.vector("milk") > 0.8
    for nothing in ("", "!!", "zzz", "😀"):
        assert not table.vector(nothing).any()


def test_annotate_makes_it_for_the_space_that_serves(shop: Shop) -> None:
    assert static.load(shop) is None
    annotate.products(shop)
    table, held = static.load(shop), vectors.products(shop)
    assert table is not None
    assert held is not None
    assert table.name == held.name
    by = encoder("tfidf", shop=shop)
    for query in ("red shoes", "绿色茶壶", "blue lamp"):
        full = held.space.asked(by.queries([query]))[0]
        assert table.vector(query) @ full > 0.7
        first, other = np.argsort(-(held.matrix @ table.vector(query)))[:2]
        assert held.ids[first] in (
            product.id for product in shop.catalogue.values() if set(words(query)) & set(words(product.title))
        )
        assert first != other


def test_it_is_kept_by_its_space_and_says_when_it_is_torn(shop: Shop) -> None:
    annotate.products(shop)
    table = static.load(shop)
    assert table is not None
    again = static.load(shop, table.name)
    assert again is not None
    assert again.near == table.near
    assert (again.vector("red shoes") == table.vector("red shoes")).all()
    assert static.load(shop, "another/64-0") is None
    (kept,) = shop.vectors.glob("static-*.npz")
    kept.write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(Corrupt, match="hawker train"):
        static.load(shop)


@pytest.mark.parametrize("texts", [[], ["tea"], ["tea", "tea pot"]])
def test_next_to_nothing_still_makes_a_table(texts: list[str]) -> None:
    found = encoder("tfidf", texts=["tea", "pot"]).queries(texts)
    table = static.distil(texts, found, space="s")
    assert table.vector("tea").shape == (64,)
    assert table.near.value is None
