"""The four renderings: whole in both languages, safe whatever the names hold, true to the report."""

from __future__ import annotations

import csv as reader
import json
import re
from functools import cache
from html.parser import HTMLParser
from io import StringIO

import pytest
from tests.measurement.toy import DAY, HOUR, NOON, ad, event, lay

from hawker.errors import BadSetting
from hawker.measurement import Quality, Report, alarms, as_json, csv, html, quality, report, terminal, words
from hawker.measurement.plain import cells, fitted
from hawker.records.catalogue import Product
from hawker.records.finding import Finding

HOSTILE = '=HYPERLINK("x")<script>alert(1)</script>\x1b[2J'


@cache
def shop(name: str = "Green tea", *, clicks: bool = True) -> Report | Quality:
    events = []
    for n in range(400):
        time = NOON + n % 5 * DAY + n
        events.append(ad("ad_impression", f"d{n}", time, shopper=f"s{n % 90}", synthetic=True))
        if clicks and n % 9 == 0:
            events.append(ad("ad_click", f"d{n}", time + HOUR, shopper=f"s{n % 90}"))
        if n % 6 == 0:
            sale = {"product": "tea", "value": 4_000_000, "currency": "USD"}
            events.append(event("purchase", f"p{n}", time + 2 * HOUR, shopper=f"s{n % 90}", **sale))
    charges = [(f"d{n}/0", "c1", 20_000, NOON + n % 5 * DAY) for n in range(400)]
    tea = (Product("tea", name, category="Grocery", brand="Leaf"),)
    return report(lay(events, charges=charges, catalogue=tea, shop=name))


class Outline(HTMLParser):
    """Tags that open and close, and every attribute that could fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [v or "" for name, v in attrs if name in ("src", "href") and v != "data:,"]
        self.scripts += tag == "script"
        if tag not in ("meta", "link"):
            self.open.append(tag)  # the parser closes <path/> itself

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_html_page_is_whole_and_fetches_nothing(language: str) -> None:
    document = html(shop(), language=language)
    outline = Outline()
    outline.feed(document)
    assert outline.open == []
    assert outline.fetched == []
    assert "@import" not in document
    assert "url(" not in document
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in document
    for code in ("impressions", "conversions", "method", "by_campaign"):
        assert words.word(code, language) in document


def test_names_cannot_run_anything() -> None:
    hostile = shop(HOSTILE)
    outline = Outline()
    outline.feed(html(hostile))
    assert outline.scripts == 0
    assert "\x1b" not in terminal(hostile)
    rows = list(reader.DictReader(StringIO(csv(hostile))))
    product = next(row for row in rows if row["section"] == "product")
    assert product["label"] == f"'{HOSTILE}"
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values() if value)


def test_the_csv_holds_the_figures_of_the_report() -> None:
    found = shop()
    assert isinstance(found, Report)
    rows = list(reader.DictReader(StringIO(csv(found))))
    campaign = next(row for row in rows if row["section"] == "campaign")
    cell = found.section("campaign").cells[0]
    assert int(campaign["impressions"]) == cell.impressions == 400
    assert float(campaign["spend"]) * 1_000_000 == cell.spend
    assert cell.ctr.value is not None
    assert float(campaign["ctr"]) == pytest.approx(cell.ctr.value, rel=1e-6)
    assert float(campaign["ctr_low"]) < float(campaign["ctr"]) < float(campaign["ctr_high"])
    assert any(row["section"] == "method" and "Viewability" in row["label"] for row in rows)
    assert any(row["section"] == "note" and "Synthetic" in row["label"] for row in rows)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120, 200])
def test_terminal_lines_keep_to_the_width(language: str, width: int) -> None:
    text = terminal(shop("明前龙井绿茶" * 9), language=language, width=width)
    body = text.split("\n", 3)[3]  # after the title, which is the shop's own
    assert max(cells(line) for line in body.splitlines()) <= width
    rate = r"11\.2%\s+\d+\.\d–\d+\.\d%"
    assert re.search(rate, text)  # no rate without its interval


def test_columns_left_out_are_named() -> None:
    assert "left out at this width: Conv./click" in terminal(shop(), width=90)
    assert "left out" not in terminal(shop(), width=200)


def test_full_width_characters_count_double() -> None:
    assert fitted("绿茶与茶壶", 7) == "绿茶与…"
    assert fitted("茶", 4, right=True) == "  茶"
    assert cells(fitted("绿茶", 3)) == 3


def test_no_clicks_is_said_once_and_leaves_no_empty_columns() -> None:
    text = terminal(shop(clicks=False))
    assert text.count("no clicks are recorded in this data") == 1
    assert "CTR" not in text
    assert "Conv./impr." in text


def test_the_json_tells_notes_as_code_and_in_words() -> None:
    document = json.loads(as_json(shop(), language="zh"))
    assert document["totals"]["impressions"] == 400
    synthetic = next(note for note in document["notes"] if note["code"] == "synthetic")
    assert synthetic["values"] == {"count": 400, "of": 400}
    assert "模拟数据" in synthetic["text"]


def test_alarms_are_shown_first() -> None:
    finding = Finding("ctr:2023-11-14", "rate_below_band", "The click rate was low.")
    for text in (
        terminal(shop(), alarms=[finding]),
        html(shop(), alarms=[finding]),
        csv(shop(), alarms=[finding]),
    ):
        assert "The click rate was low." in text
    assert json.loads(as_json(shop(), alarms=[finding]))["alarms"][0]["reason"] == "rate_below_band"
    assert alarms(shop()) == []  # five days are too few to judge


def test_empty_values_are_drawn_too() -> None:
    for measured in (report(lay([])), quality(lay([]))):
        for language in ("en", "zh"):
            nothing = words.word("nothing", language)
            assert nothing in terminal(measured, language=language)
            assert nothing in html(measured, language=language)
            assert csv(measured, language=language).startswith("section,")
        json.loads(as_json(measured))


def test_every_note_speaks_both_languages_about_the_same_values() -> None:
    for code, (english, chinese) in words.NOTES.items():
        fields = [set(re.findall(r"{(\w+)}", text)) for text in (english, chinese)]
        assert fields[0] == fields[1], code


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(BadSetting, match="'fr'"):
        terminal(shop(), language="fr")
