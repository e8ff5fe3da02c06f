"""What the pacer knows of campaigns, one row each: the day's plan and course, and the file they wait in."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from hawker.auction import pacing
from hawker.auction.pacing import Course, Plan
from hawker.delivery.days import SLOTS
from hawker.records.campaign import Campaign
from hawker.storage import files

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Column = NDArray[Any]
R = TypeVar("R", bound="Paces | Plan | Course")


@dataclass(frozen=True)
class Paces:
    """One row a campaign. `budget` is the day's in micros (infinite: none), `scale` what a share of 1 is.

    `day` is the number of the campaign's own day, `until` the part of it that is accounted for, `spent`
    the micros charged on it by then; `terms` is a fingerprint of what would make the past worthless.
    """

    budget: Floats
    scale: Floats
    day: Ints
    until: Floats
    spent: Ints
    terms: Ints
    plan: Plan
    course: Course


def fingerprint(campaign: Campaign) -> int:
    """What a pace depends on besides the budget: another strategy starts anew.

    >>> fingerprint(Campaign("c", bid=1)) == fingerprint(Campaign("d", bid=2, daily_budget=9))
    True
    """
    goal = (
        campaign.strategy,
        campaign.pricing,
        campaign.objective,
        campaign.target_cpa,
        campaign.target_roas,
    )
    return zlib.crc32(repr((campaign.tier, *goal)).encode())


def columns(record: R, change: Callable[[str, Column], Column], *, at: str = "") -> R:
    """A copy of a record of columns, each column changed by its dotted name."""
    changed: dict[str, Any] = {}
    for place in fields(record):
        value, name = getattr(record, place.name), f"{at}{place.name}"
        changed[place.name] = (
            columns(value, change, at=f"{name}.") if isinstance(value, Plan | Course) else change(name, value)
        )
    return replace(record, **changed)


def together(one: R, other: R, change: Callable[[Column, Column], Column]) -> R:
    """A record made of two, column by column."""
    held: dict[str, Column] = {}

    def hold(name: str, column: Column) -> Column:
        held[name] = column
        return column

    columns(one, hold)
    return columns(other, lambda name, column: change(held[name], column))


def chosen(rows: NDArray[np.bool_], one: R, other: R) -> R:
    """Rows of one record where `rows` says so, of another elsewhere."""

    def mixed(left: Column, right: Column) -> Column:
        return np.where(rows.reshape((-1,) + (1,) * (left.ndim - 1)), left, right)

    return together(one, other, mixed)


def joined(one: R, other: R) -> R:
    """The rows of one record, then those of another."""
    return together(one, other, lambda left, right: np.concatenate([left, right]))


def scaled(paces: Paces, budget: Floats, scale: Floats) -> Paces:
    """The same day under another budget: shares of the old one become shares of the new."""
    ratio = paces.scale / scale
    plan, course = paces.plan, paces.course
    return replace(
        paces,
        budget=budget,
        scale=scale,
        plan=replace(plan, curve=plan.curve * ratio[:, None], grain=plan.grain * ratio),
        course=replace(
            course,
            seen=course.seen * ratio,
            foreseen=course.foreseen * ratio,
            paid=course.paid * ratio,
            fair=course.fair * ratio,
            owed=course.owed * ratio,
            even=course.even * ratio[:, None],
        ),
    )


def carried(old: Paces, names: Sequence[str], *, fresh: Paces, campaigns: Sequence[Campaign]) -> Paces:
    """Fresh rows for campaigns, except that those known before (and still on the same terms) go on."""
    place = {name: row for row, name in enumerate(names)}
    source = np.array([place.get(campaign.id, -1) for campaign in campaigns], np.intp)
    if not len(names) or not (source >= 0).any():
        return fresh
    before = columns(old, lambda _, column: column[np.maximum(source, 0)])
    known = (source >= 0) & (before.terms == fresh.terms)
    plan = replace(
        before.plan,
        most=fresh.plan.most,
        target=fresh.plan.target,
        grain=fresh.plan.grain * fresh.scale / before.scale,
    )
    before = scaled(replace(before, plan=plan), fresh.budget, fresh.scale)
    return chosen(known, before, fresh)


def keep(path: Path, names: Sequence[str], paces: Paces, *, traffic: Floats) -> None:
    """Write all down in one step."""
    packed: dict[str, tuple[str, tuple[int, ...], bytes]] = {}

    def pack(name: str, column: Column) -> Column:
        packed[name] = (column.dtype.str, column.shape, np.ascontiguousarray(column).tobytes())
        return column

    columns(paces, pack)
    whole = {"names": list(names), "traffic": traffic.tolist(), "columns": packed}
    files.write(path, msgspec.msgpack.encode(whole))


def kept(path: Path) -> tuple[tuple[str, ...], Paces, Floats] | None:
    """What was kept; None where nothing was, or where another release wrote it: a pace is learned again."""
    try:
        whole = msgspec.msgpack.decode(path.read_bytes())
        names, packed = tuple(whole["names"]), whole["columns"]

        def unpack(name: str, _: Column) -> Column:
            kind, shape, held = packed[name]
            return np.frombuffer(held, dtype=kind).reshape(shape).copy()

        found = columns(blank(len(names)), unpack)
        return names, found, np.array(whole["traffic"], np.float64)
    except (FileNotFoundError, msgspec.MsgspecError, KeyError, ValueError, TypeError):
        return None


def blank(count: int) -> Paces:
    """Rows for so many campaigns of which nothing is known."""
    plan = pacing.unknown(np.ones(count), shape=np.ones(SLOTS))
    return Paces(
        budget=np.full(count, np.inf),
        scale=np.ones(count),
        day=np.zeros(count, np.int64),
        until=np.zeros(count),
        spent=np.zeros(count, np.int64),
        terms=np.zeros(count, np.int64),
        plan=plan,
        course=pacing.begin(plan),
    )
