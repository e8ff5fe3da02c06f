"""Whether a draft may be shown: everything it says held against product, limits, law and good manners.

Pure functions: the same draft and brief have the same objections. A draft passes that has no ERROR.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import structs

from hawker.creative import duplicates, ground, law, length, safety, tongue
from hawker.creative.layout import LAYOUTS
from hawker.creative.saying import objection
from hawker.records.catalogue import Product
from hawker.records.draft import Brief, Draft, Objection
from hawker.records.finding import Severity

UNCLAIMING = frozenset({"business_name", "negative"})
"""Parts that say nothing of the product: the advertiser's name, and searches that an ad is not for."""
SHORT = frozenset({"business_name", "negative", "keyword", "call_to_action", "path", "hashtag"})
"""Parts that are no sentences: they are not asked for a language, nor for a proper end."""

LONGEST = 1_200
"""Characters of a line that is read at all: more than any layout has room for, and read in a moment."""


def check(
    draft: Draft, brief: Brief, *, reader: str = "en", others: Sequence[Draft] = ()
) -> tuple[Objection, ...]:
    """What is held against a draft: schema, length, then each line (ground, safety, law, language), repeats.

    `others` are drafts it must not repeat. Messages are in the `reader`'s language.

    >>> from hawker.records.draft import Kind
    >>> brief = Brief(Product("1", "Rye bread, 500 g", brand="Oster"))
    >>> draft = Draft("1", Kind.NATIVE, "en", {"title": ("Rye bread, 750 g",),
    ...     "description": ("Oster rye bread.",), "call_to_action": ("See it",)})
    >>> [(one.kind, one.reason, one.part, one.text) for one in check(draft, brief)]
    [('ground', 'number', 'title', '750 g')]
    """
    return tuple(_checked(draft, brief, reader, others))


def text(
    text: str,
    product: Product | Sequence[Product] | None,
    *,
    language: str,
    jurisdiction: str = "",
    brief: Brief | None = None,
    reader: str = "en",
) -> tuple[Objection, ...]:
    """What is held against one free text about a product, about several, or (None) about none.

    >>> bread = Product("1", "Rye bread, 500 g")
    >>> [(one.kind, one.text) for one in text("Rye bread. It weighs 2 lb.", bread, language="en")]
    [('ground', '2 lb')]
    """
    held = None if product is None else ground.grounds(product)
    avoid, evidence = (brief.avoid, brief.evidence) if brief else ((), ())
    return _line(text, held, language, jurisdiction, avoid, evidence, reader, "")


def passes(objections: Sequence[Objection]) -> bool:
    """Whether what is held against a draft lets it be shown."""
    return all(one.severity is not Severity.ERROR for one in objections)


def _checked(draft: Draft, brief: Brief, reader: str, others: Sequence[Draft]) -> Iterator[Objection]:
    yield from _form(draft, brief, reader)
    yield from length.check(draft, limits=brief.limits if draft.kind is brief.kind else {}, reader=reader)
    held = ground.grounds(brief.product)
    language = draft.language or brief.language or brief.product.language
    asked = (language, brief.jurisdiction, brief.avoid, brief.evidence)
    for part, lines in draft.parts.items():
        for place, line in enumerate(lines):
            for one in _line(line, held, *asked, reader, part):
                yield structs.replace(one, part=part, line=place)
    yield from ground.contradicted(draft.parts, brief.product, reader=reader)
    yield from duplicates.check(draft, others, reader=reader)


@lru_cache(maxsize=8_192)
def _line(
    line: str,
    held: ground.Grounds | None,
    language: str,
    jurisdiction: str,
    avoid: tuple[str, ...],
    evidence: tuple[str, ...],
    reader: str,
    part: str,
) -> tuple[Objection, ...]:
    if len(line) > LONGEST:
        over = len(line) - LONGEST
        return (objection("length", "too_long", reader=reader, width=len(line), limit=LONGEST, over=over),)
    found: list[Objection] = []
    if held is not None and part not in UNCLAIMING:
        found += ground.check(line, held, reader=reader)
    found += safety.check(line, held, avoid=avoid, reader=reader, whole=part not in SHORT)
    if part != "negative":
        product = held.products[0] if held is not None and len(held.products) == 1 else None
        found += law.check(
            line,
            language=language,
            jurisdiction=jurisdiction,
            product=product,
            evidence=evidence,
            reader=reader,
        )
        found += tongue.check(line, "" if part in SHORT else language, held, reader=reader)
    return tuple(found)


def _form(draft: Draft, brief: Brief, reader: str) -> Iterator[Objection]:
    """Whether the draft is what the brief asks for: product, kind, parts, words that must appear."""
    if draft.product != brief.product.id:
        yield objection("schema", "other_product", reader=reader, text=draft.product)
    if draft.kind is not brief.kind:
        yield objection("schema", "other_kind", reader=reader, text=draft.kind.value)
    if brief.language and draft.language and not tongue.same(draft.language, brief.language):
        yield objection(
            "language", "other_language", reader=reader, text=draft.language, language=brief.language
        )
    for part in draft.parts:
        if part not in LAYOUTS[draft.kind]:
            found = objection("schema", "unknown_part", reader=reader, text=part)
            yield structs.replace(found, part=part)
    said = "\n".join(line for lines in draft.parts.values() for line in lines)
    for word in brief.must:
        if not safety.said(word, said):
            yield objection("schema", "missing_word", reader=reader, text=word)
