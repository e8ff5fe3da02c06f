"""Whom rules take in: each field is read once for all shoppers, all rules are worked out on the arrays.

A number that is not known meets no comparison; a text that is not known is ''.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hawker.audience.moment import Moment
from hawker.audience.rules import log
from hawker.audience.rules.expression import Every, Expression, Not, Op, Some, Test, tests
from hawker.audience.rules.fields import FIELDS, Type
from hawker.features.counters import DAY, EPOCH
from hawker.records.catalogue import LEVELS, levels
from hawker.storage import tables

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Nearness = Callable[[str], tuple[Floats, str]]
"""How near the interests of each shopper code are to a text; or the reason why that is not known."""
CHUNK = 20_000
"""Shoppers read from the folds at a time, so that nothing else waits long for its turn."""
_OWN = ("visits", "purchases", "spend", "ad_impressions", "ad_clicks")
_RATIOS = {
    "spend_per_visit": ("shopper", "spend", "visits"),
    "price_paid": ("shopper", "spend", "purchases"),
    "ad_click_rate": ("shopper", "ad_clicks", "ad_impressions"),
    "repeat_share": ("shopper_trial", "repeats", "count"),
}
_LAST = {"bought_product": ("product", "last"), "visited": ("location", "last")}


@dataclass(frozen=True)
class Taken:
    """Whom a rule takes in, by shopper code; nobody, with the `reason`, where that cannot be said."""

    members: Flags
    reason: str = ""


def taken(
    given: Mapping[str, Expression], moment: Moment, *, nearness: Nearness | None = None
) -> dict[str, Taken]:
    """Whom each of several rules takes in. What they share is read once, the log at most once in all."""
    reading = _Reading(moment, nearness or _unknown)
    reading.prepare({test for rule in given.values() for test in tests(rule)})
    found = {}
    for name, rule in given.items():
        missing = dict.fromkeys(reading.missing[test] for test in tests(rule) if test in reading.missing)
        members = np.zeros(reading.count, dtype=bool)
        if not missing:
            members[moment.shoppers] = _worked_out(rule, reading.met)[moment.shoppers]
        found[name] = Taken(members, "; ".join(missing))
    return found


def _worked_out(rule: Expression, met: Mapping[Test, Flags]) -> Flags:
    match rule:
        case Test():
            return met[rule]
        case Not(inner):
            return ~_worked_out(inner, met)
        case Every(parts):
            return np.asarray(np.logical_and.reduce([_worked_out(part, met) for part in parts]))
        case Some(parts):
            return np.asarray(np.logical_or.reduce([_worked_out(part, met) for part in parts]))


@dataclass
class _Reading:
    """The tests of some rules, worked out for every shopper code."""

    moment: Moment
    nearness: Nearness
    met: dict[Test, Flags] = field(default_factory=dict)
    missing: dict[Test, str] = field(default_factory=dict)
    _held: dict[str, dict[str, Floats]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return self.moment.count

    def prepare(self, asked: set[Test]) -> None:
        """Work out every test."""
        ordered = sorted(asked, key=repr)
        values: dict[Test, Floats] = {}
        for number, test in enumerate(ordered):
            self.moment.tell("profiles", number / (2 * len(ordered)))
            if FIELDS[test.field].type is Type.TEXT:
                self.met[test] = self._text(test)
            elif test.field == "in_list":
                self.met[test] = self._on_list(test.of)
            elif test.field == "interest":
                values[test], reason = self.nearness(test.of)
                if reason:
                    self.missing[test] = reason
            elif (folded := self._folded(test)) is not None:
                values[test] = folded
        left = [test for test in ordered if test not in values and test not in self.met]
        self.moment.tell("the event log", 0.5)
        values |= log.counted(self.moment, left)
        self.met |= {test: _compared(test, found) for test, found in values.items()}

    def _folded(self, test: Test) -> Floats | None:
        """The value of a field as the folds hold it; None where they do not."""
        name = test.field
        if name in _OWN:
            return None if test.days else self._own("shopper", name)
        if name == "days_since_visit":
            return self._days_since(self._own("shopper", "last"))
        if name == "days_since_first":
            return self._days_since(self._own("shopper", "first"))
        if name == "visits_per_week":
            weeks = np.fmax(self._days_since(self._own("shopper", "first")) / 7.0, 1.0)
            return self._own("shopper", "visits") / weeks
        if name in _RATIOS:
            table, above, below = _RATIOS[name]
            return _ratio(self._own(table, above), self._own(table, below))
        if name == "share_of":
            return self._share(test.of)
        if name == "bought_brand" and not test.days:
            return self._pair("shopper_brand", "brand", test.of, "count")
        return self._ever(test)

    def _ever(self, test: Test) -> Floats | None:
        """How often, or whether at all within some days: the last time tells the latter of any window."""
        key, counter = ("", "")
        of = test.of
        if test.field == "bought":
            key, of = self._level(test.of)
            counter = "" if key == "department" else "count"
        elif test.field in _LAST:
            key = _LAST[test.field][0]
            counter = "count" if key == "product" else "visits"
        if not key:
            return None
        if test.op is None:
            last = self._days_since(self._pair(f"shopper_{key}", key, of, "last"))
            return (last <= (test.days or np.inf)).astype(np.float64)
        return self._pair(f"shopper_{key}", key, of, counter) if counter and not test.days else None

    def _level(self, category: str) -> tuple[str, str]:
        """By which key the folds know a category path; '' where its purchases are spread over several."""
        path = levels(category)
        name, codes = LEVELS.join(path), self.moment.state.codes
        if len(path) <= 2:
            return ("department", "shelf")[len(path) - 1] if path else "", name
        below = f"{name}{LEVELS}"
        lone = not any(other.startswith(below) for other in codes["category"].names)
        return ("category" if lone else ""), name

    def _own(self, table: str, counter: str) -> Floats:
        """One counter of every shopper; a table's others are thrown away as they come."""
        held = self._held.setdefault(table, {})
        if not held:
            wanted = ("visits", "purchases", "spend", "last", "first", "ad_impressions", "ad_clicks")
            names = wanted if table == "shopper" else ("count", "repeats")
            held.update({name: np.empty(self.count) for name in names})
            for part in self._parts():
                read = self.moment.state.read(table, part, now=self.moment.now)
                for name in names:
                    held[name][part] = read[name]
        return held[counter]

    def _pair(self, table: str, key: str, name: str, counter: str) -> Floats:
        """One counter of every shopper with one product, category, brand or place."""
        other = self.moment.state.codes[key].find(name)
        out = np.empty(self.count)
        for part in self._parts():
            with_it = np.full(len(part), other, dtype=np.int32)
            out[part] = self.moment.state.read(table, part, with_it, now=self.moment.now)[counter]
        return out

    def _share(self, department: str) -> Floats:
        table, names = "shopper_department", self.moment.state.codes["department"].names
        total = np.zeros(self.count)
        for name in names:
            total += self._pair(table, "department", name, "bought_60")
        return _ratio(self._pair(table, "department", department, "bought_60"), total)

    def _parts(self) -> list[NDArray[np.int32]]:
        everyone = np.arange(self.count, dtype=np.int32)
        return [everyone[start : start + CHUNK] for start in range(0, self.count, CHUNK)]

    def _days_since(self, moments: Floats) -> Floats:
        """Days from moments as the folds keep them; NaN where there is none."""
        return np.asarray((self.moment.now - EPOCH) / DAY - moments, dtype=np.float64)

    def _on_list(self, name: str) -> Flags:
        on, codes = np.zeros(self.count, dtype=bool), self.moment.state.codes["shopper"]
        found = [codes.find(shopper) for shopper in self.moment.lists.get(name, ())]
        on[[code for code in found if 0 <= code < self.count]] = True
        return on

    def _text(self, test: Test) -> Flags:
        values = self._segments() if test.field == "segment" else log.declared(self.moment, test.of)
        if test.op is Op.IN:
            wanted = set(test.value) if isinstance(test.value, tuple) else set()
            return np.fromiter((value in wanted for value in values), dtype=bool, count=self.count)
        same = np.fromiter((value == test.value for value in values), dtype=bool, count=self.count)
        return ~same if test.op is Op.NE else same

    def _segments(self) -> NDArray[np.object_]:
        values = np.full(self.count, "", dtype=object)
        path, find = self.moment.shop.table("segments"), self.moment.state.codes["shopper"].find
        if path.is_file():
            query = f"SELECT shopper, segment FROM {tables.quoted(path)}"
            for shopper, segment in tables.connect(threads=1).execute(query).fetchall():
                code = find(shopper)
                if 0 <= code < self.count:
                    values[code] = segment
        return values


def _compared(test: Test, values: Floats) -> Flags:
    if test.op is None:
        return np.asarray(values > 0)
    wanted = float(test.value) if isinstance(test.value, int | float) else np.nan
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        match test.op:
            case Op.EQ:
                met = values == wanted
            case Op.NE:
                met = values != wanted
            case Op.LT:
                met = values < wanted
            case Op.LE:
                met = values <= wanted
            case Op.GT:
                met = values > wanted
            case _:
                met = values >= wanted
    return np.asarray(met & known)


def _ratio(above: Floats, below: Floats) -> Floats:
    out = np.full(len(above), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _unknown(_: str) -> tuple[Floats, str]:
    return np.zeros(0), "no vectors of products are there yet: run hawker train"
