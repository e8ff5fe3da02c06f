"""Which products a question is about, with what was said before: "and the blue one?", "它多重？"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hawker.answers.goods import says
from hawker.answers.lexicon import Lexicon
from hawker.answers.naming import MARK, Mention, Names, Token, masked, tokens
from hawker.answers.question import Asked, read
from hawker.answers.reply import Conversation

SURE = 0.6
"""The share of what a question says that has to be in a product's names."""
OPEN = 0.3
"""The same where something is asked that has no name of its own: its words are said beside the product's."""
_JOINED = re.compile(
    r"\s+(?:or|and|vs\.?|versus|than|with|against)\s+|[,;、，；]|和|与|跟|还是|比较?|或者?|\bto\b|\bvs\.?"
)
_PLACES = (
    re.compile(r"\bfirst\b|第[一1]|前(?:者|一个)|\bformer\b"),
    re.compile(r"\bsecond\b|第[二2]|后(?:者|一个)|\blatter\b|\bother\b|另(?:一|外)"),
    re.compile(r"\bthird\b|第[三3]"),
    re.compile(r"\bfourth\b|第[四4]"),
    re.compile(r"\bfifth\b|第[五5]"),
)
_STRONG = re.compile(r"\s+(?:or|vs\.?|versus|than)\s+|和|与|跟|还是|比较?|或者?|\bvs\.?")
_MOST = 6
_PLAIN = 0.75


@dataclass(frozen=True)
class Named:
    """The products (or, where none is told apart, the `options`) and the question with them masked."""

    asked: Asked
    rows: tuple[int, ...] = ()
    options: tuple[int, ...] = ()
    share: float = 0.0
    whole: bool = False


@dataclass(frozen=True)
class Recall:
    """Finds products in questions and in what was said before them."""

    names: Names
    words: Lexicon

    def named(self, said: str, before: Conversation, *, language: str) -> Named:
        """What a plain question is about; what was spoken of before is beside it in a comparison."""
        found = self._named(said, before, language=language)
        beside = [self.names.places[one] for one in before.products[:1] if one in self.names.places]
        if len(found.rows) == 1 and beside and found.asked.compares and beside[0] not in found.rows:
            return replace(found, rows=(*beside, *found.rows))
        return found

    def _named(self, said: str, before: Conversation, *, language: str) -> Named:
        exact = [self.names.extended(said, one) for one in self.names.exact(said)]
        if exact:
            return self._exact(said, exact, language)
        asked = read(said, self.words, language=language)
        if asked.compares and (several := self._several(said, language)):
            return several
        mention = self.names.near(said, self.words)
        if mention is not None:
            rest = masked(said, mention.spans)
            found = read(rest, self.words, language=language)
            if mention.share >= (SURE if found.fields or found.topics else OPEN) and self._telling(mention):
                return self._one(mention, found)
        return self._before(said, asked, before)

    def _telling(self, mention: Mention) -> bool:
        """Whether a mention says enough to be one at all: more than a word that many products have."""
        return mention.mass > 1.0 or len(mention.rows) == 1

    def _one(self, mention: Mention, asked: Asked) -> Named:
        if len(mention.rows) == 1:
            return Named(asked, mention.rows, share=mention.share, whole=mention.coverage >= 0.95)
        return Named(asked, options=mention.rows, share=mention.share)

    def _exact(self, said: str, exact: list[Mention], language: str) -> Named:
        """Products that are named whole; beside one of them, in a comparison, others by part of a title."""
        spans = [span for one in exact for span in one.spans]
        rest = masked(said, spans)
        asked = read(rest, self.words, language=language)
        rows = [row for one in exact for row in one.rows[:1]]
        if len(exact) == 1 and len(exact[0].rows) > 1:
            return Named(asked, options=exact[0].rows[:_MOST], share=1.0, whole=True)
        if len(rows) == 1 and asked.compares and asked.words:
            other = self.names.near(rest.replace(MARK, " "), self.words)
            if other is not None and other.share >= SURE and other.row not in rows:
                rows.append(other.row)
                asked = read(masked(rest, other.spans), self.words, language=language)
        return Named(asked, tuple(dict.fromkeys(rows)), share=1.0, whole=True)

    def _several(self, said: str, language: str) -> Named | None:
        """Two products, each by part of its title on one side of a word that joins them; else a list."""
        best: tuple[bool, float, Mention, Mention, int] | None = None
        joints = sorted(_JOINED.finditer(said), key=lambda one: not _STRONG.fullmatch(one.group()))
        for joint in joints[:_MOST]:
            left = self._part(said[: joint.start()])
            right = self._part(said[joint.end() :])
            if left is None or right is None or left.row == right.row:
                continue
            sure = len(left.rows) == len(right.rows) == 1
            mass = (left.mass + right.mass) * min(left.share, right.share)
            if best is None or (sure, mass) > best[:2]:
                best = sure, mass, left, right, joint.end()
            if sure and min(left.share, right.share) >= _PLAIN:
                break
        if best is None or min(best[2].share, best[3].share) < _PLAIN:
            return self._listed(said, language) or self._paired(said, best, language)
        return self._paired(said, best, language)

    def _part(self, part: str) -> Mention | None:
        exact = self.names.exact(part)
        mention = exact[0] if exact else self.names.near(part, self.words)
        return mention if mention is not None and mention.share >= SURE and self._telling(mention) else None

    def _paired(
        self, said: str, best: tuple[bool, float, Mention, Mention, int] | None, language: str
    ) -> Named | None:
        if best is None:
            return None
        sure, _, left, right, at = best
        spans = (*left.spans, *((at + start, at + end) for start, end in right.spans))
        asked = read(masked(said, spans), self.words, language=language)
        if not sure:
            unsure = left if len(left.rows) > 1 else right
            return Named(asked, options=unsure.rows, share=unsure.share)
        return Named(asked, (left.row, right.row), share=min(left.share, right.share))

    def _listed(self, said: str, language: str) -> Named | None:
        """Three products or more between words that join them."""
        rows: list[int] = []
        spans: list[tuple[int, int]] = []
        start = 0
        for joint in [*_JOINED.finditer(said), None]:
            end = joint.start() if joint else len(said)
            mention = self._part(said[start:end])
            if mention is not None and len(mention.rows) == 1:
                spans += [(start + first, start + last) for first, last in mention.spans]
                rows += [mention.row] if mention.row not in rows else []
            start = joint.end() if joint else len(said)
        if len(rows) < 3:
            return None
        return Named(read(masked(said, spans), self.words, language=language), tuple(rows[:_MOST]), share=1.0)

    def _before(self, said: str, asked: Asked, before: Conversation) -> Named:
        """What was spoken of before, where the question names nothing of its own."""
        places = self.names.places
        held = [places[one] for one in (before.options or before.products) if one in places]
        if not held:
            return Named(asked)
        for place, pattern in enumerate(_PLACES):
            if pattern.search(said) and place < len(held) and len(held) > 1:
                return Named(asked, (held[place],), share=1.0)
        told = self._told_apart(said, held)
        if told is not None:
            if before.fields and set(asked.fields) <= {"color", "size"}:
                asked = replace(asked, fields=before.fields, words=())
            return Named(asked, (told,), share=1.0)
        if asked.topics and not (asked.again or asked.fields):
            return Named(asked)
        if asked.again or asked.fields or asked.compares or not asked.words:
            if asked.kinds & {"greeting", "thanks", "person", "recommend", "order"}:
                return Named(asked)
            if before.options:
                return Named(asked, options=tuple(held))
            rows = held if asked.compares or len(held) > 1 else held[:1]
            return Named(asked, tuple(rows), share=1.0)
        return Named(asked)

    def _told_apart(self, said: str, held: list[int]) -> int | None:
        """The one among several, or the variant of one, that some words of a question single out."""
        among = held if len(held) > 1 else [held[0], *self._variants(held[0])]
        if len(among) < 2:
            return None
        found = tokens(said)
        telling = [token for token in found if 0 < self._count(token, among) < len(among)]
        if not telling:
            return None
        scores = [
            (sum(says(token, self.names.products[row]) for token in telling), -at)
            for at, row in enumerate(among)
        ]
        best = max(scores)
        if sum(one[0] == best[0] for one in scores) > 1:
            return None
        return among[-best[1]]

    def _count(self, token: Token, among: list[int]) -> int:
        return sum(says(token, self.names.products[row]) for row in among)

    def _variants(self, row: int) -> list[int]:
        group = self.names.products[row].group
        found = self.names.groups.get(group, ()) if group else ()
        return [other for other in found if other != row]
