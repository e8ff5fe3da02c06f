"""What a console offers where a rule is written: every field, in words, with values of this shop."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from hawker.audience.moment import Moment
from hawker.audience.rules.expression import Op
from hawker.audience.rules.fields import FIELDS, Field, Type
from hawker.records.catalogue import LEVELS, levels
from hawker.records.shopper import SPECIAL
from hawker.storage import tables
from hawker.storage.shop import Shop

MOST = 200
"""Values that are listed of one field."""


class Choice(Struct, frozen=True):
    """One field: its type, what it is of, its comparisons, its window, its unit, words, and some values."""

    name: str
    type: Type
    words: str
    takes: str
    compared_by: tuple[Op, ...]
    windows: bool
    unit: str
    example: str
    values: tuple[str, ...] = ()


def fields(moment: Moment, *, language: str = "en", lists: Collection[str] = ()) -> tuple[Choice, ...]:
    """Every field a rule may ask about; `lists` are those that may be named."""
    values = _values(moment, lists)
    return tuple(
        Choice(
            field.name,
            field.type,
            (field.zh if language.startswith("zh") else field.en).format("…"),
            field.takes,
            () if field.name == "in_list" else field.ops,
            field.windows,
            moment.shop.settings.currency if field.unit == "currency" else field.unit,
            field.example,
            values.get(_source(field), ()),
        )
        for field in FIELDS.values()
    )


def _source(field: Field) -> str:
    return field.takes or field.name


def _values(moment: Moment, lists: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    codes = moment.state.codes
    paths = {LEVELS.join(levels(name)[:depth]) for name in codes["category"].names for depth in (1, 2)}
    return {
        "category": tuple(sorted(paths))[:MOST],
        "department": tuple(sorted(codes["department"].names))[:MOST],
        "brand": tuple(sorted(codes["brand"].names))[:MOST],
        "location": tuple(sorted(codes["location"].names))[:MOST],
        "list": tuple(sorted(lists))[:MOST],
        "segment": _segments(moment.shop),
        "attribute": _attributes(moment.shop),
    }


def _segments(shop: Shop) -> tuple[str, ...]:
    if not shop.table("segments").is_file():
        return ()
    query = (
        f"SELECT DISTINCT segment FROM {tables.quoted(shop.table('segments'))} ORDER BY segment LIMIT {MOST}"
    )
    return tuple(str(row[0]) for row in tables.connect(threads=1).execute(query).fetchall())


def _attributes(shop: Shop) -> tuple[str, ...]:
    """What the table of shoppers tells of them, but for what nobody is grouped by."""
    if not shop.table("shoppers").is_file():
        return ()
    query = f"DESCRIBE SELECT * FROM {tables.quoted(shop.table('shoppers'))}"
    names = [str(row[0]) for row in tables.connect(threads=1).execute(query).fetchall()]
    return tuple(name for name in names if name not in {"id", "opted_out", *SPECIAL})
