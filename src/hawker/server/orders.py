"""What may be ordered: documents decoded by name, and held to what the shop has and the caller may do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from hawker.records.advertiser import Advertiser
from hawker.records.campaign import Ad, AdGroup, Campaign, Cap, Daypart, Keyword, Retargeting, Targeting
from hawker.records.creative import Creative
from hawker.server.keys import Caller
from hawker.server.ownership import Holdings, overreach, reviewed
from hawker.server.wire import Refused, decoded, hint, problem, unfit
from hawker.storage.control import KINDS, Document

MOST_AT_ONCE = 1_000
_PARTS = (Targeting, Keyword, Daypart, Retargeting, Cap)
_FIELDS = {
    kind: [name for one in (record, *_PARTS) for name in one.__struct_fields__]
    for kind, record in KINDS.items()
}


@dataclass(frozen=True)
class Resource:
    """One kind of document as a resource: its name in a path, and the fields a list is filtered by."""

    kind: str
    plural: str
    filters: tuple[str, ...] = ()

    @property
    def record(self) -> type[Document]:
        """The record behind it."""
        return KINDS[self.kind]


RESOURCES = (
    Resource("advertiser", "advertisers"),
    Resource("audience", "audiences", ("advertiser", "kind")),
    Resource("campaign", "campaigns", ("advertiser",)),
    Resource("group", "groups", ("campaign",)),
    Resource("ad", "ads", ("campaign", "group", "product", "creative")),
    Resource("creative", "creatives", ("advertiser", "product")),
)
_DECODERS = {one.kind: msgspec.json.Decoder(one.record) for one in RESOURCES}
_LISTS = {one.kind: msgspec.json.Decoder(list[one.record]) for one in RESOURCES}  # type: ignore[name-defined]
_NAMED = {"campaign": "campaign", "group": "group", "creative": "creative"}
_FIXED = {"group": "campaign", "creative": "product"}
_BELONGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "advertiser": (("audience", "advertiser"), ("campaign", "advertiser"), ("creative", "advertiser")),
    "audience": (("campaign", "targeting"), ("group", "targeting"), ("audience", "seed")),
    "campaign": (("group", "campaign"), ("ad", "campaign")),
    "group": (("ad", "group"),),
    "creative": (("ad", "creative"),),
}
"""Which documents name one of a kind, and in which field."""


def one(text: bytes, kind: str, *, id: str) -> Document:
    """The document in a body; its id has to be the path's."""
    found: Document = decoded(_DECODERS[kind], text, known=_FIELDS[kind])
    if found.id != id:
        raise unfit(f"'id' is '{found.id[:80]}', the path names '{id[:80]}'.", "Give both the same.")
    return found


def many(text: bytes, kind: str) -> list[Document]:
    """The documents in a body that is a list."""
    found: list[Document] = decoded(_LISTS[kind], text, known=_FIELDS[kind])
    if len(found) > MOST_AT_ONCE:
        raise unfit(f"The list holds {len(found):,}.", f"Send at most {MOST_AT_ONCE:,} at once.")
    twice = len({document.id for document in found}) < len(found)
    if twice:
        raise unfit("The list names an id twice.", "Send each once.")
    return found


def merged(text: bytes, kind: str, *, into: Document) -> Document:
    """A document with a merge patch (RFC 7396) applied; null takes a field back to its default."""
    patch = decoded(msgspec.json.Decoder(dict[str, Any]), text)
    if patch.get("id", into.id) != into.id:
        raise unfit("'id' cannot be changed.", "Put a new document, and remove the old one.")
    try:
        found: Document = msgspec.convert(_merge(msgspec.to_builtins(into), patch), KINDS[kind])
    except msgspec.ValidationError as error:
        raise unfit(f"{error}.", hint(str(error), _FIELDS[kind])) from error
    return found


def fit(
    documents: Sequence[Document], kind: str, *, holdings: Holdings, products: Collection[str]
) -> list[Document]:
    """The documents as they will be kept; raises `Refused` for the first that names what is not there,

    or that is not the caller's to write.
    """
    before = holdings.before(kind, [document.id for document in documents])
    kept: list[Document] = []
    for index, document in enumerate(documents):
        place, old = f"[{index}]." if len(documents) > 1 else "", before.get(document.id)
        if not holdings.everything:
            document = _owned(document, kind, holdings=holdings, old=old, place=place)
        fixed = _FIXED.get(kind, "")
        if fixed and old is not None and getattr(old, fixed) != getattr(document, fixed):
            raise unfit(f"{place}{fixed}: it cannot be changed.", "Put a new one, and remove the old one.")
        kept.append(document)
    _resolve(kept, holdings=holdings, products=products)
    return kept


def dependants(kind: str, id: str, *, holdings: Holdings) -> dict[str, list[str]]:
    """The ids of the documents that name this one, by kind."""
    found: dict[str, list[str]] = {}
    for other, name in _BELONGS.get(kind, ()):
        after = ""
        while page := holdings.control.page(other, after=after):
            found.setdefault(other, []).extend(one.id for one in page if _names(getattr(one, name), id))
            after = page[-1].id
    return {other: ids for other, ids in found.items() if ids}


def _names(value: object, id: str) -> bool:
    """Whether what stands in a field names something: itself, or among the audiences aimed at."""
    if isinstance(value, Targeting):
        return id in value.audiences or id in value.not_audiences
    return value == id


def _owned(
    document: Document, kind: str, *, holdings: Holdings, old: Document | None, place: str
) -> Document:
    """An advertiser's document, unless it reaches for what is not the advertiser's."""
    caller = holdings.caller
    if isinstance(document, Advertiser):
        raise refused("Only the shop keeps its advertisers.", "Ask the shop to change it.")
    if old is not None and not holdings.holds(holdings.owners([old])[0]):
        raise Refused(
            problem(
                409,
                "In conflict",
                detail=f"{place}id: '{document.id[:80]}' is taken.",
                remedy="Use another id.",
            )
        )
    if not holdings.holds(holdings.owners([document])[0]):
        field = "campaign" if isinstance(document, AdGroup | Ad) else "advertiser"
        raise refused(f"{place}{field}: '{getattr(document, field)[:80]}' is not yours.", _own(caller, field))
    if field := overreach(kind, document, old):
        raise refused(f"{place}{field}: only the shop sets it.", "Leave it out, or as it is.")
    if isinstance(document, Creative):
        return reviewed(document, old if isinstance(old, Creative) else None)
    return document


def _own(caller: Caller, field: str) -> str:
    return f"Name '{caller.advertiser}'." if field == "advertiser" else "Name a campaign of your own."


def _resolve(documents: Sequence[Document], *, holdings: Holdings, products: Collection[str]) -> None:
    """Hold documents to what they name: campaigns, groups, creatives, products that are there."""
    names: dict[str, set[str]] = {}
    for kind, field in _NAMED.items():
        names[kind] = {getattr(document, field, "") for document in documents} - {""}
    there: dict[str, dict[str, Any]] = {
        kind: holdings.before(kind, wanted) if wanted else {} for kind, wanted in names.items()
    }
    for index, document in enumerate(documents):
        place = f"[{index}]." if len(documents) > 1 else ""
        for kind, field in _NAMED.items():
            name = getattr(document, field, "")
            if (name or (field == "campaign" and hasattr(document, field))) and name not in there[kind]:
                raise unfit(f"{place}{field}: there is no {kind} '{name[:80]}'.", f"Put the {kind} first.")
        product = getattr(document, "product", None)
        if product is not None and product not in products:
            raise unfit(f"{place}product: the catalogue has no '{product[:80]}'.", "Ingest it first.")
        if isinstance(document, Ad):
            _together(document, there, place=place)


def _together(ad: Ad, there: Mapping[str, Mapping[str, Any]], *, place: str) -> None:
    """Whether an ad's group is of its campaign, and its creative about its product and its own to use."""
    group: AdGroup | None = there["group"].get(ad.group)
    if group is not None and group.campaign != ad.campaign:
        raise unfit(
            f"{place}group: '{ad.group[:80]}' is of campaign '{group.campaign[:80]}'.", "Name one of its own."
        )
    creative: Creative | None = there["creative"].get(ad.creative)
    if creative is not None and creative.product != ad.product:
        raise unfit(
            f"{place}creative: it is about product '{creative.product[:80]}'.", "Name one about the ad's."
        )
    if creative is not None and creative.advertiser:
        campaign: Campaign = there["campaign"][ad.campaign]
        if creative.advertiser != campaign.advertiser:
            raise unfit(f"{place}creative: it is another advertiser's.", "Name one of its own or the shop's.")


def refused(detail: str, remedy: str) -> Refused:
    """A refusal of what is not the caller's."""
    return Refused(problem(403, "Not yours", detail=detail, remedy=remedy))


def _merge(held: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    found = dict(held) if isinstance(held, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _merge(found.get(name), value)
    return found
