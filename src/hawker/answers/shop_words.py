"""Answers from what the shop has written about itself: the passage that speaks of what was asked, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hawker.answers.case import Case
from hawker.answers.lexicon import Lexicon, places
from hawker.answers.naming import Token, content, tokens
from hawker.answers.passages import Passages
from hawker.answers.policies import Passage
from hawker.answers.question import language
from hawker.answers.reply import Answer, Citation, Sentence
from hawker.answers.safe import pieces
from hawker.language.analysis import plain
from hawker.retrieval.search_score import Meaning

_SPECIAL = frozenset(
    (
        "abroad",
        "gift",
        "coupon",
        "invoice",
        "assembly",
        "hours",
        "stores",
        "privacy",
        "account",
        "contact",
        "express",
    )
)
"""Topics that a passage has to speak of where they are asked for, whatever else it says."""
_APART = frozenset(("express", "abroad"))
"""Topics of which a passage tells a special case: it answers those who ask for that."""
_TIMED = re.compile(
    r"\d|[一二两三四五六七八九十]+(?:天|日|个|周|年|小时)|当天|当日|次日|随时"
    r"|随(?:发货|货|单)|once |as soon as|upon |same day|next day|immediately|midnight|noon|until"
)
_PAID = re.compile(r"\d|free|no (?:charge|cost|fee)|our expense|免费|包邮|不收|承担|免运费")
_MOST_SENTENCES = 4
_LOOKED_AT = 12
_ENOUGH, _SURE = 0.5, 0.75
_HEADED, _SAID, _SPOKEN, _FIT, _ASTRAY, _ASIDE = 1.0, 0.4, 0.8, 0.4, 0.6, 1.0
_WORDED, _BESIDE = 0.7, 0.2


@dataclass(frozen=True)
class Written:
    """All passages of a shop, ready to be asked."""

    passages: tuple[Passage, ...]
    words: Lexicon
    meaning: Meaning | None = None

    @cached_property
    def ranked(self) -> Passages:
        """The passages as texts."""
        return Passages([one.whole for one in self.passages], meaning=self.meaning)

    @cached_property
    def _terms(self) -> list[frozenset[str]]:
        return [
            frozenset(term for token in tokens(plain(one.whole)) for term in token.terms)
            for one in self.passages
        ]

    @cached_property
    def _topics(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        return [(self._about(one.heading), self._about(one.text)) for one in self.passages]

    @cached_property
    def _language(self) -> list[str]:
        return [language(one.text) for one in self.passages]

    @cached_property
    def _specifics(self) -> list[frozenset[str]]:
        return [self._named(one.whole) for one in self.passages]

    def _named(self, text: str) -> frozenset[str]:
        said = plain(text)
        return frozenset(name for name, cues in self.words.specifics.items() if cues.search(said))

    def _about(self, text: str) -> frozenset[str]:
        said = plain(text)
        return frozenset(name for name, cues in self.words.topics.items() if cues.search(said))

    def answered(self, case: Case) -> Answer | None:
        """The answer of the passage that speaks of what was asked; None where there is none."""
        if not self.passages:
            return None
        place = self._chosen(case)
        if place is None:
            return None
        chosen = self.passages[place]
        said = tuple(self._sentences(chosen, case))
        return case.answer("policy", *said, about=case.products[:1])

    def _chosen(self, case: Case) -> int | None:
        """The place of the passage that answers; None where none speaks of all that was asked."""
        asked = case.asked
        found = self.ranked.rank(asked.rest, most=_LOOKED_AT, rerank=self.meaning is not None)
        top = max((one.score for one in found), default=0.0) or 1.0
        score = {one.place: _WORDED * one.score / top for one in found}
        topics = frozenset(asked.topics)
        for place, (headed, said) in enumerate(self._topics):
            if topics & (headed | said):
                score[place] = score.get(place, 0.0) + self._fitness(place, topics, case)
        left, singled = self._left(case), self._named(self._question(case))
        best, most = None, 0.0
        for place, worth in score.items():
            if singled - self._specifics[place]:
                continue
            if worth > most and self._speaks(place, topics, left, case):
                best, most = place, worth
        return best

    def _fitness(self, place: int, topics: frozenset[str], case: Case) -> float:
        headed, said = self._topics[place]
        worth = _HEADED * len(topics & headed) + _SAID * len(topics & said - headed)
        worth -= 0.1 * len(headed - topics) if topics & headed else _ASTRAY * bool(headed)
        worth -= 0.0 if headed else _BESIDE * len(said - topics)
        worth -= _ASIDE * len((headed | said) & _APART - topics)
        worth += _SPOKEN * (self._language[place] == case.language)
        return worth + _FIT * self._fits(place, case)

    def _fits(self, place: int, case: Case) -> bool:
        """Whether a passage can say how long, or how much, where that was asked."""
        text = plain(self.passages[place].text)
        aspects = case.asked.aspects
        if "duration" in aspects and not _TIMED.search(text):
            return False
        return not ("cost" in aspects and "duration" not in aspects and not _PAID.search(text))

    def _speaks(self, place: int, topics: frozenset[str], left: Sequence[Token], case: Case) -> bool:
        """Whether a passage speaks of the topics asked for, and of whatever else was said."""
        headed, said = self._topics[place]
        spoken = headed | said
        if topics and not topics & spoken:
            return False
        if (topics & _SPECIAL) - spoken or not self._fits(place, case):
            return False
        return self._share(place, left) >= (_ENOUGH if topics else _SURE) if left else bool(topics)

    def _share(self, place: int, left: Sequence[Token]) -> float:
        held = self._terms[place]
        weights = [(0.5 if token.han else 1.0) for token in left]
        met = [any(term in held for term in token.terms) for token in left]
        return sum(weight for weight, one in zip(weights, met, strict=True) if one) / (sum(weights) or 1.0)

    def _left(self, case: Case) -> list[Token]:
        """The words of a question that are neither frames, nor cues, nor of a topic."""
        said = self._question(case)
        known = (*self.words.topics.values(), *self.words.specifics.values(), self.words.beside)
        spans = [span for cues in known for span in places(cues, said)]
        return [
            token
            for token in content(said, self.words)
            if not token.text[0].isdigit()
            and not any(start <= token.start and token.end <= end for start, end in spans)
        ]

    def _question(self, case: Case) -> str:
        """The question; whole where what was taken for a product is how something is to be done: "by ¤"."""
        rest = case.asked.rest
        return plain(case.text) if not case.whole and self.words.means.search(rest) else rest

    def _sentences(self, chosen: Passage, case: Case) -> list[Sentence]:
        """The sentences of a passage, those that say what was asked where there are many."""
        at = 0
        found: list[tuple[float, int, Sentence]] = []
        wanted = {term for token in tokens(case.asked.rest) for term in token.terms}
        for number, piece in enumerate(pieces(chosen.text)):
            if said := piece.strip():
                cited = Citation(chosen.source, chosen.id, "text", said, at, at + len(piece))
                held = {term for token in tokens(plain(said)) for term in token.terms}
                worth = len(wanted & held) + (2.0 if self._timely(said, case) else 0.0)
                found.append((worth, number, Sentence(said, (cited,))))
            at += len(piece)
        if len(found) > _MOST_SENTENCES:
            found = sorted(found, key=lambda one: (-one[0], one[1]))[:_MOST_SENTENCES]
        return [one[2] for one in sorted(found, key=lambda one: one[1])]

    def _timely(self, said: str, case: Case) -> bool:
        aspects = case.asked.aspects
        text = plain(said)
        return bool(
            ("duration" in aspects and _TIMED.search(text)) or ("cost" in aspects and _PAID.search(text))
        )
