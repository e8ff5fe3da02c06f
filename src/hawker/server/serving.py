"""`run`: serve a shop until a signal says stop; to this machine alone while the shop has no keys."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import structlog
import uvicorn
from starlette.routing import BaseRoute

from hawker.errors import BadSetting, Conflict
from hawker.server import workers as team
from hawker.server.application import LIMIT, app
from hawker.server.journal import to_stderr
from hawker.server.limits import loopback
from hawker.storage.keys import Keys
from hawker.storage.shop import Shop

GRACE_SECONDS = 20
_log = structlog.get_logger("hawker.server")


def run(
    shop: Shop,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    mounts: Sequence[BaseRoute] = (),
    limit: int = LIMIT,
    started: Callable[[str], None] | None = None,
    workers: int = 1,
) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are answered, then the logs are flushed.

    `started` is called with the address once requests may come; port 0 takes any that is free.
    `workers` are so many processes behind one socket (without `mounts`).
    Raises `BadSetting` for a host that others could reach while there are no keys, `Conflict` where
    the port is taken, and whatever keeps the engine from being built.
    """
    if not loopback(host) and not keyed(shop):
        raise BadSetting(
            f"'{host[:80]}' could be reached from other machines, and the shop has no keys yet.",
            remedy="Make one with hawker key create, or serve on 127.0.0.1.",
        )
    team.check(shop, workers)
    bound = listen(host, port)
    place = f"[{host}]" if ":" in host else host
    address = f"http://{place}:{bound.getsockname()[1]}"

    def ready() -> None:
        _log.info("ready", shop=shop.settings.name, address=address)
        if started is not None:
            started(address)

    to_stderr()
    serve = partial(serve_on, limit=limit)
    with bound:
        if workers > 1:
            team.supervise(shop.folder, bound, workers=workers, serve=serve, started=ready)
        else:
            serve(shop, bound, "serve", ready, mounts=mounts)
    _log.info("closed", shop=shop.settings.name)


def serve_on(
    shop: Shop,
    bound: socket.socket,
    process: str,
    ready: Callable[[], None],
    *,
    limit: int = LIMIT,
    mounts: Sequence[BaseRoute] = (),
) -> None:
    """Serve on a socket as one process of that name, until a signal says stop."""
    with _stopped_by_signal():
        application = app(shop, mounts=mounts, limit=limit, started=ready, process=process)
        config = uvicorn.Config(
            application,
            lifespan="on",
            access_log=False,
            log_level="critical",  # what goes wrong is told by the application itself
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        try:
            uvicorn.Server(config).run(sockets=[bound])
        except SystemExit:
            if application.failure is None:
                raise
            raise application.failure from None


@contextmanager
def _stopped_by_signal() -> Iterator[None]:
    """Let a signal end the server and no more: uvicorn raises it again once it is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def keyed(shop: Shop) -> bool:
    """Whether the shop has keys, so that a request without one is refused."""
    keys = Keys(shop.control)
    try:
        return bool(keys.all())
    finally:
        keys.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; connections wait in it until the engine is built."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(2048)
    except (OSError, OverflowError) as error:
        bound.close()
        raise Conflict(
            f"Port {port} of {host} cannot be had: {error}.", remedy="Choose another with --port."
        ) from error
    return bound
