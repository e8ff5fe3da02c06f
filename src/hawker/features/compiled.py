"""Loops that must be fast are compiled, once, and kept on disk beside the source."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a function of numbers and arrays; the result is called as before."""
    return cast(F, njit(cache=True)(function))
