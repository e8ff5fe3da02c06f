"""Parts hold the same rows as `learning.examples` makes at once, and are made and trained on in pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.learning.grocer import MONDAY, grocer

from hawker import Shop, ranking
from hawker.errors import BadInput, Conflict
from hawker.features import table
from hawker.learning import examples, load, parts, placement, trials
from hawker.records.events import DAY


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return grocer(tmp_path_factory.mktemp("corner"))


@pytest.mark.parametrize("negatives", [None, 3])
def test_parts_are_the_same_rows(shop: Shop, negatives: int | None, tmp_path: Path) -> None:
    span = {"start": MONDAY + 30 * DAY, "end": MONDAY + 50 * DAY, "most": 130}
    replay = load(shop)
    world = placement.world(shop, replay.state)
    drawn = trials(replay.events, world, **span)
    whole = examples(replay, world, drawn, negatives=negatives, seed=4)

    replay = load(shop)
    world = placement.world(shop, replay.state)
    told: list[float] = []
    stream = parts.write(
        replay,
        world,
        drawn,
        tmp_path,
        400,
        negatives=negatives,
        seed=4,
        progress=lambda _, share: told.append(share),
    )
    assert len(stream.files) >= 2
    assert told[-1] == 1.0
    again = table.stacked([*stream])
    assert again.names == whole.names
    for name in ("x", "y", "weight", "time", "group", "cluster"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name), err_msg=name)
    with pytest.raises(Conflict, match="already holds training rows"):
        parts.write(replay, world, drawn, tmp_path)
    model = ranking.train(ranking.Linear(bits=12), stream, trust=whole.names)  # habits tell all there
    assert ranking.evaluate(model, whole, resamples=50).auc.value > 0.7  # type: ignore[operator]


def test_nothing_to_learn_from_is_said(shop: Shop, tmp_path: Path) -> None:
    replay = load(shop)
    world = placement.world(shop, replay.state)
    with pytest.raises(BadInput, match="nothing to learn from"):
        parts.write(replay, world, [], tmp_path)
