"""Which events nobody should pay for: general invalid traffic by rules, the rules as data and settings.

What breaks a rule is kept with `invalid: RULE` as its reason: never billed, never folded into a
click rate, counted in the report. Address and user agent are judged here and stored nowhere.
"""

from __future__ import annotations

import csv
import secrets
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from importlib.resources import files as resources
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TypeVar

import msgspec

from hawker.delivery.commit import reservation
from hawker.errors import BadInput
from hawker.records.events import SECOND, Event, EventKind
from hawker.records.traffic import MARK, Limits, Traffic, marked

REASONS: dict[str, str] = {
    "declared_bot": "The user agent names a crawler, a monitor, a driven browser or a library.",
    "no_browser": "No user agent came with it, or one that no browser sends.",
    "data_centre": "The address lies in the shop's list of data centres.",
    "prefetch": "The page was fetched ahead: nobody had seen it yet.",
    "forged_token": "The token was not signed by this shop, or reports another act.",
    "expired_token": "The token came after its time.",
    "replayed_token": "The token had been used before.",
    "no_token": "A browser named a decision and brought no token for it.",
    "no_impression": "A click on an ad of which no impression is known.",
    "too_soon": "A click sooner after its impression than a person can.",
    "rate": "More ad events of one shopper, session or address in a minute than a person makes.",
    "found_later": "Found after it was charged, and credited: marked in reports, not in the log.",
}
"""Every rule, by the name that an event's reason carries."""
_COUNTED = {EventKind.AD_IMPRESSION: "impressions_per_minute", EventKind.AD_CLICK: "clicks_per_minute"}
_K = TypeVar("_K")
_V = TypeVar("_V")
_MINUTE = 60 * SECOND
_MOST = 200_000  # shoppers and impressions remembered


def bots() -> tuple[str, ...]:
    """The parts of user agents that name a bot, from the list beside this file."""
    text = resources("hawker.delivery").joinpath("bots.txt").read_text("utf-8")
    lines = (line.strip().lower() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


class Ranges:
    """Ranges of addresses, IPv4 and IPv6, asked by halving: `'192.0.2.7' in ranges`."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        spans: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for text in networks:
            network = ip_network(text, strict=False)
            spans[network.version].append((int(network.network_address), int(network.broadcast_address)))
        self._spans = {version: _merged(found) for version, found in spans.items()}

    def __len__(self) -> int:
        return sum(len(starts) for starts, _ in self._spans.values())

    def __contains__(self, address: object) -> bool:
        try:
            found = ip_address(str(address))
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        number, version = (int(mapped), 4) if mapped is not None else (int(found), found.version)
        starts, ends = self._spans[version]
        place = bisect_right(starts, number) - 1
        return place >= 0 and number <= ends[place]


def ranges(path: Path) -> Ranges:
    """The ranges of a CSV: `range,name` a line, a header and comments allowed.

    Raises `BadInput` that names the line where one is no range of addresses.
    """
    if not path.is_file():
        raise BadInput(f"'{path}' is not there.", remedy="Mend data_centres in shop.toml, or leave it out.")
    found = []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for number, row in enumerate(csv.reader(stream), 1):
            text = row[0].strip() if row else ""
            if not text or text.startswith("#") or (number == 1 and text.lower() == "range"):
                continue
            try:
                found.append(str(ip_network(text, strict=False)))
            except ValueError as error:
                raise BadInput(
                    f"{path}, line {number}: '{text[:60]}' is no range of addresses.",
                    remedy="Write ranges such as 192.0.2.0/24 or 2001:db8::/32, one a line.",
                ) from error
    return Ranges(found)


class Filter:
    """Judges events as they come. What it remembers is a minute of counts and the latest impressions,

    in this process alone; shoppers and addresses are digests under a key that is never written down.
    """

    def __init__(self, limits: Limits, *, data_centres: Ranges | None = None) -> None:
        self.limits = limits
        self._ranges = data_centres if data_centres is not None else Ranges()
        self._bots = bots()
        self._key = secrets.token_bytes(16)
        self._counts: OrderedDict[tuple[str, str, int], int] = OrderedDict()
        self._shown: OrderedDict[str, int] = OrderedDict()

    def sender(self, traffic: Traffic) -> str:
        """The rule that a browser's request breaks as a whole, or ''."""
        if not traffic.browser:
            return ""
        if traffic.prefetch:
            return "prefetch"
        agent = traffic.agent.lower().replace("cubot", "")  # a maker of telephones
        if any(part in agent for part in self._bots) or agent.endswith("bot"):
            return "declared_bot"
        if not agent.startswith(("mozilla/", "opera/")):
            return "no_browser"
        return "data_centre" if len(self._ranges) and traffic.address in self._ranges else ""

    def judge(
        self, events: Sequence[Event], senders: Sequence[Traffic], *, held: Callable[[str], bool]
    ) -> list[Event]:
        """The events, those that break a rule marked with it. A mark that is there already stays.

        `senders` says of each who sent it; `held` says of an id whether the log holds its event: a
        beacon's impression has that of its slot.
        """
        return [
            self._judged(event, traffic, held=held) for event, traffic in zip(events, senders, strict=True)
        ]

    def _judged(self, event: Event, traffic: Traffic, *, held: Callable[[str], bool]) -> Event:
        if marked(event.reason):
            return event
        broken = self.sender(traffic) or self._act(event, traffic, held=held)
        return msgspec.structs.replace(event, reason=f"{MARK}{broken}") if broken else event

    def _act(self, event: Event, traffic: Traffic, *, held: Callable[[str], bool]) -> str:
        """The rule that one ad event breaks by when and how often it came, or ''."""
        if event.kind not in _COUNTED:
            return ""
        place = _digest(self._key, f"a{traffic.address}") if traffic.browser and traffic.address else ""
        if self._often(event, place):
            return "rate"
        if not event.decision:
            return ""
        slot = reservation(event.decision, event.slot)
        if event.kind is EventKind.AD_IMPRESSION:
            _remember(self._shown, slot, event.time)
            return ""
        if not traffic.browser:
            return ""
        shown = self._shown.get(slot)
        if shown is None:
            return "" if held(slot) else "no_impression"
        return "too_soon" if 0 <= event.time - shown < 1000 * self.limits.soonest_click_ms else ""

    def _often(self, event: Event, place: str) -> bool:
        """Count an event; whether its shopper (or session), or its address, has had its minute's worth."""
        most = int(getattr(self.limits, _COUNTED[event.kind]))
        if not most:
            return False
        minute, over = event.time // _MINUTE, False
        name = f"u{event.shopper}" if event.shopper else f"s{event.session}" if event.session else ""
        person = _digest(self._key, name) if name else ""
        for who, worth in ((person, most), (place, most * self.limits.address_factor)):
            if who and worth:
                key = (who, event.kind, minute)
                seen = self._counts.get(key, 0) + 1
                _remember(self._counts, key, seen)
                over = over or seen > worth
        return over


def _remember(held: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    held[key] = value
    held.move_to_end(key)
    if len(held) > _MOST:
        held.popitem(last=False)


def _digest(key: bytes, name: str) -> str:
    return blake2b(name.encode(), key=key, digest_size=8).hexdigest()


def _merged(spans: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Starts and ends of spans that do not overlap, ascending."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(spans):
        if ends and start <= ends[-1] + 1:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends
