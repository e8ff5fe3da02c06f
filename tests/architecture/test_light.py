"""Light at the base: what an import loads, seen from a fresh interpreter."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from pkgutil import walk_packages

import pytest

import hawker

HEAVY = {
    "alembic",
    "catboost",
    "duckdb",
    "faiss",
    "jinja2",
    "lightgbm",
    "numba",
    "onnxruntime",
    "opendp",
    "pandas",
    "presidio_analyzer",
    "pyarrow",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "starlette",
    "torch",
    "transformers",
    "typer",
    "uvicorn",
}
LIGHT = {"hawker", "numpy", "msgspec", "typing_extensions"}  # the last comes with msgspec
CORE = {"duckdb", "jinja2", "numba", "sqlalchemy", "starlette", "typer", "uvicorn"}
WEB = {"cli", "console", "server"}
PACKAGES = sorted(path.parent.name for path in Path(hawker.__file__).parent.glob("*/__init__.py"))
BASE = ("records", "statistics", "auction", "measurement", "privacy", "errors")


def loaded(statement: str) -> set[str]:
    """The third-party top-level packages that a fresh interpreter holds after one statement."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = {name.partition(".")[0] for name in done.stdout.split()}
    return names & packages_distributions().keys()


def modules(package: str) -> list[str]:
    """Every module of a package of ours, found on disk; none where it does not exist yet."""
    spec = importlib.util.find_spec(f"hawker.{package}")
    if spec is None:
        return []
    names = [f"hawker.{package}"]
    for folder in spec.submodule_search_locations or ():
        names.extend(found.name for found in walk_packages([folder], f"hawker.{package}."))
    return names


def test_import_hawker_loads_nothing_of_others() -> None:
    assert loaded("import hawker") <= {"hawker"}


def test_naming_the_shop_loads_no_engine() -> None:
    assert not loaded("from hawker import Shop") & HEAVY


@pytest.mark.parametrize("package", BASE)
def test_the_base_loads_numpy_at_most(package: str) -> None:
    names = modules(package)
    if not names:
        pytest.skip(f"hawker.{package} does not exist yet")
    assert loaded("; ".join(f"import {name}" for name in names)) <= LIGHT


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_loads_without_its_heavy_parts(package: str) -> None:
    forbidden = HEAVY - CORE if package in WEB else HEAVY - CORE | {"starlette", "uvicorn"}
    names = loaded(f"import hawker.{package}")
    if "numba" in names:  # it takes scipy along where that is installed
        names -= loaded("import numba")
    assert not names & forbidden


def test_the_probe_sees_a_heavy_import() -> None:
    assert "duckdb" in loaded("import duckdb")
