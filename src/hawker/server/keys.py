"""Who is calling, and may they: every request is admitted here or refused, hot paths included."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from math import ceil
from time import monotonic, time_ns
from urllib.parse import parse_qsl, urlencode, urlsplit

from hawker.errors import BadRecord
from hawker.records.key import Key, Rates, Role
from hawker.server.cors import readable
from hawker.server.endpoint import Endpoint
from hawker.server.limits import Buckets, loopback, neighbourhood
from hawker.server.rules import Rules
from hawker.server.wire import Refused, Scope, problem
from hawker.storage.keys import PUBLISHABLE, Keys, origin

NOTED_SECONDS = 60
_SECRETS = (Role.SHOP,)
_BEARER = b"bearer "
_PROXIED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")
_WANTED = frozenset((b"authorization", b"host", b"origin", b"referer", b"sec-fetch-site", *_PROXIED))
_REMEDY = "Send Authorization: Bearer hk_live_…; hawker key create makes a key."
_CHALLENGE = (("www-authenticate", 'Bearer realm="hawker"'),)
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a request comes from: `key` is the key's id, `advertiser` whose things an advertiser sees."""

    role: Role
    key: str = ""
    advertiser: str = ""


HOUSE = Caller(Role.SHOP)
"""Whoever sits at this machine, while there are no keys."""
PASSER_BY = Caller(Role.PAGE)
"""Whoever calls what is open to everybody."""


class Guard:
    """Admits requests. The keys are read by `refresh`; admitting looks into dictionaries only.

    Until the first `refresh` it knows no key and lets nobody go without one.
    """

    def __init__(self, endpoints: Sequence[Endpoint], *, rates: Rates) -> None:
        self._rules = Rules(endpoints)
        self._keys: Mapping[bytes, tuple[bytes, Key]] = {}
        self._keyless = False
        self._origins: frozenset[str] = frozenset()
        self._used: dict[str, int] = {}
        self._noted: dict[str, int] = {}
        self._shops, self._guests = Buckets(rates.shop), Buckets(rates.guest)

    def refresh(self, kept: Keys, *, every: int = NOTED_SECONDS) -> None:
        """Read the keys, and note which were used. It blocks: call it in a thread while requests come."""
        due = {
            name: moment
            for name, moment in list(self._used.items())
            if moment - self._noted.get(name, 0) >= every * 1_000_000
        }
        kept.use(due)
        self._noted.update(due)
        keys = {bytes.fromhex(digest): key for digest, key in kept.by_digest().items()}
        self._origins = frozenset(one for key in keys.values() if not key.revoked for one in key.origins)
        self._keys = {digest: (digest, key) for digest, key in keys.items()}
        self._keyless = not keys

    def admit(self, scope: Scope) -> Headers:
        """Judge a request and put its `caller` into the scope; returns headers for whatever is answered.

        Raises `Refused` with 401, 403, 405 or 429, or with the answer to a browser's preflight.
        """
        seen = {name: value for name, value in scope["headers"] if name in _WANTED}
        found = self._rules.of(scope["path"])
        headers = readable(seen.get(b"origin", b""), self._origins, found)
        try:
            endpoint = self._rules.chosen(scope, found, origin=headers)
            scope["caller"] = self._caller(scope, seen, endpoint)
        except Refused as refused:
            raise Refused(refused.reply.also(headers)) from None
        return headers

    def _caller(self, scope: Scope, seen: Mapping[bytes, bytes], endpoint: Endpoint | None) -> Caller:
        keys = _SECRETS if endpoint is None else endpoint.keys
        if not keys:
            if endpoint is None or not endpoint.proven:
                self._unhurried(scope)
            return PASSER_BY
        given: Caller = scope.get("caller") or self._known(scope, seen)
        if given.role not in keys:
            listed = " or ".join(keys)
            raise _forbidden(
                f"A key with the role '{given.role}' does not open this.", f"Use one of {listed}."
            )
        return given

    def _known(self, scope: Scope, seen: Mapping[bytes, bytes]) -> Caller:
        """Whom the key of a request belongs to, or the house where it needs none."""
        secret = _secret(scope, seen)
        if not secret:
            if self._keyless and _at_home(scope, seen):
                return HOUSE
            self._unhurried(scope)
            raise _unauthorised("This needs a key.", self._remedy())
        digest = sha256(secret).digest()
        kept, key = self._keys.get(digest, (b"", None))
        if key is None or not hmac.compare_digest(kept, digest):
            self._unhurried(scope)
            raise _unauthorised("This key is not known.", self._remedy())
        now = time_ns() // 1000
        if key.revoked or (key.expires and key.expires <= now):
            self._unhurried(scope)
            raise _unauthorised("This key has been revoked or has expired.", _REMEDY)
        if key.role is Role.PAGE and _page(seen) not in key.origins:
            raise _forbidden(
                "This publishable key is not for this page.", "Make one with --origin for the page's own."
            )
        self._used[key.id] = now
        if key.role is Role.SHOP:
            _patient(self._shops.take(key.id, monotonic()))
        elif key.role is Role.PAGE:
            self._unhurried(scope)
        else:
            _patient(self._guests.take(key.id, monotonic()))
        return Caller(key.role, key.id, key.advertiser)

    def _unhurried(self, scope: Scope) -> None:
        """Refuse an address that asks too often; this machine may ask as often as it likes."""
        client = scope.get("client")
        if near := neighbourhood(client[0] if client else ""):
            _patient(self._guests.take(near, monotonic()))

    def _remedy(self) -> str:
        """What to do without a key; where there are none at all, that only this machine may go without."""
        if not self._keyless:
            return _REMEDY
        return f"{_REMEDY} Without one, only what comes straight from this machine to 127.0.0.1 passes."


def caller(scope: Scope) -> Caller:
    """Whom a request comes from, as it was admitted."""
    found = scope["caller"]
    assert isinstance(found, Caller)
    return found


def _secret(scope: Scope, seen: Mapping[bytes, bytes]) -> bytes:
    """The key that a request carries: in its header, or (a publishable one) as the parameter `key`."""
    held = bytes(seen.get(b"authorization", b""))
    if held[: len(_BEARER)].lower() == _BEARER:
        return held[len(_BEARER) :].strip()
    asked = bytes(scope.get("query_string", b""))
    if b"key=" not in asked:
        return b""
    pairs = parse_qsl(asked.decode("latin-1"), keep_blank_values=True)
    found = [value for name, value in pairs if name == "key"]
    if not found:
        return b""
    if not found[0].startswith(PUBLISHABLE):
        raise _unauthorised("Only a publishable key may stand in an address.", _REMEDY)
    scope["query_string"] = urlencode([pair for pair in pairs if pair[0] != "key"]).encode()
    return found[0].encode()


def _at_home(scope: Scope, seen: Mapping[bytes, bytes]) -> bool:
    """Whether a request comes from this machine, by no proxy, and from no page of somebody else's.

    A page elsewhere can make a browser here ask: under a name that it lets point here (its `Host`
    says so) or from its own address (its `Origin` and `Sec-Fetch-Site` say so).
    """
    if not _near(scope) or any(name in seen for name in _PROXIED):
        return False
    if not _local(seen.get(b"host", b"")) or seen.get(b"sec-fetch-site") in {b"cross-site", b"same-site"}:
        return False
    page = seen.get(b"origin")
    return page is None or (page.startswith(b"http") and _local(page.partition(b"://")[2]))


def _near(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and loopback(client[0])


@lru_cache(maxsize=1_000)
def _local(place: bytes) -> bool:
    """Whether `host` or `host:port` names this machine."""
    try:
        return loopback(urlsplit(f"//{place.decode('latin-1')}").hostname or "")
    except ValueError:
        return False


def _page(seen: Mapping[bytes, bytes]) -> str:
    """The origin of the page that asks: from `Origin`, or from `Referer` where a browser sends none."""
    given = seen.get(b"origin")
    if given is not None:
        return given.decode("latin-1")
    return _origin(seen.get(b"referer", b""))


@lru_cache(maxsize=10_000)
def _origin(referer: bytes) -> str:
    scheme, _, rest = referer.decode("latin-1").partition("://")
    try:
        return origin(f"{scheme}://{rest.partition('/')[0].partition('?')[0]}")
    except BadRecord:
        return ""


def _patient(seconds: float) -> None:
    if seconds > 0.0:
        wait = ceil(seconds)
        raise Refused(
            problem(
                429,
                "Too many requests",
                detail="More requests a second than this key or address may send.",
                remedy=f"Wait {wait} s; the settings 'rates' say how many there may be.",
                headers=(("retry-after", str(wait)),),
            )
        )


def _unauthorised(detail: str, remedy: str) -> Refused:
    return Refused(problem(401, "Who is this?", detail=detail, remedy=remedy, headers=_CHALLENGE))


def _forbidden(detail: str, remedy: str) -> Refused:
    return Refused(problem(403, "Not yours", detail=detail, remedy=remedy))
