"""Copy on record: what was asked, every draft that came of it, what was held against it, who let it pass."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from hawker.records.draft import Brief, Draft, Kind, Objection


class Standing(StrEnum):
    """Where a draft stands: fallen at the gate, waiting for a person, approved, or refused by one."""

    FALLEN = "fallen"
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


class Ruling(Struct, frozen=True, omit_defaults=True):
    """One change of standing: when (microseconds), by whom (a key, or a person at the shop), and why."""

    standing: Standing
    time: int
    by: str
    reason: str = ""


class Variant(Struct, frozen=True, omit_defaults=True):
    """One draft with all that became of it.

    `objections` are what the gate holds against it as it is now, `before` what it held against it
    before it was `mended` ('repaired' by its writer, 'cut': faulty lines left out). `score` is how much
    likelier than an average headline it is to be clicked (log-odds, `deviation` its standard
    deviation; None where no prior spoke), `fit` how near its first line came to what the audience looks at
    (a cosine) and `fluency` how naturally it read to the local model (nats a token), where they were asked.
    `creative` is the creative it became.
    """

    id: str
    sheet: str
    draft: Draft
    standing: Standing
    objections: tuple[Objection, ...] = ()
    before: tuple[Objection, ...] = ()
    mended: str = ""
    score: float | None = None
    deviation: float | None = None
    advertiser: str = ""
    rulings: tuple[Ruling, ...] = ()
    creative: str = ""
    fit: float | None = None
    fluency: float | None = None

    @property
    def product(self) -> str:
        """The product it is for."""
        return self.draft.product

    @property
    def kind(self) -> Kind:
        """What the words are for."""
        return self.draft.kind


class Sheet(Struct, frozen=True, omit_defaults=True):
    """One brief and every variant that a writer made of it: `wanted` so many, from `seed` on.

    `advertiser` is on whose behalf ('' is the shop), `campaign` for what, `reason` says why there are
    fewer variants than were wanted.
    """

    id: str
    brief: Brief
    writer: str
    version: str
    wanted: int
    seed: int
    time: int = 0
    by: str = ""
    advertiser: str = ""
    campaign: str = ""
    variants: tuple[Variant, ...] = ()
    reason: str = ""

    @property
    def accepted(self) -> tuple[Variant, ...]:
        """Those that may be shown as soon as somebody approves them."""
        return tuple(one for one in self.variants if one.standing is not Standing.FALLEN)

    @property
    def rejected(self) -> tuple[Variant, ...]:
        """Those that the gate kept back, each with its objections."""
        return tuple(one for one in self.variants if one.standing is Standing.FALLEN)
