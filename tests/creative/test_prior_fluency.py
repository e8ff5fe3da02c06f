"""How naturally a headline reads, by a language model of a few thousand weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

gguf = pytest.importorskip("gguf", reason="gguf comes with the extra 'adapt'")
torch = pytest.importorskip("torch", reason="torch comes with the extra 'adapt'")
pytest.importorskip("transformers", reason="transformers comes with the extra 'adapt'")

from tests.language import tiny_writer  # noqa: E402

from hawker.creative.prior_fluency import fluency  # noqa: E402
from hawker.errors import NotFound  # noqa: E402
from hawker.language.adapt.author import Author  # noqa: E402


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Author:
    torch.set_num_threads(1)
    return Author.open(tiny_writer.make(tmp_path_factory.mktemp("tiny") / "tiny.gguf", gguf=gguf))


def test_it_is_the_mean_log_probability_of_the_tokens_and_of_the_end(author: Author) -> None:
    codes = [author.end, *author.answered("hello mug")]
    with torch.inference_mode():
        scores = author.model(input_ids=torch.tensor([codes])).logits[0].log_softmax(-1)
    expected = np.mean([float(scores[place, code]) for place, code in enumerate(codes[1:])])
    assert fluency(["hello mug"], author)[0] == pytest.approx(expected, abs=1e-4)


def test_headlines_are_read_alone_and_blank_ones_not_at_all(author: Author) -> None:
    found = fluency(["hello", "  ", "a mug for her", "hello "], author)
    assert found[1] == 0.0
    assert found[0] == found[3]
    assert found[2] == pytest.approx(fluency(["a mug for her"], author)[0], abs=1e-4)
    assert (found[[0, 2]] < 0).all()
    assert len(fluency([], author)) == 0


def test_what_is_longer_than_a_model_learns_is_read_as_far_as_that(author: Author) -> None:
    assert np.isfinite(fluency(["mug " * 400], author)).all()


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="hawker models get smollm2"):
        fluency(["mug"], tmp_path / "none.gguf")
