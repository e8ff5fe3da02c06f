"""What must be known within microseconds and forgotten on time: how often whom has seen what.

A cap holds over any span of its length, not only between two strokes of the clock: impressions are
kept by their moment, and a reservation counts as an impression of this very moment until it becomes
one, is released, or lapses. An impression later than its hold is counted when it comes, and may then
be one too many.

A subject is a shopper's pseudonym, or `session:…` where no profile may be kept: such counters end with
the session. An entity is `advertiser:…`, `campaign:…` or `creative:…`; what has no cap is not counted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from hawker.errors import Corrupt
from hawker.records.campaign import Cap, Per
from hawker.storage import files

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 1440 * MINUTE
HOLD = 30 * MINUTE
"""How long a reservation waits for its impression."""
IDLE = 30 * MINUTE
"""How long a session lasts after its last request."""
EVER = 730 * DAY
"""How long 'lifetime' is for a shopper who does not come back."""
SAVED = "caps.msgpack"
"""The file in the state folder that keeps the counters of a process from one life to the next."""
SESSION = "session:"
_SPANS = {Per.MINUTE: MINUTE, Per.HOUR: 60 * MINUTE, Per.DAY: DAY}
Caps = Mapping[str, Sequence[Cap]]
"""The caps of each entity that has any."""
Limits = tuple[tuple[int, int], ...]
"""Caps as (most, span in microseconds)."""
_NONE: frozenset[str] = frozenset()
_UNSEEN: Mapping[str, int] = {}
_NEVER = 1 << 62


class Hot(Protocol):
    """The port. Times are microseconds; every call is whole even where several processes share the state."""

    def rule(self, caps: Caps) -> None:
        """Take these caps for all that exist; what was counted stays."""

    def capped(self, subject: str, *, now: int) -> frozenset[str]:
        """The entities that this subject has seen as often as they may be seen for now."""

    def reserve(self, subject: str, entities: Sequence[str], *, id: str, now: int) -> str:
        """Count one coming impression for all of these entities, or none: the one that refuses, or ''."""

    def confirm(self, subject: str, entities: Sequence[str], *, id: str, now: int) -> None:
        """The reservation became an impression at `now`; one that had lapsed is counted all the same."""

    def release(self, subject: str, entities: Sequence[str], *, id: str) -> None:
        """The reservation comes to nothing."""

    def claim(self, token: str, *, now: int, until: int) -> bool:
        """Whether this is the first time that a token is shown before `until`."""

    def count(self, key: str, *, window: int, now: int) -> int:
        """Count one more of a key in the present window (aligned to the clock); how many there are."""

    def forget(self, subject: str) -> bool:
        """Drop everything about a subject; whether there was anything."""

    def tidy(self, *, now: int) -> None:
        """Let go what nothing counts any more. Call it now and then."""

    def close(self) -> None:
        """Let go of what is held open."""


def limits(caps: Sequence[Cap]) -> Limits:
    """Caps as numbers: the most, and the span in microseconds.

    >>> limits((Cap(3, Per.HOUR, 2), Cap(9, Per.LIFETIME)))
    ((3, 7200000000), (9, 63072000000000))
    """
    return tuple((cap.most, _SPANS[cap.per] * cap.count if cap.per in _SPANS else EVER) for cap in caps)


def full(stamps: Collection[int], rules: Limits, *, now: int) -> bool:
    """Whether one more impression would break a cap. A stamp is the moment of an impression, or less

    than 0: a reservation that lapses at that moment, turned round.
    """
    if len(stamps) < min(most for most, _ in rules):
        return False
    moments = [now if stamp < 0 else stamp for stamp in stamps if stamp >= 0 or -stamp > now]
    return any(sum(moment > now - span for moment in moments) >= most for most, span in rules)


def same_until(stamps: Collection[int], rules: Limits, *, now: int) -> int:
    """Until when these stamps count as they do now: the first of them to lapse, or to leave a span.

    >>> same_until([-50, 10], ((1, 30), (5, 100)), now=20)
    40
    """
    ends = [-stamp for stamp in stamps if stamp < 0]
    ends += [stamp + span for stamp in stamps if stamp >= 0 for _, span in rules]
    return min((end for end in ends if end > now), default=now)


class InProcess:
    """Hot state in this process's memory, kept in a file from one life to the next. For one process."""

    def __init__(self) -> None:
        self._limits: dict[str, Limits] = {}
        self._least: dict[str, int] = {}
        self._seen: dict[str, dict[str, dict[str, int]]] = {}
        self._near: dict[
            str, set[str]
        ] = {}  # whose count may reach a cap: only those are looked at by the moment
        self._full: dict[str, dict[str, int]] = {}  # who is at which cap, and until when that is sure
        self._sessions: OrderedDict[str, int] = OrderedDict()
        self._tokens: dict[str, int] = {}
        self._counts: dict[str, tuple[int, int]] = {}

    def rule(self, caps: Caps) -> None:
        """Take these caps for all that exist."""
        self._limits = {entity: limits(held) for entity, held in caps.items() if held}
        self._least = {entity: min(most for most, _ in rules) for entity, rules in self._limits.items()}
        self._find_near()

    def capped(self, subject: str, *, now: int) -> frozenset[str]:
        """The entities at one of their caps."""
        if subject.startswith(SESSION):
            self._keep_session(subject, now, begin=False)
        near = self._near.get(subject)
        if not near:
            return _NONE
        sure = self._full.setdefault(subject, {})
        return frozenset(
            entity
            for entity in tuple(near)
            if sure.get(entity, 0) > now or self._is_full(subject, entity, now)
        )

    def _is_full(self, subject: str, entity: str, now: int) -> bool:
        """Count by the moment. At a cap: until when is that sure? Else only an impression changes it."""
        stamps, rules = self._seen[subject].setdefault(entity, {}), self._limits[entity]
        if full(stamps.values(), rules, now=now):
            self._full[subject][entity] = same_until(stamps.values(), rules, now=now)
            return True
        for name in [name for name, stamp in stamps.items() if stamp < 0 and -stamp <= now]:
            del stamps[name]
        self._near[subject].discard(entity)
        return False

    def reserve(self, subject: str, entities: Sequence[str], *, id: str, now: int) -> str:
        """Count a coming impression, all or none."""
        counted = self._counted(subject, entities)
        held = self._seen.get(subject, {})
        for entity in counted:
            stamps = held.get(entity, _UNSEEN)
            if len(stamps) < self._least[entity]:
                continue
            others = [stamp for name, stamp in stamps.items() if name != id]
            if full(others, self._limits[entity], now=now):
                return entity
        self._write(subject, counted, id=id, stamp=-(now + HOLD), now=now)
        return ""

    def confirm(self, subject: str, entities: Sequence[str], *, id: str, now: int) -> None:
        """Turn a reservation into an impression; told again, it stays as it was."""
        held = self._seen.get(subject, {})
        open = [name for name in self._counted(subject, entities) if held.get(name, {}).get(id, -1) < 0]
        self._unsure(subject, open)
        self._write(subject, open, id=id, stamp=now, now=now)

    def release(self, subject: str, entities: Sequence[str], *, id: str) -> None:
        """Take a reservation back; an impression stays."""
        held = self._seen.get(subject, {})
        self._unsure(subject, entities)
        for entity in entities:
            if held.get(entity, {}).get(id, 0) < 0:
                del held[entity][id]

    def hold(self, subject: str, entities: Sequence[str], *, id: str, since: int, now: int) -> None:
        """Take up a reservation made at `since` in an earlier life, whatever is counted already."""
        held = self._seen.get(subject, {})
        fresh = [name for name in self._counted(subject, entities) if id not in held.get(name, {})]
        if since + HOLD > now:
            self._write(subject, fresh, id=id, stamp=-(since + HOLD), now=now)

    def claim(self, token: str, *, now: int, until: int) -> bool:
        """Whether the token is new."""
        fresh = until > now and self._tokens.get(token, 0) <= now
        if fresh:
            self._tokens[token] = until
        return fresh

    def count(self, key: str, *, window: int, now: int) -> int:
        """One more in this window."""
        begun, many = self._counts.get(key, (0, 0))
        first = now - now % window
        self._counts[key] = (first + window, many + 1 if begun == first + window else 1)
        return self._counts[key][1]

    def forget(self, subject: str) -> bool:
        """Drop a subject."""
        self._sessions.pop(subject, None)
        self._near.pop(subject, None)
        self._full.pop(subject, None)
        return bool(self._seen.pop(subject, None))

    def tidy(self, *, now: int) -> None:
        """Drop what no cap counts any more, used-up tokens and windows that are over."""
        self._end_sessions(now)
        for subject in list(self._seen):
            held = self._seen[subject]
            for entity in list(held):
                span = max((span for _, span in self._limits.get(entity, ())), default=0)
                kept = {
                    id: at for id, at in held[entity].items() if (at > now - span if at >= 0 else -at > now)
                }
                if kept:
                    held[entity] = kept
                else:
                    del held[entity]
            if not held:
                del self._seen[subject]
        self._find_near()
        self._tokens = {token: until for token, until in self._tokens.items() if until > now}
        self._counts = {key: found for key, found in self._counts.items() if found[0] > now}

    def save(self, path: Path, *, now: int) -> None:
        """Keep what is counted in a file, sessions never, for `load` in the next life."""
        kept = {subject: held for subject, held in self._seen.items() if not subject.startswith(SESSION)}
        files.write(path, msgspec.msgpack.encode((now, kept)))

    def load(self, path: Path) -> int:
        """Take up what was saved; the moment up to which it counts, 0 where there is no file."""
        if not path.is_file():
            return 0
        kind = tuple[int, dict[str, dict[str, dict[str, int]]]]
        try:
            saved, self._seen = msgspec.msgpack.decode(path.read_bytes(), type=kind)
        except msgspec.MsgspecError as error:
            raise Corrupt(
                f"'{path}' does not hold frequency counters: {error}.",
                remedy="Delete it: the counters are made again from the event log.",
            ) from error
        self._find_near()
        return int(saved)

    def close(self) -> None:
        """Nothing is held open."""

    def _counted(self, subject: str, entities: Sequence[str]) -> list[str]:
        return [entity for entity in entities if entity in self._limits] if subject else []

    def _write(self, subject: str, entities: Sequence[str], *, id: str, stamp: int, now: int) -> None:
        if not entities:
            return
        if subject.startswith(SESSION):
            self._keep_session(subject, now, begin=True)
        held = self._seen.setdefault(subject, {})
        for entity in entities:
            stamps = held.setdefault(entity, {})
            stamps[id] = stamp
            if len(stamps) >= self._least[entity]:
                self._near.setdefault(subject, set()).add(entity)

    def _find_near(self) -> None:
        """Who may reach a cap, for all that is counted."""
        least = self._least
        found = {
            subject: {entity for entity, stamps in held.items() if len(stamps) >= least.get(entity, _NEVER)}
            for subject, held in self._seen.items()
        }
        self._near = {subject: near for subject, near in found.items() if near}
        self._full.clear()

    def _unsure(self, subject: str, entities: Sequence[str]) -> None:
        """These are counted anew."""
        sure = self._full.get(subject, {})
        for entity in entities:
            sure.pop(entity, None)

    def _keep_session(self, subject: str, now: int, *, begin: bool) -> None:
        self._end_sessions(now)
        if begin or subject in self._sessions:
            self._sessions[subject] = now + IDLE
            self._sessions.move_to_end(subject)

    def _end_sessions(self, now: int) -> None:
        while self._sessions and next(iter(self._sessions.values())) <= now:
            subject, _ = self._sessions.popitem(last=False)
            for held in (self._near, self._full, self._seen):
                held.pop(subject, None)


def _counts(stamp: int, span: int, *, now: int) -> bool:
    return stamp > now - span if stamp >= 0 else -stamp > now


def erase(path: Path, subject: str) -> bool:
    """Drop a subject from a file of saved counters, in place; whether there was anything."""
    held = InProcess()
    moment = held.load(path)
    found = held.forget(subject)
    if found:
        held.save(path, now=moment)
    return found
