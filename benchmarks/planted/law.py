"""Copy against the law, each with its clause, and lawful copy that looks like it.

The phrasings stand in `law_LANGUAGE.toml` by kind of breach: the clause in each jurisdiction, the goods
that the clause is about, a dozen wordings or more. A kind without a clause is lawful: near misses (an
order of steps, best-before, a brand's name) and what the law exempts (a patent with its number, a
reduction with the lowest price before). `told`: the product's own page says it too.
"""

from __future__ import annotations

from random import Random
from typing import Any

from benchmarks.planted.case import Deck, Planted, compose, law
from hawker.records.catalogue import Product

JURISDICTIONS = {"en": ("EU", "UK", "US"), "zh": ("CN",)}
_MICROS = 1_000_000


def kinds(language: str, *, lawful: bool = False) -> tuple[str, ...]:
    """The kinds of breach, or of near misses, sorted."""
    groups = {
        key: group for key, group in law(language).items() if isinstance(group, dict) and "lines" in group
    }
    return tuple(sorted(key for key, group in groups.items() if lawful != bool(_clauses(group))))


def deal(language: str, *, seed: int, number: int, lawful: bool, unseen: tuple[str, ...]) -> list[Planted]:
    """Up to `number` texts, kinds in equal parts and jurisdictions in turn; fewer where phrasings run out."""
    rng, said = Random(f"{seed}-law-{language}-{lawful}"), law(language)
    leads, tails = Deck(said["lead"].splitlines(), rng), Deck(said["tail"].splitlines(), rng)
    decks = {kind: Deck(said[kind]["lines"].splitlines(), rng) for kind in kinds(language, lawful=lawful)}
    found: dict[tuple[str, str], Planted] = {}
    for turn in range(number):
        for kind in _open(decks, said, turn, lawful=lawful):
            places = tuple(_clauses(said[kind])) or JURISDICTIONS[language]
            place = places[turn % len(places)]
            name = rng.choice(said[kind]["goods"].split()).replace("_", " ")
            line = decks[kind].draw().replace("{g}", name)
            lead = leads.draw().replace("{g}", name)
            marked = line if "[" in line else f"[{line}]"
            text, span = compose(lead, marked, tails.draw(), language=language)
            if len(found) < number and (text, place) not in found:
                found[text, place] = Planted(
                    text,
                    product(said[kind], name, said["goods"][name], line=line, language=language),
                    kind,
                    None if lawful else span,
                    kind in unseen,
                    language,
                    place,
                    said[kind].get(place, ""),
                )
    return list(found.values())


def _open(decks: dict[str, Deck], said: dict[str, Any], turn: int, *, lawful: bool) -> list[str]:
    """The kinds whose turn it is: near misses by how many phrasings they have, breaches all alike."""
    if not lawful:
        return list(decks)
    return [kind for kind in decks if turn < 2 * len(said[kind]["lines"].splitlines())]


def product(group: dict[str, Any], name: str, category: str, *, line: str, language: str) -> Product:
    """The goods that the text is about, with no more fields than the kind needs."""
    country = group.get("made_in", "")
    return Product(
        id=f"{language}-{name}",
        title=" ".join(part for part in (group.get("brand", ""), name) if part),
        description=line if group.get("told") else "",
        category=category,
        brand=group.get("brand", ""),
        price=group.get("price", 0) * _MICROS,
        sale_price=group.get("sale_price", 0) * _MICROS,
        currency="CNY" if language == "zh" else "EUR",
        language=language,
        attributes={"country of origin": country} if country else {},
    )


def _clauses(group: dict[str, Any]) -> dict[str, str]:
    places = sum(JURISDICTIONS.values(), ())
    return {place: group[place] for place in places if group.get(place)}
