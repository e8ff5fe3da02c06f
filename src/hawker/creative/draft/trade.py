"""Shelf labels as words: a grocer's catalogue knows a product by department, type and size alone.

'FRZN BAGGED VEGETABLES - PLAIN' is what the till prints; a shopper reads 'Frozen bagged vegetables'.
"""

from __future__ import annotations

import re

from hawker.creative.draft.words import words
from hawker.records.catalogue import Product, levels

_OPEN = re.compile(r"\s*\([^)]*\)?")
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_CUT = 28  # characters from which on a till may have cut a label in the middle of a word
_AISLE = re.compile(r"^SEAFOOD-(?=FR)|(?<=FRZ|FRE)-")
_BOUND = re.compile(r"[-\s](?:LESS|MORE|OVER|UNDER)(?:[-\s]+(?:TH|THN|THAN)?\b.*|\s+\d.*)$")
_NUMBER = re.compile(r"\s+\d(?![\d.]*%).*$")
_LOOSE = frozenset(
    (
        "and",
        "with",
        "on",
        "the",
        "not",
        "no",
        "over",
        "under",
        "less",
        "than",
        "for",
        "of",
        "in",
        "to",
        "from",
        "value",
    )
)
_SIZE = re.compile(r"^(\d*\.?\d+)\s*([a-z]+)$", re.IGNORECASE)


def shelved(product: Product) -> bool:
    """Whether the catalogue knows it by its shelf alone: no description, and the category for a title."""
    path = levels(product.category)
    if product.description or not path or not path[-1].isupper():
        return False
    return product.title.casefold().startswith(path[-1].casefold())


def spelled(product: Product) -> str:
    """What the labels of a shelf say once their shorthand is written out; '' of any other product."""
    return ", ".join(map(said, levels(product.category)[-2:])) if shelved(product) else ""


def names(product: Product) -> list[str]:
    """The type in words, with the size and without; the category where the type says nothing alone."""
    path = levels(product.category)
    kind = said(path[-1], whole=len(path[-1]) < _CUT or any(mark in path[-1] for mark in "(:-"))
    above = said(path[-2]) if len(path) > 1 else ""
    if not kind or kind.casefold() in words("en")["vague"]:
        kind = above or kind or path[-1].capitalize()
    kind = _ordered(kind, path)
    size = measure(product.size)
    found = [f"{kind}, {size}" if size else "", kind]
    return [name for name in found if name]


def said(label: str, *, whole: bool = True) -> str:
    """A label in words: shorthand written out, brackets and word-salad gone, capitals down.

    >>> said("FRZN BAGGED VEGETABLES - PLAIN"), said("PNT BTR/JELLY/JAMS"), said("Action Figures")
    ('Frozen bagged vegetables', 'Peanut butter, jelly & jams', 'Action Figures')
    """
    if not label.isupper():
        return label.strip()
    text = _BOUND.sub("", label)
    text = _NUMBER.sub("", _OPEN.sub("", _AISLE.sub("", text)).strip())
    head, colon, tail = text.partition(":")
    if colon:
        text = _turned(head.strip(), tail.strip())
    text = _joined(re.split(r"\s+-\s+|\s-(?=\w)|\s(?:NOT|EXCL?)\b", text)[0])
    split = re.split(r"\s*/\s*", text)
    parts = [_spelled(part, last=not whole and part is split[-1]) for part in split]
    if not whole and len(split) > 1 and " " not in split[-1] and not split[-1].endswith("S"):
        parts.pop()
    known = [part for part in dict.fromkeys(parts) if part]
    parts = [part for part in known if part not in words("en")["vague"]] or known
    if not parts:
        return ""
    joined = ", ".join(parts[:-1]) + (" & " if len(parts) > 1 else "") + parts[-1]
    return joined[0].upper() + joined[1:]


def measure(size: str) -> str:
    """A package's size with its unit in words a shopper reads; '' where it is no size.

    >>> measure("1 GA"), measure("12 CT"), measure("14.5 OZ"), measure("CTN")
    ('1 gal', '12 count', '14.5 oz', '')
    """
    found = _SIZE.match(size.strip())
    unit = words("en").tables["units"].get(found[2].casefold()) if found else None
    if (
        found is None
        or unit is None
        or float(found[1]) > 500
        or (unit in ("count", "pack") and found[1] == "1")
    ):
        return ""
    return f"{found[1]}-pack" if unit == "pack" else f"{'0' * found[1].startswith('.')}{found[1]} {unit}"


def _spelled(text: str, *, last: bool) -> str:
    """One part of a label; with `last` its final word may have been cut by the till."""
    shorthand = words("en").tables["shorthand"]
    dropped = words("en")["dropped"]
    raw = re.split(r"[\s.]+", text.replace("&", " & ").replace(",", " "))
    cut = raw[-1].casefold()
    if last and len(raw) > 1 and cut not in shorthand and (len(cut) < 5 or not cut.endswith("s")):
        raw = raw[:-1]
    kept = [word for word in (token.casefold().strip("-") for token in raw) if word and word not in dropped]
    out = [shorthand.get(word, word) for word in kept if re.search(r"[a-z&]", word)]
    while out and (out[-1] in _LOOSE or len(out[-1]) == 1):
        out.pop()
    while out and out[0] in ("&", "and"):
        out.pop(0)
    if len(out) > 1 and out[-1] in words("en")["fronted"] and "&" not in out:
        out = [out[-1], *out[:-1]]
    return " ".join(word.capitalize() if word in words("en")["proper"] else word for word in out)


def _joined(text: str) -> str:
    """'CANDY BAGS-CHOCOLATE' as 'CHOCOLATE CANDY BAGS', 'COMPUTING-MAGAZINE' as two words."""
    found = re.match(r"^([A-Z &]{4,})-([A-Z][A-Z ]{3,})$", text)
    if found is None or found[1].split()[-1] in ("MULTI", "SEMI", "ANTI", "ROLL", "ALL"):
        return text
    return f"{found[1]} {found[2]}" if found[2].startswith("MAGAZINE") else f"{found[2]} {found[1]}"


def _turned(head: str, tail: str) -> str:
    """'PASTA: CANNED' as 'CANNED PASTA', 'MEAT: TURKEY' as 'TURKEY'."""
    first = tail.split()[0].casefold() if tail.split() else ""
    if not first or first in ("fs", "tubs", "regular", "not"):
        return head
    return f"{tail} {head}" if first in words("en")["kinds"] or head.casefold() == "bread" else tail


def _ordered(kind: str, path: tuple[str, ...]) -> str:
    """'Grapes red' as 'Red grapes', where the shelf is named for the first word."""
    held = kind.split()
    shelf = {word.casefold() for word in _WORD.findall(" ".join(path[:-1]))}
    first = held[0].casefold()
    if not (
        2 <= len(held) <= 3
        and first.endswith("s")
        and (first in shelf or first in ("beans", "peas", "pears"))
    ):
        return kind
    if any(word in ("&", "on", "with", "and", "in") or word.endswith(",") for word in held):
        return kind
    rest = [word[:-1] if word.endswith("s") and len(word) > 4 else word for word in held[1:]]
    return " ".join((rest[0].capitalize(), *rest[1:], first))
