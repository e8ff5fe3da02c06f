"""Whose is what: what a key sees of the shop's orders, what it may change, and what only the shop decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hawker.records.advertiser import Advertiser
from hawker.records.audience import Audience
from hawker.records.campaign import Ad, AdGroup, Campaign
from hawker.records.creative import Creative
from hawker.records.key import Role
from hawker.server.keys import Caller
from hawker.storage.control import Control, Document

RESERVED: Mapping[str, tuple[str, ...]] = {
    "campaign": ("tier", "share", "synthetic"),
    "ad": ("quality", "flighted"),
    "group": (),
    "creative": ("origin",),
    "audience": ("shared",),
}
"""Fields that only the shop sets: they decide about others' money too, or about what is true."""
_WORDS = ("product", "headline", "description", "image", "call_to_action", "language")


@dataclass
class Holdings:
    """The shop's orders as one caller sees them, for as long as one request takes."""

    control: Control
    caller: Caller
    _owners: dict[str, str] = field(default_factory=dict)

    @property
    def everything(self) -> bool:
        """Whether the caller sees whatever there is."""
        return self.caller.role is not Role.ADVERTISER

    def seen(self, documents: Sequence[Document]) -> list[Document]:
        """Those documents that the caller may see."""
        if self.everything:
            return list(documents)
        owners = self.owners(documents)
        return [
            one for one, owner in zip(documents, owners, strict=True) if self.holds(owner) or _shared(one)
        ]

    def campaigns(self) -> frozenset[str] | None:
        """The campaigns that the caller sees, or None where it sees all of them."""
        if self.everything:
            return None
        return frozenset(one.id for one in self.control.campaigns() if self.holds(one.advertiser))

    def holds(self, owner: str) -> bool:
        """Whether what belongs to an owner is the caller's to see."""
        return self.everything or (bool(owner) and owner == self.caller.advertiser)

    def writes(self, document: Document) -> bool:
        """Whether a document is the caller's to change; what is shared is only to be seen."""
        return self.holds(self.owners([document])[0])

    def owners(self, documents: Sequence[Document]) -> list[str]:
        """Whom documents belong to: their advertiser; '' is the shop."""
        self._learn(one.campaign for one in documents if isinstance(one, AdGroup | Ad))
        return [self._owner(one) for one in documents]

    def before(self, kind: str, ids: Collection[str]) -> dict[str, Document]:
        """The documents of a kind that have these ids now."""
        return {one.id: one for one in self.control.among(kind, list(ids))}

    def last(self, kind: str, id: str) -> Document | None:
        """What a document is, or was before it was removed."""
        known = (one.document for one in reversed(self.control.history(kind, id)))
        return next((document for document in known if document is not None), None)

    def _owner(self, document: Document) -> str:
        if isinstance(document, Advertiser):
            return document.id
        if isinstance(document, Audience | Campaign | Creative):
            return document.advertiser
        return self._owners.get(document.campaign, "")

    def _learn(self, campaigns: Iterable[str]) -> None:
        unknown = {name for name in campaigns if name not in self._owners}
        there = self.before("campaign", unknown) if unknown else {}
        for name in unknown:
            found = there.get(name) or self.last("campaign", name)
            self._owners[name] = found.advertiser if isinstance(found, Campaign) else ""


def _shared(document: Document) -> bool:
    """Whether the shop lets every advertiser see it."""
    return isinstance(document, Audience) and document.shared and not document.advertiser


def overreach(kind: str, new: Document, old: Document | None) -> str:
    """The field by which an advertiser would decide what is the shop's to decide; '' where there is none."""
    usual: Any = old
    for name in RESERVED.get(kind, ()):
        default = next(one.default for one in msgspec.structs.fields(new) if one.name == name)
        if getattr(new, name) != (default if old is None else getattr(usual, name)):
            return name
    return ""


def reviewed(new: Creative, old: Creative | None) -> Creative:
    """An advertiser's copy as it is kept: new words wait for the shop's approval."""
    same = old is not None and all(getattr(new, name) == getattr(old, name) for name in _WORDS)
    return msgspec.structs.replace(new, approved=bool(same and old and old.approved))
