"""Whom a campaign should speak to, out of all it could choose: the suggestion, and what each is called."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct
from msgspec.structs import replace

from hawker.audience.candidates import Candidate, candidates
from hawker.audience.moment import Moment
from hawker.audience.suggest import Choice, Suggestion, suggest
from hawker.privacy import threshold
from hawker.records.audience import Audience
from hawker.records.campaign import Campaign


class Proposal(Struct, frozen=True):
    """A suggestion, and by key what it chose among, without who is in it; `no_buyers` says why none are."""

    suggestion: Suggestion
    among: dict[str, Candidate]
    no_buyers: str = ""

    @property
    def proposed(self) -> tuple[Audience, ...]:
        """Audiences that are not there yet, as they would be made."""
        return tuple(one.audience for one in self.among.values() if one.proposed and one.audience)


def propose(
    moment: Moment, campaign: Campaign, products: Collection[str], *, held: Iterable[Audience], seed: int = 7
) -> Proposal:
    """Weigh for a campaign of these products all it could choose; `held` as in `candidates`."""
    found, reason = candidates(moment, products, held=held, advertiser=campaign.advertiser)
    members = {key: one.members for key, one in found.items()}
    least = moment.shop.settings.audiences.least
    told = suggest(moment, campaign, products, members, least=least, seed=seed)
    return Proposal(told, {key: replace(one, members=frozenset()) for key, one in found.items()}, reason)


def rounded(told: Suggestion, *, least: int) -> Suggestion:
    """A suggestion as it is told to others than the shop: no figure as fine as one shopper."""
    choices = tuple(_rounded(one, least) for one in told.choices)
    return replace(told, choices=choices, lead=threshold.figure(told.lead))


def _rounded(one: Choice, least: int) -> Choice:
    names = ("visits", "rate", "lift", "conversions", "cost", "net")
    figures = {name: threshold.figure(getattr(one, name)) for name in names}
    members = threshold.told(one.members, least=least, rounded=True) or least
    return replace(one, members=members, paid=float(f"{one.paid:.2g}"), **figures)
