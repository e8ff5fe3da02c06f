"""Fields of a product that contradict each other, where a draft takes the side of one: a person looks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec import structs

from hawker.creative.ground.amounts import Amount, amounts
from hawker.creative.ground.reading import read, words
from hawker.creative.ground.vocabulary import vocabulary
from hawker.creative.saying import objection
from hawker.records.catalogue import Product
from hawker.records.draft import Objection
from hawker.records.finding import Severity

SLACK = 0.06
"""How far two fields may be apart and still say the same: rounded, converted, fluid or dry."""
_NAMES: Mapping[str, re.Pattern[str]] = {
    "volume": re.compile(r"size|volume|(?:net )?content|(?:liquid |cup )?capacity|容量|容积|净含量|规格"),
    "mass": re.compile(r"size|(?:net )?(?:weight|content)|净重|净含量|重量|规格"),
    "length": re.compile(r"size|length|长度?|尺寸|规格"),
}
"""What a field is called, in whole, that says how much of each there is; shipping weights are of no such."""
_COLOURS = re.compile(r"colou?r(?: name)?|颜色|颜色分类|色系")

_WIRELESS = re.compile(r"(?:2\.4|[2-6])[ -]?g")
"""Generations and bands of radio that read like grams."""
_BEARS = re.compile(
    r"(?:承重|载重|承载|负重|耐重|限重|最大|最高|up to|loads?|holds?|supports?|capacity|for)[约达:： ]*$"
)
_BORNE = re.compile(r" ?(?:load|capacity|rated|limit|max|承重|承载|载重|以[内下])")
"""What stands beside an amount that is no measure of the thing itself."""
_MANY = frozenset({"multicolour", "black_and_white"})


@dataclass(frozen=True, slots=True)
class _Said:
    """What the title says of one dimension, and what a field says instead."""

    dimension: str
    title: float | str
    field: str
    other: float | str
    text: str
    wording: str


def contradicted(
    parts: Mapping[str, tuple[str, ...]], product: Product, *, reader: str = "en"
) -> Iterator[Objection]:
    """For each dimension in which title and fields cannot both be right, the first claim that takes a side.

    >>> cup = Product("1", "White cup, 350 ml", color="blue", attributes={"Capacity": "300 ml"})
    >>> [(one.text, one.message) for one in contradicted({"title": ("White cup",)}, cup)]
    [('White', 'The title says “white”, the field “color” says “blue”.')]
    """
    for one in _clashes(product):
        found = next(_taken(one, parts), None)
        if found is not None:
            part, line, text, start, end = found
            said = objection(
                "ground",
                "contradiction",
                reader=reader,
                text=text,
                start=start,
                end=end,
                severity=Severity.WARNING,
                title=one.text,
                field=one.field,
                other=one.wording,
            )
            yield structs.replace(said, part=part, line=line)


def _clashes(product: Product) -> Iterator[_Said]:
    """What title and fields say of one dimension, where each says one thing and they are not the same."""
    low = read(product.title).low
    measures = (one for one in amounts(low) if one.kind == "measure")
    told = [one for one in measures if not _another(low, one)]
    fields = [("size", product.size), *product.attributes.items()]
    counts = {one.value for one in amounts(low) if one.kind in ("count", "bare", "times")}
    for dimension, name in _NAMES.items():
        title = {value: one for one in told for value in _readings(one, dimension)}
        held = {
            value: (called, text)
            for called, text in fields
            if name.fullmatch(called.casefold().strip())
            for value in _alone(text, dimension)
        }
        if len({id(one) for one in title.values()}) != 1 or len({text for _, text in held.values()}) != 1:
            continue
        if any(_agree(one, other, counts) for one in title for other in held):
            continue
        value, one = next(iter(title.items()))
        other, (called, text) = next(iter(held.items()))
        yield _Said(dimension, value, called, other, low[one.start : one.end], text.strip())
    yield from _colours(low, product)


def _another(low: str, one: Amount) -> bool:
    """Whether a measure is of something else than the thing: what it bears, the band it sends on."""
    beside = _BEARS.search(low, max(0, one.start - 12), one.start) or _BORNE.match(low, one.end)
    return beside is not None or _WIRELESS.fullmatch(low, one.start, one.end) is not None


def _colours(low: str, product: Product) -> Iterator[_Said]:
    fields = [("color", product.color)]
    fields += [
        (name, text) for name, text in product.attributes.items() if _COLOURS.fullmatch(name.casefold())
    ]
    title = _hues(low)
    held = {hue: (name, text) for name, text in fields for hue in _hues(read(text).low, whole=True)}
    if len(title) != 1 or len(held) != 1:
        return
    (hue, said), (other, (name, text)) = next(iter(title.items())), next(iter(held.items()))
    listed = vocabulary("colours")
    if not listed.wider(hue) & listed.wider(other) and not {hue, other} & _MANY:
        yield _Said("colour", hue, name, other, said, text.strip())


def _hues(low: str, *, whole: bool = False) -> dict[str, str]:
    """The colours a text names and in which words; of a field (`whole`) only where it says nothing else."""
    found = {
        hit.meaning: (low[hit.start : hit.end], hit) for hit in vocabulary("colours").find(low, words(low))
    }
    if whole and any(said != low.strip() for said, _ in found.values()):
        return {}
    return {hue: said for hue, (said, _) in found.items()}


def _alone(text: str, dimension: str) -> list[float]:
    """How much a field says there is that holds one amount and nothing else."""
    low = read(text).low.strip()
    found = amounts(low)
    if len(found) != 1 or low[found[0].start : found[0].end] != low:
        return []
    return _readings(found[0], dimension)


def _readings(one: Amount, dimension: str) -> list[float]:
    return [value for measure, value, _ in one.readings if measure == dimension and value > 0]


def _agree(one: float, other: float, counts: Iterable[float]) -> bool:
    """Whether two amounts are the same, or one is a pack of the other."""
    low, high = sorted((one, other))
    ratio = high / low
    return any(abs(ratio / count - 1) <= SLACK for count in (1.0, *counts) if count > 0)


def _taken(one: _Said, parts: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, int, str, int, int]]:
    """Where a draft says what the title or the field says of it."""
    for part, lines in parts.items():
        for place, line in enumerate(lines):
            reading = read(line)
            for start, end in _sides(one, reading.low):
                first, last = reading.span(start, end)
                yield part, place, line[first:last], first, last


def _sides(one: _Said, low: str) -> Iterator[tuple[int, int]]:
    if one.dimension == "colour":
        for hit in vocabulary("colours").find(low, words(low)):
            if hit.meaning in (one.title, one.other):
                yield hit.start, hit.end
        return
    for found in amounts(low):
        for value in _readings(found, one.dimension):
            if any(abs(value / float(side) - 1) <= SLACK for side in (one.title, one.other)):
                yield found.start, found.end
