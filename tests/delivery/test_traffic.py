"""Invalid traffic: each rule on a case a reader can follow, and ranges against plain comparison."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from hawker.delivery.traffic import REASONS, Filter, Ranges, bots, ranges
from hawker.errors import BadInput, BadSetting
from hawker.records.events import SECOND, Event, EventKind
from hawker.records.traffic import SERVER, Limits, Traffic

NOW = 1_709_294_400 * SECOND
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
WECHAT = f"{SAFARI} MicroMessenger/8.0.49 NetType/WIFI Language/zh_CN"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
HEADLESS = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/126.0.0.0 Safari/537.36"


def page(agent: str = FIREFOX, **rest: Any) -> Traffic:
    return Traffic(agent=agent, browser=True, **rest)


def shown(n: int = 0, *, time: int = NOW, **rest: Any) -> Event:
    given = {"shopper": "u-1", "decision": f"d-{n}", "slot": 0, **rest}
    return Event(EventKind.AD_IMPRESSION, time, id=f"i-{n}", **given)


def clicked(n: int = 0, *, time: int = NOW + SECOND, **rest: Any) -> Event:
    given = {"shopper": "u-1", "decision": f"d-{n}", "slot": 0, **rest}
    return Event(EventKind.AD_CLICK, time, id=f"k-{n}", **given)


def judged(
    events: list[Event], traffic: Traffic = SERVER, *, filter: Filter | None = None, held: bool = False
) -> list[str]:
    found = (filter or Filter(Limits())).judge(events, [traffic] * len(events), held=lambda _: held)
    return [event.reason.removeprefix("invalid: ") for event in found]


CUBOT = "Mozilla/5.0 (Linux; Android 11; CUBOT) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"


@pytest.mark.parametrize("agent", [FIREFOX, SAFARI, WECHAT, CHROME, CUBOT])
def test_people_pass(agent: str) -> None:
    events = [shown(), clicked()]
    assert judged(events, page(agent, address="198.51.100.7")) == ["", ""]


@pytest.mark.parametrize(
    ("agent", "rule"),
    [
        (GOOGLE, "declared_bot"),
        (HEADLESS, "declared_bot"),
        ("python-requests/2.32.3", "declared_bot"),
        ("curl/8.5.0", "declared_bot"),
        (
            "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://baidu.com/search/spider.html)",
            "declared_bot",
        ),
        ("", "no_browser"),
        ("My shop's own script", "no_browser"),
    ],
)
def test_senders_that_say_what_they_are(agent: str, rule: str) -> None:
    assert judged([shown()], page(agent)) == [rule]
    assert judged([shown()], Traffic(agent=agent)) == [""]  # the shop's own server is believed


def test_a_page_fetched_ahead_counts_for_nothing() -> None:
    view = Event(EventKind.VIEW, NOW, product="tea")
    assert judged([shown(), view], page(prefetch=True)) == ["prefetch", "prefetch"]


def test_a_minutes_worth_counts_and_no_more() -> None:
    filter = Filter(Limits(impressions_per_minute=3, clicks_per_minute=1))
    burst = [shown(n) for n in range(5)]
    assert judged(burst, filter=filter) == ["", "", "", "rate", "rate"]
    assert judged([shown(9, time=NOW + 60 * SECOND)], filter=filter) == [""]
    assert judged([shown(10, shopper="u-2")], filter=filter) == [""]
    assert judged([clicked(0), clicked(1)], filter=filter) == ["", "rate"]
    assert judged([shown(n, shopper="", session="s") for n in range(4)], filter=filter)[3] == "rate"


def test_an_address_may_have_several_shoppers_but_not_any_number() -> None:
    filter = Filter(Limits(impressions_per_minute=2, address_factor=2))
    crowd = [shown(n, shopper=f"u-{n}") for n in range(6)]
    assert judged(crowd, page(address="198.51.100.7"), filter=filter) == ["", "", "", "", "rate", "rate"]
    assert "198.51.100.7" not in repr(vars(filter))
    assert "u-5" not in repr(vars(filter))


def test_limits_of_nought_switch_rules_off() -> None:
    filter = Filter(Limits(impressions_per_minute=0, clicks_per_minute=0, soonest_click_ms=0))
    assert judged([shown() for _ in range(200)], filter=filter) == [""] * 200
    assert judged([shown(), clicked(time=NOW)], page(), filter=filter) == ["", ""]
    with pytest.raises(BadSetting, match="negative"):
        Limits(clicks_per_minute=-1)


def test_a_click_needs_an_impression_and_a_moment() -> None:
    assert judged([clicked()], page()) == ["no_impression"]
    assert judged([clicked()], page(), held=True) == [""]
    assert judged([clicked()]) == [""]
    assert judged([shown(), clicked(time=NOW + 199_999)], page()) == ["", "too_soon"]
    assert judged([shown(), clicked(time=NOW + 200_000)], page()) == ["", ""]


def test_a_mark_stays_as_it_is() -> None:
    forged = Event(EventKind.AD_IMPRESSION, NOW, reason="invalid: forged_token")
    assert judged([forged], page(GOOGLE)) == ["forged_token"]


def test_every_rule_that_marks_is_listed() -> None:
    rules = {"declared_bot", "no_browser", "data_centre", "prefetch", "rate", "no_impression", "too_soon"}
    assert rules < set(REASONS)


def test_the_list_of_bots_is_lower_case_and_spares_browsers() -> None:
    assert len(bots()) == len(set(bots())) > 80
    assert all(part == part.lower() and len(part) > 2 for part in bots())


def test_ranges_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "centres.csv"
    path.write_text("range,name\n192.0.2.0/24,a\n# a comment\n\n2001:db8::/32,b\n198.51.100.9,c\n")
    found = ranges(path)
    assert len(found) == 3
    for inside in ("192.0.2.0", "192.0.2.255", "2001:db8::1", "198.51.100.9", "::ffff:192.0.2.1"):
        assert inside in found
    for outside in ("192.0.3.0", "2001:db9::1", "198.51.100.8", "", "shop.example", "192.0.2"):
        assert outside not in found
    filter = Filter(Limits(), data_centres=found)
    assert judged([shown()], page(address="192.0.2.1"), filter=filter) == ["data_centre"]


def test_a_line_that_is_no_range_is_named(tmp_path: Path) -> None:
    path = tmp_path / "centres.csv"
    path.write_text("range,name\n192.0.2.0/24,fine\n300.1.2.3/8,no\n")
    with pytest.raises(BadInput, match=r"centres\.csv, line 3: '300\.1\.2\.3/8'"):
        ranges(path)
    with pytest.raises(BadInput, match="is not there"):
        ranges(tmp_path / "none.csv")


@given(
    networks=st.lists(st.tuples(st.integers(0, 2**16 - 1), st.integers(20, 32)), max_size=8),
    addresses=st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=20),
)
def test_ranges_agree_with_a_look_at_each(networks: list[tuple[int, int]], addresses: list[int]) -> None:
    texts = [f"{ip_address(0x0A000000 + low)}/{width}" for low, width in networks]
    found = Ranges(texts)
    for low in addresses:
        address = ip_address(0x0A000000 + low)
        held = any(address in ip_network(text, strict=False) for text in texts)
        assert (str(address) in found) is held
