"""Hot state in Redis, for any number of processes: each reserve is one script on one shopper's key.

Where Redis does not answer while serving, caps fail closed: whatever has a cap counts as capped. Tokens
and counts fail open, since the ledger charges an impression once whoever asks. Impressions that could
not be counted are kept in this process and counted when Redis is back; for a second after a failure
it is not asked again. Use a database of its own for each shop (redis://HOST/3).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hawker.errors import BadSetting, Unreachable, extra
from hawker.storage.hot import EVER, HOLD, IDLE, SESSION, Caps, Limits, full, limits

_PREFIX = "hawker:"
_MILLI = 1_000
_PAUSE_SECONDS = 1.0
_WAITING = 100_000
_APART = "\x1f"
# KEYS: the subject. ARGV: now, hold until, id, life in ms, then for each entity its name, the number of
# its caps, and each as most and span. A field is entity, \x1f, id; see `hot.full` for its value.
_RESERVE = """
local now, id, place, counted = tonumber(ARGV[1]), ARGV[3], 5, {}
local held = redis.call('HGETALL', KEYS[1])
while place <= #ARGV do
  local entity, rules = ARGV[place], tonumber(ARGV[place + 1])
  local head, moments = entity .. '\\31', {}
  local longest = 0
  for rule = 0, rules - 1 do
    longest = math.max(longest, tonumber(ARGV[place + 3 + 2 * rule]))
  end
  for row = 1, #held, 2 do
    if string.sub(held[row], 1, #head) == head then
      local stamp = tonumber(held[row + 1])
      local moment = stamp
      if stamp < 0 then moment = now end
      if (stamp < 0 and -stamp <= now) or moment <= now - longest then
        redis.call('HDEL', KEYS[1], held[row])
      elseif string.sub(held[row], #head + 1) ~= id then
        moments[#moments + 1] = moment
      end
    end
  end
  for rule = 0, rules - 1 do
    local most, span = tonumber(ARGV[place + 2 + 2 * rule]), tonumber(ARGV[place + 3 + 2 * rule])
    local many = 0
    for _, moment in ipairs(moments) do
      if moment > now - span then many = many + 1 end
    end
    if many >= most then return entity end
  end
  counted[#counted + 1] = head .. id
  place = place + 2 + 2 * rules
end
for _, field in ipairs(counted) do
  redis.call('HSET', KEYS[1], field, '-' .. ARGV[2])
end
if tonumber(ARGV[4]) > redis.call('PTTL', KEYS[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return ''
"""
# KEYS: the subject. ARGV: now, life in ms, then the fields.
_CONFIRM = """
for place = 3, #ARGV do
  local stamp = redis.call('HGET', KEYS[1], ARGV[place])
  if not stamp or tonumber(stamp) < 0 then redis.call('HSET', KEYS[1], ARGV[place], ARGV[1]) end
end
if tonumber(ARGV[2]) > redis.call('PTTL', KEYS[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
"""
# KEYS: the subject. ARGV: the fields.
_RELEASE = """
for place = 1, #ARGV do
  local stamp = redis.call('HGET', KEYS[1], ARGV[place])
  if stamp and tonumber(stamp) < 0 then redis.call('HDEL', KEYS[1], ARGV[place]) end
end
"""
T = TypeVar("T")


class InRedis:
    """The port on one Redis server (7 or later). Raises `Unreachable` where it does not answer at first."""

    def __init__(self, url: str) -> None:
        redis = extra("redis", "redis")
        extra("hiredis", "redis")
        self._errors = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
        self._failures = (*self._errors, redis.exceptions.ResponseError)
        self._limits: dict[str, Limits] = {}
        self._life, self._asleep = HOLD, 0.0
        self._late: deque[tuple[str, tuple[str, ...], str, int]] = deque(maxlen=_WAITING)
        try:
            self._client = redis.Redis.from_url(
                url,
                socket_timeout=0.25,
                socket_connect_timeout=0.25,
                decode_responses=True,
                retry=redis.retry.Retry(redis.backoff.NoBackoff(), 1),
            )
            self._client.ping()
        except ValueError as error:
            raise BadSetting(
                f"'{masked(url)}' is not the URL of a Redis.", remedy="Give redis://HOST:6379/0."
            ) from error
        except redis.exceptions.RedisError as error:
            raise Unreachable(
                f"'{masked(url)}': {error}.", remedy="Start Redis, or correct 'state' in shop.toml."
            ) from error
        self._reserve = self._client.register_script(_RESERVE)
        self._confirm = self._client.register_script(_CONFIRM)
        self._release = self._client.register_script(_RELEASE)

    def rule(self, caps: Caps) -> None:
        """Take these caps for all that exist."""
        self._limits = {entity: limits(held) for entity, held in caps.items() if held}
        spans = [span for held in self._limits.values() for _, span in held]
        self._life = min(max([HOLD, *spans]), EVER)

    def capped(self, subject: str, *, now: int) -> frozenset[str]:
        """The entities at one of their caps; all that have one where Redis is away."""
        if not (subject and self._limits):
            return frozenset()

        def read() -> dict[str, str]:
            pipe = self._client.pipeline(transaction=False)
            pipe.hgetall(_key(subject))
            if subject.startswith(SESSION):
                pipe.pexpire(_key(subject), IDLE // _MILLI)
            return dict(pipe.execute()[0])

        held = self._asked(read, None)
        if held is None:
            return frozenset(self._limits)
        stamps: dict[str, list[int]] = {}
        for field, stamp in held.items():
            stamps.setdefault(field.partition(_APART)[0], []).append(int(stamp))
        known = self._limits
        return frozenset(
            entity
            for entity, seen in stamps.items()
            if entity in known and full(seen, known[entity], now=now)
        )

    def reserve(self, subject: str, entities: Sequence[str], *, id: str, now: int) -> str:
        """Count a coming impression in one script, all or none."""
        counted = [entity for entity in entities if entity in self._limits] if subject else []
        if not counted:
            return ""
        rules: list[str | int] = []
        for entity in counted:
            held = self._limits[entity]
            rules += [entity, len(held), *(number for cap in held for number in cap)]
        given = [now, now + HOLD, id, self._milliseconds(subject), *rules]
        return str(self._asked(lambda: self._reserve([_key(subject)], given), counted[0]))

    def confirm(self, subject: str, entities: Sequence[str], *, id: str, now: int) -> None:
        """Turn a reservation into an impression, now or as soon as Redis is back."""
        counted = tuple(entity for entity in entities if entity in self._limits) if subject else ()
        if counted:
            self._late.append((subject, counted, id, now))
            self._asked(self._tell_late, None)

    def release(self, subject: str, entities: Sequence[str], *, id: str) -> None:
        """Take a reservation back; where Redis is away it lapses by itself."""
        fields = [f"{entity}{_APART}{id}" for entity in entities if entity in self._limits]
        if subject and fields:
            self._asked(lambda: self._release([_key(subject)], fields), None)

    def claim(self, token: str, *, now: int, until: int) -> bool:
        """Whether the token is new; true where Redis is away."""
        life = (until - now) // _MILLI
        if life <= 0:
            return False
        key = f"{_PREFIX}token:{token}"
        return bool(self._asked(lambda: self._client.set(key, "", nx=True, px=life), True))

    def count(self, key: str, *, window: int, now: int) -> int:
        """One more in this window; 0 where Redis is away."""
        name = f"{_PREFIX}count:{{{key}}}:{window}:{now // window}"

        def one() -> int:
            pipe = self._client.pipeline(transaction=False)
            pipe.incr(name)
            pipe.pexpire(name, window // _MILLI + 1)
            return int(pipe.execute()[0])

        return self._asked(one, 0)

    def forget(self, subject: str) -> bool:
        """Drop a subject; raises `Unreachable` where Redis is away, since nothing was dropped."""
        self._late = deque((row for row in self._late if row[0] != subject), maxlen=_WAITING)
        try:
            return bool(self._client.delete(_key(subject)))
        except self._failures as error:
            raise Unreachable(
                f"Redis does not answer: {error}.", remedy="Start it, and forget the shopper again."
            ) from error

    def tidy(self, *, now: int) -> None:  # noqa: ARG002  the port's; Redis lets go by itself
        """Count what could not be counted before; Redis itself lets go what is over."""
        if self._late:
            self._asked(self._tell_late, None)

    def close(self) -> None:
        """Close the connections."""
        self.tidy(now=0)
        self._client.close()

    def _milliseconds(self, subject: str) -> int:
        return (IDLE if subject.startswith(SESSION) else self._life) // _MILLI

    def _tell_late(self) -> None:
        while self._late:
            subject, counted, id, now = self._late[0]
            fields = [f"{entity}{_APART}{id}" for entity in counted]
            self._confirm([_key(subject)], [now, self._milliseconds(subject), *fields])
            self._late.popleft()

    def _asked(self, ask: Callable[[], Any], otherwise: T) -> Any | T:
        """What Redis says, or the safe answer where it does not say anything."""
        if time.monotonic() < self._asleep:
            return otherwise
        try:
            return ask()
        except self._failures:
            self._asleep = time.monotonic() + _PAUSE_SECONDS
            return otherwise


def masked(url: str) -> str:
    """A URL as it may be shown: without what stands before its host.

    >>> masked("redis://:secret@cache:6379/2")
    'redis://***@cache:6379/2'
    """
    scheme, apart, rest = url.partition("://")
    before, at, host = rest.rpartition("@")
    return f"{scheme}{apart}***@{host}" if at and before else url


def _key(subject: str) -> str:
    return f"{_PREFIX}caps:{{{subject}}}"
