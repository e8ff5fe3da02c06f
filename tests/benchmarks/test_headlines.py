"""The benchmark of headlines where the answer is known: texts are embedded once, rows mean what they say."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import headlines
from hawker import language
from hawker.ingest.datasets.upworthy import Arms

pytest.importorskip("scipy", reason="the extra `train` is not installed")
pytest.importorskip("sklearn", reason="the extra `train` is not installed")

THINGS = ("mug", "lamp", "plate", "tea", "shoes", "chair", "tools", "socks")


class Drawn:
    """An encoder that draws a text's vector by its letters."""

    size = 384

    def __init__(self, name: str) -> None:
        self.name, self.asked = f"drawn-{name}", 0

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += len(texts)
        drawn = [np.random.default_rng(zlib.crc32(text.encode())).normal(size=384) for text in texts]
        return np.array([one / np.linalg.norm(one) for one in drawn], dtype=np.float32)

    queries = passages


def told(count: int) -> Arms:
    """Tests of three headlines, in which 'surprise' is clicked far more often."""
    rng = np.random.default_rng(3)
    rows = count * 3
    held = rng.random(rows) < 0.5
    texts = tuple(
        f"{rng.choice(THINGS)} {'surprise' if one else 'again'} {rng.choice(THINGS)} {row}"
        for row, one in enumerate(held)
    )
    test = np.repeat(np.arange(count), 3)
    shown = np.full(rows, 3_000)
    clicked = rng.binomial(shown, np.where(held, 0.06, 0.02))
    return Arms(test, texts, shown, clicked, 201_301 + test * 40 // count)


def test_words_that_decide_are_found_and_nothing_is_embedded_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = {one: Drawn(one) for one in headlines.ENCODERS}
    monkeypatch.setattr(language, "encoder", lambda name: opened[name])
    arms = told(240)
    found = headlines.measure(arms, tmp_path, tmp_path / "weights.json")
    assert found["hawker"]["accuracy"] > 0.9
    assert found["without_encoders"]["accuracy"] > 0.9
    assert found["tfidf"]["accuracy"] > 0.85
    assert abs(found["vectors_alone"]["accuracy"] - 0.5) < 0.25
    assert found["unseen"]["n"] == found["pairs"]["test"] == found["hawker"]["n"]
    assert found["hawker"]["low"] <= found["hawker"]["accuracy"] <= found["hawker"]["high"]
    assert 0.8 < found["calibration"]["slope"]["value"] < 1.2
    assert (tmp_path / "weights.json").is_file()
    again = headlines.measure(arms, tmp_path)
    assert {one.asked for one in opened.values()} == {720}
    assert {**again, "cpu_seconds": 0, "peak_rss_mb": 0} == {**found, "cpu_seconds": 0, "peak_rss_mb": 0}


def test_without_data_it_ends_with_two_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["headlines", "--data", str(tmp_path), "--json"])
    assert headlines.main() == 2
    assert "Put upworthy_clean.parquet into that folder" in capsys.readouterr().err
