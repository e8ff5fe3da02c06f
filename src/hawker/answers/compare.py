"""Two products or more beside each other: which has more of something, or in what they differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from hawker.answers import facts, goods, measure
from hawker.answers.case import Case
from hawker.answers.facts import Fact, titled
from hawker.answers.lexicon import Lexicon
from hawker.answers.measure import Quantity
from hawker.answers.reply import Answer, Citation, Sentence
from hawker.answers.say import label
from hawker.records.catalogue import Product, on_sale

MOST_ROWS = 8
Valued = tuple[str, Quantity, tuple[Citation, ...]]
"""A value as it is said, as a quantity, and where it stands."""
_ROUND = 1e-6
_WRITTEN = re.compile(r"(\d+(?:,\d{3})*(?:\.\d+)?)(\s*[^\d\s]*)")


def compared(case: Case, products: Sequence[Product], words: Lexicon) -> Answer:
    """The answer to a comparison of these products."""
    asked = case.asked
    if "gap" in asked.kinds:
        names = (*asked.fields, *asked.least, *asked.most, "price")
        return _ranked(case, products, _meant(names, asked.fields), words, most=bool(asked.most))
    for names, most in ((asked.least, False), (asked.most, True)):
        if names:
            name = _meant(names, asked.fields)
            return _ranked(case, products, name, words, most=most)
    told = [name for name in asked.fields if name not in ("fits",)]
    if told:
        return _each(case, products, told, words)
    return _differences(case, products)


def _meant(names: Sequence[str], fields: Sequence[str]) -> str:
    """What is compared where a word may mean several things ("bigger"): what is named beside it."""
    return next((name for name in names if name in fields), names[0])


def _ranked(case: Case, products: Sequence[Product], name: str, words: Lexicon, *, most: bool) -> Answer:
    """Which of them has most or least of something; nothing where one of them does not say."""
    values = [_value(case, product, name, words) for product in products]
    held = [one for one in values if one is not None]
    kinds = {amount.kind for _, amount, _ in held}
    title = label(name, case.language)
    if len(held) < len(products) or len(kinds) != 1:
        beside = [
            said
            for product, one in zip(products, values, strict=True)
            if one
            for said in [_other(case, product, one)]
        ]
        return case.refuse(
            "not_on_record", *beside, kind="comparison", about=products, code="not_comparable", name=title
        )
    pairs = sorted(
        zip(held, products, strict=True), key=lambda one: -one[0][1].amount if most else one[0][1].amount
    )
    (first, winner), rest = pairs[0], pairs[1:]
    if abs(rest[0][0][1].amount - first[1].amount) <= _ROUND * max(abs(first[1].amount), 1.0):
        cited = [citation for (_, _, citations), _ in pairs for citation in citations]
        said = case.say("same", *cited, name=title, value=first[0])
        return case.answer("comparison", said, about=products)
    code = ("dearer" if most else "cheaper") if name == "price" else ("most" if most else "least")
    sentences = [
        case.say(code, *first[2], title=titled(winner), name=title, value=first[0]),
        *(_other(case, product, one) for one, product in rest),
    ]
    if len(pairs) == 2 and (apart := _apart(case, winner, first, rest[0][0])):
        sentences.append(case.say("difference", *first[2], *rest[0][0][2], value=apart))
    order = [winner, *(product for _, product in rest)]
    return case.answer("comparison", *sentences, about=order)


def _apart(case: Case, product: Product, one: Valued, other: Valued) -> str:
    """How far two values are apart, in the unit that both are written in; nothing where they have two."""
    if one[2][0].field.endswith("price"):
        return case.money(product, round(abs(one[1].amount - other[1].amount)))
    found = [_WRITTEN.fullmatch(value.strip()) for value in (one[0], other[0])]
    if found[0] is None or found[1] is None or found[0][2] != found[1][2]:
        return ""
    numbers = [Decimal(match[1].replace(",", "")) for match in found if match]
    return f"{abs(numbers[0] - numbers[1]).normalize():f}{found[0][2]}"


def _other(case: Case, product: Product, one: Valued) -> Sentence:
    return case.say("other", *one[2], title=titled(product), value=one[0])


def _value(case: Case, product: Product, name: str, words: Lexicon) -> Valued | None:
    """A product's value of something: as said, as a quantity, and where it stands; None where it has none."""
    if name == "price":
        amount = on_sale(product)
        if not amount:
            return None
        said = case.money(product, amount)
        field = "sale_price" if product.sale_price else "price"
        currency = product.currency or case.currency
        return said, Quantity(currency, float(amount)), (Citation(facts.SOURCE, product.id, field, said),)
    if name == "stock":
        if product.stock is None:
            return None
        said = str(product.stock)
        return (
            said,
            Quantity("stock", float(product.stock)),
            (Citation(facts.SOURCE, product.id, "stock", said),),
        )
    concept = words.fields[name]
    for fact in facts.about(product, concept):
        found = measure.amount(fact.value, concept.units) or measure.amount(fact.value)
        if found is not None:
            return fact.value, found, (fact.citation,)
    return None


def _each(case: Case, products: Sequence[Product], names: Sequence[str], words: Lexicon) -> Answer:
    """What each of them has; what one does not say is said."""
    sentences: list[Sentence] = []
    known = 0
    for product in products:
        one = goods.fields(case, product, names, words)
        known += not one.abstained
        sentences += one.sentences
    if not known:
        return case.refuse(
            "not_on_record",
            kind="comparison",
            about=products,
            code="not_comparable",
            name=label(names[0], case.language),
        )
    return case.answer("comparison", *sentences, about=products)


def _differences(case: Case, products: Sequence[Product]) -> Answer:
    """A table of what they have that is not the same, as sentences: price first."""
    rows: list[Sentence] = []
    listed: dict[str, list[tuple[Product, Fact]]] = {}
    for product in products:
        if price := on_sale(product):
            field = "sale_price" if product.sale_price else "price"
            said = Fact(product.id, field, case.money(product, price))
            listed.setdefault("price", []).append((product, said))
        for fact in facts.every(product):
            listed.setdefault(fact.field, []).append((product, fact))
    for field, held in listed.items():
        if len(held) == len(products) and len({fact.value for _, fact in held}) == 1:
            continue
        joint = "；" if case.language == "zh" else "; "
        said_ = joint.join(f"{titled(product, 40)}: {fact.value}" for product, fact in held)
        name = label(field, case.language)
        rows.append(
            case.say(
                "differs",
                *(fact.citation for _, fact in held),
                name=name[:1].upper() + name[1:],
                listed=said_,
            )
        )
    if not rows:
        return case.answer("comparison", case.say("alike"), about=products)
    return case.answer("comparison", *rows[:MOST_ROWS], about=products)
