"""Which audiences a campaign could choose: those that are there, the shop's segments, and likely buyers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from hawker.audience.moment import Moment
from hawker.audience.predicted import predicted
from hawker.errors import MissingExtra
from hawker.records.audience import Audience, Kind
from hawker.records.catalogue import LEVELS, Product, levels
from hawker.storage import tables

SHARES = (0.1, 0.2)
"""How many of the shoppers, the likeliest first, are proposed as buyers."""
DEPTH = 2
"""Levels of the category path that buyers are looked for in."""


class Candidate(Struct, frozen=True):
    """An audience that could be chosen: an `audience` that is there or could be made, or a `segment`."""

    members: frozenset[str]
    audience: Audience | None = None
    segment: str = ""
    proposed: bool = False

    @property
    def key(self) -> str:
        """What it goes by among others."""
        if self.segment:
            return f"segment:{self.segment}"
        return self.audience.id if self.audience else ""


def candidates(
    moment: Moment, products: Collection[str], *, held: Iterable[Audience] = (), advertiser: str = ""
) -> tuple[dict[str, Candidate], str]:
    """By key, all that a campaign of these products could choose; and why it is no likely buyers, or ''.

    `held` are the shop's audiences: an advertiser's campaign may choose its own and those that are shared.
    """
    allowed = {one.id: one for one in held if not advertiser or one.advertiser == advertiser or one.shared}
    found = [Candidate(moment.lists[name], one) for name, one in allowed.items() if name in moment.lists]
    found += [Candidate(members, segment=name) for name, members in segments(moment).items()]
    likely, reason = buyers(moment, products)
    return {one.key: one for one in (*found, *likely)}, reason


def segments(moment: Moment) -> dict[str, frozenset[str]]:
    """Who belongs to each of the shop's segments."""
    path = moment.shop.table("segments")
    if not path.is_file():
        return {}
    query = f"SELECT segment, list(shopper) FROM {tables.quoted(path)} GROUP BY segment ORDER BY segment"
    rows = tables.connect(threads=1).execute(query).fetchall()
    return {str(name): frozenset(members) - moment.without for name, members in rows}


def buyers(moment: Moment, products: Collection[str]) -> tuple[list[Candidate], str]:
    """The likeliest to buy in the category most of the products are of, as audiences that could be made."""
    category = main_category(moment.shop.catalogue, products)
    if not category:
        return [], "none of the products has a category"
    asked = Audience("", Kind.PREDICTED, category=category)
    try:
        scores = predicted(moment, asked).scores(moment)
    except MissingExtra as error:
        return [], str(error)
    found = []
    for share in SHARES:
        members = frozenset(scores.shoppers[place] for place in scores.chosen(share=share))
        made = Audience(
            f"buys-{_slug(category)}-{share:.0%}".rstrip("%"), Kind.PREDICTED, category=category, share=share
        )
        found += [Candidate(members, made, proposed=True)] if members else []
    return found, scores.reason


def main_category(catalogue: Mapping[str, Product], products: Collection[str]) -> str:
    """The category, two levels deep, that most of the products are of; '' where none has one."""
    paths = (levels(catalogue[one].category)[:DEPTH] for one in products if one in catalogue)
    counted = Counter(LEVELS.join(path) for path in paths if path)
    return min(counted, key=lambda name: (-counted[name], name)) if counted else ""


def _slug(category: str) -> str:
    """A category as part of an id."""
    plain = "".join(letter if letter.isalnum() else "-" for letter in category.casefold())
    return "-".join(part for part in plain.split("-") if part)[:40]
