"""Beacons: what a browser reports of an ad, proven by the token in the path; a click leads to its link."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from hawker.delivery.door import Told
from hawker.delivery.tokens import KINDS
from hawker.records.events import EventKind
from hawker.records.traffic import Traffic
from hawker.records.verdict import Verdict
from hawker.server.endpoint import ANYONE, TEXT, Endpoint
from hawker.server.wire import Handler, Receive, Refused, Reply, Scope, header, problem, query

if TYPE_CHECKING:
    from hawker.server.application import Application

GATHER_SECONDS = 0.05
HASTEN_SECONDS = 0.004
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""One transparent pixel, 43 bytes."""
_PIXEL = Reply(200, GIF, "image/gif")
_DONE = Reply(204, b"", "text/plain")
_STRANGE = problem(
    404, "Not found", detail="This token was not made by this shop, or its decision is no longer on record."
)
_KEPT = "%/:?#[]@!$&'()*+,;=~-._"
_MOST_REASON = 200
_KINDS = {**{str(act): kind for act, kind in KINDS.items()}, "hide": EventKind.AD_HIDE}
_SAID = {
    "impression": "An ad was rendered: the pixel that says so",
    "viewable": "Half of an ad was in view for a second",
    "hide": "A shopper closed an ad, with a reason or without",
}
_AHEAD = (b"prefetch", b"prerender", b"preview")
_AHEAD_IN = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")


def _described(act: str, summary: str) -> tuple[Endpoint, Endpoint]:
    path = f"/v1/{act}/{{token}}"
    return (
        Endpoint(
            "get",
            path,
            summary,
            keys=ANYONE,
            gives=str,
            parameters=(("reason", TEXT, False),) if act == "hide" else (),
            kinds=("image/gif",),
            refusals=(429, 503),
        ),
        Endpoint(
            "post", path, f"{summary}, by sendBeacon", keys=ANYONE, status=204, kinds=(), refusals=(429, 503)
        ),
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    *(endpoint for act, summary in _SAID.items() for endpoint in _described(act, summary)),
    Endpoint(
        "get",
        "/v1/click/{token}",
        "An ad was clicked: on to its link, or 204 where it has none",
        keys=ANYONE,
        kinds=(),
        status=302,
        refusals=(404, 429, 503),
    ),
    Endpoint(
        "post",
        "/v1/click/{token}",
        "An ad was clicked, by sendBeacon",
        keys=ANYONE,
        kinds=(),
        status=204,
        refusals=(404, 429, 503),
    ),
)


def hot(application: Application) -> Mapping[str, Handler]:
    """The raw handlers of the beacons, by path."""
    gathering = Gathering(application)
    return {f"/v1/{act}/": _beacon(gathering, act) for act in _KINDS}


def sender(scope: Scope, *, browser: bool) -> Traffic:
    """What a request tells of its sender, to be judged and forgotten."""
    if not browser:
        return Traffic()
    client = scope.get("client")
    return Traffic(
        agent=header(scope, b"user-agent").decode("latin-1")[:1000],
        address=client[0] if client else "",
        prefetch=any(word in header(scope, name).lower() for name in _AHEAD_IN for word in _AHEAD),
        browser=True,
    )


class Gathering:
    """Beacons of some milliseconds go to the engine as one batch: one flush to the disk for them all.

    Each is answered when its event is durable. Somebody waits for a click: it takes the others along.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._waiting: list[tuple[Told, Traffic, asyncio.Future[Verdict]]] = []

    async def report(self, told: Told, traffic: Traffic) -> Verdict:
        """Hand an event over and wait for its verdict."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Verdict] = loop.create_future()
        if told.kind is EventKind.AD_CLICK:
            loop.call_later(HASTEN_SECONDS, self._hand_over)
        elif not self._waiting:
            loop.call_later(GATHER_SECONDS, self._hand_over)
        self._waiting.append((told, traffic, future))
        return await future

    def link(self, token: str) -> str | None:
        """Where a token's click leads; None where it proves nothing."""
        from hawker.server.pages import serving

        engine = serving(self._application)
        return engine.door.link(engine.door.tokens.read(token, now=engine.tick()))

    def _hand_over(self) -> None:
        from hawker.server.pages import serving

        batch, self._waiting = self._waiting, []
        if not batch:
            return  # a click took them along
        try:
            engine = serving(self._application)
            verdicts = engine.observe([told for told, _, _ in batch], traffic=[who for _, who, _ in batch])
            self._application.metrics.judged(verdicts)
        except Exception as error:
            for _, _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, _, future), verdict in zip(batch, verdicts, strict=True):
            if not future.done():
                future.set_result(verdict)


def _beacon(gathering: Gathering, act: str) -> Handler:
    kind = _KINDS[act]

    async def answer(scope: Scope, receive: Receive) -> Reply:
        del receive  # whatever a beacon carries besides its token proves nothing
        token = str(scope["rest"])
        if not token:
            raise Refused(_STRANGE)
        if scope["method"] == "HEAD":
            return Reply(200, b"", "image/gif")
        leads = gathering.link(token) if kind is EventKind.AD_CLICK else ""
        told = Told(kind, 0, token=token, reason=_reason(scope) if kind is EventKind.AD_HIDE else "")
        await gathering.report(told, sender(scope, browser=True))
        if kind is EventKind.AD_CLICK:
            return _onward(leads, scope)
        return _PIXEL if scope["method"] == "GET" else _DONE

    return answer


def _onward(leads: str | None, scope: Scope) -> Reply:
    """The way to the advertised page: the ad's recorded link and no other."""
    if leads is None:
        raise Refused(_STRANGE)
    place = followed(leads) if scope["method"] == "GET" else ""
    if not place:
        return _DONE
    return Reply(302, b"", "text/plain", (("location", place), ("referrer-policy", "origin")))


def followed(link: str) -> str:
    """A link as a browser may follow it: http, https, or a path of the shop's own; '' for any other.

    >>> followed("https://shop.example/茶?a=1"), followed("/pot"), followed("//elsewhere"), followed("data:x")
    ('https://shop.example/%E8%8C%B6?a=1', '/pot', '', '')
    """
    if not link.isprintable() or "\\" in link:
        return ""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    own = not parts.scheme and not parts.netloc and link.startswith("/") and not link.startswith("//")
    away = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.netloc.isascii()
    return quote(link, safe=_KEPT) if own or away else ""


def _reason(scope: Scope) -> str:
    found = next((value for name, value in query(scope) if name == "reason"), "")
    return found[:_MOST_REASON].replace("\0", "")
