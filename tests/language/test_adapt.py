"""Encoders adapted to a shop: what is read, how it is judged, that it resumes and serves only if it wins."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.language import adapting

from hawker import Shop, language
from hawker.errors import BadInput, BadSetting, Conflict, NotFound, UnreadableFile
from hawker.language import adapt
from hawker.language.adapt import histories as reading
from hawker.language.adapt import judge
from hawker.language.adapt.course import Course
from hawker.language.adapt.histories import Rows
from hawker.language.adapt.lesson import Cuts, Given
from hawker.privacy import erasure
from hawker.records.events import DAY, Event, EventKind
from hawker.records.traffic import MARK
from hawker.storage import vectors
from hawker.storage.event_log import EventLog
from hawker.storage.models import ModelStore

sparse = pytest.importorskip("scipy.sparse", reason="needs the extra train")


def test_moments_are_visits_that_bring_something_new_after_something_known() -> None:
    held = adapting.small()
    rows = held.rows(0, 3 * DAY, most=10)
    assert rows.shopper.tolist() == [0]  # the second tea brings nothing new, the first visits follow nothing
    assert rows.known.toarray().tolist() == [[1.0, 0.0, 0.0]]
    assert rows.new.toarray().tolist() == [[0.0, 1.0, 0.0]]
    assert held.counts(0, 2 * DAY).tolist() == [1, 0, 1]


def test_older_meetings_weigh_less() -> None:
    held = reading.Histories.of(
        ("tea", "pot", "jam"),
        np.zeros(3, dtype=np.int64),
        time=np.array([0, 1, 2]) * DAY,
        visit=np.arange(3),
        thing=np.array([0, 1, 2]),
        half_life=DAY,
    )
    last = held.rows(2 * DAY, 3 * DAY, most=10)
    assert last.known.toarray()[0].tolist() == pytest.approx([1 / 3, 2 / 3, 0.0])
    assert held.latest(last.known[0], 2) == [0, 1]


def test_ndcg_leaves_out_what_is_known_and_counts_places() -> None:
    vectors_ = np.eye(3, dtype=np.float32)
    vectors_[2] = [0.8, 0.6, 0.0]
    vectors_[1] = [0.6, 0.0, 0.8]
    known = sparse.csr_matrix(np.array([[1.0, 0.0, 0.0]], dtype=np.float32))
    for thing, expected in ((2, 1.0), (1, 1 / np.log2(3))):
        new = sparse.csr_matrix(np.eye(3, dtype=np.float32)[[thing]])
        rows = Rows(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), known, new)
        assert judge.ranked(rows, vectors_)[0] == pytest.approx(expected)
    prior = np.array([0.0, 1.0, 0.0])
    assert judge.ranked(rows, vectors_, prior=prior)[0] == 1.0
    assert judge.placed(np.array([[0.1, 0.9, 0.5]]), np.array([2]))[0] == pytest.approx(1 / np.log2(3))


def test_a_comparison_wins_only_with_its_whole_interval() -> None:
    rng = np.random.default_rng(0)
    people = np.arange(200)
    before = rng.random(200)
    assert judge.compared("x", people, before, after=before + 0.1).wins
    assert not judge.compared("x", people, before, after=rng.random(200) * before).wins
    few = judge.compared("x", people[:5], before[:5], after=before[:5] + 1)
    assert not few.wins
    assert few.difference.reason


def test_who_refused_is_not_read(tmp_path: Path) -> None:
    held = reading.read(adapting.shop(tmp_path, shoppers=8, silent=3))
    assert len(np.unique(held.shopper)) == 5
    assert len(held) == 5 * 12
    assert set(held.searches.shopper) == set(held.shopper)
    assert len(held.searches.text) == 60
    assert held.labels[0] == "light things"


def test_special_categories_and_invalid_traffic_are_not_read_and_searches_are_masked(tmp_path: Path) -> None:
    shop = adapting.shop(tmp_path, shoppers=4)
    before = reading.read(shop)
    later = adapting.START + 30 * DAY
    one = {"shopper": "u0", "session": "late"}
    asked = Event(EventKind.SEARCH, later - 2, id="s", query="kettle for jane.doe@example.com", **one)
    bought = Event(EventKind.PURCHASE, later, id="b", product="p0", **one)
    bad = Event(EventKind.PURCHASE, later + 1, id="c", product="p2", reason=f"{MARK}rate", **one)
    bot = Event(EventKind.SEARCH, later - 1, id="t", query="bot", reason=f"{MARK}rate", **one)
    EventLog(shop.events).append([asked, bot, bought, bad])
    held = reading.read(shop)
    assert len(held) == len(before) + 1
    assert set(held.searches.text) - set(before.searches.text) == {"kettle for j…@example.com"}
    assert held.content != before.content

    (shop.folder / "shop.toml").write_text('name = "Shop"\nspecial_categories = ["Dark things"]\n')
    light = reading.read(Shop(shop.folder))
    assert 0 < len(light) < len(held)
    for found in (light.thing, light.searches.thing):
        assert {light.labels[code] for code in found.tolist()} == {"light things"}


def test_where_all_refused_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no behaviour to adapt.*hawker ingest"):
        reading.read(adapting.shop(tmp_path, shoppers=2, silent=2))


def test_bad_input_names_the_remedy(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="needs the extra adapt")
    few = adapting.shop(tmp_path / "few", shoppers=3)
    with pytest.raises(BadInput, match=r"33 visits brought something new.*hawker ingest"):
        adapt.adapt(few)
    from hawker.language.adapt.origin import origin

    with pytest.raises(BadInput, match="3 distinct texts are too few"):
        origin("new", texts=["a", "b", "c"])
    with pytest.raises(BadSetting, match=r"no model 'minilmm'.*Did you mean 'minilm'"):
        origin("minilmm")
    with pytest.raises(BadSetting, match="four bits"):
        origin("e5")
    with pytest.raises(BadSetting, match=r"no task 'interest'.*'interests'"):
        adapt.adapt(few, "interest")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "modules.json").write_text("[]")
    with pytest.raises(UnreadableFile, match=r"holds no model.safetensors"):
        origin(str(tmp_path / "half"))
    with pytest.raises(BadSetting, match="'rate' above 0"):
        Course(rate=0)
    with pytest.raises(BadSetting, match="'sine' is not known"):
        Course(schedule="sine")  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="hawker adapt"):
        language.encoder("adapted", shop=few)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, reading.Histories]:
    """A small new model, saved, and what its shop's shoppers met."""
    pytest.importorskip("sentence_transformers", reason="needs the extra adapt")
    from hawker.language.adapt.origin import origin

    place = tmp_path_factory.mktemp("adapt")
    held = reading.read(adapting.shop(place / "shop"))
    origin("new", texts=held.texts, seed=1).save(place / "new")
    return place / "new", held


def given(opened: tuple[Path, reading.Histories], folder: Path, **course: object) -> Given:
    from hawker.language.adapt.origin import origin

    path, held = opened
    short = Course(epochs=2, batch=64, rate=1e-3, precision="fp32")
    return Given(
        held,
        Cuts.of(held),
        origin(str(path)),
        replace(short, **course),  # type: ignore[arg-type]
        folder / "walk",
        trained=200,
        judged=80,
    )


@pytest.mark.parametrize("task", adapt.TASKS)
def test_every_task_walks_and_tells_before_and_after(
    task: str, opened: tuple[Path, reading.Histories], tmp_path: Path
) -> None:
    learned = adapt.learn(task, given(opened, tmp_path, epochs=1))
    decided = learned.comparisons[0]
    assert decided.before.value is not None
    assert decided.after.value is not None
    assert decided.difference.low is not None
    assert len(learned.walked.scores) == 1
    assert learned.rows > 50
    learned.save(tmp_path / "saved")
    found = language.encoder(str(tmp_path / "saved"))
    assert found.passages(["red kettle"]).shape == (1, found.size)


def test_a_killed_course_is_taken_up(opened: tuple[Path, reading.Histories], tmp_path: Path) -> None:
    whole = adapt.learn("interests", given(opened, tmp_path / "a", epochs=3))

    class Killed(Exception):
        pass

    def die(step: str, share: float) -> None:
        if step.startswith("train") and share > 0.7:
            raise Killed

    cut = replace(given(opened, tmp_path / "b", epochs=3), progress=die)
    with pytest.raises(Killed):
        adapt.learn("interests", cut)
    again = adapt.learn("interests", given(opened, tmp_path / "b", epochs=3))
    assert again.walked.resumed
    assert not whole.walked.resumed
    assert again.walked.scores == pytest.approx(whole.walked.scores)
    assert again.comparisons[0].after.value == pytest.approx(whole.comparisons[0].after.value)
    assert not (tmp_path / "b" / "walk").exists()


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_who_is_forgotten_meanwhile_is_in_nothing_kept(
    share: float, opened: tuple[Path, reading.Histories], tmp_path: Path
) -> None:
    """In the first pass, before its checkpoint; or after the last step, before the model is saved."""
    shop = adapting.shop(tmp_path / "shop")
    forgotten: list[str] = []

    def forget(step: str, done: float) -> None:
        if step.startswith("train") and done >= share and not forgotten:
            forgotten.append("u1")
            receipt = erasure.complete(shop, erasure.begin(shop, "u1"))
            assert receipt is not None
            assert receipt.models == ()

    course = Course(epochs=2, batch=32, rate=1e-3, precision="fp32")
    with pytest.raises(Conflict, match=r"forgotten since the log was read.*Run it again"):
        adapt.adapt(shop, base=str(opened[0]), course=course, progress=forget)
    assert forgotten
    assert not list((shop.state / erasure.TRAININGS).rglob("*.safetensors"))
    assert ModelStore(shop.models).versions("encoder") == []
    assert len(np.unique(reading.read(shop).shopper)) == 79


def test_adapters_are_folded_into_the_weights(opened: tuple[Path, reading.Histories], tmp_path: Path) -> None:
    start = given(opened, tmp_path)
    before = start.origin.vectors(start.origin.tokens(["red kettle"]))
    learned = adapt.learn("interests", replace(start, course=replace(start.course, lora=4)))
    learned.save(tmp_path / "saved")
    after = language.encoder(str(tmp_path / "saved")).passages(["red kettle"])
    assert not np.allclose(before, after, atol=1e-3)
    assert not any("lora" in name for name, _ in start.origin.model.named_parameters())


def test_what_wins_serves_and_what_does_not_leaves_all_as_it_was(
    opened: tuple[Path, reading.Histories], tmp_path: Path
) -> None:
    shop = adapting.shop(tmp_path / "shop")
    course = Course(epochs=4, batch=32, rate=2e-3, patience=4, precision="fp32")
    heard: list[str] = []
    made = adapt.adapt(
        shop, base=str(opened[0]), course=course, progress=lambda step, _share: heard.append(step)
    )
    assert made.comparisons[0].wins
    assert made.promoted
    assert made.reason == ""
    serving = vectors.products(shop)
    assert serving is not None
    assert serving.about.encoder.startswith(made.version)
    assert language.encoder(shop=shop).name == serving.about.encoder
    assert any((shop.reports / "adapt" / "interests").iterdir())
    assert any(step.startswith("train") for step in heard)

    slow = replace(course, epochs=1, rate=1e-9)
    second = adapt.adapt(shop, base=str(adapt.folder(shop)), course=slow)
    assert not second.promoted
    assert second.reason
    assert ModelStore(shop.models).promoted("encoder") == made.version
    again = vectors.products(shop)
    assert again is not None
    assert again.name == serving.name
    shutil.rmtree(shop.folder)


def test_new_words_are_learned_from_chinese(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="needs the extra adapt")
    from hawker.language.adapt.origin import origin

    held = reading.read(adapting.shop(tmp_path, shoppers=4, chinese=True))
    made = origin("new", texts=held.texts)
    known = made.tokenizer("红色水壶", add_special_tokens=False)["input_ids"]
    assert len(known) == 4
    assert made.tokenizer.unk_token_id not in known
    assert made.vectors(made.tokens(held.texts[:2])).shape == (2, made.size)
