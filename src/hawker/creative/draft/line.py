"""What a writer without a model has to choose from: lines, what each is worth, and which facts it tells."""

from __future__ import annotations

from dataclasses import dataclass, field

from hawker.creative.layout import width

NAME, FRAME, FILLER = "name", "frame:", "filler:"
"""Keys that are no facts: the product is named, a pattern of words, words that say nothing of it."""


@dataclass(frozen=True)
class Line:
    """One line of copy. `facts` are keys of what it tells: two lines that share one say it twice."""

    text: str
    worth: float
    facts: frozenset[str] = field(default=frozenset())

    @property
    def width(self) -> int:
        """How wide it is on the screen."""
        return width(self.text)

    @property
    def named(self) -> bool:
        """Whether it says what the thing is."""
        return NAME in self.facts

    @property
    def filler(self) -> bool:
        """Whether some of it would suit any other product."""
        return any(key.startswith(FILLER) for key in self.facts)

    @property
    def told(self) -> frozenset[str]:
        """What it tells beside the name."""
        return frozenset(key for key in self.facts if key != NAME and not key.startswith((FRAME, FILLER)))


@dataclass(frozen=True)
class Fact:
    """One thing the product says of itself, in words fit for a sentence; `key` says where it stands."""

    text: str
    worth: float
    key: str


@dataclass(frozen=True)
class Stock:
    """All that can be said of one product in one language.

    `names` call it, the fullest first; `titles` stand without a full stop, `lines` with one; `full` is
    the text for a product's own page, a paragraph a variant; `calls` ask to act; `keywords` are what
    somebody would search for, `negatives` what they would not mean; `tags` follow a post.
    """

    names: tuple[str, ...]
    titles: tuple[Line, ...]
    lines: tuple[Line, ...]
    full: tuple[Line, ...]
    calls: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    joint: str = " "
