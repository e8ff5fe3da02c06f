"""How a course makes one model of rows: averaging, refitting, stages, and rows of what was not on offer."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from tests.learning.grocer import MONDAY, grocer

from hawker import Shop, ranking
from hawker.errors import BadSetting
from hawker.features.examples import Examples
from hawker.learning import fitting, load, pipeline, placement, trials
from hawker.learning.examples import Gathered, gather
from hawker.learning.fitting import GLANCE, Course, Slices
from hawker.records.events import DAY
from hawker.storage.models import ModelStore

TREES = ranking.Trees(trees=15, least=5, leaves=7, threads=1)
STAGED = Course(
    (ranking.Linear(), TREES),
    most=300,
    negatives=8,
    bags=2,
    share=0.7,
    elsewhere=3,
    refit=True,
    together=True,
    student=ranking.Trees("regression", trees=40, leaves=15, least=5, threads=1),
    light=ranking.Trees("regression", trees=10, leaves=4, least=5, threads=1),
    keep=20,
)
SPLIT = pipeline.Split(MONDAY + 20 * DAY, MONDAY + 45 * DAY, MONDAY + 55 * DAY, MONDAY + 80 * DAY)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return grocer(tmp_path_factory.mktemp("corner"))


@pytest.fixture(scope="module")
def slices(shop: Shop) -> Slices:
    rows = gathered(shop).offered
    cut = MONDAY + 45 * DAY
    return Slices(rows.take(rows.time < cut), rows.take(rows.time >= cut))


def gathered(shop: Shop, *, elsewhere: int = 0, without: int = 0) -> Gathered:
    """Rows of two hundred visits, with the last so many products taken off the shelf's offers."""
    replay = load(shop)
    world = placement.world(shop, replay.state)
    drawn = trials(replay.events, world, start=SPLIT.start, end=SPLIT.test, most=200, seed=1)
    if without:
        offered = np.arange(len(world.index.product) - without, dtype=np.int32)
        drawn = [replace(trial, ads=offered) for trial in drawn]
    return gather(replay, world, drawn, negatives=8, elsewhere=elsewhere, seed=1)


def test_what_sold_but_was_not_on_offer_gives_rows_with_the_same_features(shop: Shop) -> None:
    found = gathered(shop, elsewhere=3, without=10)
    assert found.elsewhere is not None
    assert found.elsewhere.names == found.offered.names
    assert set(np.unique(found.elsewhere.group)) <= set(np.unique(found.offered.group))
    display = found.elsewhere.x[:, found.elsewhere.names.index("display")]
    assert np.isnan(display).all()
    assert 0 < found.elsewhere.y.mean() < 1
    few = found.elsewhere.y == 0
    assert few.sum() <= 3 * 200
    everything = gathered(shop, elsewhere=3)
    assert everything.elsewhere is None  # all that sells is on offer


def test_offered_rows_do_not_change_with_what_is_asked_beside_them(shop: Shop) -> None:
    alone, beside = gathered(shop, without=10).offered, gathered(shop, elsewhere=1, without=10).offered
    assert alone.names == beside.names
    assert np.array_equal(alone.y.sum(), beside.y.sum())


def test_a_share_keeps_whole_trials(slices: Slices) -> None:
    some = fitting.drawn(slices.fit, 0.5, seed=3)
    assert 0 < len(some) < len(slices.fit)
    for group in np.unique(some.group)[:5]:
        assert (some.group == group).sum() == (slices.fit.group == group).sum()
    assert fitting.drawn(slices.fit, 1.0, seed=3) is slices.fit


def test_bags_see_other_trials_and_are_averaged_in_log_odds(slices: Slices) -> None:
    plan = Course((TREES,), bags=2, share=0.6)
    made = fitting.bagged(TREES, slices.known, plan=plan, seed=5)
    assert isinstance(made, ranking.Blend)
    one, two = made.models
    x = slices.later.x
    assert not np.array_equal(one.score(x), two.score(x))
    assert made.score(x) == pytest.approx((one.score(x) + two.score(x)) / 2)


def test_refitting_keeps_the_calibration_and_takes_the_later_rows_too(slices: Slices) -> None:
    plan = Course((TREES,), refit=True)
    made = fitting.fit(slices, plan, seed=5).model
    assert isinstance(made, ranking.Calibrated)
    once = fitting.fit(slices, replace(plan, refit=False), seed=5).model
    assert isinstance(once, ranking.Calibrated)
    assert made.knots.tolist() == once.knots.tolist()
    assert made.recipe["refit"]["rows"] == len(slices.fit) + len(slices.later) > once.recipe["rows"]
    order = np.argsort(made.model.score(slices.later.x), kind="stable")
    assert (np.diff(made.score(slices.later.x)[order]) >= 0).all()


def test_a_blend_that_wins_is_made_of_averages_with_the_weights_it_won_by(slices: Slices) -> None:
    plan = Course((ranking.Linear(), TREES), bags=2, share=0.7, together=True, refit=True)
    chosen = {"linear": ranking.Linear(), "trees": TREES}
    rows = slices.known
    models = {name: ranking.train(one, rows, seed=5, trust=rows.names) for name, one in chosen.items()}
    blend = ranking.blend(list(models.values()), slices.later, weights=[1.0, 2.0])
    models[fitting.BLEND] = blend
    made, unseen = fitting._grown(fitting.BLEND, models, chosen, slices=slices, plan=plan, seed=5)
    assert isinstance(made, ranking.Calibrated)
    assert isinstance(unseen, ranking.Calibrated)
    assert unseen.model is blend
    full = made.model
    assert isinstance(full, ranking.Blend)
    assert [len(member.models) for member in full.models if isinstance(member, ranking.Blend)] == [2, 2]
    assert full.weights.tolist() == blend.weights.tolist()
    parts = [member.score(slices.later.x) for member in full.models]
    weighed = full.weights[0] * parts[0] + full.weights[1] * parts[1] + blend.base
    assert full.score(slices.later.x) == pytest.approx(weighed)


def test_where_they_work_together_the_blend_competes(slices: Slices) -> None:
    small = ranking.Trees(trees=4, least=5, leaves=4, threads=1)
    made = fitting.fit(slices, Course((ranking.Linear(), small), together=True), seed=5)
    assert set(made.judged) == {"linear", "trees", "blend"}
    losses = {name: found.log_loss.value or 9.9 for name, found in made.judged.items()}
    assert losses["blend"] <= min(losses.values()) + 0.01
    order = {name: found.group_auc.value or 0.0 for name, found in made.judged.items()}
    assert order[made.best] == max(order.values())


def test_a_student_says_what_its_teacher_says(slices: Slices) -> None:
    plan = Course((TREES,), refit=True)
    taught = ranking.Trees("regression", trees=200, rate=0.2, least=5, columns=1.0, rows=1.0, threads=1)
    teacher = fitting.fit(slices, plan, seed=5).model
    student = fitting.fit(slices, replace(plan, student=taught), seed=5)
    assert student.name == "trees × 1, calibrated, distilled"
    x = slices.later.x
    assert np.corrcoef(teacher.score(x), student.model.score(x))[0, 1] > 0.99
    assert student.unseen.score(x).std() > 0


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch: pip install 'hawker[deep]'")
def test_networks_are_served_as_matrices_that_say_the_same(slices: Slices) -> None:
    plan = Course((ranking.Net(hidden=(8,), epochs=1),), bags=2, share=0.7)
    made = fitting.fit(slices, plan, seed=5)
    assert isinstance(made.model, ranking.Calibrated)
    assert made.model.model.kind == "averaged"
    x = slices.later.x
    assert made.model.score(x) == pytest.approx(made.unseen.score(x), abs=1e-4)


@pytest.mark.skipif(
    any(find_spec(name) is None for name in ("torch", "onnx", "onnxruntime")),
    reason="needs torch and ONNX: pip install 'hawker[deep,onnx]'",
)
def test_networks_of_other_shapes_are_served_as_graphs(slices: Slices) -> None:
    rows = slices.known
    net = ranking.train(ranking.Net(hidden=(8,), crosses=1, epochs=1), rows, seed=5, trust=rows.names)
    assert fitting.lean(net).kind == "onnx"
    x = slices.later.x
    assert fitting.lean(net).score(x) == pytest.approx(net.score(x), abs=1e-4)


def test_only_rows_known_then_are_fitted_before_the_calibration(slices: Slices) -> None:
    beside = replace(slices.later, y=1 - slices.later.y)
    held = Slices(slices.fit, slices.later, elsewhere=beside)
    assert len(held.known) == len(slices.fit)
    assert len(held.all) == len(slices.fit) + 2 * len(slices.later)
    assert (np.diff(held.all.time) >= 0).all()
    assert set(held.all.weight) == {1.0}


def test_a_staged_model_is_saved_promoted_and_decides_as_its_heavy_stage(shop: Shop) -> None:
    held = pipeline.bench(shop, split=SPLIT)
    trained = pipeline.train(shop, on=held, how=STAGED)
    assert trained.name.endswith(f"× 2, calibrated, distilled, for the best {STAGED.keep}")
    model = ranking.load(ModelStore(shop.models).path("ranker", trained.version))
    assert isinstance(model, ranking.Cascade)
    assert model.light.names == GLANCE == model.first
    assert {"linear", "trees", "blend"} - set(trained.rivals) == {trained.name.split()[0]}
    tested = pipeline.evaluate(shop, version=trained.version, on=held, most=100)
    values = {name: estimate.value or 0.0 for name, estimate in tested.outcome.values.items()}
    assert values["hawker"] > values["popular"]
    assert model.agreement(_whole(shop), top=10) > 0.8


def _whole(shop: Shop) -> Examples:
    """Every candidate of some visits."""
    replay = load(shop)
    world = placement.world(shop, replay.state)
    drawn = trials(replay.events, world, start=SPLIT.calibrate, end=SPLIT.test, most=40, seed=2)
    return gather(replay, world, drawn, seed=1).offered


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(BadSetting, match="share"):
        Course((TREES,), share=0.0)
