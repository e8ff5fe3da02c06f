"""Which lines stand together: the worthiest ones that do not say the same thing in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from hawker.creative.draft.line import FILLER, FRAME, Line

NEAR = 0.78  # of edit similarity, a little under what the gate calls a duplicate
_AGAIN, _FRAMED = 0.3, 0.4  # what a line loses for each fact told before, for a frame used before
APART, LOOSE = 1.5, 0.5  # what a line, and a title, lose that consist of words already said


def near(one: str, other: str) -> bool:
    """Whether two titles are too alike to be two.

    >>> near("Wooden train set", "wooden train sets"), near("Wooden train set", "Made of beech")
    (True, False)
    """
    return Levenshtein.normalized_similarity(one.casefold(), other.casefold(), score_cutoff=NEAR) >= NEAR


def choose(lines: Iterable[Line], n: int, *, taken: Sequence[Line] = (), apart: float = APART) -> list[Line]:
    """At most `n` lines, the worthiest first, each as unlike those before it as can be had.

    Maximal marginal relevance (Carbonell and Goldstein, 1998) with shared runs of three and four
    tokens as likeness, which costs `apart`; no two come out that are `near`.
    """
    chosen: list[Line] = []
    said = [shingles(line.text) for line in taken]
    told = [line.facts for line in taken]
    left = {line.text: line for line in sorted(lines, key=lambda line: line.worth)}
    worth = {text: line.worth for text, line in left.items()}
    for runs, facts in zip(said, told, strict=True):
        _weigh(left, worth, (runs, facts), apart)
    others = [line.text for line in taken]
    while left and len(chosen) < n:
        best = left.pop(max(left, key=lambda text: (worth[text], text)))
        if any(near(best.text, other) for other in others):
            continue
        chosen.append(best)
        others.append(best.text)
        _weigh(left, worth, (shingles(best.text), best.facts), apart)
    return chosen


def _weigh(
    left: dict[str, Line], worth: dict[str, float], said: tuple[frozenset[str], frozenset[str]], apart: float
) -> None:
    """Take from every line that is left what it loses beside one that was chosen."""
    runs, facts = said
    for text, line in left.items():
        own = shingles(text)
        shared = len(own & runs) / len(own) if own else 0.0
        again = sum(_FRAMED if fact.startswith((FRAME, FILLER)) else _AGAIN for fact in line.facts & facts)
        worth[text] -= apart * shared + again


@lru_cache(maxsize=8_192)
def shingles(text: str) -> frozenset[str]:
    """Runs of two to four words, of a text with ideographs runs of two to four characters.

    >>> sorted(shingles("a red boat"))
    ['a red', 'a red boat', 'red boat']
    """
    parts = _parts(text.casefold())
    joint = "" if len(parts) == len(text) else " "
    return frozenset(joint.join(parts[i : i + n]) for n in (2, 3, 4) for i in range(len(parts) - n + 1))


def _parts(text: str) -> Sequence[str]:
    return text if any("\u3400" <= char <= "\u9fff" for char in text) else text.split()
