"""Recommendations in an answer: what the catalogue has for what was said, and sponsored products."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from hawker.answers.case import Case
from hawker.answers.facts import SOURCE, titled
from hawker.answers.lexicon import lexicon
from hawker.answers.naming import content
from hawker.answers.reply import Answer, Citation, Sentence, Suggestion
from hawker.delivery import sponsored
from hawker.language.analysis import plain
from hawker.recommend.reasons import worded
from hawker.records.catalogue import Product, on_sale
from hawker.records.consent import Consent
from hawker.records.decision import Decision, Request
from hawker.retrieval.search import Found, Search

if TYPE_CHECKING:
    from hawker.delivery import Engine

SHOWN = 3
_LIKE = re.compile(r"similar|alternative|like|类似|相似|像|替代|同款")
LABELS = {"zh": "广告", "en": "Sponsored"}
_MET = {"en": "has {words}", "zh": "符合：{words}"}


def recommended(case: Case, search: Search) -> tuple[Answer, Found | None]:
    """Products for what was said, each with the words it meets; beside a product that was named, its like."""
    named = case.products[0] if case.products and (case.whole or _LIKE.search(case.asked.rest)) else None
    words = content(plain(case.text), lexicon())
    query = named.title if named else "".join(one.text if one.han else f" {one.text} " for one in words)
    if not query.strip():
        return case.refuse("none_fit", kind="recommend"), None
    found = search.find(query, size=SHOWN + 1, facets=False)
    hits = [hit for hit in found.hits if named is None or hit.product.id != named.id][:SHOWN]
    if not hits or (found.relaxed and all(not hit.words for hit in hits)):
        return case.refuse("none_fit", kind="recommend"), found
    said: list[Sentence] = [case.say("recommend")]
    suggested: list[Suggestion] = []
    for hit in hits:
        one = hit.product
        said.append(_sentence(case, one))
        because = worded("similar", case.language, title=titled(named)) if named else _met(case, hit.words)
        suggested.append(Suggestion(one.id, titled(one), because))
    answer = case.answer("recommend", *said, about=[hit.product for hit in hits])
    return msgspec.structs.replace(answer, suggested=tuple(suggested)), found


def request(
    found: Found,
    *,
    placement: str,
    shopper: str = "",
    session: str = "",
    language: str = "",
    consent: Consent | None = None,
) -> Request:
    """The request for what is sponsored beside a recommendation."""
    return Request(
        placement=placement,
        shopper=shopper,
        session=session,
        query=found.question.text,
        language=language,
        consent=consent or Consent(),
    )


def decided(found: Found, *, asked: Request, engine: Engine, search: Search) -> Decision:
    """What is sponsored beside a recommendation: only what answers it, or was booked by its words."""
    return engine.decide(sponsored.beside(asked, found, search=search, world=engine.world))


def beside(
    answer: Answer, found: Found, *, asked: Request, engine: Engine, search: Search
) -> tuple[Answer, Decision]:
    """The answer with the products that `decide()` sponsors beside it: one decision, on record like any.

    Consent decides, as for every ad, whether anything of the shopper's is read.
    """
    decision = decided(found, asked=asked, engine=engine, search=search)
    label = LABELS["zh" if answer.language.startswith("zh") else "en"]
    ads = tuple(
        Suggestion(
            product=slot.ad.product,
            title=slot.ad.headline,
            reason=label,
            ad=slot.ad.id,
            label=label,
            decision=decision.id,
            slot=place,
        )
        for place, slot in enumerate(decision.slots)
    )
    return msgspec.structs.replace(answer, sponsored=ads), decision


def _sentence(case: Case, product: Product) -> Sentence:
    amount = on_sale(product)
    if not amount:
        return Sentence(titled(product), (Citation(SOURCE, product.id, "title", product.title),))
    price = case.money(product, amount)
    cited = Citation(SOURCE, product.id, "sale_price" if product.sale_price else "price", price)
    return case.say("recommended", cited, title=titled(product), price=price)


def _met(case: Case, words: Sequence[str]) -> str:
    return _MET["zh" if case.language == "zh" else "en"].format(words=", ".join(words))
