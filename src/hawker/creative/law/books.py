"""The law as data: which claims each jurisdiction forbids, read from the package's own TOML files.

`words.toml` holds lists; the files of `claims/` say how a claim reads in English and Chinese, what
lifts it, and what to tell people; `cn`, `eu`, `uk` and `us.toml` say which clause stands against it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from hawker.records.finding import Severity

LANGUAGES = ("en", "zh")
JURISDICTIONS = ("CN", "EU", "UK", "US")
PLACES = (
    "after",
    "before",
    "sentence",
    "text",
    "name",
    "title",
    "stated",
    "origin",
    "stock",
    "price",
    "negated",
)
_LIST = re.compile(r"<([a-z_]+)>")
_HALF = str.maketrans("，；！？：", ",;!?:")
_EDGES = {"en": (r"(?<![a-z0-9])(?:", r")(?![a-z0-9])"), "zh": ("(?:", ")")}

Words = Mapping[str, str]


@dataclass(frozen=True)
class Lift:
    """What takes a claim out of the law's reach: `where` it is looked for, and what remains of it.

    `pattern` is None for the tests that need no words (`name`, `stated`, `origin` and the like).
    `to` is 'nothing' or 'warning'; `unless` names words before the claim that keep it forbidden.
    """

    where: str
    why: Words
    pattern: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    to: str = "nothing"


@dataclass(frozen=True)
class Claim:
    """One thing an ad may say: how it reads, what lifts it, what to tell people about it."""

    name: str
    message: Words
    remedy: Words
    reads: Mapping[str, re.Pattern[str]]
    lifts: tuple[Lift, ...] = ()
    needs: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Rule:
    """One clause against one claim. `sectors` are the goods it is about, () all, `spared` those it is not;

    `evidence` says that proof in the shop's hands makes it lawful.
    """

    id: str
    claim: str
    clause: str
    title: Words
    sectors: frozenset[str] = frozenset()
    spared: frozenset[str] = frozenset()
    evidence: bool = False
    severity: Severity = Severity.ERROR


def _data() -> Traversable:
    return resources.files(__package__).joinpath("data")


def _lines(block: str) -> list[str]:
    return [line for line in block.split("\n") if line and not line.startswith("# ")]


def _both(value: Mapping[str, str]) -> Words:
    return {language: value[language] for language in LANGUAGES}


@lru_cache(maxsize=1)
def _lists() -> Mapping[str, Mapping[str, str]]:
    """The named lists as alternatives, by language."""
    words = tomllib.loads(_data().joinpath("words.toml").read_text("utf-8"))
    return {
        name: {language: "(?:" + "|".join(_lines(block)) + ")" for language, block in entry.items()}
        for name, entry in words.items()
    }


def _expanded(line: str, language: str) -> str:
    return _LIST.sub(lambda found: _lists()[found.group(1)][language], line.translate(_HALF))


def _pattern(block: str, language: str, *, before: str = "", after: str = "") -> re.Pattern[str]:
    body = "|".join(_expanded(line, language) for line in _lines(block))
    return re.compile(f"{before}(?:{body}){after}")


def _reads(entry: Mapping[str, Any], language: str) -> re.Pattern[str]:
    start, end = _EDGES[language]
    return _pattern(entry[language], language, before=start, after=end)


def _lift(entry: Mapping[str, Any]) -> Lift:
    where, block = entry["where"], entry.get("pattern", "")
    language = "en"
    return Lift(
        where=where,
        why=_both(entry["why"]),
        pattern=_pattern(block, language, after="$" if where == "before" else "") if block else None,
        unless=_pattern(entry["unless"], language, after=" ?$") if "unless" in entry else None,
        to=entry.get("to", "nothing"),
    )


@lru_cache(maxsize=1)
def claims() -> Mapping[str, Claim]:
    """Every claim that a clause may stand against, by name."""
    found: dict[str, Claim] = {}
    for file in sorted(_data().joinpath("claims").iterdir(), key=lambda file: file.name):
        for name, entry in tomllib.loads(file.read_text("utf-8")).items():
            found[name] = Claim(
                name=name,
                message=_both(entry["message"]),
                remedy=_both(entry["remedy"]),
                reads={language: _reads(entry, language) for language in LANGUAGES if language in entry},
                lifts=tuple(_lift(lift) for lift in entry.get("lift", ())),
                needs=_pattern(entry["needs"], "en") if "needs" in entry else None,
            )
    return found


@lru_cache(maxsize=1)
def sectors() -> Mapping[str, Mapping[str, re.Pattern[str]]]:
    """How goods of each sector are called, by language."""
    entries = tomllib.loads(_data().joinpath("sectors.toml").read_text("utf-8"))
    return {
        name: {language: _reads(entry, language) for language in LANGUAGES} for name, entry in entries.items()
    }


@lru_cache(maxsize=len(JURISDICTIONS))
def rules(jurisdiction: str) -> tuple[Rule, ...]:
    """The rules of one jurisdiction, those about fewer goods before those about all."""
    file = _data().joinpath(f"{jurisdiction.lower()}.toml")
    found = [
        Rule(
            id=f"{jurisdiction.lower()}-{name}",
            claim=entry.get("claim", name),
            clause=entry["clause"],
            title=_both(entry["title"]),
            sectors=frozenset(entry.get("sectors", ())),
            spared=frozenset(entry.get("spared", ())),
            evidence=entry.get("evidence", False),
            severity=Severity[entry.get("severity", "ERROR")],
        )
        for name, entry in tomllib.loads(file.read_text("utf-8")).items()
    ]
    return tuple(sorted(found, key=lambda rule: not rule.sectors))
