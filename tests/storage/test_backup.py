"""A shop as one file: taken under load it is consistent, and what was tampered with is refused."""

from __future__ import annotations

import shutil
import tarfile
import threading
import time
from pathlib import Path

import pytest
from tests import shops

from hawker import Shop, delivery
from hawker.errors import BadInput, BadSetting, Conflict, Corrupt
from hawker.records.decision import Request
from hawker.records.events import Event, EventKind
from hawker.storage import backup, frames, tables
from hawker.storage.event_log import EventLog
from hawker.storage.ledger import Ledger

EVER = 2**62


def ids(shop: Shop) -> list[str]:
    connection = tables.connect()
    EventLog(shop.events).view(connection)
    return [row[0] for row in connection.execute("SELECT id FROM events").fetchall()]


def charges(shop: Shop) -> dict[str, int]:
    ledger = Ledger(shop.ledger, process="test")
    found = {charge[0]: charge[2] for charge in ledger.charges(0, EVER)}
    ledger.close()
    return found


class Load(threading.Thread):
    """Decides and reports impressions until it is told to stop; notes what was acknowledged."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop, self.stop = shop, threading.Event()
        self.accepted: list[str] = []

    def run(self) -> None:
        with delivery.build(Shop(self.shop.folder)) as engine:
            number = 0
            while not self.stop.is_set():
                shown = engine.decide(Request(placement="home", shopper="u-1"))
                event = Event(
                    EventKind.AD_IMPRESSION,
                    engine.tick(),
                    id=f"i-{number}",
                    ad="a-tea",
                    decision=shown.id,
                    slot=0,
                )
                engine.observe([event])
                self.accepted.append(event.id)
                number += 1
                if number == 15:
                    engine.event_log.compact(everything=True)


def test_copies_taken_under_load_are_whole_and_their_money_agrees(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    load = Load(shop)
    load.start()
    try:
        for number in range(2):
            seen = len(load.accepted)
            while len(load.accepted) < seen + 10:
                time.sleep(0.01)
            before = list(load.accepted)
            made = backup.backup(shop, tmp_path / f"{number}.hawker", version="test")
            assert made.bytes > 0
            copy = tmp_path / f"copy-{number}"
            backup.restore(tmp_path / f"{number}.hawker", copy)
            held = ids(Shop(copy))
            assert len(held) == len(set(held))
            assert set(before) <= set(held)
            charged = charges(Shop(copy))
            with delivery.build(Shop(copy)) as engine:
                settled = {charge[0]: charge[2] for charge in engine.ledger.charges(0, EVER)}
                for name in settled:
                    assert engine.decision_log.read(name.partition("/")[0]).slots
            assert charged.items() <= settled.items()
            reported = [name for name in held if name.startswith("i-")]
            assert len(before) <= len(settled) <= len(reported) <= len(settled) + 1
    finally:
        load.stop.set()
        load.join()


def test_a_copy_is_the_shop_with_its_secrets_for_its_owner_alone(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    with delivery.build(shop) as engine:
        engine.decide(Request(placement="home"))
        token = engine.door.tokens.mint("d-000000000001-00000000", 0)[0]
    target = tmp_path / "copy.hawker"
    backup.backup(shop, target, version="test")
    assert target.stat().st_mode & 0o077 == 0
    backup.restore(target, tmp_path / "back")
    back = Shop(tmp_path / "back")
    assert back.settings == shop.settings
    assert {path.stat().st_mode & 0o077 for path in (back.folder / "secrets").iterdir()} == {0}
    with delivery.build(back) as engine:
        assert engine.door.tokens.read(token, now=2 * shops.UNIT).fault == ""
        assert [slot.ad.id for slot in engine.decide(Request(placement="home")).slots] == ["a-tea", "a-pot"]


def test_a_torn_record_at_the_end_of_a_log_is_not_copied(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    [segment] = (shop.events / "live").glob("*.events")
    whole = segment.read_bytes()
    segment.write_bytes(whole + frames.framed(b"torn")[:-1])
    backup.backup(shop, tmp_path / "copy", version="test")
    backup.restore(tmp_path / "copy", tmp_path / "back")
    assert next((tmp_path / "back" / "events" / "live").glob("*.events")).read_bytes() == whole


def test_nothing_is_written_over(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    target = tmp_path / "copy"
    backup.backup(shop, target, version="test")
    with pytest.raises(Conflict, match="there already"):
        backup.backup(shop, target, version="test")
    with pytest.raises(Conflict, match="not empty"):
        backup.restore(target, shop.folder)
    with pytest.raises(BadInput, match="own folder"):
        backup.backup(shop, shop.folder / "copy", version="test")


def test_a_copy_that_was_cut_or_changed_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    target = tmp_path / "copy"
    backup.backup(shop, target, version="test")
    content = target.read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(content[: len(content) // 2])
    changed = tmp_path / "changed"
    place = content.index(b'name = "Tiny"')
    changed.write_bytes(content[:place] + b'name = "Tine"' + content[place + 13 :])
    for wrong in (cut, changed, shop.folder / "shop.toml"):
        with pytest.raises(Corrupt):
            backup.restore(wrong, tmp_path / "back")
        assert not (tmp_path / "back").exists()
    assert not list(tmp_path.glob(".back*"))


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "link"])
def test_an_archive_that_reaches_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    evil = tmp_path / "evil"
    with tarfile.open(evil, "w") as archive:
        member = tarfile.TarInfo(name)
        if name == "link":
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(Corrupt, match="no copy of ours"):
        backup.restore(evil, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_copy_or_a_shop_of_a_newer_format_says_so(tmp_path: Path) -> None:
    shop = shops.tiny(tmp_path / "shop")
    made = backup.backup(shop, tmp_path / "copy", version="9.9")
    text = (shop.folder / "shop.toml").read_text("utf-8")
    shutil.copytree(shop.folder, tmp_path / "newer")
    (tmp_path / "newer" / "shop.toml").write_text(text.replace("format = 1", "format = 99"), "utf-8")
    with pytest.raises(BadSetting, match="newer Hawker"):
        _ = Shop(tmp_path / "newer").settings
    assert made.version == "9.9"
