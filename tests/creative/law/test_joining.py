"""Words of one family near words of another: where they are met, and that the data are whole."""

from __future__ import annotations

from hawker.creative.law.books import claims
from hawker.creative.law.folding import fold
from hawker.creative.law.joining import joined, joins, names


def met(text: str, claim: str) -> set[str]:
    folded = fold(text).text
    return {folded[start:end] for start, end in joined(folded, claim)}


def test_every_family_is_used_and_every_claim_is_there() -> None:
    used = {family for all_of in joins().values() for join in all_of for family in join.families}
    assert used <= names()
    assert names() - used == set()
    assert joins().keys() <= claims().keys()


def test_words_meet_in_any_order_unless_one_is_asked_for() -> None:
    assert met("My migraines? No: my migraines vanished.", "disease") == {"migraines vanished"}
    assert met("Gone in a week: sciatica.", "disease") == {"gone in a week: sciatica"}
    assert met("Kilos: 3. Lost.", "slimming") == set()
    assert met("3 kilos lost.", "slimming") == {"3 kilos lost"}


def test_words_do_not_meet_across_sentences_or_far_apart() -> None:
    assert met("Sciatica is a word. The crumbs are gone.", "disease") == set()
    far = "sciatica " + "and so on " * 8 + "gone"
    assert met(far, "disease") == set()
    assert met("宝宝的旧毛毯" + "很软" * 12 + "不聪明", "function") == set()


def test_an_entry_ends_where_it_ends_unless_it_is_open() -> None:
    assert met("Sciaticas vanish.", "disease") == set()
    assert met("Sciatica vanishing.", "disease") == {"sciatica vanishing"}
    assert met("Breast milk, breastfed.", "infant_formula") == {"breast", "breastfed"}


def test_a_long_text_is_walked_once() -> None:
    text = fold("no pain gone " * 400).text
    assert len(list(joined(text, "disease"))) >= 400
