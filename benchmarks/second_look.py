"""A second opinion on copy that says what its product does not: written apart from the gate.

It reads the draft, not how it was made. A *claim* is each number with what it measures, each colour,
material and food, each word of rank or comparison, each promise of health or price, and in English each
name (a capital letter inside a sentence). A claim is borne out where the product's own fields hold it.

    found = claims("Comes with 4 steel legs.", "en")       ['4 legs', 'steel', ...]
    unsupported(product, text, language="en")               those that no field holds
"""

from __future__ import annotations

import html
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from hawker.records.catalogue import Product

_LISTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_EN = {word: kind for kind, words in _LISTS["en"].items() for word in words.split()}
_ZH = {kind: words.casefold().split() for kind, words in _LISTS["zh"].items()}
_HARMLESS = frozenset(_LISTS["names"]["harmless"].split())
_NUMBER = re.compile(r"(?:(?<![\d])\.)?\d+(?:[.,/]\d+)*")
_SMALL = re.compile(
    r"(?<![a-z])(?:two|three|four|five|six|seven|eight|nine|ten|twelve|dozen|hundred|thousand)(?![a-z])"
)
_ZH_NUMBER = re.compile(
    r"[零一二两三四五六七八九十百千万]+(?=[个件条双只支瓶袋盒包年月日天小时分秒米升克斤档色层款])"
)
_UNIT = re.compile(
    r"^\s*-?\s*(inch(?:es)?|in|cm|mm|m|ft|feet|foot|oz|ounces?|lbs?|pounds?|g|kg|grams?|ml|l|liters?|gal"
    r"|gallons?|v|volts?|w|watts?|hours?|minutes?|years?|months?|ages?|pieces?|pcs?|pack|count|players?|%|\"|'|°"
    r"|毫升|升|千克|公斤|克|厘米|毫米|米|英寸|瓦|小时|分钟|天|年|月|个|片|支|只|件|包|袋|盒|人|岁|分贝|毫安时)(?![a-z])",
    re.IGNORECASE,
)
_SAME: dict[str, str] = _LISTS["same"]


def unsupported(product: Product, text: str, *, language: str) -> list[str]:
    """The claims of a text that no field of its product bears out, each with its kind: 'colour: red'."""
    held = _flat(_fields(product))
    return [
        f"{kind}: {claim}"
        for kind, claim in claims(text, language)
        if not _borne(kind, claim, held, language)
    ]


def claims(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Each thing a text says that a product may or may not bear out, with its kind."""
    flat = _flat(text)
    for found in _NUMBER.finditer(flat):
        unit = _UNIT.match(flat[found.end() :])
        yield "number", f"{found[0]} {unit[1] if unit else ''}".strip()
    if language == "zh":
        yield from (("number", found[0]) for found in _ZH_NUMBER.finditer(flat))
        for kind, words in _ZH.items():
            yield from ((kind, word) for word in words if word in flat)
        return
    yield from (("number", found[0]) for found in _SMALL.finditer(flat))
    for word in re.findall(r"[a-z]+(?:-[a-z]+)*", flat):
        for part in {word, *word.split("-")}:
            if part in _EN:
                yield _EN[part], part
    for sentence in re.split(r"(?<=[.!?:])\s+", unicodedata.normalize("NFKC", text)):
        for name in re.findall(r"(?<=\s)[A-Z][\w'’-]+", sentence):
            if name.casefold() not in _HARMLESS:
                yield "name", _flat(name)


def _borne(kind: str, claim: str, held: str, language: str) -> bool:
    if kind != "number":
        stem = claim if language == "zh" or kind == "name" else claim.removesuffix("s")
        bound = "" if language == "zh" else r"(?<![a-z])"
        return re.search(bound + re.escape(stem), held) is not None
    digits, _, unit = claim.partition(" ")
    wanted = _SAME.get(unit, unit)
    for found in re.finditer(rf"(?<![\d.,]){re.escape(digits)}(?![\d]|[.,]\d)", held):
        here = _UNIT.match(held[found.end() :])
        own = here[1].casefold() if here else ""
        if not wanted or _SAME.get(own, own) == wanted or (own + "s" == wanted or wanted + "s" == own):
            return True
    return False


def _fields(product: Product) -> str:
    own = (
        product.title, product.description, product.category, product.brand, product.label, product.color,
        product.size, product.material, product.gender, product.age_group, product.condition, product.mpn,
    )  # fmt: skip
    return " \n ".join((*own, *(f"{name} {value}" for name, value in product.attributes.items())))


def _flat(text: str) -> str:
    """Small letters, half width, quotation marks alike."""
    told = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    told = told.replace("’", "'").replace("”", '"').replace("“", '"').replace("″", '"')
    return re.sub(r"\s+", " ", told)
