"""Drafts are put in order by the click prior, by fit to the audience, and by fluency under a local model."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.audience.town import moment, shop
from tests.creative.scripted import OTHER, Scripted

from hawker import Shop
from hawker.audience.interests import direction
from hawker.audience.members import upload
from hawker.creative import prior, prior_own, prior_signs, studio
from hawker.creative.prior_blend import Blend, Learned
from hawker.language import annotate
from hawker.records.audience import Audiences
from hawker.records.catalogue import Product
from hawker.records.draft import Brief
from hawker.storage.vectors import Kept, products

TEA, SHOES = "Green tea of the mountains", "Trail running shoes for every path"
Vector = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = shop(tmp_path_factory.mktemp("town") / "shop", audiences=Audiences(least=20))
    annotate.products(made)
    upload(made, "drinkers", [f"u{n}" for n in range(0, 120, 2) if n % 3])
    upload(made, "few", [f"u{n}" for n in range(0, 30, 2)])
    return made


@pytest.fixture(scope="module")
def likes(town: Shop) -> Vector:
    found = direction(moment(town), "drinkers")
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without e5, which takes a second to load."""
    monkeypatch.setattr(prior, "installed", lambda _: False)


def test_what_an_audience_looks_at_is_told_of_many_alone(town: Shop, likes: Vector) -> None:
    assert np.linalg.norm(likes) == pytest.approx(1.0)
    assert direction(moment(town), "few") is None
    assert direction(moment(town), "nobody") is None


def test_fit_is_the_cosine_in_the_products_space_and_vectors_are_kept(town: Shop, likes: Vector) -> None:
    near = prior_signs.fit(town, [TEA, SHOES], likes)
    assert near is not None
    assert near[0] > near[1] + 0.3
    assert all(-1.0 <= one <= 1.0 for one in near)
    serving = products(town)
    assert serving is not None
    assert prior_signs.fit(town, [TEA], likes) == pytest.approx(near[:1])
    assert Kept(town, serving.space.encoder).missing([TEA, SHOES]) == []


def test_the_order_goes_by_fit_and_both_signs_are_on_record(town: Shop, likes: Vector) -> None:
    def fluent(texts: Sequence[str], _: str) -> list[float]:
        return [-3.0 - len(text) / 100 for text in texts]

    both = Product("bread", f"{TEA}. {SHOES}")
    words = [{"title": one, "description": f"{one}.", "call_to_action": "See it"} for one in (SHOES, TEA)]
    plain = prior_signs.scorer(town, 2)
    score = prior_signs.scorer(town, 2, interest=likes, fluent=fluent)
    before, after = plain([SHOES, TEA], "en"), score([SHOES, TEA], "en")
    assert after[1][0] - before[1][0] > 0.05
    sheet = studio.write(Scripted(words), Brief(both), n=2, score=score)
    by = {one.draft.parts["title"][0]: one for one in sheet.accepted}
    assert by[TEA].fit is not None
    assert by[SHOES].fit is not None
    assert by[TEA].fit > by[SHOES].fit
    assert by[TEA].fluency == pytest.approx(-3.0 - len(TEA) / 100)


def test_a_shops_own_weights_decide_what_fit_is_worth(town: Shop, likes: Vector, tmp_path: Path) -> None:
    other = Shop(shutil.copytree(town.folder, tmp_path / "own"))
    disliked = Learned(Blend(np.array([0.0, -2.0, 0.0]), np.diag([0.01] * 3), 0.2), {}, 12, 24)
    prior_own.keep(other, disliked)
    tea, shoes = prior_signs.scorer(other, 2, interest=likes)([TEA, SHOES], "en")
    assert tea[0] < shoes[0]


def test_without_vectors_and_for_many_headlines_words_alone_count(tmp_path: Path, likes: Vector) -> None:
    bare = shop(tmp_path / "bare")
    assert prior_signs.fit(bare, [TEA], likes) is None
    (one,) = prior_signs.scorer(bare, 1, interest=likes)([TEA], "en")
    assert studio.Scored(*one).fit is None
    many = prior_signs.scorer(bare, prior_signs.FEW + 1, interest=likes, fluent=lambda *_: [0.0])
    assert studio.Scored(*many([TEA], "en")[0]).fluency is None
    assert many(["茶"], "zh") == []


def test_only_a_local_model_is_asked_how_words_flow() -> None:
    assert prior_signs.reads("extractive") is None
    assert prior_signs.reads("openai:http://localhost:1#m") is None
    asked = prior_signs.reads("local:smollm2")
    assert asked is None or asked(["你好"], "zh") is None  # it reads English


def test_a_model_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    asked = prior_signs.reads(f"local:{tmp_path / 'none.gguf'}")
    assert asked is None or asked([OTHER["title"]], "en") is None
