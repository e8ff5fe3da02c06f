"""What an English-speaking shop may call a product: its title, shortened from the end that says least."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hawker.creative.draft import trade
from hawker.creative.draft.words import words
from hawker.records.catalogue import Product, levels
from hawker.records.markup import clean

_BRACKETS = re.compile(r"\s*[(\[{（【][^()\[\]{}（）【】]*[)\]}）】]?")
_PART = re.compile(r"\s+[-–—|]+\s+|\s*[|]\s*|,\s+|;\s+|:\s+|\s+-(?=\w)|(?<=\w)-\s+")
_LINK = re.compile(r"\s(?:with|for|from|by|in|of|featuring|includes|including|w/|to|at|on)\s", re.IGNORECASE)
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Z])[A-Z0-9]{2,}(?:-[A-Z0-9]+)*\d{2,}[A-Z0-9]*\b|\b\d{5,}\b")
_ODD = re.compile(r"[™®©*~^_<>{}\[\]\\`]+")
_LOOSE = re.compile(r"^(?:and|or|the|an?|of|with|for|to|in|on|by|from|&|\+|-|/)$", re.IGNORECASE)
_MEASURE = re.compile(
    r"^[\d./x×\"'’-]+$|^\d+(?:\.\d+)?(?:oz|ml|in|inch(?:es)?|cm|mm|ft|pk|pcs?|pack|count|ct|l|g|kg|lbs?)\b",
    re.I,
)
_ALIKE = {"colour": "color"}
MOST = 60


def names(product: Product) -> list[str]:
    """Names from the fullest to the shortest, each a noun phrase of its own; never empty."""
    if trade.shelved(product):
        return trade.names(product)
    parts = _parts(product)
    if not parts:
        return [leaf(product) or "This product"]
    heads = _heads(product)
    kept = [part for part in parts if set(_stems(part)) & heads]
    main = kept[0] if kept else parts[0]
    found = [main, *_shorter(main, heads)]
    if main is not parts[0] and len(parts[0]) + len(main) + 1 <= MOST and len(parts[0].split()) <= 2:
        found.insert(0, f"{parts[0]} {main}")
    return list(dict.fromkeys(name for name in found if len(name) >= 3))


def parts(product: Product) -> list[str]:
    """The pieces of a title that are not its name, as they stand."""
    return [] if trade.shelved(product) else _parts(product)[1:]


def leaf(product: Product) -> str:
    """The narrowest category in words, '' where the catalogue has none that can be said."""
    found = levels(product.category)
    return trade.said(found[-1]) if found else ""


def _parts(product: Product) -> list[str]:
    title = _ODD.sub("", _BRACKETS.sub("", clean(product.title)))
    for code in filter(None, (product.mpn, product.gtin)):
        title = re.sub(rf"(?<!\w)#?{re.escape(code)}(?!\w)", "", title)
    title = re.sub(r"\s+", " ", _CODE.sub("", title))
    found = (_trimmed(part) for part in _PART.split(title))
    return [_hushed(part) for part in found if len(part) > 1 and re.search(r"[^\W\d_]{2}", part)]


def _trimmed(text: str) -> str:
    """Without loose ends: 'Box of' becomes 'Box', ', 12 oz' goes."""
    text = text.strip(" ,.;:!/-–—&+'\"#") if text.count('"') == 0 else text.strip(" ,.;:!/-–—&+'#")
    held = text.split()
    while held and _LOOSE.match(held[-1]):
        held.pop()
    while held and _LOOSE.match(held[0]) and held[0].casefold() not in ("the", "a", "an"):
        held.pop(0)
    return " ".join(held)


def _hushed(text: str) -> str:
    """Words all in capitals, of five letters and more, as words; a title that shouts throughout likewise."""
    loud = text.isupper() and len(text.split()) > 1
    least = 4 if loud else 6
    return re.sub(rf"\b[A-Z]{{{least},}}\b", lambda found: found[0].capitalize(), text)


def _shorter(name: str, heads: set[str]) -> Iterator[str]:
    """The name before what it is for and with; then its last words, down to the noun."""
    link = _LINK.search(name)
    if link and len(name[: link.start()].split()) >= 2:
        name = _trimmed(name[: link.start()])
        yield name
    elif link:
        return
    held = name.split()
    if not set(_stems(held[-1])) & heads:
        return
    for start in range(1, len(held) - 1):
        rest = held[start:]
        if _LOOSE.match(rest[0]) or _MEASURE.match(rest[0]) or _LOOSE.match(held[start - 1]):
            continue
        if held[start - 1].endswith(("'s", "’s", "-", "/")) and len(rest) < 2:
            continue
        yield " ".join(rest)


def _heads(product: Product) -> set[str]:
    """Stems of the nouns that name the product's kind: those of its narrowest categories."""
    found: set[str] = set()
    for level in levels(product.category)[-2:]:
        found.update(_stems(level))
    return found - set(_stems(" ".join(words("en")["idle"])))


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in re.findall(r"[a-z]+", text.casefold())]


def _stem(word: str) -> str:
    """A plural as its singular, roughly.

    >>> [_stem(word) for word in ("puzzles", "batteries", "boxes", "dress")]
    ['puzzle', 'battery', 'box', 'dress']
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word
