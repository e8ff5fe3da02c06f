"""Each kind of copy from one product's lines: which lines fill which part, no two drafts alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import permutations

from hawker.creative.draft.choose import LOOSE, choose, near, shingles
from hawker.creative.draft.line import Line, Stock
from hawker.creative.layout import Part, parts, width
from hawker.records.draft import Kind

Parts = dict[str, tuple[str, ...]]
Layout = Mapping[str, Part]
_FEW = 5  # so many pairs are matched by trying every order
_SETS = 3  # with fewer variants the first may take more than its share of the facts
_ASKED_FOR = 1.35  # what a line is worth that the brief asks for, by a word that must appear or an interest


def fill(stock: Stock, kind: Kind, *, n: int, limits: Mapping[str, int] | None = None) -> list[Parts]:
    """At most `n` ways to fill the parts of a kind, fewer where the product or `limits` leave fewer."""
    layout = parts(kind, limits or {})
    made = _MAKERS[kind](stock, n, layout)
    return [filled for filled in made if all(_holds(filled.get(name, ()), layout[name]) for name in layout)]


def _holds(lines: Sequence[str], part: Part) -> bool:
    fits = all(0 < width(line) <= part.width for line in lines)
    short = not part.short or any(width(line) <= part.short for line in lines)
    return part.least <= len(lines) <= part.most and fits and short


def fitting(lines: Iterable[Line], most: int, *, least: int = 1) -> list[Line]:
    """Those lines that are no wider than `most`."""
    return [line for line in lines if least <= line.width <= most and not line.text.endswith("+")]


def _pair(stock: Stock, n: int, layout: Layout, *, title: str, body: str) -> list[Parts]:
    """A title that names the thing and a line each, put together so that the two say different things."""
    titles = called(fitting(stock.titles, layout[title].width), n)
    lines = told(_ample(stock.lines, layout[body].width), len(titles), taken=titles[:1], joint=stock.joint)
    titles = titles[: len(lines)]
    made: list[Parts] = [
        {title: (head.text,), body: (line.text,)}
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


def _called(made: list[Parts], stock: Stock, layout: Layout) -> list[Parts]:
    calls = [call for call in stock.calls if width(call) <= layout["call_to_action"].width]
    return [{**one, "call_to_action": (calls[i % len(calls)],)} for i, one in enumerate(made) if calls]


def _native(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    return _called(_pair(stock, n, layout, title="title", body="description"), stock, layout)


def _banner(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    heads = called(fitting(stock.titles, layout["headline"].width), n)
    made: list[Parts] = []
    used: list[Line] = []
    for head in heads:
        fits = fitting((*stock.titles, *stock.lines), layout["line"].width)
        fits = [line for line in fits if line.told and not line.filler]
        under = choose(fits, 1, taken=[head, *used])
        used += under
        made.append({"headline": (head.text,), **({"line": (under[0].text,)} if under else {})})
    return _called(made, stock, layout)


def _push(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    return _pair(stock, n, layout, title="title", body="body")


def _email(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    return _pair(stock, n, layout, title="subject", body="preheader")


def _sms(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    names = {name.casefold() for name in stock.names}
    short = min((name for name in stock.names if width(name) <= 40), key=lambda name: -len(name), default="")
    made: list[Parts] = []
    for line in told(fitting(stock.lines, layout["body"].width - 2 - width(short)), n):
        named = not short or any(name in line.text.casefold() for name in names)
        mark = "：" if stock.joint == "" else ": "
        made.append({"body": (line.text if named else f"{short[:1].upper()}{short[1:]}{mark}{line.text}",)})
    return made


def _described(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    most = layout["description"].width
    pool = [*fitting(stock.full, most), *_ample(stock.lines, min(90, most))]
    return [{"description": (line.text,)} for line in told(pool, n)]


def _social(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    tags, most = _distinct(stock.tags, layout["hashtag"].width, 3), layout["post"].width
    bodies = told(_ample(stock.lines, min(140, most)), n)
    made = []
    for body in bodies:
        fresh = [
            line
            for line in fitting(stock.titles, min(60, most - body.width - 2))
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


def _sets(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    """Sets of headlines and descriptions: the lines there are, dealt out among as many sets as they fill."""
    least, most = layout["headline"].least, layout["headline"].most
    fits = fitting(stock.titles, layout["headline"].width)
    named = choose([line for line in fits if line.named and not line.filler], most * n, apart=LOOSE)
    bare = [line for line in fits if not line.named and not line.filler]
    others = choose(bare, max(2, len(named)), taken=named, apart=LOOSE)
    if len(named) + len(others) < least or not named:
        named += called([line for line in fits if line.filler], least - len(named), taken=named)
    body = layout["description"]
    lines = told(_ample(stock.lines, body.width), body.most * n, least=body.least)
    room = (len(named) + len(others)) // least, len(lines) // body.least
    sets = max(1, min(n, len(named) // 2, *room))
    made: list[Parts] = []
    for turn in range(sets):
        own = named[turn::sets][: (most + 1) // 2]
        beside = others[turn::sets][: min(max(len(own), least - len(own)), most - len(own))]
        said = lines[turn::sets][: body.most]
        made.append({"headline": _texts((*own, *beside)), "description": _texts(said)})
    return made


def _responsive(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    paths = _distinct(stock.paths, layout["path"].width, 2)
    return [{**one, **({"path": paths} if paths else {})} for one in _sets(stock, n, layout)]


def _performance(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    """As a search set, with a headline of 15, a description of 60 and long headlines beside."""
    made = _sets(stock, n, layout)
    head, body = layout["headline"], layout["description"]
    widest = layout["long_headline"].width
    wide = (line for line in stock.titles if head.width < line.width <= widest)
    long = choose(wide, 5 * len(made), apart=LOOSE)
    brief = choose(fitting(stock.lines, body.short), len(made))
    calls = [call for call in stock.calls if width(call) <= head.short]
    out = []
    for turn, one in enumerate(made):
        heads, said = list(one["headline"]), list(one["description"])
        if not any(width(text) <= head.short for text in heads):
            tiny = [line.text for line in choose(fitting(stock.titles, head.short), turn + 1, apart=LOOSE)]
            heads = [*(tiny[turn:] or calls[turn % max(1, len(calls)) :])[:1], *heads][:15]
        if not any(width(line) <= body.short for line in said) and brief:
            said = [*said[:4], brief[turn % len(brief)].text]
            said = list(_distinct(reversed(said), body.width, 5))
        longs = _texts(long[turn :: len(made)][:5]) or tuple(x for x in said[-1:] if width(x) <= widest)
        out.append({"headline": tuple(heads), "long_headline": longs, "description": tuple(said)})
    return out


def _keywords(stock: Stock, n: int, layout: Layout) -> list[Parts]:
    most = layout["keyword"].width
    found = (word for raw in stock.keywords if 1 < width(word := _searched(raw)) <= most)
    words = tuple(dict.fromkeys(found))[:30]
    said = " ".join(words)
    most = layout["negative"].width
    barred = tuple(word for word in stock.negatives if word not in said and width(word) <= most)
    return [{"keyword": words, "negative": barred}] if words and n else []


def _searched(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[,&:;!?\"“”]+", " ", text)).strip()


def _texts(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(line.text for line in lines)


_MAKERS: dict[Kind, Callable[[Stock, int, Layout], list[Parts]]] = {
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
