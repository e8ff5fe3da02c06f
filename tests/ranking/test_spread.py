"""Two processes under torchrun: equal weights in both, close to those of one that saw the same batches."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")

NET = ranking.Net(
    hidden=(8,), embedding=4, fm=True, wide=True, dropout=0.0, norm=False, batch=101, epochs=2, rate=1e-2
)
PROGRAM = """
import os, sys
sys.path[:0] = {path!r}
import numpy as np
from tests.behaviour.rankers import toy
from tests.ranking.test_spread import NET
from hawker import ranking
from dataclasses import replace

told = []
for name, net in (("plain", NET), ("norm", replace(NET, norm=True, dropout=0.2))):
    model = ranking.train(
        net, toy(1201), valid=toy(600, seed=3), seed=5, checkpoint={folder!r} + "/" + name, every=7,
        curves={folder!r} + "/curves", progress=lambda words, share: told.append(share),
    )
    weights = {{key: value.numpy() for key, value in model.network.state_dict().items()}}
    losses = model.recipe["course"]["losses"]
    np.savez({folder!r} + f"/{{name}}-{{os.environ['RANK']}}.npz", losses=losses, **weights)
assert bool(told) == (os.environ["RANK"] == "0"), "the first tells, the others are silent"
"""


def test_two_processes_train_one_network(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(path=sys.path, folder=str(tmp_path)))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    done = subprocess.run(
        [*torchrun, str(program)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for name in ("plain", "norm"):
        first, second = (dict(np.load(tmp_path / f"{name}-{rank}.npz")) for rank in (0, 1))
        assert first.keys() == second.keys()
        for key, value in first.items():
            np.testing.assert_array_equal(value, second[key], err_msg=key)
        assert first["losses"][-1] < min(first["losses"][0], 0.6)
    alone = ranking.train(NET, toy(1201), valid=toy(600, seed=3), seed=5)
    shared = dict(np.load(tmp_path / "plain-0.npz"))
    np.testing.assert_allclose(shared["losses"], alone.recipe["course"]["losses"], rtol=1e-3)
    for key, value in alone.network.state_dict().items():  # type: ignore[attr-defined]
        np.testing.assert_allclose(shared[key], value.numpy(), atol=5e-3, err_msg=key)
    assert not (tmp_path / "plain" / "checkpoint.npz").exists()
    assert len(list((tmp_path / "curves").iterdir())) == 2
