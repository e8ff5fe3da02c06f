"""A client that asks the application without a socket, and keeps its engine running in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import httpx

from hawker.server import Application


class Client:
    """`with Client(app(shop)) as client:` sends requests through httpx, one after the other."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __enter__(self) -> Client:
        self.runner = asyncio.Runner()
        self._life = self.application.running()
        self.runner.run(self._life.__aenter__())
        transport = httpx.ASGITransport(self.application)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.runner.run(self.http.aclose())
        self.runner.run(self._life.__aexit__(kind, error, trace))
        self.runner.close()

    def request(self, method: str, url: str, **rest: Any) -> httpx.Response:
        return self.runner.run(self.http.request(method, url, **rest))

    def wait(self, until: Callable[[], bool], *, seconds: float = 10.0) -> None:
        """Let the application go on by itself until something has come true."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end
            self.runner.run(asyncio.sleep(0.01))

    def get(self, url: str, **rest: Any) -> httpx.Response:
        return self.request("GET", url, **rest)

    def post(self, url: str, **rest: Any) -> httpx.Response:
        return self.request("POST", url, **rest)
