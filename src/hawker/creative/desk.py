"""Who lets copy be shown: drafts are filed, approved or refused by a person, and become creatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from hawker.creative import gate, law
from hawker.creative.studio import wrong
from hawker.errors import BadInput, Conflict, nearest
from hawker.records.advertiser import Advertiser
from hawker.records.catalogue import Product
from hawker.records.creative import Creative
from hawker.records.decision import ShownAd
from hawker.records.draft import Brief, Kind
from hawker.records.sheet import Ruling, Sheet, Standing, Variant
from hawker.storage.control import Control
from hawker.storage.drafts import Drafts

AUTO = "auto"
"""By whom what an advertiser lets pass by itself is approved."""
SHOWN: Mapping[Kind, tuple[str, str, str]] = {
    Kind.NATIVE: ("title", "description", "call_to_action"),
    Kind.BANNER: ("headline", "line", "call_to_action"),
}
"""The kinds that stand on the shop's own pages: which parts are headline, description and call to action."""
LONGEST_REASON = 400


def creative(variant: Variant, placement: str = "") -> Creative | None:
    """The creative that an approved variant becomes; None for kinds that are shown elsewhere."""
    names = SHOWN.get(variant.kind)
    if names is None:
        return None
    headline, description, call = ("".join(variant.draft.parts.get(name, ())[:1]) for name in names)
    return Creative(
        variant.id,
        variant.product,
        headline,
        description=description,
        call_to_action=call,
        language=variant.draft.language,
        origin=variant.draft.writer,
        approved=True,
        advertiser=variant.advertiser,
        placements=(placement,) if placement else (),
    )


def evidence(control: Control, owner: str, own: tuple[str, ...]) -> tuple[str, ...]:
    """The rules for which there is proof: an advertiser's, or the shop's `own` for the shop's copy.

    Raises `BadInput` for a rule that there is not, or for which proof does not count.
    """
    held = control.get("advertiser", owner) if owner else None
    found = held.evidence if isinstance(held, Advertiser) else () if owner else own
    known = law.provable() if found else []
    for name in found:
        if name not in known:
            raise BadInput(
                f"evidence: there is no rule '{name[:80]}' for which proof counts.",
                remedy=nearest(name, known),
            )
    return found


def shown(variant: Variant, product: Product) -> ShownAd | None:
    """A variant as it would stand on a page; None for kinds that are shown elsewhere."""
    made = creative(variant)
    if made is None:
        return None
    return ShownAd(
        id=variant.id,
        campaign="",
        advertiser=variant.advertiser,
        product=product.id,
        headline=made.headline,
        description=made.description,
        image=product.image,
        link=product.link,
        creative=made.id,
        call_to_action=made.call_to_action,
    )


@dataclass(frozen=True)
class Desk:
    """Where drafts are decided about: their record, the shop's creatives, and its products as they are now.

    `own` says whether the shop's own copy is approved by itself, `proven` what there is proof for; for
    advertisers their `auto_approve` and `evidence` do.
    """

    drafts: Drafts
    control: Control
    catalogue: Mapping[str, Product]
    own: bool = False
    proven: tuple[str, ...] = ()

    def file(
        self,
        sheets: Sequence[Sheet],
        *,
        prompts: Mapping[str, str] | None = None,
        approver: str = "",
        reason: str = "",
    ) -> list[Sheet]:
        """Put sheets on record; what is approved by itself, or by `approver`, becomes creatives at once.

        Nothing but what the gate passed without a word is approved unless an `approver` answers for it.
        Sheets that were on record already are left as they are. Returns the new ones as they were kept.
        """
        there = self.drafts.written([sheet.id for sheet in sheets])
        waived = {owner for owner in {sheet.advertiser for sheet in sheets} if self._waived(owner)}
        fresh = []
        for sheet in sheets:
            if sheet.id not in there:
                by = approver or (AUTO if sheet.advertiser in waived else "")
                fresh.append(_passed(sheet, by, reason) if by else sheet)
        self.drafts.keep(fresh, prompts=prompts)
        made = [
            creative(one, sheet.brief.placement) for sheet in fresh for one in sheet.variants if one.creative
        ]
        for by in {approver or AUTO} if made else ():
            self.control.put_creatives([one for one in made if one is not None], by=by)
        return fresh

    def approve(
        self, id: str, *, by: str, time: int, reason: str = "", unquestioned: bool = False
    ) -> Variant:
        """Let a variant be shown. It goes through the gate again, with the product as it is now.

        Raises `Conflict` where the gate keeps it back (where it is to be `unquestioned`: where it asks
        anything), `NotFound` where there is none. Approving twice changes nothing.
        """
        brief = self.drafts.sheet(self.drafts.get(id).sheet).brief

        def let(one: Variant) -> Variant:
            product = self.catalogue.get(one.product)
            if product is None:
                raise Conflict(
                    f"'{id[:80]}' is about '{one.product[:80]}', which the catalogue has no more.",
                    remedy="Refuse it.",
                )
            objections = gate.check(one.draft, self._now(brief, product, one.advertiser))
            found = list(objections) if unquestioned else wrong(objections)
            if found:
                raise Conflict(
                    f"The gate keeps '{id[:80]}' back: {found[0].message}",
                    remedy=found[0].remedy or "Write it again.",
                )
            if one.standing is Standing.APPROVED:
                return one
            return _ruled(one, Ruling(Standing.APPROVED, time, by, _bounded(reason)))

        self.drafts.change(id, let)
        return self._settle(id, by)

    def refuse(self, id: str, *, by: str, time: int, reason: str) -> Variant:
        """Keep a variant from being shown, and say why; one that was approved is taken down."""
        if not reason.strip():
            raise BadInput("A refusal needs a reason.", remedy="Say in a few words what is wrong with it.")

        def keep(one: Variant) -> Variant:
            if one.standing in (Standing.REFUSED, Standing.FALLEN):
                return one
            return _ruled(one, Ruling(Standing.REFUSED, time, by, _bounded(reason)))

        self.drafts.change(id, keep)
        return self._settle(id, by)

    def stale(
        self, *, by: str, time: int, reader: str = "en", among: Iterable[Variant] | None = None
    ) -> list[Variant]:
        """Take down every approved variant that is no longer true of its product, each with its reason.

        A price that has changed since, a word that a law now forbids: the gate decides as it does today.
        `among` are those to be looked at (None: all).
        """
        taken = []
        held = self.drafts.all(standing=Standing.APPROVED.value) if among is None else among
        for one in list(held):
            product = self.catalogue.get(one.product)
            brief = self.drafts.sheet(one.sheet).brief
            if product is not None:
                now = self._now(brief, product, one.advertiser)
                found = wrong(gate.check(one.draft, now, reader=reader))
                said = found[0].message or found[0].reason if found else ""
            else:
                said = "gone"
            if said:
                taken.append(self.refuse(one.id, by=by, time=time, reason=said))
        return taken

    def _settle(self, id: str, by: str) -> Variant:
        """Bring a variant's creative in line with how it stands, whoever else decides meanwhile."""
        placement = self.drafts.sheet(self.drafts.get(id).sheet).brief.placement
        while True:
            one = self.drafts.get(id)
            held, copy = self.control.get("creative", id), creative(one, placement)
            approved = one.standing is Standing.APPROVED
            if copy is not None and (approved or isinstance(held, Creative)):
                kept = held if isinstance(held, Creative) and _same(held, copy) else copy
                self.control.put_creatives([replace(kept, approved=approved)], by=by)
            if self.drafts.get(id).standing is one.standing:
                return one

    def _now(self, brief: Brief, product: Product, owner: str) -> Brief:
        """A brief with the product and the proof that there are now."""
        return replace(brief, product=product, evidence=evidence(self.control, owner, self.proven))

    def _waived(self, owner: str) -> bool:
        if not owner:
            return self.own
        held = self.control.get("advertiser", owner)
        return isinstance(held, Advertiser) and held.auto_approve


def _same(held: Creative, copy: Creative) -> bool:
    """Whether a creative still has the words that were approved; the rest is its owner's."""
    return replace(held, image="", caps=(), retired="", approved=True) == copy


def _passed(sheet: Sheet, by: str, reason: str) -> Sheet:
    """A sheet with its variants approved: by itself only those without an objection of any weight."""
    ruling = Ruling(Standing.APPROVED, sheet.time, by, reason)
    variants = tuple(
        _ruled(one, ruling)
        if one.standing is Standing.WAITING and not (by == AUTO and one.objections)
        else one
        for one in sheet.variants
    )
    return replace(sheet, variants=variants)


def _ruled(variant: Variant, ruling: Ruling) -> Variant:
    made = replace(variant, standing=ruling.standing, rulings=(*variant.rulings, ruling))
    shown = ruling.standing is Standing.APPROVED and variant.kind in SHOWN
    return replace(made, creative=variant.id if shown else "")


def _bounded(reason: str) -> str:
    return " ".join(reason.split())[:LONGEST_REASON]
