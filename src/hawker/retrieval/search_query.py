"""What a query asks for: its words, each with everything that may stand for it in a product.

A word nobody has written may be misspelt, the beginning of a longer one, or two run together; two words
may be one. Each reading is kept with a weight, and a product counts by the best that fits it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

from hawker.language import analysis
from hawker.language.analysis import Word, stem
from hawker.retrieval.search_index import Index
from hawker.retrieval.search_price import Bounds, prices

LONGEST = 400
"""Characters of a query that are looked at."""
MOST_WORDS = 24
_SHORTEST_SPELT, _SHORTEST_HAN, _SHORTEST_PART, _SHORTEST_BEGUN = 4, 3, 3, 3
_LESSER, _COMPLETED, _JOINED, _SPLIT = 0.5, 0.6, 0.9, 0.9
_MISSPELT = {1: 0.85, 2: 0.6}
_PAIR, _TURNED, _ALONE, _CHARACTER, _PART = 0.8, 0.5, 0.2, 1.0, 0.1
_LONGEST_HAN = 4


@dataclass(frozen=True)
class Reading:
    """Terms that all have to be in a product to stand for a word, and for how much of it they stand."""

    terms: tuple[str, ...]
    weight: float


@dataclass(frozen=True)
class Slot:
    """One word of a query and its readings. What is not `needed` adds to a score and is never missed."""

    text: str
    readings: tuple[Reading, ...]
    needed: bool = True


@dataclass(frozen=True)
class Question:
    """A query, read: `suggestion` is it in another spelling where one word had to be guessed.

    It is `blank` where nothing was asked but, perhaps, a price.
    """

    text: str
    slots: tuple[Slot, ...]
    bounds: Bounds = field(default_factory=Bounds)
    suggestion: str = ""
    blank: bool = False

    @property
    def needed(self) -> tuple[Slot, ...]:
        """The slots that a product should meet."""
        return tuple(slot for slot in self.slots if slot.needed)


def read(query: str, index: Index, synonyms: Mapping[str, Sequence[str]] | None = None) -> Question:
    """Read a query against the words of a catalogue. `synonyms` are further terms by term."""
    text, bounds = prices(analysis.plain(query[:LONGEST])[:LONGEST])
    text = analysis.request(text)
    every = analysis.words(text)[:MOST_WORDS]
    words = [word for word in every if word.text not in analysis.STOP] or every
    suggested: dict[str, str] = {}
    slots: list[Slot] = []
    for at, word in enumerate(words):
        if word.han and not index.known(word.term):
            slots += _characters(word, index, suggested)
            continue
        readings = _readings(word, index, suggested)
        for other in (synonyms or {}).get(word.term, ()):
            readings.append(Reading((other,), 1.0))
        readings += _joined(words, at, index)
        slots.append(Slot(word.text, tuple(readings)))
    slots += _further(words, index)
    suggestion = text
    for wrong, right in suggested.items():
        suggestion = suggestion.replace(wrong, right)
    blank = not text.strip() and (bounds != Bounds() or not query.strip())
    return Question(text, tuple(slots), bounds, suggestion if suggested else "", blank)


def _readings(word: Word, index: Index, suggested: dict[str, str]) -> list[Reading]:
    """What may stand for one word by itself."""
    found = [Reading((word.term,), 1.0)]
    found += [Reading((term,), _LESSER if len(term) > 1 or not word.han else _PART) for term in word.finer]
    if index.known(word.term) or word.han or not word.text.isalpha():
        return found
    split = _split(word.text, index)
    if split is not None:
        found.append(Reading(tuple(stem(part) for part in split), _SPLIT))
    spelt = near(word.text, index)
    for other, weight in spelt:
        found.append(Reading((stem(other),), weight))
    if spelt and split is None:
        suggested[word.text] = _likeliest(word.text, [other for other, _ in spelt], index)
    elif split is not None:
        suggested[word.text] = " ".join(split)
    if len(word.text) >= _SHORTEST_BEGUN:
        found += [Reading((stem(other),), _COMPLETED) for other in index.completions(word.text)]
    return found


def _characters(word: Word, index: Index, suggested: dict[str, str]) -> list[Slot]:
    """A word of ideographs that nobody wrote: one with another character in it, else its characters."""
    spelt = near(word.text, index) if len(word.text) >= _SHORTEST_HAN else []
    each = [Slot(one, (Reading((one,), _CHARACTER),), needed=not spelt) for one in word.text]
    if not spelt:
        return each
    suggested[word.text] = _likeliest(word.text, [other for other, _ in spelt], index)
    return [Slot(word.text, tuple(Reading((other,), weight) for other, weight in spelt)), *each]


def near(word: str, index: Index, most: int = 5) -> list[tuple[str, float]]:
    """Known words within an edit or two (swapped letters are one), the nearest and commonest first."""
    han = analysis.ideographic(word)
    if len(word) < (_SHORTEST_HAN if han else _SHORTEST_SPELT) or len(word) > analysis.LONGEST_WORD:
        return []
    reach = 1 if len(word) < 8 else 2
    found: list[tuple[str, float, int]] = []
    for length in range(len(word) - reach, len(word) + reach + 1):
        known = index.by_length.get(length, [])
        close = process.extract(word, known, scorer=OSA.distance, score_cutoff=reach, limit=50)
        found += [(other, distance, index.spelt[other]) for other, distance, _ in close]
    found.sort(key=lambda one: (one[1], one[0][0] != word[0], -one[2], one[0]))
    least = found[0][1] if found else 0
    return [(other, _MISSPELT[max(int(distance), 1)]) for other, distance, _ in found if distance == least][
        :most
    ]


def _likeliest(word: str, others: Sequence[str], index: Index) -> str:
    """What was meant: letters are rather left out than put in, common words are meant rather than rare."""
    return max(others, key=lambda other: (len(other) >= len(word), index.spelt[other]))


def _split(word: str, index: Index) -> tuple[str, str] | None:
    """The two known words that a word is made of, the pair whose rarer part is commonest."""
    best: tuple[int, tuple[str, str]] | None = None
    for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
        parts = (word[:at], word[at:])
        common = min(index.known(stem(part)) if part in index.spelt else 0 for part in parts)
        if common and (best is None or common > best[0]):
            best = (common, parts)
    return best[1] if best else None


def _joined(words: Sequence[Word], at: int, index: Index) -> list[Reading]:
    """A word with its neighbour as one, where some product writes them so."""
    found = []
    for first, second in ((at - 1, at), (at, at + 1)):
        if first < 0 or second >= len(words) or words[first].han or words[second].han:
            continue
        term = stem(words[first].text + words[second].text)
        if index.known(term):
            found.append(Reading((term,), _JOINED))
    return found


def _further(words: Sequence[Word], index: Index) -> list[Slot]:
    """What else stands in ideographs, since no two cutters agree on words: pairs, characters, and what

    was meant by pairs in the wrong order and by a short run that nobody wrote.
    """
    readings = [reading for run in _runs(words) for reading in _read_run(run, index)]
    return [Slot(one.terms[0], (one,), needed=False) for one in readings if index.known(one.terms[0])]


def _read_run(run: str, index: Index) -> list[Reading]:
    pairs = [run[at : at + 2] for at in range(len(run) - 1)]
    found = [Reading((pair,), _PAIR) for pair in pairs]
    found += [Reading((one,), _ALONE) for one in run]
    found += [Reading((pair[::-1],), _TURNED) for pair in pairs if not index.known(pair)]
    if _SHORTEST_HAN <= len(run) <= _LONGEST_HAN and not index.known(run):
        found += [Reading((other,), weight) for other, weight in near(run, index)]
    return found


def _runs(words: Sequence[Word]) -> list[str]:
    """Ideographs that stand side by side."""
    runs: list[str] = []
    before = False
    for word in words:
        if word.han and word.glued and before:
            runs[-1] += word.text
        elif word.han:
            runs.append(word.text)
        before = word.han
    return runs
