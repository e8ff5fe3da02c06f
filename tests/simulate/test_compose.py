"""The invented catalogue: unique, priced sanely, worded lawfully, each blank filled."""

import re
from collections import Counter
from importlib import resources

import pytest

from hawker.errors import NotFound
from hawker.records.catalogue import Availability, levels
from hawker.simulate.shops.compose import compose, names, words

FORBIDDEN = re.compile(
    "最|第一|唯一|首个|首选|首家|顶级|极品|极致|独家|国家级|世界级|绝对|万能|永久|史无前例|王牌|冠军"
    "|销量领先|百分之百|100%|特效|治疗|根治|限时|NO\\.1|TOP1",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def items():
    return compose("zh")


def test_there_are_about_three_hundred_products_in_ten_tops(items):
    tops = {levels(item.product.category)[0] for item in items}
    assert 290 <= len(items) <= 330
    assert len(tops) == 10
    assert len({item.product.brand for item in items}) == 40
    assert {len(levels(item.product.category)) for item in items} <= {2, 3}


def test_ids_and_titles_are_unique(items):
    assert len({item.product.id for item in items}) == len(items)
    assert [title for title, n in Counter(item.product.title for item in items).items() if n > 1] == []


def test_prices_are_sane_and_some_are_reduced(items):
    for product in (item.product for item in items):
        assert 10_000_000 <= product.price <= 5_000_000_000, product.id
        assert product.sale_price < product.price, product.id
        assert product.sale_price == 0 or product.sale_price > product.price * 0.5, product.id
    reduced = sum(item.product.sale_price > 0 for item in items)
    assert 0.2 < reduced / len(items) < 0.7


def test_variants_share_a_group_and_differ(items):
    groups = {}
    for item in items:
        if item.product.group:
            groups.setdefault(item.product.group, []).append(item.product)
    assert len(groups) > 80
    for members in groups.values():
        assert len(members) > 1
        assert len({(p.color, p.size, p.price, p.title) for p in members}) == len(members)
        assert len({p.brand for p in members}) == 1


def test_a_few_are_out_of_stock(items):
    gone = [item.product for item in items if item.product.stock == 0]
    assert 1 <= len(gone) <= 30
    assert all(product.availability is Availability.OUT_OF_STOCK for product in gone)


def test_no_superlatives_and_no_open_blanks(items):
    for product in (item.product for item in items):
        text = f"{product.title} {product.description} {' '.join(product.attributes.values())}"
        assert not FORBIDDEN.search(text), text
        assert not re.search(r"[{}]|\b(None|nan)\b", text), text
        assert 2 <= product.description.count("。") <= 4, product.description
        assert len(product.title) <= 75


def test_every_stated_attribute_is_in_the_words(items):
    """What a gate will check later: title and description agree with the fields."""
    for product in (item.product for item in items):
        text = product.title + product.description
        for value in (product.brand, product.material, product.color, product.size):
            assert value in text, (product.id, value)


def test_forbidden_words_are_really_looked_for():
    assert FORBIDDEN.search("全网最低价")
    assert FORBIDDEN.search("国家级品质")


def test_the_words_hold_no_superlatives_either():
    spoken = words("zh")
    for text in (*spoken.stray_queries, *spoken.reviews_good, spoken.name):
        assert not FORBIDDEN.search(text), text


def test_an_unknown_shop_names_the_known():
    assert "zh" in names()
    with pytest.raises(NotFound, match="zh"):
        compose("zhh")


def test_same_seed_same_products_and_another_seed_only_moves_the_stock():
    one, two, other = compose("zh", seed=7), compose("zh", seed=7), compose("zh", seed=8)
    assert one == two
    assert one != other
    assert [item.product.title for item in one] == [item.product.title for item in other]


def test_the_data_files_are_toml_inside_the_package():
    folder = resources.files("hawker.simulate") / "shops" / "zh"
    assert sum(entry.name.endswith(".toml") for entry in folder.iterdir()) == 11
