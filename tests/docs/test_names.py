"""Every name a user can meet stands in the documents: found in the code, looked up in the pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import msgspec
import pytest

from hawker.errors import HawkerError
from hawker.records.advertiser import Advertiser
from hawker.records.attribution import Model, Windows
from hawker.records.audience import Audience, Audiences, Outcome
from hawker.records.audience import Kind as AudienceKind
from hawker.records.bid import FallbackReason, NoBidReason
from hawker.records.campaign import (
    Ad,
    AdGroup,
    Campaign,
    Cap,
    Daypart,
    Did,
    Keyword,
    Match,
    Objective,
    Per,
    Pricing,
    Retargeting,
    Strategy,
    Targeting,
    Tier,
    Visitor,
)
from hawker.records.charge import Balance, Charge, Line, Settlement, Terms
from hawker.records.charge import Status as ChargeStatus
from hawker.records.consent import Consent, ConsentPath
from hawker.records.creative import Creative
from hawker.records.decision import Candidates, Decision, Look, Request, ShownAd, Slot
from hawker.records.events import Event as EventRecord
from hawker.records.events import EventKind
from hawker.records.exchange import Exchange
from hawker.records.key import Rates
from hawker.records.placement import Page, Placement
from hawker.records.preferences import Preferences
from hawker.records.search import Pin, SearchRules, Twice
from hawker.records.traffic import Limits
from hawker.records.verdict import Status, Verdict
from hawker.storage.shop import Settings

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "hawker"
DOCS = ROOT / "docs"
ROUTE = re.compile(r"/(?:[a-z0-9_.-]+|\{[a-z_:]+\})(?:/(?:[a-z0-9_.-]+|\{[a-z_:]+\}))*")
CODE = re.compile(r"[a-z][a-z0-9_]*")
RECORDS: dict[str, Any] = {
    "Event": EventRecord,
    "Request": Request,
    "Consent": Consent,
    "Decision": Decision,
    "Slot": Slot,
    "ShownAd": ShownAd,
    "Candidates": Candidates,
    "Look": Look,
    "Verdict": Verdict,
    "Advertiser": Advertiser,
    "Audience": Audience,
    "Campaign": Campaign,
    "Targeting": Targeting,
    "Keyword": Keyword,
    "Daypart": Daypart,
    "Retargeting": Retargeting,
    "Cap": Cap,
    "AdGroup": AdGroup,
    "Ad": Ad,
    "Creative": Creative,
    "Preferences": Preferences,
    "Charge": Charge,
    "Settlement": Settlement,
    "Terms": Terms,
    "Line": Line,
    "Balance": Balance,
}


@cache
def pages() -> str:
    """All documents in one text."""
    return "\n".join(path.read_text("utf-8") for path in [*ROOT.glob("*.md"), *DOCS.glob("**/*.md")])


def missing(names: set[str], page: str) -> set[str]:
    """The names that a page never shows in code type."""
    return {name for name in names if f"`{name}`" not in (DOCS / page).read_text("utf-8")}


def trees(folder: str) -> Iterator[tuple[Path, ast.Module]]:
    """The syntax of every file of ours under a folder."""
    for path in sorted((SOURCE / folder).rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def table(record: str) -> dict[str, bool]:
    """The fields that docs/events.md lists under a record's heading, and which it calls required."""
    text = (DOCS / "events.md").read_text("utf-8")
    _, _, section = text.partition(f"# {record}\n")
    section = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0]
    return {name: rest.startswith("required") for name, rest in rows(section)}


def rows(section: str) -> Iterator[tuple[str, str]]:
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 4:
            yield cells[0].strip("`"), cells[2]


@pytest.mark.parametrize("record", RECORDS)
def test_the_schema_page_lists_each_field_in_order(record: str) -> None:
    fields = msgspec.structs.fields(RECORDS[record])
    listed = table(record)
    assert list(listed) == [field.name for field in fields]
    assert listed == {field.name: field.required for field in fields}


@pytest.mark.parametrize(
    "kinds",
    [
        *(EventKind, NoBidReason, FallbackReason, ConsentPath, Status, ChargeStatus),
        *(Pricing, Objective, Strategy, Tier, Match, Per, Visitor, Did, AudienceKind, Outcome),
    ],
    ids=lambda kind: kind.__name__,
)
def test_the_schema_page_names_each_value(kinds: Any) -> None:
    assert not missing({kind.value for kind in kinds}, "events.md")


def test_every_setting_is_documented() -> None:
    records = (Settings, Placement, Windows, Limits, Audiences, Rates, Exchange, SearchRules, Pin)
    names = {name for record in records for name in record.__struct_fields__}
    names |= {value.value for value in (*Page, *Model, *Twice)}
    assert not missing(names, "settings.md")


def test_the_settings_page_gives_the_defaults_of_the_code() -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    headings: dict[str, Any] = {
        "The shop": Settings,
        "Placements": Placement,
        "Attribution": Windows,
        "Traffic": Limits,
        "Audiences": Audiences,
        "Rates": Rates,
        "Exchanges": Exchange,
        "Search": SearchRules,
    }
    for heading, record in headings.items():
        listed = dict(rows(text.partition(f"## {heading}\n")[2].partition("\n## ")[0]))
        for field in msgspec.structs.fields(record):
            if field.required or not isinstance(field.default, int | float | str):
                continue
            default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
            assert listed[field.name].strip("`").strip('"') == default, field.name


def test_the_errors_page_draws_the_tree_of_the_code() -> None:
    listed = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", (DOCS / "errors.md").read_text("utf-8"), re.MULTILINE)
    tree = {HawkerError, *HawkerError.__subclasses__()}
    tree |= {child for error in tree for child in error.__subclasses__()}
    ours = [error for error in tree if error.__module__.startswith("hawker.")]  # not a benchmark's own
    known = {error.__name__: error.__base__.__name__ for error in ours if error.__base__}
    assert {name: parent for name, parent in listed if name in known} == known


def errors() -> set[str]:
    """The names of every error class of ours: those in the tree, and any class built on one of them."""
    known = {"HawkerError"}
    classes = [node for _, tree in trees(".") for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in range(4):  # as deep as the tree could be
        for node in classes:
            if any(isinstance(base, ast.Name) and base.id in known for base in node.bases):
                known.add(node.name)
    return known


def test_every_error_is_documented() -> None:
    assert not missing(errors(), "errors.md")


def reasons() -> dict[str, str]:
    """Each reason code of a finding or verdict, with the file it comes from.

    Taken from literal reasons in calls of `Finding` and `Verdict`, and from dictionaries named
    `REASONS` (whatever stands before the name), whose keys are the codes.
    """
    found: dict[str, str] = {}
    for path, tree in trees("."):
        for node in ast.walk(tree):
            for name in [*called(node), *listed(node)]:
                found[name] = str(path.relative_to(SOURCE))
    return found


def called(node: ast.AST) -> Iterator[str]:
    """The literal reason in a call of `Finding(place, reason, …)` or `Verdict(id, status, reason)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return
    place = {"Finding": 1, "Verdict": 2}.get(node.func.id)
    if place is None:
        return
    given = [keyword.value for keyword in node.keywords if keyword.arg == "reason"] + node.args[
        place : place + 1
    ]
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
            yield value.value


def listed(node: ast.AST) -> Iterator[str]:
    """The keys of a dictionary named REASONS, where they are codes and not sentences."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id.endswith("REASONS") for target in targets):
            for key in node.value.keys:
                if isinstance(key, ast.Constant) and CODE.fullmatch(str(key.value)):
                    yield str(key.value)


def test_every_reason_of_a_finding_is_documented() -> None:
    found = reasons()
    if not found:
        pytest.skip("no findings are made yet")
    lacking = {name: found[name] for name in missing(set(found), "errors.md")}
    assert not lacking, f"docs/errors.md does not explain {lacking}: python dev/reasons.py"


def test_reasons_are_found_in_calls_and_dictionaries() -> None:
    code = 'Finding("a:1", "bad_price", "…")\nVerdict("e", s, reason="late")\n_REASONS: dict = {"empty": "…"}'
    nodes = list(ast.walk(ast.parse(code)))
    assert {name for node in nodes for name in [*called(node), *listed(node)]} == {
        "bad_price",
        "late",
        "empty",
    }


def verbs() -> set[str]:
    """The commands of the command line, from its Typer application."""
    from typer import Typer
    from typer.main import get_command

    found: set[str] = set()
    for module in walk_packages(import_module("hawker.cli").__path__, "hawker.cli."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Typer):
                found |= set(getattr(get_command(value), "commands", {}))
    return found


def test_every_verb_is_documented() -> None:
    if find_spec("hawker.cli") is None:
        pytest.skip("hawker.cli does not exist yet")
    found = verbs()
    assert found, "hawker.cli holds no Typer application with commands"
    lacking = {verb for verb in found if not re.search(rf"\bhawker (?:-C \S+ )?{verb}\b", pages())}
    assert not lacking, f"No document shows {sorted(f'hawker {verb}' for verb in lacking)}"


def endpoints() -> set[str]:
    """The paths that the server answers: its string literals that look like one."""
    found: set[str] = set()
    for _, tree in trees("server"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and ROUTE.fullmatch(node.value):
                found.add(node.value)
    return found


def test_every_endpoint_is_documented() -> None:
    if find_spec("hawker.server") is None:
        pytest.skip("hawker.server does not exist yet")
    found = endpoints()
    assert found, "hawker.server names no path"
    patterns = {path: re.sub(r"\\\{[^/]*?\\\}", r"[^/`\\s]+", re.escape(path)) for path in found}
    lacking = [path for path, pattern in patterns.items() if not re.search(pattern + r"(?![\w/])", pages())]
    assert not lacking, f"No document shows {sorted(lacking)}"


def test_decisions_are_numbered_and_say_where_they_stand() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]
    for path in records:
        text = path.read_text("utf-8")
        assert re.match(rf"# 0*{int(path.name[:4])}[.:] \S", text), path.name
        assert re.search(r"^\W*Status\W+(?i:proposed|accepted|superseded by \d{4})", text, re.MULTILINE), (
            path.name
        )
