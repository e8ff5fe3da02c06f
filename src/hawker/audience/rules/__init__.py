"""Rules over profile and events: a small typed language, its words, and who a rule takes in."""

from __future__ import annotations

from hawker.audience.rules.expression import (
    Every,
    Expression,
    Not,
    Op,
    Some,
    Test,
    decoded,
    encoded,
    tests,
    text,
)
from hawker.audience.rules.fields import FIELDS, Field, Type
from hawker.audience.rules.grammar import checked, parse
from hawker.audience.rules.sentence import describe

__all__ = [
    "FIELDS",
    "Every",
    "Expression",
    "Field",
    "Not",
    "Op",
    "Some",
    "Test",
    "Type",
    "checked",
    "decoded",
    "describe",
    "encoded",
    "parse",
    "tests",
    "text",
]
