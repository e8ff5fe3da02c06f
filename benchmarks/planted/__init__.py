"""Advertising texts with one planted fault, and clean ones: what a gate must stop and what it must let pass.

    from benchmarks import planted
    wrong = planted.errors(products, seed=7, language="en")        # each with one unsupported claim
    right = planted.faithful(products, seed=7, language="en")      # every claim true to the product
    illegal = planted.violations(seed=7, language="zh")            # each against one clause
    legal = planted.lawful(seed=7, language="zh")                  # near misses and what the law exempts

Written from the product's fields, the law and the codes alone, before there was a gate; no label depends on
one. Clean texts use the same phrasings as wrong ones, with what the product does say.

A third of the kinds is unseen (`UNSEEN`, `UNSEEN_LAW`): drawn once by the seed below, never to be looked at
while a gate is tuned, and reported apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from benchmarks.planted import law
from benchmarks.planted.case import Deck, Planted, compose, phrasings
from benchmarks.planted.grounding import MAKERS, POOL, Turn, unsaid
from benchmarks.planted.shelf import products
from hawker.records.catalogue import Product

__all__ = [
    "KINDS",
    "UNSEEN",
    "UNSEEN_LAW",
    "Planted",
    "errors",
    "faithful",
    "lawful",
    "products",
    "violations",
]

SEED = 2026
CLEAN_ONLY = ("rounded", "idiom", "quoted", "reordered")
KINDS = tuple(sorted(kind for kind in MAKERS if kind not in CLEAN_ONLY))
UNSEEN = ("certificate", "count", "health", "model", "percent", "price", "unit", "wide")
"""`Random(SEED).sample(KINDS, 8)`, sorted: no gate may be tuned on these."""
UNSEEN_LAW = {
    "en": ("climate", "green", "reviews", "slimming"),
    "zh": ("breastmilk", "food", "minors", "sale"),
}
"""`Random(SEED).sample(law.kinds(language), 4)`, sorted."""
_TRIES = 1500  # products drawn for one text before a kind is given up
_LINKS = ["a", "an", "and", "&", "as", "for", "from", "in", "of", "on", "or", "the", "to", "with"]
_ABOUT = r"^(?!.*\{q\}).*(about|roughly|some|or so|around|approx|约|左右|上下|差不多|大概)"
_SENTENCES = {"en": r"\s*\|\s*|(?<=[a-z)][.!])\s+", "zh": r"(?<=。)|[|]"}


def errors(
    products: Sequence[Product], *, seed: int, language: str = "en", number: int = 250
) -> list[Planted]:
    """Texts with exactly one claim that no field of the product supports; kinds in equal parts."""
    return _deal(products, KINDS, true=False, seed=seed, language=language, number=number)


def faithful(
    products: Sequence[Product], *, seed: int, language: str = "en", number: int = 250
) -> list[Planted]:
    """Texts whose every claim is true to the product, kinds in equal parts where the products offer them."""
    return _deal(products, (*KINDS, *CLEAN_ONLY), true=True, seed=seed, language=language, number=number)


def violations(*, seed: int, language: str = "en", number: int = 150) -> list[Planted]:
    """Copy against the law, one clause each: English under EU, UK, US law in turn, Chinese under China's."""
    return law.deal(language, seed=seed, number=number, lawful=False, unseen=UNSEEN_LAW[language])


def lawful(*, seed: int, language: str = "en", number: int = 150) -> list[Planted]:
    """Copy that the named jurisdiction allows, though it looks like what it forbids."""
    return law.deal(language, seed=seed, number=number, lawful=True, unseen=())


def _deal(
    products: Sequence[Product], kinds: Sequence[str], *, true: bool, seed: int, language: str, number: int
) -> list[Planted]:
    rng = Random(f"{seed}-{language}-{true}")
    lines = phrasings(f"ground_{language}")
    about = tuple(line for line in lines["converted"] if re.search(_ABOUT, line))
    decks = {name: Deck(held, rng) for name, held in {**lines, "rounded": about}.items()}
    found: dict[str, Planted] = {}
    open_kinds = list(kinds) if products else []
    while open_kinds and len(found) < number:
        for kind in list(open_kinds):
            made = _make(products, kind, decks, Turn(products[0], language, rng, true), set(found))
            if made is None:
                open_kinds.remove(kind)
            elif len(found) < number:
                found[made.text] = made
    return list(found.values())


def _make(
    products: Sequence[Product], kind: str, decks: dict[str, Deck], turn: Turn, seen: set[str]
) -> Planted | None:
    """One text of the kind about a product that offers it; `None` after too many tries."""
    rng, language = turn.rng, turn.language
    phrasing = "" if kind in ("quoted", "reordered") else decks[POOL.get(kind, kind)].draw()
    for _ in range(_TRIES):
        here = Turn(rng.choice(products), language, rng, turn.true)
        if not (phrase := _phrase(kind, phrasing, here)):
            continue
        title = shortened(here.product.title, language)
        lead = rng.choice(decks["lead"].lines).replace("{t}", title)
        if kind in ("idiom", "reordered"):
            lead = lead if kind == "idiom" else ""
        text, span = compose(lead, phrase, rng.choice(decks["tail"].lines), language=language)
        fixed = not turn.true and "{" not in phrasing
        if text in seen or (fixed and not unsaid(text[slice(*span)], here.product, language=language)):
            continue
        return Planted(text, here.product, kind, None if turn.true else span, kind in UNSEEN, language)
    return None


def _phrase(kind: str, phrasing: str, turn: Turn) -> str:
    """The claim's words, its [ ] set; '' where the product offers none."""
    if kind in ("quoted", "reordered"):
        said = (_quoted if kind == "quoted" else _reordered)(turn) if turn.true else ""
        return f"[{said}]" if said else ""
    slots = MAKERS[kind](turn)
    if slots is None:
        return ""
    found = phrasing if "[" in phrasing else f"[{phrasing}]"
    for name, value in slots.items():
        found = found.replace("{" + name + "}", value)
    return "" if "{" in found else found


def shortened(title: str, language: str) -> str:
    """The title's head, whole words only.

    >>> shortened("Neon Super Hero Mask, Party Accessory", "en")
    'Neon Super Hero Mask'
    >>> shortened("器和集 粗陶马克杯 350毫升 青釉", "zh")
    '器和集粗陶马克杯'
    """
    if language == "zh":
        return "".join(title.split()[:2])
    head = re.split(r", | - | – | \(|: | \| ", title)[0]
    head = head if len(head) > 7 else title
    words = head.split()
    while len(" ".join(words)) > 60 or words[-1].lower() in _LINKS:
        words.pop()
    return " ".join(words).rstrip(" ,;:-–.!&([")


def _quoted(turn: Turn) -> str:
    """A sentence of the description as it stands, rather one that claims much."""
    said = [part.strip() for part in re.split(_SENTENCES[turn.language], turn.product.description)]
    low, high = (25, 140) if turn.language == "en" else (8, 60)
    said = [
        s for s in said if low <= len(s) <= high and "model number" not in s and "[" not in s and "]" not in s
    ]
    bold = [s for s in said if re.search(r"\d|award|best|most|safe|certif|made|耐|不|含|国标", s.lower())]
    return turn.rng.choice(bold or said or [""])


def _reordered(turn: Turn) -> str:
    """The parts of the title, or the attributes, in another order."""
    if turn.language == "en":
        parts = [p for p in re.split(r", | - | – ", turn.product.title) if p and "[" not in p]
        joint = " · "
    else:
        parts = [*turn.product.title.split(), *turn.product.attributes.values()]
        parts = [p for value in parts for p in value.split("、") if "类型" not in p]
        joint = "、" if turn.product.id.startswith("adgen") else " "
    parts = list(dict.fromkeys(parts))
    if len(parts) < 2:
        return ""
    turn.rng.shuffle(parts)
    return joint.join(parts[:5])
