"""Lines by a small model that is held to the product's own phrases: it chooses, orders and joins them.

A model of a hundred million parameters invents facts when it writes freely. Held to a pattern of phrases
while it decodes, it can say nothing that the product's text does not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from hawker.creative.layout import Part, parts, width
from hawker.creative.prompted_asked import letters, prompts
from hawker.creative.prompted_phrases import Run, line, runs, sentences, tails
from hawker.creative.prompted_reply import Parts, parsed
from hawker.language.writer import Message, Writer
from hawker.records.draft import Brief, Effort, Kind

WARMTH = 0.7
_TRIES = 3  # of one line, until it is one that was not said yet
_SHOWN = 3  # sentences a line is made of
_LONG = 150  # a part wider than that is made of several lines
_SENTENCE = 90
_SKIPPED = frozenset({"path", "hashtag", "negative"})
_ADDED = frozenset({"line", "preheader"})
_NAMING = frozenset({"title", "headline", "subject"})
_ALIKE = 80  # percent of likeness that makes two first lines one
_FEW, _SHARE = 4, 0.6  # of more phrases than that, so many are open to choice, others for each draft


class Held:
    """One draft, line by line. `told` is what the model was told, `effort` what it spent.

    `without` are texts that may not be said, `heads` the first lines of other drafts; its own join them.
    """

    def __init__(
        self,
        brief: Brief,
        *,
        language: str,
        seed: int,
        without: Sequence[str] = (),
        heads: list[str] | None = None,
    ) -> None:
        self.brief, self.language, self.seed = brief, language, seed
        self.without = [text.casefold() for text in without if text]
        self.prompts = prompts(language)
        self.told: list[list[Message]] = []
        self.effort = Effort()
        first, *others = sentences(brief, language=language) or [""]
        turn = seed % max(1, len(others))
        self.facts = [first, *others[turn:], *others[:turn]]
        self.said: list[str] = []
        self.heads = [] if heads is None else heads

    def fill(self, writer: Writer, *, kept: Mapping[str, Sequence[str]]) -> Parts:
        """Every part the kind needs; lines of `kept` stay where nothing is held against them."""
        made: Parts = {}
        for name, part in parts(self.brief.kind, self.brief.limits).items():
            lines = [text for text in kept.get(name, ()) if self._clean(name, text)]
            self.said += lines
            wanted = part.least or int(name in _ADDED or name == "business_name")
            while len(lines) < wanted and name not in _SKIPPED:
                text = self._text(name, part, writer, first=not kept.get(name, lines))
                if not text:
                    break
                lines.append(text)
            if lines:
                made[name] = tuple(lines)
        if not self.effort.reason and not made:
            self.effort += Effort("empty")
        return made

    def _clean(self, name: str, text: str) -> bool:
        return not any(word == name or word in text.casefold() for word in self.without)

    def _text(self, name: str, part: Part, writer: Writer, *, first: bool) -> str:
        """One line of a part: fixed words where they are no matter of the product, else the model's."""
        if name == "call_to_action":
            said = (call for call in self.prompts["small"]["calls"] if self._clean("", call))
            calls = [call for call in said if width(call) <= part.width]
            return str(calls[self.seed % len(calls)]) if calls else ""
        if name == "business_name":
            return self.brief.product.brand if width(self.brief.product.brand) <= part.width else ""
        most = letters(part, self.language)
        if part.short and first:
            most = most * part.short // part.width
        if self.brief.kind is Kind.KEYWORDS:
            return self._line(writer, min(most, 40), most_joined=1).casefold()
        if most <= _LONG:
            return _begun(self._line(writer, most, named=first and name in _NAMING))
        stop, texts = ("。", []) if self.language == "zh" else (". ", [])
        for _ in range(min(4, most // _SENTENCE)):
            texts.append(_begun(self._line(writer, _SENTENCE // (2 if self.language == "zh" else 1))))
        return "".join(text + stop for text in texts if text).strip()

    def _line(self, writer: Writer, most: int, *, most_joined: int = 3, named: bool = False) -> str:
        """A new line no longer than that, begun by the product's name where it is `named`; '' for none."""
        for turn in range(_TRIES):
            place = len(self.told)
            shown = self._shown(place)
            title = self._sayable(runs(self.facts[0], language=self.language))
            found = self._runs(shown, seed=place, all=turn == _TRIES - 1)
            head = title[:1] if named and not turn else ()
            if named and turn:
                found = [run for run in found if run not in title] or found
            joined = most_joined if turn < _TRIES - 1 else 1
            pattern = line(found, width=most, language=self.language, most=joined, head=head)
            if named and not pattern and self.language == "en":
                pattern = line(self._sayable(tails(self.facts[0])), width=most, language="en", most=1)
            if not pattern or self.effort.reason:
                continue
            text = self._asked(writer, shown, pattern, most, seed=self.seed * 1_000 + place)
            if text and not (joined > 1 and _stutters(text)) and not self._known(text, named=named):
                self.said.append(text)
                if named:
                    self.heads.append(text)
                return text
        return ""

    def _known(self, text: str, *, named: bool) -> bool:
        """Whether that was said before, or begins another draft."""
        if named and any(fuzz.ratio(text.casefold(), one.casefold()) >= _ALIKE for one in self.heads):
            return True
        return text.casefold() in {said.casefold() for said in self.said}

    def _sayable(self, found: Sequence[Run]) -> list[Run]:
        """Those with nothing in them that was objected to."""
        return [run for run in found if self._clean("", "".join(run.pieces))]

    def _shown(self, place: int) -> list[str]:
        """The title and a few further sentences, others for each line."""
        first, *others = self.facts
        turn = place * (_SHOWN - 1) % max(1, len(others))
        return [first, *[*others[turn:], *others[:turn]][: _SHOWN - 1]]

    def _runs(self, shown: Sequence[str], *, seed: int, all: bool) -> list[Run]:
        """Some of their phrases, new ones if there are any; first those with a word that must be said."""
        found = self._sayable([run for text in shown for run in runs(text, language=self.language)])
        fresh = [run for run in found if not any(run.pieces[0] in said for said in self.said)] or found
        missing = [
            word.casefold()
            for word in self.brief.must
            if not any(word.casefold() in said.casefold() for said in self.said)
        ]
        due = [run for run in found if any(word in run.pieces[0].casefold() for word in missing)]
        if due or all or len(fresh) < _FEW:
            return due or fresh
        drawn = random.Random(f"{self.seed}.{seed}").sample(range(len(fresh)), round(len(fresh) * _SHARE))
        return [fresh[at] for at in sorted(drawn)]

    def _asked(self, writer: Writer, shown: Sequence[str], pattern: str, most: int, *, seed: int) -> str:
        given, answered = self.prompts["small"]["example"]
        ask = self.prompts["small_facts"]
        told = [
            Message("system", self.prompts["small_system"]),
            Message("user", ask.format(facts=f"- {given}")),
            Message("assistant", f'{{"line": "{answered}"}}'),
            Message("user", ask.format(facts="\n".join(f"- {text}" for text in shown))),
        ]
        form = {
            "type": "object",
            "properties": {"line": {"type": "string", "pattern": pattern}},
            "required": ["line"],
            "additionalProperties": False,
        }
        self.told.append(told)
        written = writer.write(told, schema=form, seed=seed, most_tokens=most + 20, temperature=WARMTH)
        found = (parsed(written.text) or {}).get("line", "")
        text = found if isinstance(found, str) and re.search(pattern, found) else ""
        lasting = written.reason if written.reason in ("busy", "away", "slow", "garbage", "too_long") else ""
        self.effort += Effort(
            lasting, written.tokens_in, written.tokens_out, written.seconds, written.cost, written.wait
        )
        return text


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _stutters(text: str) -> bool:
    """Whether a line says the same word of substance twice."""
    words = [word.casefold() for word in re.findall(r"\w{4,}", text)]
    return len(words) != len(set(words))
