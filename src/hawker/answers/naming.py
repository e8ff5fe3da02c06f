"""Which product a question names: by its id, its title or any part of it, however it is surrounded.

Words are weighed by how few titles have them. Of a question, words that only frame it count for nothing
unless they stand beside a word of the title; what is left over and in no title speaks against a match.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import pairwise

from hawker.answers.lexicon import Lexicon, places
from hawker.answers.safe import harmless
from hawker.language.analysis import ideographic, plain, stem
from hawker.records.catalogue import Product

MARK = "¤"
"""What stands in a question for a product that was found in it."""
_WORD = re.compile(
    r"\d+(?:[.,]\d+)*|[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W\d_\u3040-\u30ff\u3400-\u9fff]+"
)
_IDS = (
    re.compile(r"[^\s,;:!?()\"“”‘’'。，？！；：、\[\]]+"),
    re.compile(r"(?<![a-z0-9])[a-z0-9][a-z0-9_./#-]*"),
)
_LOOKED_AT = 60
_SHORTEST_TITLE = 4
_NEARLY, _WHOLE, _APART = 0.6, 0.9, 0.02
_CODE = re.compile(r"\d+|[^\W\d_]+")
_GAP = 2
_BESIDE = 0.3  # what a word counts that frames a question elsewhere, beside a word of the title
_END = re.compile(r"[!?。！？;；\n]|\.(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or an ideograph of a text, and the terms it may be found by."""

    text: str
    start: int
    end: int
    terms: tuple[str, ...]
    han: bool = False


@dataclass(frozen=True)
class Mention:
    """What a question names: the `rows` that fit equally, the best first, and how well they do.

    `share` is how much of what the question says (frames apart) is in the product's names, `coverage` how
    much of the title is in the question; `whole` says that all of it stands there. `spans` are the places in
    the question, `left` what is said beside.
    """

    rows: tuple[int, ...]
    share: float
    coverage: float
    whole: bool
    spans: tuple[tuple[int, int], ...]
    left: tuple[Token, ...] = ()
    mass: float = 0.0

    @property
    def row(self) -> int:
        """The best of them."""
        return self.rows[0]


@dataclass
class Names:
    """The names of a catalogue, ready to be found in questions."""

    products: Sequence[Product]
    titles: list[str] = field(default_factory=list)
    compact: list[str] = field(default_factory=list)
    terms: list[frozenset[str]] = field(default_factory=list)
    titled: list[frozenset[str]] = field(default_factory=list)
    rows: dict[str, list[int]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    groups: dict[str, list[int]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    places: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row, product in enumerate(self.products):
            title, own = _cut(product.title)
            beside = " ; ".join((product.brand, product.color, product.size))
            codes = (product.mpn, product.id) if product.mpn else (product.id,)
            further = _cut(beside)[1].union(*(map(stem, _CODE.findall(code.lower())) for code in codes))
            self.titles.append(title)
            self.compact.append(compact(title)[0])
            self.titled.append(own)
            every = own | further
            self.terms.append(every)
            for term in every:
                self.rows.setdefault(term, []).append(row)
            self.called.update(product.attributes)
            self.places[product.id] = row
            if product.group:
                self.groups.setdefault(product.group, []).append(row)
            for name in (product.id, product.mpn, product.gtin):
                if _telling(name):
                    self.ids.setdefault(plain(name), row)
        self.counted.update({term: len(rows) for term, rows in self.rows.items()})

    @cached_property
    def fields(self) -> frozenset[str]:
        """The words that attributes are called by: what is asked for, rather than what is asked about."""
        return frozenset(
            term for name in self.called for token in tokens(plain(name)) for term in token.terms
        )

    def extended(self, text: str, mention: Mention) -> Mention:
        """A product named by its id, with the words of its names on either side: "Acme GA194 Buddies"."""
        start, end = mention.spans[0]
        own, said = self.terms[mention.row], tokens(text)
        before = [token for token in said if token.end <= start]
        after = [token for token in said if token.start >= end]
        for token in reversed(before):
            if start - token.end > _GAP or not any(term in own for term in token.terms):
                break
            start = token.start
        for token in after:
            if token.start - end > _GAP or not any(term in own for term in token.terms):
                break
            end = token.end
        return replace(mention, spans=((start, end),))

    def weight(self, token: Token) -> float:
        """How much a word says: more the fewer products are called so."""
        size = len(self.products)
        best = max(
            math.log1p((size - self.counted[term] + 0.5) / (self.counted[term] + 0.5)) for term in token.terms
        )
        return best * (0.5 if token.han else 1.0)

    def exact(self, text: str) -> list[Mention]:
        """The products whose id or whole title stands in a plain text, the longest names first."""
        found: list[tuple[int, int, int]] = []
        for pattern in _IDS:
            for match in pattern.finditer(text):
                named = match.group() if match.group() in self.ids else match.group().rstrip(".")
                if (row := self.ids.get(named)) is not None:
                    found.append((match.start(), match.start() + len(named), row))
        letters, places = compact(text)
        for row in self._likely(text):
            title = self.compact[row]
            at = letters.find(title) if len(title) >= _SHORTEST_TITLE else -1
            if at >= 0:
                start, end = places[at], places[at + len(title) - 1] + 1
                if _bordered(text, start, end):
                    found.append((start, end, row))
        kept: list[tuple[int, int, list[int]]] = []
        for start, end, row in sorted(found, key=lambda one: (one[0] - one[1], one[2])):
            same = next((one for one in kept if one[:2] == (start, end)), None)
            if same is not None:
                same[2].append(row)
            elif all(end <= one[0] or start >= one[1] for one in kept):
                kept.append((start, end, [row]))
        return [
            Mention(tuple(dict.fromkeys(rows)), 1.0, 1.0, True, ((start, end),), mass=float(end - start))
            for start, end, rows in sorted(kept, key=lambda one: one[0])
        ]

    def near(self, text: str, words: Lexicon, *, most: int = 6) -> Mention | None:
        """What a plain text names by some words of a title; None where no word of it is in any."""
        said = tokens(text)
        asked = _asked(text, words)
        plainly = [
            not _within(token, asked) and not _framed(token, words) and not self.fields & set(token.terms)
            for token in said
        ]
        weights = [self.weight(token) for token in said]
        judged = [self._judged(row, said, plainly, weights) for row in self._likely(text)]
        judged = [one for one in judged if one[0] > 0]
        if not judged:
            return None
        best = max(one[0] for one in judged)
        equal = [one for one in judged if one[0] >= best - 1e-6]
        equal.sort(key=lambda one: (-one[1], one[2]))
        rows, coverage, matched = self._equal(equal, text, said)
        spans = _spans(said, matched, plainly)
        near = _sentences(text, spans)
        left, mass = [], 0.0
        for token, weight, own, met in zip(said, weights, plainly, matched, strict=True):
            if own and not met and _within(token, near):
                left.append(token)
                mass += weight
        return Mention(rows[:most], best / (best + mass), coverage, False, spans, tuple(left), best)

    def _equal(
        self, equal: list[tuple[float, float, int, list[bool]]], text: str, said: Sequence[Token]
    ) -> tuple[tuple[int, ...], float, list[bool]]:
        """Of products that fit equally, those that cannot be told apart, and what was matched."""
        running = [(self._running(one, text, said), one) for one in equal]
        longest = max(length for length, _ in running)
        equal = [one for length, one in running if length == longest]
        first = equal[0]
        apart = len(equal) == 1 or first[1] - equal[1][1] > _APART
        if len(equal) == 1 or (first[1] >= _WHOLE and apart):
            return (first[2],), first[1], first[3]
        close = [one for one in equal if one[1] >= _NEARLY * first[1]]
        return tuple(one[2] for one in close), first[1], first[3]

    def _running(self, one: tuple[float, float, int, list[bool]], text: str, said: Sequence[Token]) -> int:
        """How many letters of a title stand in a text in a row; one more where it begins with them."""
        spans = _spans(said, one[3], [True] * len(said))
        title = self.titles[one[2]]
        runs = [run for start, end in spans for run in _tails(text[start:end])]
        return max((len(run) + title.startswith(run) for run in runs if run in title), default=0)

    def _likely(self, text: str) -> list[int]:
        """The products that share the most with a text."""
        score: Counter[int] = Counter()
        size = len(self.products)
        for term in {term for token in tokens(text) for term in token.terms}:
            rows = self.rows.get(term, ())
            if rows and len(rows) <= max(0.2 * size, 50):
                weight = math.log1p((size - len(rows) + 0.5) / (len(rows) + 0.5))
                for row in rows:
                    score[row] += weight  # type: ignore[assignment]
        return [row for row, _ in score.most_common(_LOOKED_AT)]

    def _judged(
        self, row: int, said: Sequence[Token], plainly: Sequence[bool], weights: Sequence[float]
    ) -> tuple[float, float, int, list[bool]]:
        """How much of what was said is in a product's names, how much of the title was, and which words."""
        own, titled = self.terms[row], self.titled[row]
        has = [any(term in own for term in token.terms) for token in said]
        met_ = [met and own_ for met, own_ in zip(has, plainly, strict=True)]
        joined = [False] * len(said)
        for at in (*range(len(said)), *reversed(range(len(said)))):
            if has[at] and not plainly[at]:
                beside = [place for place in (at - 1, at + 1) if 0 <= place < len(said)]
                met_[at] = any(met_[place] and (plainly[place] or joined[place]) for place in beside)
                joined[at] = met_[at]
        worth = [weight if own_ else _BESIDE * weight for weight, own_ in zip(weights, plainly, strict=True)]
        mass = sum(one for one, met, own_ in zip(worth, has, plainly, strict=True) if met and own_)
        if mass:
            mass += sum(one for one, met, own_ in zip(worth, met_, plainly, strict=True) if met and not own_)
        heard = {term for token, met in zip(said, met_, strict=True) if met for term in token.terms}
        whole = sum(_idf(self.counted[term], len(self.products)) for term in titled)
        part = sum(_idf(self.counted[term], len(self.products)) for term in titled & heard)
        return mass, part / whole if whole else 0.0, row, met_


def tokens(text: str) -> list[Token]:
    """The words, numbers and ideographs of a plain text.

    >>> [token.terms for token in tokens("socks 3.2克")]
    [('sock',), ('3.2',), ('克',)]
    """
    found: list[Token] = []
    held = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]
    for at, (word, start, end) in enumerate(held):
        if not ideographic(word):
            found.append(Token(word, start, end, (stem(word),)))
            continue
        pairs = []
        if at and held[at - 1][2] == start and ideographic(held[at - 1][0]):
            pairs.append(held[at - 1][0] + word)
        if at + 1 < len(held) and held[at + 1][1] == end and ideographic(held[at + 1][0]):
            pairs.append(word + held[at + 1][0])
        found.append(Token(word, start, end, tuple(pairs) or (word,), han=True))
    return found


@lru_cache(maxsize=20_000)
def _cut(text: str) -> tuple[str, frozenset[str]]:
    """A text of the shop's in plain spelling, and its terms; titles and brands come again and again."""
    said = plain(harmless(text))
    return said, frozenset(term for token in tokens(said) for term in token.terms)


def compact(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text, and where each stands.

    >>> compact("a-b 1")
    ('ab1', [0, 2, 4])
    """
    places = [at for at, letter in enumerate(text) if letter.isalnum()]
    return "".join(text[at] for at in places), places


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text with a mark in the place of each span."""
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]}{MARK}{text[end:]}"
    return re.sub(f"{MARK}(?:[\\s,;:、，\"'“”‘’]*{MARK})+", MARK, text)


def content(text: str, words: Lexicon) -> list[Token]:
    """The words of a plain text that are neither frames nor cues."""
    asked = _asked(text, words)
    return [token for token in tokens(text) if not _within(token, asked) and not _framed(token, words)]


def _asked(text: str, words: Lexicon) -> list[tuple[int, int]]:
    """The places of a text's cues, and of the phrases that frame it."""
    patterns = (*words.every, words.framing, words.again, *words.modifiers.values())
    return [span for pattern in patterns for span in places(pattern, text)]


def _within(token: Token, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= token.start and token.end <= end for start, end in spans)


def _framed(token: Token, words: Lexicon) -> bool:
    return not token.han and (token.text in words.frames or (len(token.text) == 1 and token.text.isalpha()))


def _spans(
    said: Sequence[Token], matched: Sequence[bool], plainly: Sequence[bool]
) -> tuple[tuple[int, int], ...]:
    """The places of words that were matched, joined over a few frames between them."""
    found: list[tuple[int, int]] = []
    gap = 0
    for token, met, own in zip(said, matched, plainly, strict=True):
        if met:
            if found and gap <= _GAP:
                found[-1] = (found[-1][0], token.end)
            else:
                found.append((token.start, token.end))
            gap = 0
        else:
            gap += _GAP + 1 if own else 1
    return tuple(found) or ((0, 0),)


def _tails(run: str) -> list[str]:
    """A run of words, and the same without the first one or two, which may only lead up to it."""
    words = run.split(" ")
    return [" ".join(words[at:]) for at in range(min(3, len(words)))]


def _sentences(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The sentences of a text in which some spans lie."""
    ends = [0, *(match.end() for match in _END.finditer(text)), len(text)]
    return [
        (start, end)
        for start, end in pairwise(ends)
        if any(first < end and start < last for first, last in spans)
    ]


def _telling(name: str) -> bool:
    """Whether an id can be told from a word."""
    if name.isdigit():
        return len(name) >= 4
    return len(name) >= 3 and any(letter.isdigit() or letter in "-_" for letter in name)


def _bordered(text: str, start: int, end: int) -> bool:
    """Whether a span of letters ends where words end."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (
        (before.isalnum() and before.isascii() and text[start].isascii())
        or (after.isalnum() and after.isascii() and text[end - 1].isascii())
    )


def _idf(count: int, size: int) -> float:
    return math.log1p((size - count + 0.5) / (count + 0.5))
