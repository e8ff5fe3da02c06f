"""Many ways to say what the law forbids, and what it lets shops say: how much of each is read rightly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hawker.creative import law
from hawker.creative.law.books import claims
from hawker.records.catalogue import Product
from hawker.records.finding import Severity

HERE = Path(__file__).parent
ONLY_A_WARNING = "ecology"

Line = tuple[str, str, str, str, str]


def lines(name: str) -> Iterator[Line]:
    """Claim, language, jurisdiction, goods and text of every line."""
    head = ["", "", "", ""]
    for line in (HERE / name).read_text("utf-8").splitlines():
        if line.startswith("@ "):
            head = [*line[2:].split(maxsplit=3), ""][:4]
        elif line and not line.startswith("#"):
            yield head[0], head[1], head[2], head[3], line


def stopped(line: Line) -> bool:
    claim, language, at, goods, text = line
    product = Product("p", goods, category=goods, language=language)
    found = law.check(text, language=language, jurisdiction=at, product=product)
    return any(one.severity is Severity.ERROR or one.reason == claim == ONLY_A_WARNING for one in found)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_most_of_what_is_forbidden_is_read(language: str) -> None:
    said = [line for line in lines("said.txt") if line[1] == language]
    missed = [line[-1] for line in said if not stopped(line)]
    assert len(said) > 400
    assert len(missed) <= 0.05 * len(said), missed


def test_every_claim_is_said_and_mostly_read() -> None:
    said: dict[str, list[bool]] = {}
    for line in lines("said.txt"):
        said.setdefault(line[0], []).append(stopped(line))
    assert said.keys() == claims().keys()
    weak = {claim: sum(found) / len(found) for claim, found in said.items() if sum(found) < 0.8 * len(found)}
    assert weak == {}


def test_what_shops_may_say_is_let_through() -> None:
    lawful = list(lines("unsaid.txt"))
    held = [line[-1] for line in lawful if stopped(line)]
    assert len(lawful) > 200
    assert len(held) <= 0.02 * len(lawful), held
