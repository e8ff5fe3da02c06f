"""Drafts on record, in a file and on a server."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import servers

from behaviour.drafted import DraftsBehaviour, sheet
from hawker.errors import Corrupt
from hawker.storage import database
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts


class TestSqlite(DraftsBehaviour):
    def target(self, folder: Path) -> database.Target:
        return folder / "control.db"


class TestPostgres(DraftsBehaviour):
    def target(self, _: Path) -> database.Target:
        return servers.database()


def test_drafts_lie_beside_campaigns(tmp_path: Path) -> None:
    control, drafts = Control(tmp_path / "control.db"), Drafts(tmp_path / "control.db")
    drafts.keep([sheet("s-1")])
    assert control.version() == 0
    assert drafts.written(["s-1"]) == {"s-1"}


def test_a_row_that_is_no_draft_is_told_as_damage(tmp_path: Path) -> None:
    Drafts(tmp_path / "control.db").keep([sheet("s-1")])
    raw = sqlite3.connect(tmp_path / "control.db")
    raw.execute("UPDATE drafts SET document = '{}'")
    raw.commit()
    raw.close()
    with pytest.raises(Corrupt, match="a draft that is none"):
        Drafts(tmp_path / "control.db").get("s-1-0")
