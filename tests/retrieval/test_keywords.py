"""A query holds the keywords that a reader would find in it, in Chinese as in English."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from hawker.records.campaign import Keyword, Match
from hawker.retrieval import keywords
from hawker.retrieval.keywords import LONGEST, Glossary, key, words


def found(query: str, text: str, match: Match) -> bool:
    keyword = Keyword(text, match)
    return key(keyword) in Glossary([keyword]).found(query)


@pytest.mark.parametrize(
    ("query", "text", "nearest"),
    [
        ("running shoes", "Running Shoe", Match.EXACT),
        ("red running shoes", "running shoes", Match.PHRASE),
        ("shoes for running", "running shoes", Match.BROAD),
        ("trail running boots", "running shoes", None),
        ("ＲＵＮＮＩＮＧ　ＳＨＯＥＳ", "running shoes", Match.EXACT),
        ("cookies", "cookie", Match.EXACT),
        ("wine glasses", "glass", Match.PHRASE),
        ("running-shoes!", "running shoes", Match.EXACT),
        ("runningshoes", "running shoes", None),
        ("oat milk 1.5l", "milk", Match.PHRASE),
        ("oat milk 1.5l", "5", None),
        ("牛奶", "牛奶", Match.EXACT),
        ("全脂牛奶", "牛奶", Match.PHRASE),
        ("全脂 牛奶", "全脂牛奶", Match.EXACT),
        ("纯牛奶", "牛奶", Match.PHRASE),
        ("鲜奶牛肉", "奶牛", None),
        ("牛奶全脂", "全脂牛奶", Match.BROAD),
        ("苹果手机壳", "手机", Match.PHRASE),
        ("iPhone手机壳", "iphone 手机", Match.PHRASE),
        ("", "牛奶", None),
    ],
)
def test_exact_is_phrase_is_broad(query: str, text: str, nearest: Match | None) -> None:
    order = (Match.EXACT, Match.PHRASE, Match.BROAD)
    wanted = order.index(nearest) if nearest else len(order)
    assert [found(query, text, match) for match in order] == [place >= wanted for place in range(3)]


def test_keywords_spelt_differently_have_one_key() -> None:
    assert key(Keyword("Shoes")) == key(Keyword("shoe ")) == key(Keyword("ＳＨＯＥ"))
    assert key(Keyword("shoe")) != key(Keyword("shoe", Match.EXACT))


def test_few_keywords_are_tried_however_many_there_are() -> None:
    many = Glossary([Keyword(f"brand{n} shoes") for n in range(5_000)])
    tried = sum(len(many._by_word.get(word, ())) for word in words("brand7 shoes in red").within)
    assert tried == 1
    assert many.found("red shoes of brand7") == [(Match.BROAD, "brand7 shoe")]


def test_without_the_cutter_pairs_of_characters_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keywords, "_cutter", lambda: None)
    words.cache_clear()
    try:
        assert words("全脂牛奶").whole == ("全脂", "脂牛", "牛奶")
        assert found("全脂牛奶", "牛奶", Match.PHRASE)
        assert found("奶", "奶", Match.EXACT)
    finally:
        words.cache_clear()


def test_a_very_long_query_is_read_at_its_beginning() -> None:
    assert found("milk " + "x" * 100_000, "milk", Match.BROAD)
    assert len(words("a " * 10_000).text) <= LONGEST


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.text(max_size=12))
def test_any_text_can_be_cut_and_every_keyword_holds_itself(query: str, text: str) -> None:
    cut = words(query)
    assert cut.within >= {cut.text[a:b] for a in cut.begins for b in cut.ends if cut.text[a:b] in cut.whole}
    assert words(cut.text).text == cut.text or not cut.text.isascii()
    meant = words(text).text
    for match in Match:
        assert found(text, text, match) == bool(meant)
