"""What a campaign could choose among: what is its own to use, segments, and likely buyers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.audience.market import PRODUCTS, history, moment, opened, shopper

from hawker.audience.candidates import buyers, candidates, main_category, segments
from hawker.audience.moment import Moment
from hawker.records.audience import Audience, Kind
from hawker.records.catalogue import Product
from hawker.records.ids import identifier
from hawker.storage import tables

pytest.importorskip("lightgbm", reason="LightGBM is not installed (extra 'train')")


@pytest.fixture
def at(tmp_path: Path) -> Moment:
    found = moment(tmp_path)
    lists = {"cooks": frozenset({"c-001", "c-004"}), "rivals": frozenset({"r-000"})}
    rows = {
        "shopper": np.array(["r-000", "r-003", "c-001"], dtype=object),
        "segment": np.array(["keen", "keen", "calm"], dtype=object),
    }
    connection = tables.connect(threads=1)
    connection.register("rows", rows)
    query = "SELECT shopper::VARCHAR AS shopper, segment::VARCHAR AS segment FROM rows"
    tables.replace(connection, query, found.shop.table("segments"))
    return replace(found, lists=lists, without=frozenset({"r-003"}))


def test_an_advertiser_chooses_among_its_own_and_what_is_shared(at: Moment) -> None:
    held = (Audience("cooks", Kind.LIST, shared=True), Audience("rivals", Kind.LIST, advertiser="Rival"))
    ours, _ = candidates(at, ("shoe",), held=held, advertiser="Hare")
    theirs, _ = candidates(at, ("shoe",), held=held, advertiser="Rival")
    shop, _ = candidates(at, ("shoe",), held=held)
    assert ("rivals" in ours, "rivals" in theirs, "rivals" in shop) == (False, True, True)
    assert all("cooks" in found for found in (ours, theirs, shop))
    assert ours["cooks"].members == {"c-001", "c-004"}


def test_segments_hold_nobody_who_may_not_be_profiled(at: Moment) -> None:
    assert segments(at) == {"calm": {"c-001"}, "keen": {"r-000"}}
    found, _ = candidates(at, ("shoe",))
    assert found["segment:keen"].segment == "keen"


def test_likely_buyers_can_be_made_as_they_are(at: Moment) -> None:
    found, reason = buyers(at, ("shoe", "sock", "tea"))
    assert reason == ""
    assert [one.audience.share for one in found if one.audience] == [0.1, 0.2]
    for one in found:
        assert one.proposed
        assert one.audience is not None
        assert one.audience.category == "Sport > Running"
        assert identifier(one.key, what="audience") == one.key
        assert "r-003" not in one.members
        assert all(name.startswith("r-") for name in one.members)
    assert found[0].members < found[1].members


def test_the_category_most_products_are_of() -> None:
    catalogue = {one.id: one for one in PRODUCTS} | {"bare": Product("bare", "Bare")}
    assert main_category(catalogue, ("shoe", "sock", "pan")) == "Sport > Running"
    assert main_category(catalogue, ("pan", "tea")) == "Kitchen > Pans"  # as often: by name
    assert main_category(catalogue, ("bare", "gone")) == ""


def test_why_nobody_is_likely_to_buy(at: Moment, tmp_path: Path) -> None:
    assert "no" in buyers(at, ("gone",))[1]
    few = [event for event in history() if event.shopper in {shopper(n) for n in range(12)}]
    shop, held = opened(tmp_path / "few", few)
    alone = Moment(shop, held.to(at.now), at.now)
    found, reason = buyers(alone, ("shoe",))
    assert found == []
    assert "rarer outcome" in reason
