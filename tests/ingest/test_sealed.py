"""Rows set aside are sealed where a shop asks for it, and mended rows are read all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import shops

from hawker.ingest import behaviour, quarantine
from hawker.privacy import erasure
from hawker.storage import secrets
from hawker.storage.shop import Pseudonyms, Shop

WHO = "jane-4711"
LOG = f"""event,time,user,product
view,2024-02-21T10:00:00,{WHO},tea
view,1999-02-21T10:00:00,{WHO},tea
view,1999-02-21T10:00:00,otto-0815,tea
"""


def ingested(folder: Path, **settings: object) -> tuple[Shop, Path]:
    shop = shops.tiny(folder / "shop", **settings)
    log = folder / "log.csv"
    log.write_text(LOG)
    assert behaviour(shop, log).set_aside == 2
    (kept,) = (shop.quarantine / "behaviour").glob("*.jsonl")
    return shop, kept


@pytest.mark.parametrize("settings", [{"seal": True}, {"pseudonyms": Pseudonyms.KEYED}])
def test_raw_rows_are_sealed_and_can_be_opened_after_a_rotation(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    shop, kept = ingested(tmp_path, **settings)
    assert WHO.encode() not in kept.read_bytes()
    secrets.rotate(shop, "sealing")
    plain = [quarantine.opened(shop, entry) for entry in quarantine.read(kept)]
    assert [entry.raw for entry in plain] == LOG.splitlines()[2:]
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    lines[0]["raw"] = LOG.splitlines()[2].replace("1999-02-21", "2024-02-22")
    kept.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert quarantine.restore(shop, kept).events == 1
    (left,) = (quarantine.opened(shop, entry) for entry in quarantine.read(kept))
    assert "otto-0815" in left.raw
    assert b"otto-0815" not in kept.read_bytes()


@pytest.mark.parametrize("settings", [{}, {"seal": True}, {"pseudonyms": Pseudonyms.KEYED}])
def test_a_forgotten_shoppers_rows_go_sealed_or_not(tmp_path: Path, settings: dict[str, object]) -> None:
    shop, kept = ingested(tmp_path, **settings)
    assert erasure.complete(shop, erasure.begin(shop, WHO)) is not None
    (left,) = (quarantine.opened(shop, entry) for entry in quarantine.read(kept))
    assert "otto-0815" in left.raw


def test_without_sealing_rows_stay_as_they_came(tmp_path: Path) -> None:
    _, kept = ingested(tmp_path)
    assert WHO.encode() in kept.read_bytes()
