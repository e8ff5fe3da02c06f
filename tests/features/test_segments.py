"""Segments find the groups that were planted, name them, and stay what they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.features.toy import START

from hawker.errors import BadSetting, Corrupt
from hawker.features.segments import Segments, divide, load, protected, save, segments
from hawker.features.state import State
from hawker.privacy.pseudonym import Naming
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind
from hawker.records.preferences import Preferences
from hawker.storage import tables
from hawker.storage.event_log import EventLog
from hawker.storage.preferences import Choices
from hawker.storage.shop import Pseudonyms, Settings, Shop

sklearn = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed (extra 'train')")

NAMES = ("visits", "visits_per_week", "days_since_last", "amount", "price", "share:Fresh", "share:Toys")
# visits, a week, days since, amount, price, fresh, toys
KINDS = np.array(
    [
        [50, 3.0, 2, 900, 3, 0.8, 0.0],
        [6, 0.3, 8, 400, 60, 0.1, 0.7],
        [3, 0.2, 90, 20, 4, 0.4, 0.1],
        [9, 0.8, 5, 90, 5, 0.1, 0.1],
    ]
)
SIZES = (300, 200, 400, 100)


def planted(seed: int = 1, *, sizes: tuple[int, ...] = SIZES) -> tuple[np.ndarray, np.ndarray]:
    """Shoppers of four kinds with some noise, shuffled; and the kind of each."""
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    matrix = KINDS[kind] * rng.lognormal(0.0, 0.15, (len(kind), len(NAMES)))
    matrix[:, 5:] = np.clip(matrix[:, 5:], 0, 1)
    matrix[rng.random(matrix.shape) < 0.01] = np.nan
    matrix[:, 0] = np.fmax(matrix[:, 0], 1)
    return matrix, kind


def test_planted_groups_are_found_and_their_number_with_them() -> None:
    matrix, kind = planted()
    found = divide(NAMES, matrix)
    assert len(found.segments) == 4
    assert found.scores[4] == max(found.scores.values())
    assert set(found.scores) == set(range(3, 11))
    assert sklearn.adjusted_rand_score(kind, found.assign(NAMES, matrix)) >= 0.95
    assert [segment.size for segment in found.segments] == pytest.approx([400, 300, 200, 100], abs=10)
    assert sum(segment.share for segment in found.segments) == pytest.approx(1)


def test_a_name_says_what_sets_the_group_apart() -> None:
    matrix, _ = planted()
    english, chinese = divide(NAMES, matrix), divide(NAMES, matrix, language="zh-CN")
    lapsed, fresh, toys, _ = (segment.name for segment in english.segments)
    assert "lapsed" in lapsed
    assert {"frequent", "Fresh"} & set(fresh.split(", "))
    assert "Toys" in toys
    assert "high prices" in toys
    assert "久未到访" in chinese.segments[0].name
    assert "Toys" in chinese.segments[2].name
    assert "偏好高价" in chinese.segments[2].name
    for found in (english, chinese):
        assert len({segment.name for segment in found.segments}) == 4
    assert "lapsed" in str(english)
    assert "mean silhouette" in str(english)


def test_the_same_seed_gives_the_same_segments_and_the_next_run_the_same_names() -> None:
    matrix, _ = planted()
    found = divide(NAMES, matrix)
    assert divide(NAMES, matrix) == found
    fewer, kind = planted(2, sizes=(150, 450, 200, 120))  # other shoppers, other sizes, other order
    later = divide(NAMES, fewer, seed=8, previous=found)
    first, then = found.assign(NAMES, KINDS.astype(float)), later.assign(NAMES, KINDS.astype(float))
    for one, other in zip(first, then, strict=True):
        assert found.segments[one].name == later.segments[other].name
    assert [segment.size for segment in later.segments] == pytest.approx([450, 200, 150, 120], abs=10)
    assert sklearn.adjusted_rand_score(kind, later.assign(NAMES, fewer)) >= 0.95


def test_a_new_group_gets_a_new_name() -> None:
    matrix, _ = planted(sizes=(300, 0, 400, 100))
    found = divide(NAMES, matrix, k=3)
    later = divide(NAMES, planted()[0], k=4, previous=found)
    before, after = ({segment.name for segment in model.segments} for model in (found, later))
    assert len(before & after) == 3
    assert "Toys" in next(iter(after - before))


def test_names_of_another_language_are_not_taken_over() -> None:
    matrix, _ = planted()
    english = divide(NAMES, matrix)
    chinese = divide(NAMES, matrix, language="zh", previous=english)
    assert not {s.name for s in english.segments} & {s.name for s in chinese.segments}


@pytest.mark.parametrize(
    ("sizes", "k", "reason"),
    [
        ((5, 4, 3, 1), None, "13 shoppers are too few to divide: 30 are needed"),
        ((10, 10, 10, 10), 50, "40 shoppers are too few to divide: 50 are needed"),
        ((0, 0, 0, 0), None, "0 shoppers are too few"),
        ((20, 20, 20, 20), 1, "one segment was asked for"),
    ],
)
def test_a_shop_too_small_is_one_segment_and_says_why(
    sizes: tuple[int, ...], k: int | None, reason: str
) -> None:
    matrix, _ = planted(sizes=sizes)
    found = divide(NAMES, matrix, k=k)
    assert reason in found.reason
    assert [segment.name for segment in found.segments] == ["everyone"]
    assert reason in str(found)
    assert not found.assign(NAMES, matrix).any()


def test_shoppers_who_are_all_alike_are_one_segment() -> None:
    found = divide(NAMES, np.tile(KINDS[:1].astype(float), (50, 1)))
    assert found.reason == "all shoppers are alike in every feature"


def test_a_given_number_is_kept_and_an_impossible_one_refused() -> None:
    matrix, _ = planted()
    found = divide(NAMES, matrix, k=5)
    assert len(found.segments) == 5
    assert len({segment.name for segment in found.segments}) == 5
    assert "the number was given" in str(found)
    with pytest.raises(BadSetting, match="0 segments"):
        divide(NAMES, matrix, k=0)


def shop_state() -> State:
    """Sixty shoppers who come daily for bread, and sixty who came once, long ago, for a toy."""
    state = State()
    state.codes.learn_products(
        [
            Product(id="b", title="Bread", category="Food > Bread"),
            Product(id="t", title="Toy", category="Toys"),
        ]
    )
    events = [
        Event(
            EventKind.PURCHASE,
            START + day * DAY + who,
            id=f"{who}-{day}",
            shopper=f"u{who:03}",
            session=f"{who}-{day}",
            product="b" if who < 60 else "t",
            value=(3 + who % 5) * 1_000_000 * (1 if who < 60 else 10),
        )
        for who in range(120)
        for day in (range(who % 3, 60, 2 + who % 4) if who < 60 else [who % 7])
    ]
    state.fold(state.codes.encode(events))
    return state


def test_from_events_to_a_table_that_targeting_reads(tmp_path: Path) -> None:
    shop, state, now = Shop.create(tmp_path / "shop"), shop_state(), START + 61 * DAY
    assert load(shop) is None
    found = segments(state, now=now, k=2)
    assert save(shop, state, found, now=now) == 120
    assert load(shop) == found
    rows = tables.connect(threads=1).execute(f"FROM {tables.quoted(shop.table('segments'))}").fetchall()
    assert [row[0] for row in rows] == [f"u{who:03}" for who in range(120)]
    assert len({row[1] for row in rows[:60]}) == len({row[1] for row in rows[60:]}) == 1
    assert "Toys" in rows[119][1] or "high prices" in rows[119][1]
    assert found.departments == ("Food", "Toys")
    again = segments(state, now=now, k=2, previous=load(shop))
    assert again == found


def test_minors_and_those_who_opted_out_belong_nowhere(tmp_path: Path) -> None:
    shop, state, now = Shop.create(tmp_path / "shop"), shop_state(), START + 61 * DAY
    assert protected(shop) == frozenset()
    declared = "VALUES ('u000', '', true), ('u001', '13-17', false), ('u002', '35-44', false)"
    query = f"SELECT * FROM ({declared}) AS t(id, age_band, opted_out)"
    tables.replace(tables.connect(threads=1), query, shop.table("shoppers"))
    assert protected(shop) == {"u000", "u001"}
    found = segments(state, now=now, k=2, without=protected(shop))
    assert found.shoppers == 118
    assert save(shop, state, found, now=now) == 118
    rows = tables.connect(threads=1).execute(f"FROM {tables.quoted(shop.table('segments'))}").fetchall()
    assert not {"u000", "u001"} & {row[0] for row in rows}


def test_whoever_refused_by_an_event_or_wants_no_interests_belongs_nowhere(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop", Settings(pseudonyms=Pseudonyms.KEYED))
    named = Naming(shop).of
    out = Event(EventKind.OPT_OUT, START, id="out", shopper=named("u1"))
    young = Event(
        EventKind.ATTRIBUTES, START, id="age", shopper=named("u2"), attributes={"age_band": "13-17"}
    )
    EventLog(shop.events).append([out, young])
    choices = Choices(shop.control)
    choices.put(named("u3"), Preferences(interests=False))
    choices.close()
    query = "SELECT 'u4' AS id, '' AS age_band, true AS opted_out"
    tables.replace(tables.connect(threads=1), query, shop.table("shoppers"))
    assert protected(shop) == {named(f"u{n}") for n in (1, 2, 3, 4)}


def test_a_broken_model_says_what_to_do(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    shop.state.mkdir(parents=True)
    (shop.state / "segments.json").write_text('{"features": 3}')
    with pytest.raises(Corrupt, match="make the segments again"):
        load(shop)


def test_an_empty_shop_is_one_segment() -> None:
    found = segments(State(), now=START)
    assert isinstance(found, Segments)
    assert found.shoppers == 0
