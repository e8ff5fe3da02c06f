"""The report on toy shops whose figures a reader can work out, and what must hold for any shop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.measurement.toy import CATALOGUE, DAY, HOUR, NOON, ad, event, lay

from hawker.errors import BadInput, BadSetting
from hawker.measurement import Windows, as_json, report, terminal
from hawker.measurement.report import BY, COUNTS, OTHERS, Report
from hawker.measurement.sources import lay_charges, relations
from hawker.records.events import Event
from hawker.storage.event_log import EventLog
from hawker.storage.shop import Settings, Shop
from hawker.storage.tables import write_products

GOLDEN = Path(__file__).parents[1] / "golden" / "report" / "toy.json"
MICRO = 1_000_000


def toy() -> list[Event]:
    """Ann sees, clicks and buys tea; Bob sees tea and buys the pot; Cid sees tea in another place."""
    return [
        ad("ad_impression", "d1", NOON, shopper="ann"),
        ad("ad_impression", "d1", NOON + 1, shopper="ann"),
        ad("ad_click", "d1", NOON + HOUR, shopper="ann"),
        ad("ad_click", "d1", NOON + HOUR + 1, shopper="ann"),
        event(
            "purchase", "p1", NOON + 2 * HOUR, shopper="ann", product="tea", value=5 * MICRO, currency="USD"
        ),
        event(
            "purchase", "p2", NOON + 2 * HOUR, shopper="ann", product="sock", value=9 * MICRO, currency="USD"
        ),
        ad("ad_impression", "d2", NOON + DAY, shopper="bob", placement="search"),
        event(
            "purchase",
            "p3",
            NOON + DAY + HOUR,
            shopper="bob",
            product="pot",
            value=20 * MICRO,
            currency="USD",
        ),
        event(
            "purchase", "p4", NOON + DAY + HOUR, shopper="bob", product="tea", value=3 * MICRO, currency="EUR"
        ),
        ad("ad_impression", "d3", NOON + DAY, session="cid", campaign="c2", synthetic=True),
        ad("ad_hide", "d3", NOON + DAY + 1, session="cid", campaign="c2"),
    ]


CHARGES = [("d1/0", "c1", 250_000, NOON + HOUR), ("d2/0", "c1", 1_000, NOON + DAY), ("gone", "c9", 7, NOON)]


def measured(**rest: Any) -> Report:
    return report(lay(toy(), charges=CHARGES, segments=[("ann", "tea lovers")]), **rest)


def by(found: Report, name: str) -> dict[str, Any]:
    return {cell.key: cell for cell in found.section(name).cells}


def test_totals_of_the_toy_shop() -> None:
    total = measured().totals
    assert (total.impressions, total.clicks, total.hides) == (3, 1, 1)
    assert (total.conversions, total.halo, total.new_to_brand) == (2, 1, 2)
    assert total.revenue == 5 * MICRO  # the euros are counted apart
    assert total.halo_revenue == 20 * MICRO  # and the pot is no tea
    assert total.spend == 251_007
    assert (total.shoppers, total.synthetic) == (3, 1)


def test_breakdowns_of_the_toy_shop() -> None:
    found = measured()
    assert {key: cell.conversions for key, cell in by(found, "campaign").items()} == {
        "c1": 2,
        "c2": 0,
        "c9": 0,
    }
    assert {key: cell.impressions for key, cell in by(found, "placement").items()} == {
        "home": 2,
        "search": 1,
        "": 0,
    }
    assert {key: cell.revenue for key, cell in by(found, "segment").items()} == {
        "tea lovers": 5 * MICRO,
        "": 0,
    }
    assert {key: cell.spend for key, cell in by(found, "day").items()} == {
        "2023-11-14": 250_007,
        "2023-11-15": 1_000,
    }
    assert by(found, "product")["tea"].label == "Green tea"


def test_notes_tell_what_was_counted_apart() -> None:
    notes = {note.code: note.values for note in measured().notes}
    assert notes["synthetic"] == {"count": 1, "of": 3}
    assert notes["repeated_impressions"] == {"count": 1}
    assert notes["repeated_clicks"] == {"count": 1}
    assert notes["foreign_currency"] == {"count": 1}


def test_too_few_data_give_the_reason_and_no_number() -> None:
    total = measured().totals
    for rate in (total.ctr, total.cvr, total.conversion_rate, total.roas):
        assert rate.value is rate.low is rate.high is None
        assert rate.reason.startswith("fewer than")


def test_without_clicks_there_is_no_click_rate_but_conversions_per_impression() -> None:
    events = [ad("ad_impression", f"d{n}", NOON + n, shopper=f"s{n}") for n in range(100)]
    events += [event("purchase", f"p{n}", NOON + HOUR, shopper=f"s{n}", product="tea") for n in range(10)]
    total = report(lay(events)).totals
    assert total.ctr.value is None
    assert total.ctr.reason == "no clicks are recorded in this data"
    assert total.conversion_rate.value == 0.1
    assert total.conversion_rate.method == "wilson"
    assert total.roas.reason == "nothing was charged"


def test_the_period_bounds_ads_and_money_but_not_what_follows_them() -> None:
    first = measured(end=NOON + HOUR).totals
    assert (first.impressions, first.clicks, first.conversions, first.spend) == (1, 1, 1, 7)
    second = measured(start=NOON + HOUR).totals
    assert (second.impressions, second.conversions, second.halo, second.spend) == (2, 1, 1, 251_000)


def test_the_days_turn_with_the_shop() -> None:
    late = [ad("ad_impression", "d1", NOON + 13 * HOUR, shopper="ann")]  # 01:00 UTC the next day
    assert list(by(report(lay(late)), "day")) == ["2023-11-15"]
    assert list(by(report(lay(late, day_starts_at_minutes=300)), "day")) == ["2023-11-14"]
    assert list(by(report(lay(late, utc_offset_minutes=-120)), "day")) == ["2023-11-14"]
    text = terminal(report(lay(late, utc_offset_minutes=-120, day_starts_at_minutes=300)))
    assert "Ads shown after 2023-11-13 23:00 can still gain" in text  # the clock, not the turn of the day


def test_a_click_without_a_decision_finds_its_impression() -> None:
    shown = event("ad_impression", "i1", NOON, shopper="ann", product="tea", campaign="c1")
    near = event("ad_click", "k1", NOON + HOUR, shopper="ann", product="tea", campaign="c1")
    lone = event("ad_click", "k2", NOON + 2 * DAY, shopper="ann", product="tea", campaign="c1")
    found = report(lay([shown, near, lone]))
    assert (found.totals.clicks, found.totals.seen_clicks) == (2, 1)
    assert {"lone_clicks": 1}.items() <= {n.code: n.values.get("count") for n in found.notes}.items()


def test_a_conversion_event_that_repeats_a_purchase_counts_once() -> None:
    events = [
        ad("ad_impression", "d1", NOON, shopper="ann"),
        event("purchase", "p1", NOON + HOUR, shopper="ann", product="tea"),
        event("conversion", "k1", NOON + HOUR + 1, shopper="ann", product="tea", decision="d1", slot=0),
        event("conversion", "k2", NOON + 3 * HOUR, shopper="ann", decision="d1", slot=0),
    ]
    found = report(lay(events))
    assert found.totals.conversions == 2
    assert [note.values for note in found.notes if note.code == "repeated_conversions"] == [{"count": 1}]


def test_marked_invalid_traffic_is_filtered_and_counted() -> None:
    events = [*toy(), ad("ad_impression", "bot", NOON, shopper="bot", reason="invalid_traffic")]
    found = report(lay(events))
    assert found.totals.impressions == 3
    assert [note.values for note in found.notes if note.code == "invalid_traffic"] == [{"count": 1}]


def test_every_report_states_its_method() -> None:
    codes = {note.code for note in measured().method}
    assert {"last_touch", "viewability", "traffic", "deduplication", "intervals", "incrementality"} <= codes
    assert "no_halo" in {note.code for note in measured(windows=Windows(halo=False)).method}


def test_an_empty_shop_has_an_empty_report() -> None:
    found = report(lay([]))
    assert found.totals.impressions == 0
    assert found.totals.ctr.reason
    assert [note.code for note in found.notes] == ["nothing_shown"]
    assert all(section.cells == () for section in found.sections)


def world(seed: int, shoppers: int = 60) -> Report:
    """A seeded shop of many ads, some without clicks, sessions, charges or impressions."""
    rng = np.random.default_rng(seed)
    events, charges = [], []
    products = [product.id for product in CATALOGUE]
    for n in range(1500):
        who = f"s{rng.integers(shoppers)}"
        time = NOON + int(rng.integers(20 * DAY))
        place = {"product": products[rng.integers(4)], "campaign": f"c{rng.integers(5)}", "placement": "home"}
        mark = {"shopper": who} if rng.random() < 0.9 else {"session": who}
        events.append(ad("ad_impression", f"d{n}", time, **place, **mark))
        charges.append((f"d{n}/0", place["campaign"], int(rng.integers(2000)), time))
        if rng.random() < 0.1:
            events.append(
                ad("ad_click", f"d{n}" if rng.random() < 0.9 else "x", time + HOUR, **place, **mark)
            )
        if rng.random() < 0.1:
            sale = {"product": products[rng.integers(4)], "value": int(rng.integers(9 * MICRO)), **mark}
            events.append(event("purchase", f"p{n}", time + 2 * HOUR, currency="USD", **sale))
    segments = [(f"s{n}", f"g{n % 3}") for n in range(shoppers // 2)]
    return report(lay(events, charges=charges, segments=segments), most=3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_cells_of_each_breakdown_add_up_to_the_totals(seed: int) -> None:
    found = world(seed)
    for name in BY:
        cells = found.section(name).cells
        for count in (*COUNTS, "synthetic"):
            assert sum(getattr(cell, count) for cell in cells) == getattr(found.totals, count), (name, count)
    assert 0 < found.totals.conversions + found.totals.halo <= 1500
    assert found.totals.new_to_brand <= found.totals.conversions
    assert [cell.key for cell in found.section("campaign").cells][-1] == OTHERS


def test_rates_stand_within_their_intervals_and_clustering_widens_them() -> None:
    total = world(1).totals
    for rate in (total.ctr, total.cvr, total.conversion_rate, total.roas):
        assert rate.low is not None
        assert rate.value is not None
        assert rate.high is not None
        assert 0 <= rate.low < rate.value < rate.high
    crowd = [ad("ad_impression", f"d{n}", NOON + n, shopper=f"s{n % 20}") for n in range(1000)]
    clicks = [
        ad("ad_click", f"d{n}", NOON + n + HOUR, shopper=f"s{n % 20}") for n in range(1000) if n % 20 < 4
    ]
    rate = report(lay(crowd + clicks)).totals.ctr  # 4 of 20 shoppers click on every ad
    assert rate.value == pytest.approx(0.2)
    assert rate.high is not None
    assert rate.low is not None
    assert rate.high - rate.low > 0.3  # the naive width would be 0.05


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    campaigns, shoppers, each = 60, 40, 6
    shown, hits = [], []
    for c in range(campaigns):
        taste = rng.beta(2, 18, size=shoppers)  # clicks cluster: some shoppers click far more
        for s in range(shoppers):
            for n in np.arange(each)[rng.random(each) < taste[s]]:
                hits.append(ad("ad_click", f"{c}-{s}-{n}", NOON + 9, campaign=f"c{c}", shopper=f"{c}-{s}"))
            shown += [
                ad("ad_impression", f"{c}-{s}-{n}", NOON, campaign=f"c{c}", shopper=f"{c}-{s}")
                for n in range(each)
            ]
    rates = [cell.ctr for cell in report(lay(shown + hits), by=("campaign",)).section("campaign").cells]
    bounds = [(rate.low, rate.high) for rate in rates if rate.low is not None and rate.high is not None]
    assert len(bounds) == campaigns
    assert sum(low <= 0.1 <= high for low, high in bounds) >= campaigns * 0.9


def test_the_report_of_a_shop_on_disk(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop", Settings(name="Toy shop"))
    write_products(shop.table("catalogue"), CATALOGUE)
    EventLog(shop.events).append(toy())
    found = report(shop, charges=CHARGES, names={"campaign": {"c1": "Spring"}})
    assert msgspec.structs.asdict(found.totals) == msgspec.structs.asdict(measured().totals)
    assert by(found, "campaign")["c1"].label == "Spring"


def test_charges_come_as_rows_or_as_columns() -> None:
    source = lay(toy())
    columns = {
        name: [row[n] for row in CHARGES]
        for n, name in enumerate(("impression", "campaign", "amount", "time"))
    }
    lay_charges(source.connection, columns)
    assert report(source).totals.spend == 251_007
    assert report(lay(toy()), charges=CHARGES).totals.spend == 251_007
    with pytest.raises(BadInput, match="amount"):
        lay_charges(source.connection, {"impression": [], "campaign": [], "time": []})


def test_an_empty_folder_opens(tmp_path: Path) -> None:
    opened = relations(Shop.create(tmp_path / "new"))
    assert report(opened).totals.impressions == 0


def test_an_unknown_breakdown_names_the_nearest() -> None:
    with pytest.raises(BadSetting, match="'campaign'"):
        measured(by=("campain",))
    with pytest.raises(BadSetting, match="no breakdown by 'day'"):
        measured(by=("campaign",)).section("day")


def test_the_golden_report() -> None:
    """Readers of the JSON keep working: a change here is a change of the public format."""
    crowd = [ad("ad_impression", f"e{n}", NOON + n, campaign="c3", shopper=f"s{n}") for n in range(60)]
    clicks = [ad("ad_click", f"e{n}", NOON + HOUR, campaign="c3", shopper=f"s{n}") for n in range(6)]
    source = lay([*toy(), *crowd, *clicks], charges=CHARGES)
    document = json.loads(as_json(report(source, by=("campaign",))))
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert rounded(document) == rounded(golden)


def rounded(value: Any) -> Any:
    """The same document with floats to nine figures, which every machine agrees on."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def test_a_report_on_some_campaigns_is_their_line_of_the_whole(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop", Settings(name="Toy", currency="USD"))
    EventLog(shop.events).append(toy())
    whole = report(shop, charges=CHARGES)
    for mine in (["c1"], ["c2"], ["c9"], []):
        part = report(shop, charges=CHARGES, campaigns=mine)
        assert part.section("campaign").cells == tuple(
            cell for cell in whole.section("campaign").cells if cell.key in mine
        )
        figures = {name: sum(getattr(cell, name) for cell in part.section("day").cells) for name in COUNTS}
        assert figures == {name: getattr(part.totals, name) for name in COUNTS}
        told = as_json(part)
        assert not [name for name in ("c1", "c2", "c9") if name not in mine and f'"{name}"' in told]
