"""Whom an order may aim at: audiences that are there, that are the caller's to use, and not too small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hawker.audience import members, rules
from hawker.errors import BadInput, nearest
from hawker.records.audience import Audience, Kind
from hawker.records.campaign import AdGroup, Campaign
from hawker.server.ownership import Holdings
from hawker.server.wire import unfit
from hawker.storage.control import Document
from hawker.storage.shop import Shop


def aimed(documents: Sequence[Document], kind: str, *, holdings: Holdings, shop: Shop) -> None:
    """Raise `Refused` for the first order that aims at an audience it may not, or defines one it cannot.

    What a campaign aimed at before it may go on aiming at.
    """
    before = holdings.before(kind, [one.id for one in documents])
    for number, document in enumerate(documents):
        place = f"[{number}]." if len(documents) > 1 else ""
        if isinstance(document, Audience):
            _defined(document, holdings=holdings, shop=shop, place=place)
        elif isinstance(document, Campaign | AdGroup):
            _targeting(document, before.get(document.id), holdings=holdings, shop=shop, place=place)


def visible(names: Iterable[str], *, holdings: Holdings, shop: Shop) -> dict[str, Audience]:
    """Those of some names that the caller may see; a list that is in the table only is the shop's."""
    wanted = list(dict.fromkeys(names))
    found = [one for one in holdings.control.among("audience", wanted) if isinstance(one, Audience)]
    seen = {one.id: one for one in holdings.seen(found) if isinstance(one, Audience)}
    if holdings.everything:
        bare = {*wanted} - {one.id for one in found}
        seen |= {name: Audience(name, Kind.LIST) for name in members.sizes(shop) if name in bare}
    return seen


def _defined(one: Audience, *, holdings: Holdings, shop: Shop, place: str) -> None:
    """An audience whose rule can be read, and that is made of others the caller may see."""
    named = [("seed", one.seed)] if one.seed else []
    if one.kind is Kind.RULES and one.rule.strip():
        try:
            rule = rules.parse(one.rule)
        except BadInput as error:
            raise unfit(f"{place}rule: {error.message}", error.remedy) from error
        named = [("rule", test.of) for test in rules.tests(rule) if test.field == "in_list"]
    _there(named, holdings=holdings, shop=shop, place=place)


def _targeting(
    order: Campaign | AdGroup, old: Document | None, *, holdings: Holdings, shop: Shop, place: str
) -> None:
    usual = set(_aims(old)) if isinstance(old, Campaign | AdGroup) else set()
    fresh = [aim for aim in _aims(order) if aim not in usual]
    if not fresh:
        return
    _there(fresh, holdings=holdings, shop=shop, place=place)
    sizes, least = members.sizes(shop), shop.settings.audiences.least
    for field, name in fresh:
        leaves_out = field.endswith("not_audiences") and holdings.everything
        if sizes.get(name, 0) < least and not leaves_out:
            raise unfit(
                f"{place}{field}: '{name[:80]}' has fewer than {least} shoppers.",
                "Widen it, or wait until it has more: GET /v1/audiences/ID/size tells.",
            )


def _aims(order: Campaign | AdGroup) -> Iterator[tuple[str, str]]:
    for field in ("audiences", "not_audiences"):
        for name in getattr(order.targeting, field):
            yield f"targeting.{field}", name


def _there(named: Sequence[tuple[str, str]], *, holdings: Holdings, shop: Shop, place: str) -> None:
    known = visible((name for _, name in named), holdings=holdings, shop=shop) if named else {}
    for field, name in named:
        if name not in known:
            others = [one.id for one in holdings.seen(holdings.control.audiences())]
            remedy = nearest(name, others) if others else "Put the audience first."
            raise unfit(f"{place}{field}: there is no audience '{name[:80]}'.", remedy)
