"""Chinese titles: each names the thing, with a fact behind it, or in front of it with 的."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from hawker.creative.draft.line import Fact, Line
from hawker.creative.draft.words import words

AFTER = ("pattern", "detail", "collar", "sleeve", "waist", "hem", "closure", "cuff", "length")
_STANDING = re.compile("^(?:建议|使用|早晚|每|配料|可根据|一人|开封)|[：:；。？]|款式?$|配色$")
_COLOURED = re.compile("^(?P<said>.{1,5})(?:配色|(?<=色)款)$")


def titles(
    names: Sequence[str], noun: str, measured: str, said: Sequence[Fact], clauses: Sequence[Fact]
) -> Iterator[Line]:
    """Headlines from `names`, attributes `said` and `clauses`; `measured` is the noun's measure word."""
    for turn, name in enumerate(names[:6]):
        bare = {"filler:short"} if turn and name == noun else set()
        worth = 1.2 - 0.1 * turn - 0.4 * (len(name) < 4) - 0.6 * len(bare)
        yield Line(name, worth, frozenset({"name", *bare}))
    short = next((name for name in names if len(name) <= 10), names[-1])
    thing = (
        short
        if len(noun) < 2
        else next(
            (name for name in reversed(names) if name != noun and len(name) <= 8 and name.endswith(noun)),
            short,
        )
    )
    yield from _dressed(noun if noun in "".join(names) else thing, said)
    for fact in said[:10]:
        if not within(fact.text, short):
            yield Line(f"{short}，{fact.text}", 0.85 * fact.worth, frozenset({fact.key, "name"}))
    for fact in clauses[:14]:
        yield from _told(fact, short, thing)
    yield from _apart([*clauses[:14], *said[:10]])
    for turn, text in enumerate((f"在找{thing}？", f"看看这{measured}{noun}", f"来认识{short}")):
        yield Line(text, -0.4 - 0.02 * turn, frozenset({"name", f"filler:{turn}"}))


def _dressed(noun: str, said: Sequence[Fact]) -> Iterator[Line]:
    """Attributes in front of the noun, one or two: '高腰阔腿裤', '高腰抽褶阔腿裤'."""
    bare = [
        (fact, text)
        for fact in said[:10]
        if _fronts(fact) and 1 < len(text := before(fact.text)) <= 6 and not within(text, noun)
    ]
    for fact, text in bare:
        yield Line(f"{text}{noun}", 0.9 * fact.worth, frozenset({fact.key, "name"}))
    for (one, first), (other, second) in pairwise(bare):
        if len(first) + len(second) <= 5 and first != second and one.key[:4] != other.key[:4]:
            keys = frozenset({one.key, other.key, "name"})
            yield Line(f"{first}{second}{noun}", 0.92 * one.worth, keys)


def _fronts(fact: Fact) -> bool:
    role = fact.key.split(":")[0]
    fits = role in (*AFTER, "fit", "style", "taste") or (role == "material" and "面料" in fact.text)
    return fits and not re.search("[与和及]", fact.text)


def _told(fact: Fact, short: str, thing: str) -> Iterator[Line]:
    keys = frozenset({fact.key, "name"})
    if within(fact.text, short):
        return
    if found := _COLOURED.match(fact.text):
        yield Line(f"{found['said']}{thing}", 0.6 * fact.worth, keys)
        return
    yield Line(f"{short}，{fact.text}", 0.95 * fact.worth, keys)
    again = any(fact.text[i : i + 2] in thing for i in range(len(fact.text) - 1))
    if len(fact.text) <= 14 and not _STANDING.search(fact.text) and not again:
        yield Line(f"{fact.text}的{thing}", 0.93 * fact.worth, keys)


def _apart(told: Sequence[Fact]) -> Iterator[Line]:
    """Facts alone, for places that show the name beside them."""
    for fact in told:
        yield Line(fact.text, 0.5 * fact.worth, frozenset({fact.key}))
    for one, other in pairwise(told):
        if before(one.text) != before(other.text):
            yield Line(f"{one.text}，{other.text}", 0.5 * one.worth, frozenset({one.key, other.key}))


def before(text: str) -> str:
    """An attribute's words as they stand before a noun: '印花图案' as '印花'."""
    for ending in words("zh")["endings"]:
        if text.endswith(ending) and len(text) > len(ending):
            return text.removesuffix(ending)
    return text


def within(one: str, other: str) -> bool:
    """Whether most pairs of characters of one stand in the other: it would be said twice."""
    if one in other:
        return True
    pairs = {one[i : i + 2] for i in range(len(one) - 1)}
    held = {other[i : i + 2] for i in range(len(other) - 1)}
    return bool(pairs) and len(pairs & held) * 2 >= len(pairs)
