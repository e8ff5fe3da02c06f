"""What every encoder must do, whatever it is made of: mixed into one test class per encoder.

A class gives a fixture `made`, an encoder that knows the words of `KNOWN`; `both` says whether it reads
Chinese as well as English, `alike` whether it knows words of one meaning for kin.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from hawker.language import Encoder

ENGLISH = ("red running shoes", "trail running shoes for women", "ceramic tea pot", "plum jam 340 g")
CHINESE = ("红色跑鞋", "女士越野跑鞋", "陶瓷茶壶", "李子果酱")
KNOWN = (*ENGLISH, *CHINESE)


class EncoderSuite:
    """The behaviour of an encoder, asked as `annotate` asks it."""

    both: ClassVar[bool] = True
    alike: ClassVar[bool] = True

    def test_the_name_carries_a_version_and_stays(self, made: Encoder) -> None:
        assert any(letter.isdigit() for letter in made.name)
        assert made.name == made.name.strip() != ""
        assert "/" not in made.name

    def test_passages_and_queries_have_one_size_and_unit_length(self, made: Encoder) -> None:
        for asked in (made.passages, made.queries):
            vectors = asked(ENGLISH)
            assert vectors.shape == (len(ENGLISH), made.size)
            assert vectors.dtype == np.float32
            assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(ENGLISH)), abs=1e-4)

    def test_the_same_text_is_the_same_vector_whatever_stands_beside_it(self, made: Encoder) -> None:
        together = made.passages(KNOWN)
        assert made.passages(KNOWN[::-1])[::-1] == pytest.approx(together, abs=2e-5)
        alone = np.vstack([made.passages([text]) for text in KNOWN])
        assert alone == pytest.approx(together, abs=2e-5)
        twice = made.passages([KNOWN[0], KNOWN[0]])
        assert (twice[0] == twice[1]).all()

    def test_what_is_alike_lies_closer(self, made: Encoder) -> None:
        shoes, trail, pot, _ = made.passages(ENGLISH)
        assert shoes @ trail > shoes @ pot
        asked = made.queries(["running shoes"])[0]
        assert asked @ shoes > asked @ pot
        if self.both:
            shoes, trail, pot, _ = made.passages(CHINESE)
            assert shoes @ trail > shoes @ pot
        else:
            assert not made.passages(CHINESE).any()

    @pytest.mark.parametrize("text", ["", "   ", "\x00\x07", "<p></p>", "<script>alert('x')</script>"])
    def test_nothing_is_zeros(self, made: Encoder, text: str) -> None:
        vectors = made.passages([text, ENGLISH[0]])
        assert not vectors[0].any()
        assert vectors[1].any()
        assert not made.queries([text]).any()

    def test_of_no_texts_come_no_vectors(self, made: Encoder) -> None:
        assert made.passages([]).shape == (0, made.size)
        assert made.queries([]).shape == (0, made.size)

    @pytest.mark.parametrize(
        "text",
        [
            "🏃‍♀️👟🔥",
            "Nike耐克 AIR 跑步鞋 Größe 42 حذاء обувь",
            "half a pair \ud83d of a smile",
            "e\u0301clair " * 3,
            "\u202ereversed\u202c \u200bzero\u200b width",
            "'); DROP TABLE products; --",
        ],
    )
    def test_whatever_is_written_gets_an_answer(self, made: Encoder, text: str) -> None:
        vector = made.passages([text])[0]
        assert np.isfinite(vector).all()
        assert np.linalg.norm(vector) == pytest.approx(1.0 if vector.any() else 0.0, abs=1e-4)

    def test_markup_and_control_characters_mean_nothing(self, made: Encoder) -> None:
        plain, marked = made.passages(
            [ENGLISH[0], "<div class='x'><b>red</b>\x00 running&nbsp;shoes<script>var x = 1</script></div>"]
        )
        assert marked == pytest.approx(plain, abs=2e-5)

    def test_of_a_megabyte_the_beginning_is_read(self, made: Encoder) -> None:
        long = "red running shoes " * 60_000
        assert len(long) > 1_000_000
        vector = made.passages([long])[0]
        assert vector == pytest.approx(made.passages([long[:1_000].rpartition(" ")[0]])[0], abs=2e-5)
