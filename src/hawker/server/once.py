"""One request through the same application, without a socket: what `hawker serve --get` does."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from hawker.server.application import app
from hawker.server.journal import to_stderr
from hawker.server.keys import HOUSE
from hawker.storage.shop import Shop


def answer(
    shop: Shop,
    url: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Build the engine, answer one request, close it: status, headers and body.

    >>> import tempfile
    >>> status, headers, told = answer(Shop.create(tempfile.mkdtemp()), "/v1/decide?placement=home")
    >>> status, headers["content-type"], b'"fallback":"no_campaigns"' in told
    (200, 'application/json', True)
    """
    to_stderr()
    return asyncio.run(_answer(shop, url, method=method, body=body, headers=headers or {}))


async def _answer(
    shop: Shop, url: str, *, method: str, body: bytes, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url if url.startswith(("/", "http://", "https://")) else f"/{url}")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(parts.path) or "/",
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode("latin-1", "replace"),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 8000),
    }
    if "authorization" not in {name.lower() for name in headers}:
        scope["caller"] = HOUSE  # whoever can open the folder is the shop
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    application = app(shop, process="once")  # a server that runs beside it keeps its leases
    async with application.running():
        await application(scope, receive, send)
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:])
