"""Every example in a docstring of ours is true."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

import hawker

MODULES = sorted(
    found.name for found in walk_packages(hawker.__path__, "hawker.") if not found.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    module = import_module(name)
    assert module.__doc__, f"{name} does not say what it decides"
    told = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert told.failed == 0, f"{told.failed} of {told.attempted} examples in {name} are not true"


def test_examples_are_found_at_all() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    tests = [test for name in MODULES[:40] for test in finder.find(import_module(name))]
    assert sum(len(test.examples) for test in tests) > 5
