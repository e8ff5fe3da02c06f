"""Answers about one product: its price, whether it is there, any field of its record, what its text says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hawker.answers import facts, measure
from hawker.answers.case import Case, ended
from hawker.answers.facts import Fact, titled
from hawker.answers.lexicon import Concept, Lexicon
from hawker.answers.naming import MARK, Token, tokens
from hawker.answers.reply import Answer, Citation, Sentence
from hawker.answers.say import label
from hawker.language.analysis import plain
from hawker.records.catalogue import Availability, Product, advertisable, on_sale

MOST_TOLD = 3
_QUOTED = ("warranty", "material", "care", "ingredients", "origin", "waterproof", "taste", "scent", "skin")
"""What a sentence that names it can be taken to tell."""
_UNSAID = ("future", "past", "elsewhere", "people")
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNTS = {"两": 2} | {
    word: number for words in (_NUMBERS, "二三四五六七八九十") for number, word in enumerate(words, 2)
}
_MANY = re.compile(
    r"\b([2-9]|[1-9]\d|two|three|four|five|six|seven|eight|nine|ten)"
    r"(?: (?:units|pieces|copies|items))?(?: of)?(?: the| those| these)? ¤"
    r"|(?<![\d.])([2-9]|[1-9]\d|[两二三四五六七八九十])[个件台只双本支瓶袋盒条套份] ?¤"
)
"""So many of a product."""
_YES = re.compile(
    r"^(?:is|are|does|do|can|could|has|have|will|would|was)\b|吗|能不能|可不可以|是不是|有没有|是否|会不会"
)


def answered(case: Case, product: Product, words: Lexicon) -> Answer:
    """The answer about a product that was named, or that is still spoken of."""
    asked = case.asked
    attributes = called(product, asked.rest)
    unsaid = next((name for name in _UNSAID if name in asked.modifiers), "")
    if unsaid and not attributes:
        return _unsaid(case, product, unsaid)
    if asked.kinds & {"saving", "regular", "reduced"}:
        return reduced(case, product)
    if attributes:
        return case.answer("attribute", *(case.fact(product, one) for one in attributes), about=[product])
    if names := asked.fields or (*asked.least, *asked.most)[:1]:
        return fields(case, product, names, words)
    if asked.words:
        return _sized(case, product) or _open(case, product)
    if case.before.fields and (asked.again or not asked.kinds):
        return fields(case, product, case.before.fields, words)
    return _described(case, product)


def _several(case: Case, product: Product, price: Answer) -> Answer:
    """With what several pieces come to, where so many were asked for: "two of the …"."""
    found = _MANY.search(case.asked.rest)
    if found is None or price.abstained:
        return price
    said = found[1] or found[2]
    count = int(said) if said.isdigit() else _COUNTS[said]
    cited = price.sentences[0].citations[:1]
    total = case.say(
        "price_many", *cited, count=str(count), total=case.money(product, count * on_sale(product))
    )
    return case.answer("price", *price.sentences, total, about=[product])


def priced(case: Case, product: Product) -> Answer:
    """What it costs: as its price fields have it, whatever any text says."""
    title = titled(product)
    if not (product.price or product.sale_price):
        return case.refuse("no_price", kind="price", about=[product])
    if product.sale_price and product.sale_price < product.price:
        sale, price = case.money(product, product.sale_price), case.money(product, product.price)
        cited = (_cite(product, "sale_price", sale), _cite(product, "price", price))
        return case.answer(
            "price", case.say("price_sale", *cited, title=title, sale=sale, price=price), about=[product]
        )
    name = "price" if product.price else "sale_price"
    price = case.money(product, product.price or product.sale_price)
    return case.answer(
        "price", case.say("price", _cite(product, name, price), title=title, price=price), about=[product]
    )


def reduced(case: Case, product: Product) -> Answer:
    """What it regularly costs, whether that is reduced now, and by how much."""
    price = priced(case, product)
    if price.abstained:
        return price
    title = titled(product)
    if not (product.sale_price and product.sale_price < product.price):
        said = case.say(
            "not_reduced",
            *price.sentences[0].citations,
            title=title,
            price=case.money(product, on_sale(product)),
        )
        return case.answer("price", said, about=[product])
    off = product.price - product.sale_price
    now, cited = case.money(product, product.sale_price), price.sentences[0].citations
    values = {"title": title, "price": case.money(product, product.price), "sale": now}
    if "saving" in case.asked.kinds:
        share = f"{100 * off / product.price:.1f}".removesuffix(".0")
        said = case.say("price_saving", *cited, **values, off=case.money(product, off), share=share)
    else:
        said = case.say("price_regular", *cited[::-1], **values)
    return case.answer("price", said, about=[product])


def stocked(case: Case, product: Product) -> Answer:
    """Whether it can be bought now, and how many are left where that was asked and is known."""
    said = available(case, product)
    if case.asked.numbered and product.stock is None:
        return case.refuse("not_on_record", said, kind="stock", about=[product], code="no_count")
    return case.answer("stock", said, about=[product])


def available(case: Case, product: Product) -> Sentence:
    """Whether it can be bought now, as a sentence."""
    title = titled(product)
    cited = [_cite(product, "availability", str(product.availability))]
    if product.stock is not None:
        cited.append(_cite(product, "stock", str(product.stock)))
    if not advertisable(product):
        return case.say("out_of_stock", *cited, title=title)
    if product.availability in (Availability.PREORDER, Availability.BACKORDER):
        return case.say(str(product.availability), *cited, title=title)
    if product.stock is not None:
        return case.say("in_stock_count", *cited, title=title, count=str(product.stock))
    return case.say("in_stock", *cited, title=title)


def fields(case: Case, product: Product, names: Sequence[str], words: Lexicon) -> Answer:
    """The answer about some fields."""
    known = [name for name in names if name in words.fields]
    told = [_field(case, product, name, words) for name in known]
    return _joined(case, told, product) if told else _described(case, product)


def _field(case: Case, product: Product, name: str, words: Lexicon) -> Answer:
    """The answer about one field."""
    if name == "price":
        return _several(case, product, priced(case, product))
    if name == "stock":
        return stocked(case, product)
    concept = words.fields[name]
    found = facts.about(product, concept)
    if name == "age" and (fit := _aged(case, product, found)):
        return fit
    if found:
        return case.answer("attribute", case.fact(product, found[0]), about=[product])
    told = _told(product, concept, case)
    if told:
        return case.answer("attribute", case.fact(product, told), about=[product])
    return case.refuse(
        "not_on_record",
        kind="attribute",
        about=[product],
        code="not_on_record_name",
        name=label(name, case.language),
    )


def _joined(case: Case, told: list[Answer], product: Product) -> Answer:
    """Several fields in one answer; what is not on record is said as well, but is not the whole."""
    if len(told) == 1:
        return told[0]
    known = [one for one in told if not one.abstained]
    chosen = known or told[:1]
    sentences = [said for one in chosen for said in one.sentences]
    first = chosen[0]
    if known:
        return case.answer(first.kind, *dict.fromkeys(sentences), about=[product])
    return first


def _told(product: Product, concept: Concept, case: Case) -> Fact | None:
    """A sentence of the description that speaks of something, with a value where one was asked for."""
    cues, units = concept.cues, concept.units
    sure = concept.name in _QUOTED or _YES.search(case.asked.rest) is not None
    cue = [match.group() for match in cues.finditer(case.asked.rest)]
    own = {term for one in cue for token in tokens(one) for term in token.terms}
    for fact in facts.sentences(product):
        said = plain(fact.value)
        if not cues.search(said):
            continue
        held = {term for token in tokens(said) for term in token.terms}
        wanted = {term for token in case.asked.words for term in token.terms}
        if wanted and not wanted & held:
            continue
        if units:
            if any(one.kind == units for one in measure.quantities(said)):
                return fact
        elif own & held and (sure or wanted):
            return fact
    return None


def called(product: Product, rest: str) -> list[Fact]:
    """The attributes that a question calls by their own names, the longest first."""
    said = {term for token in tokens(rest) for term in token.terms}
    found = []
    for fact in facts.attributes(product):
        name = plain(fact.name)
        parts = [set(token.terms) for token in tokens(name)]
        exact = len(name) > 2 and _borders(name).search(rest) is not None
        if exact or (len(parts) > 1 and all(terms & said for terms in parts)):
            found.append((len(name), fact))
    found.sort(key=lambda one: -one[0])
    kept: list[Fact] = []
    for _, fact in found:
        if all(plain(fact.name) not in plain(other.name) for other in kept):
            kept.append(fact)
    return kept[:MOST_TOLD]


def _borders(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])" if name.isascii() else re.escape(name))


def _open(case: Case, product: Product) -> Answer:
    """What the record says in the very words that were asked; nothing where it says nothing."""
    found = facts.saying(product, list(case.asked.words))
    if not found or (found[0].field == "title" and not case.whole):
        return case.refuse("not_on_record", kind="attribute", about=[product])
    return case.answer("attribute", *(case.fact(product, fact) for fact in found), about=[product])


def _sized(case: Case, product: Product) -> Answer | None:
    """What the record says of something that has a size: "fits laptops up to 15.6 inches"."""
    wanted = next((one for one in measure.quantities(case.asked.rest) if one.kind not in ("", "age")), None)
    if wanted is None:
        return None
    numbers = {token.text for token in case.asked.words if measure.quantities(token.text)}
    others = [one for one in case.asked.words if one.text not in numbers and not measure.unit(one.text)]
    for fact in facts.saying(product, others, most=MOST_TOLD):
        span = measure.span(fact.value, wanted.kind)
        held = [one.amount for one in measure.quantities(fact.value) if one.kind == wanted.kind]
        if (span is not None and span.holds(wanted.amount)) or wanted.amount in held:
            return case.answer("fit", case.fact(product, fact), about=[product])
        if span is not None:
            said = case.say("fits_not_told", fact.citation, title=titled(product), value=ended(fact.value))
            return case.answer("fit", said, about=[product])
    return None


def _described(case: Case, product: Product) -> Answer:
    """What there is to say of it: price, whether it is there, and the beginning of its record."""
    price = priced(case, product)
    said = [] if price.abstained else list(price.sentences)
    said.append(available(case, product))
    said += [case.fact(product, fact) for fact in facts.every(product)[:MOST_TOLD]]
    told = next((fact for fact in facts.sentences(product) if fact.field == "description"), None)
    if told is not None:
        said.append(case.fact(product, told))
    return case.answer("describe", *said, about=[product])


def _aged(case: Case, product: Product, found: list[Fact]) -> Answer | None:
    """Whether somebody of an age is among those a product is for, where the record gives a range."""
    wanted = next((one for one in measure.quantities(case.asked.rest) if one.kind == "age"), None)
    if wanted is None:
        return None
    for fact in found:
        span = measure.span(fact.value, "age")
        if span is not None:
            code = "fits" if span.holds(wanted.amount) else "fits_not"
            said = case.say(
                code, fact.citation, title=titled(product), name=case.name(fact), value=fact.value
            )
            return case.answer("fit", said, about=[product])
    return None


def _unsaid(case: Case, product: Product, reason: str) -> Answer:
    """What is not on record because it is not now, or not here; and what is, now and here."""
    beside = []
    if "stock" in case.asked.fields:
        beside.append(available(case, product))
    if "price" in case.asked.fields and (price := priced(case, product)) and not price.abstained:
        beside += price.sentences
    return case.refuse(reason, *beside, kind="attribute", about=[product])


def _cite(product: Product, field: str, value: str) -> Citation:
    return Citation(facts.SOURCE, product.id, field, value)


def marks(rest: str) -> int:
    """How many products a question names."""
    return rest.count(MARK)


def says(token: Token, product: Product) -> bool:
    """Whether a product is told apart by a word: in its colour, size or title."""
    own = " ; ".join((product.color, product.size, product.title, *product.attributes.values()))
    held = {term for one in tokens(plain(own)) for term in one.terms}
    return any(term in held for term in token.terms)
