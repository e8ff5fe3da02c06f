"""A model that learned from a shop's copy, asked for one line at a time in the words it was taught with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from hawker.creative.draft.extractive import spoken
from hawker.creative.layout import LAYOUTS, parts, width
from hawker.creative.prompted_asked import data, letters, prompts
from hawker.creative.prompted_phrases import sentences
from hawker.creative.prompted_reply import parsed
from hawker.creative.prompted_told import Told
from hawker.language.writer import Message, Schema, Writer
from hawker.records.draft import Brief, Draft, Effort, Kind, Objection

SHOWN = 3
"""Sentences of a product that are told beside its title."""
_TITLE, _SENTENCE = 120, 110  # characters of each
_LONGEST = 90  # characters of a line that is asked for
_ROOM = 64  # tokens of an answer
_TRIES = 2
ORDERS: Mapping[str, tuple[str, str]] = {
    "en": (
        "You write one line of an ad. Use only the facts.",
        "{facts}\nWrite the {part}, at most {most} characters.",
    ),
    "zh": ("你为商品写一行广告。只用给出的事实。", "{facts}\n请写{part},不超过{most}个字。"),
}
PARTS: Mapping[str, Mapping[str, str]] = {
    "en": {"title": "headline", "headline": "headline", "subject": "headline", "description": "description"},
    "zh": {"title": "标题", "headline": "标题", "subject": "标题", "description": "描述"},
}
"""What a part is called when it is asked for; whatever is not named here is asked for as a description."""


def told(brief: Brief, part: str, *, language: str, turn: int = 0) -> tuple[Message, ...]:
    """What a model is told for one line; `turn` shows other sentences of the product."""
    system, ask = ORDERS[language]
    names = PARTS[language]
    said = sentences(brief, language=language) or [brief.product.title]
    first, others = said[0], said[1:]
    start = turn * SHOWN % max(1, len(others))
    shown = [data(one, most=_SENTENCE) for one in [*others[start:], *others[:start]][:SHOWN]]
    facts = "\n".join(f"- {text}" for text in [data(first, most=_TITLE), *shown])
    most = room(brief.kind, part, language=language, limits=brief.limits)
    called = names.get(part, names["description"])
    return Message("system", system), Message("user", ask.format(facts=facts, part=called, most=most))


def room(kind: Kind, part: str, *, language: str, limits: Mapping[str, int] | None = None) -> int:
    """Characters of a line of that part."""
    return min(letters(parts(kind, limits or {})[part], language), _LONGEST)


def answer(line: str) -> str:
    """A line as the model is to answer it."""
    return '{"line": "' + line.replace("\\", "").replace('"', "'") + '"}'


class Taught:
    """Drafts by a model with an adapter. What goes wrong is a draft's reason; the gate has the last word.

    `prompts` is what it was told lately, by the key that drafts name.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.prompts = Told()

    @property
    def name(self) -> str:
        """As drafts name their writer."""
        return self.writer.name

    @property
    def version(self) -> str:
        """Which model, asked in which words."""
        return f"{self.writer.version}+taught-{hashlib.sha256(repr(ORDERS).encode()).hexdigest()[:8]}"

    def draft(self, brief: Brief, *, n: int = 4, seed: int = 0) -> tuple[Draft, ...]:
        """`n` drafts, one a seed."""
        return tuple(self._drafted(brief, seed + turn, turn=turn) for turn in range(max(0, n)))

    def repair(self, draft: Draft, objections: Sequence[Objection], brief: Brief, *, seed: int = 0) -> Draft:
        """The draft with the lines that were objected to asked for again, from other facts."""
        wrong = {one.part for one in objections}
        kept = {part: lines for part, lines in draft.parts.items() if part not in wrong}
        return self._drafted(brief, seed + 1_000, turn=seed + 1, kept=kept)

    def _drafted(
        self, brief: Brief, seed: int, *, turn: int, kept: Mapping[str, tuple[str, ...]] | None = None
    ) -> Draft:
        language, made, effort = spoken(brief), dict(kept or {}), Effort()
        asked: list[Sequence[Message]] = []
        for name, part in parts(brief.kind, brief.limits).items():
            if name in made:
                continue
            lines: list[str] = []
            for place in range(max(1, part.least) if name != "call_to_action" else 0):
                line, spent = self._line(
                    brief, name, language, turn=turn + place, seed=seed + place, to=asked
                )
                effort += spent
                lines += [line] if line and line not in lines else []
            if name == "call_to_action":
                calls = [call for call in prompts(language)["small"]["calls"] if width(call) <= part.width]
                lines = [str(calls[seed % len(calls)])] if calls else []
            if lines:
                made[name] = tuple(lines)
        return Draft(
            brief.product.id,
            brief.kind,
            language,
            {name: made[name] for name in LAYOUTS[brief.kind] if name in made},
            writer=self.name,
            version=self.version,
            prompt=self.prompts.add(asked),
            seed=seed,
            effort=effort,
        )

    def _line(
        self, brief: Brief, part: str, language: str, *, turn: int, seed: int, to: list[Sequence[Message]]
    ) -> tuple[str, Effort]:
        """One line that fits, within a few tries; '' where none came."""
        widest, spent = parts(brief.kind, brief.limits)[part].width, Effort()
        most = room(brief.kind, part, language=language)  # a narrower one would cut words
        for again in range(_TRIES):
            said = told(brief, part, language=language, turn=turn + again)
            to.append(said)
            got = self.writer.write(said, schema=form(most), seed=seed + again * 7_919, most_tokens=_ROOM)
            spent += Effort(got.reason, got.tokens_in, got.tokens_out, got.seconds, got.cost, got.wait)
            found = (parsed(got.text) or {}).get("line", "")
            line = " ".join(found.split()) if isinstance(found, str) else ""
            if line and width(line) <= widest:
                return line, Effort("", *(getattr(spent, name) for name in _SPENT))
        return "", spent


_SPENT = tuple(name for name in Effort.__struct_fields__ if name != "reason")


def form(most: int) -> Schema:
    """What an answer has to look like."""
    return {
        "type": "object",
        "properties": {"line": {"type": "string", "minLength": 2, "maxLength": most}},
        "required": ["line"],
        "additionalProperties": False,
    }
