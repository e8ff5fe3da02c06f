"""What the network computes, by hand, and what it leaves as it found it."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.behaviour.rankers import toy

from hawker import ranking
from hawker.errors import BadInput, BadSetting, Corrupt
from hawker.features.examples import Examples, Field
from hawker.ranking.net import NetModel

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")


def test_training_leaves_torch_as_it_was() -> None:
    import torch

    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    model = ranking.train(ranking.Net(hidden=(4,), epochs=1, threads=threads + 1), toy(300), seed=3)
    model.predict(toy(10).x)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_network_reads_like_the_papers() -> None:
    """x₁ = x₀ ⊙ (W x₀ + b) + x₀ beside one perceptron layer, pairs of fields, first-order weights."""
    estimator = ranking.Net(
        hidden=(3,), embedding=2, crosses=1, fm=True, wide=True, bins=1, norm=False, dropout=0.5, epochs=1
    )
    model = ranking.train(estimator, toy(300), seed=3)
    assert isinstance(model, NetModel)
    w = {name: value.numpy().astype(np.float64) for name, value in model.network.state_dict().items()}
    x = toy(20, seed=1).x
    codes, _ = model.columns(x)
    fields = w["table"][codes][:, :, :2]
    x0 = fields.reshape(20, -1)
    x1 = x0 * (x0 @ w["tower.crosses.0.weight"].T + w["tower.crosses.0.bias"]) + x0
    deep = np.maximum(x0 @ w["tower.perceptron.0.weight"].T + w["tower.perceptron.0.bias"], 0)
    expected = np.hstack([x1, deep]) @ w["tower.score.weight"][0] + w["tower.score.bias"][0]
    expected += sum((fields[:, i] * fields[:, j]).sum(axis=1) for i, j in combinations(range(4), 2))
    expected += w["table"][codes][:, :, 2].sum(axis=1)
    np.testing.assert_allclose(model.score(x), expected, atol=1e-5)


def placed(rows: int, *, seed: int) -> Examples:
    """The toy shop in slots 0 to 4: lower slots sell less, and what was bought before is shown on top."""
    base = toy(rows, seed=seed)
    rng = np.random.default_rng(seed + 9)
    slot = np.where(base.x[:, 0] > 0, rng.integers(0, 3, rows), rng.integers(2, 5, rows)).astype(np.float32)
    keep = rng.random(rows) < np.exp(-0.5 * slot)
    return replace(
        base,
        names=(*base.names, "slot"),
        x=np.column_stack([base.x, slot]),
        y=base.y * keep.astype(np.float32),
        position="slot",
    )


def test_a_position_is_learned_from_and_never_served_with() -> None:
    rows = placed(6000, seed=0)
    estimator = ranking.Net(hidden=(16,), embedding=4, batch=256, rate=1e-2, epochs=6)
    model = ranking.train(estimator, rows, valid=placed(1000, seed=3), seed=1)
    assert isinstance(model, NetModel)
    assert model.names == toy(1).names
    slots = model.network.position.weight.numpy(force=True)[1:, 0]  # place 0 is the unknown
    assert slots[0] > slots[1] > slots[2:].max()
    weights = np.bincount(rows.x[:, -1].astype(int)) / len(rows)
    np.testing.assert_allclose(model.network.shares.numpy()[1:, 0], weights, rtol=1e-5)
    blind = ranking.train(estimator, rows.only(model.names), seed=1)
    pair = np.array([[5, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32)
    assert np.diff(model.score(pair)) > np.diff(blind.score(pair)) + 0.3  # less of what slots gave the first
    np.testing.assert_array_equal(model.on(placed(50, seed=2)), model.predict(toy(50, seed=2).x))


def test_a_vector_is_projected_beside_the_embeddings() -> None:
    rng = np.random.default_rng(0)
    base = toy(3000)
    vectors = rng.normal(size=(3000, 8)).astype(np.float32)
    vectors[::10] = np.nan
    names = tuple(f"text {i}" for i in range(8))
    odds = np.nan_to_num(vectors @ np.linspace(-1, 1, 8).astype(np.float32))
    rows = replace(
        base,
        names=(*base.names, *names),
        x=np.hstack([base.x, vectors]),
        y=(rng.random(3000) < 1 / (1 + np.exp(-odds))).astype(np.float32),
        fields=(Field("text", "vector", names),),
    )
    model = ranking.train(
        ranking.Net(hidden=(16,), embedding=4, fm=True, batch=128, rate=1e-2),
        rows.take(np.arange(2400)),
        seed=1,
    )
    assert isinstance(model, NetModel)
    assert model.network.projections[0].weight.shape == (4, 8)
    judged = ranking.evaluate(model, rows.take(np.arange(2400, 3000)))
    assert judged.auc.low is not None
    assert judged.auc.low > 0.75


def test_renewed_embeddings_begin_each_pass_afresh() -> None:
    """The second pass begins with what the first began with: a draw of small numbers, and no moments."""
    net = ranking.Net(hidden=(4,), embedding=4, renew=True, epochs=2)
    with net.learner(toy(300), rows=[toy(300)], valid=None, seed=0) as run:
        run.take(toy(300))
        run.turn(0)
        for number in range(30):
            run.step(np.arange(300), number=number, pace=1.0)
        learned = run.table.weights.clone()
        run.turn(1)
        assert abs(run.table.weights[1:]).max() < 0.06
        assert abs(learned[1:]).mean() > abs(run.table.weights[1:]).mean()
        assert run.table.steps == 0
        assert (run.table.moments == 0).all()


def test_a_network_of_an_older_form_is_refused(tmp_path: Path) -> None:
    model = ranking.train(ranking.Net(hidden=(4,), epochs=1), toy(300))
    model.save(tmp_path)
    head = (tmp_path / "model.json").read_text("utf-8")
    (tmp_path / "model.json").write_text(head.replace('"form": 2', '"form": 1'), "utf-8")
    with pytest.raises(BadInput, match=r"another version of Hawker.*Train it again"):
        ranking.load(tmp_path)
    (tmp_path / "model.json").write_text(head, "utf-8")
    (tmp_path / "network.pt").write_bytes((tmp_path / "network.pt").read_bytes()[:500])
    with pytest.raises(Corrupt):
        ranking.load(tmp_path)


def test_a_diverging_loss_says_so() -> None:
    with pytest.raises(BadInput, match=r"diverged.*smaller rate"):
        ranking.train(
            ranking.Net(hidden=(16,), norm=False, rate=1e4, epochs=20, crosses=3), toy(2000), seed=1
        )


def test_a_gpu_that_is_not_there_is_refused_with_the_remedy() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(BadSetting, match=r"no GPU here.*device='cpu'"):
        ranking.train(ranking.Net(device="cuda"), toy(300))
    with pytest.raises(BadSetting, match=r"no device 'gpu'.*Use 'cpu'"):
        ranking.train(ranking.Net(device="gpu"), toy(300))


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_the_same_where_the_device_has_it(
    precision: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it has not, it is refused; that the arithmetic is right is shown on an imitation."""
    import torch

    from hawker.ranking import hardware

    net = ranking.Net(hidden=(16,), embedding=4, batch=128, rate=5e-3, epochs=3, precision=precision)
    if not hardware.has(precision, torch.device("cpu")):
        with pytest.raises(BadSetting, match=rf"no {precision} arithmetic.*precision='fp32'"):
            ranking.train(net, toy(300))
        monkeypatch.setattr(hardware, "has", lambda precision, on: True)  # noqa: ARG005
    full = ranking.train(replace(net, precision="fp32"), toy(2000), seed=1)
    half = ranking.train(net, toy(2000), seed=1)
    gap = np.abs(half.predict(toy(500, seed=2).x) - full.predict(toy(500, seed=2).x))
    assert 0 < gap.max() < 0.05


def test_shares_that_are_none_are_refused() -> None:
    with pytest.raises(BadSetting, match="'mask' is a share below 1"):
        ranking.Net(mask=1.0)
    with pytest.raises(BadSetting, match=r"no precision 'bf8'.*Did you mean 'bf16'"):
        ranking.Net(precision="bf8")  # type: ignore[arg-type]
