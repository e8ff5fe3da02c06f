"""Copy by a language model: the brief becomes messages, its answer a draft; what goes wrong is its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from hawker.creative.draft.extractive import spoken
from hawker.creative.prompted_asked import asked, mended, prompts, schema
from hawker.creative.prompted_held import Held
from hawker.creative.prompted_reply import reply
from hawker.creative.prompted_told import Told
from hawker.language.writer import Message, Writer, Written
from hawker.records.draft import Brief, Draft, Effort, Kind, Objection

_ROOM = {Kind.DESCRIPTION: 700, Kind.RESPONSIVE: 600, Kind.PERFORMANCE: 700, Kind.KEYWORDS: 500}
_USUAL = 300  # tokens of an answer
_LATER = frozenset({"busy", "away"})


class Prompted:
    """Drafts by a language model, with the product's facts as data and each part's limits as a schema.

    A small model is asked for a line at a time, made of the product's own phrases (`Held`). `small` says
    so against what the writer says of itself. `prompts` is what it was told lately, by the key that drafts
    name. Raises nothing that another try would mend: the draft's `effort` says what went wrong.
    """

    def __init__(self, writer: Writer, *, small: bool | None = None) -> None:
        self.writer = writer
        self.small = writer.small if small is None else small
        self.prompts = Told()

    @property
    def name(self) -> str:
        """As drafts name their writer."""
        return self.writer.name

    @property
    def version(self) -> str:
        """Which model, told in which words."""
        told = msgspec.json.encode([prompts("en"), prompts("zh")], order="sorted")
        how = "lines" if self.small else "whole"
        return f"{self.writer.version}+{how}-{hashlib.sha256(told).hexdigest()[:8]}"

    def draft(self, brief: Brief, *, n: int = 4, seed: int = 0) -> tuple[Draft, ...]:
        """`n` drafts, one a seed; fewer where the writer may not be asked now, and then the last says why."""
        made: list[Draft] = []
        heads: list[str] = []
        for turn in range(max(0, n)):
            one = (
                self._lines(brief, seed + turn, heads=heads)
                if self.small
                else self._whole(brief, seed + turn)
            )
            made.append(one)
            if made[-1].effort.reason in _LATER:
                break
        return tuple(made)

    def repair(self, draft: Draft, objections: Sequence[Objection], brief: Brief, *, seed: int = 0) -> Draft:
        """The draft written anew with what was held against it in words; without parts where that failed."""
        if self.small:
            return self._lines(brief, seed, without=[one.text or one.part for one in objections], was=draft)
        told = asked(brief, language=draft.language)
        said = msgspec.json.encode({part: list(lines) for part, lines in draft.parts.items()}).decode()
        findings = mended(objections, language=draft.language)
        return self._answered([*told, Message("assistant", said), findings], brief, seed)

    def _whole(self, brief: Brief, seed: int) -> Draft:
        return self._answered(list(asked(brief, language=spoken(brief))), brief, seed)

    def _answered(self, told: Sequence[Message], brief: Brief, seed: int) -> Draft:
        language = spoken(brief)
        room = _ROOM.get(brief.kind, _USUAL)
        form = schema(brief.kind, language=language)
        written = self.writer.write(told, schema=form, seed=seed, most_tokens=room)
        parts, reason = reply(written, told, kind=brief.kind, language=language)
        effort = replace(_effort(written), reason=reason)
        return self._draft(brief, language, parts, [told], effort, seed)

    def _lines(
        self,
        brief: Brief,
        seed: int,
        *,
        heads: list[str] | None = None,
        without: Sequence[str] = (),
        was: Draft | None = None,
    ) -> Draft:
        """Line by line; of a draft that is mended, the lines that nobody objected to are kept."""
        language = spoken(brief)
        held = Held(brief, language=language, seed=seed, without=without, heads=heads)
        parts = held.fill(self.writer, kept=was.parts if was else {})
        return self._draft(brief, language, parts, held.told, held.effort, seed)

    def _draft(
        self,
        brief: Brief,
        language: str,
        parts: Mapping[str, tuple[str, ...]],
        told: Sequence[Sequence[Message]],
        effort: Effort,
        seed: int,
    ) -> Draft:
        return Draft(
            brief.product.id,
            brief.kind,
            language,
            dict(parts),
            writer=self.name,
            version=self.version,
            prompt=self.prompts.add(told),
            seed=seed,
            effort=effort,
        )


def _effort(written: Written) -> Effort:
    return Effort(*(getattr(written, name) for name in Effort.__struct_fields__))
