"""What pages elsewhere may read: only those of a publishable key's origins, only what such keys open."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hawker.records.key import Role
from hawker.server.endpoint import Endpoint
from hawker.server.wire import Reply, problem

_SECONDS = "600"


def readable(
    origin: bytes, allowed: Collection[str], found: Sequence[Mapping[str, Endpoint]]
) -> tuple[tuple[str, str], ...]:
    """The headers that let a page read an answer; none where it may not.

    >>> readable(b"https://elsewhere.example", {"https://shop.example"}, ())
    ()
    """
    if not origin or not any(_open(endpoint) for methods in found[:1] for endpoint in methods.values()):
        return ()
    name = origin.decode("latin-1")
    return (("access-control-allow-origin", name), ("vary", "Origin")) if name in allowed else ()


def preflight(methods: Mapping[str, Endpoint], *, allowed: bool) -> Reply:
    """The answer to a browser that asks before it sends something."""
    if not allowed:
        return problem(
            403,
            "Not for this page",
            detail="No publishable key names the origin of this page.",
            remedy="Make one: hawker key create --role page --origin https://….",
        )
    listed = ", ".join(sorted(method for method, endpoint in methods.items() if _open(endpoint)))
    return Reply(
        204,
        b"",
        headers=(
            ("access-control-allow-methods", listed),
            ("access-control-allow-headers", "authorization, content-type"),
            ("access-control-max-age", _SECONDS),
        ),
    )


def _open(endpoint: Endpoint) -> bool:
    """Whether a page may ask this by itself."""
    return not endpoint.keys or Role.PAGE in endpoint.keys
