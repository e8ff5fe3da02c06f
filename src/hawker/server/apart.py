"""Long work in a process of its own, which gives way to the requests."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from hawker.errors import HawkerError

T = TypeVar("T")
_NICE = 10
_LOOK = 0.05


async def apart(work: Callable[..., T], *given: object, name: str) -> T:
    """What `work` gives, or the `HawkerError` it raises; ended where nobody waits for it any more.

    `work` is a function of a module; what it takes and gives is pickled.
    """
    context = multiprocessing.get_context("spawn")
    answer, out = context.Pipe(duplex=False)
    process = context.Process(target=_nicely, args=(out, work, given), name=name, daemon=True)
    process.start()
    out.close()
    try:
        while not answer.poll():
            await asyncio.sleep(_LOOK)
        found, error = await asyncio.to_thread(answer.recv)
    except EOFError:
        process.join(1.0)
        raise RuntimeError(f"The process '{name}' ended without an answer ({process.exitcode}).") from None
    finally:
        if process.is_alive():
            process.terminate()
        answer.close()
    if error is not None:
        raise error[0](error[1], remedy=error[2])
    result: T = found
    return result


def _nicely(out: Connection, work: Callable[..., Any], given: tuple[object, ...]) -> None:
    os.nice(_NICE)
    try:
        out.send((work(*given), None))
    except HawkerError as error:
        out.send((None, (type(error), error.message, error.remedy)))
