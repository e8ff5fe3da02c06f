"""Rendered ads: what is said, marked and reachable; and that no advertiser's words become anything else."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from hawker.creative import render
from hawker.records.catalogue import Product
from hawker.records.decision import ShownAd

TEA = Product("tea", "Green tea", price=5_000_000, sale_price=4_000_000, currency="EUR")
AD = ShownAd(
    "a-tea",
    "c-leaf",
    "Leaf",
    "tea",
    "Spring in a cup",
    description="Leaves of spring & more",
    image="https://shop.example/tea.jpg",
    link="https://shop.example/tea?a=1&b=2",
    call_to_action="Shop now",
    behalf="Leaf Ltd",
    payer="Leaf Holding",
)
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "' onmouseover='alert(1)",
            "javascript:alert(1)",
            "\u202egnp.exe\u202c",
            "\x00\x1b[31mred\x07",
            "</aside><h1>free</h1>",
            "&lt;b&gt;",
            "//evil.example/x",
            "data:text/html,<script>1</script>",
            'https://a.example/\u202e"onload=',
            "\ud800",
        ]
    ),
)


class Read(HTMLParser):
    """The tags, attributes and text of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def all(self, name: str) -> list[str]:
        return [value for given, value in self.attributes if given == name]


def test_an_ad_says_what_it_is_whose_it_is_and_why_it_is_there() -> None:
    read = Read(render.html(AD, product=TEA, language="en", why="/v1/explain/d-1", click="/v1/click/t"))
    assert read.open == []
    assert read.tags == ["aside", "a", "img", "strong", "span", "span", "s", "span", "small", "a"]
    assert read.all("aria-label") == ["Ad: Leaf Ltd", "Before 5.00 EUR"]
    assert read.all("href") == ["/v1/click/t", "/v1/explain/d-1"]
    assert read.all("rel") == ["sponsored noopener"]
    assert (read.all("src"), read.all("alt")) == (["https://shop.example/tea.jpg"], ["Green tea"])
    assert read.said == [
        "Spring in a cup",
        "Leaves of spring & more",
        "4.00 EUR ",
        "5.00 EUR",
        "Shop now",
        "Ad · Leaf Ltd · paid by Leaf Holding · ",
        "Why this ad?",
    ]


def test_a_chinese_ad_is_marked_in_chinese() -> None:
    made = render.html(AD, language="zh-CN", why="/why")
    assert 'lang="zh"' in made
    assert "广告 · Leaf Ltd · 付费方 Leaf Holding" in made
    assert "为什么看到这条广告？" in made
    assert render.plain(AD, language="zh").startswith("[广告] Spring in a cup")


def test_plain_text_says_the_same_in_lines() -> None:
    assert render.plain(AD, product=TEA, why="https://shop.example/why").splitlines() == [
        "[Ad] Spring in a cup",
        "Leaves of spring & more",
        "4.00 EUR",
        "Shop now: https://shop.example/tea?a=1&b=2",
        "Ad · Leaf Ltd · paid by Leaf Holding",
        "Why this ad? https://shop.example/why",
    ]


def test_native_assets_carry_their_numbers() -> None:
    made = json.loads(render.native(AD, product=TEA, display_url="shop.example"))
    assert (made["ver"], made["link"]) == ("1.2", {"url": "https://shop.example/tea?a=1&b=2"})
    assert made["assets"][0]["title"] == {"text": "Spring in a cup"}
    assert made["assets"][1]["img"] == {"type": 3, "url": "https://shop.example/tea.jpg"}
    facts = {one["data"]["type"]: one["data"]["value"] for one in made["assets"][2:]}
    assert facts == {
        1: "Leaf Ltd",
        2: "Leaves of spring & more",
        6: "5.00 EUR",
        7: "4.00 EUR",
        11: "shop.example",
        12: "Shop now",
        13: "tea",
    }
    assert [one["id"] for one in made["assets"]] == list(range(1, len(made["assets"]) + 1))


def test_without_picture_link_or_price_the_rest_stands() -> None:
    bare = ShownAd("a", "c", "Leaf", "tea", "Spring")
    read = Read(render.html(bare, secure=True))
    assert read.tags == ["aside", "strong", "small"]
    assert Read(render.html(AD, secure=True)).all("src") == ["https://shop.example/tea.jpg"]
    unsafe = ShownAd("a", "c", "Leaf", "tea", "Spring", image="http://shop.example/tea.jpg")
    assert Read(render.html(unsafe, secure=True)).all("src") == []
    assert Read(render.html(unsafe)).all("src") == ["http://shop.example/tea.jpg"]


def test_the_colours_can_be_told_apart() -> None:
    """WCAG 2.2, 1.4.3: text stands out from its ground by at least 4.5 to 1."""

    def luminance(colour: str) -> float:
        digits = colour * 2 if len(colour) == 3 else colour
        parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    styles = Read(render.html(AD, product=TEA, why="/why")).all("style")
    grounds = {"fff"}
    checked = 0
    for style in styles:
        ground = re.search(r"background:#(\w+)", style)
        text = re.search(r"(?<!-)color:#(\w+)", style)
        for behind in [ground[1]] if ground else grounds:
            if text:
                light, dark = sorted((luminance(text[1]), luminance(behind)), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, style
                checked += 1
    assert checked >= 4


@settings(max_examples=150, deadline=None)
@given(st.lists(HOSTILE, min_size=9, max_size=9))
def test_hostile_words_stay_words(words: list[str]) -> None:
    headline, description, image, link, call, behalf, payer, title, why = words
    ad = ShownAd(
        "a",
        "c",
        "x",
        "p",
        headline,
        description=description,
        image=image,
        link=link,
        call_to_action=call,
        behalf=behalf,
        payer=payer,
    )
    made = render.html(ad, product=Product("p", title, price=1), why=why, click=link)
    read = Read(made)
    assert read.open == []
    assert set(read.tags) <= {"aside", "a", "img", "strong", "span", "small"}
    assert {name for name, _ in read.attributes} <= {
        *("class", "lang", "aria-label", "style", "href", "target", "rel", "src", "alt", "loading", "dir")
    }
    for target in (*read.all("href"), *read.all("src")):
        assert target.lower().startswith(("http://", "https://", "/"))
        assert not target.startswith("//")
    told = render.plain(ad, why=why)
    for text in (made, told):
        text.encode()
        assert not any(char in text for char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
        assert not any(ord(char) < 32 and char != "\n" for char in text)
    json.loads(render.native(ad, product=Product("p", title)))
