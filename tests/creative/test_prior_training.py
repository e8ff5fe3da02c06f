"""Learning the prior from tests whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hawker.creative import prior_training
from hawker.creative.prior import Prior, Scores
from hawker.creative.prior_blend import NO_DOUBT, Blend
from hawker.creative.prior_training import calibration, decided, last_quarter
from hawker.errors import BadInput
from hawker.ingest.datasets import upworthy
from hawker.ingest.datasets.upworthy import Arms

pytest.importorskip("scipy", reason="the extra `train` is not installed")
pytest.importorskip("sklearn", reason="the extra `train` is not installed")

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "upworthy"
FILLERS = (
    "a mug",
    "a lamp",
    "one plate",
    "some tea",
    "old shoes",
    "new chairs",
    "garden tools",
    "warm socks",
)
WORTH, TURNED, REST = 0.5, 0.4, 0.1


def told(tests: int, *, seed: int) -> tuple[Arms, np.ndarray]:
    """Tests of three headlines: 'surprise' adds `WORTH` to the log-odds, the first dimension `TURNED`."""
    rng = np.random.default_rng(seed)
    rows = tests * 3
    vectors = rng.normal(size=(rows, 4))
    with_word = rng.random(rows) < 0.5
    texts = tuple(
        f"{rng.choice(FILLERS)} {'surprise' if held else 'again'} {rng.choice(FILLERS)} {row}"
        for row, held in enumerate(with_word)
    )
    test = np.repeat(np.arange(tests), 3)
    logit = np.repeat(rng.normal(-4, 0.7, tests), 3) + WORTH * with_word + TURNED * vectors[:, 0]
    chance = 1 / (1 + np.exp(-(logit + rng.normal(0, REST, rows))))
    shown = np.full(rows, 4_000)
    week = 201_301 + test * 40 // tests
    return Arms(test, texts, shown, rng.binomial(shown, chance), week), vectors


@pytest.fixture(scope="module")
def learned() -> Prior:
    arms, vectors = told(300, seed=1)
    return prior_training.fit(arms, {"e5": vectors}, names={"e5": "toy"})


def test_pairs_are_of_one_test_with_enough_impressions_and_a_clear_difference() -> None:
    arms = Arms(
        test=np.array([0, 0, 0, 1, 1]),
        headline=("a", "b", "c", "d", "e"),
        shown=np.array([1000, 1000, 100, 1000, 1000]),
        clicked=np.array([10, 60, 90, 20, 22]),
        week=np.array([1, 1, 1, 2, 2]),
    )
    pairs = decided(arms)
    assert (pairs.first.tolist(), pairs.second.tolist()) == ([0], [1])
    pooled = 70 / 2000
    assert pairs.z[0] == pytest.approx(-0.05 / np.sqrt(pooled * (1 - pooled) * 2 / 1000))
    assert len(decided(arms, least=50)) == 3
    assert len(decided(arms, beyond=0.1)) == 2


def test_naming_the_winner_is_right_and_a_tie_is_half_right() -> None:
    arms = Arms(np.zeros(2, np.int64), ("a", "b"), np.full(2, 1000), np.array([10, 60]), np.ones(2, np.int64))
    pairs = decided(arms)
    assert [pairs.right(np.array(scores))[0] for scores in ([0.0, 1.0], [1.0, 0.0], [1.0, 1.0])] == [
        1,
        0,
        0.5,
    ]


def test_it_finds_what_was_put_in_and_says_how_much_it_is_worth(learned: Prior) -> None:
    scored = learned.score(
        ["a mug surprise", "a mug again", "a mug again"],
        vectors={"e5": np.array([[0.0, 1, 0, 0], [0.0, 1, 0, 0], [1.0, 1, 0, 0]])},
    )
    assert scored.by == "e5+words"
    assert scored.mean[0] - scored.mean[1] == pytest.approx(WORTH, abs=0.15)
    assert scored.mean[2] - scored.mean[1] == pytest.approx(TURNED, abs=0.06)
    assert scored.sd[0] < learned.spread


def test_the_spread_that_is_left_shrinks_with_what_is_known(learned: Prior) -> None:
    left = {head.by: head.sd for head in learned.heads}
    assert set(left) == {"e5+words", "words", "e5"}
    assert left["e5+words"] < min(left["words"], left["e5"]) < learned.spread
    assert left["e5+words"] == pytest.approx(REST, abs=0.08)


def test_scores_are_as_large_and_as_sure_as_they_say_on_tests_never_seen(learned: Prior) -> None:
    arms, vectors = told(300, seed=2)
    at_home = replace(learned, blend=Blend(doubt=NO_DOUBT))
    scores = at_home.score(arms.headline, vectors={"e5": vectors})
    found = calibration(arms, scores)
    assert found["slope"].value == pytest.approx(1.0, abs=0.1)
    assert found["spread"].value == pytest.approx(1.0, abs=0.2)
    assert abs(float(scores.mean.mean())) < 0.1
    halved = calibration(arms, Scores(scores.mean / 2, scores.sd, scores.by))
    assert halved["slope"].low is not None
    assert halved["slope"].low > 1.5
    assert decided(arms).right(scores.mean).mean() > 0.9


def test_the_same_rows_give_the_same_prior(learned: Prior, tmp_path: Path) -> None:
    arms, vectors = told(300, seed=1)
    again = prior_training.fit(arms, {"e5": vectors}, names={"e5": "toy"})
    learned.save(tmp_path / "one.json")
    again.save(tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_without_vectors_there_are_words(learned: Prior) -> None:
    arms, _ = told(300, seed=1)
    bare = prior_training.fit(arms, {}, names={})
    assert [head.by for head in bare.heads] == ["words"]
    assert bare.score(["a mug surprise"]).mean == pytest.approx(
        learned.score(["a mug surprise"]).mean, abs=0.05
    )


def test_too_little_to_learn_from_is_refused() -> None:
    arms, _ = told(10, seed=1)
    with pytest.raises(BadInput, match="There are 10 tests"):
        prior_training.fit(arms, {}, names={})
    nobody = Arms(arms.test, arms.headline, arms.shown, np.zeros_like(arms.clicked), arms.week)
    with pytest.raises(BadInput, match="No test was decided"):
        last_quarter(nobody)


def test_the_archives_pairs_are_those_that_the_mark_speaks_of() -> None:
    if not (DATA / upworthy.FILE).is_file():
        pytest.skip(f"no {upworthy.FILE} beside the project")
    arms = upworthy.read(DATA)
    pairs, week = decided(arms), last_quarter(arms)
    assert len(pairs) == 5_983
    assert (week, int((arms.week[pairs.first] >= week).sum())) == (201442, 1_541)
