"""What encoders of behaviour see, and what must not: never what is past the end."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.ranking.test_columns import history

from hawker import ranking
from hawker.errors import BadSetting
from hawker.features.examples import Examples
from hawker.ranking.net import ENCODERS, NetModel

pytestmark = pytest.mark.skipif(not find_spec("torch"), reason="pip install 'hawker[deep]'")

SMALL: dict[str, Any] = {
    "hidden": (16,),
    "embedding": 6,
    "batch": 64,
    "rate": 1e-2,
    "epochs": 6,
    "norm": False,
}


def repeated(rows: int, *, seed: int) -> Examples:
    """Who has dealt with the kind on offer buys it (60 %), others do not (10 %); nothing else counts."""
    made = history(rows, seed=seed)
    rng = np.random.default_rng(seed + 1)
    again = (made.x[:, 4:] == made.x[:, 1:2]).any(axis=1)
    return replace(made, y=(rng.random(rows) < np.where(again, 0.6, 0.1)).astype(np.float32))


@pytest.mark.parametrize("kind", ["attention", "transformer"])
def test_what_resembles_the_offer_is_found_in_the_past(kind: Any) -> None:
    estimator = ranking.Net(**SMALL, sequence=kind)
    model = ranking.train(estimator, repeated(4000, seed=0), seed=1)
    judged = ranking.evaluate(model, repeated(2000, seed=5))
    assert judged.auc.low is not None
    assert judged.auc.low > 0.7


@pytest.mark.parametrize("kind", ENCODERS)
def test_a_sequence_saved_is_a_sequence_loaded(kind: Any, tmp_path: Path) -> None:
    rows = repeated(400, seed=0)
    model = ranking.train(ranking.Net(**{**SMALL, "epochs": 1}, sequence=kind), rows, seed=1)
    model.save(tmp_path)
    np.testing.assert_array_equal(ranking.load(tmp_path).on(rows), model.on(rows))
    alone = np.array([model.predict(rows.x[r : r + 1])[0] for r in range(8)])
    np.testing.assert_allclose(alone, model.on(rows)[:8], rtol=1e-5)
    empty = rows.x.copy()
    empty[:, 4:] = np.nan
    p = model.predict(empty)
    assert ((p > 0) & (p < 1)).all()


@pytest.mark.parametrize("kind", ENCODERS)
def test_what_is_past_the_end_says_nothing(kind: str) -> None:
    """Padding made longer, or filled with anything, changes no answer."""
    import torch

    from hawker.ranking.sequence import encoder

    torch.manual_seed(0)
    size, length = 4, 6
    encode = encoder(kind, size, length).eval()
    for weights in encode.parameters():
        torch.nn.init.normal_(weights, std=0.5)
    sequence, target = torch.randn(3, length, size), torch.randn(3, size)
    known = torch.arange(length) < torch.tensor([[6], [2], [0]])
    spoiled = torch.where(known.unsqueeze(2), sequence, torch.tensor(99.0))
    clean = torch.where(known.unsqueeze(2), sequence, torch.tensor(0.0))
    with torch.no_grad():
        answer = encode(clean, known, target)
        assert answer.shape == (3, size)
        if kind != "convolution":  # whose last filter reaches one step past the end; the table's padding is 0
            torch.testing.assert_close(encode(spoiled, known, target), answer)
        back = encode(clean.flip(0), known.flip(0), target.flip(0)).flip(0)
        torch.testing.assert_close(back, answer)
        other = clean.clone()
        other[0, [0, 1]] = clean[0, [1, 0]]
        swapped = encode(other, known, target)
    if kind in ("mean", "attention"):
        torch.testing.assert_close(swapped, answer)
    else:
        assert not torch.allclose(swapped[0], answer[0])


def test_the_latest_comes_last_in_a_recurrent_encoder() -> None:
    """By hand: run the known part from the oldest to the latest."""
    import torch

    from hawker.ranking.sequence import Recurrent

    torch.manual_seed(0)
    encode = Recurrent(3, "gru")
    sequence, known = torch.randn(1, 5, 3), torch.tensor([[True, True, True, False, False]])
    _, last = encode.cell(sequence[:, [2, 1, 0]])
    torch.testing.assert_close(encode(sequence, known, None), last[0])


def test_attention_reads_like_the_paper() -> None:
    """The activation unit over [k, t, k − t, k ⊙ t] with the parts' weights put together."""
    import torch

    from hawker.ranking.sequence import Attention

    torch.manual_seed(0)
    encode = Attention(4)
    sequence, target = torch.randn(2, 3, 4), torch.randn(2, 4)
    known = torch.tensor([[True, True, True], [True, False, False]])
    wide = target.unsqueeze(1).expand(-1, 3, -1)
    unit = torch.cat([sequence, wide, sequence - wide, sequence * wide], dim=2)
    half = torch.zeros_like(encode.key.weight)  # any split of the difference between k and t will do
    weights = torch.cat(
        [encode.key.weight - half, encode.target.weight + half, half, encode.product.weight], dim=1
    )
    layer = torch.relu(unit @ weights.T + encode.key.bias)
    weight = (layer @ encode.weight.weight.T + encode.weight.bias).squeeze(2) * known
    expected = (weight.unsqueeze(2) * sequence).sum(dim=1)
    torch.testing.assert_close(encode.eval()(sequence, known, target), expected)
    torch.testing.assert_close(encode.train()(sequence, known, target), expected)


def test_the_sequence_and_the_offer_share_embeddings() -> None:
    model = ranking.train(ranking.Net(**{**SMALL, "epochs": 1}), repeated(400, seed=0), seed=1)
    assert isinstance(model, NetModel)
    assert model.network.table.shape == (1 + 1 + 4, 6)
    assert (model.network.table[0] == 0).all()


def test_an_unknown_encoder_is_refused() -> None:
    with pytest.raises(BadSetting, match=r"no sequence 'attentoin'.*Did you mean 'attention'"):
        ranking.Net(sequence="attentoin")  # type: ignore[arg-type]


def test_cropped_and_masked_sequences_lose_steps_in_training_alone() -> None:
    net = ranking.Net(**SMALL, crop=0.5, mask=0.2)
    rows = history(2000)
    with net.learner(rows, rows=[rows], valid=None, seed=0) as run:
        run.take(rows)
        codes = run.inputs.codes.copy()
        changed = run._augmented(codes.copy())
        np.testing.assert_array_equal(changed[:, 0], codes[:, 0])
        past, less = codes[:, 1:], changed[:, 1:]
        assert ((less == past) | (less == 0)).all()
        full = (past > 0).all(axis=1)
        assert full.any()
        assert 0.1 < (less[full, 0] == 0).mean() < 0.3  # the latest is never cropped, only masked
        assert (less[full, 2] == 0).mean() > 0.4
    model = ranking.train(net, rows.take(np.arange(500)), seed=1)
    np.testing.assert_array_equal(model.on(rows), model.on(rows))
