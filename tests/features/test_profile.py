"""A profile says what a reader can count from the events by hand."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from tests.features.toy import START

from hawker.features.interest_words import Background, InWords, Terms
from hawker.features.profile import Profile, profile, profiles
from hawker.features.state import State
from hawker.records.catalogue import Product
from hawker.records.events import DAY, Event, EventKind

K = EventKind
CATALOGUE = [
    Product(id="milk", title="Whole Oat Milk", category="Food > Dairy > Milk", brand="Acme"),
    Product(id="bread", title="Rye Bread", category="Food > Bakery > Bread", brand="Bolt"),
    Product(id="lamp", title="Desk Lamp", category="Home > Light > Lamps", brand="Crown"),
]


def state() -> State:
    """Ann: three visits over three weeks, milk twice, bread, a look at a lamp, one of four ads clicked."""
    made = State()
    made.codes.learn_products(CATALOGUE)
    rows = [
        (0, K.PURCHASE, "ann", "s1", "milk", 3.0),
        (0, K.PURCHASE, "ann", "s1", "bread", 5.0),
        (7, K.PURCHASE, "ann", "s2", "milk", 4.0),
        (21, K.VIEW, "ann", "s3", "lamp", 0.0),
        *[(21, K.AD_IMPRESSION, "ann", "s3", "lamp", 0.0)] * 4,
        (21, K.AD_CLICK, "ann", "s3", "lamp", 0.0),
        (1, K.VIEW, "bob", "s4", "lamp", 0.0),
        *[(d, K.PURCHASE, f"u{d}", f"t{d}", "bread", 1.0 + d) for d in range(30)],
    ]
    made.fold(
        made.codes.encode(
            [
                Event(
                    kind,
                    START + day * DAY + i,
                    id=f"e{i}",
                    shopper=who,
                    session=visit,
                    product=product,
                    value=round(paid * 1e6),
                    dwell_ms=30_000 if kind is K.VIEW else 0,
                )
                for i, (day, kind, who, visit, product, paid) in enumerate(rows)
            ]
        )
    )
    return made


NOW = START + 28 * DAY


@pytest.fixture(scope="module")
def ann() -> Profile:
    made = state()
    shop = Background(made, Terms({product.id: product for product in CATALOGUE}))
    return profile(made, "ann", now=NOW, background=shop, searches=[("gluten free", NOW - DAY)])


def test_activity_is_what_happened(ann: Profile) -> None:
    activity = ann.activity
    assert activity is not None
    assert (activity.visits, activity.ad_impressions, activity.ad_clicks) == (3, 4, 1)
    assert activity.visits_per_week == pytest.approx(3 / 4)
    assert activity.days_since_last == pytest.approx(7, abs=1e-4)
    assert activity.dwell == pytest.approx(10)
    rate = activity.ad_click_rate
    assert rate.value == 0.25
    assert rate.low is not None and rate.low < 0.1 < 0.6 < (rate.high or 0)  # noqa: PT018


def test_purchases_are_what_was_bought(ann: Profile) -> None:
    bought = ann.purchases
    assert bought is not None
    assert (bought.count, bought.amount, bought.price) == (3, 12.0, 4.0)
    assert bought.per_visit == pytest.approx(4)
    assert bought.repeat_share == pytest.approx(1 / 3)
    assert bought.days_since_last == pytest.approx(21, abs=1e-4)
    assert bought.price_band == 1  # the others pay 1 to 30
    assert [entry.name for entry in bought.categories] == ["Food > Dairy > Milk", "Food > Bakery > Bread"]
    assert bought.categories[0].weight == pytest.approx(2 ** (-28 / 90) + 2 ** (-21 / 90), abs=1e-4)
    assert [entry.name for entry in bought.brands] == ["Acme", "Bolt"]


def test_interest_and_sequence_lead_with_the_latest(ann: Profile) -> None:
    assert ann.interest is not None
    assert [entry.name for entry in ann.interest.categories] == ["Home > Light > Lamps"]
    assert ann.interest.words == InWords()  # three touches beside 34 of others: no interval is above 1
    assert [(seen.product, seen.kind) for seen in ann.sequence] == [
        ("lamp", "view"),
        ("milk", "purchase"),
        ("bread", "purchase"),
        ("milk", "purchase"),
    ]


def test_a_profile_prints_and_travels(ann: Profile) -> None:
    text = str(ann)
    assert "3 visits, 0.8 a week, last 7.0 days ago" in text
    assert "3, 12.00 in all, 4.00 a visit, last 21.0 days ago" in text
    assert "Food > Dairy > Milk" in text
    assert msgspec.json.decode(msgspec.json.encode(ann), type=Profile) == ann


def test_a_shopper_nobody_knows_says_so() -> None:
    for name in ("zoe", ""):
        found = profile(state(), name, now=NOW)
        assert not found.known
        assert "nothing is recorded" in str(found)
        assert found.activity is None


def test_a_shopper_who_only_looked_has_no_purchases() -> None:
    found = profile(state(), "bob", now=NOW)
    assert found.purchases is not None
    assert (found.purchases.count, found.purchases.price, found.purchases.repeat_share) == (0, None, None)
    assert "purchases  none" in str(found)


def test_a_small_shop_has_no_price_bands() -> None:
    small = State()
    small.codes.learn_products(CATALOGUE)
    small.fold(small.codes.encode([Event(K.PURCHASE, START, id="1", shopper="a", product="milk", value=1)]))
    bought = profile(small, "a", now=NOW).purchases
    assert bought is not None
    assert bought.price_band is None


def test_many_profiles_agree_with_the_single_one(ann: Profile) -> None:
    made = state()
    codes = np.array([made.codes["shopper"].find(name) for name in ("ann", "bob", "u3")] + [-1], np.int32)
    names, matrix = profiles(made, codes, now=NOW)
    table = dict(zip(names, matrix.T, strict=True))
    assert ann.activity is not None
    assert ann.purchases is not None
    assert table["visits"].tolist() == [3, 1, 1, 0]
    assert table["repeat_share"][0] == ann.purchases.repeat_share
    assert table["visits_per_week"][0] == ann.activity.visits_per_week
    assert table["price"][2] == pytest.approx(4.0)
    assert table["share:Food"][[0, 2]].tolist() == [1.0, 1.0]
    assert np.isnan(table["share:Food"][[1, 3]]).all()
    assert np.isnan(table["days_since_last"][3])
