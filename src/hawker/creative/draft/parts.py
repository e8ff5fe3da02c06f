"""Each kind of copy from one product's lines: which lines fill which part, no two drafts alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import permutations

from hawker.creative.draft.choose import LOOSE, choose, near, shingles
from hawker.creative.draft.line import Line, Stock
from hawker.creative.layout import LAYOUTS, Part, width
from hawker.records.draft import Kind

Parts = dict[str, tuple[str, ...]]
_FEW = 5  # so many pairs are matched by trying every order
_SETS = 3  # with fewer variants the first may take more than its share of the facts
_ASKED_FOR = 1.35  # what a line is worth that the brief asks for, by a word that must appear or an interest


def fill(stock: Stock, kind: Kind, *, n: int) -> list[Parts]:
    """At most `n` ways to fill the parts of a kind, fewer where the product has fewer to say."""
    made = _MAKERS[kind](stock, n)
    layout = LAYOUTS[kind]
    return [
        parts for parts in made if all(_holds(parts.get(name, ()), part) for name, part in layout.items())
    ]


def _holds(lines: Sequence[str], part: Part) -> bool:
    fits = all(0 < width(line) <= part.width for line in lines)
    short = not part.short or any(width(line) <= part.short for line in lines)
    return part.least <= len(lines) <= part.most and fits and short


def fitting(lines: Iterable[Line], most: int, *, least: int = 1) -> list[Line]:
    """Those lines that are no wider than `most`."""
    return [line for line in lines if least <= line.width <= most and not line.text.endswith("+")]


def _pair(stock: Stock, n: int, *, title: tuple[str, int], body: tuple[str, int]) -> list[Parts]:
    """A title that names the thing and a line each, put together so that the two say different things."""
    titles = called(fitting(stock.titles, title[1]), n)
    lines = told(_ample(stock.lines, body[1]), len(titles), taken=titles[:1], joint=stock.joint)
    titles = titles[: len(lines)]
    made: list[Parts] = [
        {title[0]: (head.text,), body[0]: (line.text,)}
        for head, line in zip(titles, _matched(titles, lines), strict=True)
    ]
    return made


def called(lines: Sequence[Line], n: int, *, taken: Sequence[Line] = ()) -> list[Line]:
    """Titles that say what the thing is; empty words only where there are too few others."""
    named = [line for line in lines if line.named] or list(lines)
    found = choose([line for line in named if not line.filler], n, taken=taken, apart=LOOSE)
    rest = [line for line in named if line.filler]
    return [*found, *choose(rest, n - len(found), taken=[*taken, *found], apart=LOOSE)]


def told(
    lines: Sequence[Line], n: int, *, taken: Sequence[Line] = (), least: int = 1, joint: str = ""
) -> list[Line]:
    """Lines that tell something, the first without empty words; no more than there are facts, and one.

    At least `least` of them, empty ones where nothing is told. Sentences (`joint` a blank) share the facts
    out, so that no line takes what would have been another's.
    """
    telling = [line for line in lines if line.told]
    count = len(frozenset().union(*(line.told for line in telling)))
    n = min(n, max(least, 1 + count))
    first = [line for line in telling if not line.filler]
    if joint and telling:
        fair = count / max(1, n)
        first = [line for line in first if len(line.told) <= max(1.0, fair + (n < _SETS))] or first
        telling = [line for line in telling if len(line.told) <= max(1.0, fair)] or telling
    found = choose(first, min(1, n), taken=taken)
    found += choose(telling, n - len(found), taken=[*taken, *found])
    missing = min(n, least) - len(found)
    if missing > 0:
        found += choose([line for line in lines if not line.told], missing, taken=[*taken, *found])
    return found


def _matched(heads: list[Line], lines: list[Line]) -> list[Line]:
    """The lines in the order in which each says least of what its head says: the best of all where few."""
    if len(heads) <= _FEW:
        return list(min(permutations(lines), key=lambda turn: _clash(heads, tuple(turn))))
    left, found = list(lines), []
    for head in heads:
        found.append(min(left, key=lambda line: _shared(head, line)))
        left.remove(found[-1])
    return found


def _clash(heads: Sequence[Line], lines: tuple[Line, ...]) -> float:
    """How much titles and lines say twice, and whether the first has empty words."""
    return sum(map(_shared, heads, lines)) + 9 * lines[0].filler if lines else 0.0


def _ample(lines: Iterable[Line], most: int) -> list[Line]:
    """Lines that fit, those under two thirds of it, and under one, only where there are few others."""
    held = fitting(lines, most)
    if most >= 60:
        for share in (2, 1):
            full = [line for line in held if line.width * 3 >= share * most or line.worth > _ASKED_FOR]
            if sum(not line.filler for line in full) >= 12 // (3 - share):
                return full
    return held


def _shared(one: Line, other: Line) -> float:
    return len(one.facts & other.facts) + _overlap(one, other) + 2 * (one.filler and other.filler)


def _called(made: list[Parts], stock: Stock) -> list[Parts]:
    most = LAYOUTS[Kind.NATIVE]["call_to_action"].width
    calls = [call for call in stock.calls if width(call) <= most]
    return [{**parts, "call_to_action": (calls[i % len(calls)],)} for i, parts in enumerate(made)]


def _native(stock: Stock, n: int) -> list[Parts]:
    return _called(_pair(stock, n, title=("title", 50), body=("description", 90)), stock)


def _banner(stock: Stock, n: int) -> list[Parts]:
    heads = called(fitting(stock.titles, 25), n)
    made: list[Parts] = []
    used: list[Line] = []
    for head in heads:
        fits = [line for line in fitting((*stock.titles, *stock.lines), 40) if line.told and not line.filler]
        under = choose(fits, 1, taken=[head, *used])
        used += under
        made.append({"headline": (head.text,), **({"line": (under[0].text,)} if under else {})})
    return _called(made, stock)


def _push(stock: Stock, n: int) -> list[Parts]:
    return _pair(stock, n, title=("title", 40), body=("body", 110))


def _email(stock: Stock, n: int) -> list[Parts]:
    return _pair(stock, n, title=("subject", 60), body=("preheader", 90))


def _sms(stock: Stock, n: int) -> list[Parts]:
    names = {name.casefold() for name in stock.names}
    short = min((name for name in stock.names if width(name) <= 40), key=lambda name: -len(name), default="")
    made: list[Parts] = []
    for line in told(fitting(stock.lines, 138 - width(short)), n):
        named = not short or any(name in line.text.casefold() for name in names)
        mark = "：" if stock.joint == "" else ": "
        made.append({"body": (line.text if named else f"{short[:1].upper()}{short[1:]}{mark}{line.text}",)})
    return made


def _described(stock: Stock, n: int) -> list[Parts]:
    pool = [*fitting(stock.full, 1_000), *_ample(stock.lines, 90)]
    return [{"description": (line.text,)} for line in told(pool, n)]


def _social(stock: Stock, n: int) -> list[Parts]:
    tags = _distinct(stock.tags, 30, 3)
    bodies = told(_ample(stock.lines, 140), n)
    made = []
    for body in bodies:
        fresh = [
            line
            for line in fitting(stock.titles, 60)
            if _apart(line, body) and _ended(line.text) and line.named and not line.filler
        ]
        head = choose(fresh, 1, taken=[body], apart=LOOSE)
        lead = f"{head[0].text}{'。' if stock.joint == '' else '. '}" if head else ""
        made.append({"post": (f"{lead}{body.text}",), **({"hashtag": tags} if tags else {})})
    return made


def _apart(one: Line, other: Line) -> bool:
    """Whether two lines can stand one after the other without saying the same words twice."""
    first, second = one.text.casefold(), other.text.casefold()
    opening = re.split(r"[，,.:。：]", second)[0]
    words = set(first.split())
    again = len(words) > 1 and len(words & set(re.split(r"[^\w'-]+", second))) > 0.6 * len(words)
    return not again and first not in second and opening not in first and _overlap(one, other) < 0.3


def _overlap(one: Line, other: Line) -> float:
    runs = shingles(one.text)
    return len(runs & shingles(other.text)) / max(1, len(runs))


def _distinct(texts: Iterable[str], most: int, n: int) -> tuple[str, ...]:
    """The first `n` that fit and are not nearly the same."""
    kept: list[str] = []
    for text in texts:
        if 0 < width(text) <= most and not any(near(text, other) for other in kept):
            kept.append(text)
    return tuple(kept[:n])


def _ended(text: str) -> bool:
    return not text.endswith(("?", "？", ".", "。", ":", "："))


def _sets(stock: Stock, n: int, kind: Kind) -> list[Parts]:
    """Sets of headlines and descriptions: the lines there are, dealt out among as many sets as they fill."""
    layout = LAYOUTS[kind]
    least, most = layout["headline"].least, layout["headline"].most
    fits = fitting(stock.titles, 30)
    named = choose([line for line in fits if line.named and not line.filler], most * n, apart=LOOSE)
    bare = [line for line in fits if not line.named and not line.filler]
    others = choose(bare, max(2, len(named)), taken=named, apart=LOOSE)
    if len(named) + len(others) < least or not named:
        named += called([line for line in fits if line.filler], least - len(named), taken=named)
    lines = told(_ample(stock.lines, 90), layout["description"].most * n, least=layout["description"].least)
    room = (len(named) + len(others)) // least, len(lines) // layout["description"].least
    sets = max(1, min(n, len(named) // 2, *room))
    made: list[Parts] = []
    for turn in range(sets):
        own = named[turn::sets][: (most + 1) // 2]
        beside = others[turn::sets][: min(max(len(own), least - len(own)), most - len(own))]
        said = lines[turn::sets][: layout["description"].most]
        made.append({"headline": _texts((*own, *beside)), "description": _texts(said)})
    return made


def _responsive(stock: Stock, n: int) -> list[Parts]:
    paths = _distinct(stock.paths, 15, 2)
    return [{**parts, **({"path": paths} if paths else {})} for parts in _sets(stock, n, Kind.RESPONSIVE)]


def _performance(stock: Stock, n: int) -> list[Parts]:
    """As a search set, with a headline of 15, a description of 60 and long headlines beside."""
    made = _sets(stock, n, Kind.PERFORMANCE)
    wide = (line for line in stock.titles if 30 < line.width <= 90)
    long = choose(wide, 5 * len(made), apart=LOOSE)
    brief = choose(fitting(stock.lines, 60), len(made))
    calls = [call for call in stock.calls if width(call) <= 15]
    out = []
    for turn, parts in enumerate(made):
        heads, said = list(parts["headline"]), list(parts["description"])
        if not any(width(head) <= 15 for head in heads):
            tiny = choose(fitting(stock.titles, 15), turn + 1, apart=LOOSE)
            heads = [tiny[turn].text if turn < len(tiny) else calls[turn % len(calls)], *heads][:15]
        if not any(width(line) <= 60 for line in said) and brief:
            said = [*said[:4], brief[turn % len(brief)].text]
            said = list(_distinct(reversed(said), 90, 5))
        longs = _texts(long[turn :: len(made)][:5]) or (said[-1],)
        out.append({"headline": tuple(heads), "long_headline": longs, "description": tuple(said)})
    return out


def _keywords(stock: Stock, n: int) -> list[Parts]:
    words = tuple(dict.fromkeys(word for raw in stock.keywords if 1 < width(word := _searched(raw)) <= 80))[
        :30
    ]
    said = " ".join(words)
    barred = tuple(word for word in stock.negatives if word not in said)
    return [{"keyword": words, "negative": barred}] if words and n else []


def _searched(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[,&:;!?\"“”]+", " ", text)).strip()


def _texts(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(line.text for line in lines)


_MAKERS: dict[Kind, Callable[[Stock, int], list[Parts]]] = {
    Kind.RESPONSIVE: _responsive,
    Kind.PERFORMANCE: _performance,
    Kind.NATIVE: _native,
    Kind.BANNER: _banner,
    Kind.PUSH: _push,
    Kind.EMAIL: _email,
    Kind.SMS: _sms,
    Kind.DESCRIPTION: _described,
    Kind.SOCIAL: _social,
    Kind.KEYWORDS: _keywords,
}
