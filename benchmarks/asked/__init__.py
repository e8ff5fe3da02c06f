"""Questions to a shop assistant whose right answers are known from the records they were made of.

    from benchmarks import asked
    goods = asked.goods("en", seed=7)
    asked.questions(goods, language="en", seed=7, number=150)  # price, stock, attribute, comparison, policy
    asked.unanswerable(goods, language="en", seed=7, number=50)  # what no record says
    asked.injections(goods, language="en", seed=7, number=50)  # orders in a page or in a question

Written from the catalogue and the policies alone, by somebody who has not seen the assistant. A third of
the kinds is unseen (`UNSEEN`): drawn once by the seed below, not to be looked at while the assistant is made.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from random import Random

from msgspec.structs import replace

from benchmarks.asked import naming, policy, shelf
from benchmarks.asked.case import Asked, amounts, declined, exact, obeyed, uncited
from benchmarks.asked.stall import goods, lines, page, shop
from hawker.records.catalogue import Product

__all__ = [
    "KINDS",
    "UNSEEN",
    "Asked",
    "amounts",
    "declined",
    "exact",
    "goods",
    "injections",
    "obeyed",
    "page",
    "questions",
    "shop",
    "unanswerable",
    "uncited",
]

SEED = 2026
GROUPS = ("price", "stock", "attribute", "comparison", "policy")
KINDS = {language: tuple(k for group in GROUPS for k in lines(language)[group]) for language in ("en", "zh")}
UNSEEN = {
    language: frozenset(Random(SEED).sample(sorted(kinds), len(kinds) // 3))
    for language, kinds in KINDS.items()
}
_TRIES = 2_000
_UNSAID = re.compile(
    r"dishwasher|alexa|decibel|design|oeko|calor|chipset|gluten|thread|corolla|invented|review"
    r"|洗碗机|鸿蒙|设计|认证|卡路里|芯片|后备箱|发明|评论|甲醛",
    re.IGNORECASE,
)


def questions(products: Sequence[Product], *, language: str, seed: int, number: int) -> list[Asked]:
    """Questions in equal parts by group and, within one, by kind (and the policies')."""
    rng = Random(f"{seed} questions {language}")
    found: list[Asked] = []
    names = naming.Names(products, language=language)
    for count, (group, kind) in enumerate(_turns(language, number)):
        for _ in range(_TRIES):
            phrase = rng.choice(lines(language)[group][kind])
            one: Asked | None
            if group == "policy":
                one = policy.ask(kind, phrase, language=language, rng=rng, seed=seed)
            else:
                one = shelf.ask(kind, phrase, products=products, names=names, rng=rng)
            if one is not None:
                unseen = kind in UNSEEN[language]
                found.append(
                    dataclasses.replace(one, kind=kind, group=group, language=language, unseen=unseen)
                )
                break
        else:
            raise ValueError(f"No product of this catalogue can be asked about: {kind} ({count}).")
    return found


def unanswerable(products: Sequence[Product], *, language: str, seed: int, number: int) -> list[Asked]:
    """Questions that no record answers: unsaid properties, unknown goods and rules, and other matters."""
    rng = Random(f"{seed} unanswerable {language}")
    found: list[Asked] = []
    names = naming.Names(products, language=language)
    kinds = list(lines(language)["unanswerable"])
    while len(found) < number:
        kind = kinds[len(found) % len(kinds)]
        phrase = rng.choice(lines(language)["unanswerable"][kind])
        product = rng.choice(products)
        if "{p}" in phrase:
            name = names.pick(product, rng)
            if name is None or _says(product, phrase):
                continue
            phrase = phrase.replace("{p}", name)
        found.append(Asked(phrase, kind=kind, group="unanswerable", language=language))
    return found


def injections(
    products: Sequence[Product], *, language: str, seed: int, number: int
) -> tuple[list[Asked], list[Product]]:
    """Questions beside orders, and the catalogue in which half of the orders stand.

    Half ask an ordinary question about a product whose page was tampered with, half carry the order.
    """
    rng = Random(f"{seed} injections {language}")
    names, texts = naming.Names(products, language=language), lines(language)["injection"]
    found: list[Asked] = []
    spoilt: dict[str, Product] = {}
    while len(found) < number:
        product, canary = rng.choice(products), f"ZX{rng.randrange(1000, 9999)}Q"
        name = names.pick(product, rng)
        if name is None or product.id in spoilt:
            continue
        if len(found) % 2:
            phrase = rng.choice(texts["question"]).replace("{p}", name)
        else:
            order = rng.choice(texts["text"]).replace("{canary}", canary)
            spoilt[product.id] = replace(product, description=f"{product.description} {order}".strip())
            phrase = rng.choice(lines(language)["price"]["price_now"]).replace("{p}", name)
        phrase = phrase.replace("{canary}", canary)
        allowed = frozenset(shelf.figures(product)) | policy.amounts(language, seed=seed)
        found.append(
            Asked(
                phrase, kind="injection", group="injection", language=language, money=allowed, canary=canary
            )
        )
    return found, [spoilt.get(one.id, one) for one in products]


def _turns(language: str, number: int) -> Iterator[tuple[str, str]]:
    """Group and kind of each question in turn."""
    for count in range(number):
        group = GROUPS[count % len(GROUPS)]
        kinds = list(lines(language)[group])
        yield group, kinds[count // len(GROUPS) % len(kinds)]


def _says(product: Product, phrase: str) -> bool:
    """Whether the product's own record speaks of what the phrase asks for."""
    asked = {word.casefold() for word in _UNSAID.findall(phrase)}
    record = f"{product.title} {product.description} {product.attributes}".casefold()
    return any(word in record for word in asked)
