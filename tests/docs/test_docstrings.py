"""Every example in a docstring of ours is true."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

import pytest

import hawker
from hawker.errors import MissingExtra

MODULES = sorted(
    found.name for found in walk_packages(hawker.__path__, "hawker.") if not found.name.endswith("__main__")
)


def loaded(name: str) -> ModuleType | None:
    """A module of ours, or None where it needs a package of others that is not installed."""
    try:
        return import_module(name)
    except MissingExtra:
        return None
    except ModuleNotFoundError as error:
        if (error.name or "hawker").startswith("hawker"):
            raise
        return None


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    module = loaded(name)
    if module is None:
        pytest.skip(f"{name} needs an extra that is not installed; make test installs it")
    assert module.__doc__, f"{name} does not say what it decides"
    told = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert told.failed == 0, f"{told.failed} of {told.attempted} examples in {name} are not true"


def test_examples_are_found_at_all() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [module for name in MODULES if (module := loaded(name)) is not None]
    tests = [test for module in modules for test in finder.find(module)]
    assert sum(len(test.examples) for test in tests) > 5
