"""A training killed by SIGKILL and started again ends in the weights of one that was left in peace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput, Corrupt
from hawker.ranking.checkpoint import FILE

LINEAR = ranking.Linear(bits=10, epochs=4, patience=9)
NET = ranking.Net(
    hidden=(8,), embedding=4, fm=True, wide=True, dropout=0.3, renew=True, batch=100, epochs=4, patience=9
)
RESTING = """
import sys, time
from pathlib import Path
sys.path[:0] = {path!r}
from tests.behaviour.rankers import toy
from tests.ranking import test_checkpoint
from hawker import ranking
from hawker.ranking import checkpoint, course, online

online._BATCH = 1000
written = checkpoint.Checkpoint.write
count = 0

def write(self, learner, at):
    global count
    written(self, learner, at)
    count += 1
    if count == {stop}:
        print("ready", flush=True)
        time.sleep(60)

checkpoint.Checkpoint.write = write
ranking.train(
    getattr(test_checkpoint, {name!r}),
    toy(3000),
    valid=toy(600, seed=3),
    seed=5,
    checkpoint={folder!r},
    every={every},
)
"""


def killed(folder: Path, *, name: str, stop: int, every: int) -> None:
    """Train in a child and kill it hard after so many checkpoints."""
    program = RESTING.format(path=sys.path, name=name, folder=str(folder), stop=stop, every=every)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=os.environ)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"ready\n"
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL


def weights(model: Any) -> dict[str, Any]:
    if model.kind == "linear":
        return dict(model.tables())
    return {name: value.numpy() for name, value in model.network.state_dict().items()}


@pytest.mark.parametrize(
    ("name", "stop", "every"),
    [
        ("LINEAR", 2, 1),  # in the middle of the first pass
        pytest.param(
            "NET", 5, 8, marks=pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")
        ),
    ],
)
def test_a_killed_training_ends_in_the_same_weights(
    name: str, stop: int, every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hawker.ranking.online._BATCH", 1000)
    estimator = {"LINEAR": LINEAR, "NET": NET}[name]
    rows, valid = toy(3000), toy(600, seed=3)
    undisturbed = ranking.train(estimator, rows, valid=valid, seed=5)
    killed(tmp_path, name=name, stop=stop, every=every)
    assert (tmp_path / FILE).is_file()
    told: list[float] = []
    resumed = ranking.train(
        estimator,
        rows,
        valid=valid,
        seed=5,
        checkpoint=tmp_path,
        progress=lambda _words, share: told.append(share),
    )
    assert told[0] > 0.2  # it went on, it did not begin again
    assert resumed.recipe["course"] == undisturbed.recipe["course"]
    left, right = weights(resumed), weights(undisturbed)
    assert left.keys() == right.keys()
    for key, value in left.items():
        np.testing.assert_array_equal(value, right[key], err_msg=key)
    assert not list(tmp_path.iterdir())


def interrupted(folder: Path) -> None:
    """A checkpoint after the first pass of LINEAR, left behind."""

    class Stop(Exception):
        """The end."""

    def stop(_words: str, share: float) -> None:
        if share > 0.3:
            raise Stop

    with pytest.raises(Stop):
        ranking.train(LINEAR, toy(), seed=5, checkpoint=folder, progress=stop)
    assert (folder / FILE).is_file()


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    interrupted(tmp_path)
    for estimator, rows, seed, words in (
        (replace(LINEAR, rate=0.1), toy(), 5, "parameters"),
        (LINEAR, toy(), 6, "seed"),
        (LINEAR, toy(seed=1), 5, "content"),
    ):
        with pytest.raises(BadInput, match=rf"another training \({words}\).*Name another folder"):
            ranking.train(estimator, rows, seed=seed, checkpoint=tmp_path)
    ranking.train(LINEAR, toy(), seed=5, checkpoint=tmp_path)
    assert not (tmp_path / FILE).exists()


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    interrupted(tmp_path)
    content = (tmp_path / FILE).read_bytes()
    for broken in (content[: len(content) // 2], b""):
        (tmp_path / FILE).write_bytes(broken)
        with pytest.raises(Corrupt, match=r"checkpoint\.npz' cannot be read.*Remove it"):
            ranking.train(LINEAR, toy(), seed=5, checkpoint=tmp_path)


def test_what_has_no_passes_cannot_be_laid_down(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"Trees has no passes.*Linear or Net"):
        ranking.train(ranking.Trees(trees=3, threads=1), toy(300), checkpoint=tmp_path)
