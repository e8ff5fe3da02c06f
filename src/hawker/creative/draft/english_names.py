"""What an English-speaking shop may call a product: its title, shortened from the end that says least."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hawker.creative.draft import trade
from hawker.creative.draft.english_facts import sound
from hawker.creative.draft.words import words
from hawker.records.catalogue import Product, levels
from hawker.records.markup import clean

_BRACKETS = re.compile(r"\s*[(\[{（【][^()\[\]{}（）【】]*[)\]}）】]?")
_PART = re.compile(r"(\s+[-–—|/]+\s+|\s*[|]\s*|,\s*(?=\D)|;\s+|:\s+|\s+-(?=\w)|(?<=[^\W\d])-\s+)")
_LINK = re.compile(
    r"\s(?:[Ww]ith|WITH|[Ff]or|FOR|[Ff]rom|by|in|[Ff]eaturing|[Ii]ncludes|[Ii]ncluding|[Tt]hat|w/)\s"
)
_CODE = re.compile(
    r"(?<![\w-])#?(?:[A-Z]{1,4}-?\d{3,}[A-Z\d-]*|[A-Z]+\d+(?:-[A-Z\d]+)+|\d+[A-Z]{2,}\d[A-Z\d]*|\d{5,}(?:-\d+)*"
    r"|[A-Z\d]{2,}-\d{3,}[A-Z\d]*)(?![\w-])"
)
_ODD = re.compile(r"[™®©*~^_<>{}\[\]\\`¨´]+")
_LOOSE = re.compile(r"^(?:and|or|the|an?|of|with|for|to|in|on|by|from|&|\+|-|/|w/|vs\.?)$", re.IGNORECASE)
_MEASURE = re.compile(
    r"^[\d./x×\"'’-]+$|^\d*(?:\.\d+)?-?(?:oz|ml|in|inch(?:es)?|cm|mm|ft|feet|pk|pcs?|pieces?|packs?|count|ct|l|g|kg"
    r"|lbs?|scale|year|years|month|months|player|players|volt|v)\b\.?",
    re.IGNORECASE,
)
_SOLD = re.compile(
    r"\b(?:styles? may vary|may vary|multicolou?r(?:ed)?|assorted|one size|pack of \d+)\b", re.IGNORECASE
)
_SAID = re.compile(r"[?!]\s|\b(?:i|you|we|me|my|is|are|love|let's|it)\b", re.IGNORECASE)
_MIDDLE = frozenset(("&", "and", "or", "of", "the", "can", "to"))
_EXTRA = re.compile(r"\s*\b(?:Amazon Exclusive|New \d{4})\b", re.IGNORECASE)
MOST, SHORT, ROOM = 60, 50, 32


def names(product: Product) -> list[str]:
    """Names from the fullest to the shortest, each a noun phrase of its own; never empty."""
    if trade.shelved(product):
        return trade.names(product)
    held = _parts(product)
    if not held:
        return [leaf(product) or product.title.strip()[:MOST] or product.id]
    heads = _heads(product)
    place = _named(held, heads, product)
    main = held[place][0]
    found = [*_fuller(held), *([f"{held[place - 1][0]}{held[place - 1][1]}{main}"] if place else [])]
    found += [main, *_shorter(main, heads, _attested(product))]
    named = [name for name in dict.fromkeys(found) if 3 <= len(name) <= MOST]
    if not any(len(name) <= SHORT for name in named):
        named.append(_fitted(main))
    return named


def parts(product: Product) -> list[str]:
    """The pieces of a title beside its name that say something of it: '1000 Pieces', 'Navy Blue'."""
    if trade.shelved(product):
        return []
    name = names(product)[0].casefold()
    return [
        part
        for part, _ in _parts(product)[1:]
        if part.casefold() not in name
        and len(part.split()) <= 5
        and sound(part)
        and not _LINK.search(f" {part}")
    ]


def leaf(product: Product) -> str:
    """The narrowest category in words, '' where the catalogue has none that can be said."""
    found = levels(product.category)
    return trade.said(found[-1]) if found else ""


def _parts(product: Product) -> list[tuple[str, str]]:
    """The pieces of a title, each with what stood behind it."""
    title = _EXTRA.sub("", _ODD.sub("", _BRACKETS.sub("", clean(product.title))))
    for code in filter(None, (product.mpn, product.gtin)):
        if any(map(str.isdigit, code)):
            title = re.sub(rf"(?<![\w-])#?{re.escape(code)}(?![\w-])", "", title, flags=re.IGNORECASE)
    title = re.sub(r"\s+", " ", _CODE.sub("", title)).strip()
    split = [*_PART.split(title), ""]
    found = []
    for text, mark in zip(split[::2], split[1::2], strict=False):
        part = _trimmed(text)
        if re.search(r"[^\W\d_]{2}", part) and not _SOLD.search(part):
            found.append((_hushed(part), ": " if ":" in mark else " - " if "," not in mark else ", "))
    return found or ([(_hushed(_trimmed(split[0])), ", ")] if _trimmed(split[0]) else [])


def _named(held: list[tuple[str, str]], heads: set[str], product: Product) -> int:
    """Which piece of a title is the name: the first, or one behind a colon or dash that says what it is."""
    if _last(held[0][0]) in heads:
        return 0
    path = {level.casefold() for level in levels(product.category)}
    for place in range(1, len(held)):
        text = held[place][0]
        if held[place - 1][1] != ", " and _last(text) in heads and text.casefold() not in path:
            return place
    return 0


def _fuller(held: list[tuple[str, str]]) -> Iterator[str]:
    """The name with the pieces that follow it, as many as a name can bear."""
    texts, marks = [part for part, _ in held], [mark for _, mark in held]
    for count in (3, 2):
        if len(texts) >= count:
            text = texts[0] + "".join(f"{marks[i - 1]}{texts[i]}" for i in range(1, count))
            if len(text) <= MOST and text.count(",") <= 2:
                yield text


def _trimmed(text: str) -> str:
    """Without loose ends: 'Box of' becomes 'Box', ', 12 oz' goes."""
    text = text.strip(
        " ,.;:!/-–—&+'#" + ('"' if text.count('"') == 1 and not re.search(r'\d"', text) else "")
    )
    held = text.split()
    while held and _LOOSE.match(held[-1]):
        held.pop()
    while held and _LOOSE.match(held[0]) and held[0].casefold() not in ("the", "a", "an"):
        held.pop(0)
    return " ".join(held)


def _hushed(text: str) -> str:
    """Words all in capitals as words: from six letters on, from four where the whole text shouts."""
    loud = text.isupper() and len(text.split()) > 1
    return re.sub(rf"\b[A-Z]{{{4 if loud else 6},}}\b", lambda found: found[0].capitalize(), text)


def _attested(product: Product) -> str:
    """What the description and the category say, for words that stand together there."""
    return " ".join(stems(f"{' '.join(levels(product.category))} {product.description[:4_000]}"))


def _shorter(name: str, heads: set[str], attested: str) -> Iterator[str]:
    """The name before what it is for and with; then its last words, down to the noun.

    Of a short name only what the product's own text has side by side: 'Frontiers Board Game' is none.
    """
    link = _LINK.search(name)
    if link and len(name[: link.start()].split()) >= 2:
        name = _trimmed(name[: link.start()])
        yield name
    elif link:
        return
    held = name.split()
    if _SAID.search(name):
        return
    last, found = _last(name), False
    long = len(name) > ROOM
    for size in range(len(held) - 1, 0, -1):
        if size == 1 and last not in heads:
            continue
        rest, before = held[-size:], held[-size - 1]
        run = " ".join(stems(" ".join(rest)))
        known = f" {run} " in f" {attested} "
        text = " ".join(rest)
        fits = not found and len(text) <= SHORT < len(name)
        whole = size == 1 or fits or (long and size == 3)
        if _broken(rest, before) or not (known or whole or (size == 2 and not found)):
            continue
        found = True
        yield text


def _broken(rest: list[str], before: str) -> bool:
    """Whether a name cannot begin here: inside a measure, behind 'of' or an owner, twice the same noun."""
    said = stems(" ".join(rest))
    return (
        _LOOSE.match(rest[0]) is not None
        or _MEASURE.match(rest[0]) is not None
        or (len(rest[0]) < 3 and not rest[0].isupper())
        or (_LOOSE.match(before) is not None and before.casefold() not in ("the", "a", "an"))
        or before.endswith(("'s", "’s", "'", "’", "-", "/", ",", ":"))
        or len(set(said)) < len(said)
        or any(word.casefold() in _MIDDLE for word in rest)
        or not rest[-1][:1].isalpha()
    )


def _fitted(name: str) -> str:
    """The first words of a name that is too long for a title, ended where a phrase may end."""
    held = name.split()
    while len(" ".join(held)) > SHORT and len(held) > 1:
        held.pop()
        while len(held) > 1 and (_LOOSE.match(held[-1]) or _MEASURE.match(held[-1])):
            held.pop()
    return _trimmed(" ".join(held))[:SHORT].strip() or name[:SHORT]


def _heads(product: Product) -> set[str]:
    """Stems of the nouns that name the product's kind: those of its narrowest categories."""
    found: set[str] = set()
    for level in levels(product.category)[-2:]:
        for part in re.split(r"[,&/]+", trade.said(level)):
            found.update(stems(part)[-1:])
    return found - set(stems(" ".join(words("en")["idle"])))


def _last(name: str) -> str:
    link = _LINK.search(name)
    return (stems(name[: link.start()] if link else name) or [""])[-1]


def stems(text: str) -> list[str]:
    """The words of a text, plurals as singulars.

    >>> stems("Puzzles, batteries and boxes")
    ['puzzle', 'battery', 'and', 'box']
    """
    return [_stem(word) for word in re.findall(r"[a-z]+", text.casefold())]


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word


def plural(name: str) -> bool:
    """Whether a name is of several things: 'String cheese' is one, 'Sandwich cookies, 8 oz' are many.

    >>> plural("Sandwich cookies, 8 oz"), plural("String cheese"), plural("Cards with a box")
    (True, False, True)
    """
    head = name.split(",")[-2 if " & " not in name and "," in name else -1] if "," in name else name
    link = _LINK.search(head)
    last = (head[: link.start()] if link else head).split()[-1].casefold()
    return last.endswith("s") and not last.endswith(("ss", "us", "is", "'s"))
