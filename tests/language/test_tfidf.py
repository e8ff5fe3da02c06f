"""Text as numbers, in both languages: the rare word weighs most, alike texts lie close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hawker.errors import Corrupt
from hawker.language.product import product_text
from hawker.language.tfidf import Tfidf, tokens
from hawker.records.catalogue import Product

ENGLISH = [
    f"{brand} {kind} {size}"
    for brand in ("Acme", "Bolt", "Crown")
    for kind in ("whole milk", "skimmed milk", "rye bread", "white bread", "green tea", "black tea")
    for size in ("small", "large")
]
CHINESE = [
    f"{brand}{kind}"
    for brand in ("山泉", "晨光", "远方")
    for kind in ("全脂牛奶", "脱脂牛奶", "全麦面包", "白吐司面包", "龙井绿茶", "茉莉花茶")
]


def test_tokens_of_both_languages() -> None:
    words = tokens("Trail-Running SHOES, size 42 (Gore-Tex®)")
    assert words == ["trail", "running", "shoes", "size", "42", "gore", "tex"]
    assert tokens("１２.５kg ＡＢＣ") == ["12.5", "kg", "abc"]
    assert tokens("iPhone手机壳 茶") == ["iphone", "手机", "机壳", "茶"]
    assert tokens("Crème brûlée") == ["crème", "brûlée"]
    assert tokens(" —!? ") == []


@pytest.mark.parametrize(
    ("texts", "groups"), [(ENGLISH, ("milk", "bread", "tea")), (CHINESE, ("牛奶", "面包", "茶"))]
)
def test_alike_texts_lie_closer_than_others(texts: list[str], groups: tuple[str, ...]) -> None:
    vectors = Tfidf.fit(texts, size=8).vectors(texts)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    group = np.array([next(i for i, word in enumerate(groups) if word in text) for text in texts])
    alike = vectors @ vectors.T
    same = group[:, None] == group[None, :]
    assert alike[same].mean() > alike[~same].mean() + 0.2


def test_the_vectors_keep_the_angles_of_the_whole_matrix() -> None:
    """With as many dimensions as words the cosine is that of the TF-IDF rows themselves."""
    model = Tfidf.fit(ENGLISH, size=40)
    rows = np.array([[model.weights(text).get(word, 0.0) for word in model.words] for text in ENGLISH])
    vectors = model.vectors(ENGLISH)
    assert vectors @ vectors.T == pytest.approx(rows @ rows.T, abs=1e-4)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(rows)))


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    model = Tfidf.fit([*ENGLISH, "Acme saffron milk"])
    assert model.top_words("Acme saffron milk", 2) == ("saffron", "acme")
    model = Tfidf.fit([*CHINESE, "山泉藏红花牛奶"])
    assert set(model.top_words("山泉藏红花牛奶", 4)) >= {"藏红", "红花"}
    assert model.weights("never seen") == {}


def test_new_text_lands_near_its_kin_and_unknown_text_nowhere() -> None:
    model = Tfidf.fit(ENGLISH, size=8)
    milk, fresh, unknown = model.vectors(["Acme whole milk small", "unheard milk whole", "zzz"])
    tea = model.vectors(["Crown black tea large"])[0]
    assert milk @ fresh > milk @ tea
    assert not unknown.any()


def test_the_name_tells_fits_apart_and_the_same_fit_is_the_same() -> None:
    one, again, other = Tfidf.fit(ENGLISH), Tfidf.fit(ENGLISH), Tfidf.fit(ENGLISH[1:])
    assert one.name == again.name != other.name
    assert one.name.startswith("tfidf-64-")
    assert (one.vectors(ENGLISH) == again.vectors(ENGLISH)).all()
    assert Tfidf.fit(ENGLISH, seed=8).name != one.name


def test_a_model_is_kept_whole(tmp_path: Path) -> None:
    model = Tfidf.fit(ENGLISH + CHINESE, size=16)
    model.save(tmp_path / "text.npz")
    back = Tfidf.load(tmp_path / "text.npz")
    assert (back.name, back.words) == (model.name, model.words)
    assert (back.vectors(CHINESE) == model.vectors(CHINESE)).all()
    (tmp_path / "text.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(Corrupt, match=r"text\.npz"):
        Tfidf.load(tmp_path / "text.npz")


@pytest.mark.parametrize("texts", [[], [""], ["one"]])
def test_next_to_nothing_still_answers(texts: list[str]) -> None:
    model = Tfidf.fit(texts)
    assert model.vectors([*texts, "one two"]).shape == (len(texts) + 1, 64)


def test_what_a_product_says_of_itself() -> None:
    milk = Product(id="1", title="Milk", brand="Acme", category="Food > Dairy", description="Fresh.")
    assert tokens(product_text(milk)) == ["milk", "acme", "food", "dairy", "fresh"]
