"""One text with what was planted in it, and the phrasings it was made from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from hawker.records.catalogue import Product


@dataclass(frozen=True)
class Planted:
    """A text about a product. `span` holds what was planted, as offsets; `None`: the text is clean.

    `unseen`: its kind is kept out of all tuning. `jurisdiction` (CN, EU, UK, US) and `clause` stand with
    texts about the law; a clean one carries the jurisdiction that it must pass.
    """

    text: str
    product: Product
    kind: str
    span: tuple[int, int] | None
    unseen: bool
    language: str
    jurisdiction: str = ""
    clause: str = ""

    @property
    def claim(self) -> str:
        """What was planted, as it stands in the text; '' in a clean one."""
        return self.text[slice(*self.span)] if self.span else ""


@cache
def phrasings(name: str) -> dict[str, tuple[str, ...]]:
    """The lines of `NAME.toml` beside this file, by key."""
    return {key: tuple(value.splitlines()) for key, value in _load(name).items()}


@cache
def words() -> dict[str, Any]:
    """The word lists of `words.toml`."""
    return _load("words")


@cache
def law(language: str) -> dict[str, Any]:
    """What `law_LANGUAGE.toml` holds: groups by kind, the goods, leads and tails."""
    return _load(f"law_{language}")


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


def compose(lead: str, claim: str, tail: str, *, language: str) -> tuple[str, tuple[int, int]]:
    """Put a text together; the claim's [ ] become the span.

    >>> compose("A cup.", "holds [12 oz]", "Look.", language="en")
    ('A cup. Holds 12 oz. Look.', (13, 18))
    """
    gap, stop = (" ", ".") if language == "en" else ("", "。")
    if language == "en" and (not lead or lead.endswith((".", "?", "!"))):
        claim = re.sub(r"^\[?\w", lambda m: m[0].upper(), claim)
    begin, end = claim.index("["), claim.index("]") - 1
    plain = claim.replace("[", "", 1).replace("]", "", 1)
    head = lead + gap if lead else ""
    text = head + plain + ("" if plain.endswith((".", "!", "?", "。", "！", "？")) else stop)
    return (text + (gap + tail if tail else ""), (len(head) + begin, len(head) + end))


class Deck:
    """Phrasings drawn so that all come before one comes twice."""

    def __init__(self, lines: Sequence[str], rng: Random) -> None:
        self.lines, self.rng, self.left = lines, rng, list[str]()

    def draw(self) -> str:
        """The next one."""
        if not self.left:
            self.left = list(self.lines)
            self.rng.shuffle(self.left)
        return self.left.pop()
