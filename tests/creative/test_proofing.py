"""Copy is held against the catalogue again where that has changed, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests import shops
from tests.creative.scripted import BREAD, GOOD, OTHER, Scripted

from hawker.creative import gate, proofing, studio
from hawker.creative.desk import Desk
from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Draft, Objection
from hawker.records.sheet import Standing, Variant
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts
from hawker.storage.shop import Shop
from hawker.storage.tables import write_products

CAKE = replace(BREAD, id="cake", title="Rye bread, 500 g, twice baked")


@contextmanager
def opened(shop: Shop) -> Iterator[Desk]:
    with closing(Drafts(shop.control)) as drafts, closing(Control(shop.control)) as control:
        yield Desk(drafts, control, shop.catalogue)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop whose bread and cake have approved copy."""
    made = shops.tiny(tmp_path / "shop")
    write_products(made.table("catalogue"), [*shops.PRODUCTS, BREAD, CAKE])
    with opened(made) as desk:
        for product, words in ((BREAD, GOOD), (CAKE, OTHER)):
            sheet = studio.write(Scripted([words]), Brief(product), n=1, time=7)
            desk.file([sheet], approver="ann")
    return made


def changed(shop: Shop, *products: Product) -> list[Variant]:
    held = {**Shop(shop.folder).catalogue, **{one.id: one for one in products}}
    write_products(shop.table("catalogue"), list(held.values()))
    return proofing.proofread(Shop(shop.folder))


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The products whose copy went through the gate since."""
    real, seen = gate.check, list[str]()

    def check(draft: Draft, brief: Brief, **given: Any) -> tuple[Objection, ...]:
        seen.append(draft.product)
        return real(draft, brief, **given)

    monkeypatch.setattr(gate, "check", check)
    return seen


def test_what_a_change_made_untrue_comes_down_with_its_reason(shop: Shop, checked: list[str]) -> None:
    (taken,) = changed(shop, replace(BREAD, title="Rye bread, 400 g"))
    assert (taken.product, taken.standing, checked) == ("bread", Standing.REFUSED, ["bread"])
    assert (taken.rulings[-1].by, "500 g" in taken.rulings[-1].reason) == (proofing.BY, True)
    with opened(shop) as desk:
        assert {one.product: one.approved for one in desk.control.creatives()} == {
            "bread": False,
            "cake": True,
        }
        assert desk.control.changes()[-1].by == proofing.BY


def test_only_what_changed_is_looked_at_and_once(shop: Shop, checked: list[str]) -> None:
    assert proofing.proofread(shop) == []
    assert checked == []  # as it was when the copy was written
    assert changed(shop, replace(BREAD, category="Bakery > Bread")) == []
    assert checked == ["bread"]
    assert not proofing.due(shop)
    assert changed(shop, replace(shops.PRODUCTS[0], title="Black tea")) == []
    assert checked == ["bread"]
    assert [one.product for one in changed(shop, replace(CAKE, brand="Hill", title="Plum cake"))] == ["cake"]
    assert checked == ["bread", "cake"]


def test_a_product_that_is_gone_takes_its_copy_with_it(shop: Shop) -> None:
    write_products(shop.table("catalogue"), [*shops.PRODUCTS, CAKE])
    (taken,) = proofing.proofread(Shop(shop.folder))
    assert (taken.product, taken.rulings[-1].reason) == ("bread", "gone")


def test_stock_is_a_change_for_copy_that_speaks_of_it_alone(shop: Shop, checked: list[str]) -> None:
    scarce = studio.write(Scripted([{**OTHER, "title": "Only 4 left"}]), Brief(CAKE), n=1, seed=2)
    changed(shop)
    with opened(shop) as desk:
        desk.file([scarce], approver="ann")
    checked.clear()
    changed(shop, replace(BREAD, stock=3), replace(CAKE, stock=3))
    assert set(checked) == {"cake"}


def test_without_approved_copy_nothing_is_due(tmp_path: Path) -> None:
    made = shops.tiny(tmp_path / "shop")
    assert not proofing.due(made)
    assert proofing.proofread(made) == []


def test_a_torn_note_of_the_last_look_costs_a_look_and_nothing_else(shop: Shop) -> None:
    changed(shop)
    (shop.state / "copy-looked.json").write_bytes(b"{")
    assert proofing.due(shop)
    assert proofing.proofread(shop) == []
    assert not proofing.due(shop)
