"""Whether a draft says twice, or after another draft, what is the same but for a few letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import structs
from rapidfuzz.distance import Levenshtein

from hawker.creative.ground.reading import HAN, read
from hawker.creative.layout import LAYOUTS
from hawker.creative.saying import objection
from hawker.records.draft import Draft, Kind, Objection

ALIKE = 0.8
"""From which edit similarity on two lines are the same."""
_MARKS = re.compile(rf"[^\w{HAN}]+")
_APART = frozenset({Kind.KEYWORDS})


def check(draft: Draft, others: Sequence[Draft] = (), *, reader: str = "en") -> tuple[Objection, ...]:
    """Lines of one part that are alike, and a head that another draft has: kinds with one head line,

    by that line; sets, where all of their lines together are alike.
    """
    return (*_within(draft, reader), *_among(draft, others, reader))


def alike(one: str, other: str) -> bool:
    """Whether two lines are the same but for a few letters, case and marks.

    >>> alike("Warm rye bread", "Warm rye breads!"), alike("Warm rye bread", "Cold plum cake")
    (True, False)
    """
    return _alike(_bare(one), _bare(other))


def _alike(one: str, other: str) -> bool:
    return one == other or Levenshtein.normalized_similarity(one, other, score_cutoff=ALIKE) >= ALIKE


def _bare(line: str) -> str:
    return _MARKS.sub(" ", read(line).low).strip()


def _within(draft: Draft, reader: str) -> Iterator[Objection]:
    for part, lines in draft.parts.items():
        bare = [_bare(line) for line in lines]
        for place, line in enumerate(bare):
            same = (lambda one, other: one == other) if draft.kind in _APART else _alike
            earlier = next((at for at in range(place) if line and same(bare[at], line)), None)
            if earlier is not None:
                yield _object("in_draft", lines[earlier], lines[place], part=part, line=place, reader=reader)


def _among(draft: Draft, others: Sequence[Draft], reader: str) -> Iterator[Objection]:
    part = next(iter(LAYOUTS[draft.kind]))
    lines = draft.parts.get(part, ())
    if not lines or draft.kind in _APART:
        return
    said = _bare(" ".join(lines))
    for other in others:
        if other is draft or other.kind is not draft.kind or other.language != draft.language:
            continue
        theirs = other.parts.get(part, ())
        if theirs and _alike(said, _bare(" ".join(theirs))):
            yield _object("of_other", theirs[0], lines[0], part=part, line=0, reader=reader)
            return


def _object(reason: str, other: str, text: str, *, part: str, line: int, reader: str) -> Objection:
    found = objection("duplicate", reason, reader=reader, text=text, end=len(text), other=other)
    return structs.replace(found, part=part, line=line)
