"""What one process has leased of campaigns' days, and how much of it lies ready before it is asked for.

Money that lies ready lets the first reservation of a campaign wait for no disk; money that lies idle is
missed elsewhere. So a campaign that stands by keeps a small part of what remains, gets more when two
thirds of it are gone, and gives back only what exceeds that part twice over. What needs the accounts to
decide is looked at anew every dozen heartbeats.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hawker.records.campaign import Campaign
from hawker.records.charge import Terms

AHEAD = 0.05
"""How much of what remains of a campaign's day lies ready in a process that has not been asked for it."""
SOON = 30_000_000
"""How long before a campaign's day turns, or its flight begins, money is made ready for it."""
CHUNK = 256
REVIEWS = 12
Key = tuple[str, int]
"""A campaign and one of its local days."""


@dataclass
class Lease:
    """`open` is leased and not charged, `held` of it is reserved; all in micros.

    Since the last heartbeat it was `used` or not, and `taken` was reserved; `pace` between the two before.
    `granted` is what the last lease gave, `fair` is how much may lie idle. `moves` counts what this
    process changed of it on the disk, `settling` how many charges are on their way there.
    """

    open: int = 0
    held: int = 0
    used: bool = True
    taken: int = 0
    pace: int = 0
    granted: int = 0
    fair: int = 0
    moves: int = 0
    settling: int = 0

    @property
    def free(self) -> int:
        """What can still be reserved."""
        return self.open - self.held

    @property
    def low(self) -> bool:
        """Whether it may run out before it is looked at again."""
        return self.free <= max(self.granted // 3, 2 * self.pace)

    def grow(self, amount: int, *, fair: int) -> None:
        """Take in what the accounts granted."""
        if amount:
            self.open += amount
            self.granted = amount
            self.moves += 1
        self.fair = fair


@dataclass(frozen=True)
class Hold:
    """One reservation."""

    key: Key
    amount: int
    expires: int


class Wish(NamedTuple):
    """A campaign's day to lease ahead for: `need` is the least to add, None only asks what remains."""

    campaign: str
    day: int
    need: int | None


def portion(left: int, need: int | None, *, ahead: float, share: float) -> int:
    """How much of what remains to lease before it is asked for: never more than a share, never the last.

    >>> portion(1_000, 0, ahead=0.05, share=0.2), portion(1_000, 90, ahead=0.05, share=0.2)
    (50, 90)
    >>> portion(1_000, 5_000, ahead=0.05, share=0.2), portion(1_000, None, ahead=0.05, share=0.2)
    (200, 0)
    """
    return 0 if need is None or left <= 0 else min(max(need, int(left * ahead)), int(left * share))


def agreed(
    leases: Mapping[Key, Lease],
    kept: Mapping[Key, int],
    *,
    moves: Mapping[Key, int],
    given_back: Collection[Key],
) -> dict[Key, Lease]:
    """The leases after a heartbeat: the disk is believed about those that nothing moved here meanwhile,

    since others may have taken of them; `moves` is as it was before.
    """
    for key, lease in leases.items():
        if moves.get(key) == lease.moves and not lease.settling:
            lease.open = min(lease.open, kept.get(key, 0))
        if key in given_back:
            lease.granted = lease.fair
        lease.used, lease.pace, lease.taken = False, lease.taken, 0
    return {key: lease for key, lease in leases.items() if lease.open > 0 or lease.held > 0}


class Standby:
    """The campaigns that stand by, and what to lease for them and give back of theirs."""

    def __init__(self) -> None:
        self._flights: dict[str, tuple[int, int]] = {}
        self._groups: list[list[str]] = []

    def put(self, campaigns: Iterable[Campaign]) -> None:
        """These stand by from now on: those that are switched on and have a budget."""
        self._flights = {
            one.id: (one.start, one.end)
            for one in campaigns
            if one.active and not (one.daily_budget is None and one.total_budget is None)
        }
        names = sorted(self._flights)
        self._groups = [names[place : place + CHUNK] for place in range(0, len(names), CHUNK)]

    def groups(self) -> list[list[str]]:
        """The campaigns in parts, each small enough for one short transaction."""
        return self._groups

    def wishes(
        self,
        names: Iterable[str],
        leases: Mapping[Key, Lease],
        *,
        terms: Mapping[str, Terms],
        now: int,
        review: bool,
    ) -> list[Wish]:
        """What to lease ahead for these campaigns: for what runs low, and before a day turns."""
        found = []
        for name in names:
            (start, end), bound = self._flights.get(name, (0, 0)), terms.get(name)
            if bound is None or bound.unlimited or start > now + SOON or (end and end <= now):
                continue
            for day in dict.fromkeys((bound.day(now), bound.day(now + SOON))):
                lease = leases.get((name, day))
                if lease is None:
                    found.append(Wish(name, day, 0))
                elif lease.low:
                    found.append(Wish(name, day, max(0, 4 * lease.pace - lease.free)))
                elif review:
                    found.append(Wish(name, day, None))
        return found

    def idle(
        self, leases: Mapping[Key, Lease], *, terms: Mapping[str, Terms], now: int | None
    ) -> dict[Key, int]:
        """What lay unused since the last heartbeat and is too much to lie ready."""
        found = {}
        for key, lease in leases.items():
            if not lease.used and lease.free > 0:
                kept = lease.fair if self._stands(key, terms.get(key[0]), now) else 0
                if lease.free > 2 * kept:
                    found[key] = lease.free - kept
        return found

    def _stands(self, key: Key, terms: Terms | None, now: int | None) -> bool:
        return key[0] in self._flights and terms is not None and (now is None or key[1] >= terms.day(now))


class Elsewhere:
    """Reservations made here whose outcome another process was told, and charges.

    They are let go at the second heartbeat after: by then the charge is on the disk, and the disk has
    said whether it came out of the lease here. Sooner, the same money could be promised twice.
    """

    def __init__(self) -> None:
        self._fresh: set[str] = set()
        self._settled: set[str] = set()

    def put(self, names: Iterable[str]) -> None:
        """These were told to others."""
        self._fresh.update(names)

    def beat(self) -> set[str]:
        """A heartbeat has passed: what may be let go."""
        done, self._settled, self._fresh = self._settled, self._fresh, set()
        return done


class Shortages:
    """Campaigns' days found short of money: what was asked for, and until when not to ask again."""

    def __init__(self) -> None:
        self._found: dict[Key, tuple[int, int]] = {}

    def note(self, key: Key, amount: int, *, until: int) -> None:
        """So much was not to be had."""
        self._found[key] = (amount, until)

    def known(self, key: Key, amount: int, *, moment: int) -> bool:
        """Whether asking for so much would be in vain."""
        asked, until = self._found.get(key, (0, 0))
        return moment < until and amount >= asked

    def names(self, moment: int) -> frozenset[str]:
        """The campaigns found short lately."""
        return frozenset(campaign for (campaign, _), (_, until) in self._found.items() if until > moment)

    def learn(self, key: Key, available: int, *, until: int) -> None:
        """So much is to be had now: if that is still too little, it need not be asked for."""
        if key in self._found:
            asked, before = self._found.pop(key)
            if available < asked:
                self._found[key] = (asked, max(until, before))

    def forget(self, moment: int | None = None) -> None:
        """Let go of what was found before that moment, or of everything."""
        kept = {} if moment is None else self._found
        self._found = {key: found for key, found in kept.items() if found[1] > (moment or 0)}
