"""Which endpoint a path belongs to, and so whose keys open it: one look at a table for most."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hawker.server.cors import preflight
from hawker.server.endpoint import Endpoint
from hawker.server.wire import Refused, Scope, header, wrong_method

Methods = Mapping[str, Endpoint]


class Rules:
    """The endpoints by path and method. A path that none describes opens to the shop alone."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._plain: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            self._plain.setdefault(endpoint.path, {})[endpoint.method.upper()] = endpoint
        self._patterns: dict[str, list[tuple[re.Pattern[str], Methods]]] = {}
        for path in sorted((path for path in self._plain if "{" in path), key=_vague):
            self._patterns.setdefault(_first(path), []).append((_pattern(path), self._plain.pop(path)))

    def of(self, path: str) -> tuple[Methods, ...]:
        """The endpoints of a path by method, the closest description first; empty where none fits."""
        found = self._plain.get(path)
        if found is not None:
            return (found,)
        near = self._patterns.get(_first(path), ())
        return tuple(methods for pattern, methods in near if pattern.fullmatch(path))

    def chosen(self, scope: Scope, found: tuple[Methods, ...], *, origin: object) -> Endpoint | None:
        """The endpoint of a request; raises `Refused` for a method its path does not know.

        A browser that asks beforehand (`OPTIONS`) is answered so too; `origin` says whether it may.
        """
        if not found:
            return None
        method = scope["method"]
        if method == "OPTIONS" and header(scope, b"access-control-request-method"):
            raise Refused(preflight(found[0], allowed=bool(origin)))
        wanted = "GET" if method == "HEAD" else method
        endpoint = next((methods[wanted] for methods in found if wanted in methods), None)
        if endpoint is None:
            raise Refused(wrong_method(tuple(sorted(found[0])), method))
        return endpoint


def _first(path: str) -> str:
    """The first two parts of a path, which no endpoint leaves open.

    >>> _first("/v1/ads/{ad}"), _first("/docs")
    ('v1/ads', 'docs')
    """
    return "/".join(path.split("/", 3)[1:3])


def _vague(path: str) -> int:
    """How little of a path is written out: what says more is looked at first."""
    return -len(re.sub(r"\{[^}]*\}", "", path))


def _pattern(path: str) -> re.Pattern[str]:
    """What a path with parts in braces matches: no slash in their place, or with `:path` anything."""
    parts = re.split(r"(\{[a-z_]+(?::path)?\})", path)
    found = "".join(
        (".+" if part.endswith(":path}") else "[^/]+") if part.startswith("{") else re.escape(part)
        for part in parts
    )
    return re.compile(found, re.DOTALL)
