"""Reads a rule: a small grammar of its own, nothing is ever evaluated.

    rule   := every ("or" every)*
    every  := not ("and" not)*
    not    := "not" not | "(" rule ")" | test
    test   := field [("==" | "!=" | "<" | "<=" | ">" | ">=") value | "in" "(" text ("," text)* ")"]
    field  := NAME | NAME "(" text ["," "days" "=" NUMBER] ")"      visits_30d is visits in the last 30 days
    value  := NUMBER | text

Quotes are those of JSON; Chinese brackets, commas and quotes are read as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from hawker.audience.rules.expression import Every, Expression, Not, Op, Some, Test, depth, tests
from hawker.audience.rules.fields import FIELDS, Type, sound
from hawker.errors import BadInput, nearest

LONGEST = 4_000
DEEPEST = 20
MOST_TESTS = 100
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-?\.\d+)
    |(?P<text>"(?:[^"\\]|\\.)*"|“[^”]*”|'[^'\\]*')
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<op>==|!=|<=|>=|<|>)
    |(?P<mark>[()（）,，=])""",
    re.VERBOSE,
)
_SAME = {"（": "(", "）": ")", "，": ","}
_WINDOW = re.compile(r"(\w+?)_(\d{1,5})d")
_WORDS = ("and", "or", "not", "in")


class Token(NamedTuple):
    """One word of a rule, and the column it begins at, counted from 1."""

    kind: str
    text: str
    column: int


def parse(text: str) -> Expression:
    """The rule a text is; raises `BadInput` naming the column, and the nearest field where one is unknown.

    >>> parse('spend_90d > 50 and not bought_brand("Acme")').of[0]
    Test(field='spend', of='', days=90, op=<Op.GT: '>'>, value=50.0)
    """
    if len(text) > LONGEST:
        raise BadInput(f"The rule has {len(text):,} characters.", remedy=f"At most {LONGEST:,} are read.")
    return checked(_Parser(list(_tokens(text))).whole())


def checked(rule: Expression) -> Expression:
    """A rule from anywhere, if it is one that can be asked: known fields, sound values, not too large."""
    if depth(rule) > DEEPEST:
        raise BadInput(f"The rule is more than {DEEPEST} levels deep.", remedy="Split it.")
    if sum(1 for _ in tests(rule)) > MOST_TESTS:
        raise BadInput(f"The rule has more than {MOST_TESTS} tests.", remedy="Split it.")
    _joined(rule)
    for test in tests(rule):
        sound(test)
    return rule


def _joined(rule: Expression) -> None:
    if isinstance(rule, Every | Some):
        if len(rule.of) < 2:
            raise BadInput("'all' and 'any' join two parts or more.", remedy="Give the part itself.")
        for part in rule.of:
            _joined(part)
    elif isinstance(rule, Not):
        _joined(rule.of)


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _wrong(place + 1, f"'{text[place]}' means nothing here")
        kind, read = found.lastgroup or "", found.group()
        if kind != "space":
            yield Token(kind, _SAME.get(read, read), place + 1)
        place = found.end()
    yield Token("end", "", len(text) + 1)


class _Parser:
    """Walks over the words once, from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def whole(self) -> Expression:
        if self._ahead.kind == "end":
            raise _wrong(1, "the rule is empty", "Write for example: visits_30d >= 3")
        rule = self._some()
        if self._ahead.kind != "end":
            raise _wrong(
                self._ahead.column, f"'{self._ahead.text}' is not expected here", "Join with and, or."
            )
        return rule

    @property
    def _ahead(self) -> Token:
        return self._tokens[self._place]

    def _next(self) -> Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _took(self, *texts: str) -> bool:
        if self._ahead.kind in ("mark", "name") and self._ahead.text in texts:
            self._place += 1
            return True
        return False

    def _need(self, text: str) -> None:
        if not self._took(text):
            found = self._ahead.text or "the end"
            raise _wrong(self._ahead.column, f"'{text}' is missing before {found!r}")

    def _some(self) -> Expression:
        parts = [self._every()]
        while self._took("or"):
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _every(self) -> Expression:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _not(self) -> Expression:
        self._depth += 1
        if self._depth > 3 * DEEPEST:
            raise _wrong(self._ahead.column, f"more than {DEEPEST} levels deep", "Split the rule.")
        try:
            if self._took("not"):
                return Not(self._not())
            if self._took("("):
                inner = self._some()
                self._need(")")
                return inner
            return self._test()
        finally:
            self._depth -= 1

    def _test(self) -> Test:
        token = self._next()
        if token.kind != "name" or token.text in _WORDS:
            raise _wrong(token.column, f"a field is missing before {token.text or 'the end'!r}")
        name, days = _window(token.text)
        if name not in FIELDS:
            raise _wrong(
                token.column, f"there is no field '{name[:40]}'", nearest(name.lower(), list(FIELDS))
            )
        of, within = self._arguments() if self._took("(") else ("", 0)
        op, value = self._comparison()
        try:
            return sound(Test(name, of, within or days, op, value))
        except BadInput as error:
            raise BadInput(f"Column {token.column}: {error.message}", remedy=error.remedy) from error

    def _arguments(self) -> tuple[str, int]:
        of, days = self._text(), 0
        if self._took(","):
            self._need("days")
            self._need("=")
            token = self._next()
            if token.kind != "number" or not token.text.isdigit() or int(token.text) < 1:
                raise _wrong(token.column, "'days' is a whole number from 1 on")
            days = int(token.text)
        self._need(")")
        return of, days

    def _comparison(self) -> tuple[Op | None, float | str | tuple[str, ...] | None]:
        if self._took("in"):
            self._need("(")
            values = [self._text()]
            while self._took(","):
                values.append(self._text())
            self._need(")")
            return Op.IN, tuple(values)
        if self._ahead.kind != "op":
            if self._ahead.text == "=":
                raise _wrong(self._ahead.column, "'=' does not compare", "Write == instead.")
            return None, None
        op = Op(self._next().text)
        if self._ahead.kind == "number":
            return op, float(self._next().text)
        return op, self._text()

    def _text(self) -> str:
        token = self._next()
        if token.kind != "text":
            raise _wrong(token.column, f"a text in quotes is missing before {token.text or 'the end'!r}")
        if token.text[0] != '"':
            return token.text[1:-1]
        try:
            return str(json.loads(token.text))
        except ValueError as error:
            raise _wrong(token.column, "the text between these quotes cannot be read") from error


def _window(name: str) -> tuple[str, int]:
    """'visits_30d' as 'visits' and 30."""
    found = _WINDOW.fullmatch(name)
    if found and found[1] in FIELDS and FIELDS[found[1]].type is Type.NUMBER and int(found[2]):
        return found[1], int(found[2])
    return (found[1], int(found[2])) if found and name not in FIELDS else (name, 0)


def _wrong(column: int, what: str, remedy: str = "") -> BadInput:
    return BadInput(f"Column {column}: {what}.", remedy=remedy)
