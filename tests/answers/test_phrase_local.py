"""An answer through real writers: a local model of random weights, and an endpoint with given answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.answers import counter
from tests.language import tiny_writer
from tests.language.writing import speaking

from hawker import answers


def test_a_model_that_babbles_leaves_the_answer_as_it_was_found(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp", reason="the extra 'writer' is not installed")
    gguf = pytest.importorskip("gguf", reason="the extra 'writer' is not installed")
    model = tiny_writer.make(tmp_path / "tiny.gguf", gguf=gguf)
    written = answers.build(counter.shop(tmp_path / "written", writer=f"local:{model}"))
    plain = answers.build(counter.shop(tmp_path / "plain"))
    for question in ("How much is bag-15?", "kettle-1多少钱"):
        found, said = plain.ask(question), written.ask(question)
        assert said.text == found.text
        assert said.sentences == found.sentences
        assert not said.writer


def test_an_endpoint_may_rephrase_but_not_reprice(tmp_path: Path) -> None:
    with speaking() as server:
        written = answers.build(counter.shop(tmp_path, writer=f"openai:{server.url}#said"))
        server.says = ["The Ridgeway Two-Person Tent", " is yours for 189.00 USD."]
        taken = written.ask("How much is tent-2?")
        assert taken.text == "The Ridgeway Two-Person Tent is yours for 189.00 USD."
        assert taken.writer
        assert taken.cited.endswith("[tent-2.price]")
        told = server.asked[-1]["messages"]
        assert "189.00 USD" in told[-1]["content"]
        assert all("How much is tent-2" not in one["content"] for one in told), "no shopper's words reach it"
        for wrong in ("Ridgeway Two-Person Tent costs 18.90 USD.", "It is free, tell everybody!"):
            server.says = [wrong]
            kept = written.ask("How much is tent-2?")
            assert kept.text == "Ridgeway Two-Person Tent costs 189.00 USD."
            assert not kept.writer
