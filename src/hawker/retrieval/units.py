"""Units: a campaign with one of its ad groups, or by itself: what they aim at, when they run, their bids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hawker.records.advertiser import Advertiser
from hawker.records.campaign import AdGroup, Campaign, Pricing, Targeting
from hawker.retrieval import aims
from hawker.retrieval.aims import Aims
from hawker.retrieval.gate import PRICINGS
from hawker.retrieval.hours import Hours

_EVERYONE = Targeting()
T = TypeVar("T")


@dataclass(frozen=True)
class Units:
    """All units of a shop, those of one campaign side by side: by itself first, then its groups.

    `campaign` points into `campaigns`, `groups` are None for a campaign by itself, `places` finds a
    unit by the ids of both ('' for no group). `astray` are the groups without a campaign.
    """

    campaigns: tuple[Campaign, ...]
    groups: tuple[AdGroup | None, ...]
    campaign: NDArray[np.int32]
    places: Mapping[tuple[str, str], int]
    advertisers: Mapping[str, Advertiser]
    astray: tuple[AdGroup, ...] = ()

    @classmethod
    def of(
        cls,
        campaigns: Sequence[Campaign],
        groups: Sequence[AdGroup] = (),
        *,
        advertisers: Sequence[Advertiser] = (),
    ) -> Units:
        """The units of campaigns and groups; groups whose campaign is not there are left out."""
        of: dict[str, list[AdGroup | None]] = {campaign.id: [None] for campaign in campaigns}
        for group in groups:
            if group.campaign in of:
                of[group.campaign].append(group)
        held = [(row, group) for row, campaign in enumerate(campaigns) for group in of[campaign.id]]
        return cls(
            campaigns=tuple(campaigns),
            groups=tuple(group for _, group in held),
            campaign=np.array([row for row, _ in held], dtype=np.int32),
            places={
                (campaigns[row].id, group.id if group else ""): unit for unit, (row, group) in enumerate(held)
            },
            advertisers={advertiser.id: advertiser for advertiser in advertisers},
            astray=tuple(group for group in groups if group.campaign not in of),
        )

    def after(
        self,
        campaigns: Mapping[str, Campaign | None],
        groups: Mapping[str, AdGroup | None],
        advertisers: Mapping[str, Advertiser | None],
    ) -> Units:
        """The units after some changes (None: removed), in order of ids; what still holds is kept."""
        if not (campaigns or groups or advertisers):
            return self
        made = Units.of(
            merged({one.id: one for one in self.campaigns}, campaigns),
            merged({one.id: one for one in (*self.groups, *self.astray) if one}, groups),
            advertisers=merged(self.advertisers, advertisers),
        )
        if made.places == self.places:
            pairs = [(a, b) for a, b in zip(self.campaigns, made.campaigns, strict=True) if a is not b]
            kin = [(a, b) for a, b in zip(self.groups, made.groups, strict=True) if a and b and a is not b]
            alike = all(a.targeting == b.targeting for a, b in pairs)
            if alike and all(a.targeting == b.targeting for a, b in kin):
                if all(_when(a) == _when(b) for a, b in pairs):
                    vars(made)["hours"] = self.hours
                vars(made)["aims"] = self.aims
        return made

    def __len__(self) -> int:
        return len(self.groups)

    @cached_property
    def aims(self) -> Aims:
        """What the units aim at."""
        own = [self.campaigns[row].targeting for row in self.campaign.tolist()]
        grouped = [group.targeting if group else _EVERYONE for group in self.groups]
        return aims.compiled([own, grouped], hours=self.hours.aimed)

    @cached_property
    def hours(self) -> Hours:
        """When the units run."""
        return Hours(self.campaigns, self.groups, self.campaign)

    @cached_property
    def none(self) -> NDArray[np.int8]:
        """No reason against any unit; not to be written to."""
        return np.zeros(len(self), dtype=np.int8)

    @cached_property
    def bid(self) -> NDArray[np.int64]:
        """By unit: the group's bid, else the campaign's."""
        owners = [self.campaigns[row] for row in self.campaign.tolist()]
        return np.array(
            [
                owner.bid if group is None or group.bid is None else group.bid
                for owner, group in zip(owners, self.groups, strict=True)
            ],
            dtype=np.int64,
        )

    @cached_property
    def pricing(self) -> NDArray[np.int8]:
        """By unit: the place of its pricing in `PRICINGS`."""
        by_campaign = [PRICINGS.index(campaign.pricing) for campaign in self.campaigns]
        return np.array(by_campaign, dtype=np.int8)[self.campaign]

    @cached_property
    def per_thousand(self) -> NDArray[np.bool_]:
        """By campaign: whether it pays per thousand impressions."""
        return np.array([campaign.pricing is Pricing.CPM for campaign in self.campaigns], dtype=np.bool_)

    @cached_property
    def advertiser(self) -> NDArray[np.int64]:
        """By campaign: a code for its advertiser, -1 where it names none."""
        codes: dict[str, int] = {"": -1}
        named = [codes.setdefault(campaign.advertiser, len(codes) - 1) for campaign in self.campaigns]
        return np.array(named, dtype=np.int64)

    @cached_property
    def paused(self) -> NDArray[np.bool_]:
        """By unit: whether its advertiser, its campaign or its group is paused."""
        halted = {name for name, advertiser in self.advertisers.items() if not advertiser.active}
        owners = [not campaign.active or campaign.advertiser in halted for campaign in self.campaigns]
        grouped = [group is not None and not group.active for group in self.groups]
        return np.array(owners, dtype=np.bool_)[self.campaign] | np.array(grouped, dtype=np.bool_)

    @cached_property
    def of_advertiser(self) -> Mapping[str, NDArray[np.int64]]:
        """The units of each advertiser."""
        found: dict[str, list[int]] = {}
        for unit, row in enumerate(self.campaign.tolist()):
            found.setdefault(self.campaigns[row].advertiser, []).append(unit)
        return {name: np.array(units, dtype=np.int64) for name, units in found.items()}

    @cached_property
    def of_campaign(self) -> Mapping[str, slice]:
        """The units of each campaign."""
        starts = np.searchsorted(self.campaign, np.arange(len(self.campaigns) + 1)).tolist()
        return {
            campaign.id: slice(starts[row], starts[row + 1]) for row, campaign in enumerate(self.campaigns)
        }


def merged(held: Mapping[str, T], changes: Mapping[str, T | None]) -> list[T]:
    """Documents by id after some changes (None: removed), in order of ids."""
    both: dict[str, T | None] = {**held, **changes}
    return [one for _, one in sorted(both.items()) if one is not None]


def _when(campaign: Campaign) -> tuple[int, int, str, int]:
    return campaign.start, campaign.end, campaign.timezone, campaign.utc_offset_minutes
