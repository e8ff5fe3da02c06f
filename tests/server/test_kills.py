"""The benchmark of faults, in small: two real servers, killed under load, lose and charge nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.faults import judged, market, measured

NOUGHT = ("acknowledged_lost", "logged_twice", "charged_twice", "charged_without_event", "overspend_micros")


@pytest.mark.slow
def test_killed_again_and_again_nothing_is_lost_or_charged_twice(tmp_path: Path) -> None:
    found = measured(tmp_path / "shop", kills=2, seed=11)
    assert {name: found[name] for name in NOUGHT} == dict.fromkeys(NOUGHT, 0)
    assert found["acknowledged"] > 50
    assert found["charges"] > 20
    assert found["recovery_s_max"] > 0


def test_the_judge_notices_what_is_missing(tmp_path: Path) -> None:
    shop = market(tmp_path / "shop")
    told = {"id": "e", "decision": "d-000000000000-00000000", "slot": 0, "kind": "ad_impression"}
    assert judged(shop, {"e": told})["acknowledged_lost"] == 1
