"""Several server processes behind one socket: started, watched, started again, stopped together."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import structlog

from hawker.errors import BadSetting, HawkerError
from hawker.server.journal import to_stderr
from hawker.storage.control import Control
from hawker.storage.shop import Shop

MOST = 64
GRACE_SECONDS = 30.0
_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 0.5
_SPAWN = multiprocessing.get_context("spawn")
_log = structlog.get_logger("hawker.server")
Serve = Callable[[Shop, socket.socket, str, Callable[[], None]], None]
"""Serves a shop on a socket under a process's name; calls the last argument when requests may come."""


def check(shop: Shop, workers: int) -> None:
    """Raises `BadSetting` where so many processes could not keep what one keeps."""
    if not 1 <= workers <= MOST:
        raise BadSetting(f"{workers} workers cannot be.", remedy=f"Give 1 to {MOST}.")
    if workers == 1 or shop.shared:
        return
    control = Control(shop.control)
    orders = [one.id for one in control.advertisers() if one.caps]
    orders += [one.id for one in control.campaigns() if one.caps]
    orders += [one.id for one in control.creatives() if one.caps]
    control.close()
    capped = next(iter(orders), None)
    if capped is not None:
        raise BadSetting(
            f"'{capped}' has a frequency cap, which several processes keep only in a Redis they share.",
            remedy="Add --state redis://HOST:6379/0, or serve with one worker.",
        )


def supervise(
    folder: Path,
    bound: socket.socket,
    *,
    workers: int,
    serve: Serve,
    started: Callable[[], None],
) -> None:
    """Serve with so many processes until SIGTERM or SIGINT. `serve` must be a function of a module.

    Raises what keeps the first of them from being ready; later a process that dies is started again.
    """
    team = [_Worker(folder, bound, number, serve) for number in range(workers)]
    stopping = threading.Event()
    kept = {
        number: signal.signal(number, lambda *_: stopping.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        team[0].start()
        team[0].await_ready(stopping)
        for worker in team[1:]:
            worker.start()
        for worker in team[1:]:
            worker.await_ready(stopping)
        if not stopping.is_set():
            started()
        while not stopping.is_set():
            wait([worker.process.sentinel for worker in team], timeout=_LOOK_SECONDS)
            for worker in team:
                worker.revive(stopping)
    finally:
        _stop(team)
        for number, handler in kept.items():
            signal.signal(number, handler)


@dataclass
class _Worker:
    """One process and what it said."""

    folder: Path
    bound: socket.socket
    number: int
    serve: Serve
    begun: float = 0.0

    def start(self) -> None:
        """Start, or start again under the same name: the ledger gives it what its last life had leased."""
        self.said, said = _SPAWN.Pipe(duplex=False)
        self.begun = time.monotonic()
        self.process: BaseProcess = _SPAWN.Process(
            target=_work,
            args=(self.folder, self.bound, f"serve-{self.number}", self.serve, said, os.getpid()),
            name=f"hawker-{self.number}",
        )
        self.process.start()
        said.close()

    def await_ready(self, stopping: threading.Event) -> None:
        """Wait until it is ready; raises what kept it from that."""
        while not stopping.is_set():
            if self.said.poll(_LOOK_SECONDS):
                told = self._told()
                if told:
                    raise HawkerError(*told[:1], remedy=told[1])
                return

    def revive(self, stopping: threading.Event) -> None:
        """Start it again where it has died, at most once a second."""
        if self.process.is_alive() or stopping.is_set():
            return
        _log.error("worker died", worker=self.number, code=self.process.exitcode)
        if (early := _PAUSE_SECONDS - (time.monotonic() - self.begun)) > 0:
            stopping.wait(early)
        self.start()

    def _told(self) -> tuple[str, str] | None:
        try:
            found: tuple[str, str] | None = self.said.recv()
        except EOFError:
            return ("A worker ended before it was ready.", "Its log says why; or serve with one worker.")
        return found


def _stop(team: list[_Worker]) -> None:
    """End every process in order; what does not end in time is killed."""
    running = [worker.process for worker in team if hasattr(worker, "process") and worker.process.is_alive()]
    for process in running:
        process.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for process in running:
        process.join(max(until - time.monotonic(), 0.1))
        if process.is_alive():
            process.kill()
            process.join()


def _work(folder: Path, bound: socket.socket, name: str, serve: Serve, said: Connection, parent: int) -> None:
    """What a process does: serve, tell when it is ready or why not, and end when its parent has."""
    to_stderr()
    threading.Thread(target=_mourn, args=(parent,), daemon=True).start()
    try:
        serve(Shop(folder), bound, name, lambda: said.send(None))
    except HawkerError as error:
        said.send((error.message, error.remedy))


def _mourn(parent: int) -> None:
    """End this process in order once its parent is gone, however that came."""
    while os.getppid() == parent:
        time.sleep(_PAUSE_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
