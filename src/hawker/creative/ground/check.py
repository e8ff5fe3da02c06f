"""Every claim of a text traced to a field of the product; what cannot be traced is objected to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hawker.creative.ground.claim import Claim
from hawker.creative.ground.claimed import claimed
from hawker.creative.ground.facts import MEANINGS, Grounds, grounds, made_there
from hawker.creative.ground.measured import measured
from hawker.creative.ground.named import named
from hawker.creative.ground.patterns import pattern
from hawker.creative.ground.reading import Reading, read, words
from hawker.creative.ground.vocabulary import vocabulary
from hawker.creative.saying import objection
from hawker.records.catalogue import Product
from hawker.records.draft import Objection
from hawker.records.finding import Severity

_REASON = {"colours": "colour", "materials": "material", "ingredients": "ingredient", "places": "origin"}


def check(
    text: str, product: Product | Sequence[Product] | Grounds, *, reader: str = "en"
) -> tuple[Objection, ...]:
    """What a text claims that no field of the product says (of several: of none of them), in its order.

    >>> cup = Product("1", "Stoneware cup, 350 ml", color="white")
    >>> [(one.reason, one.text) for one in check("White cup, 0.35 litres", cup)]
    []
    >>> [(one.reason, one.text) for one in check("Blue porcelain cup, 350 cl", cup)]
    [('colour', 'Blue'), ('material', 'porcelain'), ('unit', '350 cl')]
    """
    held = product if isinstance(product, Grounds) else grounds(product)
    reading = read(text)
    found = sorted(_claims(reading, held), key=lambda claim: (claim.start, -claim.end))
    kept: list[Claim] = []
    for claim in found:
        if not kept or claim.start >= kept[-1].end:
            kept.append(claim)
    return tuple(_objected(claim, reading, reader) for claim in kept)


def _claims(reading: Reading, held: Grounds) -> Iterator[Claim]:
    low = reading.low
    cut = words(low)
    yield from measured(low, held)
    for name in MEANINGS:
        listed = vocabulary(name)
        for hit in listed.find(low, cut):
            made = name == "places" and made_there(low, hit)
            if hit.meaning not in (held.origins if made else held.meanings[name]):
                beside = name == "ingredients" and _served(low, hit.start)
                yield Claim(_REASON[name], hit.start, hit.end, Severity.WARNING if beside else Severity.ERROR)
    yield from named(reading, cut, held)
    yield from claimed(low, cut, held)


def _served(low: str, start: int) -> bool:
    """Whether something to eat or drink is named as what goes with the product, not as what is in it."""
    return pattern("served", "with").search(low, max(0, start - 20), start) is not None


def _objected(claim: Claim, reading: Reading, reader: str) -> Objection:
    start, end = reading.span(claim.start, claim.end)
    return objection(
        "ground",
        claim.reason,
        reader=reader,
        text=reading.raw[start:end],
        start=start,
        end=end,
        severity=claim.severity,
    )
