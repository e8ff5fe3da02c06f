"""The planted breaches of advertising law and their lawful near misses."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from benchmarks.planted import law
from benchmarks.planted.case import law as said

from benchmarks import planted


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_unseen_third_is_the_one_that_was_drawn(language: str):
    kinds = law.kinds(language)
    assert len(kinds) == 13
    assert tuple(sorted(Random(planted.SEED).sample(kinds, 4))) == planted.UNSEEN_LAW[language]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_has_a_dozen_phrasings_and_known_goods(language: str):
    groups = said(language)
    for kind in (*law.kinds(language), *law.kinds(language, lawful=True)):
        lines = groups[kind]["lines"].splitlines()
        breach = kind in law.kinds(language)
        assert len(lines) == len(set(lines)) >= (12 if breach else 3)
        assert all(line.count("[") == line.count("]") == int(breach) for line in lines)
        assert {name.replace("_", " ") for name in groups[kind]["goods"].split()} <= set(groups["goods"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_breaches_name_place_and_clause(language: str):
    found = planted.violations(seed=7, language=language)
    assert len(found) == len({(case.text, case.jurisdiction) for case in found}) == 150
    kinds = Counter(case.kind for case in found)
    assert set(kinds) == set(law.kinds(language))
    assert max(kinds.values()) - min(kinds.values()) <= 2
    assert {case.jurisdiction for case in found} == set(law.JURISDICTIONS[language])
    for case in found:
        assert case.clause == said(language)[case.kind][case.jurisdiction]
        assert case.claim
        assert case.claim not in case.product.description
        assert case.unseen == (case.kind in planted.UNSEEN_LAW[language])
        assert not set("[]{}") & set(case.text)
    assert found == planted.violations(seed=7, language=language)
    assert found != planted.violations(seed=8, language=language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_lawful_texts_look_like_breaches(language: str):
    found = planted.lawful(seed=7, language=language)
    assert len(found) == len({(case.text, case.jurisdiction) for case in found}) == 150
    assert all(case.span is None and case.clause == "" and not case.unseen for case in found)
    assert {case.jurisdiction for case in found} == set(law.JURISDICTIONS[language])
    trigger = {"en": ("best", "free", "green", "number one"), "zh": ("最", "第一", "专利", "治疗")}[language]
    assert all(sum(word in case.text.lower() for case in found) >= 3 for word in trigger)
    breaches = {case.text for case in planted.violations(seed=7, language=language)}
    assert not breaches & {case.text for case in found}


def test_an_exemption_stands_in_the_product():
    for case in planted.lawful(seed=7, language="en"):
        if case.kind == "priced":
            assert (case.product.price, case.product.sale_price) == (80_000_000, 60_000_000)
            assert case.product.description.lower() in case.text.lower()
        if case.kind == "named":
            assert case.product.brand == "Bestway"
    patents = [case for case in planted.lawful(seed=7, language="zh") if case.kind == "patented"]
    assert patents
    assert all("ZL" in case.text and case.product.description for case in patents)


def test_american_law_is_not_asked_about_children_exhorted():
    found = planted.violations(seed=3, language="en")
    assert {case.jurisdiction for case in found if case.kind == "children"} == {"EU", "UK"}
