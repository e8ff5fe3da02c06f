"""What a rule is made of: tests of single fields, joined by and, or and not; as text and as JSON.

`text` writes a rule so that `grammar.parse` reads the same rule again; the JSON form is what msgspec
makes of the records: {"is": "all", "of": [{"is": "test", "field": "visits", "days": 30, …}, …]}.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum

import msgspec
from msgspec import Struct

from hawker.errors import BadInput


class Op(StrEnum):
    """How a value is compared."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    IN = "in"


class Test(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="is", tag="test"):
    """One field, of something where it takes something, within the last `days` (0: ever), compared.

    Without `op` it asks whether something happened at all.
    """

    __test__ = False  # not one of pytest's

    field: str
    of: str = ""
    days: int = 0
    op: Op | None = None
    value: float | str | tuple[str, ...] | None = None


class Not(Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="not"):
    """Whoever the other does not take in."""

    of: Expression


class Every(Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="all"):
    """Whoever all of them take in."""

    of: tuple[Expression, ...]


class Some(Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="any"):
    """Whoever one of them takes in."""

    of: tuple[Expression, ...]


Expression = Test | Not | Every | Some
_DECODER: msgspec.json.Decoder[Expression] = msgspec.json.Decoder(Expression)


def text(rule: Expression) -> str:
    """A rule as a person writes it.

    >>> text(Every((Test("visits", days=30, op=Op.GE, value=3.0), Not(Test("bought", "Dairy > Milk")))))
    'visits_30d >= 3 and not bought("Dairy > Milk")'
    """
    match rule:
        case Test():
            return _test(rule)
        case Not(inner):
            return f"not {_held(inner, Every, Some)}"
        case Every(parts):
            return " and ".join(_held(part, Every, Some) for part in parts)
        case Some(parts):
            return " or ".join(_held(part, Some) for part in parts)


def encoded(rule: Expression) -> bytes:
    """A rule as JSON."""
    return msgspec.json.encode(rule)


def decoded(document: bytes) -> Expression:
    """A rule from JSON; raises `BadInput` where it is none. What it names is not checked yet."""
    try:
        return _DECODER.decode(document)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadInput(f"This is not a rule: {error}.") from error


def tests(rule: Expression) -> Iterator[Test]:
    """Every test in a rule, from left to right."""
    match rule:
        case Test():
            yield rule
        case Not(inner):
            yield from tests(inner)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from tests(part)


def depth(rule: Expression) -> int:
    """How many parts lie inside one another."""
    match rule:
        case Test():
            return 1
        case Not(inner):
            return 1 + depth(inner)
        case Every(parts) | Some(parts):
            return 1 + max((depth(part) for part in parts), default=0)


def _held(rule: Expression, *loose: type) -> str:
    """A part, in brackets where it would otherwise be read as belonging elsewhere."""
    return f"({text(rule)})" if isinstance(rule, loose) else text(rule)


def _test(test: Test) -> str:
    name = test.field
    if test.of:
        within = f", days={test.days}" if test.days else ""
        name = f"{test.field}({_quoted(test.of)}{within})"
    elif test.days:
        name = f"{test.field}_{test.days}d"
    return name if test.op is None else f"{name} {test.op} {_value(test.value)}"


def _value(value: float | str | tuple[str, ...] | None) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_quoted, value))})"
    if isinstance(value, str):
        return _quoted(value)
    number = float(value or 0.0)
    return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _quoted(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)
