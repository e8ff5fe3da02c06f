"""A writer that learns: what is asked of it, what it comes to prefer, and the file that llama.cpp reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

gguf = pytest.importorskip("gguf", reason="gguf comes with the extra 'adapt'")
torch = pytest.importorskip("torch", reason="torch comes with the extra 'adapt'")
pytest.importorskip("peft", reason="peft comes with the extra 'adapt'")

from tests.language import tiny_writer  # noqa: E402

from hawker.errors import BadInput, NotFound, UnreadableFile  # noqa: E402
from hawker.language.adapt import adapter_file, lessons  # noqa: E402
from hawker.language.adapt.author import LENGTH, Author  # noqa: E402
from hawker.language.adapt.course import Course  # noqa: E402
from hawker.language.adapt.lessons import Example, Lessons  # noqa: E402

TURNS = [{"role": "system", "content": "ads"}, {"role": "user", "content": "a lamp"}]
QUICK = {
    "text": Course(epochs=1, batch=8, rate=1e-2, precision="fp32"),
    "imitate": Course(epochs=3, batch=8, rate=2e-2, precision="fp32", patience=3),
    "prefer": Course(epochs=2, batch=8, rate=2e-2, precision="fp32", patience=2),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_writer.make(tmp_path_factory.mktemp("tiny") / "tiny.gguf", gguf=gguf)


@pytest.fixture
def author(path: Path) -> Author:
    torch.set_num_threads(1)
    return Author.open(path)


def _lessons(count: int = 30) -> Lessons:
    rows = tuple(Example(TURNS, f"hello {place % 3}", lost="QQQQ ZZ") for place in range(count))
    return Lessons((), rows)


def _likelihood(author: Author, answer: str) -> float:
    return float(author.measured([author.row(author.told(TURNS), author.answered(answer))])[0, 0])


def test_a_prompt_ends_where_the_answer_begins(author: Author) -> None:
    said = author.tokenizer.decode(author.told(TURNS))
    assert said.endswith("<|im_start|>assistant\n")
    assert "a lamp" in said
    row = author.row(author.told(TURNS), author.answered("hello"))
    asked = [code for code, wanted in zip(row["input_ids"], row["labels"], strict=True) if wanted >= 0]
    assert author.tokenizer.decode(asked) == "hello<|im_end|>"


def test_a_long_prompt_loses_its_beginning_and_a_long_answer_is_refused(author: Author) -> None:
    row = author.row([5] * 1_000, [6, 7])
    assert len(row["input_ids"]) == LENGTH
    assert row["input_ids"][-3:] == [5, 6, 7]
    with pytest.raises(BadInput, match="longer than"):
        author.row([5], [6] * LENGTH)


def test_likelihoods_are_those_of_the_whole_model(author: Author) -> None:
    """The sum over asked tokens, by the plain forward pass over every position."""
    rows = [author.row(author.told(TURNS), author.answered(text)) for text in ("hello", "in the end")]
    with torch.inference_mode():
        sums, counts = author.likelihoods(author.padded(rows))
    for place, row in enumerate(rows):
        codes = torch.tensor([row["input_ids"]])
        with torch.inference_mode():
            scores = torch.log_softmax(author.model(input_ids=codes).logits[0, :-1], -1)
        wanted = torch.tensor(row["labels"])[1:]
        there = wanted >= 0
        expected = scores[there].gather(1, wanted[there][:, None]).sum()
        assert float(sums[place]) == pytest.approx(float(expected), abs=1e-3)
        assert int(counts[place]) == int(there.sum())


def test_what_was_shown_becomes_likely_and_what_was_lost_does_not(author: Author, tmp_path: Path) -> None:
    before = {text: _likelihood(author, text) for text in ("hello 1", "QQQQ ZZ")}
    found: dict[str, float] = {}
    kept = lessons._finish  # the adapters are measured where the last stage ends

    def measured(done: Path, task: Any, walked: Any, *, of: dict[str, Any]) -> None:
        found.update({text: _likelihood(author, text) for text in before})
        kept(done, task, walked, of=of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lessons, "_finish", measured)
        taught = lessons.learn(
            author, _lessons(), tmp_path / "a.gguf", folder=tmp_path / "work", courses=QUICK, rank=4
        )
    assert set(taught.stages) == {"imitate", "prefer"}
    assert taught.rows["imitate"] + 4 == 30
    assert found["hello 1"] > before["hello 1"] + 1
    assert found["hello 1"] - before["hello 1"] > found["QQQQ ZZ"] - before["QQQQ ZZ"] + 1
    assert _likelihood(author, "hello 1") == pytest.approx(before["hello 1"], abs=1e-3)
    assert not (tmp_path / "work").exists()


def test_a_stage_that_was_finished_is_taken_up(author: Author, tmp_path: Path) -> None:
    calls: list[str] = []

    def stop(words: str, _share: float) -> None:
        calls.append(words)
        if words.startswith("prefer"):
            raise KeyboardInterrupt

    given: dict[str, Any] = {"folder": tmp_path / "work", "courses": QUICK, "rank": 4}
    with pytest.raises(KeyboardInterrupt):
        lessons.learn(author, _lessons(), tmp_path / "a.gguf", progress=stop, **given)
    assert any(words.startswith("imitate") for words in calls)
    calls.clear()
    taught = lessons.learn(
        author, _lessons(), tmp_path / "a.gguf", progress=lambda words, _share: calls.append(words), **given
    )
    assert taught.stages["imitate"].resumed
    assert not any(words.startswith("imitate") for words in calls)
    assert (tmp_path / "a.gguf").is_file()


def test_too_little_to_learn_from_says_what_is_missing(author: Author, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="24 are the least"):
        lessons.learn(author, _lessons(5), tmp_path / "a.gguf", folder=tmp_path / "work")


def test_files_that_are_no_model_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="models get"):
        Author.open(tmp_path / "none.gguf")
    (tmp_path / "cut.gguf").write_bytes(b"GGUF" + bytes(40))
    with pytest.raises(UnreadableFile, match="cut"):
        Author.open(tmp_path / "cut.gguf")


def test_only_what_is_known_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no adapters"):
        adapter_file.write(tmp_path / "a", {"layers.0.mlp.weight": np.ones(3)}, alpha=1, heads=1, key_heads=1)
    with pytest.raises(BadInput, match="gemma"):
        adapter_file.write(tmp_path / "a", {}, alpha=1, heads=1, key_heads=1, architecture="gemma")


def test_llama_cpp_reads_the_adapters_as_torch_does(author: Author, path: Path, tmp_path: Path) -> None:
    """The chances of the next token by both, with adapters that change everything."""
    llama = pytest.importorskip("xllamacpp", reason="xllamacpp comes with the extra 'writer'")
    prompt = author.told(TURNS)
    with author.adapters(4, seed=3):
        for name, held in author.model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(held, 0, 0.5)
        author.save(tmp_path / "a.gguf")
        with torch.inference_mode():
            scores = torch.log_softmax(author.inner(input_ids=torch.tensor([prompt])).logits[0, -1], -1)
    with torch.inference_mode():
        plain = torch.log_softmax(author.model(input_ids=torch.tensor([prompt])).logits[0, -1], -1)
    assert float((scores - plain).abs().max()) > 0.5
    given = llama.CommonParams()
    given.model.path, given.n_ctx, given.n_parallel = str(path), 256, 1
    given.warmup, given.verbosity = False, -1
    given.lora_adapters = [llama.CommonAdapterLoraInfo(str(tmp_path / "a.gguf"), 1.0)]
    answer = llama.Server(given).handle_completions(
        {"prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": 20}
    )
    found = json.loads(answer) if isinstance(answer, (str, bytes)) else answer
    listed = found["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    assert len(listed) == 20
    for one in listed:
        assert one["logprob"] == pytest.approx(float(scores[one["id"]]), abs=0.02)
