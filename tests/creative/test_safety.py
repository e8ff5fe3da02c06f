"""What may not stand in any ad, and what only looks like it."""

from __future__ import annotations

import pytest

from hawker.creative import duplicates, length, safety, tongue
from hawker.creative.ground import grounds
from hawker.records.catalogue import Product
from hawker.records.draft import Draft, Kind
from hawker.records.finding import Severity


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("A damn fine cup", "profanity", "damn"),
        ("卧槽真好喝", "profanity", "卧槽"),
        ("Write to jo@example.com", "personal", "jo@example.com"),
        ("打13912345678订购", "personal", "13912345678"),
        ("加微信:abc12345", "address", "加微信:abc12345"),
        ("See www.example.com", "address", "www.example.com"),
        ("Sure, here is your headline", "prompt", "Sure, here is"),
        ("The {product} for you", "prompt", "{product}"),
        ("<|im_end|>", "prompt", "<|im_end|>"),
        ("以下是文案", "prompt", "以下是"),
        ("标题：好茶", "prompt", "标题："),
        ("Tea!! Tea", "repeated", "!!"),
        ("好茶。。", "repeated", "。。"),
        ("The the tea", "repeated", "The the"),
        ("好茶好茶好茶", "repeated", "好茶好茶好茶"),
        ("Tea pot, Tea pot", "repeated", "Tea pot, Tea pot"),
        ("Soup bowl: soup bowl.", "repeated", "Soup bowl: soup bowl"),
        ("A red tea pot red tea pot", "repeated", "red tea pot red tea pot"),
        ("Tea pot tea pot in white", "repeated", "Tea pot tea pot"),
        ("For you. Cigarettes, cigarettes!", "repeated", "Cigarettes, cigarettes"),
        ("茶壶，茶壶", "repeated", "茶壶，茶壶"),
        ("好物：白瓷茶壶、白瓷茶壶。", "repeated", "白瓷茶壶、白瓷茶壶"),
        ("保温杯保温杯", "repeated", "保温杯保温杯"),
        ("A tea that warms and", "cut", "and"),
        ("A tea (from", "cut", "(from"),
        ("好茶，", "cut", "，"),
        ("A <b>good</b> tea", "markup", "<b>"),
        ("Tea\u202eaet", "hidden", "\u202e"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(text: str, reason: str, words: str) -> None:
    found = safety.check(text)
    assert (reason, words) in [(one.reason, one.text) for one in found]
    assert all(text[one.start : one.end] == one.text for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "A class act: tea for Scunthorpe and Essex.",
        "Tea 4 x 3 x 2 in. Yes, tea!",
        "Sold in 2021 (and since).",
        "好茶，好水，好心情……",
        "Bye bye, thirst.",
        "Step by step, day by day.",
        "So so? So good.",
        "There, there. Tea again and again and again.",
        "Over and over and over: 4 x 4, 4 x 6 in, New York, New York City.",
        "一步一步，慢慢来；研究研究，一点点一点点。",
        "茶壶，茶壶盖也送。加油，加油！",
        "天天喝茶，慢慢生活。",
    ],
)
def test_plain_words_are_left_alone(text: str) -> None:
    assert safety.check(text) == ()


def test_the_products_own_words_are_looked_at_by_a_person() -> None:
    held = grounds(Product("1", "Suicide Squad mask", gtin="4006381333931"))
    (found,) = safety.check("Suicide Squad mask", held)
    assert (found.reason, found.severity) == ("profanity", Severity.WARNING)
    assert safety.check("Article 4006381333931", held) == ()


def test_words_to_avoid_are_whole_words_in_any_case_and_width() -> None:
    assert [one.text for one in safety.check("ＡＣＭＥ and acme, acmes", avoid=("Acme",))] == [
        "ＡＣＭＥ",
        "acme",
    ]


def test_a_cut_end_is_no_matter_in_a_word_or_two() -> None:
    assert safety.check("Tea and", whole=False) == ()


@pytest.mark.parametrize(
    ("text", "language", "reasons"),
    [
        ("Warm bread from the oven", "en", []),
        ("Warmes Brot aus dem Ofen und für die Familie", "en", ["other_language"]),
        ("Du pain chaud pour la famille et les amis", "en", ["other_language"]),
        ("Warmes Brot aus dem Ofen und für die Familie", "de", []),
        ("刚出炉的面包", "en", ["other_language"]),
        ("刚出炉的面包", "zh", []),
        ("Fresh bread every day", "zh", ["other_language"]),
        ("用USB-C充电的LED台灯", "zh", []),
        ("Хлеб из печи", "en", ["other_language"]),
        ("cafÃ© crÃ¨me", "en", ["encoding", "encoding"]),
        ("锟斤拷面包", "zh", ["encoding"]),
        ("whatever this is", "", []),
    ],
)
def test_the_language_is_the_one_asked_for(text: str, language: str, reasons: list[str]) -> None:
    assert [one.reason for one in tongue.check(text, language)] == reasons


def test_names_of_the_product_are_of_any_language() -> None:
    held = grounds(Product("1", "Le Pain de la Maison et les Amis"))
    assert tongue.check("Le Pain de la Maison et les Amis", "en", held) == ()


def test_lengths_count_full_width_characters_double() -> None:
    draft = Draft("1", Kind.BANNER, "zh", {"headline": ("黑麦面包" * 4,), "call_to_action": ("看看",)})
    (found,) = length.check(draft)
    assert (found.reason, found.part, found.start, found.text) == ("too_long", "headline", 12, "黑麦面包")


def test_a_limit_of_a_set_is_on_lines_and_on_one_short_line() -> None:
    lines = tuple(f"A headline of twenty {letter}" for letter in "abc")
    draft = Draft(
        "1", Kind.PERFORMANCE, "en", {"headline": lines, "long_headline": ("x",), "description": ("y",)}
    )
    assert [(one.reason, one.part) for one in length.check(draft)] == [
        ("none_short", "headline"),
        ("too_few", "description"),
    ]


def test_near_repeats_are_found_within_and_among_drafts() -> None:
    one = Draft("1", Kind.RESPONSIVE, "en", {"headline": ("Rye bread", "Rye breads", "Oven warm")})
    assert [(found.reason, found.line) for found in duplicates.check(one)] == [("in_draft", 1)]
    same = Draft("1", Kind.RESPONSIVE, "en", {"headline": ("Rye bread!", "Rye breads", "Oven-warm")})
    assert [found.reason for found in duplicates.check(same, [one])] == ["in_draft", "of_other"]
    other = Draft("1", Kind.RESPONSIVE, "de", {"headline": ("Rye bread!", "Rye breads", "Oven-warm")})
    assert [found.reason for found in duplicates.check(other, [one])] == ["in_draft"]
