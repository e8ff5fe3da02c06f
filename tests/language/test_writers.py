"""Both kinds of writer behave alike: llama.cpp in the process, and the same model behind its real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.behaviour.writers import CONTEXT, TOLD, WriterSuite
from tests.language.writing import model

from hawker.errors import BadReply, BadSetting, NotFound, UnreadableFile
from hawker.language import Writer, writer
from hawker.language.writer_local import Local
from hawker.records.writing import WriterRules

RULES = WriterRules(context=CONTEXT, threads=1)


@pytest.fixture(scope="module")
def local() -> Local:
    return Local(model(), rules=RULES)


class TestLocal(WriterSuite):
    @pytest.fixture
    def made(self, local: Local) -> Writer:
        return local


@pytest.mark.parametrize("stream", [True, False])
def test_the_real_server_counts_and_answers_either_way(
    local: Local, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAWKER_WRITER_KEY", local.key)
    rules = WriterRules(stream=stream, price_read=1_000_000, price_written=2_000_000)
    written = writer(f"openai:{local.url}#smollm2", rules=rules).write(TOLD, seed=3, most_tokens=8)
    assert written.text == local.write(TOLD, seed=3, most_tokens=8).text
    assert (written.tokens_out, written.cost) == (8, written.tokens_in + 16)


class TestRemote(WriterSuite):
    @pytest.fixture
    def made(self, local: Local, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
        monkeypatch.setenv("HAWKER_WRITER_KEY", local.key)
        return writer(f"openai:{local.url}")


def test_the_models_own_address_takes_no_stranger(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAWKER_WRITER_KEY", "somebody")
    with pytest.raises(BadReply, match="HAWKER_WRITER_KEY"):
        writer(f"openai:{local.url}#m").write(TOLD)


def test_the_version_names_the_file_and_changes_with_it(local: Local, tmp_path: Path) -> None:
    assert local.version == Local(model()).version
    other = tmp_path / model().name
    other.write_bytes(model().read_bytes()[:-1] + b"x")
    assert Local(other).version != local.version


@pytest.mark.parametrize(("bytes", "said"), [(b"", "not a GGUF"), (b"PK\x03\x04 a zip", "not a GGUF")])
def test_a_file_that_is_no_model_is_named(tmp_path: Path, bytes: bytes, said: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(bytes)
    with pytest.raises(UnreadableFile, match=said):
        writer(f"local:{path}")


@pytest.mark.parametrize("kept", [40, 20_000, 40_000_000])
def test_a_cut_model_is_refused_and_the_process_lives(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.gguf"
    with model().open("rb") as file:
        path.write_bytes(file.read(kept))
    with pytest.raises(UnreadableFile, match=r"llama\.cpp cannot open"):
        Local(path, rules=RULES).write(TOLD)


def test_a_file_that_is_no_adapter_is_named(tmp_path: Path) -> None:
    path = tmp_path / "adapter.gguf"
    path.write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(UnreadableFile, match="with the adapter"):
        writer(f"local:{model()}#{path}", rules=RULES).write(TOLD)


def test_what_is_not_there_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="hawker models get smollm2"):
        writer(f"local:{tmp_path}/none.gguf")
    monkeypatch.setenv("HAWKER_CACHE", str(tmp_path))
    with pytest.raises(NotFound, match="hawker models get smollm2"):
        writer("local:smollm2")


@pytest.mark.parametrize("spec", ["", "extractive", "local:", "openai:", "openai:ftp://host", "gpt-4"])
def test_a_name_that_is_none_is_refused(spec: str) -> None:
    with pytest.raises(BadSetting):
        writer(spec)


def test_a_key_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadSetting) as refused:
        writer("openai:https://me:sesame@host/v1#m")
    assert "sesame" not in str(refused.value)
