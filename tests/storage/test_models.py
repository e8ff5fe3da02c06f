"""A model is there whole or not at all, through a killed save, a full disk and a flipped bit."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hawker.errors import BadInput, Corrupt, NotFound, StorageFull
from hawker.storage.models import _SELF, ModelStore


def writing(text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "inner").mkdir()
        (folder / "inner" / "weights.txt").write_text(text)
        (folder / "model.json").write_text("{}")

    return write


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def test_what_is_saved_is_there_with_its_recipe(store: ModelStore) -> None:
    version = store.save("placement", writing("a"), {"seed": 7, "features": ["消费"]})
    assert store.versions("placement") == [version]
    folder = store.path("placement", version)
    assert (folder / "inner" / "weights.txt").read_text() == "a"
    assert store.recipe("placement", version) == {"seed": 7, "features": ["消费"]}


def test_versions_sort_by_age_and_saving_promotes_nothing(store: ModelStore) -> None:
    saved = [store.save("placement", writing(text), {}) for text in "abc"]
    assert store.versions("placement") == saved
    assert store.promoted("placement") is None
    with pytest.raises(NotFound, match=r"No version of model 'placement' is promoted.*--promote"):
        store.path("placement")


def test_promote_and_roll_back(store: ModelStore) -> None:
    first, second = (store.save("placement", writing(text), {}) for text in "ab")
    store.promote("placement", first)
    store.promote("placement", second)
    store.promote("placement", second)
    assert (store.path("placement") / "inner" / "weights.txt").read_text() == "b"
    assert store.rollback("placement") == first
    assert store.promoted("placement") == first
    with pytest.raises(NotFound, match="no earlier promoted version"):
        store.rollback("placement")
    steps = [(step.version, step.back) for step in store.history("placement")]
    assert steps == [(first, False), (second, False), (first, True)]


def test_a_killed_save_leaves_no_half_model(store: ModelStore) -> None:
    kept = store.save("placement", writing("a"), {})
    program = f"""
import os, signal
from pathlib import Path
from hawker.storage.models import ModelStore

def half(folder):
    (folder / "model.json").write_text("{{}}")
    os.kill(os.getpid(), signal.SIGKILL)

ModelStore(Path({str(store.folder)!r})).save("placement", half, {{}})
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert killed.returncode == -9
    home = store.folder / "placement"
    assert len(list(home.glob(".draft-*"))) == 1
    assert store.versions("placement") == [kept]
    new = store.save("placement", writing("b"), {})
    assert store.versions("placement") == [kept, new]
    assert not list(home.glob(".draft-*"))


def test_only_drafts_of_the_dead_are_swept(store: ModelStore) -> None:
    home = store.folder / "placement"
    left = {"mine, at work": f".draft-{os.getpid()}-{_SELF}-99", "alive": f".draft-{os.getppid()}-abc-0"}
    left["of my number, before a restart"] = f".draft-{os.getpid()}-abc-0"
    for name in left.values():
        (home / name).mkdir(parents=True)
    store.save("placement", writing("a"), {})
    assert {why for why, name in left.items() if (home / name).is_dir()} == {"alive", "mine, at work"}


def test_a_failing_writer_and_a_full_disk_leave_nothing(store: ModelStore) -> None:
    def broken(folder: Path) -> None:
        (folder / "model.json").write_text("{}")
        raise ValueError("no")

    def full(folder: Path) -> None:
        (folder / "model.json").write_text("{")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ValueError, match="no"):
        store.save("placement", broken, {})
    with pytest.raises(StorageFull, match="nothing half-written was kept"):
        store.save("placement", full, {})
    assert store.versions("placement") == []
    assert list((store.folder / "placement").iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "inner" / "weights.txt").write_text("b"), "weights.txt' has changed"),
        (lambda folder: (folder / "model.json").unlink(), "model.json' is missing"),
        (lambda folder: (folder / "checksums.json").write_text("{"), "checksums.json' cannot be read"),
    ],
)
def test_damage_is_named_and_never_promoted(
    store: ModelStore, damage: Callable[[Path], object], words: str
) -> None:
    good, bad = (store.save("placement", writing(text), {}) for text in "ax")
    store.promote("placement", good)
    damage(store.path("placement", bad))
    with pytest.raises(Corrupt, match=words):
        store.promote("placement", bad)
    assert store.promoted("placement") == good


def test_wrong_names_are_told_apart(store: ModelStore) -> None:
    version = store.save("placement", writing("a"), {})
    with pytest.raises(NotFound, match=f"Did you mean '{version}'"):
        store.path("placement", version[:-1])
    with pytest.raises(NotFound, match="hawker train"):
        store.promote("nothing", "1")
    with pytest.raises(BadInput, match="cannot name a model"):
        store.save("../escape", writing("a"), {})
