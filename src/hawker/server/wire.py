"""The raw edge of ASGI: read a body within bounds, send a reply, refuse in one shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from hawker.errors import (
    BadInput,
    Conflict,
    HawkerError,
    MissingData,
    MissingExtra,
    NotFound,
    Stale,
    StorageFull,
    Unreachable,
    nearest,
)

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = "application/json"
PROBLEM = "application/problem+json"
_STATUS: tuple[tuple[type[HawkerError], int, str], ...] = (
    (NotFound, 404, "Not found"),
    (BadInput, 400, "This cannot be used"),
    (Stale, 412, "Changed meanwhile"),
    (Conflict, 409, "In conflict"),
    (Unreachable, 503, "Not ready"),
    (MissingExtra, 501, "Not installed"),
    (MissingData, 501, "Not installed"),
    (StorageFull, 507, "The disk is full"),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, whole: status, body, media type, further headers."""

    status: int
    body: bytes
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    def also(self, headers: tuple[tuple[str, str], ...]) -> Reply:
        """The same with further headers."""
        return replace(self, headers=(*self.headers, *headers)) if headers else self


Handler = Callable[[Scope, Receive], Awaitable[Reply]]
"""What answers a hot path."""


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong (RFC 9457): `detail` names the place, `remedy` says what to do now."""

    title: str
    status: int
    detail: str
    remedy: str = ""
    incident: str = ""


class Refused(Exception):
    """A request that gets no other answer than this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def problem(
    status: int,
    title: str,
    *,
    detail: str,
    remedy: str = "",
    incident: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """A refusal as problem+json."""
    body = msgspec.json.encode(Problem(title, status, detail, remedy, incident))
    return Reply(status, body, PROBLEM, headers)


def of_error(error: HawkerError) -> Reply:
    """The refusal that an error of ours stands for."""
    for kind, status, title in _STATUS:
        if isinstance(error, kind):
            return problem(status, title, detail=error.message, remedy=error.remedy)
    return problem(500, "The shop needs repair", detail=error.message, remedy=error.remedy)


def wrong_method(allowed: tuple[str, ...], method: str) -> Reply:
    """The refusal of a method that a path does not know."""
    listed = ", ".join(allowed)
    return problem(
        405,
        "Wrong method",
        detail=f"This path does not answer to {method[:20]}.",
        remedy=f"Use {listed}.",
        headers=(("allow", listed),),
    )


def unfit(detail: str, remedy: str = "") -> Refused:
    """A request that does not fit what the path takes."""
    return Refused(problem(400, "This cannot be used", detail=detail, remedy=remedy))


async def body(scope: Scope, receive: Receive, *, most: int) -> bytes:
    """The body of a request, read piece by piece; raises `Refused` as soon as it exceeds `most` bytes."""
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > most:
        raise Refused(_too_large(most))
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("The client left before its request was whole.")
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            raise Refused(_too_large(most))
        pieces.append(piece)
        if not message.get("more_body"):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def decoded(
    decoder: msgspec.json.Decoder[T], given: bytes, *, known: Collection[str] = (), example: str = ""
) -> T:
    """A JSON body as what it has to be; a refusal names the nearest of the `known` fields, or an example."""
    try:
        return decoder.decode(given)
    except msgspec.ValidationError as error:
        raise unfit(f"{error}.", hint(str(error), known)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise unfit(f"The body is not JSON: {error}." if given else "The body is empty.", example) from error


def hint(message: str, known: Collection[str]) -> str:
    """Name the nearest field where a message of msgspec names an unknown one."""
    if "unknown field" not in message:
        return ""
    return nearest(message.partition("`")[2].partition("`")[0], list(known))


def bodily(scope: Scope, *, but: Collection[str] = ()) -> None:
    """Refuse the parameters of a request whose body says it all, `but` for these."""
    for name, _ in query(scope):
        if name not in but:
            raise unfit(f"There is no parameter '{name[:80]}' here.", "Put the request into the body.")


def header(scope: Scope, name: bytes) -> bytes:
    """A request header by its lower-case name; empty where it is absent."""
    return next((bytes(value) for key, value in scope["headers"] if key == name), b"")


def query(scope: Scope) -> list[tuple[str, str]]:
    """The parameters of the query string, in order, empty ones too."""
    text = bytes(scope.get("query_string", b"")).decode("latin-1")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=200)
    except ValueError as error:
        raise unfit("The query string has more than 200 parameters.") from error


async def send_reply(reply: Reply, send: Send) -> None:
    """Send a reply in two messages."""
    headers = [
        (b"content-type", reply.kind.encode("latin-1")),
        (b"content-length", str(len(reply.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *raw(reply.headers),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def raw(headers: tuple[tuple[str, str], ...]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI sends them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _too_large(most: int) -> Reply:
    return problem(
        413,
        "Too large",
        detail=f"The body is larger than {most:,} bytes.",
        remedy="Send it in several requests.",
        headers=(("connection", "close"),),
    )
