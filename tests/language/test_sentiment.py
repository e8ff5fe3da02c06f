"""Praise and complaint are told apart in both languages, with chances that hold; files come back whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hawker.errors import BadInput, Corrupt
from hawker.ingest.datasets import reviews
from hawker.language import sentiment
from hawker.records.events import Event, EventKind
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Shop

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data" / "zh_reviews"
THINGS = ("shoes", "tea", "lamp", "phone", "水果", "衣服", "酒店", "手机")
GOOD = ("love these {}", "very good {}, would buy again", "{}很好，非常满意", "不错的{}，推荐")
BAD = ("hate these {}", "not good {}, never again", "{}很差，非常失望", "不好的{}，退货了")


def rows() -> tuple[list[str], list[int]]:
    told = [(form.format(thing) + mark, label) for label, forms in ((1, GOOD), (0, BAD)) for form in forms
            for thing in THINGS for mark in ("", "!", "。")]  # fmt: skip
    return [text for text, _ in told], [label for _, label in told]


def test_it_tells_praise_from_complaint_of_things_never_reviewed(tmp_path: Path):
    model = sentiment.fit(*rows())
    told = model.score(["very good kite", "not good kite", "风筝很好，满意", "风筝很差，失望", "", "Ωμέγα"])
    assert (told[:4] > 0.5).tolist() == [True, False, True, False]
    assert np.isnan(told[4:]).all()
    model.save(tmp_path / "s.npz")
    again = sentiment.Sentiment.load(tmp_path / "s.npz")
    assert again.name == model.name
    np.testing.assert_array_equal(again.score(["very good kite"]), told[:1])
    (tmp_path / "s.npz").write_bytes(b"torn")
    with pytest.raises(Corrupt, match="learn it again"):
        sentiment.Sentiment.load(tmp_path / "s.npz")


def test_a_shop_learns_from_its_own_reviews_with_stars(tmp_path: Path):
    shop = Shop.create(tmp_path / "shop")
    assert sentiment.of(shop) is None
    told = zip(*rows(), strict=True)
    EventLog(shop.events).append(
        [
            Event(
                EventKind.REVIEW,
                n + 1,
                id=f"{n}",
                shopper="u-1",
                product="p",
                text=text,
                rating=1.0 + 4 * label,
            )
            for n, (text, label) in enumerate(told)
        ]
    )
    model = sentiment.of(shop)
    assert model is not None
    assert (model.score(["很好，满意", "很差，失望"]) > 0.5).tolist() == [True, False]
    EventLog(shop.events).append([Event(EventKind.OPT_OUT, 9, id="no", shopper="u-1")])
    assert sentiment.of(shop) is None


def test_markup_and_a_megabyte_are_read_as_far_as_needed():
    model = sentiment.fit(*rows())
    long = "<script>hate</script> very good " * 40_000
    assert model.score([long])[0] > 0.5


def test_too_little_to_learn_from_is_said():
    with pytest.raises(BadInput, match="4 reviews praise and 1 complain"):
        sentiment.fit(["a", "b", "c", "d", "e"], [1, 1, 1, 1, 0])
    with pytest.raises(BadInput, match="one label"):
        sentiment.fit(["a"], [2])


def test_the_split_depends_on_the_texts_alone():
    texts = [f"text {n}" for n in range(100)]
    groups = [n % 2 for n in range(100)]
    learn = sentiment.split(texts, groups)
    assert (learn.sum(), learn[::2].sum()) == (80, 40)
    turned = sentiment.split(texts[::-1], groups[::-1])
    np.testing.assert_array_equal(turned[::-1], learn)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="shared/data/zh_reviews is not on this machine")
def test_real_reviews_are_read_well_from_a_few_thousand():
    found = reviews.read(FOLDER)
    texts, labels = np.array(found.texts, dtype=object), np.array(found.labels)
    held = np.flatnonzero(sentiment.split(found.texts, found.categories))  # the test part is not looked at
    drawn = np.random.default_rng(7).permutation(held)[:4_000]
    model = sentiment.fit(texts[drawn[:3_000]].tolist(), labels[drawn[:3_000]].tolist())
    chance, y = model.score(texts[drawn[3_000:]].tolist()), labels[drawn[3_000:]]
    assert ((chance > 0.5) == y).mean() > 0.86
    assert abs(chance.mean() - y.mean()) < 0.03
