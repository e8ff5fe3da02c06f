"""Names of the house: folders stand on both maps, and no file is named after nothing in particular."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "hawker"
EMPTY_NAMES = {"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}


def layers() -> list[set[str]]:
    """The layers of the import map, highest first."""
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    lines = config["importlinter:contract:layers"]["layers"].split("\n")
    return [set(re.findall(r"\w+", line)) for line in lines if line.strip()]


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {part for path in SOURCE.rglob("*.py") for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert not parts & EMPTY_NAMES


def test_the_map_for_people_names_each_folder_of_the_map_for_the_linter() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    names = set().union(*layers())
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_the_layers_stand_in_the_order_of_the_design() -> None:
    order = {name: depth for depth, layer in enumerate(layers()) for name in layer}
    for above, below in [
        ("cli", "server"),
        ("server", "delivery"),
        ("learning", "delivery"),
        ("delivery", "ranking"),
        ("measurement", "features"),
        ("features", "privacy"),
        ("privacy", "storage"),
        ("storage", "statistics"),
        ("statistics", "records"),
        ("records", "errors"),
    ]:
        assert order[above] < order[below], f"{above} must stand above {below}"
    assert order["measurement"] == order["ranking"] == order["auction"]
